"""What the other suites leave out of the API's breadth: each route once with the SDK for Python or Node that has a call for it, and raw what no SDK calls.
The proxy checks the answers; here it is asserted that the SDK makes of them what its user expects."""
import base64
import urllib.error
import urllib.request

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

import node_suite
import routes
from gateway import ACCOUNT, SERVICE, TOKEN, until
from proxy import language_of

ABSENT = "0" * 32


def refusal(call, *args, **kwargs):
    with pytest.raises(TwilioRestException) as error:
        call(*args, **kwargs)
    assert error.value.msg and error.value.uri
    return error.value.status, error.value.code


@pytest.fixture
def client(bench):
    client = bench.gateway.client()
    client.verify.base_url = bench.gateway.url
    return client


def walk(make, resource, remove, get=lambda item: item.sid):
    """Five new ones of a resource: through pages of two, forth and back, as a stream, and cut by a limit."""
    made = [get(make(n)) for n in range(5)][::-1]
    first = resource.page(page_size=2)
    assert [get(item) for item in first] == made[:2]
    second = first.next_page()
    assert [get(item) for item in second] == made[2:4]
    assert [get(item) for item in second.previous_page()] == made[:2]
    assert [get(item) for item in resource.stream(page_size=3, limit=5)] == made
    assert [get(item) for item in resource.list(limit=4, page_size=2)] == made[:4]
    for sid in made:
        remove(sid)


def test_pages_of_keys(client):
    walk(lambda n: client.new_keys.create(friendly_name=f"k{n}"), client.keys, lambda sid: client.keys(sid).delete())


def test_pages_of_signing_keys(client):
    make = lambda n: client.new_signing_keys.create(friendly_name=f"k{n}")
    walk(make, client.signing_keys, lambda sid: client.signing_keys(sid).delete())


def test_pages_of_applications(client):
    walk(lambda n: client.applications.create(friendly_name=f"a{n}"), client.applications, lambda sid: client.applications(sid).delete())


def test_pages_of_subaccounts(client):
    made = {client.api.accounts.create(friendly_name=f"sub {n}").sid for n in range(3)}
    assert made <= {a.sid for a in client.api.accounts.stream(page_size=2)}
    for sid in made:
        assert client.api.accounts(sid).update(status="closed").status == "closed"


def test_pages_of_alpha_senders(client):
    made = client.messaging.services.create(friendly_name="alpha")
    senders = client.messaging.services(made.sid).alpha_senders
    sids = [senders.create(alpha_sender=f"Acme {n}").sid for n in range(5)]
    page = senders.page(page_size=2)
    seen = []
    while page is not None:
        last, seen = page, seen + [s.sid for s in page]
        page = page.next_page()
    assert sorted(seen) == sorted(sids)
    assert [s.sid for s in last.previous_page()] == seen[2:4]
    one = senders(sids[0]).fetch()
    assert (one.alpha_sender, one.service_sid) == ("Acme 0", made.sid)
    assert senders(sids[0]).delete() is True
    assert refusal(senders(sids[0]).fetch) == (404, 20404)
    assert refusal(senders.create, alpha_sender="12345") == (400, 21657)
    client.messaging.services(made.sid).delete()


def test_pool_of_numbers(bench, client):
    made = client.messaging.services.create(friendly_name="numbers")
    pool = client.messaging.services(made.sid).phone_numbers
    for number in (bench.ward, bench.plant, bench.ship):
        pool.create(phone_number_sid=client.incoming_phone_numbers.list(phone_number=number)[0].sid)
    listed = list(pool.stream(page_size=1))
    assert {n.phone_number for n in listed} == {bench.ward, bench.plant, bench.ship}
    assert pool(listed[0].sid).fetch().phone_number == listed[0].phone_number
    assert pool(listed[0].sid).delete() is True
    assert len(pool.list()) == 2
    client.messaging.services(made.sid).delete()


def test_what_a_service_can_not_hold(client):
    made = client.messaging.services.create(friendly_name="no codes")
    codes = client.messaging.services(made.sid).short_codes
    assert codes.list() == []
    assert refusal(codes.create, short_code_sid="SC" + ABSENT) == (404, 20404)
    assert refusal(codes("SC" + ABSENT).fetch) == (404, 20404)
    assert refusal(codes("SC" + ABSENT).delete) == (404, 20404)
    assert refusal(client.messaging.services(SERVICE).short_codes.create, short_code_sid="SC" + ABSENT) == (409, 20409)
    assert client.messaging.services(made.sid).delete() is True


def test_usecases(client):
    assert {"notifications", "marketing"} <= {row["usecase"] for row in client.messaging.usecases.fetch().usecases}


def test_rate_limits_of_verify(client):
    made = client.verify.services.create(friendly_name="limits")
    limits = client.verify.services(made.sid).rate_limits
    assert limits.list() == []
    assert refusal(limits.create, unique_name="ip") == (403, 60204)
    client.verify.services(made.sid).delete()


def test_verify_over_the_line(bench, client):
    made = client.verify.services.create(friendly_name="Acme")
    context = client.verify.services(made.sid)
    sent = context.verifications.create(to="+41795557001", channel="sms")
    assert context.verifications(sent.sid).fetch().status == "pending"
    assert context.verification_checks.create(verification_sid=sent.sid, code="0000000").valid is False
    assert context.verifications(sent.sid).update(status="canceled").status == "canceled"
    assert context.update(friendly_name="Bcme").friendly_name == "Bcme"
    assert context.delete() is True


