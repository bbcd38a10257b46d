"""The unmodified Twilio SDK for Python (Debian's python3-twilio) against cellpostd and simulated modems."""
import datetime
import json
import urllib.request

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from gateway import ACCOUNT, SERVICE, TOKEN, Gateway, Sim, configuration, until

TO = "+41791112233"


def wait_status(client, sid, status, seconds=15):
    return until(lambda: (m := client.messages(sid).fetch()).status == status and m, seconds, f"{sid} {status}")


def refusal(call, *args, **kwargs):
    with pytest.raises(TwilioRestException) as error:
        call(*args, **kwargs)
    return error.value


# ---- create, fetch, list ----


def test_create_answers_queued_resource(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="Hello")
    assert message.sid.startswith("SM") and len(message.sid) == 34
    assert message.status == "queued"
    assert message.direction == "outbound-api"
    assert message.body == "Hello"
    assert (message.to, message.from_) == (TO, bench.ward)
    assert message.num_segments == "1" and message.num_media == "0"
    assert message.error_code is None and message.error_message is None
    assert message.price is None and message.price_unit is None
    assert message.account_sid == ACCOUNT and message.api_version == "2010-04-01"
    assert isinstance(message.date_created, datetime.datetime)
    assert message.uri == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{message.sid}.json"
    assert message.subresource_uris["media"].endswith(f"{message.sid}/Media.json")


def test_sent_then_delivered_by_fetch(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="to be delivered")
    done = wait_status(bench.client, message.sid, "delivered")
    assert done.date_sent is not None and done.error_code is None
    pdu = bench.sim_pdu(lambda p: p.get("text") == "to be delivered")
    assert pdu["to"].lstrip("+") == TO.lstrip("+")


def test_multipart_counts_segments(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="x" * 161)
    assert message.num_segments == "2"
    wait_status(bench.client, message.sid, "delivered")


def test_ucs2_and_emoji_roundtrip(bench):
    body = "Grüezi 👋🏽 Ωmega " + "ы" * 70
    message = bench.client.messages.create(to=TO, from_=bench.ward, body=body)
    assert message.body == body
    assert int(message.num_segments) >= 2
    assert wait_status(bench.client, message.sid, "delivered").body == body


def test_smart_encoding_keeps_one_segment(bench):
    body = "“quoted” – it’s…" + "x" * 120
    plain = bench.client.messages.create(to=TO, from_=bench.ward, body=body)
    smart = bench.client.messages.create(to=TO, from_=bench.ward, body=body, smart_encoded=True)
    assert int(plain.num_segments) == 3 and smart.num_segments == "1"


def test_service_accepts_and_chooses_sender(bench):
    message = bench.client.messages.create(to=TO, messaging_service_sid=SERVICE, body="by pool")
    assert message.status == "accepted"
    assert message.messaging_service_sid == SERVICE and message.from_ is None
    done = wait_status(bench.client, message.sid, "delivered")
    assert done.from_ in (bench.ward, bench.plant)


def test_list_newest_first_and_limit(bench):
    sids = [bench.client.messages.create(to=TO, from_=bench.plant, body=f"list {n}").sid for n in range(3)]
    listed = [m.sid for m in bench.client.messages.list(limit=3)]
    assert listed == sids[::-1]


def test_paging_walks_every_message_once(bench):
    to = "+41795550001"
    sids = {bench.client.messages.create(to=to, from_=bench.plant, body=f"page {n}").sid for n in range(7)}
    walked = [m.sid for m in bench.client.messages.stream(to=to, page_size=2)]
    assert len(walked) == 7 and set(walked) == sids


def test_page_object_next_and_previous(bench):
    to = "+41795550002"
    sids = [bench.client.messages.create(to=to, from_=bench.plant, body=f"p {n}").sid for n in range(3)][::-1]
    first = bench.client.messages.page(to=to, page_size=2)
    assert [m.sid for m in first] == sids[:2]
    second = first.next_page()
    assert [m.sid for m in second] == sids[2:]
    assert second.next_page() is None
    assert [m.sid for m in second.previous_page()] == sids[:2]


