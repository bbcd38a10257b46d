"""What is true of the ATmega328P's image in libsimavr alone; the bench (pytest hil --rig avr) runs every board's cases on it.
Usage: CELLPOST_BUILD=BUILD pytest hil/sim/avr/test_avr.py"""
import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from bus import Bus
from frames import crc16
from link import BUILD, Cap, Cause, LogCode, Module, Phase
from rig import Rig, read_rig

PROGRAM, IMAGE = BUILD / "hil/sim/avr/cellpost-board-avr", BUILD / "boards/atmega328p/atmega328p.elf"
NV_LOG, PAGE = 0x40, 512


@pytest.fixture
def board(tmp_path):
    rig = Rig(read_rig("avr"), tmp_path)
    yield rig
    rig.close()


# ---- the same input gives the same run ----

SCRIPT = {10: "STATUS 0", 12000: "STATUS 1", 15000: "ADC0 3390", 15500: "ADC0 4100", 50000: "HANG", 60000: "NRST", 65000: "STATUS 0",
          80000: "POWERCYCLE", 95000: "CURRENT1 1500"}


def trace(nv, folder):
    """All that the BUS says in 100 s, while SCRIPT is played to it."""
    folder.mkdir()
    (folder / "nv").write_bytes(nv)
    process = subprocess.Popen([PROGRAM, IMAGE, "--bus", folder / "bus", "--nv", folder / "nv", "--lockstep"], stdout=subprocess.PIPE, bufsize=0)
    try:
        assert process.stdout.readline().startswith(b"uart ")
        bus, said, now = Bus(folder / "bus"), [], 0
        for at, words in [*SCRIPT.items(), (100000, None)]:
            while now < at:
                bus.grant(at - now)
                said += (items := bus.read_tick())
                now = items[-1].t
            if words:
                bus.say(words)
        bus.close()
        return said, (folder / "nv").read_bytes()
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


def test_the_same_input_gives_the_same_run(board, tmp_path):
    board.plug(0, "EC25")
    board.run(200)
    nv = (tmp_path / "nv").read_bytes()
    first, second = trace(nv, tmp_path / "a"), trace(nv, tmp_path / "b")
    assert first == second
    pins = [item for item in first[0] if item[0] == "VBAT_EN"]
    causes = [item.cause for item in first[0] if hasattr(item, "cause")]
    assert causes == ["POWER", "WATCHDOG", "PIN", "POWER"] or causes == ["WATCHDOG", "PIN", "POWER"], causes
    assert len(pins) > 4 and first[1] != nv


# ---- resets ----

def test_a_reset_keeps_the_rail_and_releases_the_rest(board):
    board.plug(0, "EC25")
    board.until_pin("PWRKEY", 0, 1, 15000)
    board.run(10)
    at = board.nrst()
    released = [(pin.name, pin.value) for pin in board.pins_since(at, "PWRKEY", "VBAT_EN") if pin.slot == 0 and pin.t == at]
    assert released == [("PWRKEY", 0)]
    assert board.greet()["cause"] == Cause.PIN


def test_every_cause_is_told(board):
    assert board.hello["cause"] == Cause.POWER
    board.hang()
    at = board.t
    board.near(board.until_reset("WATCHDOG", 3000) - at, 2048, "the watchdog's time")
    answer = board.greet()
    assert answer["cause"] == Cause.WATCHDOG and answer["fault"].startswith("late: ")
    assert answer["watchdog_bites"] == 1


# ---- what an int of 16 bits can get wrong ----

def log_records(nv):
    """(offset, octets) of the records of the log in the page in use."""
    page = max((n for n in (0, PAGE) if nv[n:n + 2] == b"\x01\xce"), key=lambda n: int.from_bytes(nv[n + 2:n + 4], "little"))
    at = page + 6
    while at < page + PAGE and nv[at:at + 2] != b"\xff\xff":
        if nv[at] == NV_LOG:
            yield at, bytes(nv[at:at + 4 + nv[at + 1]])
        at += 4 + nv[at + 1]


