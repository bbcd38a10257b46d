"""Running it: --check, reload, clean stop, control tool, backup, full disk, damaged files, readiness and watchdog."""
import os
import pathlib
import re
import select
import signal
import socket
import sqlite3
import subprocess

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from gateway import BUILD, PATIENCE, SERVICE, Gateway, configuration, until

TO = "+41791112233"
DAEMON = str(BUILD / "host" / "cellpostd")


def run(*args):
    return subprocess.run([DAEMON, *map(str, args)], capture_output=True, text=True, timeout=30 * PATIENCE)


def loopback(data, extra=""):
    return configuration([], data) + "[line lab]\nnumber = +41790000099\ncarrier = loopback\n" + extra


@pytest.fixture
def lab(tmp_path):
    gateway = Gateway(loopback, tmp_path / "lab")
    yield gateway
    if gateway.process and gateway.process.poll() is None:
        gateway.kill()


# ---- configuration ----


def assert_faults(file, text, faults):
    """--check of this text tells each of [(line, word)]."""
    file.write_text(text)
    done = run("--check", file)
    assert done.returncode == 1
    for line, word in faults:
        assert any(told.startswith(f"{file}:{line}:") and word in told for told in done.stderr.splitlines()), (line, word, done.stderr)


def test_check_reports_every_error_with_file_and_line(tmp_path):
    file = tmp_path / "bad.ini"
    text = "[daemon]\ndata_dir = x\nlog_level = loud\n\n[modem m1]\nport = ttyUSB0\nbaud = fast\n[line a]\nnumber = 12\nmodem = none\ncolour = red\n[kitchen]\n"
    assert_faults(file, text, [(3, "log_level"), (6, "port"), (7, "baud"), (9, "number"), (8, "modem none"), (11, "colour"), (12, "kitchen")])


def test_check_reports_a_missing_port_beside_another_error(tmp_path):
    file = tmp_path / "bad.ini"
    text = "[daemon]\nlog_level = loud\n[modem m1]\nbaud = 9600\n[line a]\nmodem = m1\n"
    assert_faults(file, text, [(2, "log_level"), (3, "needs port")])


