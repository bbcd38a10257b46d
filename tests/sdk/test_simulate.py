"""A gateway with nothing but a simulated line, through the SDKs: rules, texts that come in, record and replay, test credentials."""
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

import node_suite
from gateway import ACCOUNT, TOKEN, Application, Gateway, until

CI, ALICE, BOB = "+41790000001", "+41791112233", "+41791112244"

RULES = """
[simulate blocked]
to = +4179999*
outcome = reject
error = 30007
after = 20ms
[simulate off]
to = +41791110000
receipt = undelivered
receipt_error = 30003
receipt_after = 20ms
[simulate unknown]
to = +41791110001
outcome = unsure
after = 0ms
"""


def configuration(data, rules=RULES):
    return (
        f"[daemon]\ndata_dir = {data}\naccount_sid = {ACCOUNT}\nauth_token = {TOKEN}\n[http]\nlisten = 127.0.0.1:0\naccount_rate = 0\naddress_rate = 0\n"
        f"[line ci]\ncarrier = simulator\nnumber = {CI}\n{rules}"
    )


@pytest.fixture(scope="module")
def application():
    application = Application()
    yield application
    application.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    gateway = Gateway(configuration, tmp_path_factory.mktemp("simulate")).start()
    yield gateway
    assert gateway.stop() == 0, gateway.log_text()[-3000:]


@pytest.fixture(scope="module")
def client(gateway):
    return gateway.client()


@pytest.fixture(scope="module")
def test_client(gateway):
    """With test credentials."""
    made = gateway.control("account", "test")
    client = Client(made["sid"], made["token"])
    client.api.base_url = gateway.url
    return client


def callbacks(application, sid, count):
    found = application.wait(lambda r: r["form"].get("MessageSid") == sid and "MessageStatus" in r["form"], count)
    return [(r["form"]["MessageStatus"], r["form"].get("ErrorCode")) for r in found]


@pytest.mark.parametrize(
    "to, expected",
    [
        (ALICE, [("sent", None), ("delivered", None)]),
        ("+41799990000", [("failed", "30007")]),
        ("+41791110000", [("sent", None), ("undelivered", "30003")]),
    ],
)
def test_outcomes(application, client, to, expected):
    message = client.messages.create(from_=CI, to=to, body="Hello", status_callback=application.url("/status"))
    assert message.status == "queued"
    assert callbacks(application, message.sid, len(expected)) == expected
    assert client.messages(message.sid).fetch().status == expected[-1][0]


def test_unsure_is_settled_by_a_receipt(gateway, application, client):
    message = client.messages.create(from_=CI, to="+41791110001", body="Hello", status_callback=application.url("/status"))
    until(lambda: "unsure" in gateway.cli("show", message.sid), what="unsure")
    until(lambda: gateway.cli("simulate", "receipt", message.sid, "delivered", check=False).returncode == 0, what="receipt")
    assert callbacks(application, message.sid, 2) == [("sent", None), ("delivered", None)]


def test_rules_of_run_time(gateway, application, client):
    gateway.cli("simulate", "rule", "add", f"to={BOB}", "outcome=reject", "error=30005", "times=1", "after=0ms")
    gateway.cli("simulate", "rule", "add", "line=ci", f"to={BOB}", "receipt=none", "after=0ms")
    assert gateway.cli("simulate", "rule", "list").splitlines()[:2] == [
        f"- line=* to={BOB} outcome=reject error=30005 after=0ms receipt=none times=1 used=0",
        f"- line=ci to={BOB} outcome=sent after=0ms receipt=none",
    ]
    first = client.messages.create(from_=CI, to=BOB, body="Hello", status_callback=application.url("/status"))
    assert callbacks(application, first.sid, 1) == [("failed", "30005")]
    then = client.messages.create(from_=CI, to=BOB, body="Hello", status_callback=application.url("/status"))
    assert callbacks(application, then.sid, 1) == [("sent", None)]
    gateway.cli("simulate", "receipt", then.sid, "undelivered", "30005")
    assert callbacks(application, then.sid, 2)[1] == ("undelivered", "30005")
    gateway.cli("simulate", "rule", "clear")
    assert gateway.cli("simulate", "rule", "list").startswith("blocked ")


@pytest.mark.parametrize(
    "words, why",
    [
        (["rule", "add", "to=alice"], "a number like +41790000001"),
        (["rule", "add", "outcome"], "KEY=VALUE"),
        (["rule", "add", "outcome=reject\n[daemon]"], "KEY=VALUE"),
        (["rule", "add", "line=no"], "no simulated line no"),
        (["rule", "drop"], "usage: simulate rule"),
        (["inbound", "no", ALICE, "x"], "no simulated line no"),
        (["inbound", "ci", "+", "x"], "FROM is a number"),
        (["receipt", "SM" + "0" * 32, "delivered"], "waits for a receipt"),
        (["receipt", "SM" + "0" * 32, "undelivered", "30001"], "30003 to 30008"),
        (["replay", "start", "ci", "../cellpost.db"], "FILE is a name"),
        (["replay", "start", "ci", ".hidden"], "FILE is a name"),
        (["replay", "start", "ci", "none"], "No such file"),
        (["replay", "start", "ci", "none", "0"], "SPEED is"),
        (["replay", "stop", "no"], "no simulated line no"),
        (["dance", "now", "then"], "rule, inbound, receipt or replay"),
    ],
)
def test_what_is_refused(gateway, words, why):
    done = gateway.cli("simulate", *words, check=False)
    assert done.returncode == 1 and why in done.stderr


