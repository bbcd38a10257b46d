"""Durability against SIGKILL, on the unmodified binary: the daemon is killed before each system call with an effect (to a file, a socket, a
port) of one send and of one receive. Between two such calls nothing outside the process changes, so these are all the states
a kill can leave. After a restart each accepted message has gone out exactly once, or is UNSURE and settled by its policy; each inbound
message is stored once and has reached the webhook once, or twice with the same idempotency token.

And the order of the calls themselves: what a journey makes visible comes after the fdatasync of what it rests on."""
import collections
import contextlib
import re
import socket
import subprocess

import pytest

from gateway import ACCOUNT, PATIENCE, TOKEN, until
from simctl import SimError

EFFECTS = "write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync,ftruncate,unlink,rename,connect"
TO = "+41791112233"


class Strace:
    """strace on a running daemon, from before the journey until it ends or the daemon is killed."""

    def __init__(self, gateway, *arguments):
        self.file = gateway.folder / "strace.out"
        command = ["strace", "-f", "-p", str(gateway.process.pid), "-o", str(self.file), *arguments]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()  # "strace: Process N attached"
        while "attached" not in line:
            assert line, "strace did not attach"
            line = self.process.stderr.readline()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()
        return self.file.read_text(errors="replace").splitlines()


def effects_of(journey, gateway):
    """(name, nth) for each effective call of one undisturbed journey; a line of the log is none."""
    tracer = Strace(gateway, "-e", f"trace={EFFECTS}")
    journey()
    calls = collections.Counter()
    points = []
    for line in tracer.end():
        match = re.match(r"\d+ +(\w+)\((2,)?", line)
        if match:
            calls[match.group(1)] += 1
            if not match.group(2):
                points.append((match.group(1), calls[match.group(1)]))
    return points


def killed_at(gateway, point, journey):
    """Runs the journey with the daemon killed before that call; False when the journey ended without reaching it: how many
    commits it makes depends on what comes together."""
    name, nth = point
    tracer = Strace(gateway, "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={nth}")
    journey()
    reached = sum(1 for line in tracer.end() if re.match(rf"\d+ +{name}\(", line)) >= nth
    if reached:
        gateway.process.wait(20)
    return reached


def post(gateway, text, callback, to=TO):
    """201's SID, or None when no answer came."""
    import requests

    try:
        answer = requests.post(
            f"{gateway.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
            data={"To": to, "From": gateway.sender, "Body": text, "StatusCallback": callback},
            auth=(ACCOUNT, TOKEN),
            timeout=20 * PATIENCE,
        )
        assert answer.status_code == 201
        return answer.json()["sid"]
    except requests.exceptions.RequestException:
        return None


def told(gateway, text):
    """Whether the log has it. It costs the daemon no call, and tells of a change once that is on disk."""
    return re.search(text, gateway.log_text()) is not None


def restart(rig, before):
    """The same data under the binary whose clock can be moved, for the 180 s that an attempt in flight may need."""
    after = rig.gateway(data_of=before, test_clock=True)
    after.start()
    return after


def has_said_all(sim):
    """No command runs and nothing comes from the network; or it waits for a PDU that a dead gateway owes it."""
    for state in ("idle", "prompting"):
        with contextlib.suppress(SimError):
            return sim.cmd("wait", "m1", state, 1)
    return None


def settle(rig, gateway, client, sid, ends=("delivered", "undelivered", "failed", "canceled"), ahead_ms=0):
    """Waits for the end of the message; when it hangs in flight or UNSURE, lets its time pass. Returns the last fetch.
    ahead_ms: so far ahead was the clock of the daemon that was killed."""
    def final(*others):
        message = client.messages(sid).fetch()
        return (message.status in ends or any(other(message) for other in others)) and message

    def listens(_):
        """For the result of what was in flight at the restart; a report may have to wait for that too."""
        return told(gateway, "to=listening") and not told(gateway, "from=listening")

    def is_unsure(message):
        return message.status == "sending" and "unsure" in gateway.cli("show", message.sid)

    def held(message):
        """UNSURE, and nothing is on its way that could settle it, or that a leap of the clock would hurt."""
        ready = re.search(r"line=m1 .*state=ready", gateway.cli("lines"))
        waiting = [m for m in client.messages.list(limit=10) if m.status not in ends] if ready and has_said_all(rig.sim) else []
        return is_unsure(message) and sid in [m.sid for m in waiting] and all(is_unsure(m) for m in waiting)

    until(lambda: has_said_all(rig.sim), 15, "the modem's last word")  # to this gateway: it opened the port before it was ready
    message = until(lambda: final(listens, held), 15, sid)
    if message.status not in ends:
        if listens(message):
            gateway.advance(200_000 + ahead_ms)  # past the in-flight deadline
        message = until(lambda: final(held), 15, f"{sid} unsure")
    if message.status not in ends:
        gateway.advance(36_100_000 + ahead_ms)  # past the validity and its minute
        message = until(final, 15, sid)
    return message


