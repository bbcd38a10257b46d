"""Is an answer what Twilio publishes? tests/vectors/openapi holds, for each operation, its statuses, its list's key and its resource's schema.

check() gives sentences about what is wrong, none when all is right. Strict where clients are: every key of the schema is there and no other but
those that docs/twilio-compat.md names, types, null, words, patterns of SIDs, dates by their format down to the weekday, links relative below
2010-04-01 and absolute elsewhere, list envelopes without a key too many, errors with Twilio's four keys."""
import datetime
import functools
import json
import pathlib
import re

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "vectors" / "openapi"
CHECKER = jsonschema.FormatChecker(formats=())
NUMBER = "api.v2010.account.incoming_phone_number"
EXTRA = {"api.v2010.account.message": {"cellpost", "tags"}, f"{NUMBER}.incoming_phone_number_mobile": {"type"}}
ENVELOPE = {"end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri", "start", "uri"}
META = {"page", "page_size", "first_page_url", "previous_page_url", "next_page_url", "key", "url"}
DAYS, MONTHS = "Mon Tue Wed Thu Fri Sat Sun".split(), "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def rfc2822(text):
    """A date as api v2010 writes it, exactly; None when it is anything else."""
    match = re.fullmatch(r"(\w{3}), (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) \+0000", text, re.ASCII)
    if not match or match[3] not in MONTHS:
        return None
    try:
        date = datetime.datetime(int(match[4]), MONTHS.index(match[3]) + 1, *map(int, match.group(2, 5, 6, 7)), tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    return date if DAYS[date.weekday()] == match[1] else None


def iso8601(text):
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ") if len(text) == 20 else None
    except ValueError:
        return None


def _is_day(text):
    try:
        return bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


FORMATS = {
    "date-time-rfc-2822": rfc2822,
    "date-time": iso8601,
    "date": _is_day,
    "uri": lambda text: re.match(r"https?://[^/]+|/2010-04-01/", text),
    "http-method": lambda text: text in ("GET", "POST"),
    "currency": lambda text: re.fullmatch("[A-Za-z]{3}", text),
    "iso-country-code": lambda text: re.fullmatch("[A-Z]{2}", text),
    "uri-map": lambda links: all(isinstance(link, str) and re.match(r"https?://[^/]+|/2010-04-01/", link) for link in links.values()),
    "phone-number-capabilities": lambda can: can and all(isinstance(value, bool) for value in can.values()),
}
for _name, _holds in FORMATS.items():
    CHECKER.checks(_name)(lambda value, holds=_holds: not isinstance(value, (str, dict)) or bool(holds(value)))


@functools.cache
def published():
    """(operations, schemas) of all files; an operation stands in one of them only."""
    operations, schemas = {}, {}
    for file in sorted(FOLDER.glob("*.json")):
        data = json.loads(file.read_text())
        assert not set(data["operations"]) & set(operations), file
        operations.update(data["operations"])
        schemas.update(data["schemas"])
    return operations, schemas


def _compile(rule):
    """OpenAPI 3.0 to JSON Schema: null is a type there, and "empty" allows "" whatever the format."""
    if rule.get("empty"):
        return {"anyOf": [{"const": ""}, _compile({key: value for key, value in rule.items() if key != "empty"})]}
    out = {key: rule[key] for key in ("type", "pattern", "format") if key in rule}
    if "items" in rule:
        out["items"] = _compile(rule["items"])
    if "enum" in rule:
        out["enum"] = rule["enum"] + [None] * bool(rule.get("nullable"))
    if "type" in rule and rule.get("nullable"):
        out["type"] = [rule["type"], "null"]
    if rule and not rule.get("nullable"):
        out["not"] = {"type": "null"}
    return out


@functools.cache
def validator(name):
    properties = published()[1][name]["properties"]
    keys = set(properties) | EXTRA.get(name, set())
    schema = {
        "type": "object",
        "required": sorted(properties),
        "properties": {key: _compile(rule) for key, rule in properties.items()},
        "propertyNames": {"enum": sorted(keys)},
    }
    return jsonschema.Draft7Validator(schema, format_checker=CHECKER)


def check_resource(name, resource):
    """Sentences about a resource that is not as schema `name` has it."""
    return [f"{name} {'.'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator(name).iter_errors(resource)]


def assert_resource(name, resource):
    wrong = check_resource(name, resource)
    assert not wrong, wrong


def _check_envelope(path, key, body):
    """api v2010. Some SDKs refuse any key that they do not know, some a key that is missing."""
    if set(body) != ENVELOPE | {key}:
        return [f"list envelope has {sorted(set(body) ^ (ENVELOPE | {key}))} too many or too few"]
    wrong = [f"{name} is {body[name]!r}" for name in ("end", "page", "page_size", "start") if type(body[name]) is not int]
    for name in ("first_page_uri", "next_page_uri", "previous_page_uri", "uri"):
        link, may_be_null = body[name], name.startswith(("next", "previous"))
        if link is None and may_be_null:
            continue
        if not isinstance(link, str) or link.partition("?")[0].removesuffix(".json") != path.removesuffix(".json"):
            wrong.append(f"{name} is {link!r}")
    return wrong


def _check_meta(base, path, key, body):
    """Other products: absolute links, by the address that the client used."""
    if set(body) != {"meta", key} or set(body["meta"]) != META:
        return [f"list has {sorted(body)} with meta {sorted(body.get('meta', {}))}"]
    meta = body["meta"]
    wrong = [f"meta.{name} is {meta[name]!r}" for name in ("page", "page_size") if type(meta[name]) is not int]
    if meta["key"] != key:
        wrong.append(f"meta.key is {meta['key']!r}")
    for name in ("first_page_url", "next_page_url", "previous_page_url", "url"):
        link, may_be_null = meta[name], name.startswith(("next", "previous"))
        if not (link is None and may_be_null) and (not isinstance(link, str) or link.partition("?")[0] != base + path):
            wrong.append(f"meta.{name} is {link!r}, not below {base + path}")
    return wrong


def _check_list(base, path, operation, body):
    key = operation["list"]
    wrong = _check_envelope(path, key, body) if path.startswith("/2010-04-01/") else _check_meta(base, path, key, body)
    rows = body.get(key)
    if not isinstance(rows, list):
        return wrong + [f"{key} is no array"]
    if rows and "schema" not in operation:
        return wrong + [f"{key} should be empty"]
    return wrong + [sentence for row in rows for sentence in check_resource(operation["schema"], row)]


def _check_own_links(base, path, rows):
    """Where a resource says that it is: relative in api v2010, by the client's own address elsewhere."""
    key, begin = ("uri", "/2010-04-01/") if path.startswith("/2010-04-01/") else ("url", base + "/v")
    return [f"{key} is {row[key]!r}" for row in rows if isinstance(row.get(key, begin), str) and not row.get(key, begin).startswith(begin)]


def check_error(status, body):
    if not isinstance(body, dict) or set(body) - {"details"} != {"code", "message", "more_info", "status"}:
        return [f"an error with {sorted(body) if isinstance(body, dict) else body!r}"]
    wrong = [f"error {key} is {body[key]!r}" for key in ("code", "status") if type(body[key]) is not int]
    wrong += [f"error {key} is {body[key]!r}" for key in ("message", "more_info") if not isinstance(body[key], str) or not body[key]]
    if body["status"] != status or body["more_info"] != f"https://www.twilio.com/docs/errors/{body['code']}":
        wrong.append(f"error {body} with status {status}")
    return wrong


def check(method, template, base, target, status, headers, payload):
    """One answer. `template` is its route's path with {} for what varies, None without a route; `base` the scheme and host the client used."""
    if status == 204 or method in ("HEAD", "OPTIONS"):
        return [f"{status} with a body"] if payload else []
    if headers.get("content-type") != "application/json; charset=utf-8":
        return [f"Content-Type {headers.get('content-type')!r}"]
    try:
        body = json.loads(payload)
    except ValueError:
        return [f"no JSON: {payload[:80]!r}"]
    if status >= 400:
        return check_error(status, body)
    operation = published()[0].get(f"{method} {template}")
    if operation is None:
        return [f"nothing is published about {method} {template}"]
    if status not in operation["status"]:
        return [f"status {status}, not {operation['status']}"]
    path = target.partition("?")[0]
    if "list" in operation:
        return _check_list(base, path, operation, body) + _check_own_links(base, path, body.get(operation["list"], []))
    return check_resource(operation["schema"], body) + _check_own_links(base, path, [body])
