"""cellpost-board, the firmware as a process, for the system tests: its link's pty, its bus, its NV in a folder."""
import os
import select
import signal
import socket
import subprocess
import time

from gateway import BUILD, PATIENCE, until


# A module that starts and ends in no time: the daemon's side of modemsim's `power=generic`.
QUICK = "module = CUSTOM\ntiming = PULSE rise=20 on=150 off=400 reset=80 up_max=2000 down_max=2000 settle=50 min_off=800"


class Board:
    def __init__(self, folder, name="north", args=(), program=BUILD / "boards/host/cellpost-board"):
        self.folder = folder
        self.program = program
        self.name = name
        self.uart, self.bus, self.nv = (folder / f"{name}.{what}" for what in ("uart", "bus", "nv"))
        self.args = args
        self.process = None

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.bus.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [self.program, "--bus", self.bus, "--uart", self.uart, "--nv", self.nv, *self.args], stdout=subprocess.PIPE
        )
        ready, _, _ = select.select([self.process.stdout], [], [], 20 * PATIENCE)
        if not ready or not os.read(self.process.stdout.fileno(), 200).startswith(b"uart "):
            raise AssertionError("cellpost-board did not start")
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(str(self.bus))
        self.rest = b""
        return self

    def say(self, line):
        self.connection.sendall(line.encode() + b"\n")

    def wait(self, begins, seconds=20):
        """The next line of the bus that begins so."""
        line = self.comes(begins, seconds * PATIENCE)
        assert line, f"no {begins!r} on the bus"
        return line

    def comes(self, begins, seconds):
        """The same, or None after so long."""
        deadline = time.monotonic() + seconds
        while True:
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                if line.decode().startswith(begins):
                    return line.decode()
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.connection], [], [], left)[0]:
                return None
            got = self.connection.recv(65536)
            if not got:
                raise AssertionError("the board has closed the bus")
            self.rest += got

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.connection.close()
            self.process.kill()
            self.process.wait()

    def section(self, **options):
        return f"[board {self.name}]\nport = pty:{self.uart}\n" + "".join(f"{key} = {value}\n" for key, value in options.items())


def words(line):
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def boards(gateway):
    """What `cellpost board` says, by name."""
    return {row["board"]: row for row in map(words, gateway.cli("board").splitlines())}


def wait_board(gateway, name, seconds=20, **fields):
    """Until the board's row has these values; the row."""

    def look():
        row = boards(gateway).get(name, {})
        return all(row.get(key) == str(value) for key, value in fields.items()) and row

    return until(look, seconds, f"board {name} {fields}", pause_s=0.05)
