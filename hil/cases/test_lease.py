"""The host's watch: the host is cut once when it is silent, then less and less; never for any other cause."""
import pytest

from link import Lease, Phase

pytestmark = pytest.mark.needs("HOST_CUT")


def lease(rig):
    """The state as the last event told it."""
    return [event.fields["lease"] for _, event in rig.told if event.name == "LEASE_STATE"][-1]


def short(rig):
    rig.set("LEASE_S", 10)
    rig.set("BOOT_S", 60)
    rig.set("HOST_OFF_MS", 5000)


def test_a_silent_host_is_cut_once_and_left_to_boot(rig):
    short(rig)
    rig.beat()
    begin = rig.t
    cut = rig.until_pin("HOST_CUT", 0, 1, 11000)
    assert abs(cut - begin - 10000) <= 20 + rig.tolerance()  # 20: the heartbeat's way
    rig.near(rig.until_pin("HOST_CUT", 0, 0, 6000) - cut, 5000, "cut")
    rig.run(55000)
    assert rig.story.asserted[("HOST_CUT", 0)] == 1 == rig.counters()["host_cuts"]
    rig.beats(2000)
    rig.run(300000)
    assert rig.story.asserted[("HOST_CUT", 0)] == 1 and lease(rig) == Lease.HELD


@pytest.mark.needs("hours")
def test_a_host_that_stays_away_is_cut_three_times_then_left_for_an_hour(rig):
    short(rig)
    rig.beat()
    rig.until_pin("HOST_CUT", 0, 1, 11000)
    for _ in range(2):
        released = rig.until_pin("HOST_CUT", 0, 0, 6000)
        cut = rig.until_pin("HOST_CUT", 0, 1, 61000)
        rig.near(cut - released, 60000, "hold-off")
    rig.until_pin("HOST_CUT", 0, 0, 6000)
    rest = rig.t + 60000
    rig.run(65000)
    assert lease(rig) == Lease.REST and rig.counters()["host_rests"] == 1
    rig.nrst()  # the board's own reset does not begin the count anew
    rig.run(1800000)
    assert rig.story.asserted[("HOST_CUT", 0)] == 3
    again = rig.until_pin("HOST_CUT", 0, 1, 1900000)
    assert again - rest >= 3600000


def test_heartbeats_without_progress_do_not_count(rig):
    short(rig)
    rig.set("PROGRESS_S", 30)
    rig.beat()
    begin = rig.t
    while not rig.story.asserted[("HOST_CUT", 0)]:
        assert rig.t - begin < 60000
        rig.beat(progress=False)
        rig.run(1000)
    assert 38000 <= rig.t - begin <= 42000  # 30 s of progress, 10 s of lease


def test_maintenance_leaves_the_host_alone_and_ends(rig):
    short(rig)
    rig.beat()
    assert rig.ask("MAINTENANCE", seconds=100)["seconds"] == 100
    begin = rig.t
    rig.run(95000)
    assert not rig.story.asserted[("HOST_CUT", 0)]
    cut = rig.until_pin("HOST_CUT", 0, 1, 100000)  # then the hold-off of a boot
    assert abs(cut - begin - 160000) <= 20 + rig.tolerance()


def test_maintenance_is_granted_for_an_hour_from_a_heartbeat_with_progress(rig):
    ask = lambda: rig.ask("MAINTENANCE", seconds=3600)["seconds"]
    rig.beat()
    assert ask() == 3600
    rig.run(20000)
    rig.beat(progress=False)
    assert 3578 <= ask() <= 3580
    rig.ask("MAINTENANCE", seconds=0)
    rig.run(10000)
    assert 3568 <= ask() <= 3570
    rig.beat()
    assert ask() == 3600


@pytest.mark.needs("hours")
def test_maintenance_that_is_repeated_for_ever_ends(rig):
    """By a host of which nothing else is heard."""
    short(rig)
    rig.beat()
    begin, granted = rig.t, []
    while not rig.story.asserted[("HOST_CUT", 0)]:
        assert rig.t - begin < 4000000
        granted.append(rig.ask("MAINTENANCE", seconds=1000)["seconds"])
        rig.run(30000)
    assert abs(rig.t - begin - 3660000) <= 31000 + 60 * rig.tolerance()  # an hour, and the hold-off of a boot
    assert granted[0] == 1000 and granted[-1] == 0
    rig.beat()  # it lives, and may ask again
    rig.until_pin("HOST_CUT", 0, 0, 6000)
    rig.beat()
    assert rig.ask("MAINTENANCE", seconds=1000)["seconds"] == 1000


def test_a_board_that_was_reset_gives_the_host_its_hold_off(rig):
    short(rig)
    rig.beats(2000)
    rig.run(5000)
    rig.beats(None)
    rig.nrst()
    begin = rig.t
    cut = rig.until_pin("HOST_CUT", 0, 1, 70000)
    assert abs(cut - begin - 60000) <= 60 + rig.tolerance()  # a board takes tens of milliseconds to start


@pytest.mark.needs("status", "STATUS")
def test_a_dead_modem_never_cuts_the_host(rig):
    short(rig)
    rig.set("REST_S", 5)
    rig.beats(2000)
    rig.plug(0, "BG95", dead=True)
    rig.run(200000)
    assert rig.counters(0)["start_failures"] >= 4
    assert not rig.story.asserted[("HOST_CUT", 0)]


@pytest.mark.needs("adc", "SUPPLY")
def test_a_starved_host_is_not_cut(rig):
    short(rig)
    rig.beat()
    rig.supply(3200)
    rig.run(120000)
    assert not rig.story.asserted[("HOST_CUT", 0)]
    rig.supply(4000)
    rig.until_pin("HOST_CUT", 0, 1, 11000)


@pytest.mark.needs("status", "STATUS")
def test_a_cut_of_the_host_leaves_the_modem_as_it_is(rig):
    """Messages gather in it meanwhile."""
    module = rig.start(0, "EC25")
    short(rig)
    rig.beat()
    begin = rig.t
    rig.until_pin("HOST_CUT", 0, 1, 11000)
    rig.run(20000)
    assert module.on and rig.phase() == Phase.UP and not rig.pins_since(begin, "VBAT_EN", "PWRKEY", "RESET")
