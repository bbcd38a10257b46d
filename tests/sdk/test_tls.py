"""SDK programs that know nothing of this gateway reach it through TLS on port 443: by edge and region, and by the real names.

Daemon and programs share a network and mount namespace of their own (own_net.py): its port 443, its /etc/hosts, its system store of
certificates. Where the kernel allows no such namespace, these tests are skipped with that reason."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from gateway import ACCOUNT, PATIENCE, TOKEN, Gateway, configuration, until

FOLDER = pathlib.Path(__file__).parent
STORE = "/etc/ssl/certs/ca-certificates.crt"
NUMBER, TO = "+41790000099", "+41791112233"
PRODUCTS = ("api", "messaging", "lookups", "verify", "content")

PYTHON_PROGRAM = """
import json, sys
from twilio.rest import Client
client = Client(sys.argv[1], sys.argv[2])
message = client.messages.create(to=sys.argv[4], from_=sys.argv[3], body="unchanged program")
again = client.messages(message.sid).fetch()
listed = [m.sid for m in client.messages.list(limit=5, page_size=1)]
service = client.verify.services.create(friendly_name="over TLS")
print(json.dumps({"sid": again.sid, "body": again.body, "listed": message.sid in listed, "url": service.url}))
"""

NODE_PROGRAM = """
const [account, token, from, to] = process.argv.slice(2);
const client = require("twilio")(account, token);
(async () => {
  const message = await client.messages.create({ to, from, body: "unchanged program" });
  const again = await client.messages(message.sid).fetch();
  const listed = await client.messages.list({ limit: 5, pageSize: 1 });
  const service = await client.verify.v2.services.create({ friendlyName: "over TLS" });
  console.log(JSON.stringify({ sid: again.sid, body: again.body, listed: listed.some((m) => m.sid === message.sid), url: service.url }));
})().catch((error) => { console.error(error.code, error.message); process.exit(1); });
"""


def namespace_refused():
    """None, or why the kernel gives no namespace."""
    if not shutil.which("unshare") or not shutil.which("nsenter"):
        return "unshare and nsenter (util-linux) are not installed"
    probe = subprocess.run(
        ["unshare", "-Urnm", sys.executable, str(FOLDER / "own_net.py"), "/dev/null=/etc/hosts", "--", "true"], capture_output=True, text=True
    )
    return None if probe.returncode == 0 else f"no user namespace here: {probe.stderr.strip()[-200:]}"


REFUSED = namespace_refused()
pytestmark = pytest.mark.skipif(REFUSED is not None, reason=str(REFUSED))


class Island:
    """A gateway in a namespace of its own, and programs beside it."""

    def __init__(self, folder):
        self.hosts = folder / "hosts"
        self.store = folder / "store.pem"
        names = [f"{product}{zone}.twilio.com" for product in PRODUCTS for zone in ("", ".onprem.lan")]
        self.hosts.write_text("127.0.0.1 localhost\n127.0.0.1 " + " ".join(names) + "\n")
        shutil.copy(STORE, self.store)
        extra = f"[tls]\nlisten = 127.0.0.1:443\n[line lab]\nnumber = {NUMBER}\ncarrier = loopback\n"
        wrapper = ["unshare", "-Urnm", sys.executable, str(FOLDER / "own_net.py"), f"{self.hosts}=/etc/hosts", f"{self.store}={STORE}", "--"]
        self.gateway = Gateway(lambda data: configuration([], data, extra), folder / "gateway", wrapper=wrapper).start()
        self.gateway.wait_line_ready("lab")
        self.ca = folder / "ca.pem"
        self.ca.write_text(self.gateway.cli("tls", "ca"))

    def run(self, *command, cwd=None, program=None, **env):
        inside = ["nsenter", "--preserve-credentials", "-U", "-n", "-m", "-t", str(self.gateway.process.pid)]
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWILIO_", "NODE_", "REQUESTS_", "SSL_"))}
        return subprocess.run(
            inside + [f"--wd={cwd or self.gateway.folder}"] + list(map(str, command)), input=program, capture_output=True,
            text=True, timeout=60 * PATIENCE, env={**clean, **env},
        )

    def python(self, **env):
        return self.run("/usr/bin/python3", "-c", PYTHON_PROGRAM, ACCOUNT, TOKEN, NUMBER, TO, **env)

    def node(self, **env):
        return self.run("node", "-", ACCOUNT, TOKEN, NUMBER, TO, cwd=FOLDER / "node", program=NODE_PROGRAM, **env)

    def trusted_by_the_system(self, on):
        """As update-ca-certificates would; the file is laid over the system's, so it is written in place."""
        with open(STORE, "rb") as system, open(self.store, "r+b") as store:
            store.truncate(0)
            store.write(system.read() + (self.ca.read_bytes() if on else b""))

    def close(self):
        code = self.gateway.stop()
        assert code == 0, self.gateway.log_text()[-3000:]


