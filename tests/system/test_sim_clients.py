"""Proof that modemsim is a modem: programs written for real ones work through it unchanged. gammu, python-gammu, smstools and gammu-smsd,
as Debian packages them. A client that is not installed fails its test rather than skipping it, unless CELLPOST_SKIP_CLIENTS is set."""
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from simctl import ModemSim, until

PEER = "+41790000002"  # modem m2's own number: the simulated network delivers there
OTHER = "+41791112233"


def need(program):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None and os.environ.get("CELLPOST_SKIP_CLIENTS"):
        pytest.skip(f"{program} is not installed")
    assert path, f"{program} is not installed"
    return path


@pytest.fixture
def sim(tmp_path):
    with ModemSim(tmp_path, ["m1", "m2"]) as running:
        yield running


@pytest.fixture
def gammu(sim, tmp_path):
    config = tmp_path / "gammurc"
    config.write_text(f"[gammu]\ndevice={sim.link('m1')}\nconnection=at115200\n")

    def run(*args):
        done = subprocess.run([need("gammu"), "-c", str(config), *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=90, env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


class Daemon:
    """Another program in the background, ended with the test. Its own log is shown when it died."""

    def __init__(self, argv, log):
        self.log = pathlib.Path(log)
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        died = self.process.poll() is not None
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if exc[0] is not None or died:
            print(self.log.read_text(errors="replace")[-4000:] if self.log.exists() else "no log")
        assert not died, "the daemon ended by itself"


# ---- gammu ----

def test_gammu_identify(gammu):
    out = gammu("identify")
    assert "Simulated" in out and "350000000000001" in out and "228010000000001" in out


def test_gammu_network_and_battery(gammu):
    assert "22899" in gammu("networkinfo") or "home network" in gammu("networkinfo")
    assert "100 percent" in gammu("battery")


def test_gammu_sends(sim, gammu):
    gammu("sendsms", "TEXT", PEER, "-text", "Hello from gammu")
    (pdu,) = sim.pdus("m1")
    assert (pdu["to"], pdu["text"]) == (PEER, "Hello from gammu")
    sim.wait("m2", "mt", 1)
    assert sim.stats("m1")["violation"] == 0


def test_gammu_sends_parts(sim, gammu):
    text = "0123456789" * 40
    gammu("sendsms", "TEXT", OTHER, "-autolen", "400", "-text", text)
    parts = sorted(sim.pdus("m1"), key=lambda p: p["concat"]["seq"])
    assert "".join(p["text"] for p in parts) == text
    assert len({p["concat"]["ref"] for p in parts}) == 1


def test_gammu_lists_and_deletes(sim, gammu):
    sim.inject("m1", OTHER, "Grüezi 😀")
    sim.cmd("inject-multipart", "m1", **{"from": OTHER, "text": "abcdefghij" * 30, "ref": 7, "order": "2,1"})
    out = gammu("getallsms")
    assert "Grüezi 😀" in out and OTHER in out
    gammu("deleteallsms", "1")
    sim.wait("m1", "empty")


def test_gammu_pin(tmp_path):
    with ModemSim(tmp_path, ["m1,pin=4321"]) as sim:
        config = tmp_path / "gammurc"
        config.write_text(f"[gammu]\ndevice={sim.link('m1')}\nconnection=at115200\n")
        out = subprocess.run([need("gammu"), "-c", str(config), "getsecuritystatus"], capture_output=True, text=True, timeout=60)
        assert "PIN" in out.stdout
        subprocess.run([need("gammu"), "-c", str(config), "entersecuritycode", "PIN", "4321"], timeout=60, check=True)
        sim.wait("m1", "ready")


# ---- python-gammu ----

@pytest.fixture
def machine(sim, tmp_path):
    gammu_module = pytest.importorskip("gammu") if os.environ.get("CELLPOST_SKIP_CLIENTS") else __import__("gammu")
    state = gammu_module.StateMachine()
    state.SetConfig(0, {"Device": sim.link("m1"), "Connection": "at115200"})
    state.Init()
    yield state
    state.Terminate()


def test_python_gammu_sends(sim, machine):
    assert machine.GetIMEI() == "350000000000001"
    reference = machine.SendSMS({"Text": "from python", "SMSC": {"Location": 1}, "Number": OTHER})
    (pdu,) = sim.pdus("m1")
    assert (pdu["text"], pdu["mr"]) == ("from python", reference)


def test_python_gammu_unicode(sim, machine):
    machine.SendSMS({"Text": "Добрый день", "SMSC": {"Location": 1}, "Number": OTHER, "Coding": "Unicode_No_Compression"})
    assert sim.pdus("m1")[0]["text"] == "Добрый день"


def test_python_gammu_receives(sim, machine):
    sim.inject("m1", OTHER, "to python")
    (message,) = machine.GetNextSMS(Start=True, Folder=0)
    assert (message["Text"], message["Number"]) == ("to python", OTHER)
    machine.DeleteSMS(message["Folder"], message["Location"])
    sim.wait("m1", "deleted", 1)


# ---- smstools ----

@pytest.fixture
def smstools(sim, tmp_path):
    spool = {name: tmp_path / name for name in ("outgoing", "checked", "failed", "incoming", "sent", "report", "stats")}
    for folder in spool.values():
        folder.mkdir()
    config, log = tmp_path / "smsd.conf", tmp_path / "smsd.log"
    config.write_text(
        "devices = m1\nloglevel = 7\ndelaytime = 1\nerrorsleeptime = 1\nblocktime = 1\nautosplit = 3\n"
        + f"logfile = {log}\ninfofile = {tmp_path}/smsd.info\npidfile = {tmp_path}/smsd.pid\n"
        + "".join(f"{name} = {folder}\n" for name, folder in spool.items() if name not in ("stats", "report"))
        + f"stats = {spool['stats']}\nreport = {spool['report']}\n"
        + f"\n[m1]\ndevice = {sim.link('m1')}\nbaudrate = 115200\nincoming = high\nreport = yes\nmemory_start = 1\n")
    with Daemon([need("smsd"), "-t", f"-c{config}"], log):
        yield spool


def files(folder):
    return [p for p in folder.iterdir() if p.is_file() and not p.name.endswith(".LOCK")]


def written(folder, end):
    """The text of the one file that came, once it is there as far as its end: it may be seen while it is written."""
    texts = []

    def whole():
        texts[:] = [path.read_text() for path in files(folder)]
        return any(text.endswith(end) for text in texts)

    try:
        until(whole, 60)
    except TimeoutError:
        raise AssertionError(f"no file ends with {end!r}: {texts}") from None
    (text,) = texts
    return text


def put(spool, text, to=OTHER):
    """As smstools wants it: written aside, then moved in whole."""
    temp = spool["outgoing"].parent / "new-message"
    temp.write_text(f"To: {to.lstrip('+')}\nReport: yes\n\n{text}")
    temp.rename(spool["outgoing"] / "send_1")


def test_smstools_sends(sim, smstools):
    put(smstools, "Hello from smstools")
    sim.wait("m1", "pdu", 1, timeout_s=60)
    (pdu,) = sim.pdus("m1")
    assert (pdu["to"], pdu["text"], pdu["srr"]) == (OTHER, "Hello from smstools", True)
    until(lambda: files(smstools["sent"]), 60, what="smstools' sent file")
    assert not files(smstools["failed"])


def test_smstools_receives(sim, smstools):
    sim.inject("m1", OTHER, "Hello smstools")
    sim.wait("m1", "deleted", 1, timeout_s=60)
    assert f"From: {OTHER[1:]}" in written(smstools["incoming"], "Hello smstools")


# ---- gammu-smsd ----

@pytest.fixture
def gammu_smsd(sim, tmp_path):
    spool = {name: tmp_path / name for name in ("inbox", "outbox", "sent", "error")}
    for folder in spool.values():
        folder.mkdir()
    config, log = tmp_path / "smsdrc", tmp_path / "gammu-smsd.log"
    config.write_text(
        f"[gammu]\ndevice = {sim.link('m1')}\nconnection = at115200\n\n[smsd]\nservice = files\nlogfile = {log}\ndebuglevel = 1\n"
        "commtimeout = 1\nsendtimeout = 20\nloopsleep = 1\nreceivefrequency = 1\nstatusfrequency = 0\nchecksecurity = 0\n"
        "hangupcalls = 0\ncheckbattery = 0\nchecksignal = 0\nresetfrequency = 0\n"
        f"inboxpath = {spool['inbox']}/\noutboxpath = {spool['outbox']}/\nsentsmspath = {spool['sent']}/\n"
        f"errorsmspath = {spool['error']}/\n")
    with Daemon([need("gammu-smsd"), "-c", str(config)], log):
        yield spool


def test_gammu_smsd_sends(sim, gammu_smsd):
    temp = gammu_smsd["outbox"].parent / "new-message"
    temp.write_text("Hello from gammu-smsd")
    temp.rename(gammu_smsd["outbox"] / f"OUT{OTHER}.txt")
    sim.wait("m1", "pdu", 1, timeout_s=60)
    (pdu,) = sim.pdus("m1")
    assert (pdu["to"], pdu["text"]) == (OTHER, "Hello from gammu-smsd")
    until(lambda: files(gammu_smsd["sent"]), 60, what="gammu-smsd's sent file")
    assert not files(gammu_smsd["error"])


def test_gammu_smsd_receives(sim, gammu_smsd):
    sim.inject("m1", OTHER, "Hello gammu-smsd")
    sim.wait("m1", "deleted", 1, timeout_s=60)
    assert written(gammu_smsd["inbox"], "Hello gammu-smsd") == "Hello gammu-smsd"