def test_kill_at_every_effect_of_a_send(rig):
    bench = rig(keys={"latency_ms": 5})
    gateway = bench.gateway()
    gateway.sender = bench.numbers["m1"]
    gateway.start()
    gateway.wait_line_ready("m1")

    def journey(text):
        sid = post(gateway, text, bench.app.url("/status"))
        # to the last effect: the webhook's answer is on disk
        done = lambda: gateway.process.poll() is not None or (sid and told(gateway, f"sid={sid} kind=hook .*status=delivered done"))  # noqa: E731
        until(done, 15, f"{text} delivered or killed")
        return sid

    journey("warm up")
    points = effects_of(lambda: journey("undisturbed"), gateway)
    assert len(points) >= 12, points
    outcomes = collections.Counter()
    for number, point in enumerate(points):
        text = f"kill {number} at {point[0]} {point[1]}"
        found = {}
        dead = killed_at(gateway, point, lambda: found.update(sid=journey(text)))
        gateway.kill()
        after = restart(bench, gateway)
        client = after.client()
        listed = [m for m in client.messages.list(limit=20) if m.body == text]
        assert len(listed) <= 1, f"{text}: stored {len(listed)} times"
        if found.get("sid"):
            assert [m.sid for m in listed] == [found["sid"]], f"{text}: accepted, then lost"
        count = None
        if listed:
            message = settle(bench, after, client, listed[0].sid)
            count = len(bench.pdus(text))
            if message.status == "delivered":
                assert count == 1, f"{text}: delivered, {count} PDUs"
            else:  # UNSURE held to the end of its validity
                assert message.status == "undelivered" and int(message.error_code) == 30008 and count <= 1, f"{text}: {message.status}"
            outcomes[message.status] += 1
        else:
            assert bench.pdus(text) == [], f"{text}: sent though never stored"
            outcomes["never stored"] += 1
        outcomes["killed" if dead else "survived"] += 1
        assert after.stop() == 0
        gateway.start()
        gateway.wait_line_ready("m1")
    print(f"send: {len(points)} kill points, {dict(outcomes)}")
    assert outcomes["killed"] >= 0.8 * len(points), outcomes
    assert outcomes["delivered"] >= 5


def test_kill_at_every_effect_between_two_sends(rig):
    """The next AT+CMGS leaves before the last outcome is on disk: what is heard after the restart may belong to either message."""
    bench = rig(keys={"latency_ms": 5, "keep_when_closed": "on"})
    gateway = bench.gateway()
    gateway.sender = bench.numbers["m1"]
    gateway.start()
    gateway.wait_line_ready("m1")

    def both_queued(text):
        bench.sim.do("hold m1 +CMGS 1")
        first = post(gateway, f"{text}, first", None)
        bench.sim.do("wait m1 held 10000")
        second = post(gateway, f"{text}, second", None, "+41791112244")  # to another: it need not wait
        bench.sim.do("delay m1 prompt 400 1")  # longer than a restart
        return first, second

    def journey(text, sids):
        bench.sim.do("release m1")
        done = lambda: gateway.process.poll() is not None or all(told(gateway, f"sid={sid} kind=delivered") for sid in sids)  # noqa: E731
        until(done, 15, f"{text} delivered or killed")

    sids = both_queued("undisturbed")
    points = effects_of(lambda: journey("undisturbed", sids), gateway)
    assert len(points) >= 16, points
    outcomes = collections.Counter()
    for number, point in enumerate(points):
        text = f"two {number} at {point[0]} {point[1]}"
        sids = both_queued(text)
        dead = killed_at(gateway, point, lambda: journey(text, sids))
        gateway.kill()
        after = restart(bench, gateway)
        for sid, part in zip(sids, ("first", "second")):
            message = settle(bench, after, after.client(), sid)
            count = len(bench.pdus(f"{text}, {part}"))
            if message.status == "delivered":
                assert count == 1, f"{text}, {part}: delivered, {count} PDUs"
            else:
                assert message.status == "undelivered" and int(message.error_code) == 30008 and count == 0, f"{text}, {part}: {message.status}, {count} PDUs"
            outcomes[f"{part} {message.status}"] += 1
        outcomes["killed" if dead else "survived"] += 1
        assert after.stop() == 0
        gateway.start()
        gateway.wait_line_ready("m1")
    print(f"two sends: {len(points)} kill points, {dict(outcomes)}")
    assert outcomes["killed"] >= 0.8 * len(points), outcomes
    assert outcomes["second delivered"] >= 5


