"""Durable creates: how many a second, how long each takes, what they cost in memory; beside what bounds them, in the same run."""
import base64
import contextlib
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import time

from bench_http import load, rss_anon_kb
from gateway import ACCOUNT, BUILD, TOKEN, Gateway, configuration, until

PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
DOWN, SENDING = "%2B41790009999", "%2B41790008888"
BODY = "Your+parcel+arrives+today+between+14%3A00+and+16%3A00.+Reply+STOP+to+end+these+messages."
FIRST = 1000000  # recipients +4178 1000000 and on: each create has one of its own
ROUNDS = 3


def gateway_new(folder):
    """A line whose modem is not there, so that messages are only accepted; a simulated line that sends as fast as it is given."""
    folder.mkdir(parents=True)
    text = (
        f"[modem gone]\nport = pty:{folder}/nowhere\n[line down]\nnumber = +41790009999\nmodem = gone\nrate = 0\nqueue_max = 100000000\n"
        "[line lab]\nnumber = +41790008888\ncarrier = simulator\nqueue_max = 100000000\n[simulate all]\nafter = 0ms\nreceipt_after = 0ms\n"
        "[tls]\nlisten = 127.0.0.1:0\n"
    )
    http = "[http]\nqueue_max = 100000000\nconnections = 5000\nper_address = 5000\n"
    return Gateway(lambda data: configuration([], data).replace("log_numbers = full\n", "").replace("[http]\n", http) + text, folder)


def request(sender=DOWN, extra=""):
    """As the SDK for Python sends it."""
    login = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return [
        "-X", "POST", "-u", PATH, "-b", FIRST, "-H", f"Authorization: Basic {login}", "-H", "User-Agent: twilio-python/9.4.1 (Linux x86_64) Python/3.11",
        "-H", "X-Twilio-Client: python-9.4.1", "-H", "Accept-Charset: utf-8", "-H", "Accept: application/json", "-H", "Accept-Encoding: gzip, deflate",
        "-d", f"To=%2B4178%n&From={sender}&Body={BODY}{extra}",
    ]  # fmt: skip


def create(gateway, count, connections, *options, sender=DOWN, extra=""):
    told = load("-p", gateway.port, "-n", count, "-c", connections, *request(sender, extra), *options)
    assert told["refused"] == 0, told
    return told


@contextlib.contextmanager
def constant(folder):
    """The HTTP server with a constant answer; its ports, plain and TLS."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen([str(BUILD / "tests/constant"), str(folder / "tls")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield [int(port) for port in server.stdout.readline().split()]
        server.stdin.close()


# ---- what bounds it ----


def reader_alone(folder, count):
    with constant(folder) as (port, _):
        return load("-p", port, "-n", count, "-c", 64, *request())["rate"]


def database_alone(folder, count):
    gateway = gateway_new(folder).start()
    gateway.stop()
    done = subprocess.run([str(BUILD / "tests/group"), str(gateway.data / "cellpost.db"), str(count), "64"], capture_output=True, text=True, check=True)
    gateway.remove()
    return json.loads(done.stdout)["rate"]


def ours(folder, count):
    gateway = gateway_new(folder).start()
    told = create(gateway, count, 64)
    gateway.stop()
    gateway.remove()
    return told


# ---- Kannel, where it is installed ----

KANNEL = """group = core
admin-port = {0}
admin-password = bench
smsbox-port = {1}
box-allow-ip = "127.0.0.1"
log-level = 4
store-type = spool
store-location = {3}/spool

group = smsc
smsc = fake
smsc-id = bench
host = 127.0.0.1
port = {4}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {2}
log-level = 4

group = sendsms-user
username = bench
password = bench
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


