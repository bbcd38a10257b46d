"""How the SDKs for PHP, Ruby, Go, Java and C# write requests and read answers, as data: none of them is installed here, so these are their habits
as observed, not the SDKs themselves.

request() gives the octets of a call; read() takes an answer or raises Refused where that SDK fails, loses a value or reads another one."""
import base64
import collections
import datetime
import json
import re
import urllib.parse

import schema

FORM = "application/x-www-form-urlencoded"


class Refused(Exception):
    pass


# ---- requests ----

# headers: before the others, in the order the SDK sends them. on: methods that carry a Content-Type. sort: parameters in alphabetical order.
# empty: DELETE carries Content-Length: 0. date_time: how a moment is written. late_host: Host follows the SDK's own headers.
Style = collections.namedtuple("Style", "headers form on sort empty date_time late_host")
STYLES = {
    "php": Style(
        [("User-Agent", "twilio-php/8.12.0 (Linux x86_64) PHP/8.2.7"), ("Accept-Charset", "utf-8"), ("Accept", "application/json")],
        FORM, {"GET", "POST", "DELETE"}, False, False, "%Y-%m-%dT%H:%M:%SZ", False),
    "ruby": Style(
        [("Accept-Charset", "utf-8"), ("Accept", "application/json"), ("User-Agent", "twilio-ruby/7.11.1 (linux x86_64) Ruby/3.1.2"),
         ("Accept-Encoding", "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"), ("Connection", "close")],
        FORM, {"POST"}, True, False, "%Y-%m-%dT%H:%M:%SZ", True),
    "go": Style(
        [("User-Agent", "twilio-go/1.30.9 (linux amd64) go/go1.19.8"), ("Accept", "application/json"), ("Accept-Charset", "utf-8"),
         ("Accept-Encoding", "gzip")],
        FORM, {"GET", "POST"}, True, False, "%Y-%m-%dT%H:%M:%S+00:00", False),
    "java": Style(
        [("X-Twilio-Client", "java-12.0.0"), ("User-Agent", "twilio-java/12.0.0 (Linux amd64) java/17.0.9"), ("Accept", "application/json"),
         ("Accept-Encoding", "utf-8"), ("Connection", "Keep-Alive")],
        FORM + "; charset=UTF-8", {"POST"}, False, True, "%Y-%m-%dT%H:%M:%S", True),
    "csharp": Style(
        [("Accept", "application/json"), ("Accept-Encoding", "utf-8"), ("User-Agent", "twilio-csharp/8.0.0 (Linux x64) .NET/8.0")],
        FORM, {"POST"}, False, False, "%Y-%m-%dT%H:%M:%SZ", True),
}