def test_check_looks_at_what_the_file_points_to(tmp_path):
    file = tmp_path / "bad.ini"
    text = "[hooks]\nca_file = none.pem\n[modem m1]\nmodel = foobar\n"
    assert_faults(file, text, [(2, "none.pem: No such file"), (4, "model is one of: "), (3, "needs port")])
    (tmp_path / "none.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    file.write_text("[hooks]\nca_file = none.pem\n[modem m1]\nmodel = generic\nport = pty:/x\n[line a]\nmodem = m1\n")
    assert run("--check", file).returncode == 0


def test_check_tells_no_secret(tmp_path):
    file = tmp_path / "bad.ini"
    file.write_text("[daemon]\nauth_token = 0123456789abcdef\n[line a]\ncarrier = loopback\npin = 1234x\n")
    told = run("--check", file).stderr
    assert f"{file}:2: auth_token" in told and f"{file}:5: pin" in told
    assert "0123456789abcdef" not in told and "1234x" not in told


def test_check_accepts_a_good_file(tmp_path):
    file = tmp_path / "good.ini"
    file.write_text(loopback(tmp_path / "data"))
    done = run("--check", file)
    assert done.returncode == 0 and "ok" in done.stdout


def test_packaged_example_is_good_and_is_the_readmes():
    root = pathlib.Path(__file__).resolve().parents[2]
    example = root / "packaging" / "cellpost.ini"
    assert run("--check", example).returncode == 0
    options = example.read_text().partition("\n")[2]  # after the comment
    shown = (root / "README.md").read_text().replace("\n       ", "\n")
    assert "[modem m1]" in options and options in shown


def test_missing_file_is_named(tmp_path):
    done = run("-c", tmp_path / "none.ini")
    assert done.returncode == 1 and "none.ini" in done.stderr


def test_options_lists_what_the_readme_uses():
    manual = run("--options").stdout
    for option in ("data_dir", "listen", "port", "number", "pin", "sms_url"):
        assert option in manual


# ---- life ----


def test_first_start_writes_credentials_once(tmp_path):
    gateway = Gateway(lambda data: f"[daemon]\ndata_dir = {data}\n[http]\nlisten = 127.0.0.1:0\n", tmp_path / "g").start()
    file = gateway.data / "credentials"
    first = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600 and "AC" in first
    gateway.stop()
    gateway.start()
    assert file.read_text() == first
    gateway.stop()


def test_second_daemon_on_the_same_data_is_refused(lab):
    lab.start()
    done = run("-c", lab.file)
    assert done.returncode == 1 and done.stderr.strip()
    assert lab.process.poll() is None


def test_reload_adds_a_line_and_drops_no_message(lab):
    lab.start()
    sids = [lab.client().messages.create(to=TO, from_="+41790000099", body=f"r {n}").sid for n in range(20)]
    lab.file.write_text(lab.file.read_text() + "[line second]\nnumber = +41790000098\ncarrier = loopback\n")
    lab.process.send_signal(signal.SIGHUP)
    until(lambda: "reload.done" in lab.log_text(), 10, "reload")
    message = lab.client().messages.create(to=TO, from_="+41790000098", body="new line")
    for sid in sids + [message.sid]:
        until(lambda: lab.client().messages(sid).fetch().status == "delivered", 10, sid)


def test_reload_with_an_error_keeps_the_old_configuration(lab):
    lab.start()
    good = lab.file.read_text()
    lab.file.write_text(good + "[line broken]\nnumber = nonsense\n")
    lab.process.send_signal(signal.SIGHUP)
    until(lambda: "reload.refused" in lab.log_text(), 10, "reload refused")
    broken = good.count("\n") + 2
    assert f"{lab.file}:{broken}" in lab.log_text() or f"line={broken}" in lab.log_text(), lab.log_text()
    assert lab.client().messages.create(to=TO, from_="+41790000099", body="still here").status == "queued"


def test_reload_changes_a_service_and_takes_it_away(lab):
    service = "[line second]\nnumber = +41790000098\ncarrier = loopback\n[service pool]\nsid = " + SERVICE + "\n"
    bare = lab.file.read_text()
    lab.file.write_text(bare + service + "lines = lab\n")
    lab.start()

    def reload(text):
        done = lab.log_text().count("reload.done")
        lab.file.write_text(text)
        lab.process.send_signal(signal.SIGHUP)
        until(lambda: lab.log_text().count("reload.done") > done, 10, "reload")

    def sender():
        sid = lab.client().messages.create(to=TO, messaging_service_sid=SERVICE, body="pool").sid
        return until(lambda: lab.client().messages(sid).fetch().from_, 10, "a sender")

    assert sender() == "+41790000099"
    reload(bare + service + "lines = second\n")
    assert sender() == "+41790000098"
    lab.stop()
    lab.start()
    assert sender() == "+41790000098"
    sent = lab.client().messages.list(limit=1)[0].sid
    reload(bare)
    with pytest.raises(TwilioRestException) as refused:
        sender()
    assert refused.value.code == 21701
    assert lab.client().messages(sent).fetch().messaging_service_sid == SERVICE


def test_what_needs_a_restart_is_as_it_was_until_then(lab):
    lab.start()
    lab.file.write_text(lab.file.read_text().replace("[http]\n", "[http]\nunix_socket = elsewhere\n"))
    where = lab.file.read_text().split("\n").index("unix_socket = elsewhere") + 1
    for n in range(2):  # and each reload says so
        lab.process.send_signal(signal.SIGHUP)
        until(lambda: lab.log_text().count("reload.done") > n, 10, "reload")
        assert lab.log_text().count("http.unix_socket changed") == n + 1
    assert f"line={where} " in lab.log_text()
    lab.cli("send", "--from", "+41790000099", TO, "goes through the old socket")


def test_reload_tells_what_the_api_owns(lab):
    lab.start()
    lab.file.write_text(lab.file.read_text() + "sms_url = http://127.0.0.1:1/in\n")
    where = lab.file.read_text().count("\n")
    lab.process.send_signal(signal.SIGHUP)
    until(lambda: "reload.done" in lab.log_text(), 10, "reload")
    told = [text for text in lab.log_text().splitlines() if "line.option_ignored" in text]
    assert len(told) == 1 and f"line={where} " in told[0] and "option=sms_url" in told[0] and "level=warn" in told[0]


def test_reload_without_the_certificates_is_refused(lab):
    lab.start()
    lab.file.write_text(lab.file.read_text() + "[hooks]\nca_file = none.pem\n")
    lab.process.send_signal(signal.SIGHUP)
    until(lambda: "reload.refused" in lab.log_text(), 10, "reload refused")
    assert "none.pem" in lab.log_text()


def test_stop_parks_what_is_in_flight(rig):
    bench = rig()
    gateway = bench.gateway().start()
    gateway.wait_line_ready("m1")
    bench.sim.do("hold m1 +CMGS")
    sid = gateway.client().messages.create(to=TO, from_=bench.numbers["m1"], body="parked").sid
    bench.sim.do("wait m1 pdu 1 10000")
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(60 * PATIENCE) == 0
    bench.sim.wait("m1", "closed")
    gateway.start()
    bench.sim.wait("m1", "opened")  # else nobody hears the result
    bench.sim.do("release m1 +CMGS")
    until(lambda: gateway.client().messages(sid).fetch().status == "delivered", 20)
    assert len(bench.pdus("parked")) == 1


def test_stop_finishes_what_is_in_flight(rig):
    bench = rig(keys={"latency_ms": 500})
    gateway = bench.gateway().start()
    gateway.wait_line_ready("m1")
    sid = gateway.client().messages.create(to=TO, from_=bench.numbers["m1"], body="finished").sid
    bench.sim.do("wait m1 pdu 1 10000")
    assert gateway.stop() == 0
    gateway.start()
    assert gateway.client().messages(sid).fetch().status in ("sent", "delivered")


def test_stop_waits_for_no_straggler(lab):
    """A client that began a request and says no more holds up neither the stop nor what the lines have to do."""
    lab.start()
    with socket.create_connection(("127.0.0.1", lab.port), 10) as conn:
        conn.sendall(b"P")
        lab.client().messages.list(limit=1)  # later in the loop than the P
        assert lab.stop() == 0
        assert conn.recv(65536).startswith(b"HTTP/1.1 503 ")
    assert "stop.parked" not in lab.log_text()


def test_socket_path_never_costs_a_file(lab):
    data = lab.start().stop()
    precious = lab.folder / "precious"
    precious.write_text("kept")
    lab.file.write_text(lab.file.read_text().replace("[daemon]\n", f"[daemon]\ncontrol_socket = {precious}\n"))
    done = run("-c", lab.file)
    assert data == 0 and done.returncode == 1 and "no socket" in done.stderr and str(precious) in done.stderr
    assert precious.read_text() == "kept"


def test_watchdog_is_fed(tmp_path):
    """systemd's side, played here: READY=1, then WATCHDOG=1 at least each half period, twice."""
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = tmp_path / "notify"
    notify.bind(str(path))
    notify.settimeout(10 * PATIENCE)
    file = tmp_path / "c.ini"
    file.write_text(loopback(tmp_path / "data"))
    env = dict(os.environ, NOTIFY_SOCKET=str(path), WATCHDOG_USEC="200000")
    daemon = subprocess.Popen([DAEMON, "-c", str(file)], env=env, stderr=subprocess.DEVNULL)
    try:
        seen = []
        while seen.count("WATCHDOG=1") < 3 or "READY=1" not in seen:
            seen.append(notify.recv(256).decode())
    finally:
        daemon.terminate()
        assert daemon.wait(20 * PATIENCE) == 0
        notify.close()


# ---- control tool ----


def test_cli_tells_the_story(lab):
    lab.start()
    sid, status = lab.cli("send", TO, "from the shell").split()
    assert status == "queued"
    until(lambda: "delivered" in lab.cli("messages").splitlines()[0], 10)
    story = lab.cli("show", sid)
    for word in ("accepted", "claimed", "in_flight", "sent", "delivered", "from the shell"):
        assert word in story, story
    assert "line=lab" in lab.cli("lines")
    assert "accepted 1 " in lab.cli("status")
    refused = lab.cli("show", "SMxyz", check=False)
    assert refused.returncode == 1 and "32 hex" in refused.stderr
    refused = lab.cli("send", "--from", "+15005550006", TO, "x", check=False)
    assert refused.returncode == 1 and "21606" in refused.stderr and refused.stdout == ""
    lab.file.write_text(lab.file.read_text() + "[line second]\nnumber = +41790000098\ncarrier = loopback\n")
    lab.process.send_signal(signal.SIGHUP)
    until(lambda: "line=second" in lab.cli("lines"), 10, "second line")
    refused = lab.cli("send", TO, "x", check=False)
    assert refused.returncode == 1 and "--from" in refused.stderr
    assert lab.cli("send", "--from", "+41790000098", TO, "x").startswith("SM")


def test_rotated_token_leaves_no_dead_credentials(tmp_path):
    gateway = Gateway(lambda data: f"[daemon]\ndata_dir = {data}\n[http]\nlisten = 127.0.0.1:0\n[line lab]\nnumber = +41790000099\ncarrier = loopback\n", tmp_path / "g")
    gateway.start()
    credentials = next(gateway.folder.rglob("credentials"))
    sid = re.search("AC[0-9a-f]{32}", credentials.read_text()).group()
    for words in (["create", "x" * 65], ["rotate", "AC" + "0" * 32]):
        refused = gateway.cli("account", *words, check=False)
        assert refused.returncode == 1 and ("1 to 64" in refused.stderr or "no account" in refused.stderr)
    told = dict(line.split(" ", 1) for line in gateway.cli("account", "rotate", sid).splitlines())
    assert not credentials.exists() and told["removed"] == str(credentials)
    client = Client(sid, told["token"])
    client.api.base_url = gateway.url
    assert client.messages.list(limit=1) == []
    gateway.stop()


def test_watch_shows_events(lab):
    lab.start()
    watch = subprocess.Popen(
        [str(BUILD / "host/ctl/cellpost"), "-c", str(lab.file), "watch"], stdout=subprocess.PIPE, text=True
    )
    try:
        # the watcher is in place once its connection is served; messages go on until it has seen one
        client = lab.client()
        def seen():
            client.messages.create(to=TO, from_="+41790000099", body="look")
            return select.select([watch.stdout], [], [], 0.05)[0]
        until(seen, 10, "an event on watch")
        assert "message sid=SM" in watch.stdout.readline()
    finally:
        watch.kill()
        watch.wait()
        watch.stdout.close()


def test_backup_is_complete_and_sound(lab, tmp_path):
    lab.start()
    for n in range(50):
        lab.client().messages.create(to=TO, from_="+41790000099", body=f"b {n}")
    target = tmp_path / "copy.db"
    lab.cli("backup", target)
    copy = sqlite3.connect(target)
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert copy.execute("SELECT count(*) FROM message").fetchone() == (50,)
    copy.close()
    again = lab.cli("backup", target, check=False)
    assert again.returncode == 1 and "exist" in again.stderr.lower()


# ---- the database's bad days ----


def spoil_garbage(path):
    path.write_bytes(b"this is no database" * 1000)


def spoil_truncate(path):
    path.write_bytes(path.read_bytes()[:5000])


def spoil_newer(path):
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 9999")
    base.commit()
    base.close()


@pytest.mark.parametrize("spoil", [spoil_garbage, spoil_truncate, spoil_newer])
def test_bad_database_is_a_clear_error_and_is_left_alone(lab, spoil):
    lab.start()
    lab.client().messages.create(to=TO, from_="+41790000099", body="x")
    lab.stop()
    path = lab.data / "cellpost.db"
    for extra in lab.data.glob("cellpost.db-*"):
        extra.unlink()
    spoil(path)
    before = path.read_bytes()
    done = run("-c", lab.file)
    assert done.returncode == 1
    assert str(path) in done.stderr or "cellpost.db" in done.stderr, done.stderr
    assert path.read_bytes() == before


def test_full_disk_refuses_then_goes_on(tmp_path):
    """A real full file system: a small tmpfs of its own."""
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(mount)], capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")
    gateway = Gateway(loopback, tmp_path / "g")
    try:
        gateway.file.write_text(loopback(mount / "data"))
        gateway.start()
        client = gateway.client()
        filler = mount / "filler"
        with open(filler, "wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
            except OSError:
                pass
        accepted = []

        def refused():
            try:
                accepted.append(client.messages.create(to=TO, from_="+41790000099", body="y" * 1500).sid)
                return False
            except TwilioRestException as error:
                return (error.status, error.code) == (503, 20503)

        until(refused, 60, "503 on a full disk")
        assert gateway.process.poll() is None
        filler.unlink()
        until(lambda: "store open" in gateway.cli("status"), 20, "store open again")
        for sid in accepted:
            until(lambda: client.messages(sid).fetch().status == "delivered", 20, sid)
        assert gateway.stop() == 0
    finally:
        if gateway.process and gateway.process.poll() is None:
            gateway.kill()
        subprocess.run(["umount", str(mount)], check=True)


# ---- bad input over HTTP ----

GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n",
    b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"\r\n\r\n\r\n\x00\x00\x00",
]


@pytest.mark.parametrize("data", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_gets_json_and_the_rest_runs(lab, data):
    lab.start()
    with socket.create_connection(("127.0.0.1", lab.port), 10) as conn:
        conn.sendall(data)
        conn.shutdown(socket.SHUT_WR)
        answer = b""
        while part := conn.recv(65536):
            answer += part
    assert lab.client().messages.list(limit=1) == []
    if b"\n" not in data.lstrip(b"\r\n"):
        assert answer == b"", "nobody asked anything: there is no whole line"
        return
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1][:1] in (b"4", b"5") and b"application/json" in head and body.startswith(b"{")


def test_a_request_that_is_too_long_is_told(lab):
    lab.start()
    answer = lab.cli("show", "x" * 100000, check=False)
    assert answer.returncode == 1 and "at most 4096" in answer.stderr
