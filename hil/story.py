"""What was seen on the BUS, and the rules that hold in every case, whatever it does. A broken rule is put into `broken` with its time.

    PWRKEY, RESET and HOST_CUT are released by a reset of the board; PWRKEY and RESET are never asserted without supply
    the supply comes no sooner than the row's min_off_ms after it went, never while it is low, never soon after a brown-out
    PWRKEY is never asserted on a running module unless its target is OFF or the supply is low
    a pulse that nothing cut short is exactly as wide as the row says
    no more than PULSES_HOUR power sequences (supply on, or RESET) in any hour

The same events are counted, so that the board's counters can be compared with them."""
import collections

HOUR_MS = 3600000
SAMPLE_MS = 5  # the supply is looked at so often
JUDGE_MS = 25  # three samples, and the reaction
START_MS = 60  # until a chip has started and looks at its pins


class Story:
    """early(), tolerance(): by how much a time may be shorter or longer, now. settings: NAME -> value, as the board has them."""

    def __init__(self, early, tolerance, settings):
        self.early, self.tolerance = early, tolerance
        self.settings = settings
        self.broken = []
        self.pins = {}                                  # (name, slot) -> value
        self.since = {}                                 # (name, slot) -> t of the last change
        self.gone = {}                                  # slot -> t when its supply last went
        self.rows = {}                                  # slot -> the row in use (TIMING_READ)
        self.modules = {}                               # slot -> Module
        self.off_wanted = set()                         # slots whose target is OFF
        self.ending = set()                             # slots that once were to go off, and still have supply
        self.resets = collections.Counter()             # cause -> how often
        self.adopted = collections.Counter()            # slot -> how often its module ran at a reset
        self.unsure = collections.Counter()             # slot -> how often it began or ended to run before the board can have looked
        self.short = 0                                  # lives of the board that may have ended before it counted them
        self._ran = {}                                  # slot -> whether it ran at the last reset; none: unsure, or no reset yet
        self.asserted = collections.Counter()           # (name, slot) -> how often
        self.sequences = collections.defaultdict(list)  # slot -> times of supply on and RESET
        self.supply = [(0, 4000)]                       # (t, mV)
        self.reset_t = 0
        self._reset_open = False                        # its millisecond is not over
        self._began = False                             # by a reset, and runs since
        self._pulses = []                               # (name, slot, width, t): not yet judged

    # ---- what comes in ----

    def starts(self, t, pins):
        """The board has power; its pins as they are."""
        self.reset_t = t
        self.pins = {(pin.name, pin.slot): pin.value for pin in pins}
        self.gone = {pin.slot: t for pin in pins if pin.name == "VBAT_EN"}

    def pin(self, event):
        key = (event.name, event.slot)
        if self.pins.get(key, 0) == event.value:
            return
        was = self.since.get(key)
        self.pins[key], self.since[key] = event.value, event.t
        if event.name == "VBAT_EN" and not event.value:
            self.gone[event.slot] = event.t
            self.ending.discard(event.slot)
        if event.value:
            self.asserted[key] += 1
            rules = {"VBAT_EN": self._supply_comes, "PWRKEY": self._key_begins, "RESET": self._reset_begins}
            rules.get(event.name, lambda slot, t: None)(event.slot, event.t)
        elif event.name in ("PWRKEY", "RESET") and was is not None:
            self._pulses.append((event.name, event.slot, event.t - was, event.t))

    def stands(self, t):
        """The board runs no more: it hangs, or is reset."""
        if self._began and self.tolerance() and t - self.reset_t <= START_MS:
            self.short += 1
            for slot, ran in self._ran.items():
                self.adopted[slot] -= ran
                self.unsure[slot] += ran
        self._began = False
        self._ran.clear()

    def reset(self, event):
        self.stands(event.t)
        self._began = True
        self.resets[event.cause] += 1
        for slot, module in self.modules.items():
            self.adopted[slot] += module.on
            self._ran[slot] = module.on
        self.reset_t = event.t
        self._reset_open = True
        if event.cause == "POWER":
            self.off_wanted.clear()
            self.sequences.clear()

    def status(self, slot, on, t):
        """What its module says from now on."""
        if self._ran.get(slot, on) != on and self.tolerance() and t - self.reset_t <= START_MS:
            self.adopted[slot] -= self._ran.pop(slot)
            self.unsure[slot] += 1

    def aim(self, slot, off):
        """The slot's new target. What has begun to end is ended, whatever is wanted meanwhile."""
        if off:
            self.off_wanted.add(slot)
            self.ending.add(slot)
        else:
            self.off_wanted.discard(slot)

    def supply_is(self, t, mv):
        self.supply.append((t, mv))

    def tick(self, t):
        """All until and with the millisecond t has been told."""
        for name, slot, width, then in self._pulses:
            self._judge_pulse(name, slot, width, then)
        self._pulses.clear()
        if self._reset_open and t >= self.reset_t:
            self._reset_open = False
            for (name, slot), value in self.pins.items():
                if value and name in ("PWRKEY", "RESET", "HOST_CUT") and self.since.get((name, slot), 0) < self.reset_t:
                    self._break(self.reset_t, f"{name} of slot {slot} outlived a reset")

    # ---- the rules ----

    def _break(self, t, what):
        self.broken.append(f"t={t}: {what}")

    def _supply_comes(self, slot, t):
        row, module, gone = self.rows.get(slot), self.modules.get(slot), self.gone.get(slot)
        if module and module.on:
            return  # it has a supply of its own, and was adopted
        if row is None:
            self._break(t, f"supply of slot {slot}, where no module is")
        elif gone is not None and t - gone < row["min_off_ms"] - self.early():
            self._break(t, f"supply of slot {slot} after {t - gone} ms without")
        if not self.supply_allows(t):
            self._break(t, f"supply of slot {slot} comes with {self.supply[-1][1]} mV, or too soon after a brown-out")
        self._sequence(slot, t)

    def _key_begins(self, slot, t):
        module = self.modules.get(slot)
        if not self.pins.get(("VBAT_EN", slot)):
            self._break(t, f"PWRKEY of slot {slot} without supply")
        if module and module.kind != "LEVEL" and module.on and slot not in self.ending | self.off_wanted and not self._is_low("SHUT_MV"):
            self._break(t, f"PWRKEY of slot {slot} on a module that runs")

    def _reset_begins(self, slot, t):
        if not self.pins.get(("VBAT_EN", slot)):
            self._break(t, f"RESET of slot {slot} without supply")
        self._sequence(slot, t)

    def _sequence(self, slot, t):
        times = self.sequences[slot]
        times.append(t)
        if sum(1 for then in times if t - then < HOUR_MS) > self.settings["PULSES_HOUR"]:
            self._break(t, f"slot {slot}: more than {self.settings['PULSES_HOUR']} power sequences in an hour")

    def _judge_pulse(self, name, slot, width, t):
        module, row = self.modules.get(slot), self.rows.get(slot)
        cut_short = t == self.reset_t or not self.pins.get(("VBAT_EN", slot))
        if row is None or cut_short or (module and module.kind == "LEVEL" and name == "PWRKEY"):
            return
        right = [row["reset_ms"]] if name == "RESET" else [row["on_ms"], row["off_ms"]]
        if not any(-self.early() <= width - ms <= self.tolerance() for ms in right):
            self._break(t, f"{name} of slot {slot} for {width} ms instead of {right}")

    # ---- the supply ----

    def _is_low(self, bound):
        return self.supply[-1][1] < self.settings[bound]

    def supply_allows(self, t):
        """False where a modem must not be powered: low now, or not good again for START_S since a brown-out. What the board may not have
        noticed yet, or has forgotten in a reset, is allowed."""
        brown, good = False, None
        ends = [then for then, _ in self.supply[1:]] + [t]
        for (begin, mv), end in zip(self.supply, ends):
            seen = end - begin > JUDGE_MS + self.tolerance()
            if seen and end > self.reset_t and mv < self.settings["SHUT_MV"]:
                brown = True
            if mv >= self.settings["START_MV"]:
                good = begin if good is None else good
            elif seen:
                good = None
            if brown and good is not None and end - good >= self.settings["START_S"] * 1000 - SAMPLE_MS - self.early():
                brown = False
        return not brown and not (seen and mv < self.settings["NO_SEND_MV"])