def test_a_long_text_comes_in_and_is_answered(gateway, application, client):
    number = client.incoming_phone_numbers.list(phone_number=CI)[0]
    client.incoming_phone_numbers(number.sid).update(sms_url=application.url("/sms"))
    application.answers["/sms"] = (200, "<Response><Message>Thank you</Message></Response>", "text/xml")
    text = "Grüezi 👋 " * 40
    assert gateway.control("simulate", "inbound", "ci", ALICE, text) == {"parts": "6"}
    call = application.wait(lambda r: r["path"] == "/sms")[0]
    assert call["form"]["Body"] == text.strip() or call["form"]["Body"] == text
    assert (call["form"]["From"], call["form"]["To"], call["form"]["NumSegments"]) == (ALICE, CI, "6")

    def reply():
        return [m for m in client.messages.list(to=ALICE, limit=5) if m.direction == "outbound-reply" and m.status == "delivered"]

    assert until(reply, what="reply")[0].body == "Thank you"


def flow(tmp_path, name, rules, prepare, inbound):
    """What an application sees of one run: its callbacks, of each message in order, by path, number and the order of the messages."""
    application = Application()
    gateway = Gateway(lambda data: configuration(data, rules), tmp_path / name).start()
    client = gateway.client()
    number = client.incoming_phone_numbers.list(phone_number=CI)[0]
    client.incoming_phone_numbers(number.sid).update(sms_url=application.url("/sms"))
    prepare(gateway)
    sids = [
        client.messages.create(from_=CI, to=to, body=f"To {to}", status_callback=application.url("/status")).sid for to in (ALICE, BOB, ALICE)
    ]
    inbound(gateway)
    application.wait(lambda r: True, 6)
    seen = {}
    for request in application.requests:
        form = request["form"]
        which = sids.index(form["MessageSid"]) if form["MessageSid"] in sids else None
        call = (form.get("MessageStatus"), form.get("ErrorCode"), form.get("Body"))
        seen.setdefault((request["path"], form.get("To"), which), []).append(call)
    file = gateway.data / "records" / "day"
    if gateway.cli("record", "stop", check=False).returncode == 0:
        assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert gateway.stop() == 0
    application.close()
    return seen, text


def test_record_and_replay(tmp_path):
    rules = f"[simulate once]\nto = {ALICE}\noutcome = reject\nerror = 30004\ntimes = 1\n[simulate off]\nto = {BOB}\nreceipt = undelivered\n"
    seen, text = flow(
        tmp_path,
        "record",
        rules,
        lambda gateway: gateway.cli("record", "start", "day", "numbers=full", "bodies=yes"),
        lambda gateway: gateway.cli("simulate", "inbound", "ci", ALICE, "hello"),
    )

    def prepare(gateway):
        (gateway.data / "records").mkdir()
        (gateway.data / "records" / "day").write_text(text)
        assert gateway.cli("simulate", "replay", "start", "ci", "day") == "texts 1 tries 3\n"

    for name in ("first", "second"):
        again, _ = flow(tmp_path, name, "", prepare, lambda gateway: None)
        assert again == seen
    assert seen["/status", ALICE, 0] == [("failed", "30004", None)] and seen["/status", BOB, 1][1] == ("undelivered", "30008", None)


def test_a_record_tells_no_numbers(gateway, client):
    gateway.cli("record", "start", "private")
    assert gateway.cli("record", "start", "other", check=False).returncode == 1
    message = client.messages.create(from_=CI, to=ALICE, body="secret")
    until(lambda: client.messages(message.sid).fetch().status == "delivered", what="delivered")
    gateway.cli("record", "stop")
    text = (gateway.data / "records" / "private").read_text()
    assert '"event":"report"' in text and "secret" not in text and ALICE not in text and CI not in text
    assert "already" in gateway.cli("record", "start", "private", check=False).stderr
    assert "FILE is a name" in gateway.cli("record", "start", "../private", check=False).stderr
    assert "being recorded" in gateway.cli("record", "stop", check=False).stderr


# ---- test credentials ----


def test_pretended(test_client):
    message = test_client.messages.create(from_="+15005550006", to=ALICE, body="Hello")
    assert (message.status, message.body, message.num_segments) == ("queued", "Hello", "1")
    with pytest.raises(TwilioRestException) as refused:
        test_client.messages(message.sid).fetch()
    assert (refused.value.status, refused.value.code) == (403, 20008)
    number = test_client.incoming_phone_numbers.create(phone_number="+15005550006")
    assert number.phone_number == "+15005550006"
    call = test_client.calls.create(from_="+15005550006", to=ALICE, url="http://app.example/twiml")
    assert (call.status, call.to) == ("queued", ALICE)


@pytest.mark.parametrize(
    "sender, to, code",
    [
        ("+15005550006", "+15005550001", 21211),
        ("+15005550006", "+15005550009", 21614),
        ("+15005550008", ALICE, 21611),
        (CI, ALICE, 21606),
    ],
)
def test_magic(test_client, sender, to, code):
    with pytest.raises(TwilioRestException) as refused:
        test_client.messages.create(from_=sender, to=to, body="Hello")
    assert (refused.value.status, refused.value.code) == (400, code)


# ---- Node ----


@pytest.fixture(scope="module")
def node_run(gateway, test_client):
    return node_suite.run("simulate", gateway, TEST_ACCOUNT=test_client.username, TEST_TOKEN=test_client.password)


@pytest.mark.parametrize("name", node_suite.names("simulate"))
def test_node(node_run, name):
    node_run.assert_passed(name)
