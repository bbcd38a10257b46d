"""SDK, daemon, board, modem: every way in which a modem hangs, all at once on modems of their own, is cured by its rung of the ladder; the
message that was sent into the hang is delivered, once. How long it took is printed at the end."""
import time

import pytest

from program import Missing
from stack import Stack, until

# How modemsim hangs (docs/simulator.md): each is cured by the rung of its name, and by none before it.
HANGS = ["reset", "power", "pwrkey", "cfun", "reopen", "resync", "reset", "power"]


def test_each_hang_is_cured_by_its_rung(rig_spec, tmp_path_factory, cures):
    size = rig_spec.get("stack")
    if not size:
        pytest.skip(f"rig {rig_spec['name']} has no modemsim at its pins")
    try:
        stack = Stack(rig_spec, tmp_path_factory.mktemp("s"), **size)
    except Missing as why:
        pytest.skip(f"rig {rig_spec['name']}: {why}")
    try:
        stack.ready(90)
        # within its time to boot the daemon blames no modem, and opens the port anew without counting that
        until(lambda: int(stack.row()["uptime_s"]) >= 40, 60, "modems that have surely booted", pause_s=0.5)
        hangs = dict(zip(stack.places, HANGS))
        begin = time.monotonic()
        for name, kind in hangs.items():
            stack.sim.cmd("hang", name, kind)
        sids = {name: stack.send(f"into a hang of {name}", name) for name in hangs}
        for name, kind in hangs.items():
            cures(kind, stack.delivered(sids[name], 240) - begin)
            assert stack.on_air(f"into a hang of {name}") == 1
        for name, kind in hangs.items():
            assert stack.cures(name) == [kind], name
            stats = stack.sim.stats(name)
            assert stats["pulse_running"] == stats["pulse_off"] or kind == "power"  # no pulse on a running modem but to end it
            assert stats["reset_void"] == (kind in ("pwrkey", "power"))  # RESET does not reach it
            assert stats["cut_short"] == 0
            assert stats["cut_running"] == (kind == "power")
    finally:
        stack.close()
