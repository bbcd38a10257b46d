"""Pages of the message list, each shape of filter, over a thousand messages and over a million: the ratio of their times. The rows are
copies of one that the daemon wrote, put into its database while it is down."""
import http.client
import json
import os
import sqlite3
import statistics
import time
import urllib.parse
from base64 import b64encode

from gateway import ACCOUNT, TOKEN, Gateway, configuration

FROM = "+41790009999"
AUTH = {"Authorization": "Basic " + b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode(), "Content-Type": "application/x-www-form-urlencoded"}
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
ROUNDS = 100


def copy_rows(gateway, first, last):
    """Messages first..last, a second apart; every fifth was not sent; ten recipients."""
    db = sqlite3.connect(gateway.data / "cellpost.db")
    columns = [row[1] for row in db.execute("PRAGMA table_info(message)")]
    made = {
        "id": "i", "sid": "randomblob(16)", "to_addr": "'+4178000000' || (i % 10)", "created_ms": "1800000000000 + i * 1000",
        "updated_ms": "1800000000000 + i * 1000", "sent_ms": "CASE i % 5 WHEN 0 THEN NULL ELSE 1800000000000 + i * 1000 END",
        "status": "CASE i % 5 WHEN 0 THEN 8 ELSE 5 END", "report_until_ms": "0",
    }
    values = ", ".join(made.get(column, column) for column in columns)
    db.execute(
        f"INSERT INTO message ({', '.join(columns)}) WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "
        f"SELECT {values} FROM n, (SELECT {', '.join(c for c in columns if c not in made)} FROM message WHERE id = 1)"
    )
    db.commit()
    db.close()


def shapes(count):
    """Queries by name. The middle of the table, by time: there is as much before as after."""
    def moment(n):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1800000000 + n))

    to, middle = {"To": "+41780000003"}, {"DateSent<": moment(count // 2)}
    return {
        "all": {}, "To": to, "From": {"From": FROM}, "To and From": {**to, "From": FROM}, "DateSent<": middle,
        "DateSent>": {"DateSent>": moment(count - 500)}, "To, DateSent<": {**to, **middle}, "To, From, DateSent<": {**to, "From": FROM, **middle},
    }


class Reader:
    def __init__(self, gateway):
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port)

    def get(self, path):
        self.connection.request("GET", path, headers=AUTH)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body


def page_path(reader, query, depth):
    """The first page, or the fourth by its links."""
    path = PATH + "?" + urllib.parse.urlencode({"PageSize": 50, **query})
    for _ in range(3 if depth == "fourth" else 0):
        path = json.loads(reader.get(path))["next_page_uri"] or path
    return path


def spent_ms(reader, path):
    began = time.perf_counter()
    reader.get(path)
    return (time.perf_counter() - began) * 1000


def filled(folder, count):
    gateway = Gateway(lambda data: configuration([], data) + f"[line lab]\nnumber = {FROM}\ncarrier = loopback\nstatus_reports = no\n", folder).start()
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
    connection.request("POST", PATH, urllib.parse.urlencode({"To": "+41780000001", "From": FROM, "Body": "x" * 150}), AUTH)
    assert connection.getresponse().status == 201
    gateway.stop()
    copy_rows(gateway, 2, count)
    return gateway.start(ready_seconds=120)


def paging(folder):
    """Two daemons, a small and a large database; asked in turns, so that what else the machine does meets both."""
    counts = (1000, int(os.environ.get("BENCH_PAGING", "1000000")))
    gateways = [filled(folder / f"pg{count}", count) for count in counts]
    readers = [Reader(gateway) for gateway in gateways]
    print(f"paging: a page of 50 out of {counts[0]} and of {counts[1]} messages, median of {ROUNDS}")
    ratios = []
    for name in shapes(counts[0]):
        for depth in ("first", "fourth"):
            paths = [page_path(reader, shapes(count)[name], depth) for reader, count in zip(readers, counts)]
            spent = ([], [])
            for turn in range(2 * ROUNDS):  # in blocks of ten: the first of a block finds the caches of the processor cold
                which = turn // 10 % 2
                spent[which].append(spent_ms(readers[which], paths[which]))
            small, large = (statistics.median(times) for times in spent)
            ratios.append(large / small)
            print(f"  {name + ' (' + depth + ' page)':34} {small:6.2f} ms {large:6.2f} ms  ratio {large / small:.2f}")
    for gateway in gateways:
        gateway.stop()
        gateway.remove()
    print(f"  worst ratio {max(ratios):.2f}, wanted at most 1.5")
