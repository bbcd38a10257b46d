#!/usr/bin/env python3
"""Measures Cellpost on this machine and prints ratios; asserts nothing. Everything is real: daemon, SQLite with FULL sync, ptys paced at
115200 baud, the minimal driver (minimal.c) on the same simulator in the same run.

    CELLPOST_BUILD=build/release python3 tests/bench/bench.py [creates|growth|hooks|http|throughput|latency|inbound|memory|idle|paging ...]
"""
import collections
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from base64 import b64encode

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from bench_creates import creates, growth, hooks  # noqa: E402
from bench_http import http as http_server  # noqa: E402
from gateway import ACCOUNT, BUILD, TOKEN, Application, Gateway, Sim, configuration, until  # noqa: E402
from paging import paging  # noqa: E402

BAUD = 115200
TEXT = "x" * 150
AUTH = {"Authorization": "Basic " + b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode(), "Content-Type": "application/x-www-form-urlencoded"}


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def modems(folder, count, **keys):
    numbers = {f"m{n}": f"+4179{n:07d}" for n in range(1, count + 1)}
    sim = Sim(folder, {name: {"number": number, "baud": BAUD, "reports": "off", "loop": "off", **keys} for name, number in numbers.items()})
    return sim.start(), numbers


def gateway_on(folder, sim, numbers):
    lines = [(name, number, sim.link(name), "") for name, number in numbers.items()]
    gateway = Gateway(lambda data: configuration(lines, data) + "[hooks]\n", folder)
    gateway.file.write_text(gateway.file.read_text() + "")
    gateway.start(ready_seconds=60)
    gateway.wait_line_ready(*numbers, seconds=60)
    return gateway


class Poster:
    """One kept connection to the API."""

    def __init__(self, gateway):
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
        self.path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

    def post(self, **form):
        self.connection.request("POST", self.path, urllib.parse.urlencode(form), AUTH)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 201, body
        return body


WARM = 20  # messages a modem: what is asked after registration (operator, signal, a sweep) takes turns with the first ones


def rate(pdus):
    """Messages a second in the steady state: the sum over the modems of (n - 1) / (last - first), after the first WARM."""
    times = collections.defaultdict(list)
    for pdu in pdus:
        times[pdu["modem"]].append(pdu["mono_us"] / 1e6)
    return sum((len(t) - WARM - 1) / (t[-1] - t[WARM]) for t in times.values())


ROUNDS = 3


def throughput(folder):
    print(f"throughput, 115200 baud, no radio time, one message a PDU of {len(TEXT)} characters; {ROUNDS} rounds, the median last")
    for count, each in ((1, 300), (8, 200), (64, 120)):
        ratios = [throughput_round(folder / f"{count}-{n}", count, each) for n in range(ROUNDS)]
        print(f"  {count:3d} modems: median ratio {statistics.median(ratios):.4f}")


def throughput_round(folder, count, each):
    folder.mkdir()
    sim, numbers = modems(folder / "sim", count)
    gateway = gateway_on(folder / "gateway", sim, numbers)
    for name in numbers:
        sim.do(f"creg {name} 2")
    until(lambda: gateway.cli("lines").count("state=ready") == 0, 30, "lines off the network")
    for name in numbers:
        sim.do(f"reset-stats {name}")
    poster = Poster(gateway)
    began = time.monotonic()
    for n in range(each):
        for number in numbers.values():
            poster.post(To=f"+4178{n:07d}", From=number, Body=TEXT)
    accept = count * each / (time.monotonic() - began)
    cpu_before = cpu_seconds(gateway.process.pid)
    for name in numbers:
        sim.do(f"creg {name} 1")
    sent_all(sim, numbers, each)
    cpu = (cpu_seconds(gateway.process.pid) - cpu_before) / (count * each)
    pdus = sim.pdus()
    ours = rate(pdus)
    others = collections.Counter()
    for name in numbers:
        others.update(sim.stats(name)["commands"])
    del others["+CMGS"]
    gateway.stop()
    gateway.remove()
    theirs = minimal_rate(sim, numbers, each, pdus)
    print(
        f"  {count:3d} modems: {ours:8.2f}/s   minimal driver {theirs:8.2f}/s   ratio {ours / theirs:.4f}"
        f"   (accepting {accept:.0f}/s, {cpu * 1e6:.0f} us CPU a message; AT commands beside {count * each} +CMGS, from off to on the network: {dict(others)})"
    )
    sim.stop()
    return ours / theirs


