"""Seeded sequences of faults against the board's program: resets and hangs of the board, silence of the host, modems that die or do not start
or do not end, sags, noise on the line, and requests all the while. The rules of story.py hold throughout; at the end every slot is as its
target says within a bound, and the counters tell what was seen on the BUS. `--seed N` repeats one; unit.fw_random does a thousand in memory."""
import contextlib
import os
import random
import signal
import threading

import pytest

from link import Phase, Reason

BOUND_MS = 240000  # the longest end, a rest, five times WATCH_S, a recovered supply, a start
HOUR_AND_BIN_MS = 4200000
SHORT = dict(REST_S=1, WATCH_S=10, START_S=5, STAGGER_MS=500, LEASE_S=20, BOOT_S=60, HOST_OFF_MS=2000, PROGRESS_S=30)
MODULES = ["SIM800", "A7670", "EC25", "BG95", "SARA_R5", "NRF91"]

pytestmark = pytest.mark.needs("lockstep", "status", "STATUS")


class Sequence:
    def __init__(self, rig, seed):
        self.rig, self.draw = rig, random.Random(seed)
        self.brown_outs = 0
        self.slots = min(2, rig.slots)
        for name, value in SHORT.items():
            rig.set(name, value)
        for slot in range(self.slots):
            rig.plug(slot, self.draw.choice(MODULES))

    def wait(self, most_ms):
        self.rig.run(1 + self.draw.randrange(most_ms))

    # ---- what may happen ----

    def wish(self):
        target = self.draw.choice(["ON", "OFF", "OFF", "CYCLE", "RESET"])
        self.rig.target(self.draw.randrange(self.slots), target, grace_s=self.draw.choice([0, 0, 3, 15]))

    def nrst(self):
        self.rig.nrst()

    def hang(self):
        if "hang" in self.rig.caps:
            self.rig.hang()
            self.rig.until_reset("WATCHDOG", 8100)

    def dies(self):
        slot = self.draw.randrange(self.slots)
        self.rig.modules[slot].dies()
        self.rig._say_status(slot)

    def ails(self):
        module = self.rig.modules[self.draw.randrange(self.slots)]
        module.dead, module.stuck = self.draw.choice([(True, False), (False, True), (False, False)])

    def sag(self):
        """Long enough to be noticed; at times the board is reset in it, and notices it a second time."""
        if "adc" not in self.rig.caps:
            return
        low = self.draw.choice([3550, 3450, 3350, 3350, 3200, 3200])
        twice = self.draw.random() < 0.3
        self.rig.supply(low)
        self.rig.run(100 + self.draw.randrange(5000))
        if twice:
            self.nrst()
            self.rig.run(100)
        self.rig.supply(4000)
        self.rig.run(100)
        self.brown_outs += (low < self.rig.settings["SHUT_MV"]) * (1 + twice)

    def dip(self):
        """Too short to be noticed by three samples."""
        self.rig.supply(3100)
        self.rig.run(1 + self.draw.randrange(9))
        self.rig.supply(4000)
        self.rig.run(20)

    def noise(self):
        self.rig._write(self.draw.randbytes(300))

    def host(self):
        self.rig.beats(self.draw.choice([None, 2000]))

    # ---- the whole ----

    def run(self):
        happenings = [self.wish, self.wish, self.nrst, self.hang, self.dies, self.ails, self.sag, self.dip, self.noise, self.host]
        for number in range(4 + self.draw.randrange(9)):
            self.wait(200 if number % 3 == 0 else 20000)
            self.draw.choice(happenings)()
        self.heal()
        for slot in range(self.slots):
            self.until_settled(slot)
        self.compare()

    def heal(self):
        for module in self.rig.modules.values():
            module.dead = module.stuck = False
        self.rig.beats(2000)

    def until_settled(self, slot):
        rig, end = self.rig, self.rig.t + BOUND_MS
        while True:
            state = rig.state(slot)
            if state["reason"] == Reason.RATE:
                assert sum(1 for t in rig.story.sequences[slot] if rig.t - t < HOUR_AND_BIN_MS) >= rig.settings["PULSES_HOUR"]
                return
            on = state["target"]
            if state["phase"] == (Phase.UP if on else Phase.OFF) and rig.modules[slot].on == on and not rig.modules[slot].change:
                return
            assert rig.t < end, f"slot {slot} is {Phase(state['phase']).name} ({Reason(state['reason']).name}), target {on}"
            rig.run(1000)

    def compare(self):
        rig, story = self.rig, self.rig.story
        counters = rig.counters()
        assert 0 <= 1 + story.resets.total() - counters["boots"] <= story.short
        assert counters["host_cuts"] == story.asserted[("HOST_CUT", 0)]
        assert counters["brown_outs"] == self.brown_outs
        assert counters["nv_errors"] <= story.resets.total() * rig.board.get("torn_records", 0)
        assert counters["faults"] == 0
        if "wdt_cause" in rig.caps:
            assert 0 <= story.resets["WATCHDOG"] - counters["watchdog_bites"] <= story.short
        for slot in range(self.slots):
            counters = rig.counters(slot)
            assert counters["starts"] == story.asserted[("VBAT_EN", slot)]
            assert counters["resets"] == story.asserted[("RESET", slot)]
            assert counters["hard_cuts"] == rig.modules[slot].killed
            assert 0 <= counters["adopted"] - story.adopted[slot] <= story.unsure[slot]


def test_a_sequence_of_faults(rig, seed):
    Sequence(rig, seed).run()


@contextlib.contextmanager
def busy_machine(rig):
    """Meanwhile the board's program stands again and again for some milliseconds."""
    over = threading.Event()

    def hold_up():
        while not over.wait(0.001):
            os.kill(rig.program.process.pid, signal.SIGSTOP)
            over.wait(0.004)
            os.kill(rig.program.process.pid, signal.SIGCONT)

    thread = threading.Thread(target=hold_up)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_lock_step_knows_no_other_time(make_rig):
    """The same run to the millisecond, pins and link, on a machine that is busy."""
    runs = []
    for around in (contextlib.nullcontext, busy_machine):
        rig = make_rig()
        if rig.program.process is None:
            pytest.skip(f"rig {rig.spec['name']} has no program")
        with around(rig):
            Sequence(rig, 1).run()
        runs.append([rig.seen, rig.told, rig.t, rig.link.seq])
    assert runs[0] == runs[1]
