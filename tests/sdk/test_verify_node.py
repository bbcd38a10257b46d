"""Runs tests/sdk/node/verify.test.js: Verify v2 and the Content API with the SDK for Node; each of its tests counts as one here."""
import http.server
import os
import pathlib
import re
import subprocess
import threading
import urllib.parse

import pytest

from gateway import PATIENCE
from verify_bench import LINE, CodeBench

FOLDER = pathlib.Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    bench = CodeBench(tmp_path_factory.mktemp("verify-node"))

    class Phone(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
            text = bench.wait_text(query["to"], int(query["n"])).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Phone)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = dict(
        os.environ,
        CELLPOST_URL=bench.gateway.url,
        CELLPOST_ACCOUNT=bench.account,
        CELLPOST_TOKEN=bench.token,
        CELLPOST_FROM=LINE,
        CELLPOST_PHONE=f"http://127.0.0.1:{server.server_address[1]}/",
    )
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", "verify.test.js"], cwd=FOLDER, env=env, capture_output=True, text=True, timeout=180 * PATIENCE
    )
    server.shutdown()
    bench.close()
    return {name: word == "ok" for word, name in re.findall(r"^ *(ok|not ok) \d+ - (.*)$", done.stdout, re.M)}, done.stdout + done.stderr


@pytest.mark.parametrize("name", re.findall(r"^test\('([^']+)'", (FOLDER / "verify.test.js").read_text(), re.M))
def test_node(run, name):
    results, output = run
    assert results.get(name) is True, output[-6000:]
