"""The routes that the daemon answers, read from its own tables: host/facade/routes.c and empties.h. A route is (method, path), with {} for what varies."""
import functools
import pathlib
import re

FACADE = pathlib.Path(__file__).resolve().parents[2] / "host" / "facade"


def _macros(text):
    found = {"API_ROOT": "/2010-04-01/Accounts"}
    for name, body in re.findall(r"^#define (\w+) +(.+)$", text, re.M):
        found[name] = _join(body, found)
    return found


def _join(expression, macros):
    """Adjacent C strings and macros as one text."""
    return "".join(macros.get(word, "") if word else text for text, word in re.findall(r'"([^"]*)"|(\w+)', expression))


def _blank(template):
    return re.sub(r"\{[^}]*\}", "{}", template)


@functools.cache
def table():
    text = (FACADE / "routes.c").read_text()
    macros = _macros(text)
    rows = re.findall(r'\{"([A-Z]+)", ((?:"[^"]*"|\w+|\s)+),\s*(\w+),\s*\w+\}', text)
    found = [(method, _join(path, macros), handler) for method, path, handler in rows if " path" not in path]
    for path in re.findall(r'^ *X\("([^"]+)"', (FACADE / "empties.h").read_text(), re.M):
        found += [("GET", macros["ACCOUNT"] + path, "empties_list"), ("POST", macros["ACCOUNT"] + path, "empties_refuse")]
    return [(method, path, _blank(path), handler) for method, path, handler in found]


@functools.cache
def routes():
    return {(method, blank): handler for method, _, blank, handler in table()}


def _pattern(path):
    def piece(match):
        name = match[1]
        prefix = "(?:SM|MM)" if name == "SM" else name
        return "[^/]+" if name == "*" else prefix + "[0-9a-fA-F]{32}"

    return re.compile(re.sub(r"\\\{([^}]*?)\\\}", lambda m: piece(re.match(r"(.*)", m[1].replace("\\", ""))), re.escape(path)))


@functools.cache
def _patterns():
    return [(method, blank, _pattern(path)) for method, path, blank, _ in table()]


def match(method, target):
    """The path of the route that answers, with {}; None when there is none. The plainest wins, as in the daemon the first."""
    path = target.partition("?")[0].removesuffix(".json")
    method = "GET" if method == "HEAD" else method
    found = [blank for verb, blank, pattern in _patterns() if verb == method and pattern.fullmatch(path)]
    return min(found, key=lambda blank: blank.count("{}"), default=None)
