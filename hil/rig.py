"""One board on the bench, whatever it is made of: its link, its BUS, and modules at its pins. The cases see only this.

    rig.plug(0, "EC25")                           # a module at the slot's pins, and the board told
    t = rig.until_pin("PWRKEY", 0, 1, 12000)      # its time; AssertionError where it does not come in time
    rig.ask("SLOT_READ", slot=0)                  # fields of the answer; AssertionError unless OK
    rig.run(500)

All times are milliseconds of the board. In lock-step (CAPS) they are exact: the modules of the bench act in the millisecond in which
something happened, and rig.tolerance() is the board's own tolerance_ms. In real time the bench follows the clock, and the tolerance grows by
the greatest lag measured so far. Every rule of story.py is watched all the time; close() fails where one was broken."""
import os
import pathlib
import select
import time
import tomllib

import link
from bus import Bus, Pin, Reset, Tick, open_serial
from link import SETTINGS, Cap, Link, Module as ModuleName, Phase, Status, Target
from module import Module
from program import Program
from story import Story

STEP_MS = 25  # between two looks at the link while something is awaited
GRANT_MS = 30000  # at most at once: a slow simulator still answers within the bus's patience


def read_rig(name):
    """The rig file of that name (rigs/NAME.toml) or path."""
    path = pathlib.Path(name) if name.endswith(".toml") else pathlib.Path(__file__).parent / "rigs" / f"{name}.toml"
    rig = tomllib.loads(path.read_text())
    rig.setdefault("name", path.stem)
    return rig


