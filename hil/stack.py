"""The whole of it in real time: the real cellpostd, the rig's board, modems of modemsim that are powered by the board's pins, and the Twilio
SDK. What a switch in the host's supply would do is done here: while HOST_CUT is asserted the daemon is dead, then it is started again."""
import pathlib
import sys
import threading
import time

from bus import Bus, BusClosed, Pin
from program import Program

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests/system"))
from gateway import ACCOUNT, PATIENCE, Application, Gateway, Sim, configuration, until  # noqa: E402, F401

# Of modemsim's quick family "generic", as a person would set it; docs/simulator.md.
TIMES = "PULSE rise=30 on=150 off=350 reset=80 up_max=3000 down_max=2000 settle=100 min_off=800"


class Watcher:
    """Keeps what the BUS tells, and calls on(item) for each."""

    def __init__(self, address, on):
        self.on = on
        self.seen = []
        self.changed = threading.Condition()
        self.follow(address)

    def follow(self, address):
        """From now on this bus; the one before has ended."""
        self.bus = Bus(address)
        threading.Thread(target=self._read, args=(self.bus,), daemon=True).start()

    def _read(self, bus):
        try:
            while True:
                for item in bus.read(3600):
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
        deadline = time.monotonic() + seconds * PATIENCE
        with self.changed:
            while True:
                for item in self.seen[since:]:
                    if found(item):
                        return item
                left = deadline - time.monotonic()
                assert left > 0, f"{what} did not come within {seconds * PATIENCE:.0f} s: {[i for i in self.seen[since:] if getattr(i, 'name', '') != 'LED'][-8:]}"
                self.changed.wait(left)

    def wait_pin(self, since, name, value, seconds, slot=0):
        return self.wait(since, lambda item: isinstance(item, Pin) and item[:3] == (name, slot, value), seconds, f"PIN {name} {value}")

    def pins(self, since, name, slot=0):
        with self.changed:
            return [item.value for item in self.seen[since:] if isinstance(item, Pin) and item[:2] == (name, slot)]


class Stack:
    """Boards named board0, board1 ... of the rig, each with so many modems in its first slots; a line for each modem, named as the modem."""

    def __init__(self, spec, folder, boards=1, modems=1):
        self.folder = pathlib.Path(folder)
        self.gateway, self.sim, self.booted = None, None, threading.Semaphore(0)
        self.dark = 0  # HOST_CUT as it is
        self.boards = [Program(spec["board"], self._folder(f"b{n}"), more=["--image-dir", self._folder(f"i{n}")] if spec["board"].get("image_dir") else [])
                       for n in range(boards)]
        self.watch = Watcher(self.boards[0].bus, self._switch)
        self.baud = spec["board"].get("baud", 115200)
        self.places = {f"m{n + 1}": divmod(n, modems) for n in range(boards * modems)}  # modem -> board, slot
        self.numbers = {name: f"+4179000000{n}" for n, name in enumerate(self.places)}
        self.start_sim()
        self.app = Application()
        self.gateway = Gateway(self._configuration, self.folder / "gateway").start()

    def _folder(self, name):
        (self.folder / name).mkdir()
        return self.folder / name

    def start_sim(self, **keys):
        """Modems, or others in their place."""
        self.sim = Sim(self.folder / "sim", {name: dict(number=self.numbers[name], report_ms=30, board=self.boards[board].bus, slot=slot,
                                                        power="generic", **keys) for name, (board, slot) in self.places.items()}).start()

    def _configuration(self, data):
        lines = [(name, self.numbers[name], self.sim.link(name), f"board{board}:{slot}\nmodule = CUSTOM\ntiming = {TIMES}")
                 for name, (board, slot) in self.places.items()]
        boards = [f"[board board{n}]\nport = pty:{board.uart}\nbaud = {self.baud}\n" for n, board in enumerate(self.boards)]
        return configuration(lines, data, "".join(boards))

    def close(self):
        self.watch.on = lambda item: None
        if self.gateway:
            self.gateway.remove()
        self.sim.stop()
        self.app.close()
        self.watch.bus.close()
        for board in self.boards:
            board.stop()

    # ---- the switch in the host's supply ----

    def _switch(self, item):
        if self.gateway is None or not isinstance(item, Pin) or item.name != "HOST_CUT" or item.value == self.dark:
            return
        self.dark = item.value
        if self.dark:
            self.gateway.kill()
        else:
            threading.Thread(target=self._host_boots, daemon=True).start()

    def _host_boots(self):
        self.gateway.start()
        self.booted.release()

    # ---- the person's view ----

    def board(self, *words, number=0):
        """`cellpost board NAME ...`"""
        return self.gateway.cli("board", f"board{number}", *words)

    def row(self, number=0):
        return self.gateway_words(self.board(number=number).splitlines()[0])

    @staticmethod
    def gateway_words(line):
        return dict(word.split("=", 1) for word in line.split() if "=" in word)

    def ready(self, seconds=60):
        self.gateway.wait_line_ready(*self.places, seconds=seconds)
        return self

    def send(self, text, line="m1"):
        return self.gateway.client().messages.create(to="+41791234567", from_=self.numbers[line], body=text,
                                                     status_callback=self.app.url("/status")).sid

    def status(self, sid):
        return self.gateway.client().messages(sid).fetch().status

    def delivered(self, sid, seconds):
        """Waits until it was told to be delivered; the time.monotonic() at which it was told to be sent."""
        self.app.wait(lambda r: r["form"].get("MessageSid") == sid and r["form"].get("MessageStatus") == "delivered", seconds=seconds)
        return self.app.wait(lambda r: r["form"].get("MessageSid") == sid and r["form"].get("MessageStatus") in ("sent", "delivered"))[0]["at"]

    def on_air(self, text):
        """How often the network has taken this text."""
        return sum(1 for pdu in self.sim.pdus() if pdu.get("text") == text)

    def cures(self, line):
        """The rungs that have cured the line's modem, from `cellpost recoveries`."""
        rows = map(self.gateway_words, self.gateway.cli("recoveries").splitlines())
        return [row["rung"] for row in rows if row["line"] == line and row["cured"] != "0"]
