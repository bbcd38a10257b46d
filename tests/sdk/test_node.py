"""Runs tests/sdk/node (npm twilio) against the same gateway; each Node test counts as one here."""
import http.server
import os
import pathlib
import re
import subprocess
import threading
import urllib.parse

import pytest

from gateway import ACCOUNT, PATIENCE, SERVICE, TOKEN

FOLDER = pathlib.Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def node_run(bench):
    """TAP output of the whole Node suite, by test name."""

    class Injector(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
            bench.inject(query["from"], query["text"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Injector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = dict(
        os.environ,
        CELLPOST_URL=bench.gateway.url,
        CELLPOST_ACCOUNT=ACCOUNT,
        CELLPOST_TOKEN=TOKEN,
        CELLPOST_SERVICE=SERVICE,
        CELLPOST_FROM=bench.ward,
        CELLPOST_DOWN=bench.ship,
        CELLPOST_INJECT=f"http://127.0.0.1:{server.server_address[1]}/",
    )
    run = subprocess.run(
        ["node", "--test", "--test-reporter=tap", "cellpost.test.js"],
        cwd=FOLDER,
        env=env,
        capture_output=True,
        text=True,
        timeout=300 * PATIENCE,
    )
    server.shutdown()
    results = {name: word == "ok" for word, name in re.findall(r"^ *(ok|not ok) \d+ - (.*)$", run.stdout, re.M)}
    return results, run.stdout + run.stderr


def names():
    source = (FOLDER / "cellpost.test.js").read_text()
    plain = re.findall(r"^test\('([^']+)'", source, re.M)
    table = re.search(r"const refusals = \[(.*?)\n\];", source, re.S).group(1)
    return plain + [f"refused: {name}" for name in re.findall(r"^  \['([^']+)'", table, re.M)]


@pytest.mark.parametrize("name", names())
def test_node(node_run, name):
    results, output = node_run
    assert results.get(name) is True, output[-6000:]
