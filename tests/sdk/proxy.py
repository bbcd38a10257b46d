"""A proxy between every SDK of the suite and its gateway: passes all on as it came, checks each answer against what Twilio publishes, and counts.

The tests and programs get its address in place of the gateway's, so that no call escapes; links that the gateway makes by the Host of the
request lead through it too. What is wrong stands in RECORD.wrong until a fixture of conftest.py fails the test that was running."""
import collections
import http.client
import http.server
import os
import pathlib
import re
import threading

import routes
import schema


class Record:
    """All traffic of a run."""

    def __init__(self):
        self.lock = threading.Lock()
        self.wrong = []
        self.calls = collections.Counter()  # (language, method, route, status)
        self.seeds = os.environ.get("CELLPOST_SEEDS") and pathlib.Path(os.environ["CELLPOST_SEEDS"])

    def note(self, language, method, target, host, status, headers, payload):
        """headers: names in lower case. Returns what is wrong with the answer."""
        route = routes.match(method, target)
        wrong = schema.check(method, route, f"http://{host}", target, status, headers, payload)
        with self.lock:
            if route is not None:
                self.calls[language, method, route, status] += 1
            self.wrong += [f"{language}: {method} {target} {status}: {sentence}" for sentence in wrong]
        return wrong

    def take_wrong(self):
        with self.lock:
            wrong, self.wrong = self.wrong, []
        return wrong

    def keep_seed(self, method, target, headers, body):
        """With CELLPOST_SEEDS=folder: the requests as fuzz seeds, one of a kind, without credentials."""
        kind = re.sub(r"[0-9a-f]{32}|\+?\d{8,}|%2B\d+", "N", f"{method} {target}")
        name = re.sub(r"\W+", "-", f"{language_of(headers)}-{kind}").strip("-")[:100]
        lines = [f"{key}: {'gw' if key.lower() == 'host' else value}" for key, value in headers if key.lower() != "authorization"]
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "Authorization: Basic QUM6eA==", "", ""])
        for folder, octets in (("httpreq", b"\x07" + head.encode("latin-1") + body), ("form", body), ("query", target.encode("latin-1"))):
            if octets and (folder != "query" or b"?" in octets):
                file = self.seeds / folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                if not file.exists() or file.stat().st_size < len(octets) <= 2000:
                    file.write_bytes(octets)


RECORD = Record()
LANGUAGE = re.compile(r"twilio-(python|node|php|ruby|go|java|csharp)/")


def language_of(headers):
    agent = next((value for key, value in headers if key.lower() == "user-agent"), "")
    found = LANGUAGE.match(agent)
    return found[1] if found else "raw"


class Proxy:
    """In front of one gateway, which may restart on another port."""

    def __init__(self, gateway):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else the second half of an answer waits 40 ms for the first one to be acknowledged

            def serve(self):
                proxy.pass_on(self)

            do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = do_OPTIONS = do_PATCH = serve

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, client_address):
                pass  # a gateway that was killed answers nothing, and the client sees just that

        self.gateway = gateway
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, handler):
        headers = list(handler.headers.items())
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        upstream = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for key, value in headers:
            upstream.putheader(key, value.encode("latin-1"))
        upstream.endheaders(body or None)
        answer = upstream.getresponse()
        payload = answer.read()
        upstream.close()
        self.note(handler, headers, body, answer, payload)
        handler.send_response_only(answer.status, answer.reason)
        for key, value in answer.getheaders():
            if key.lower() != "connection":
                handler.send_header(key, value)
        handler.end_headers()
        handler.wfile.write(payload)

    @staticmethod
    def note(handler, headers, body, answer, payload):
        if RECORD.seeds:
            RECORD.keep_seed(handler.command, handler.path, headers, body)
        seen = {key.lower(): value for key, value in answer.getheaders()}
        RECORD.note(language_of(headers), handler.command, handler.path, handler.headers["Host"], answer.status, seen, payload)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
