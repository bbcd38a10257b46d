"""Verify v2 with the unmodified SDK for Python: a code is sent by a simulated modem, read as its recipient reads it, and checked."""
import base64
import itertools
import json
import urllib.parse
import urllib.request

import pytest
from twilio.base.exceptions import TwilioRestException

from schema import assert_resource
from verify_bench import CodeBench

phones = (f"+4179555{n:04d}" for n in itertools.count())


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    bench = CodeBench(tmp_path_factory.mktemp("verify"))
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def service(bench):
    return bench.client().verify.v2.services.create(friendly_name="Acme", code_length=8)


def verify(bench, service):
    return bench.client().verify.v2.services(service.sid)


def refusal(call, *args, **kwargs):
    with pytest.raises(TwilioRestException) as error:
        call(*args, **kwargs)
    return error.value.status, error.value.code


def raw(bench, method, path, form=None):
    """The JSON itself, for its keys and types."""
    body = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(bench.gateway.url + path, body, method=method)
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{bench.account}:{bench.token}".encode()).decode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def wrong(code):
    return "0" * len(code) if set(code) != {"0"} else "1" * len(code)


def test_services(bench):
    services = bench.client().verify.v2.services
    made = services.create(friendly_name="Shop", code_length=5, do_not_share_warning_enabled=True)
    assert made.sid.startswith("VA") and made.code_length == 5 and made.do_not_share_warning_enabled is True
    assert made.custom_code_enabled is False and made.push is None
    assert services(made.sid).fetch().friendly_name == "Shop"
    assert services(made.sid).update(friendly_name="Store", do_not_share_warning_enabled=False).friendly_name == "Store"
    more = [services.create(friendly_name=f"s{n}").sid for n in range(4)]
    assert [s.sid for s in services.stream(page_size=2, limit=5)] == more[::-1] + [made.sid]
    for sid in more:
        assert services(sid).delete() is True
    assert refusal(services(more[0]).fetch) == (404, 20404)
    assert refusal(services.create, friendly_name="x", code_length=11) == (400, 60200)


def test_code_is_sent_read_and_approved(bench, service):
    to = next(phones)
    sent = verify(bench, service).verifications.create(to=to, channel="sms")
    assert sent.sid.startswith("VE") and sent.status == "pending" and sent.valid is False
    assert (sent.to, sent.channel, sent.service_sid) == (to, "sms", service.sid)
    assert sent.lookup == {"carrier": None} and len(sent.send_code_attempts) == 1
    text = bench.wait_text(to)
    code = bench.wait_code(to)
    assert text == f"Your Acme verification code is: {code}" and len(code) == 8 and code.isdigit()
    check = verify(bench, service).verification_checks.create(to=to, code=wrong(code))
    assert (check.status, check.valid) == ("pending", False)
    check = verify(bench, service).verification_checks.create(to=to, code=code)
    assert (check.sid, check.status, check.valid) == (sent.sid, "approved", True)
    assert refusal(verify(bench, service).verification_checks.create, to=to, code=code) == (404, 20404)


def test_check_by_sid(bench, service):
    to = next(phones)
    sent = verify(bench, service).verifications.create(to=to, channel="sms")
    check = verify(bench, service).verification_checks.create(verification_sid=sent.sid, code=bench.wait_code(to))
    assert check.valid is True and check.to == to


def test_again_sends_the_same_code_five_times(bench, service):
    to = next(phones)
    verifications = verify(bench, service).verifications
    sids = {verifications.create(to=to, channel="sms").sid for _ in range(5)}
    assert len(sids) == 1
    assert refusal(verifications.create, to=to, channel="sms") == (429, 60203)
    assert len({bench.wait_code(to, n) for n in range(1, 6)}) == 1
    assert len(verifications(to).fetch().send_code_attempts) == 5


def test_five_wrong_codes(bench, service):
    to = next(phones)
    sent = verify(bench, service).verifications.create(to=to, channel="sms")
    code = bench.wait_code(to)
    checks = verify(bench, service).verification_checks
    states = [checks.create(to=to, code=wrong(code)).status for _ in range(5)]
    assert states == ["pending"] * 4 + ["max_attempts_reached"]
    assert refusal(checks.create, to=to, code=code) == (429, 60202)
    assert refusal(verify(bench, service).verifications.create, to=to, channel="sms") == (429, 60202)
    assert verify(bench, service).verifications(sent.sid).fetch().status == "max_attempts_reached"


