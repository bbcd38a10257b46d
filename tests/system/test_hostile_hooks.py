"""Applications that mean ill or are broken, met by the real daemon: hostile TwiML, answers without end or that lie, redirects to where nobody
may be sent. Nothing of it crashes, memory stays flat, and a well-behaved application is served meanwhile."""
import re
import socket
import threading

import pytest

from gateway import until

SENDER = "+41791112233"


class Raw:
    """Answers each connection with bytes(n) as they are, and closes; or says nothing more until close()."""

    def __init__(self, answer, hold=False):
        self.answer, self.hold, self.calls, self.open = answer, hold, 0, []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            read_request(peer)
            self.calls += 1
            peer.sendall(self.answer)
            if self.hold:
                self.open.append(peer)
                return
            peer.shutdown(socket.SHUT_WR)
            peer.close()
        except OSError:
            pass  # the gateway hung up first

    def url(self):
        return f"http://127.0.0.1:{self.port}/in"

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # ends accept(), which a close does not: it might be restarted on the descriptor's next owner
        self.thread.join()
        self.listener.close()
        for peer in self.open:
            peer.close()


def read_request(peer):
    """To its end: a close with something unread would be a reset, which may overtake the answer."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += peer.recv(65536) or b"\r\n\r\n"
    head, _, body = text.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.I)
    left = int(length[1]) - len(body) if length else 0
    while left > 0 and (data := peer.recv(65536)):
        left -= len(data)


def http(body, kind="text/xml", length=None, head=b""):
    body = body if isinstance(body, bytes) else body.encode()
    length = len(body) if length is None else length
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n" % (kind.encode(), length, head) + body


LAUGHS = "<!DOCTYPE r [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY {chr(98 + n)} '{('&' + chr(97 + n) + ';') * 10}'>" for n in range(9)) + "]>"
REPLY = "<Response><Message>%s</Message></Response>"
MARKED = b"\xff\xfe" + (REPLY % "sixteen").encode("utf-16-le")
DEEP = "<Response>" + "<a>" * 9000 + "</a>" * 9000 + "</Response>"

# name, answer, the code that the account is told (None: none), the reply that goes out (None: none)
DOCUMENTS = [
    ("laughs", http(LAUGHS + REPLY % "&j;"), 12100, None),
    ("external entity", http("<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + REPLY % "&a;"), 12100, None),
    ("utf-16 with a mark", http(MARKED), None, "sixteen"),
    ("utf-16 that says it is utf-8", http("<?xml version='1.0' encoding='UTF-8'?>".encode("utf-16-le") + (REPLY % "x").encode("utf-16-le")), 12100, None),
    ("cdata", http(REPLY % "<![CDATA[a < b & c]]>"), None, "a < b & c"),
    ("comments", http("<!-- a --><Response><!-- b --><Message>one<!-- c --> two</Message></Response>"), None, "one two"),
    ("deep", http(DEEP), 12100, None),
    ("ten megabytes", http(REPLY % ("x" * 10_000_000)), 11750, None),
    ("not closed", http("<Response><Message>x"), 12100, None),
    ("not utf-8", http(b"<Response><Message>\xff\xfe</Message></Response>"), 12100, None),
]


@pytest.fixture
def house(rig):
    bench = rig()
    gateway = bench.gateway(test_clock=True).start()
    gateway.wait_line_ready("m1")
    return bench, gateway, gateway.client()


def webhook(client, url):
    for number in client.incoming_phone_numbers.list():
        client.incoming_phone_numbers(number.sid).update(sms_url=url, sms_method="POST", sms_fallback_url="")


def codes(client):
    return [int(n.error_code) for n in client.notifications.list()]


def memory_kb(gateway):
    with open(f"/proc/{gateway.process.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def settled(client, text):
    found = [m for m in client.messages.list(limit=50) if m.direction == "inbound" and m.body == text]
    return found and found[0].date_sent is not None


def test_documents(house):
    bench, gateway, client = house
    before = memory_kb(gateway)
    for n, (name, answer, code, reply) in enumerate(DOCUMENTS):
        app = Raw(answer)
        webhook(client, app.url())
        bench.sim.inject("m1", SENDER, f"case {n}")
        until(lambda: settled(client, f"case {n}"), 15, name)
        sid = next(m.sid for m in client.messages.list(limit=50) if m.body == f"case {n}")
        told = [int(note.error_code) for note in client.notifications.list(log=0) if sid in note.message_text]
        assert told == ([code] if code else []), name
        replies = [m.body for m in client.messages.list(limit=50) if m.direction == "outbound-reply"]
        assert (reply in replies) if reply else len(replies) == len([d for d in DOCUMENTS[:n] if d[3]]), name
        assert app.calls == 1, name
        app.close()
    assert memory_kb(gateway) - before < 20_000


TARGETS = [
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fe80::1]/",
    "http://0.0.0.0/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "//169.254.169.254/x",
]


@pytest.mark.parametrize("redirect", ["http", "twiml"])
def test_redirects_to_where_nobody_may_be_sent(house, redirect):
    bench, gateway, client = house
    for n, target in enumerate(TARGETS):
        if redirect == "http":
            app = Raw(b"HTTP/1.1 307 X\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % target.encode())
        else:
            app = Raw(http(f"<Response><Redirect>{target}</Redirect></Response>"))
        webhook(client, app.url())
        bench.sim.inject("m1", SENDER, f"to {n}")
        sid = until(lambda: next((m.sid for m in client.messages.list(limit=50) if m.body == f"to {n}"), None), 10, target)
        told = until(lambda: [int(x.error_code) for x in client.notifications.list(log=0) if sid in x.message_text], 15, target)
        assert set(told) <= {11100, 11216, 11321, 11210}, (target, told)
        assert app.calls == 1, target
        gateway.cli("hooks", "drop", sid)
        app.close()


def test_loops_lies_and_silence(house):
    """A redirect to itself, a length that is too long, one that is too short, silence after the head: each ends, is told, and holds up nobody."""
    bench, gateway, client = house
    cases = [
        (Raw(b"HTTP/1.1 302 X\r\nContent-Length: 0\r\nLocation: /in\r\n\r\n"), {11215}),
        (Raw(http(REPLY % "short", length=5000)), {11205, 11203}),
        (Raw(http(REPLY % "long", length=20)), {12100}),
        (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<Resp", hold=True), {11203}),
        (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 9\r\n\r\n<a/><a/>"), {11205, 11206, 12100, 12102}),
    ]
    for n, (app, wanted) in enumerate(cases):
        webhook(client, app.url() + ("#tt=1000" if app.hold else ""))
        bench.sim.inject("m1", SENDER, f"bad {n}")
        sid = until(lambda: next((m.sid for m in client.messages.list(limit=50) if m.body == f"bad {n}"), None), 10)
        callback = bench.app.url(f"/cb{n}")
        good = client.messages.create(to=SENDER, from_=bench.numbers["m1"], body=f"good {n}", status_callback=callback)
        bench.app.wait(lambda r: r["form"].get("MessageSid") == good.sid)  # served meanwhile
        told = until(lambda: [int(x.error_code) for x in client.notifications.list(log=0) if sid in x.message_text], 15, str(n))
        assert set(told) <= wanted, (n, told)
        gateway.cli("hooks", "drop", sid, check=False)
        app.close()
    assert gateway.stop() == 0
    assert "Sanitizer" not in gateway.log_text()


# ---- the operator's commands ----


def test_retry_and_drop(house):
    bench, gateway, client = house
    bench.app.answers["/down"] = (503, "", "text/plain")
    one, two = (client.messages.create(to=SENDER, from_=bench.numbers["m1"], body=text, status_callback=bench.app.url("/down")) for text in "ab")
    host = f"127.0.0.1:{bench.app.port}"
    until(lambda: all(client.messages(m.sid).fetch().status == "delivered" for m in (one, two)), what="both delivered")  # no hook is made any more
    until(lambda: one.sid in gateway.cli("hooks", "list") and two.sid in gateway.cli("hooks", "list"), 15)
    listed = gateway.cli("hooks", "list", host)
    assert f"endpoint={host} breaker=" in listed and "due_in_s=" in listed
    assert "pending=0" in gateway.cli("hooks", "list", "other.test:80")
    gateway.cli("hooks", "drop", two.sid)
    assert two.sid not in gateway.cli("hooks", "list") and "dropped by operator" in gateway.cli("show", two.sid)
    bench.app.answers["/down"] = (200, "", "text/plain")
    gateway.cli("hooks", "retry", host)
    until(lambda: "pending=0" in gateway.cli("hooks", "list"), 15)
    assert "sent" in bench.app.statuses(one.sid)
    assert gateway.cli("hooks", "drop", check=False).returncode != 0


def test_a_dead_hook_is_owed_again(house):
    bench, gateway, client = house
    bench.app.answers["/gone"] = (404, "", "text/plain")
    message = client.messages.create(to=SENDER, from_=bench.numbers["m1"], body="x", status_callback=bench.app.url("/gone"))
    until(lambda: re.search(rf"{message.sid} status=delivered .* dead=", gateway.cli("hooks", "list")), 15)
    calls = len(bench.app.statuses(message.sid))
    bench.app.answers["/gone"] = (200, "", "text/plain")
    gateway.kill()
    gateway.start()
    gateway.cli("hooks", "retry", message.sid)
    until(lambda: len(bench.app.statuses(message.sid)) == 2 * calls, 15)
    assert "dead=0" in gateway.cli("hooks", "list")