class Rig:
    def __init__(self, spec, folder, start_ms=0, lockstep=True):
        self.spec, self.board = spec, spec["board"]
        self.lag_ms = 0
        self.beat_ms, self._beat_at, self._turn = None, 0, 0
        self._request, self._asking = 0, False
        self._before = {}  # counters of a board that has lived already
        self.seen, self._cursor = [], 0
        self.modules, self.states, self.told = {}, {}, []
        self.supply_mv = 4000
        self.program = Program(self.board, folder, start_ms, lockstep and self.board.get("clock", "lockstep") == "lockstep")
        self.bus = Bus(self.program.bus)
        self.caps = self.bus.caps | set(self.board.get("caps", []))
        self.lockstep = "lockstep" in self.caps
        self.uart = open_serial(self.program.uart, self.board.get("baud", 115200))
        # a board of hardware may still know the last number of the bench before; one that has just been made runs the same each time
        self.link = Link(self._write, time.monotonic_ns() % 255 if self.program.process is None else 0)
        self._meet()

    # ---- from nothing to a board that answers ----

    def _meet(self):
        items = self.bus.read_tick() if self.lockstep else self.bus.read(2)
        pins = [item for item in items if isinstance(item, Pin)]
        self.t = items[-1].t
        self._zero = time.monotonic() * 1000 - self.t
        self.settings = {name: setting["default"] for name, setting in SETTINGS.items()}
        self.story = Story(self.early, self.tolerance, self.settings)
        self.story.starts(self.t, pins)
        self.hello = self.greet()
        self.slots = self.hello["slots"]
        self.link_caps = {cap.name for cap in Cap if self.hello["capabilities"] & 1 << cap}
        if self.program.process is None:
            self._make_fresh()

    def _make_fresh(self):
        """A board of hardware keeps its settings and counters, a jig its outputs: all as the table has them, no module, power away and back, and
        counted from here."""
        if "adc" in self.caps:
            self.say("ADC0", self.supply_mv)
        for slot in range(self.slots):
            if "status" in self.caps:
                self.say(f"STATUS{slot or ''}", 0)
        for name, setting in SETTINGS.items():
            if not name.startswith("MODULE_") or int(name[-1]) < self.slots:
                self.set(name, setting["default"])
        self.power_cycle(10000)
        self._before = {slot: self.counters(slot) for slot in (None, *range(self.slots))}
        self._before[None]["boots"] -= 1

    def greet(self):
        self.link.forget()
        hello = self.ask("HELLO", protocol=link.LAYOUT["protocol"], session=1)
        return dict(hello, boots=hello["boots"] - self._before.get(None, {}).get("boots", 0))

    def close(self):
        """Ends the board's program, and fails where a rule of the story was broken."""
        self.program.stop()
        self.bus.close()
        assert not self.story.broken, self.story.broken

    # ---- time ----

    def tolerance(self):
        return self.board.get("tolerance_ms", 0) + self.lag_ms

    def early(self):
        """By how much a time may seem to be shorter: two clocks, each of which counts whole milliseconds."""
        return self.lag_ms + (self.board.get("tolerance_ms", 0) > 0)

    def near(self, ms, expected, what="time"):
        """Asserts that it is so to the millisecond, or as near as this rig can tell; a slow part may be late, never early."""
        assert -self.early() <= ms - expected <= self.tolerance(), f"{what}: {ms} ms, not {expected} to {expected + self.tolerance()}"

    def run(self, ms):
        end = self.t + ms
        while self.t < end:
            self._pump(end)
        self._cursor = len(self.seen)

    def _pump(self, end):
        """Until `end`, or until something happened before it."""
        self._beat()
        marks = [end] + [module.change[0] for module in self.modules.values() if module and module.change] + ([self._beat_at] if self.beat_ms else [])
        until = max(self.t + 1, min(marks + [self.t + GRANT_MS]))
        if self.lockstep:
            self.bus.grant(until - self.t)
            items = self.bus.read_tick()
        else:
            items = self._wait(until)
        for item in items:
            self._take(item)
        self.story.tick(self.t)
        for slot, module in self.modules.items():
            if module and module.due(self.t):
                self._say_status(slot)
        self._read_uart()

    def _wait(self, until):
        wait_s = max(0, until + self._zero - time.monotonic() * 1000) / 1000
        before = time.monotonic()
        ready = select.select([self.bus, self.uart], [], [], wait_s)[0]
        self.t = int(time.monotonic() * 1000 - self._zero)
        if not ready:
            self.lag_ms = max(self.lag_ms, int((time.monotonic() - before - wait_s) * 1000) + 1)
        return self.bus.read(0) if self.bus in ready else []

    def _take(self, item):
        if isinstance(item, Tick):
            self.t = item.t
            return
        self.seen.append(item)
        if isinstance(item, Reset):
            self.story.reset(item)
            self.link.forget()
            return
        self.story.pin(item)
        module = self.modules.get(item.slot)
        if module and item.name in ("VBAT_EN", "PWRKEY", "RESET"):
            was = module.on
            module.on_pin(item.name, item.value, item.t)
            if module.on != was:
                self._say_status(item.slot)

    # ---- the bus ----

    def say(self, *words):
        self.bus.say(*words)

    def _say_status(self, slot):
        self.say(f"STATUS{slot or ''}", int(self.modules[slot].on))
        self.story.status(slot, self.modules[slot].on, self.t)

    def supply(self, mv):
        self.say("ADC0", mv)
        self.supply_mv = mv
        self.story.supply_is(self.t, mv)

    def hang(self):
        self.say("HANG")
        self.story.stands(self.t)

    def nrst(self, within_ms=2000):
        self.say("NRST")
        return self.until_reset("PIN", within_ms)

    def power_cycle(self, within_ms=2000, modules=True):
        """Power goes and comes: what was kept is lost, every pin released. The modules lose theirs too, unless they have their own."""
        for slot, module in self.modules.items():
            if modules:
                module.on_pin("VBAT_EN", 0, self.t)
                self._say_status(slot)
        self.say("POWERCYCLE")
        return self.until_reset("POWER", within_ms)

    def until(self, found, ms, what):
        """The first thing seen since the last one awaited for which found(it); within so many milliseconds."""
        end = self.t + ms
        while True:
            while self._cursor < len(self.seen):
                item = self.seen[self._cursor]
                self._cursor += 1
                if found(item):
                    return item
            assert self.t < end, f"{what} did not come within {ms} ms; seen at last: {self.seen[-6:]}"
            self._pump(end)

    def until_pin(self, name, slot, value, ms):
        wanted = (name, slot, value)
        return self.until(lambda item: isinstance(item, Pin) and item[:3] == wanted, ms, f"PIN {name}{slot or ''} {value}").t

    def until_reset(self, cause, ms):
        return self.until(lambda item: isinstance(item, Reset) and item.cause == cause, ms, f"RESET {cause}").t

    def pins_since(self, t, *names):
        return [item for item in self.seen if isinstance(item, Pin) and item.t >= t and item.name in names]

    # ---- the link ----

    def _write(self, octets):
        os.write(self.uart, octets)

    def _read_uart(self):
        try:
            while True:  # a pty gives what it has at hand: only when nothing is left all that was sent has come
                self.link.feed(os.read(self.uart, 4096))
        except BlockingIOError:
            pass
        for event in self.link.events:
            self.told.append((self.t, event))
            if event.name == "SLOT_STATE":
                self.states[event.fields["slot"]] = event.fields
        self.link.events.clear()

    def try_ask(self, name, **fields):
        """(status, fields), or None where the board is mute; repeated as a host does."""
        self._asking = True
        try:
            return self._ask(name, fields)
        finally:
            self._asking = False

    def _ask(self, name, fields):
        self.link.ask(name, **fields)
        for again in range(link.LAYOUT["tries"]):
            if again:
                self.link.again()
            end = self.t + link.LAYOUT["answer_ms"]
            while self.link.answer is None and self.t < end:
                self._pump(self.t + 1 if self.lockstep else end)
            if self.link.answer:
                return self.link.answer
        return None

    def ask(self, name, expect=Status.OK, **fields):
        answer = self.try_ask(name, **fields)
        assert answer, f"{name}: the board is mute"
        assert answer[0] == expect, f"{name} {fields}: {answer[0].name}, not {expect.name}"
        return answer[1]

    def set(self, name, value, expect=Status.OK):
        self.ask("SETTING_SET", expect, setting=SETTINGS[name]["number"], value=value)
        if expect == Status.OK:
            self.settings[name] = value

    def counters(self, slot=None):
        """Since this rig was made."""
        counters = self.ask("COUNTERS") if slot is None else self.ask("SLOT_COUNTERS", slot=slot)
        return {name: value - self._before.get(slot, {}).get(name, 0) for name, value in counters.items()}

    def _beat(self):
        if self.beat_ms and self.t >= self._beat_at and not self._asking:
            self._beat_at = self.t + self.beat_ms
            self._turn += 1
            self.try_ask("HEARTBEAT", turn=self._turn, commit=0)  # a board that stands just now is mute

    def beat(self, progress=True):
        self._turn += progress
        return self.ask("HEARTBEAT", turn=self._turn, commit=0)

    def beats(self, every_ms):
        """A heartbeat so often from now on; None: none any more."""
        self.beat_ms, self._beat_at = every_ms, self.t

    # ---- slots ----

    def plug(self, slot, name, **faults):
        """A module in the slot: at its pins, and in the board's settings. CUSTOM: its row is sent before."""
        module = Module(name)
        vars(module).update(faults)
        if name == "CUSTOM":
            self.ask("TIMING_SET", slot=slot, **custom_row(module.facts))
        self.modules[slot] = self.story.modules[slot] = module
        module.vbat = bool(self.story.pins.get(("VBAT_EN", slot)))
        self.set(f"MODULE_{slot}", ModuleName[name])
        self.story.rows[slot] = self.row(slot)
        return module

    def row(self, slot):
        return self.ask("TIMING_READ", slot=slot)

    def target(self, slot, target, grace_s=0, request=None):
        self._request = request or self._request + 1
        self.story.aim(slot, target == "OFF")
        return self.ask("SLOT_TARGET", slot=slot, target=Target[target], request=self._request, grace_s=grace_s)

    def state(self, slot=0):
        answer = self.ask("SLOT_READ", slot=slot)
        newer = [event.fields for event in self.link.since if event.name == "SLOT_STATE" and event.fields["slot"] == slot]
        self.states[slot] = (newer or [answer])[-1]
        return self.states[slot]

    def phase(self, slot=0):
        return Phase(self.state(slot)["phase"])

    def until_phase(self, slot, phase, ms):
        """Until the slot is in that phase; returns its fields. A phase that ends soon may be missed."""
        end = self.t + ms
        self.state(slot)
        while self.states[slot]["phase"] != phase:
            assert self.t < end, f"slot {slot} is {Phase(self.states[slot]['phase']).name}, not {phase.name}, after {ms} ms"
            self._pump(min(end, self.t + STEP_MS))
        self._cursor = len(self.seen)
        return self.states[slot]

    def start(self, slot, name, **faults):
        """A module that runs."""
        module = self.plug(slot, name, **faults)
        self.until_phase(slot, Phase.UP, 90000)
        return module


def custom_row(facts):
    """A row inside the bounds of the bench's own module."""
    middle = {pin: sum(facts[pin]) // 2 for pin in ("on_ms", "off_ms", "reset_ms")}
    return dict(middle, kind=link.Kind.PULSE, rise_ms=facts["rise_ms"] + 7, up_max_ms=2500, down_max_ms=2600, settle_ms=130, min_off_ms=1700)
