"""A client of the BUS, the board's pins as text lines: a Unix socket of a simulator, or the serial port of a pin jig.

What it reads comes as tuples: Pin(name, slot, value, t), Reset(cause, t), Tick(t). `t` is in milliseconds on the board side's clock, only
good for differences. A line that the other side did not understand (ERR) is an error of the bench and raises.

Lock-step: grant(ms) lets the board run until that many milliseconds from the last Tick have passed or a pin has changed, whichever is
first; the next Tick says how far it came. A client that never grants only watches."""
import collections
import os
import re
import select
import socket
import termios
import time
import tty

Pin = collections.namedtuple("Pin", "name slot value t")
Reset = collections.namedtuple("Reset", "cause t")
Tick = collections.namedtuple("Tick", "t")

_PIN = re.compile(rb"PIN ([A-Z_]+)(\d?) ([01]) t=(\d+)")
_RESET = re.compile(rb"RESET ([A-Z_]+) t=(\d+)")


class BusClosed(Exception):
    """The board's side has gone."""


def open_serial(path, baud):
    """A serial port or pty: raw, not blocking, at the rate."""
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(fd)
    settings = termios.tcgetattr(fd)
    settings[4] = settings[5] = getattr(termios, f"B{baud}")
    termios.tcsetattr(fd, termios.TCSANOW, settings)
    return fd


class _Socket:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.setblocking(False)
        self.fd = self.socket.fileno()

    def close(self):
        self.socket.close()


class _Serial:
    def __init__(self, path, baud):
        self.fd = open_serial(path, baud)

    def close(self):
        os.close(self.fd)


class Bus:
    """address: the path of a socket, or "serial:DEVICE[:BAUD]". Returns once CAPS has been read."""

    def __init__(self, address, patience_s=120):
        self.patience_s = patience_s
        if str(address).startswith("serial:"):
            _, device, baud = (str(address) + ":115200").split(":")[:3]
            self.port = _Serial(device, baud)
            self.say("HELLO")  # a jig does not see its port being opened
        else:
            self.port = _Socket(address)
        self.rest = b""
        self.lines = collections.deque()
        words = self._first_line(patience_s)
        while words[:1] != ["CAPS"]:  # a jig may have told something before it heard us
            words = self._first_line(patience_s)
        self.caps = {word for word in words[1:] if "=" not in word}
        self.values = dict(word.split("=") for word in words[1:] if "=" in word)

    def _first_line(self, patience_s):
        if not self.lines:
            self._read(patience_s)
        if not self.lines:
            raise BusClosed(f"no CAPS within {patience_s} s")
        return self.lines.popleft().decode(errors="replace").split()

    def fileno(self):
        return self.port.fd

    def close(self):
        self.port.close()

    def say(self, *words):
        data = " ".join(map(str, words)).encode() + b"\n"
        while data:
            try:
                data = data[os.write(self.port.fd, data):]
            except BlockingIOError:
                select.select([], [self.port.fd], [], self.patience_s)

    def grant(self, ms):
        self.say("GO", ms)

    def read(self, wait_s):
        """What came, at once or within wait_s; [] where nothing did."""
        if not self.lines:
            self._read(wait_s)
        out = [self._parse(line) for line in self.lines]
        self.lines.clear()
        return [item for item in out if item]

    def read_tick(self):
        """All until the next Tick, with it as the last."""
        out = []
        while not out or not isinstance(out[-1], Tick):
            if not self.lines:
                self._read(self.patience_s)
            if not self.lines:
                raise BusClosed(f"no TICK within {self.patience_s} s")
            out += [item for item in [self._parse(self.lines.popleft())] if item]
        return out

    def _read(self, wait_s):
        end = time.monotonic() + wait_s
        while True:
            if select.select([self.port.fd], [], [], max(0, end - time.monotonic()))[0]:
                try:
                    data = os.read(self.port.fd, 65536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    raise BusClosed("the board closed the bus")
                *lines, self.rest = (self.rest + data).split(b"\n")
                self.lines.extend(lines)
            if self.lines or time.monotonic() >= end:
                return

    def _parse(self, line):
        if line.startswith(b"TICK "):
            return Tick(int(line[5:]))
        if match := _PIN.fullmatch(line):
            return Pin(match[1].decode(), int(match[2] or 0), int(match[3]), int(match[4]))
        if match := _RESET.fullmatch(line):
            return Reset(match[1].decode(), int(match[2]))
        raise ValueError(f"the board's side of the bus said {line.decode(errors='replace')!r}")
