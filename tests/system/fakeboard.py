"""A board that is only its BUS (hil/bus/line.h), for one client: pins by hand, in real time or in lock-step."""
import os
import select
import socket
import time

DEADLINE_S = 20


class FakeBoard:
    """In real time the test says each line's time. In lock-step run(ms) is the board: it stops where pins of `plan` change."""

    def __init__(self, path, lockstep=False, slots=2, pins=(), t=0):
        self.path, self.lockstep, self.slots, self.t = str(path), lockstep, slots, t
        self.pins = {(name, slot): 0 for name in ("VBAT_EN", "PWRKEY", "RESET") for slot in range(slots)} | dict(pins)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen()
        self.peer = None
        self.rest = b""
        self.heard = []  # (t, line): what the client said, by the time at which the board stood

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        if self.peer:
            self.peer.close()
        self.server.close()
        os.unlink(self.path)

    def accept(self):
        self.server.settimeout(DEADLINE_S)
        self.peer, _ = self.server.accept()
        self.say(f"CAPS {'lockstep ' if self.lockstep else ''}slots={self.slots}")
        for (name, slot), value in self.pins.items():
            self._say_pin(name, slot, value)
        if self.lockstep:
            self.say(f"TICK {self.t}")
        return self

    def say(self, line):
        self.peer.sendall(line.encode() + b"\n")

    def _say_pin(self, name, slot, value):
        self.say(f"PIN {name}{slot or ''} {value} t={self.t}")

    def pin(self, name, value, slot=0, after=0):
        """Real time: so many milliseconds after the last one, by the board's clock."""
        self.t += after
        self.pins[name, slot] = value
        self._say_pin(name, slot, value)

    def line(self, timeout_s=DEADLINE_S):
        end = time.monotonic() + timeout_s
        while b"\n" not in self.rest:
            if not select.select([self.peer], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"no line; heard at last {self.heard[-5:]}")
            data = self.peer.recv(65536)
            if not data:
                raise EOFError("the client has gone")
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        self.heard.append((self.t, line.decode()))
        return line.decode()

    def until(self, line, timeout_s=DEADLINE_S):
        while self.line(timeout_s) != line:
            pass

    # ---- lock-step ----

    def run(self, ms, *changes):
        """So many milliseconds; changes: (after_ms, name, value[, slot]) in order. Returns what was heard, (ms from here, line), GO left out."""
        begin, heard_before, todo = self.t, len(self.heard), list(changes)
        while True:
            granted = self._granted()
            if self.t - begin == ms:
                self._left = granted
                break
            stop = min([ms] + [todo[0][0]] if todo else [ms])
            self.t += min(granted, begin + stop - self.t)
            while todo and todo[0][0] == self.t - begin:
                _, name, value, *slot = todo.pop(0)
                self.pins[name, slot[0] if slot else 0] = value
                self._say_pin(name, slot[0] if slot else 0, value)
            self.say(f"TICK {self.t}")
        return [(t - begin, line) for t, line in self.heard[heard_before:] if not line.startswith("GO")]

    _left = None  # a grant that run() has read and not used

    def _granted(self):
        if self._left is not None:
            granted, self._left = self._left, None
            return granted
        while not (line := self.line()).startswith("GO"):
            pass
        return int(line.split()[1])
