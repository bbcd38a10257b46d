"""The SDKs for PHP, Ruby, Go, Java and C#, none of which can be installed here: their requests to the octet (languages.py) to a real gateway, its
answers read by their rules; and the proof that these readers refuse what those SDKs are known to refuse."""
import copy
import datetime
import http.client
import itertools
import json
import re
import socket

import pytest

import languages
import routes
import schema
from gateway import ACCOUNT, PATIENCE, SERVICE, TOKEN, until
from proxy import RECORD
from test_schema import LIST, META, MESSAGE

ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
TO = "+41792220001"
numbers = (f"+4179221{n:04d}" for n in itertools.count())


class Session:
    """An SDK of one language with a connection of its own for each call."""

    def __init__(self, language, gateway):
        self.language, self.port, self.user, self.password = language, gateway.port, ACCOUNT, TOKEN
        self.host = f"127.0.0.1:{gateway.port}"

    def call(self, method, target, form=None, query=None, want=None):
        octets, headers, body = languages.request(self.language, method, target, self.host, self.user, self.password, form, query)
        target = octets.split(b" ", 2)[1].decode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=20 * PATIENCE) as connection:
            connection.sendall(octets)
            answer = http.client.HTTPResponse(connection, method=method)
            answer.begin()
            payload = answer.read()
        if RECORD.seeds:
            RECORD.keep_seed(method, target, headers, body)
        RECORD.note(self.language, method, target, self.host, answer.status, {k.lower(): v for k, v in answer.getheaders()}, payload)
        assert answer.status == want or want is None and answer.status < 300, (answer.status, payload)
        return languages.read(self.language, method, routes.match(method, target), answer.status, payload)

    def refused(self, code, status, *args, **kwargs):
        error = self.call(*args, want=status, **kwargs)
        assert (error["code"], error["status"]) == (code, status)

    def walk(self, target, query):
        """All rows, page by page, as the SDK follows the links."""
        rows, link = self.call("GET", target, query=query)
        while link:
            more, link = self.call("GET", languages.follow(self.language, link.removeprefix(f"http://{self.host}")))
            rows += more
        return rows


@pytest.fixture(params=sorted(languages.STYLES))
def sdk(request, bench):
    return Session(request.param, bench.gateway)


def moment(**delta):
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(**delta)


# ---- a real gateway ----


def test_message_lives_and_dies(bench, sdk):
    text = "Grüezi + 100% & „ä“ = 👋"
    made = sdk.call("POST", f"{ROOT}/Messages.json", [("To", TO), ("From", bench.ward), ("Body", text), ("SmartEncoded", True), ("ValidityPeriod", 600)])
    assert made["body"].startswith("Grüezi + 100% & ") and made["status"] == "queued"
    one = f"{ROOT}/Messages/{made['sid']}.json"
    until(lambda: sdk.call("GET", one)["status"] == "delivered", 20, "delivered")
    sdk.call("GET", f"{ROOT}/Messages/{made['sid']}/Media.json")
    assert sdk.call("POST", f"{ROOT}/Messages/{made['sid']}/Feedback.json", [("Outcome", "unconfirmed")])["outcome"] == "unconfirmed"
    assert sdk.call("POST", one, [("Body", "")])["body"] == ""
    assert sdk.call("DELETE", one) is True
    sdk.refused(20404, 404, "GET", one)


