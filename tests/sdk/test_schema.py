"""The checks of every answer can fail: each breakage of a right answer is told."""
import copy
import json

import pytest

import schema

A = "/2010-04-01/Accounts/AC" + "0" * 32
MESSAGE = {
    "account_sid": "AC" + "0" * 32, "api_version": "2010-04-01", "body": "x", "date_created": "Thu, 24 Aug 2023 05:01:45 +0000", "date_sent": None,
    "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000", "direction": "outbound-api", "error_code": None, "error_message": None, "from": "+15005550006",
    "messaging_service_sid": None, "num_media": "0", "num_segments": "1", "price": None, "price_unit": None, "sid": "SM" + "a" * 32, "status": "queued",
    "subresource_uris": {"media": A + "/Messages/SM" + "a" * 32 + "/Media.json"}, "to": "+14155552345", "uri": A + "/Messages/SM" + "a" * 32 + ".json",
}
LINK = A + "/Messages.json?PageSize=1&Page=0"
LIST = {"first_page_uri": LINK, "end": 0, "previous_page_uri": None, "messages": [MESSAGE], "uri": LINK, "page_size": 1, "start": 0, "next_page_uri": None, "page": 0}
URL = "http://gw/v1/Content"
META = {"contents": [], "meta": {
    "page": 0, "page_size": 50, "first_page_url": URL, "previous_page_url": None, "next_page_url": URL + "?Page=1", "key": "contents", "url": URL}}
ERROR = {"code": 20404, "message": "no", "more_info": "https://www.twilio.com/docs/errors/20404", "status": 404}
FETCH, PAGES, CONTENTS = "/2010-04-01/Accounts/{}/Messages/{}", "/2010-04-01/Accounts/{}/Messages", "/v1/Content"
ABSENT = object()


def check(template, target, status, body, kind="application/json; charset=utf-8", method="GET"):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return schema.check(method, template, "http://gw", target, status, {"content-type": kind}, payload)


def broken(body, path, value):
    body = at = copy.deepcopy(body)
    for key in path[:-1]:
        at = at[key]
    if value is ABSENT:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return body


RIGHT = [(FETCH, MESSAGE["uri"], 200, MESSAGE), (PAGES, LINK, 200, LIST), (CONTENTS, "/v1/Content", 200, META), (None, "/x", 404, ERROR)]


@pytest.mark.parametrize("template,target,status,body", RIGHT)
def test_right(template, target, status, body):
    assert check(template, target, status, body) == []


@pytest.mark.parametrize("right,path,value", [
    (0, ["date_sent"], ABSENT),
    (0, ["surprise"], 1),
    (0, ["num_segments"], 1),
    (0, ["price"], -0.1),
    (0, ["error_code"], "30003"),
    (0, ["status"], "cancelled"),
    (0, ["status"], None),
    (0, ["sid"], "SM123"),
    (0, ["date_created"], "2023-08-24T05:01:45Z"),
    (0, ["date_created"], "Thu, 24 Aug 2023 05:01:45 GMT"),
    (0, ["date_created"], "Fri, 24 Aug 2023 05:01:45 +0000"),
    (0, ["date_created"], "Thu, 4 Aug 2023 05:01:45 +0000"),
    (0, ["date_created"], ""),
    (0, ["price_unit"], ""),
    (0, ["uri"], "http://gw" + A),
    (0, ["subresource_uris", "media"], "Media.json"),
    (1, ["total_pages"], 1),
    (1, ["messages"], ABSENT),
    (1, ["next_page_uri"], ""),
    (1, ["next_page_uri"], "http://gw" + LINK),
    (1, ["page_size"], "1"),
    (1, ["uri"], ABSENT),
    (1, ["messages", 0, "to"], 7),
    (2, ["meta", "key"], ABSENT),
    (2, ["meta", "key"], "services"),
    (2, ["meta", "next_page_url"], "https://messaging.twilio.com/v1/Content"),
    (2, ["extra"], []),
    (3, ["code"], "20404"),
    (3, ["status"], 400),
    (3, ["type"], "x"),
    (3, ["message"], ""),
    (3, ["more_info"], ABSENT),
])
def test_wrong(right, path, value):
    template, target, status, body = RIGHT[right]
    assert check(template, target, status, broken(body, path, value))


def test_wrong_as_a_whole():
    assert check(FETCH, MESSAGE["uri"], 202, MESSAGE) and check(PAGES, LINK, 206, LIST)
    assert check(FETCH, MESSAGE["uri"], 200, MESSAGE, kind="text/html") and check(FETCH, MESSAGE["uri"], 200, b"<html>")
    assert check(FETCH, MESSAGE["uri"], 204, b"x", method="DELETE") and not check(FETCH, MESSAGE["uri"], 204, b"", method="DELETE")
    assert check("/v9/nowhere", "/v9/nowhere", 200, MESSAGE)
