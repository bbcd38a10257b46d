"""Resets, hangs, dead and dying modems: what the board does, how soon, and that it tells the truth of it."""
import pytest

from link import Cause, Lease, Phase, Reason

BITE_MS = 8100      # the hardware watchdog bites within 1 to 8 s
RECOVER_MS = 40000  # from a reset until a module that was not running runs again

pytestmark = pytest.mark.needs("status", "STATUS")


def told(rig, name):
    return [event.fields for _, event in rig.told if event.name == name]


@pytest.mark.needs("hang")
def test_a_hang_ends_in_a_reset_that_the_modem_does_not_feel(rig):
    module = rig.start(0, "EC25")
    begin = rig.t
    rig.hang()
    reset = rig.until_reset("WATCHDOG", BITE_MS)
    assert 900 <= reset - begin <= BITE_MS
    rig.run(20000)
    hello = rig.greet()
    if "wdt_cause" in rig.caps:
        assert hello["cause"] == Cause.WATCHDOG
        rig.run(10000)
        assert told(rig, "FAULT")[-1]["cause"] == Cause.WATCHDOG
        assert rig.counters()["watchdog_bites"] == 1
    assert hello["boots"] == 2
    assert rig.state()["phase"] == Phase.UP and rig.state()["reason"] == Reason.ADOPTED
    assert not rig.pins_since(begin, "VBAT_EN", "PWRKEY", "RESET") and module.on
    assert rig.counters(0)["adopted"] == 1


@pytest.mark.needs("hang")
@pytest.mark.parametrize("phase", ["VBAT_RISE", "PULSE_ON", "WAIT_STATUS", "PULSE_OFF", "RESET_PULSE"])
@pytest.mark.parametrize("how", ["hang", "nrst"])
def test_a_reset_in_the_middle_of_a_power_sequence(rig, phase, how):
    """Pins are released at once, the modem runs again within a bound, and no rule is broken on the way."""
    rig.plug(0, "LE910") if phase in ("PULSE_ON", "WAIT_STATUS") else rig.plug(0, "BG95")
    if phase in ("PULSE_OFF", "RESET_PULSE"):
        rig.until_phase(0, Phase.UP, 40000)
        rig.target(0, "OFF" if phase == "PULSE_OFF" else "RESET")
        rig.until_pin("PWRKEY" if phase == "PULSE_OFF" else "RESET", 0, 1, 200)
    else:
        rig.until_pin("VBAT_EN", 0, 1, 15000)
        if phase != "VBAT_RISE":
            rig.until_pin("PWRKEY", 0, phase == "PULSE_ON", 10000)
    rig.run(7)
    rig.hang() if how == "hang" else rig.say("NRST")
    reset = rig.until_reset("WATCHDOG" if how == "hang" else "PIN", BITE_MS)
    if phase == "PULSE_OFF":
        rig.target(0, "ON")
    state = rig.until_phase(0, Phase.UP, RECOVER_MS)
    rig.run(1000)
    assert rig.modules[0].on and rig.phase() == Phase.UP, state
    assert rig.t - reset <= RECOVER_MS + 2000


@pytest.mark.needs("hang")
def test_a_watchdog_s_bite_in_a_host_cut_gives_the_host_its_supply_back(rig):
    if "HOST_CUT" not in rig.link_caps:
        pytest.skip(f"rig {rig.spec['name']} has no HOST_CUT")
    rig.set("LEASE_S", 5)
    rig.set("HOST_OFF_MS", 60000)
    rig.beat()
    rig.until_pin("HOST_CUT", 0, 1, 6000)
    rig.hang()
    rig.until_reset("WATCHDOG", BITE_MS)
    rig.run(5)
    assert rig.story.pins[("HOST_CUT", 0)] == 0
    rig.run(50000)  # the count of cuts is kept, the hold-off begins anew
    assert rig.story.asserted[("HOST_CUT", 0)] == 1 and rig.counters()["host_cuts"] == 1


def test_status_that_never_rises_is_tried_three_times_then_rests(rig):
    rig.set("REST_S", 20)
    module = rig.plug(0, "BG95", dead=True)
    row = rig.story.rows[0]
    rig.until_phase(0, Phase.FAULT, 90000)
    first = rig.t
    counters = rig.counters(0)
    assert counters["starts"] == 3 == counters["start_failures"] == rig.story.asserted[("VBAT_EN", 0)]
    assert rig.state()["reason"] == Reason.RESTING
    again = rig.until_pin("VBAT_EN", 0, 1, 25000)
    assert abs(again - first - 20000) <= 30 + rig.tolerance()
    rig.until_phase(0, Phase.FAULT, 60000)
    second = rig.t
    again = rig.until_pin("VBAT_EN", 0, 1, 45000)
    assert abs(again - second - 40000) <= 30 + rig.tolerance()  # doubled
    module.dead = False
    rig.until_phase(0, Phase.UP, row["up_max_ms"] + 5000)