def test_walk_back_from_the_last_page(bench):
    to = "+41795550009"
    for n in range(7):
        bench.client.messages.create(to=to, from_=bench.plant, body=f"b {n}")
    page, forth, back = bench.client.messages.page(to=to, page_size=2), [], []
    while page is not None:
        last, rows = page, [m.sid for m in page]
        forth.append(rows)
        page = page.next_page()
    bench.client.messages.create(to=to, from_=bench.plant, body="meanwhile")
    for _ in forth[1:]:
        last = last.previous_page()
        back.insert(0, [m.sid for m in last])
    assert back == forth[:-1]


def test_paging_is_stable_under_inserts(bench):
    to = "+41795550003"
    sids = [bench.client.messages.create(to=to, from_=bench.plant, body=f"s {n}").sid for n in range(4)][::-1]
    first = bench.client.messages.page(to=to, page_size=2)
    bench.client.messages.create(to=to, from_=bench.plant, body="between")
    assert [m.sid for m in first.next_page()] == sids[2:]


def test_filter_from(bench):
    to = "+41795550004"
    bench.client.messages.create(to=to, from_=bench.ward, body="a")
    other = bench.client.messages.create(to=to, from_=bench.plant, body="b")
    assert [m.sid for m in bench.client.messages.list(to=to, from_=bench.plant)] == [other.sid]


def test_filter_date_sent(bench):
    to = "+41795550005"
    message = bench.client.messages.create(to=to, from_=bench.ward, body="dated")
    sent = wait_status(bench.client, message.sid, "delivered").date_sent.date()
    day = datetime.timedelta(days=1)
    assert [m.sid for m in bench.client.messages.list(to=to, date_sent=sent)] == [message.sid]
    assert bench.client.messages.list(to=to, date_sent=sent - day) == []
    assert [m.sid for m in bench.client.messages.list(to=to, date_sent_after=sent - day)] == [message.sid]
    assert bench.client.messages.list(to=to, date_sent_before=sent - day) == []


def test_empty_list(bench):
    assert bench.client.messages.list(to="+41799999999") == []


# ---- redact, cancel, delete, media ----


def test_redact_clears_body(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="secret diagnosis")
    wait_status(bench.client, message.sid, "delivered")
    assert bench.client.messages(message.sid).update(body="").body == ""
    assert bench.client.messages(message.sid).fetch().body == ""


def test_redact_refuses_a_new_text(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="keep")
    wait_status(bench.client, message.sid, "delivered")
    error = refusal(bench.client.messages(message.sid).update, body="other")
    assert (error.status, error.code) == (400, 30400)


def test_cancel_while_queued(bench):
    bench.sim.do("creg m3 2")  # the line waits for a network, so the message waits for the line
    message = bench.client.messages.create(to=TO, from_=bench.ship, body="never mind", status_callback=bench.app.url("/cancel"))
    canceled = bench.client.messages(message.sid).update(status="canceled")
    assert canceled.status == "canceled"
    hook = bench.app.wait(lambda r: r["path"] == "/cancel")[0]
    assert hook["form"]["MessageStatus"] == "canceled"
    assert bench.client.messages(message.sid).fetch().status == "canceled"


def test_cancel_too_late(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="gone")
    wait_status(bench.client, message.sid, "delivered")
    error = refusal(bench.client.messages(message.sid).update, status="canceled")
    assert (error.status, error.code) == (409, 30409)


def test_delete_then_404(bench):
    message = bench.client.messages.create(to="+41795550006", from_=bench.ward, body="delete me")
    wait_status(bench.client, message.sid, "delivered")
    assert bench.client.messages(message.sid).delete() is True
    error = refusal(bench.client.messages(message.sid).fetch)
    assert (error.status, error.code) == (404, 20404)
    assert bench.client.messages.list(to="+41795550006") == []


def test_delete_too_early(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ship, body="waiting")
    error = refusal(bench.client.messages(message.sid).delete)
    assert (error.status, error.code) == (409, 20009)
    bench.client.messages(message.sid).update(status="canceled")


def test_media_list_is_empty(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="no media")
    assert bench.client.messages(message.sid).media.list() == []


def test_content_retention_discard(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="burn after sending", content_retention="discard")
    assert wait_status(bench.client, message.sid, "delivered").body == ""


def test_address_retention_obfuscate(bench):
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="who", address_retention="obfuscate")
    assert bench.client.messages(message.sid).fetch().to == TO[:-4] + "XXXX"


