"""Pages of the message list, each shape of filter, over a thousand messages and over a million: the ratio of their times. The rows are
copies of one that the daemon wrote, put into its database while it is down."""
import http.client
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
ROUNDS = 60


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


def page_times(gateway, count):
    """Median ms of a page of 50 of each shape: the first, and the fourth after it by its link."""
    import json

    reader, times = Reader(gateway), {}
    for name, query in shapes(count).items():
        path = PATH + "?" + urllib.parse.urlencode({"PageSize": 50, **query})
        for depth in ("first", "fourth"):
            if depth == "fourth":
                for _ in range(3):
                    path = json.loads(reader.get(path))["next_page_uri"] or path
            spent = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                reader.get(path)
                spent.append((time.perf_counter() - began) * 1000)
            times[f"{name} ({depth} page)"] = statistics.median(spent)
    return times


def paging(folder):
    large = int(os.environ.get("BENCH_PAGING", "1000000"))
    gateway = Gateway(lambda data: configuration([], data) + f"[line lab]\nnumber = {FROM}\ncarrier = loopback\nstatus_reports = no\n", folder / "pg").start()
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
    connection.request("POST", PATH, urllib.parse.urlencode({"To": "+41780000001", "From": FROM, "Body": "x" * 150}), AUTH)
    assert connection.getresponse().status == 201
    measured = {}
    for first, last in ((2, 1000), (1001, large)):
        gateway.stop()
        copy_rows(gateway, first, last)
        gateway.start(ready_seconds=120)
        measured[last] = page_times(gateway, last)
    gateway.stop()
    gateway.remove()
    print(f"paging: a page of 50 out of 1000 and of {large} messages, median of {ROUNDS}")
    for name, small in measured[1000].items():
        print(f"  {name:34} {small:6.2f} ms {measured[large][name]:6.2f} ms  ratio {measured[large][name] / small:.2f}")
    ratios = [measured[large][name] / small for name, small in measured[1000].items()]
    print(f"  worst ratio {max(ratios):.2f}, wanted at most 1.5")
