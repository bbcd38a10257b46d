"""Subaccounts, keys, rates and failed logins through the unmodified SDKs for Python and Node."""
import re

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

import node_suite
from gateway import ACCOUNT, TOKEN, Gateway

TO = "+41791112233"
LINES = "[line one]\nnumber = +41790000011\ncarrier = loopback\n[line two]\nnumber = +41790000012\ncarrier = loopback\n"


def configuration(data, http):
    return (f"[daemon]\ndata_dir = {data}\naccount_sid = {ACCOUNT}\nauth_token = {TOKEN}\n"
            f"[http]\nlisten = 127.0.0.1:0\n{http}\n{LINES}")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    gateway = Gateway(lambda data: configuration(data, "account_rate = 0\naddress_rate = 0\n"), tmp_path_factory.mktemp("tenants") / "g").start()
    yield gateway
    assert gateway.stop() == 0, gateway.log_text()[-3000:]


def client_of(gateway, user, password, account=None):
    client = Client(user, password, account)
    client.api.base_url = gateway.url
    client.messaging.base_url = gateway.url
    return client


def look(client):
    """Fetches the client's own account: what is refused for the credentials shows here."""
    return client.api.accounts(client.account_sid).fetch()


@pytest.fixture
def main(gateway):
    return client_of(gateway, ACCOUNT, TOKEN)


def refusal(call, *args, **kwargs):
    with pytest.raises(TwilioRestException) as error:
        call(*args, **kwargs)
    return error.value.status, error.value.code


def test_subaccount_is_a_tenant(gateway, main):
    made = main.api.accounts.create(friendly_name="Ward 3")
    assert made.status == "active" and made.owner_account_sid == ACCOUNT and len(made.auth_token) == 32
    tenant = client_of(gateway, made.sid, made.auth_token)
    number = main.incoming_phone_numbers.list(phone_number="+41790000012")[0]
    assert refusal(tenant.messages.create, to=TO, from_="+41790000012", body="not mine yet") == (400, 21606)
    moved = number.update(account_sid=made.sid)
    assert moved.account_sid == made.sid
    message = tenant.messages.create(to=TO, from_="+41790000012", body="mine")
    assert message.account_sid == made.sid
    assert main.api.accounts(made.sid).messages(message.sid).fetch().body == "mine"
    assert refusal(main.messages(message.sid).fetch) == (404, 20404)
    assert refusal(tenant.api.accounts(ACCOUNT).fetch) == (404, 20404)
    assert refusal(main.messages.create, to=TO, from_="+41790000012", body="gone") == (400, 21606)
    assert client_of(gateway, ACCOUNT, TOKEN, made.sid).messages.list()[0].sid == message.sid
    back = main.api.accounts(made.sid).incoming_phone_numbers(number.sid).update(account_sid=ACCOUNT)
    assert back.account_sid == ACCOUNT


def test_accounts_are_listed_and_renamed(main):
    made = main.api.accounts.create()
    assert made.friendly_name.startswith("SubAccount Created at 2")
    assert made.update(friendly_name="Renamed").friendly_name == "Renamed"
    assert [a.sid for a in main.api.accounts.list(friendly_name="Renamed")] == [made.sid]
    assert {ACCOUNT, made.sid} <= {a.sid for a in main.api.accounts.list(status="active", page_size=2)}
    assert refusal(main.api.accounts.create, friendly_name="x" * 65) == (400, 20002)


def test_suspended_and_closed(gateway, main):
    made = main.api.accounts.create(friendly_name="short-lived")
    tenant = client_of(gateway, made.sid, made.auth_token)
    assert main.api.accounts(made.sid).update(status="suspended").status == "suspended"
    assert refusal(look, tenant) == (401, 20005)
    assert main.api.accounts(made.sid).fetch().status == "suspended"
    main.api.accounts(made.sid).update(status="active")
    assert tenant.messages.list() == []
    main.api.accounts(made.sid).update(status="closed")
    assert refusal(look, tenant) == (403, 20403)
    assert refusal(main.api.accounts(made.sid).update, status="active") == (409, 20409)
    assert refusal(main.api.accounts(ACCOUNT).update, status="closed") == (403, 20006)