# ---- what Cellpost adds: these SDKs have no argument for Tags, yet their clients send and read any form ----


def create_tagged(client, base, tags, **form):
    answer = client.request("POST", f"{base}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", data={"To": TO, "Tags": json.dumps(tags), **form})
    assert answer.status_code == 201, answer.text
    return json.loads(answer.text)


def extras(client, base, sid):
    return json.loads(client.request("GET", f"{base}/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json").text)


def test_tags_are_shown_and_harm_no_reader(bench):
    to, tags = "+41795550010", {"class": "unheard-of", "ward": "3 süd"}
    made = create_tagged(bench.client, bench.gateway.url, tags, To=to, From=bench.ward, Body="tagged")
    assert made["tags"] == tags and "cellpost" not in made
    assert wait_status(bench.client, made["sid"], "delivered").body == "tagged"
    assert [m.sid for m in bench.client.messages.list(to=to)] == [made["sid"]]
    assert extras(bench.client, bench.gateway.url, made["sid"])["tags"] == tags


@pytest.mark.parametrize("tags,ruled_by", [({}, "night"), ({"class": "otp"}, "otp"), ({"class": "unheard-of"}, "night")])
def test_unknown_outcome_tells_the_class(tmp_path, tags, ruled_by):
    number, sim = "+41790000001", Sim(tmp_path / "sim", {"m1": {"number": "+41790000001", "reports": "off"}}).start()
    classes = "[class night]\npriority = 2\n[class otp]\npriority = 9\n"
    text = lambda data: configuration([("m1", number, sim.link("m1"), "")], data, classes).replace("modem = m1\n", "modem = m1\nclass = night\n")
    gateway = Gateway(text, tmp_path / "gateway", test_clock=True).start()
    try:
        gateway.wait_line_ready("m1")
        client = gateway.client()
        sim.do("drop m1 +CMGS 1")
        sid = create_tagged(client, gateway.url, tags, From=number, Body="who knows")["sid"]
        sim.wait("m1", "pdu", 1)
        gateway.advance(181_000)
        shown = until(lambda: (m := extras(client, gateway.url, sid)).get("cellpost") and m, 10, "UNSURE in the resource")
        assert shown["cellpost"] == {"outcome": "unsure", "class": ruled_by}
        assert client.messages(sid).fetch().status == "sending"  # in Twilio's words nothing is wrong
        assert [m.status for m in client.messages.list()] == ["sending"]
    finally:
        assert gateway.stop() == 0
        sim.stop()


# ---- errors ----

REFUSALS = [
    ("no To", dict(to="", from_="WARD", body="x"), 21604),
    ("bad To", dict(to="+abc", from_="WARD", body="x"), 21211),
    ("channel prefix", dict(to="whatsapp:+41791112233", from_="WARD", body="x"), 21211),
    ("empty body", dict(to=TO, from_="WARD", body=""), 21602),
    ("no body at all", dict(to=TO, from_="WARD"), 21619),
    ("no sender", dict(to=TO, body="x"), 21603),
    ("bad From", dict(to=TO, from_="?!", body="x"), 21212),
    ("foreign From", dict(to=TO, from_="+15005550006", body="x"), 21606),
    ("alpha sender", dict(to=TO, from_="Hospital", body="x"), 21612),
    ("too long", dict(to=TO, from_="WARD", body="x" * 1601), 21617),
    ("bad callback", dict(to=TO, from_="WARD", body="x", status_callback="ftp://x"), 21609),
    ("bad validity", dict(to=TO, from_="WARD", body="x", validity_period=0), 21624),
    ("media", dict(to=TO, from_="WARD", body="x", media_url=["http://example.org/a.png"]), 21621),
    ("unknown service", dict(to=TO, messaging_service_sid="MG" + "9" * 32, body="x"), 21701),
    ("malformed service", dict(to=TO, messaging_service_sid="MGnope", body="x"), 21705),
    ("bad retention", dict(to=TO, from_="WARD", body="x", content_retention="shred"), 30029),
]


@pytest.mark.parametrize("what,form,code", REFUSALS, ids=[row[0] for row in REFUSALS])
def test_create_refusals(bench, what, form, code):
    form = {key: bench.ward if value == "WARD" else value for key, value in form.items()}
    error = refusal(bench.client.messages.create, **form)
    assert (error.status, error.code) == (400, code)
    assert error.msg


