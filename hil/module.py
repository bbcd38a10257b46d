"""A module at its pins, as its maker describes it (modules.toml): what VBAT_EN, PWRKEY and RESET do to its STATUS. No AT port, exact to the
millisecond; modemsim is the model with one.

PWRKEY toggles: a pulse that is long enough starts a module that is off and ends one that runs. A pulse outside the maker's bounds is
`refused` and does nothing, and so is one while it starts. Its faults: `dead` never starts, `stuck` never ends by a pin, dies()."""
import pathlib
import tomllib

FACTS = tomllib.loads((pathlib.Path(__file__).parent / "modules.toml").read_text())


class Module:
    def __init__(self, name):
        facts = FACTS[name]
        self.name = name
        self.kind = facts["kind"]
        self.facts = facts
        self.dead = self.stuck = False
        self.on = False
        self.vbat = False
        self.since = {}    # pin asserted: since when
        self.change = None  # (t, on): what STATUS will do
        self.refused = []  # pulses that the maker does not allow: (pin, width)
        self.killed = 0    # supply gone while it ran

    # ---- what the board does to it ----

    def on_pin(self, pin, value, t):
        handler = {"VBAT_EN": self._vbat, "PWRKEY": self._key, "RESET": self._reset}.get(pin)
        if handler:
            handler(value, t)

    def _vbat(self, value, t):
        self.vbat = bool(value)
        if not value:
            self.killed += self.on
            self.on, self.change = False, None
        elif self.kind == "AUTO":
            self._start(t)

    def _key(self, value, t):
        if self.kind == "LEVEL":
            self._level(value, t)
        elif value:
            self.since["PWRKEY"] = t
        elif self.vbat and "PWRKEY" in self.since:
            self._pulse(t - self.since.pop("PWRKEY"), t)

    def _level(self, value, t):
        if value and self.vbat and not self.on:
            self._start(t)
        elif value and self.vbat:
            self.change = None
        elif self.vbat and not self.stuck:
            self.change = (t + self.facts["end_ms"], False)

    def _pulse(self, width, t):
        bounds = self.facts.get("off_ms" if self.on else "on_ms")
        if self.change or not bounds or not bounds[0] <= width <= bounds[1]:
            self.refused.append(("PWRKEY", width))
        elif not self.on:
            self._start(t)
        elif not self.stuck:
            self.change = (t + self.facts["end_ms"], False)

    def _reset(self, value, t):
        if value:
            self.since["RESET"] = t
            if self.vbat:
                self.on, self.change = False, None
        elif self.vbat and "RESET" in self.since:
            width = t - self.since.pop("RESET")
            if self.facts["reset_ms"][0] <= width <= self.facts["reset_ms"][1]:
                self._start(t)
            else:
                self.refused.append(("RESET", width))

    def _start(self, t):
        if not self.dead:
            self.change = (t + self.facts["start_ms"], True)

    # ---- what it does by itself ----

    def due(self, t):
        """Lets happen what is due; true where STATUS may have changed."""
        if self.change and self.change[0] <= t:
            self.on, self.change = self.change[1], None
            return True
        return False

    def dies(self):
        """It ends by itself: a crash, a thermal cut."""
        self.on, self.change = False, None