def test_filters_and_pages(bench, sdk):
    to = next(numbers)
    made = [sdk.call("POST", f"{ROOT}/Messages.json", [("To", to), ("From", bench.plant), ("Body", f"n {n}")])["sid"] for n in range(5)][::-1]
    assert [m["sid"] for m in sdk.walk(f"{ROOT}/Messages.json", [("To", to), ("From", bench.plant), ("PageSize", 2)])] == made

    def delivered():
        rows = sdk.walk(f"{ROOT}/Messages.json", [("To", to)])
        return all(m["status"] == "delivered" for m in rows) and rows

    dates = {schema.rfc2822(m["date_sent"]).date().isoformat() for m in until(delivered, 20, "delivered")}  # two over midnight
    day = [("DateSent>", moment(days=-1)), ("DateSent<", moment(days=1)), ("To", to), ("PageSize", 3)]
    assert sorted(m["sid"] for m in sdk.walk(f"{ROOT}/Messages.json", day)) == sorted(made)
    assert sdk.walk(f"{ROOT}/Messages.json", [("DateSent>", moment(days=1)), ("To", to)]) == []
    assert sum(len(sdk.walk(f"{ROOT}/Messages.json", [("DateSent", date), ("To", to), ("PageSize", 5000)])) for date in dates) == 5


def test_scheduled_and_canceled(sdk):
    form = [("To", TO), ("MessagingServiceSid", SERVICE), ("Body", "later"), ("ScheduleType", "fixed"), ("SendAt", moment(hours=1))]
    made = sdk.call("POST", f"{ROOT}/Messages.json", form)
    assert made["status"] == "scheduled"
    assert sdk.call("POST", f"{ROOT}/Messages/{made['sid']}.json", [("Status", "canceled")])["status"] == "canceled"
    sdk.refused(35114, 400, "POST", f"{ROOT}/Messages.json", form[:-1] + [("SendAt", moment(days=40))])


def test_refusals(bench, sdk):
    for form, code in (
        ([("From", bench.ward), ("Body", "x")], 21604),
        ([("To", TO), ("Body", "x")], 21603),
        ([("To", TO), ("From", bench.ward), ("Body", "")], 21602),
        ([("To", TO), ("From", bench.ward), ("MediaUrl", "http://a.test/1"), ("MediaUrl", "http://a.test/2")], 21621),
        ([("To", "abc"), ("From", bench.ward), ("Body", "x")], 21211),
        ([], 21604),
    ):
        sdk.refused(code, 400, "POST", f"{ROOT}/Messages.json", form)
    sdk.refused(20001, 400, "GET", f"{ROOT}/Messages.json", query=[("Page", 2)])
    sdk.password = "0" * 32
    sdk.refused(20003, 401, "GET", f"{ROOT}.json")


def test_account_lines_and_keys(bench, sdk):
    assert sdk.call("GET", f"{ROOT}.json")["status"] == "active"
    assert sdk.walk("/2010-04-01/Accounts.json", [("PageSize", 2)])
    made = sdk.call("POST", f"{ROOT}/Keys.json", [("FriendlyName", sdk.language)])
    by_key = Session(sdk.language, bench.gateway)
    by_key.user, by_key.password = made["sid"], made["secret"]
    lines = by_key.walk(f"{ROOT}/IncomingPhoneNumbers.json", [("PageSize", 1)])
    assert {bench.ward, bench.plant, bench.ship} <= {line["phone_number"] for line in lines}
    changed = sdk.call("POST", f"{ROOT}/IncomingPhoneNumbers/{lines[0]['sid']}.json", [("FriendlyName", "Line of " + sdk.language)])
    assert changed["friendly_name"] == "Line of " + sdk.language
    assert made["sid"] in [key["sid"] for key in sdk.walk(f"{ROOT}/Keys.json", [("PageSize", 2)])]
    assert sdk.call("DELETE", f"{ROOT}/Keys/{made['sid']}.json") is True
    sdk.refused(20404, 404, "DELETE", f"{ROOT}/Keys/{made['sid']}.json")