def test_the_log_goes_on_after_its_last_number(board, tmp_path):
    board.run(12000)
    board.nrst()
    board.run(12000)
    nv = bytearray((tmp_path / "nv").read_bytes())
    records = list(log_records(nv))
    for number, (at, record) in enumerate(records, 65536 - len(records)):
        record = record[:2] + number.to_bytes(2, "little") + record[4:-2]
        nv[at:at + len(record) + 2] = record + crc16(record).to_bytes(2, "little")
    folder = tmp_path / "next"
    folder.mkdir()
    (folder / "nv").write_bytes(nv)
    after = Rig(read_rig("avr"), folder)
    try:
        assert after.ask("LOG_READ", number=65535)["number"] == 65535
        entry = after.ask("LOG_READ", number=1)
        assert (entry["number"], entry["code"]) == (1, LogCode.BOOT)
    finally:
        after.close()


def test_the_millisecond_counter_wraps(tmp_path):
    rig = Rig(read_rig("avr"), tmp_path, start_ms=2**32 - 5000)
    try:
        assert rig.greet()["uptime_ms"] > 2**32 - 5000
        rig.plug(0, "EC25")
        down = rig.until_pin("PWRKEY", 0, 1, 15000)
        rig.near(rig.until_pin("PWRKEY", 0, 0, 2000) - down, rig.row(0)["on_ms"], "the pulse")
        assert rig.greet()["uptime_ms"] < 20000
    finally:
        rig.close()


# ---- the circuit ----

def test_measures_are_behind_the_dividers(board):
    board.say("ADC0", 4321)
    board.say("RAIL1", 3876)
    board.say("CURRENT1", 765)
    board.say("TEMP", -123)
    board.plug(1, "EC25")
    board.until_pin("VBAT_EN", 1, 1, 15000)
    board.run(20)
    answer = board.ask("SENSE", slot=1)
    assert abs(answer["supply_mv"] - 4321) <= 12 and abs(answer["rail_mv"] - 3876) <= 12
    assert abs(answer["current_ma"] - 765) <= 3 and abs(answer["temperature_dc"] + 123) <= 3
    assert board.ask("SENSE", slot=0)["rail_mv"] <= 8  # its switch is off


def generation(nv):
    return max(int.from_bytes(nv[n + 2:n + 4], "little") for n in (0, PAGE) if nv[n:n + 2] == b"\x01\xce")


def test_a_page_change_keeps_nobody_waiting(board, tmp_path):
    """The EEPROM's cells are slow, a page of them takes a second."""
    first, longest = generation((tmp_path / "nv").read_bytes()), 0
    for _ in range(6):
        board.nrst()
        board.run(9500)  # then the log and the counters are saved
        board.beat()  # behind the events that nobody acknowledged
        end = board.t + 2500
        while board.t < end:
            asked = board.t
            board.beat()
            longest = max(longest, board.t - asked)
    assert generation((tmp_path / "nv").read_bytes()) > first
    assert longest <= 30
    assert board.counters()["nv_errors"] == 0


# ---- real time, and what is refused ----

def test_it_is_never_ahead_of_the_clock(tmp_path):
    began = time.monotonic()
    process = subprocess.Popen([PROGRAM, IMAGE, "--bus", tmp_path / "bus"], stdout=subprocess.PIPE, bufsize=0)
    try:
        assert process.stdout.readline().startswith(b"uart ")
        bus, seen, end = Bus(tmp_path / "bus"), [], time.monotonic() + 60
        while len(seen) < 6 and time.monotonic() < end:
            seen += [(time.monotonic() - began, item) for item in bus.read(1) if item[0] == "LED" and item.t > 0]
        assert len(seen) >= 6
        assert all(item.t <= passed * 1000 for passed, item in seen)
        bus.close()
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


@pytest.mark.parametrize("arguments", [["--bus", "B"], ["nothing.elf", "--bus", "B"], [str(IMAGE)], [str(IMAGE), "--bus", "B", "--start-ms", "x"]])
def test_what_cannot_be_run_is_refused(arguments, tmp_path):
    answer = subprocess.run([PROGRAM, *arguments], cwd=tmp_path, capture_output=True, timeout=20)
    assert answer.returncode in (1, 2) and answer.stderr