@pytest.mark.needs("hours")
def test_a_dead_module_gets_no_more_than_its_hour_allows(rig):
    rig.set("REST_S", 1)
    rig.set("PULSES_HOUR", 4)
    rig.plug(0, "BG95", dead=True)
    rig.run(600000)
    assert rig.story.asserted[("VBAT_EN", 0)] == 4
    assert rig.state()["reason"] == Reason.RATE
    rig.nrst()  # the board's own reset does not begin the hour anew
    rig.run(60000)
    assert rig.story.asserted[("VBAT_EN", 0)] == 4
    at = rig.until_pin("VBAT_EN", 0, 1, 3700000)  # and after the hour it goes on
    assert at - rig.story.sequences[0][0] >= 3600000


def test_a_target_set_anew_ends_the_rest(rig):
    rig.set("REST_S", 3000)
    module = rig.plug(0, "BG95", dead=True)
    rig.until_phase(0, Phase.FAULT, 90000)
    module.dead = False
    rig.target(0, "ON")
    rig.until_phase(0, Phase.UP, 10000)


def test_status_lost_is_told_at_once_and_started_again_in_time(rig):
    rig.set("WATCH_S", 10)
    module = rig.start(0, "EC25")
    module.dies()
    rig._say_status(0)
    begin = rig.t
    rig.run(150)
    assert rig.state()["reason"] == Reason.STATUS_LOST
    assert rig.counters(0)["status_losses"] == 1
    cut = rig.until_pin("VBAT_EN", 0, 0, 11000)
    assert abs(cut - begin - 10000) <= 2 + rig.tolerance()
    rig.until_phase(0, Phase.UP, 40000)
    assert rig.counters(0)["hard_cuts"] == 0


def test_status_that_blinks_is_not_lost(rig):
    module = rig.start(0, "EC25")
    begin = rig.t
    for _ in range(5):
        rig.say("STATUS", 0)
        rig.run(60)
        rig.say("STATUS", 1)
        rig.run(200)
    assert rig.counters(0)["status_losses"] == 0 and rig.phase() == Phase.UP
    assert not rig.pins_since(begin, "VBAT_EN", "PWRKEY", "RESET") and module.on


def test_the_host_that_is_there_may_have_its_own_way(rig):
    """With heartbeats, a lost STATUS is left to the host five times as long; a target named anew is acted on at once."""
    rig.set("WATCH_S", 10)
    module = rig.start(0, "EC25")
    rig.beats(2000)
    rig.run(100)
    module.dies()
    rig._say_status(0)
    begin = rig.t
    rig.run(45000)
    assert rig.ask("HEARTBEAT", turn=10 ** 6, commit=0)["lease"] == Lease.HELD if "HOST_CUT" in rig.link_caps else True
    assert not rig.pins_since(begin, "VBAT_EN")
    rig.target(0, "ON")
    rig.until_pin("VBAT_EN", 0, 0, 100)
    rig.until_phase(0, Phase.UP, 40000)


def test_a_modem_that_runs_at_power_on_is_adopted(rig):
    """Its own battery, or USB: STATUS is high before the board has ever switched anything."""
    module = rig.plug(0, "SIM800")
    rig.run(2000)
    module.on = True
    rig._say_status(0)
    begin = rig.t
    rig.power_cycle(modules=False)
    rig.run(30000)
    assert rig.phase() == Phase.UP and rig.counters(0)["adopted"] == 1
    assert not rig.pins_since(begin, "PWRKEY", "RESET")


def test_resets_in_a_row_leave_a_running_modem_alone(rig):
    module = rig.start(0, "SIM7600")
    begin = rig.t
    for _ in range(20):
        rig.nrst()
        rig.run(137)
    rig.run(15000)
    assert module.on and not rig.pins_since(begin, "VBAT_EN", "PWRKEY", "RESET")
    assert rig.greet()["boots"] == 21 and rig.phase() == Phase.UP


def test_after_power_loss_every_module_is_started(rig):
    module = rig.start(0, "SIM800")
    rig.target(0, "OFF")
    rig.until_phase(0, Phase.OFF, 30000)
    rig.power_cycle()
    rig.until_phase(0, Phase.UP, 30000)
    assert module.on


def test_after_any_other_reset_the_targets_are_as_they_were(rig):
    rig.start(0, "SIM800")
    rig.target(0, "OFF")
    rig.until_phase(0, Phase.OFF, 30000)
    begin = rig.t
    rig.nrst()
    rig.run(60000)
    assert rig.phase() == Phase.OFF and not rig.pins_since(begin, "VBAT_EN")


@pytest.mark.needs("start_ms")
def test_the_millisecond_counter_wraps_in_the_middle_of_a_start(make_rig):
    for before_ms in (10020, 10060, 10500, 12000, 20000):  # in each phase of a start
        rig = make_rig(start_ms=2 ** 32 - before_ms)
        rig.plug(0, "EC25")
        row = rig.story.rows[0]
        supply = rig.until_pin("VBAT_EN", 0, 1, 12000)
        down = rig.until_pin("PWRKEY", 0, 1, 1000)
        up = rig.until_pin("PWRKEY", 0, 0, 2000)
        rig.near(down - supply, row["rise_ms"])
        rig.near(up - down, row["on_ms"])
        rig.until_phase(0, Phase.UP, 15000)
        rig.beats(1000)
        rig.run(20000)
        assert rig.phase() == Phase.UP and not rig.story.asserted[("HOST_CUT", 0)]
