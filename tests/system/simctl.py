"""Drives modemsim, the modem simulator, from Python. docs/simulator.md lists its verbs.

    with ModemSim(tmp_path, ["m1", "m2,pin=1234"]) as sim:
        port = sim.link("m1")                      # what a client opens
        sim.cmd("inject", "m1", **{"from": "+41791112233", "text": "Grüezi"})
        sim.wait("m1", "deleted", 1)               # until the client has fetched and deleted it
        assert sim.pdus()[0]["text"] == "Hello"

Nothing here sleeps: the simulator answers when the thing has happened, or with an error when the deadline has passed.
"""
import json
import os
import pathlib
import select
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEADLINE_S = 30.0


class SimError(Exception):
    """The simulator has answered `err ...`."""


def build_dir():
    return pathlib.Path(os.environ.get("CELLPOST_BUILD", ROOT / "build" / "release"))


def binary():
    return build_dir() / "hil" / "sim" / "modemsim"


def until(probe, deadline_s=DEADLINE_S, step_s=0.02, what="condition"):
    """The first true value of probe(); for things that offer no event (another program's files). Waits on the clock only between looks."""
    end = time.monotonic() + deadline_s
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} not reached in {deadline_s} s")
        select.select([], [], [], step_s)


def quote(word):
    """A word of the control protocol: quoted as JSON does when it has to be, the value only where it is key=value."""
    text = str(word)
    if text and not any(c in text for c in ' "%\\\r\n\t'):
        return text
    return json.dumps(text, ensure_ascii=False)


class Control:
    """One connection to the control socket. Use a second one to act while a wait is blocking the first."""

    def __init__(self, path, deadline_s=DEADLINE_S):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(deadline_s)
        self.sock.connect(str(path))
        self.rest = b""

    def close(self):
        self.sock.close()

    def send(self, *words, **keys):
        line = " ".join([quote(w) for w in words] + [f"{k}={quote(v)}" for k, v in keys.items()])
        self.sock.sendall(line.encode() + b"\n")

    def receive(self):
        while b"\n" not in self.rest:
            data = self.sock.recv(65536)
            if not data:
                raise SimError("the simulator has gone")
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        status, _, text = line.decode().partition(" ")
        if status != "ok":
            raise SimError(text)
        return text

    def cmd(self, *words, **keys):
        self.send(*words, **keys)
        return self.receive()


class Port:
    """A client of a modem's port, byte by byte; what it reads is what came over the line."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def write(self, data):
        os.write(self.fd, data.encode() if isinstance(data, str) else data)

    def read_until(self, *ends, timeout_s=5.0):
        """Up to and with the first of ends to come; what follows stays for the next call."""
        deadline = time.monotonic() + timeout_s
        while True:
            at = [self.rest.find(e.encode()) + len(e) for e in ends if e.encode() in self.rest]
            if at:
                got, self.rest = self.rest[:min(at)], self.rest[min(at):]
                return got.decode()
            ready, _, _ = select.select([self.fd], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(f"{ends} did not come, but {self.rest!r}")
            self.rest += os.read(self.fd, 65536)

    def quiet(self, for_s):
        """Nothing comes for so long."""
        ready, _, _ = select.select([self.fd], [], [], for_s)
        return not self.rest and not ready

    def at(self, command, timeout_s=5.0):
        """A command and its answer up to the final result."""
        self.write(command + "\r")
        got = self.read_until("OK\r\n", "ERROR", timeout_s=timeout_s)
        return got + self.read_until("\r\n", timeout_s=timeout_s) if got.endswith("ERROR") else got

    def send_pdu(self, tpdu, timeout_s=5.0):
        """+CMGS of a TPDU in hex, from the command to the final result."""
        self.write(f"AT+CMGS={len(tpdu) // 2}\r")
        self.read_until("> ")
        self.write(f"00{tpdu}\x1a")
        got = self.read_until("OK\r\n", "ERROR", timeout_s=timeout_s)
        return got + self.read_until("\r\n", timeout_s=timeout_s) if got.endswith("ERROR") else got


class ModemSim:
    """A running modemsim. modems: "NAME[,key=value...]" each; its symlink is <folder>/NAME."""

    def __init__(self, folder, modems=("m1",), baud=0, args=(), env=None):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "sim.sock"
        self.journal_path = self.folder / "journal.jsonl"
        self.names = [m.split(",", 1)[0] for m in modems]
        self.argv = [str(binary()), "--control", str(self.socket), "--journal", str(self.journal_path), "--baud", str(baud)]
        for modem in modems:
            name, _, keys = modem.partition(",")
            self.argv += ["--modem", f"{name}={self.folder / name}" + (f",{keys}" if keys else "")]
        self.argv += list(args)
        self.env = env
        self.process = None
        self.control = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self):
        self.process = subprocess.Popen(self.argv, env=self.env)
        until(self._up, what="modemsim's control socket")
        return self

    def _up(self):
        if self.process.poll() is not None:
            raise SimError(f"modemsim ended with status {self.process.returncode}")
        try:
            self.control = Control(self.socket)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def stop(self):
        """Ends it and insists that it ends well, so that a sanitizer's complaint fails the test."""
        if self.process is None:
            return
        self.control.close()
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(DEADLINE_S)
        self.process = None
        if status != 0:
            raise SimError(f"modemsim ended with status {status}")

    def connect(self):
        """A further connection."""
        return Control(self.socket)

    def link(self, name="m1"):
        return str(self.folder / name)

    def cmd(self, *words, **keys):
        return self.control.cmd(*words, **keys)

    def wait(self, modem, event, *args, timeout_s=DEADLINE_S):
        """wait("m1", "pdu", 3), wait("m1", "cmd", "+CMGS", 2), wait("m1", "idle")."""
        control = Control(self.socket, timeout_s + 10)
        try:
            return control.cmd("wait", modem, event, *args, int(timeout_s * 1000))
        finally:
            control.close()

    def inject(self, modem, sender, text, *flags, **keys):
        return self.cmd("inject", modem, *flags, **{"from": sender, "text": text}, **keys)

    def stats(self, modem="m1"):
        return json.loads(self.cmd("stats", modem))

    def state(self, modem="m1"):
        return json.loads(self.cmd("state", modem))

    def messages(self, modem="m1"):
        return json.loads(self.cmd("messages", modem))

    def journal(self):
        """Whole lines: the last one may be on its way to the file still."""
        if not self.journal_path.exists():
            return []
        return [json.loads(line) for line in self.journal_path.read_text().split("\n")[:-1]]

    def pdus(self, modem=None):
        """The PDUs the network has accepted, in order."""
        return [e for e in self.journal() if e["event"] == "pdu" and modem in (None, e["modem"])]