def test_kill_at_every_effect_of_a_receive(rig):
    bench = rig()
    gateway = bench.gateway().start()
    gateway.wait_line_ready("m1")
    bench.inbound_to(gateway.client(), "/in")

    def hooks(text):
        return [r for r in bench.app.requests if r["form"].get("Body") == text]

    def settled():
        sids = re.findall(r"sid=(SM\w+) kind=received", gateway.log_text())
        return all(told(gateway, f"sid={sid} kind=hook .*done") for sid in sids)

    def journey(text):
        bench.sim.inject("m1", "+41795556677", text)
        # to the last effect: the webhook's answer is on disk, the SIM's copy deleted
        erased = lambda: hooks(text) and bench.sim.stored("m1") == 0 and settled()  # noqa: E731
        until(lambda: gateway.process.poll() is not None or erased(), 15, f"{text} received or killed")

    journey("warm up")
    points = effects_of(lambda: journey("undisturbed"), gateway)
    assert len(points) >= 8, points
    outcomes = collections.Counter()
    for number, point in enumerate(points):
        text = f"in {number} at {point[0]} {point[1]}"
        dead = killed_at(gateway, point, lambda: journey(text))
        gateway.kill()
        after = bench.gateway(data_of=gateway).start()
        client = after.client()
        until(lambda: bench.sim.stored("m1") == 0 and hooks(text), 20, f"{text} delivered after restart")
        until(lambda: int(re.search(r"hooks_waiting (\d+)", after.cli("status")).group(1)) == 0, 20, "hooks settled")
        listed = [m for m in client.messages.list(limit=20) if m.body == text]
        assert len(listed) == 1, f"{text}: stored {len(listed)} times"
        got = hooks(text)
        tokens = {r["headers"]["I-Twilio-Idempotency-Token"] for r in got}
        assert len(got) <= 2 and len(tokens) == 1, f"{text}: {len(got)} webhooks, tokens {tokens}"
        outcomes[f"webhook x{len(got)}"] += 1
        outcomes["killed" if dead else "survived"] += 1
        assert after.stop() == 0
        gateway.start()
        gateway.wait_line_ready("m1")
    print(f"receive: {len(points)} kill points, {dict(outcomes)}")
    assert outcomes["killed"] >= 0.8 * len(points), outcomes


# ---- the order of sync and visible ----


def journal_of(gateway, journey):
    tracer = Strace(gateway, "-y", "-s", "4000", "-e", f"trace={EFFECTS},read,readv,recvfrom,recvmsg")
    journey()
    return tracer.end()


def assert_synced_before(lines, since, visible):
    """Before the first line matching `visible`, after the last one matching `since` that precedes it, the WAL was written and synced,
    and nothing written to it was unsynced."""
    at = next(i for i, line in enumerate(lines) if re.search(visible, line))
    start = max((i for i, line in enumerate(lines[:at]) if re.search(since, line)), default=None)
    assert start is not None, f"no {since!r} before {visible!r}"
    synced = dirty = False
    for line in lines[start:at]:
        if re.search(r"pwrite64\(\d+<[^>]*-wal>", line):
            dirty, synced = True, False
        elif re.search(r"f(data)?sync\(\d+<[^>]*-wal>.*= 0", line):
            dirty, synced = False, True
    assert synced and not dirty, "\n".join(lines[start : at + 1])[-4000:]


def test_sync_comes_before_201_and_ctrl_z(rig):
    bench = rig()
    gateway = bench.gateway().start()
    gateway.sender = bench.numbers["m1"]
    gateway.wait_line_ready("m1")

    def journey():
        sid = post(gateway, "ordered", bench.app.url("/status"))
        until(lambda: "delivered" in bench.app.statuses(sid), 15)

    lines = journal_of(gateway, journey)
    assert_synced_before(lines, r"(read|recv)\w*\(.*POST /2010", r"(write|send)\w*\(.*HTTP/1\.1 201")
    assert_synced_before(lines, r"write\w*\(.*AT\+CMGS=", r"write\w*\(\d+<[^>]*pts[^>]*>, .*\\(32|x1a)")
    assert_synced_before(lines, r"read\w*\(.*\+CMGS: ", r"(write|send)\w*\(.*MessageStatus=sent")


def test_sync_comes_before_cmgd_and_webhook(rig):
    bench = rig()
    gateway = bench.gateway().start()
    gateway.wait_line_ready("m1")
    bench.inbound_to(gateway.client(), "/in")

    def journey():
        bench.sim.inject("m1", "+41795556677", "ordered inbound")
        bench.app.wait(lambda r: r["path"] == "/in")
        until(lambda: bench.sim.stored("m1") == 0, 10)

    lines = journal_of(gateway, journey)
    assert_synced_before(lines, r"read\w*\(.*\+CMGR: ", r"write\w*\(.*AT\+CMGD")
    assert_synced_before(lines, r"read\w*\(.*\+CMGR: ", r"(write|send)\w*\(.*POST /in")


def test_what_is_due_has_ended_before_the_clock_is_said_to_be_moved(rig):
    """Else who asks next over a connection that was kept may meet its end."""
    gateway = rig().gateway(test_clock=True).start()
    with socket.create_connection(("127.0.0.1", gateway.port), 10) as kept:
        kept.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert kept.recv(65536).startswith(b"HTTP/1.1 401")
        tracer = Strace(gateway, "-e", "trace=close,writev")
        gateway.advance(3_600_000)
        assert kept.recv(100) == b""
    calls = re.findall(r"\d+ +(close|writev)\((.*)", "\n".join(tracer.end()))
    answer = next(i for i, (_, arguments) in enumerate(calls) if r'"ok\n"' in arguments)
    assert "close" in [name for name, _ in calls[:answer]], calls