def test_small_resources(bench, sdk):
    made = sdk.call("POST", f"{ROOT}/Applications.json", [("FriendlyName", sdk.language), ("VoiceCallerIdLookup", True)])
    assert made["voice_caller_id_lookup"] is True
    assert sdk.call("DELETE", f"{ROOT}/Applications/{made['sid']}.json") is True
    assert sdk.call("GET", f"{ROOT}/Balance.json")["balance"] == "0.00"
    assert sdk.walk(f"{ROOT}/Usage/Records/AllTime.json", [("Category", "sms"), ("PageSize", 1)])
    assert sdk.walk(f"{ROOT}/SMS/ShortCodes.json", None) == sdk.walk(f"{ROOT}/OutgoingCallerIds.json", None) == []
    sdk.walk(f"{ROOT}/Notifications.json", [("PageSize", 20)])


def test_services_and_verify(bench, sdk):
    made = [sdk.call("POST", "/v1/Services", [("FriendlyName", f"{sdk.language} {n}"), ("StickySender", False)]) for n in range(3)]
    assert made[0]["sticky_sender"] is False
    assert {s["sid"] for s in made} <= {s["sid"] for s in sdk.walk("/v1/Services", [("PageSize", 2)])}
    line = sdk.walk(f"{ROOT}/IncomingPhoneNumbers.json", [("PhoneNumber", bench.ship)])[0]
    sdk.call("POST", f"/v1/Services/{made[0]['sid']}/PhoneNumbers", [("PhoneNumberSid", line["sid"])])
    assert sdk.walk(f"/v1/Services/{made[0]['sid']}/PhoneNumbers", None)[0]["phone_number"] == bench.ship
    for service in made:
        assert sdk.call("DELETE", f"/v1/Services/{service['sid']}") is True
    codes = sdk.call("POST", "/v2/Services", [("FriendlyName", "Acme"), ("CodeLength", 4)])
    sent = sdk.call("POST", f"/v2/Services/{codes['sid']}/Verifications", [("To", next(numbers)), ("Channel", "sms")])
    wrong = sdk.call("POST", f"/v2/Services/{codes['sid']}/VerificationCheck", [("VerificationSid", sent["sid"]), ("Code", "00000")])
    assert wrong["valid"] is False
    assert sdk.call("DELETE", f"/v2/Services/{codes['sid']}") is True


def test_lookup_with_a_plus_in_the_path(sdk):
    assert sdk.call("GET", "/v2/PhoneNumbers/+41791112233")["national_format"] == "079 111 22 33"


# ---- the readers can refuse ----

