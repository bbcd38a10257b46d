"""What survives a reset, and what survives the loss of power."""
import pytest

import link
from link import LogCode, Module, Phase

SAVE_MS = 11000     # the first saving after a start
SAVE_EACH_MS = 600000

pytestmark = pytest.mark.needs("eeprom", "NV")


def log(rig):
    entries, number = [], 0
    while True:
        entry = rig.ask("LOG_READ", number=number)
        if entry["number"] == 0:
            return entries
        entries.append(entry)
        number = entry["number"] + 1


def test_settings_survive_the_loss_of_power(rig):
    rig.set("REST_S", 123)
    rig.set("MODULE_0", Module.SIM7600)
    row = dict(kind=0, rise_ms=11, on_ms=222, off_ms=333, reset_ms=44, up_max_ms=5555, down_max_ms=6666, settle_ms=77, min_off_ms=8888)
    rig.ask("TIMING_SET", slot=0, **row)
    rig.power_cycle()
    assert rig.ask("SETTING_READ", setting=link.SETTINGS["REST_S"]["number"])["value"] == 123
    assert rig.row(0)["module"] == Module.SIM7600
    rig.set("MODULE_0", Module.CUSTOM)
    assert rig.row(0) == dict(row, module=Module.CUSTOM)


@pytest.mark.needs("status", "STATUS")
def test_counters_survive_the_loss_of_power(rig):
    rig.start(0, "BG95")
    rig.target(0, "CYCLE")
    rig.until_phase(0, Phase.UP, 30000)
    rig.run(SAVE_EACH_MS)
    before = dict(rig.counters(0), **rig.counters())
    rig.power_cycle()
    after = dict(rig.counters(0), **rig.counters())
    assert after == dict(before, boots=2)
    assert after["starts"] == 2 == rig.story.asserted[("VBAT_EN", 0)]


def test_every_start_that_lasts_is_counted(rig):
    for boots in range(1, 6):
        assert rig.greet()["boots"] == boots
        rig.run(SAVE_MS)
        rig.power_cycle()
    assert rig.counters()["nv_errors"] == 0


def set_through_a_page_change(rig, name, value):
    """A part that erases a page of its EEPROM just now is mute for up to two seconds."""
    begin = rig.t
    while (answer := rig.try_ask("SETTING_SET", setting=link.SETTINGS[name]["number"], value=value)) is None:
        assert rig.t - begin < 4000, "the board is mute"
    assert answer[0] == link.Status.OK
    rig.settings[name] = value


@pytest.mark.needs("status", "STATUS")
def test_power_that_goes_in_the_middle_of_writing(rig):
    """The saving after a start is cut at another millisecond each time: the board starts, and no record is lost that was there before."""
    rig.set("REST_S", 99)
    rig.run(SAVE_MS)
    for cut_ms in range(0, 40, 3):
        rig.power_cycle()
        rig.run(9990 + cut_ms)
        set_through_a_page_change(rig, "WATCH_S", 10 + cut_ms)
        rig.say("POWERCYCLE")
        rig.until_reset("POWER", 2000)
        assert rig.ask("SETTING_READ", setting=link.SETTINGS["REST_S"]["number"])["value"] == 99
        assert rig.ask("SETTING_READ", setting=link.SETTINGS["WATCH_S"]["number"])["value"] == 10 + cut_ms
    assert rig.counters()["nv_errors"] <= 14 * rig.board.get("torn_records", 0)


@pytest.mark.needs("status", "STATUS")
def test_the_log_tells_the_story_over_resets(rig):
    module = rig.start(0, "EC25")
    rig.target(0, "CYCLE", request=500)
    rig.until_phase(0, Phase.UP, 40000)
    module.dies()
    rig._say_status(0)
    rig.run(1000)
    rig.nrst()
    rig.run(15000)
    rig.power_cycle()
    codes = [LogCode(entry["code"]) for entry in log(rig)]
    wanted = [LogCode.CYCLE, LogCode.STATUS_LOST, LogCode.BOOT]
    rest = iter(codes)
    assert all(code in rest for code in wanted), codes  # in this order
    numbers = [entry["number"] for entry in log(rig)]
    assert numbers == sorted(numbers)


@pytest.mark.needs("status", "STATUS", "start_ms")
@pytest.mark.needs("hours")
def test_the_hour_s_limit_survives_resets_not_the_counter_s_wrap(make_rig):
    rig = make_rig(start_ms=2 ** 32 - 300000)
    rig.set("PULSES_HOUR", 3)
    rig.start(0, "BG95")
    for _ in range(2):
        rig.target(0, "CYCLE")
        rig.until_phase(0, Phase.UP, 30000)
    rig.target(0, "CYCLE")
    rig.run(600000)
    assert rig.story.asserted[("VBAT_EN", 0)] == 3 and rig.modules[0].on
    rig.until_pin("VBAT_EN", 0, 0, 3600000)
