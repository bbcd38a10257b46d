"""The supply: what is refused, what is ended, and when a modem may come back."""
import pytest

from link import Phase, Reason, Supply

pytestmark = pytest.mark.needs("adc", "SUPPLY", "status", "STATUS")


def until_supply(rig, state, ms=1000):
    end = rig.t + ms
    while rig.ask("SENSE", slot=0)["supply"] != state:
        assert rig.t < end, f"not {state.name} within {ms} ms"
        rig.run(5)


def test_a_low_supply_refuses_a_start(rig):
    rig.supply(3450)
    rig.plug(0, "EC25")
    rig.run(60000)
    assert rig.state()["phase"] == Phase.OFF and rig.state()["reason"] == Reason.LOW_SUPPLY
    assert not rig.pins_since(0, "VBAT_EN")
    rig.supply(4000)
    rig.until_phase(0, Phase.UP, rig.settings["START_S"] * 1000 + 20000)


@pytest.mark.parametrize("mv, ends", [(3350, "SHUT"), (3200, "CUT")])
def test_a_brown_out_ends_a_running_modem(rig, mv, ends):
    module = rig.start(0, "EC25")
    rig.supply(mv)
    begin = rig.t
    if ends == "SHUT":  # gracefully, by its key
        assert rig.until_pin("PWRKEY", 0, 1, 100) - begin <= 25 + rig.tolerance()
        rig.until_pin("VBAT_EN", 0, 0, 60000)
        assert module.killed == 0 and rig.counters(0)["graceful_offs"] == 1
    else:  # at once
        assert rig.until_pin("VBAT_EN", 0, 0, 100) - begin <= 25 + rig.tolerance()
        assert module.killed == 1 and rig.counters(0)["hard_cuts"] == 1
        assert not rig.pins_since(begin, "PWRKEY")
    assert rig.counters()["brown_outs"] == 1
    rig.run(20000)
    good = rig.t
    rig.supply(3750)
    on = rig.until_pin("VBAT_EN", 0, 1, 40000)
    assert abs(on - good - rig.settings["START_S"] * 1000) <= 30 + rig.tolerance()
    rig.until_phase(0, Phase.UP, 15000)


def test_a_supply_that_is_not_good_for_long_enough_starts_nothing(rig):
    rig.start(0, "EC25")
    rig.supply(3200)
    begin = rig.until_pin("VBAT_EN", 0, 0, 100) + 1
    for _ in range(5):
        rig.supply(3800)
        rig.run(25000)
        rig.supply(3650)  # above SHUT_MV, under START_MV
        rig.run(2000)
    assert not rig.pins_since(begin, "VBAT_EN")
    rig.supply(3800)
    rig.until_phase(0, Phase.UP, 45000)


def test_a_dip_of_a_burst_is_measured_and_ends_nothing(rig):
    """Two samples of a transmission's burst are no brown-out; their least value is told."""
    rig.start(0, "EC25")
    begin = rig.t
    rig.ask("BURST", slot=0, ms=5000)
    rig.supply(3390)
    rig.run(8)
    rig.supply(4000)
    rig.run(500)
    sense = rig.ask("SENSE", slot=0)
    assert sense["supply_min_mv"] <= 3400 and sense["supply"] == Supply.GOOD
    assert rig.counters()["brown_outs"] == 0
    assert not rig.pins_since(begin, "VBAT_EN", "PWRKEY")


def test_a_brown_out_in_a_start_drops_it(rig):
    rig.plug(0, "LE910")
    rig.until_pin("PWRKEY", 0, 1, 15000)
    rig.run(1000)
    rig.supply(3350)
    rig.until_pin("VBAT_EN", 0, 0, 100)
    assert rig.story.pins[("PWRKEY", 0)] == 0
    assert rig.state()["reason"] == Reason.BROWN_OUT
    rig.supply(4000)
    rig.until_phase(0, Phase.UP, 80000)
    assert rig.counters(0)["start_failures"] == 0


def test_the_states_have_hysteresis(rig):
    steps = [(3580, "WARN"), (3640, "WARN"), (3730, "GOOD"), (3480, "NO_SEND"), (3560, "NO_SEND"), (3630, "WARN"), (3380, "SHUT"),
             (3600, "SHUT"), (3250, "CUT"), (3600, "CUT"), (3730, "RECOVERING"), (3600, "RECOVERING"), (3340, "SHUT")]
    rig.run(100)  # judged for the first time
    for mv, state in steps:
        rig.supply(mv)
        rig.run(60)
        assert Supply(rig.ask("SENSE", slot=0)["supply"]).name == state, mv
    assert rig.counters()["brown_outs"] == 2


def test_a_cycle_in_a_low_supply_waits_and_leaves_the_modem_running(rig):
    module = rig.start(0, "EC25")
    rig.supply(3450)
    until_supply(rig, Supply.NO_SEND)
    begin = rig.t
    rig.target(0, "CYCLE")
    rig.run(5000)
    assert module.on and rig.state()["reason"] == Reason.LOW_SUPPLY and not rig.pins_since(begin, "VBAT_EN")
    rig.supply(4000)
    rig.until_pin("VBAT_EN", 0, 0, 1000)
    rig.until_phase(0, Phase.UP, 40000)


def test_the_last_gasp_is_told_at_once(rig):
    rig.start(0, "EC25")
    rig.supply(3200)
    begin = rig.t
    rig.run(60)
    cut = [(t, event) for t, event in rig.told if event.name == "SUPPLY_STATE" and event.fields["supply"] == Supply.CUT]
    assert cut and cut[0][0] - begin <= 60 + rig.tolerance()
    assert cut[0][1].fields["supply_mv"] in range(3150, 3251)
