"""The whole of it in real time: the real cellpostd, the rig's board, modems of modemsim that are powered by the board's pins, and the Twilio
SDK. What a switch in the host's supply would do is done here: while HOST_CUT is asserted the daemon is dead, then it is started again."""
import pathlib
import sys
import threading
import time

from bus import Bus, BusClosed, Pin
from program import Program

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests/system"))
from gateway import ACCOUNT, Application, Gateway, Sim, configuration, until  # noqa: E402, F401

# Of modemsim's quick family "generic", as a person would set it; docs/simulator.md.
TIMES = "PULSE rise=30 on=150 off=350 reset=80 up_max=3000 down_max=2000 settle=100 min_off=800"
NUMBERS = ["+41790000001", "+41790000002"]


class Watcher(threading.Thread):
    """Keeps what the BUS tells, and calls on(item) for each."""

    def __init__(self, address, on):
        super().__init__(daemon=True)
        self.bus, self.on = Bus(address), on
        self.seen = []
        self.changed = threading.Condition()
        self.start()

    def run(self):
        try:
            while True:
                for item in self.bus.read(3600):
                    with self.changed:
                        self.seen.append(item)
                        self.changed.notify_all()
                    self.on(item)
        except (BusClosed, OSError, ValueError):
            pass

    def mark(self):
        with self.changed:
            return len(self.seen)

    def wait(self, since, found, seconds, what):
        """The first item since the mark for which found(it)."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                for item in self.seen[since:]:
                    if found(item):
                        return item
                left = deadline - time.monotonic()
                assert left > 0, f"{what} did not come within {seconds} s: {[i for i in self.seen[since:] if getattr(i, 'name', '') != 'LED'][-8:]}"
                self.changed.wait(left)

    def wait_pin(self, since, name, value, seconds, slot=0):
        return self.wait(since, lambda item: isinstance(item, Pin) and item[:3] == (name, slot, value), seconds, f"PIN {name} {value}")

    def pins(self, since, name, slot=0):
        with self.changed:
            return [item.value for item in self.seen[since:] if isinstance(item, Pin) and item[:2] == (name, slot)]


class Stack:
    def __init__(self, spec, folder, modems=1):
        self.folder = pathlib.Path(folder)
        self.board = Program(spec["board"], folder)
        self.gateway, self.starts = None, threading.Semaphore(0)
        self.watch = Watcher(self.board.bus, self._switch)
        self.names = [f"m{n + 1}" for n in range(modems)]
        self.sim = Sim(self.folder / "sim", {name: dict(number=NUMBERS[n], report_ms=30, board=self.board.bus, slot=n, power="generic")
                                             for n, name in enumerate(self.names)}).start()
        self.app = Application()
        self.gateway = Gateway(self._configuration, self.folder / "gateway")
        self.baud = spec["board"].get("baud", 115200)
        self.gateway.start()

    def _configuration(self, data):
        lines = [(name, NUMBERS[n], self.sim.link(name), f"north:{n}\nmodule = CUSTOM\ntiming = {TIMES}") for n, name in enumerate(self.names)]
        return configuration(lines, data, f"[board north]\nport = pty:{self.board.uart}\n")

    def close(self):
        self.watch.on = lambda item: None
        if self.gateway:
            self.gateway.remove()
        self.sim.stop()
        self.app.close()
        self.watch.bus.close()
        self.board.stop()

    # ---- the switch in the host's supply ----

    def _switch(self, item):
        if self.gateway is None or not isinstance(item, Pin) or item.name != "HOST_CUT":
            return
        if item.value:
            self.gateway.kill()
        else:
            threading.Thread(target=self._host_boots, daemon=True).start()

    def _host_boots(self):
        self.gateway.start()
        self.starts.release()

    # ---- the person's view ----

    def set(self, name, value):
        self.gateway.cli("board", "north", "set", name, value)

    def ready(self, seconds=60):
        self.gateway.wait_line_ready(*self.names, seconds=seconds)
        return self

    def send(self, text, line=0):
        return self.gateway.client().messages.create(to="+41791234567", from_=NUMBERS[line], body=text, status_callback=self.app.url("/status")).sid

    def status(self, sid):
        return self.gateway.client().messages(sid).fetch().status

    def delivered(self, sid, seconds):
        """Seconds until it was told to be sent, and until then delivered."""
        begin = time.monotonic()
        self.app.wait(lambda r: r["form"].get("MessageSid") == sid and r["form"].get("MessageStatus") in ("sent", "delivered"), seconds=seconds)
        sent = time.monotonic() - begin
        self.app.wait(lambda r: r["form"].get("MessageSid") == sid and r["form"].get("MessageStatus") == "delivered", seconds=seconds)
        return sent

    def on_air(self, text):
        """How often the network has taken this text."""
        return sum(1 for pdu in self.sim.pdus() if pdu.get("text") == text)

    def remedies(self):
        """rung -> its numbers, from `cellpost recoveries`."""
        rows = [dict(word.split("=", 1) for word in line.split()) for line in self.gateway.cli("recoveries").splitlines()]
        return {row["rung"]: row for row in rows}