def test_numbers_of_each_kind(bench, client):
    numbers = client.incoming_phone_numbers
    assert {bench.ward, bench.plant} <= {n.phone_number for n in numbers.mobile.list()}
    assert numbers.local.list() == [] and numbers.toll_free.list() == []
    one = numbers.list(phone_number=bench.plant)[0]
    assert numbers(one.sid).fetch().phone_number == bench.plant
    assert refusal(numbers(one.sid).delete) == (400, 20001)
    assert refusal(numbers.create, phone_number="+41791230000") == (400, 21422)
    pages = numbers.page(page_size=1)
    assert pages.next_page().previous_page()._payload["page"] == 0


def test_application_is_fetched(client):
    made = client.applications.create(friendly_name="fetched")
    assert client.applications(made.sid).fetch().friendly_name == "fetched"
    assert client.applications(made.sid).delete() is True


def test_empty_lists(client):
    c = client
    available = c.available_phone_numbers("CH")
    for resource in (
        available.machine_to_machine, available.national, available.shared_cost, available.voip, available.local, available.mobile,
        available.toll_free, c.available_phone_numbers, c.calls, c.conferences, c.outgoing_caller_ids, c.short_codes, c.recordings,
    ):
        assert resource.list(limit=3) == []
        assert resource.page(page_size=1).next_page() is None if hasattr(resource, "page") else True
    assert refusal(c.addresses.create, customer_name="a", street="b", city="c", region="d", postal_code="1", iso_country="CH") == (404, 20404)
    assert refusal(c.sip.domains.create, domain_name="x.sip.test") == (404, 20404)
    assert refusal(c.sip.credential_lists.create, friendly_name="x") == (404, 20404)
    assert refusal(c.sip.ip_access_control_lists.create, friendly_name="x") == (404, 20404)
    assert refusal(c.validation_requests.create, phone_number="+41791112233") == (404, 20404)
    assert refusal(c.usage.triggers.create, callback_url="http://x.test/", trigger_value="1", usage_category="sms") == (404, 20404)


def test_errors_by_class(bench, client):
    """Status and code as a program tells them apart."""
    stranger = Client(ACCOUNT, "1" * 32)
    stranger.api.base_url = stranger.messaging.base_url = bench.gateway.url
    other = Client(ACCOUNT, TOKEN, account_sid="AC" + "f" * 32)
    other.api.base_url = bench.gateway.url
    assert refusal(stranger.messages("SM" + ABSENT).fetch) == (401, 20003)
    assert refusal(stranger.messaging.services("MG" + ABSENT).fetch) == (401, 20003)
    assert refusal(other.messages("SM" + ABSENT).fetch) == (404, 20404)
    for lists, code in ((stranger.messages, "20003"), (other.messages, "20404")):
        with pytest.raises(TwilioException, match=code):  # this SDK has no better error for a list
            lists.list()
    assert refusal(client.messages("SM" + ABSENT).fetch) == (404, 20404)
    assert refusal(client.messages("SM" + ABSENT).delete) == (404, 20404)
    assert refusal(client.messages("not a sid").fetch) == (404, 20404)
    with pytest.raises(TwilioException, match="20001"):
        client.messages.page(page_token="PAnonsense", page_number=1)
    assert refusal(client.keys("SK" + ABSENT).update, friendly_name="x") == (404, 20404)
    assert refusal(client.notifications("NO" + ABSENT).fetch) == (404, 20404)
    assert refusal(client.messaging.services("MG" + ABSENT).delete) == (404, 20404)
    assert refusal(client.messaging.services.create, friendly_name="") == (400, 20001)
    assert refusal(client.applications.create, friendly_name="x", sms_url="nope") == (400, 21402)


# ---- what no SDK has a call for ----


def raw(bench, method, path, body=None):
    request = urllib.request.Request(bench.gateway.url + path, data=body, method=method)
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode())
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("path", sorted(path for (method, path), handler in routes.routes().items() if handler == "empties_refuse"))
def test_nothing_of_voice_is_made(bench, path):
    address = path.replace("{}", ACCOUNT, 1).replace("{}", "CH")
    assert raw(bench, "POST", address + ".json", b"A=b") == 404
    assert raw(bench, "GET", address + ".json") == 200


def test_the_old_path_is_gone(bench):
    path = f"/2010-04-01/Accounts/{ACCOUNT}/SMS/Messages.json"
    assert raw(bench, "GET", path) == raw(bench, "POST", path, b"To=1") == 410


def test_feedback_is_read_back(bench, client):
    message = client.messages.create(to="+41791112233", from_=bench.ward, body="clicked")
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{message.sid}/Feedback.json"
    assert raw(bench, "GET", path) == 404
    client.messages(message.sid).feedback.create(outcome="unconfirmed")
    assert raw(bench, "GET", path) == 200


def test_languages_are_told_apart():
    assert language_of([("User-Agent", "twilio-python/7.7.1 (Python 3.11.2)")]) == "python"
    assert language_of([("user-agent", "twilio-node/6.2.0 (linux x64)")]) == "node"
    assert language_of([("User-Agent", "curl/7.88.1")]) == language_of([]) == "raw"


# ---- Node ----


@pytest.fixture(scope="module")
def node_run(bench):
    noted = bench.client.messages.create(to="+41791112233", from_=bench.ward, body="x", status_callback="http://127.0.0.1:1/down?sdk=node")
    until(lambda: [n for n in bench.client.notifications.list() if noted.sid in n.message_text], 30, "a notification")
    return node_suite.run("breadth", bench.gateway, seconds=180, SERVICE=SERVICE, FROM=bench.ward)


@pytest.mark.parametrize("name", node_suite.names("breadth"))
def test_node(node_run, name):
    node_run.assert_passed(name)