def test_unknown_sid_is_404(bench):
    error = refusal(bench.client.messages("SM" + "0" * 32).fetch)
    assert (error.status, error.code) == (404, 20404)


def test_wrong_token_is_401(bench):
    stranger = Client(ACCOUNT, "0" * 32)
    stranger.api.base_url = bench.gateway.url
    error = refusal(stranger.messages("SM" + "0" * 32).fetch)
    assert (error.status, error.code) == (401, 20003)


def test_foreign_account_is_404(bench):
    other = Client(ACCOUNT, TOKEN, account_sid="AC" + "1" * 32)
    other.api.base_url = bench.gateway.url
    error = refusal(other.messages("SM" + "0" * 32).fetch)
    assert (error.status, error.code) == (404, 20404)


# ---- accounts and lines ----


def test_account_fetch(bench):
    account = bench.client.api.accounts(ACCOUNT).fetch()
    assert (account.sid, account.status, account.auth_token) == (ACCOUNT, "active", TOKEN)


def test_numbers_list_and_update(bench):
    numbers = {n.phone_number: n for n in bench.client.incoming_phone_numbers.list()}
    assert {bench.ward, bench.plant, bench.ship} <= set(numbers)
    assert numbers[bench.ward].capabilities["sms"] is True and numbers[bench.ward].capabilities["voice"] is False
    found = bench.client.incoming_phone_numbers.list(phone_number=bench.plant)
    assert [n.phone_number for n in found] == [bench.plant]
    changed = bench.client.incoming_phone_numbers(found[0].sid).update(
        friendly_name="Plant", sms_url=bench.app.url("/plant"), sms_method="POST"
    )
    assert (changed.friendly_name, changed.sms_url, changed.sms_method) == ("Plant", bench.app.url("/plant"), "POST")


# ---- callbacks, inbound, TwiML ----


def test_status_callbacks_are_signed_and_in_order(bench):
    url = bench.app.url("/status?case=1")
    message = bench.client.messages.create(to=TO, from_=bench.ward, body="call me back", status_callback=url)
    hooks = bench.app.wait(lambda r: r["form"].get("MessageSid") == message.sid, count=2)
    assert [h["form"]["MessageStatus"] for h in hooks] == ["sent", "delivered"]
    for hook in hooks:
        assert RequestValidator(TOKEN).validate(url, hook["form"], hook["headers"]["X-Twilio-Signature"])
        assert not RequestValidator("0" * 32).validate(url, hook["form"], hook["headers"]["X-Twilio-Signature"])
        assert hook["form"]["AccountSid"] == ACCOUNT and hook["form"]["To"] == TO
        assert hook["form"]["SmsStatus"] == hook["form"]["MessageStatus"]
        assert "Body" not in hook["form"] and "ErrorCode" not in hook["form"]


def test_undelivered_callback_carries_error(bench):
    bench.sim.do("set m2 report_st=0x46")
    try:
        message = bench.client.messages.create(to=TO, from_=bench.plant, body="expired", status_callback=bench.app.url("/undelivered"))
        hooks = bench.app.wait(lambda r: r["form"].get("MessageSid") == message.sid, count=2)
        assert [h["form"]["MessageStatus"] for h in hooks] == ["sent", "undelivered"]
        assert hooks[1]["form"]["ErrorCode"] == "30003"
        fetched = bench.client.messages(message.sid).fetch()
        assert fetched.status == "undelivered" and int(fetched.error_code) == 30003 and fetched.error_message
    finally:
        bench.sim.do("set m2 report_st=0")


def test_inbound_webhook(bench):
    bench.route_inbound("/in", (200, "<Response/>", "text/xml"))
    bench.inject("+41790009001", "Hilfe im Zimmer 12 ä€")
    hook = bench.app.wait(lambda r: r["path"] == "/in" and r["form"].get("From") == "+41790009001")[0]
    form = hook["form"]
    assert form["Body"] == "Hilfe im Zimmer 12 ä€" and form["To"] == bench.ward
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    assert (form["NumMedia"], form["NumSegments"], form["SmsStatus"]) == ("0", "1", "received")
    assert form["FromCountry"] == "CH"
    assert RequestValidator(TOKEN).validate(bench.app.url("/in"), form, hook["headers"]["X-Twilio-Signature"])
    fetched = bench.client.messages(form["MessageSid"]).fetch()
    assert (fetched.direction, fetched.status, fetched.body) == ("inbound", "received", form["Body"])


