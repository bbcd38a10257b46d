"""Notifications as Python's SDK reads them; every kind of webhook request against the SDK's own validator."""
import datetime

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

import node_suite
from gateway import TOKEN, until

SENDER = "+41791115566"


def of(client, sid, **filters):
    return [n for n in client.notifications.list(**filters) if sid in n.message_text]


def test_list_and_fetch(bench):
    bench.app.answers["/refuses"] = (404, "nothing here", "text/plain", ("Set-Cookie", "a=b"))
    url = bench.app.url("/refuses").replace("http://", "http://ann:secret@")
    message = bench.client.messages.create(to=SENDER, from_=bench.ward, body="x", status_callback=url)
    note = until(lambda: of(bench.client, message.sid, log=0), 15)[0]
    assert note.error_code == "11217" and note.log == "0" and note.request_method == "POST"
    assert note.request_url == bench.app.url("/refuses")
    assert isinstance(note.message_date, datetime.datetime)
    assert not of(bench.client, message.sid, log=1)
    today, tomorrow = note.message_date.date(), note.message_date.date() + datetime.timedelta(days=1)
    assert of(bench.client, message.sid, message_date=today)
    assert not of(bench.client, message.sid, message_date_after=tomorrow)
    whole = bench.client.notifications(note.sid).fetch()
    assert whole.response_body == "nothing here" and f"MessageSid={message.sid}" in whole.request_variables
    assert "Set-Cookie=***" in whole.response_headers and "secret" not in str(vars(whole))
    with pytest.raises(TwilioRestException) as refused:
        bench.client.notifications("NO" + "0" * 32).fetch()
    assert refused.value.code == 20404


def test_alerts(bench):
    """The same in Monitor's form, over more than one page; and a TwiML reply that was refused."""
    client = bench.client
    client.monitor.base_url = bench.gateway.url
    bench.route_inbound("/alerts", (200, "<Response><Message to='nobody'>x</Message></Response>", "text/xml"))
    bench.inject(SENDER, "whom do you tell?")
    refused = lambda: [a for a in client.monitor.v1.alerts.list(page_size=1, log_level="error") if a.error_code == "14101"]
    alert = until(refused, 15)[0]
    assert alert.request_url == bench.app.url("/alerts") and alert.request_method == "POST"
    assert client.messages(alert.resource_sid).fetch().body == "whom do you tell?"
    assert isinstance(alert.date_generated, datetime.datetime) and alert.response_body is None
    whole = client.monitor.v1.alerts(alert.sid).fetch()
    assert "nobody" in whole.response_body and "nobody" not in whole.alert_text
    hour = datetime.timedelta(hours=1)
    since = lambda when: [a.sid for a in client.monitor.v1.alerts.list(start_date=when)]
    assert alert.sid in since(alert.date_generated - hour) and alert.sid not in since(alert.date_generated + hour)
    assert whole.error_code == client.notifications(alert.sid).fetch().error_code


def test_node(bench):
    bench.app.answers["/refuses"] = (404, "nothing here", "text/plain")
    hook = bench.app.url("/refuses")
    message = bench.client.messages.create(to=SENDER, from_=bench.ward, body="x", status_callback=hook)
    until(lambda: of(bench.client, message.sid, log=0), 15)
    node_suite.run("notifications", bench.gateway, MESSAGE=message.sid, HOOK=hook).assert_all()


def valid(request):
    form = request["form"] if request["method"] == "POST" else {}
    return RequestValidator(TOKEN).validate(request["url"], form, request["headers"]["X-Twilio-Signature"])


def test_every_kind_of_request_is_valid(bench):
    """Status callback by POST and GET, webhook by POST, its fallback, TwiML Redirect, HTTP redirect."""
    app = bench.app
    app.answers["/n/post"] = app.answers["/n/get"] = (200, "", "text/plain")
    for path in ("/n/post?a=%C3%BC", "/n/get?b=1#method=GET"):
        message = bench.client.messages.create(to=SENDER, from_=bench.ward, body="x", status_callback=app.url(path))
        assert all(valid(r) for r in app.wait(lambda r, sid=message.sid: r["form"].get("MessageSid") == sid, 2))
    app.answers["/n/in"] = (500, "", "text/plain")
    app.answers["/n/fallback"] = (200, "<Response><Redirect>/n/moved?c=2</Redirect></Response>", "text/xml")
    app.answers["/n/moved"] = (307, "", "text/plain", ("Location", "/n/end"))
    app.answers["/n/end"] = (200, "<Response/>", "text/xml")
    number = bench.client.incoming_phone_numbers.list(phone_number=bench.ward)[0]
    bench.client.incoming_phone_numbers(number.sid).update(
        sms_url=app.url("/n/in"), sms_method="POST", sms_fallback_url=app.url("/n/fallback"), sms_fallback_method="GET"
    )
    bench.inject(SENDER, "Yes & no + 100% caf\u00e9")
    app.wait(lambda r: r["path"] == "/n/end")
    seen = {r["path"]: r for r in app.requests if r["path"].startswith("/n/") and "Body" in r["form"]}
    assert set(seen) == {"/n/in", "/n/fallback", "/n/moved", "/n/end"}
    for request in seen.values():
        assert valid(request), request["path"]
    assert seen["/n/end"]["form"]["ErrorCode"] == "11217" and seen["/n/end"]["form"]["ErrorUrl"] == app.url("/n/in")
    bench.client.incoming_phone_numbers(number.sid).update(sms_url="", sms_fallback_url="")