def test_expiry(bench, service):
    to = next(phones)
    sent = verify(bench, service).verifications.create(to=to, channel="sms")
    code = bench.wait_code(to)
    bench.gateway.advance(500_000)  # the clock runs on meanwhile: not to the second
    assert verify(bench, service).verifications(to).fetch().status == "pending"
    bench.gateway.advance(101_000)
    assert refusal(verify(bench, service).verification_checks.create, to=to, code=code) == (404, 20404)
    assert verify(bench, service).verifications(sent.sid).fetch().status == "expired"
    assert verify(bench, service).verifications.create(to=to, channel="sms").sid != sent.sid
    assert bench.wait_code(to, 2) != code


def test_cancel_and_approve(bench, service):
    to = next(phones)
    verifications = verify(bench, service).verifications
    sent = verifications.create(to=to, channel="sms")
    assert verifications(sent.sid).update(status="canceled").status == "canceled"
    assert refusal(verify(bench, service).verification_checks.create, to=to, code=bench.wait_code(to)) == (404, 20404)
    again = verifications.create(to=to, channel="sms")
    assert again.sid != sent.sid
    assert verifications(again.sid).update(status="approved").valid is True


def test_custom_code_and_language(bench):
    services = bench.client().verify.v2.services
    made = services.create(friendly_name="Bank", custom_code_enabled=True)
    to = next(phones)
    services(made.sid).verifications.create(to=to, channel="sms", custom_code="4711", locale="de", custom_friendly_name="Haus")
    assert bench.wait_text(to) == "Ihr Haus-Bestätigungscode lautet: 4711"
    assert services(made.sid).verification_checks.create(to=to, code="4711").status == "approved"


def test_refusals(bench, service):
    verifications = verify(bench, service).verifications
    assert refusal(verifications.create, to="nobody", channel="sms") == (400, 60200)
    assert refusal(verifications.create, to=next(phones), channel="call") == (400, 60223)
    assert refusal(verifications.create, to=next(phones), channel="sms", custom_code="4711") == (403, 60204)
    assert refusal(verify(bench, service).verification_checks.create, code="123456") == (400, 60221)


def test_answers_are_as_published(bench, service):
    to = next(phones)
    base = f"/v2/Services/{service.sid}"
    assert_resource("verify.v2.service", raw(bench, "GET", base))
    sent = raw(bench, "POST", base + "/Verifications", {"To": to, "Channel": "sms"})
    assert_resource("verify.v2.service.verification", sent)
    assert_resource("verify.v2.service.verification", raw(bench, "GET", f"{base}/Verifications/{sent['sid']}"))
    check = raw(bench, "POST", base + "/VerificationCheck", {"To": to, "Code": bench.wait_code(to)})
    assert_resource("verify.v2.service.verification_check", check)
    assert sent["url"] == f"{bench.gateway.url}{base}/Verifications/{sent['sid']}"


def test_restart_between_send_and_check_and_nothing_of_the_code_stays(tmp_path):
    """Same code after the restart; a right check after it; and when the daemon has stopped, no file of it holds the code."""
    to = "+41795559999"
    bench = CodeBench(tmp_path)
    service = bench.client().verify.v2.services.create(friendly_name="Acme", code_length=10)
    sent = verify(bench, service).verifications.create(to=to, channel="sms")
    code = bench.wait_code(to)
    assert bench.gateway.stop() == 0
    bench.gateway.start()
    bench.gateway.wait_line_ready("m1")
    assert verify(bench, service).verifications.create(to=to, channel="sms").sid == sent.sid
    assert bench.wait_code(to, 2) == code
    assert all(m.body == "" for m in bench.client().messages.list())
    assert verify(bench, service).verification_checks.create(to=to, code=code).status == "approved"
    bench.close()
    files = [file for file in bench.gateway.folder.rglob("*") if file.is_file()]
    assert any(file.name == "cellpost.db" for file in files) and bench.gateway.log in files
    for file in files:
        assert code.encode() not in file.read_bytes(), f"{file.name} holds the code"
