"""The suites of tests/sdk/node (the SDK for Node) against a gateway: one run of a suite, whose tests count one by one."""
import contextlib
import http.server
import os
import pathlib
import re
import subprocess
import threading
import urllib.parse

from gateway import ACCOUNT, PATIENCE, TOKEN

FOLDER = pathlib.Path(__file__).parent / "node"


def source(suite):
    return (FOLDER / f"{suite}.test.js").read_text()


def names(suite):
    return re.findall(r"^test\('([^']+)'", source(suite), re.M)


class Outcome:
    def __init__(self, suite, run):
        self.names, self.code, self.output = names(suite), run.returncode, run.stdout + run.stderr
        self.passed = {name for word, name in re.findall(r"^ *(ok|not ok) \d+ - (.*)$", run.stdout, re.M) if word == "ok"}

    def assert_passed(self, name):
        assert name in self.passed, self.output[-6000:]

    def assert_all(self):
        assert self.code == 0 and self.passed >= set(self.names), self.output


def run(suite, gateway, account=ACCOUNT, token=TOKEN, seconds=120, **more):
    """`more` are further variables of its environment, without their CELLPOST_."""
    more = {f"CELLPOST_{name}": value for name, value in more.items()}
    env = dict(os.environ, CELLPOST_URL=gateway.url, CELLPOST_ACCOUNT=account, CELLPOST_TOKEN=token, **more)
    command = ["node", "--test", "--test-reporter=tap", f"{suite}.test.js"]
    return Outcome(suite, subprocess.run(command, cwd=FOLDER, env=env, capture_output=True, text=True, timeout=seconds * PATIENCE))


@contextlib.contextmanager
def answering(answer):
    """The URL where a suite asks what only Python can do: GET is answered with answer(query) as text."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = answer(dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