def _text(language, value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.strftime(STYLES[language].date_time)
    return str(value)


def encode(language, pairs):
    style = STYLES[language]
    pairs = [(key, _text(language, value)) for key, value in (sorted(pairs, key=lambda pair: pair[0]) if style.sort else pairs)]
    return urllib.parse.urlencode(pairs)


def follow(language, link):
    """A page link as the SDK asks for it: Ruby takes its query apart and sorts it."""
    path, mark, query = link.partition("?")
    if language == "ruby":
        query = encode(language, urllib.parse.parse_qsl(query, keep_blank_values=True))
    return path + mark + query


def request(language, method, target, host, user, password, form=None, query=None):
    style = STYLES[language]
    if query:
        target += "?" + encode(language, query)
    body = encode(language, form).encode() if form is not None else b""
    headers = [("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())] + style.headers
    if method in style.on:
        headers.append(("Content-Type", style.form))
    if body or method == "POST" or (method == "DELETE" and style.empty):
        headers.append(("Content-Length", str(len(body))))
    headers.insert(len(headers) if style.late_host else 0, ("Host", host))
    head = "\r\n".join([f"{method} {target} HTTP/1.1"] + [f"{key}: {value}" for key, value in headers])
    return head.encode() + b"\r\n\r\n" + body, headers, body


# ---- answers ----

# types: any value of another JSON type fails. dates: "exact" (else lost), "any" (else raises), "weekday" (a wrong one shifts the day), None (kept as
# text). words: unknown ones are lost. array: it must be there, and alone beside the known keys. links: how a next page is told. needs: keys that
# are dereferenced. errors: what an error body must be.
Reader = collections.namedtuple("Reader", "types dates words currency one_array array empty_link slash needs errors")
READERS = {
    "php": Reader(False, "weekday", False, False, True, True, False, False, False, None),
    "ruby": Reader(False, "any", False, False, True, True, True, False, False, "json or nothing"),
    "go": Reader(True, None, False, False, False, False, False, False, False, "typed"),
    "java": Reader(False, "exact", True, True, False, True, False, True, True, "object"),
    "csharp": Reader(False, None, False, False, False, True, False, False, True, None),
}
KNOWN = {"end", "first_page_uri", "next_page_uri", "last_page_uri", "page", "page_size", "previous_page_uri", "total", "num_pages", "start", "uri", "meta"}
KINDS = {"string": (str,), "integer": (int,), "boolean": (bool,), "object": (dict,), "array": (list,), "number": (int, float, str)}
CURRENCIES = {"USD", "EUR", "CHF", "GBP"}


def _need(true, what):
    if not true:
        raise Refused(what)


def _read_date(how, rule, key, text):
    if rule["format"] == "date-time":
        _need(schema.iso8601(text) or how in (None, "weekday"), f"{key}: {text!r}")
    elif how == "exact":
        _need(schema.rfc2822(text), f"{key} is lost: {text!r}")
    elif how == "any":
        _need(re.fullmatch(r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d (GMT|[+-]\d{4})", text), f"{key} raises: {text!r}")
    elif how == "weekday" and re.match(r"\w{3}, \d\d ", text):
        _need(schema.rfc2822(text.replace("GMT", "+0000")), f"{key} is shifted: {text!r}")


def _read_value(reader, rule, key, value):
    if value is None:
        return
    if reader.types and "type" in rule:
        _need(isinstance(value, KINDS[rule["type"]]) and isinstance(value, bool) == (rule["type"] == "boolean"), f"{key} is {value!r}")
    if rule.get("format", "").startswith("date-time") and reader.dates:
        _read_date(reader.dates, rule, key, value)
    if reader.words and "enum" in rule and rule.get("format") != "http-method":
        _need(value in rule["enum"], f"{key} is lost: {value!r}")
    if reader.currency and rule.get("format") == "currency":
        _need(value.upper() in CURRENCIES, f"{key} throws: {value!r}")


def read_resource(language, name, resource):
    _need(isinstance(resource, dict), "no object")
    for key, rule in schema.published()[1][name]["properties"].items():
        _read_value(READERS[language], rule, key, resource.get(key))
    return resource


def _read_numbers(reader, body):
    for key in ("page", "page_size", "start", "end"):
        _need(not reader.types or isinstance(body.get(key, 0), int), f"{key} is {body.get(key)!r}")


def _read_next(reader, link):
    if link is None or (link == "" and not reader.empty_link):
        return None
    _need(link != "", "an empty link is followed")
    _need(not link.startswith("http"), f"next_page_uri is absolute: {link}")
    _need(link.startswith("/") or not reader.slash, f"next_page_uri without a slash: {link}")
    return link


def read_list(language, operation, body):
    """(rows, the link to follow or None)."""
    reader, key = READERS[language], operation["list"]
    _need(not reader.one_array or len(set(body) - KNOWN) == 1, f"cannot be read as a page: {sorted(set(body) - KNOWN)}")
    _need(not reader.array or isinstance(body.get(key), list), f"{key} is missing")
    if "meta" in body:
        meta = body["meta"]
        _need(not reader.needs or schema.META <= set(meta), f"meta lacks {sorted(schema.META - set(meta))}")
        _need(meta.get("key") == key, "meta.key")
        _read_numbers(reader, meta)
        link = meta.get("next_page_url")
    else:
        _need(not reader.needs or "uri" in body, "uri is missing")
        _read_numbers(reader, body)
        link = _read_next(reader, body.get("next_page_uri"))
    rows = body.get(key) or []
    return [read_resource(language, operation["schema"], row) for row in rows], link


def read_error(language, payload):
    wanted = READERS[language].errors
    try:
        body = json.loads(payload)
    except ValueError:
        _need(wanted is None or (wanted == "json or nothing" and not payload), f"an error that is no JSON: {payload[:40]!r}")
        return None
    if wanted == "typed":
        _need(isinstance(body.get("code"), int) and isinstance(body.get("status"), int), "code or status is no number")
    if wanted in ("typed", "object"):
        _need(isinstance(body.get("details", {}), dict), "details are no object")
        _need("status" in body, "no status")
    return body


def read(language, method, template, status, payload):
    """What the SDK makes of an answer: a resource, (rows, next link), True for a deletion, or the error's body."""
    if status >= 400 or status < 200:
        return read_error(language, payload)
    operation = schema.published()[0][f"{method} {template}"]
    if method == "DELETE":
        return True
    body = json.loads(payload)
    if "list" in operation:
        _need(status == 200, "a list that is not 200")
        return read_list(language, operation, body)
    return read_resource(language, operation["schema"], body)