def kannel(folder, count):
    """Its sendsms into its spool: a file for each message, none of them synced; its SMSC is not connected."""
    (folder / "spool").mkdir(parents=True)
    ports = free_ports(4)
    (folder / "kannel.conf").write_text(KANNEL.format(*ports[:3], folder, ports[3]))
    boxes = []
    try:
        for name, port in (("bearerbox", ports[1]), ("smsbox", ports[2])):
            boxes.append(subprocess.Popen([name, "-v", "4", "kannel.conf"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            until(lambda port=port: listens(port), 20, name)
        path = f"/cgi-bin/sendsms?username=bench&password=bench&from=41790009999&to=41781234567&text={BODY}"
        told = load("-p", ports[2], "-n", count, "-c", 64, "-u", path)
        spooled = sum(len(files) for _, _, files in os.walk(folder / "spool"))
        assert told["refused"] == 0 and spooled >= count, (told, spooled)
        return told["rate"]
    finally:
        for box in reversed(boxes):
            box.terminate()
        for box in boxes:
            box.wait(20)
        shutil.rmtree(folder)


# ---- the parts ----


def creates(folder):
    """Rates side by side, interleaved, the median of the rounds."""
    count = int(os.environ.get("BENCH_CREATES", "30000"))
    has_kannel = shutil.which("bearerbox") and shutil.which("smsbox")
    print(f"creates: 64 kept connections, {count} each, {ROUNDS} rounds, load {os.getloadavg()[0]:.1f}; the load generator is on the same machine")
    seen = {"a": [], "b": [], "c": [], "ours": [], "bound": [], "kannel": []}
    for n in range(ROUNDS):
        here = folder / f"creates{n}"
        a, b = reader_alone(here / "a", count), database_alone(here / "b", count)
        told = ours(here / "o", count)
        c = kannel(here / "c", count) if has_kannel else None
        bound = 1 / (1 / a + 1 / b)
        print(f"  reader {a:6.0f}/s  database {b:6.0f}/s  both {bound:6.0f}/s  creates {told['rate']:6.0f}/s  ratio {told['rate'] / bound:.2f}", end="")
        print(f"  p50 {told['p50_us'] / 1000:.2f} ms  p99 {told['p99_us'] / 1000:.2f} ms", end="")
        print(f"  Kannel {c:6.0f}/s  ratio {told['rate'] / c:.2f}" if c else "  (Kannel is not installed)")
        for key, value in (("a", a), ("b", b), ("ours", told["rate"]), ("bound", told["rate"] / bound)) + ((("c", c), ("kannel", told["rate"] / c)) if c else ()):
            seen[key].append(value)
    middle = {key: statistics.median(values) for key, values in seen.items() if values}
    print(f"  median: reader {middle['a']:.0f}/s, database in groups of 64 {middle['b']:.0f}/s, creates {middle['ours']:.0f}/s: {middle['bound']:.2f} of both together, wanted 0.5", end="")
    print(f"; Kannel {middle['c']:.0f}/s: {middle['kannel']:.2f} of it, wanted 1" if has_kannel else "")
    others(folder / "others")


def others(folder):
    """One client; through TLS; while a line sends."""
    gateway = gateway_new(folder).start()
    rows = [("1 connection", create(gateway, 2000, 1)), ("8 connections", create(gateway, 10000, 8))]
    secure = int(gateway.control("where")["tls_port"])
    rows.append(("64 connections through TLS", create(gateway, 20000, 64, "-p", secure, "-T")))
    rows.append(("64 connections, and a simulated line sends", create(gateway, 10000, 64, sender=SENDING)))
    for name, told in rows:
        print(f"  {name}: {told['rate']:.0f}/s, p50 {told['p50_us'] / 1000:.2f} ms, p99 {told['p99_us'] / 1000:.2f} ms")
    gateway.stop()
    gateway.remove()


def growth(folder):
    """The memory of the daemon under load, and at rest: it may depend on the connections, not on the messages."""
    gateway = gateway_new(folder / "growth").start()
    print(f"growth: RssAnon of the daemon, {rss_anon_kb(gateway.process.pid) / 1024:.2f} MB after the start")
    for connections, count in ((1, 2000), (64, 50000), (1000, 48000)):
        told = create(gateway, count, connections)
        rss = rss_anon_kb(gateway.process.pid) / 1024
        print(f"  {connections:4d} connections, {count} creates: {rss:.2f} MB; p50 {told['p50_us'] / 1000:.2f} ms, p99 {told['p99_us'] / 1000:.2f} ms")
    gateway.stop()
    gateway.remove()


def hooks(folder):
    """From the create to the last answered status callback: two for each message, each signed, each a row until it is answered."""
    count = int(os.environ.get("BENCH_HOOKS", "5000"))
    gateway = gateway_new(folder / "hooks").start()
    with constant(folder / "sink") as (port, _):
        began = time.monotonic()
        create(gateway, count, 64, sender=SENDING, extra=f"&StatusCallback=http%3A%2F%2F127.0.0.1%3A{port}%2Fstatus")
        accepted = time.monotonic() - began
        until(lambda: all(f" {word} 0" in gateway.cli("status") for word in ("queued", "sending", "hooks_due", "hooks_waiting")), 100, "hooks answered")
        took = time.monotonic() - began
    gateway.stop()
    db = sqlite3.connect(gateway.data / "cellpost.db")
    (answered,) = db.execute("SELECT count(*) FROM event WHERE kind = 'hook' AND detail LIKE '%done%200%'").fetchone()
    db.close()
    gateway.remove()
    assert answered == 2 * count, answered
    print(f"hooks: {count} messages accepted, sent by a simulated line, reported, {answered} signed callbacks answered in {took:.1f} s (accepted within {accepted:.1f} s)")
    print(f"  {answered / took:.0f} callbacks/s, {count / took:.0f} whole messages/s")
