"""Power sequences of each module row: to the millisecond as the row says that the board tells, and inside what the maker allows."""
import pytest

from link import Phase, Reason
from module import FACTS

MODULES = list(FACTS)
PULSED = [name for name in MODULES if FACTS[name]["kind"] == "PULSE"]
OFF_BY_KEY = [name for name in MODULES if "off_ms" in FACTS[name]]

pytestmark = pytest.mark.needs("status", "STATUS")


def allowed(facts, pin, width):
    least, most = facts[pin]
    assert least <= width <= most, f"{pin}: {width} is not within {least} to {most}"


@pytest.mark.parametrize("name", PULSED)
def test_start_by_pulse(rig, name):
    module = rig.plug(0, name)
    row = rig.story.rows[0]
    supply = rig.until_pin("VBAT_EN", 0, 1, 15000)
    down = rig.until_pin("PWRKEY", 0, 1, 5000)
    up = rig.until_pin("PWRKEY", 0, 0, 20000)
    rig.near(down - supply, row["rise_ms"], "rise")
    rig.near(up - down, row["on_ms"], "pulse")
    assert down - supply >= module.facts["rise_ms"]
    allowed(module.facts, "on_ms", up - down)
    state = rig.until_phase(0, Phase.UP, row["up_max_ms"])
    assert module.on and not module.refused and state["reason"] == Reason.STATUS_SEEN
    assert abs(state["start_ms"] - (up - down + module.facts["start_ms"])) <= 1 + rig.tolerance()


@pytest.mark.parametrize("name", [name for name in MODULES if name not in PULSED])
def test_start_without_pulse(rig, name):
    module = rig.plug(0, name)
    supply = rig.until_pin("VBAT_EN", 0, 1, 15000)
    rig.until_phase(0, Phase.UP, rig.story.rows[0]["up_max_ms"] + 1000)
    keys = rig.pins_since(supply, "PWRKEY")
    assert module.on and not module.refused
    if module.kind == "LEVEL":
        assert [key.value for key in keys] == [1]
        rig.near(keys[0].t - supply, rig.story.rows[0]["rise_ms"], "rise")
    else:
        assert not keys


@pytest.mark.parametrize("name", OFF_BY_KEY)
def test_off_by_pulse(rig, name):
    module = rig.start(0, name)
    row = rig.story.rows[0]
    rig.target(0, "OFF")
    down = rig.until_pin("PWRKEY", 0, 1, 100)
    up = rig.until_pin("PWRKEY", 0, 0, 5000)
    rig.near(up - down, row["off_ms"], "pulse")
    allowed(module.facts, "off_ms", up - down)
    cut = rig.until_pin("VBAT_EN", 0, 0, row["down_max_ms"])
    assert abs(cut - up - module.facts["end_ms"] - row["settle_ms"]) <= 1 + rig.tolerance()
    assert not module.refused and module.killed == 0
    assert rig.counters(0)["graceful_offs"] == 1


@pytest.mark.parametrize("name", [name for name in MODULES if name not in OFF_BY_KEY])
def test_off_without_pulse(rig, name):
    module = rig.start(0, name)
    rig.target(0, "OFF")
    rig.until_pin("VBAT_EN", 0, 0, rig.story.rows[0]["down_max_ms"] + 1000)
    assert module.killed == (module.kind == "AUTO")
    assert rig.counters(0)["hard_cuts"] == module.killed


@pytest.mark.parametrize("name", OFF_BY_KEY)
def test_a_module_that_does_not_end_is_cut(rig, name):
    module = rig.start(0, name, stuck=True)
    row = rig.story.rows[0]
    rig.target(0, "OFF")
    up = rig.until_pin("PWRKEY", 0, 0, 5000)
    cut = rig.until_pin("VBAT_EN", 0, 0, row["down_max_ms"] + 1000)
    rig.near(cut - up, row["down_max_ms"], "until the cut")
    assert row["down_max_ms"] >= module.facts["end_ms"]
    assert module.killed == 1 and rig.counters(0)["hard_cuts"] == 1
    assert rig.state()["reason"] == Reason.NO_OFF


@pytest.mark.needs("RESET")
@pytest.mark.parametrize("name", MODULES)
def test_reset_pulse(rig, name):
    module = rig.start(0, name)
    row = rig.story.rows[0]
    rig.target(0, "RESET")
    begin = rig.until_pin("RESET", 0, 1, 100)
    end = rig.until_pin("RESET", 0, 0, 20000)
    rig.near(end - begin, row["reset_ms"], "reset")
    allowed(module.facts, "reset_ms", end - begin)
    rig.until_phase(0, Phase.UP, row["up_max_ms"])
    assert module.on and not module.refused and module.killed == 0
    assert rig.counters(0)["resets"] == 1


@pytest.mark.parametrize("name", MODULES)
def test_cycle_stays_off_for_long_enough(rig, name):
    module = rig.start(0, name)
    row = rig.story.rows[0]
    rig.target(0, "CYCLE")
    cut = rig.until_pin("VBAT_EN", 0, 0, 100)
    on = rig.until_pin("VBAT_EN", 0, 1, row["min_off_ms"] + 1000)
    assert 0 <= on - cut - row["min_off_ms"] <= 2 + rig.tolerance(), on - cut
    assert row["min_off_ms"] >= 10000 or name == "CUSTOM"
    rig.until_phase(0, Phase.UP, row["up_max_ms"] + 10000)
    assert module.on and module.killed == 1


def test_the_host_s_own_command_ends_it_within_the_grace(rig):
    module = rig.start(0, "EC25")
    rig.target(0, "OFF", grace_s=20)
    begin = rig.t
    rig.run(5000)
    assert rig.phase() == Phase.GRACE
    module.dies()  # as after AT+QPOWD
    rig._say_status(0)
    down = rig.t
    cut = rig.until_pin("VBAT_EN", 0, 0, 2000)
    assert cut - down <= rig.story.rows[0]["settle_ms"] + 2 + rig.tolerance()
    assert not rig.pins_since(begin, "PWRKEY") and rig.counters(0)["graceful_offs"] == 1


def test_a_grace_that_passes_ends_in_the_pulse(rig):
    rig.start(0, "EC25")
    rig.target(0, "OFF", grace_s=3)
    begin = rig.t
    down = rig.until_pin("PWRKEY", 0, 1, 4000)
    assert abs(down - begin - 3000) <= 20 + rig.tolerance()  # 20: the answer's way
    rig.until_pin("VBAT_EN", 0, 0, 40000)


@pytest.mark.needs("slots=2")
def test_two_slots_do_not_start_at_once(rig):
    rig.plug(0, "EC25")
    rig.plug(1, "SIM800")
    first = rig.until_pin("VBAT_EN", 0, 1, 15000)
    second = rig.until_pin("VBAT_EN", 1, 1, 15000)
    rig.near(second - first, rig.settings["STAGGER_MS"], "stagger")
    for slot in (0, 1):
        rig.until_phase(slot, Phase.UP, 30000)


def test_an_empty_slot_stays_without_supply(rig):
    rig.run(60000)
    assert not rig.pins_since(0, "VBAT_EN", "PWRKEY", "RESET")