@pytest.mark.parametrize("kind", ["keys", "signing_keys"])
def test_keys(gateway, main, kind):
    make = main.new_keys if kind == "keys" else main.new_signing_keys
    key = make.create(friendly_name="ci")
    assert re.fullmatch("SK[0-9a-f]{32}", key.sid) and re.fullmatch("[0-9A-Za-z]{32}", key.secret)
    by_key = client_of(gateway, key.sid, key.secret, ACCOUNT)
    assert by_key.messages.create(to=TO, from_="+41790000011", body="by key").status == "queued"
    assert by_key.api.accounts(ACCOUNT).fetch().auth_token is None
    assert refusal(by_key.api.accounts.create) == (403, 20006)
    assert refusal(by_key.new_keys.create) == (403, 20006)
    keys = getattr(main, kind)
    assert keys(key.sid).update(friendly_name="renamed").friendly_name == "renamed"
    assert key.sid in [k.sid for k in keys.list()]
    assert keys(key.sid).fetch().friendly_name == "renamed"
    assert keys(key.sid).delete() is True
    assert refusal(look, by_key) == (401, 20003)
    assert refusal(keys(key.sid).fetch) == (404, 20404)


def test_test_credentials(gateway, main):
    told = dict(line.split(" ", 1) for line in gateway.cli("account", "test").splitlines())
    assert client_of(gateway, told["sid"], told["token"]) is not None
    again = gateway.cli("account", "test", check=False)
    assert again.returncode == 1 and "has test credentials" in again.stderr
    assert told["sid"] not in [a.sid for a in main.api.accounts.list()]


def test_operator_suspends_a_main_account(gateway):
    told = dict(line.split(" ", 1) for line in gateway.cli("account", "create", "Other clinic").splitlines())
    other = client_of(gateway, told["sid"], told["token"])
    sub = other.api.accounts.create()
    tenant = client_of(gateway, sub.sid, sub.auth_token)
    gateway.cli("account", "suspend", told["sid"])
    assert refusal(look, other) == (401, 20005) and refusal(look, tenant) == (401, 20005)
    gateway.cli("account", "activate", told["sid"])
    assert look(other).status == "active" and look(tenant).status == "active"
    refused = gateway.cli("account", "close", ACCOUNT, check=False)
    assert refused.returncode == 1 and "cannot be closed" in refused.stderr
    gateway.cli("account", "close", told["sid"])
    assert refusal(look, tenant) == (403, 20403)


def until_slowed(client, most=30):
    """What came before the first 429, which a slow machine earns later."""
    outcomes = []
    while (429, 20429) not in outcomes:
        assert len(outcomes) < most, outcomes
        try:
            look(client)
            outcomes.append(200)
        except TwilioRestException as error:
            outcomes.append((error.status, error.code))
    return outcomes[:-1]


def test_rate_and_failed_logins(tmp_path):
    http = "account_rate = 1\naccount_burst = 3\nfailed_logins = 3"
    gateway = Gateway(lambda data: configuration(data, http), tmp_path / "g").start()
    client = client_of(gateway, ACCOUNT, TOKEN)
    admitted = until_slowed(client)
    assert len(admitted) >= 3 and set(admitted) == {200}
    refused = until_slowed(client_of(gateway, ACCOUNT, "0" * 32))
    assert len(refused) >= 3 and set(refused) == {(401, 20003)}
    status = gateway.cli("status")
    assert f"logins_failed {len(refused)} logins_slowed 1" in status
    assert gateway.log_text().count("event=http.logins_failed") == 1
    gateway.stop()


# ---- Node ----


def test_node(gateway):
    node_suite.run("tenants", gateway).assert_all()
