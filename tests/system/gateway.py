"""A real cellpostd for tests: its own data folder, configuration, log, and a web server that plays the application.

Nothing here sleeps: readiness comes as a datagram on $NOTIFY_SOCKET, webhooks are waited for on a condition, and what can only be seen
through the API is asked again until a deadline (until())."""
import http.server
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

from simctl import ModemSim

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CELLPOST_BUILD", ROOT / "build" / "release")).resolve()
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210" * 2
SERVICE = "MG" + "00112233445566778899aabbccddeeff"
# A slower build (sanitizers, coverage) gets longer deadlines, never other assertions.
PATIENCE = float(os.environ.get("CELLPOST_PATIENCE", "1"))
ANSWER_S = 30 * PATIENCE  # for one HTTP answer


def until(probe, seconds=10.0, what="condition", pause_s=0.01):
    """Asks probe() until it is true; for state that only the API shows. Returns what it returned."""
    deadline = time.monotonic() + seconds * PATIENCE
    pause = threading.Event()
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds * PATIENCE:.0f} s, last {value!r}")
        pause.wait(pause_s)


class Application:
    """The customer's web application: records every request; answers are set per path."""

    def __init__(self):
        self.requests = []
        self.changed = threading.Condition()
        self.answers = {}
        application = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else the second half of an answer waits 40 ms for the first one to be acknowledged

            def serve(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                path, _, query = self.path.partition("?")
                pairs = body.decode() if self.command == "POST" else query
                request = {
                    "method": self.command,
                    "path": path,
                    "url": f"http://{self.headers['Host']}{self.path}",
                    "headers": dict(self.headers.items()),
                    "form": dict(urllib.parse.parse_qsl(pairs, keep_blank_values=True)),
                    "at": time.monotonic(),
                }
                answer = application.answers.get(path, (200, "", "text/xml"))
                if callable(answer):
                    answer = answer(request)
                with application.changed:
                    application.requests.append(request)
                    application.changed.notify_all()
                status, text, kind, *extra = answer
                payload = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(payload)))
                for name, value in extra:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(payload)

            do_POST = do_GET = serve

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128  # the kernel drops what is beyond, and a second goes until the gateway's asks again

            def handle_error(self, request, client_address):
                pass  # a killed gateway leaves half a request behind

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def wait(self, match, count=1, seconds=15.0):
        """The first `count` recorded requests for which match(request) holds, once there are that many."""
        deadline = time.monotonic() + seconds * PATIENCE
        with self.changed:
            while True:
                found = [request for request in self.requests if match(request)]
                if len(found) >= count:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    seen = [(r["path"], r["form"].get("MessageStatus") or r["form"].get("SmsStatus")) for r in self.requests]
                    raise AssertionError(f"{len(found)} of {count} webhooks came, seen: {seen}")
                self.changed.wait(left)

    def statuses(self, sid):
        with self.changed:
            return [r["form"]["MessageStatus"] for r in self.requests if r["form"].get("MessageSid") == sid and "MessageStatus" in r["form"]]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def configuration(lines, data, extra="", limited=False):
    """INI text for lines = [(name, number, port, slot)]. Tests ask faster than any rate, unless limited."""
    text = [
        "[daemon]",
        f"data_dir = {data}",
        f"account_sid = {ACCOUNT}",
        f"auth_token = {TOKEN}",
        "log_numbers = full",
        "[http]",
        "listen = 127.0.0.1:0",
    ]
    if not limited:
        text += ["account_rate = 0", "address_rate = 0"]
    for name, number, port, slot in lines:
        text += [f"[modem {name}]", f"port = pty:{port}"]
        if slot:
            text.append(f"slot = {slot}")
        text += [f"[line {name}]", f"number = {number}", "rate = 0", "queue_max = 1000000", f"modem = {name}"]
    if lines:
        text += ["[service pool]", f"sid = {SERVICE}", "lines = " + ", ".join(line[0] for line in lines)]
    return "\n".join(text) + "\n" + extra


class Sim(ModemSim):
    """modemsim with keys as dictionaries and the verbs that these tests use most."""

    def __init__(self, folder, modems):
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, [",".join([name] + [f"{key}={value}" for key, value in keys.items()]) for name, keys in modems.items()])

    def do(self, line):
        """One line of the control language as docs/simulator.md writes it."""
        self.control.sock.sendall(line.encode() + b"\n")
        return self.control.receive()

    def stored(self, name):
        """Messages that lie in the modem's stores."""
        return len(self.messages(name))

    def inject_multipart(self, name, sender, text, order):
        self.cmd("inject-multipart", name, **{"from": sender, "text": text, "order": order})


class Gateway:
    """One cellpostd. start() returns when it says READY=1; kill() is SIGKILL; stop() is SIGTERM and must end well."""

    def __init__(self, config, folder=None, wrapper=(), test_clock=False):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="cellpost-"))
        self.folder.mkdir(exist_ok=True)
        self.data = self.folder / "data"
        self.file = self.folder / "cellpost.ini"
        self.file.write_text(config(self.data) if callable(config) else config)
        self.wrapper = list(wrapper)
        self.program = BUILD / "host" / ("cellpostd-testclock" if test_clock else "cellpostd")
        self.process = None
        self.starts = 0

    def start(self, ready_seconds=30.0, wait=True):
        self.starts += 1
        self.log = self.folder / f"log.{self.starts}"
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = self.folder / f"notify.{self.starts}"
        notify.bind(str(path))
        env = dict(os.environ, NOTIFY_SOCKET=str(path))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.wrapper + [str(self.program), "-c", str(self.file)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env
            )
        try:
            if wait:
                self._await_ready(notify, ready_seconds)
        finally:
            notify.close()
            path.unlink()
        return self

    def _await_ready(self, notify, seconds):
        deadline = time.monotonic() + seconds * PATIENCE
        while time.monotonic() < deadline:
            if select.select([notify], [], [], 0.05)[0] and b"READY=1" in notify.recv(256):
                self.port = int(self.control("where")["port"])
                return
            if self.process.poll() is not None:
                raise AssertionError(f"cellpostd ended with {self.process.returncode}:\n{self.log_text()[-4000:]}")
        raise AssertionError("cellpostd did not become ready:\n" + self.log_text()[-4000:])

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log_text(self):
        return self.log.read_text(errors="replace")

    def cli(self, *args, check=True):
        """Runs the operator's command; its standard output."""
        done = subprocess.run(
            [str(BUILD / "host/ctl/cellpost"), "-c", str(self.file), *map(str, args)], capture_output=True, text=True, timeout=60 * PATIENCE
        )
        if check and done.returncode != 0:
            raise AssertionError(f"cellpost {args}: {done.stderr}")
        return done.stdout if check else done

    def control(self, *words):
        pairs = (line.split(" ", 1) for line in self.cli(*words).splitlines())
        return {pair[0]: pair[1] if len(pair) > 1 else "" for pair in pairs}

    def advance(self, ms):
        self.cli("advance", ms)

    def wait_line_ready(self, *names, seconds=20.0):
        def ready():
            states = dict(
                (word.split("line=")[1].split()[0], word.split("state=")[1].split()[0]) for word in self.cli("lines").splitlines()
            )
            return all(states.get(name) in ("ready", "busy") for name in names)

        until(ready, seconds, f"lines {names} ready")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=30.0):
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds * PATIENCE)

    def remove(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self):
        from twilio.rest import Client

        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = client.messaging.base_url = client.lookups.base_url = self.url
        return client