def test_inbound_multipart_out_of_order(bench):
    bench.route_inbound("/in", (200, "", "text/plain"))
    text = "".join(chr(97 + n % 26) for n in range(400))
    bench.inject_multipart("+41790009002", text, order="3,1,2")
    hook = bench.app.wait(lambda r: r["form"].get("From") == "+41790009002")[0]
    assert hook["form"]["Body"] == text and hook["form"]["NumSegments"] == "3"


def test_twiml_reply_goes_out(bench):
    bench.route_inbound("/reply", (200, "<Response><Message>Danke &amp; tschüss</Message></Response>", "text/xml"))
    bench.inject("+41790009003", "ping")
    bench.app.wait(lambda r: r["form"].get("From") == "+41790009003")
    reply = until(lambda: bench.client.messages.list(to="+41790009003"), what="reply listed")[0]
    assert (reply.direction, reply.body, reply.from_) == ("outbound-reply", "Danke & tschüss", bench.ward)
    wait_status(bench.client, reply.sid, "delivered")


def test_twiml_redirect_is_followed_and_signed(bench):
    bench.route_inbound("/first", (200, f"<Response><Redirect>{bench.app.url('/second')}</Redirect></Response>", "text/xml"))
    bench.app.answers["/second"] = (200, "<Response><Message><Body>redirected</Body></Message></Response>", "text/xml")
    bench.inject("+41790009004", "redirect me")
    hook = bench.app.wait(lambda r: r["path"] == "/second")[0]
    assert RequestValidator(TOKEN).validate(bench.app.url("/second"), hook["form"], hook["headers"]["X-Twilio-Signature"])
    reply = until(lambda: bench.client.messages.list(to="+41790009004"), what="reply listed")[0]
    assert reply.body == "redirected"


def test_plain_text_answer_is_a_reply(bench):
    bench.route_inbound("/plain", (200, "just text", "text/plain"))
    bench.inject("+41790009005", "hi")
    reply = until(lambda: bench.client.messages.list(to="+41790009005"), what="reply listed")[0]
    assert reply.body == "just text"


def test_fallback_url_gets_the_error(bench):
    number = bench.client.incoming_phone_numbers.list(phone_number=bench.ward)[0]
    bench.app.answers["/down"] = (500, "no", "text/plain")
    bench.app.answers["/fallback"] = (200, "<Response/>", "text/xml")
    bench.client.incoming_phone_numbers(number.sid).update(sms_url=bench.app.url("/down"), sms_fallback_url=bench.app.url("/fallback"))
    bench.inject("+41790009006", "anyone?")
    hook = bench.app.wait(lambda r: r["path"] == "/fallback")[0]
    assert hook["form"]["ErrorUrl"] == bench.app.url("/down") and hook["form"]["ErrorCode"].isdigit()
    tokens = {r["headers"]["I-Twilio-Idempotency-Token"] for r in bench.app.requests if r["form"].get("From") == "+41790009006"}
    assert len(tokens) == 1


# ---- what no SDK shows ----


def raw(bench, path, method="GET", headers=(), data=None):
    import base64

    request = urllib.request.Request(bench.gateway.url + path, method=method, data=data, headers=dict(headers))
    if "Authorization" not in request.headers:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode())
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_list_envelope_has_no_extra_key(bench):
    status, headers, body = raw(bench, f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1")
    allowed = {"end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri", "start", "uri", "messages"}
    assert status == 200 and set(json.loads(body)) == allowed
    assert headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    "method,path,status,code",
    [
        ("GET", "/nowhere", 404, 20404),
        ("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.xml", 404, 20404),
        ("PUT", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", 405, 20004),
        ("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=2", 400, 20001),
        ("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=0", 400, 20001),
        ("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?DateSent=yesterday", 400, 20001),
    ],
)
def test_error_bodies_are_json(bench, method, path, status, code):
    got, headers, body = raw(bench, path, method)
    error = json.loads(body)
    assert (got, error["status"], error["code"]) == (status, status, code)
    assert set(error) <= {"code", "message", "more_info", "status", "details"}
    assert error["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