@pytest.fixture(scope="module")
def island(tmp_path_factory):
    island = Island(tmp_path_factory.mktemp("tls"))
    yield island
    island.close()


def served(done, host):
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["sid"].startswith("SM") and told["body"] == "unchanged program" and told["listed"]
    # links lead back the way the client came: another host or plain http would get the token
    assert told["url"].startswith(f"https://verify{host}.twilio.com/v2/Services/VA"), told["url"]


EDGE = {"TWILIO_EDGE": "onprem", "TWILIO_REGION": "lan"}


def test_python_by_edge_and_region(island):
    island.trusted_by_the_system(True)
    served(island.python(**EDGE), ".onprem.lan")


def test_node_by_edge_and_region(island):
    served(island.node(NODE_EXTRA_CA_CERTS=str(island.ca), **EDGE), ".onprem.lan")


def test_programs_without_the_authority_refuse(island):
    island.trusted_by_the_system(False)
    python, node = island.python(**EDGE), island.node(**EDGE)
    assert python.returncode != 0 and "CERTIFICATE_VERIFY_FAILED" in python.stderr
    assert node.returncode != 0 and "certificate" in node.stderr
    until(lambda: "does not trust the certificate" in island.gateway.log_text(), what="the log says why")


def test_real_names_want_a_certificate_for_them_then_both_work(island):
    island.trusted_by_the_system(True)
    refused = island.python()
    assert refused.returncode != 0 and "match" in refused.stderr
    assert "name *.twilio.com" in island.gateway.cli("tls", "issue", "*.twilio.com").splitlines()
    served(island.python(), "")
    served(island.node(NODE_EXTRA_CA_CERTS=str(island.ca)), "")


def test_python_session_verify(island):
    """Python 6 and 7 without the system's store: the one line that docs name."""
    island.trusted_by_the_system(False)
    program = PYTHON_PROGRAM.replace(
        "client = Client(sys.argv[1], sys.argv[2])",
        f"from twilio.http.http_client import TwilioHttpClient\nhttp = TwilioHttpClient()\nhttp.session.verify = {str(island.ca)!r}\n"
        "client = Client(sys.argv[1], sys.argv[2], http_client=http)",
    )
    served(island.run("/usr/bin/python3", "-c", program, ACCOUNT, TOKEN, NUMBER, TO, **EDGE), ".onprem.lan")


def test_issued_names_outlive_a_restart(island):
    island.gateway.cli("tls", "issue", "sms.example.org")
    assert island.gateway.stop() == 0
    before = island.ca.read_text()
    island.gateway.start()
    assert "name sms.example.org" in island.gateway.cli("tls", "status").splitlines()
    assert island.gateway.cli("tls", "ca") == before


def test_the_ends_of_certificates_are_told(island):
    status = dict(line.split(" ", 1) for line in island.gateway.cli("tls", "status").splitlines())
    assert status["authority_until"].endswith("(3651 days)") and status["until"].endswith("(364 days)")
    metrics = island.gateway.cli("metrics").splitlines()
    assert "cellpost_tls_authority_days 3651" in metrics and "cellpost_tls_certificate_days 364" in metrics
