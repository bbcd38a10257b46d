"""The link on a bad line, and requests that come twice."""
import collections
import random

import pytest

import link
from frames import frame, unframe
from link import Phase, Status, Target


def noise(seed, count, zeros=True):
    draw = random.Random(seed)
    return bytes(draw.randrange(0 if zeros else 1, 256) for _ in range(count))


def pour(rig, octets, rate=11):
    """Octets onto the line no faster than a real one takes them (115200 baud: 11 in a millisecond)."""
    for at in range(0, len(octets), rate):
        rig._write(octets[at:at + rate])
        rig.run(1)


def test_who_are_you(rig):
    hello = rig.hello
    assert hello["protocol"] == link.LAYOUT["protocol"] and hello["board"] and 1 <= hello["slots"] <= 4
    assert rig.ask("HELLO", expect=Status.BAD_VERSION, protocol=99, session=1)[0] == link.LAYOUT["protocol"]


@pytest.mark.parametrize("draw", range(4))
def test_noise_costs_no_more_than_the_frame_it_hits(rig, draw):
    pour(rig, noise(draw, 3000))
    assert rig.greet()["boots"] == 1
    pour(rig, noise(draw, 500, zeros=False))  # overrun: far longer than any frame, no delimiter
    assert rig.greet()["boots"] == 1


@pytest.mark.needs("status", "STATUS")
def test_a_flood_of_noise_does_not_move_a_pin(rig):
    rig.plug(0, "EC25")
    row = rig.story.rows[0]
    supply = rig.until_pin("VBAT_EN", 0, 1, 15000)
    pour(rig, noise(7, 9000))
    times = {item.value: item.t for item in rig.pins_since(supply, "PWRKEY")}
    rig.near(times[1] - supply, row["rise_ms"])
    rig.near(times[0] - times[1], row["on_ms"])


def test_a_damaged_request_is_not_answered_and_does_not_act(rig):
    rig.link.ask("SETTING_SET", setting=link.SETTINGS["REST_S"]["number"], value=77)
    good = rig.link.sent
    assert rig.ask("SETTING_READ", setting=link.SETTINGS["REST_S"]["number"])["value"] == 77
    rig.run(50)
    rig.link.answer = None
    body = bytearray(frame(0x0A, rig.link.seq % 255 + 1, bytes([link.SETTINGS["REST_S"]["number"], 5, 0])))
    body[4] ^= 0x10
    rig._write(bytes(body))
    rig.run(100)
    assert rig.link.answer is None and good
    assert rig.ask("SETTING_READ", setting=link.SETTINGS["REST_S"]["number"])["value"] == 77


def test_a_repeated_request_gets_the_same_answer_and_acts_once(rig):
    before = rig.ask("SENSE", slot=0)
    first = rig.link.answer
    rig.link.answer = None
    rig.link.again()
    rig.run(100)
    assert before and rig.link.answer == first


@pytest.mark.needs("status", "STATUS")
def test_a_repeated_cycle_acts_once_even_after_a_reset(rig):
    rig.start(0, "BG95")
    begin = rig.t
    rig.target(0, "CYCLE", request=4711)
    for _ in range(3):
        rig.link.again()
        rig.run(30)
    rig.until_phase(0, Phase.UP, 30000)
    assert [pin.value for pin in rig.pins_since(begin, "VBAT_EN")] == [0, 1]
    rig.target(0, "CYCLE", request=4711)  # another frame, the same wish
    rig.run(2000)
    rig.nrst()
    rig.run(100)
    rig.target(0, "CYCLE", request=4711)
    rig.run(20000)
    assert [pin.value for pin in rig.pins_since(begin, "VBAT_EN")] == [0, 1]
    assert rig.ask("SLOT_TARGET", slot=0, target=Target.CYCLE, request=4712, grace_s=0)
    rig.until_pin("VBAT_EN", 0, 0, 100)


def test_bad_values_are_refused_and_change_nothing(rig):
    rig.ask("SLOT_TARGET", expect=Status.BAD_VALUE, slot=9, target=1, request=1, grace_s=0)
    rig.ask("SLOT_TARGET", expect=Status.BAD_VALUE, slot=0, target=1, request=1, grace_s=0)  # an empty slot
    rig.ask("SLOT_READ", expect=Status.BAD_VALUE, slot=rig.slots)
    for name, setting in link.SETTINGS.items():
        if setting["most"] < 65535:
            rig.ask("SETTING_SET", expect=Status.BAD_VALUE, setting=setting["number"], value=setting["most"] + 1)
        assert rig.ask("SETTING_READ", setting=setting["number"])["value"] == setting["default"], name
    rig.ask("SETTING_SET", expect=Status.BAD_VALUE, setting=99, value=1)
    rig.ask("SETTING_SET", expect=Status.BAD_VALUE, setting=link.SETTINGS["CUT_MV"]["number"], value=3450)  # above SHUT_MV
    rig.ask("TIMING_SET", expect=Status.BAD_VALUE, slot=0, kind=7, rise_ms=1, on_ms=100, off_ms=100, reset_ms=0, up_max_ms=1000,
            down_max_ms=1000, settle_ms=0, min_off_ms=1000)


def test_an_unknown_request_is_told_so(rig):
    rig.link.ask("COUNTERS")
    while rig.link.answer is None:
        rig.run(1)
    rig.link.asked = dict(rig.link.asked, number=0x3E)
    rig.link.seq = rig.link.seq % 255 + 1
    rig.link.answer = None
    rig._write(frame(0x3E, rig.link.seq, b""))
    rig.run(100)
    assert rig.link.answer[0] == Status.UNKNOWN_TYPE


@pytest.mark.needs("status", "STATUS")
def test_an_event_is_repeated_until_it_is_acknowledged(rig):
    heard, write = [], rig.link.write

    def deaf(octets):  # requests pass, acknowledgements do not
        got = unframe(octets.strip(b"\0"))
        if got[0] < link.ANSWER:
            write(octets)
        else:
            heard.append((rig.t, got))

    rig.link.write = deaf
    rig.plug(0, "EC25")
    rig.run(9000)
    heard.clear()
    for _ in range(3000):
        rig.run(5)  # in small steps: the time is that of the look
    counts = collections.Counter(got[1] for _, got in heard)
    repeats = [t for t, got in heard if got[1] == counts.most_common(1)[0][0]]
    gaps = [later - sooner for sooner, later in zip(repeats, repeats[1:])]
    assert len(gaps) >= 2 and all(450 <= gap <= 8100 for gap in gaps), gaps
    rig.link.write = write
    rig.beat()  # which may itself raise an event: the lease
    rig.run(9000)
    assert rig.beat()["pending"] == 0


def test_a_reset_gives_events_other_numbers(rig):
    """A host that has not heard of the reset yet takes none for one that it knows."""
    numbers = []
    for _ in range(3):
        rig.nrst()
        rig.run(15000)  # every slot tells that it is off
        lately = {event.fields["number"] for t, event in rig.told if t > rig.t - 15000}
        assert lately and not lately & set(numbers), (lately, numbers)
        numbers += lately


def test_answers_come_within_the_host_s_patience(rig):
    slowest = 0
    for _ in range(50):
        begin = rig.t
        rig.ask("COUNTERS")
        slowest = max(slowest, rig.t - begin)
    assert slowest < link.LAYOUT["answer_ms"], slowest