def minimal_rate(sim, numbers, each, pdus):
    """The same bytes through the minimal driver."""
    pdu = "00" + pdus[-1]["pdu"]
    for name in numbers:
        sim.do(f"reset-stats {name}")
    ports = [sim.link(name) for name in numbers]
    subprocess.run([str(BUILD / "tests" / "minimal"), str(each), pdu, str(len(pdu) // 2 - 1)] + ports, capture_output=True, check=True)
    return rate(sim.pdus()[len(pdus) :])


def sent_all(sim, numbers, each):
    """Waits inside the simulator: a poll here would take the core that is measured."""
    for name in numbers:
        sim.wait(name, "pdu", each, timeout_s=300)


def latency(folder):
    sim, numbers = modems(folder / "l", 1)
    gateway = gateway_on(folder / "lg", sim, numbers)
    poster = Poster(gateway)
    wire, accepted = [], []
    for n in range(300):
        before = time.monotonic()
        poster.post(To=f"+4178{n:07d}", From=numbers["m1"], Body="hi")
        accepted.append((time.monotonic() - before) * 1000)
        sim.do(f"wait m1 pdu {n + 1} 10000")
        wire.append((sim.journal()[-1]["mono_us"] / 1e6 - before) * 1000)
        sim.do("wait m1 idle 10000")
    # A PDU is journaled at its Ctrl-Z: the command line, the prompt and the PDU have crossed the wire by then.
    pdu = sim.pdus()[-1]["pdu"]
    octets = len(f"AT+CMGS={len(pdu) // 2}\r") + len("\r\n> ") + 2 + len(pdu) + 1
    on_wire = octets * 10 / BAUD * 1000
    first = [w - on_wire for w in wire]
    print("submit -> first octet of AT+CMGS, idle gateway (to the Ctrl-Z, less the wire's own time)")
    print(f"  p50 {percentile(first, .5):.2f} ms   p99 {percentile(first, .99):.2f} ms   (wire {on_wire:.2f} ms; 201 after p50 {percentile(accepted, .5):.2f} ms, p99 {percentile(accepted, .99):.2f} ms)")
    gateway.stop()
    gateway.remove()
    sim.stop()


def inbound(folder):
    app = Application()
    sim, numbers = modems(folder / "i", 1)
    gateway = gateway_on(folder / "ig", sim, numbers)
    client = gateway.client()
    number = client.incoming_phone_numbers.list()[0]
    client.incoming_phone_numbers(number.sid).update(sms_url=app.url("/in"))
    ratios = []
    for n in range(100):
        before = time.monotonic()
        sim.inject("m1", "+41795556677", TEXT)
        request = app.wait(lambda r: r["path"] == "/in", count=n + 1)[-1]
        took = request["at"] - before
        until(lambda: sim.stored("m1") == 0)
        ratios.append(took)
    # +CMTI itself, the read command and its answer: what must cross the wire before the message is known
    deliver = 2 * (1 + 7 + 1 + 1 + 7 + 2 + 7 + 1 + 132)
    octets = len('\r\n+CMTI: "ME",1\r\n') + len("AT+CMGR=1\r") + len("\r\n+CMGR: 0,,150\r\n") + deliver + len("\r\n\r\nOK\r\n")
    on_wire = octets * 10 / BAUD
    print("inbound: from +CMTI to the webhook's request")
    print(f"  p50 {percentile(ratios, .5) * 1000:.2f} ms, wire {on_wire * 1000:.2f} ms, ratio {percentile(ratios, .5) / on_wire:.3f}   p99 ratio {percentile(ratios, .99) / on_wire:.3f}")
    gateway.stop()
    gateway.remove()
    sim.stop()
    app.close()


def rss_anon(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(folder):
    stored = int(os.environ.get("BENCH_STORED", "100000"))
    sim, numbers = modems(folder / "m", 8, baud=0)
    lines = [(name, number, sim.link(name), "") for name, number in numbers.items()]
    lab = "[line lab]\nnumber = +41790009999\ncarrier = loopback\nstatus_reports = no\nqueue_max = 1000000\n"
    gateway = Gateway(lambda data: configuration(lines, data) + lab, folder / "mg").start()
    gateway.wait_line_ready(*numbers)
    poster = Poster(gateway)
    began = time.monotonic()
    for n in range(stored):
        poster.post(To=f"+4178{n % 1000:07d}", From="+41790009999", Body="stored")
    took = time.monotonic() - began
    page = json.loads(urllib_get(gateway, "?PageSize=50"))
    print(f"memory: 8 modems, {stored} stored messages ({stored / took:.0f}/s through one connection), page of {len(page['messages'])}")
    print(f"  RssAnon {rss_anon(gateway.process.pid):.2f} MB after storing", end="")
    gateway.stop()
    gateway.start()
    gateway.wait_line_ready(*numbers)
    urllib_get(gateway, "?PageSize=50")
    print(f", {rss_anon(gateway.process.pid):.2f} MB after a restart")
    gateway.stop()
    gateway.remove()
    sim.stop()


def urllib_get(gateway, query):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
    connection.request("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json{query}", headers=AUTH)
    return connection.getresponse().read()


def idle(folder):
    """From each line's second signal query (30 s after it is ready: what it asks at the start is over) to the second after that."""
    sim, numbers = modems(folder / "d", 8)
    gateway = gateway_on(folder / "dg", sim, numbers)
    for name in numbers:
        sim.wait(name, "cmd", "+CSQ", 2, timeout_s=60)
    for name in numbers:
        sim.do(f"wait {name} idle 10000")
        sim.do(f"reset-stats {name}")
    began, before = time.monotonic(), cpu_seconds(gateway.process.pid)
    for name in numbers:
        sim.wait(name, "cmd", "+CSQ", 2, timeout_s=90)
    used = cpu_seconds(gateway.process.pid) - before
    commands = collections.Counter()
    for name in numbers:
        commands.update(sim.stats(name)["commands"])
    print(f"idle: 8 modems, {time.monotonic() - began:.0f} s: CPU {used:.2f} s, AT commands {dict(commands)}")
    gateway.stop()
    gateway.remove()
    sim.stop()


def main():
    parts = {
        "creates": creates, "growth": growth, "hooks": hooks, "paging": paging, "latency": latency, "inbound": inbound,
        "throughput": throughput, "memory": memory, "idle": idle,
    }  # fmt: skip
    parts["http"] = lambda folder: http_server(folder / "e")
    with tempfile.TemporaryDirectory(prefix="cellpost-bench-") as folder:
        for name in sys.argv[1:] or parts:
            parts[name](pathlib.Path(folder))


if __name__ == "__main__":
    main()