FETCH, PAGES, CONTENTS = "/2010-04-01/Accounts/{}/Messages/{}", "/2010-04-01/Accounts/{}/Messages", "/v1/Content"
ERROR = {"code": 21211, "message": "no", "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400}
ALL = {"php", "ruby", "go", "java", "csharp"}
GONE = object()

DEVIATIONS = [  # what, (method, template, status, body), path of the change, new value, who cannot read it
    ("num_segments as a number", (FETCH, 200, MESSAGE), ["num_segments"], 1, {"go"}),
    ("price as a number", (FETCH, 200, MESSAGE), ["price"], -0.0075, {"go"}),
    ("error_code as text", (FETCH, 200, MESSAGE), ["error_code"], "30003", {"go"}),
    ("date ISO 8601", (FETCH, 200, MESSAGE), ["date_created"], "2023-08-24T05:01:45Z", {"ruby", "java"}),
    ("date with GMT", (FETCH, 200, MESSAGE), ["date_created"], "Thu, 24 Aug 2023 05:01:45 GMT", {"java"}),
    ("date with one digit", (FETCH, 200, MESSAGE), ["date_created"], "Thu, 3 Aug 2023 05:01:45 +0000", {"java"}),
    ("date of another weekday", (FETCH, 200, MESSAGE), ["date_created"], "Fri, 24 Aug 2023 05:01:45 +0000", {"php", "java"}),
    ("date empty", (FETCH, 200, MESSAGE), ["date_sent"], "", {"ruby", "java"}),
    ("date missing", (FETCH, 200, MESSAGE), ["date_sent"], GONE, set()),
    ("price_unit empty", (FETCH, 200, MESSAGE), ["price_unit"], "", {"java"}),
    ("unknown status", (FETCH, 200, MESSAGE), ["status"], "cancelled", {"java"}),
    ("extra key in a resource", (FETCH, 200, MESSAGE), ["extra"], 1, set()),
    ("extra key in a list", (PAGES, 200, LIST), ["extra"], 1, {"php", "ruby"}),
    ("array missing", (PAGES, 200, LIST), ["messages"], GONE, {"php", "ruby", "java", "csharp"}),
    ("uri missing", (PAGES, 200, LIST), ["uri"], GONE, {"java", "csharp"}),
    ("next_page_uri empty", (PAGES, 200, LIST), ["next_page_uri"], "", {"ruby"}),
    ("next_page_uri absolute", (PAGES, 200, LIST), ["next_page_uri"], "http://gw/2010-04-01/x", ALL),
    ("next_page_uri without a slash", (PAGES, 200, LIST), ["next_page_uri"], "2010-04-01/x", {"java"}),
    ("page_size as text", (PAGES, 200, LIST), ["page_size"], "1", {"go"}),
    ("a list with 206", (PAGES, 206, LIST), [], None, ALL),
    ("meta without a key", (CONTENTS, 200, META), ["meta", "previous_page_url"], GONE, {"java", "csharp"}),
    ("error empty", (FETCH, 400, b""), [], None, {"go", "java"}),
    ("error HTML", (FETCH, 400, b"<html></html>"), [], None, {"ruby", "go", "java"}),
    ("error code as text", (FETCH, 400, ERROR), ["code"], "21211", {"go"}),
    ("error details as an array", (FETCH, 400, ERROR), ["details"], [], {"go", "java"}),
]


def changed(body, path, value):
    body = at = copy.deepcopy(body)
    for key in path[:-1]:
        at = at[key]
    if path and value is GONE:
        del at[path[-1]]
    elif path:
        at[path[-1]] = value
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.mark.parametrize("what,answer,path,value,refusing", DEVIATIONS, ids=[row[0] for row in DEVIATIONS])
def test_who_can_not_read(what, answer, path, value, refusing):
    template, status, body = answer
    refused = set()
    for language in languages.READERS:
        if path:
            languages.read(language, "GET", template, status, changed(body, [], None))  # as it should be: all read it
        try:
            languages.read(language, "GET", template, status, changed(body, path, value))
        except languages.Refused:
            refused.add(language)
    assert refused == refusing


def test_requests_to_the_octet():
    moment = datetime.datetime(2030, 1, 2, 3, 4, 5)
    written = {name: languages.request(name, "POST", "/x", "h", "a", "b", [("SendAt", moment), ("Body", "ä +"), ("Flag", True)])[0] for name in languages.STYLES}
    assert written["java"].endswith(b"\r\n\r\nSendAt=2030-01-02T03%3A04%3A05&Body=%C3%A4+%2B&Flag=true")
    assert written["go"].endswith(b"\r\n\r\nBody=%C3%A4+%2B&Flag=true&SendAt=2030-01-02T03%3A04%3A05%2B00%3A00")
    assert b"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n" in written["java"]
    assert all(re.search(rb"\r\nContent-Length: \d+\r\n", octets) and octets.startswith(b"POST /x HTTP/1.1\r\n") for octets in written.values())
    assert b"Content-Length: 0" in languages.request("java", "DELETE", "/x", "h", "a", "b")[0]
    assert b"Content-Type" in languages.request("php", "GET", "/x", "h", "a", "b")[0]
    assert b"/x?DateSent%3E=2030-01-02T03%3A04%3A05Z HTTP" in languages.request("ruby", "GET", "/x", "h", "a", "b", query=[("DateSent>", moment)])[0]
    assert languages.follow("ruby", "/x?To=1&Page=1&PageSize=2") == "/x?Page=1&PageSize=2&To=1"
    assert languages.follow("php", "/x?To=1&Page=1") == "/x?To=1&Page=1"
