"""A simulated modem whose power is the pins of a board: by hand over a board that is only its BUS, then with the firmware itself
(CELLPOST_RIG: another rig of hil/rigs than host)."""
import contextlib
import errno
import os
import pathlib
import random
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from fakeboard import FakeBoard
from simctl import ModemSim, Port, SimError, binary

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "hil"))
from link import Module, Phase, Reason  # noqa: E402
from rig import Rig, read_rig  # noqa: E402

QUIET = "0100" + "0B911497112132F3" + "0000" + "05E8329BFD06"


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("p")  # a socket's path is short


@pytest.fixture
def on_board(folder):
    """on_board(keys...): modems m1, m2, ... in slots 0, 1, ... of a board that is only its BUS."""
    running = []

    def make(*keys, lockstep=False):
        board = FakeBoard(folder / "bus", lockstep)
        names = [f"m{n + 1},board={folder}/bus,slot={n}" + (f",{key}" if key else "") for n, key in enumerate(keys)]
        sim = ModemSim(folder, names).start()
        running.extend([sim, board])
        board.accept()
        return sim, board

    yield make
    running[:] = [thing.stop() if isinstance(thing, ModemSim) else thing.close() for thing in running]


def switch_on(board, slot=0):
    """The generic family: 10 ms, then PWRKEY for 100 ms."""
    board.pin("VBAT_EN", 1, slot, after=1000)
    board.pin("PWRKEY", 1, slot, after=10)
    board.pin("PWRKEY", 0, slot, after=100)


def at_end(port):
    """The port is gone for the client that has it open."""
    try:
        while os.read(port.fd, 4096):
            pass
    except OSError as error:
        return error.errno == errno.EIO
    return True


# ---- real time ----

def test_port_and_status_follow_the_pins(on_board):
    sim, board = on_board("")
    assert not os.path.lexists(sim.link()) and sim.state()["power"] == "off"
    switch_on(board)
    board.until("STATUS 1")
    sim.wait("m1", "registered")
    with Port(sim.link()) as port:
        assert port.at("ATE0").endswith("OK\r\n")
        sim.cmd("sim", "m1", "pin")
        board.pin("VBAT_EN", 0, after=60000)
        board.until("STATUS 0")
        sim.wait("m1", "vanished")
        assert at_end(port)
    assert not os.path.lexists(sim.link())
    stats = sim.stats()
    assert {name: stats[name] for name in ("start", "pulse_on", "cut_running", "off_clean", "boot")} == dict(
        start=1, pulse_on=1, cut_running=1, off_clean=0, boot=1)


def test_off_by_command_says_so_and_lets_status_fall(on_board):
    sim, board = on_board("power=EC25", lockstep=True)
    board.run(14000, (1, "VBAT_EN", 1), (31, "PWRKEY", 1), (600, "PWRKEY", 0))
    sim.wait("m1", "ready")
    with Port(sim.link()) as port:
        port.at("ATE0")
        assert "ERROR" in port.at("AT+CPOF")
        assert port.at("AT+QPOWD=1") == "\r\nOK\r\n"
        sim.wait("m1", "command_off")
        board.run(16000)
        assert port.read_until("POWERED DOWN\r\n")
        heard = board.run(14500)
        assert [line for _, line in heard if line.startswith("STATUS")] == ["STATUS 0"]
        sim.wait("m1", "off_clean")
    board.run(10, (5, "VBAT_EN", 0))
    assert sim.stats()["cut_running"] == 0


def test_too_short_a_cut_needs_a_longer_one(on_board):
    sim, board = on_board("", lockstep=True)
    board.run(6000, (1000, "VBAT_EN", 1), (1010, "PWRKEY", 1), (1110, "PWRKEY", 0))
    assert sim.stats()["start"] == 1
    board.run(1000, (1, "VBAT_EN", 0), (500, "VBAT_EN", 1), (510, "PWRKEY", 1), (710, "PWRKEY", 0))
    assert sim.state()["board"]["latched"] and sim.stats()["cut_short"] == 1 == sim.stats()["pulse_void"]
    heard = board.run(2000, (10, "VBAT_EN", 0), (510, "VBAT_EN", 1), (520, "PWRKEY", 1), (620, "PWRKEY", 0))
    assert "STATUS 1" in [line for _, line in heard]
    assert sim.stats()["start"] == 2


def test_two_modems_on_one_connection(on_board):
    sim, board = on_board("", "")
    switch_on(board, 1)
    board.until("STATUS1 1")
    sim.wait("m2", "ready")
    switch_on(board, 0)
    board.until("STATUS 1")
    board.pin("VBAT_EN", 0, slot=1, after=10000)
    board.until("STATUS1 0")
    assert sim.state("m1")["board"]["status"] and not sim.state("m2")["board"]["status"]


def test_a_board_that_comes_back_is_told_all(on_board, folder):
    sim, board = on_board("")
    switch_on(board)
    board.until("STATUS 1")
    sim.wait("m1", "ready")
    board.close()
    with FakeBoard(folder / "bus", pins={("VBAT_EN", 0): 1}) as again:  # its clock begins anew
        again.accept()
        again.until("STATUS 1")
        assert sim.state()["power"] == "on"
        again.pin("PWRKEY", 1, after=100)
        again.pin("PWRKEY", 0, after=300)
        again.until("STATUS 0")
        assert sim.stats()["pulse_off"] == 1
        again.say("RESET PIN t=90000")
        again.until("STATUS 0")
    with FakeBoard(folder / "bus") as third:  # it has dropped the supply meanwhile
        third.accept()
        sim.wait("m1", "vbat_cut")
    board.close = lambda: None


def test_a_burst_that_takes_too_much(on_board):
    sim, board = on_board("burst_drop_mv=400")
    switch_on(board)
    sim.wait("m1", "registered")
    board.until("CURRENT 30")
    with Port(sim.link()) as port:
        port.at("ATE0")
        port.send_pdu(QUIET)
        board.until("RAIL 3400")
        board.until("CURRENT 600")
        board.until("RAIL 3800")
        board.until("CURRENT 30")
        sim.cmd("set", "m1", rail_mv=3600, supply="on")
        board.until("ADC0 3600")
        port.write(f"AT+CMGS={len(QUIET) // 2}\r")
        port.read_until("> ")
        port.write(f"00{QUIET}\x1a")
        board.until("STATUS 0")
    sim.wait("m1", "vanished")
    assert sim.stats()["brown_out"] == 1 and len(sim.pdus()) == 2
    sim.cmd("sag", "m1", 3000, 60000)
    board.until("ADC0 3000")
    board.pin("PWRKEY", 1, after=30000)
    board.pin("PWRKEY", 0, after=200)
    sim.wait("m1", "start_low")


@pytest.mark.parametrize("hang, cures", [("reset", ["RESET", "PWRKEY", "VBAT_EN"]), ("pwrkey", ["PWRKEY", "VBAT_EN"]), ("power", ["VBAT_EN"])])
def test_what_a_hang_is_cured_by(on_board, hang, cures):
    sim, board = on_board("")
    for cure in ("RESET", "PWRKEY", "VBAT_EN"):
        switch_on(board)
        sim.wait("m1", "ready")
        sim.cmd("hang", "m1", hang)
        boots = sim.stats()["boot"]
        if cure == "VBAT_EN":
            board.pin("VBAT_EN", 0, after=1000)
            sim.wait("m1", "vanished")
            board.pin("VBAT_EN", 0, after=1000)
            continue
        board.pin(cure, 1, after=1000)
        board.pin(cure, 0, after=400)
        if cure not in cures:
            sim.wait("m1", "reset_void" if cure == "RESET" else "pulse_void")
            assert sim.state()["hang"] == hang and sim.state()["power"] == "on"
        elif cure == "RESET":
            sim.wait("m1", "boot", boots + 1)
            assert sim.state()["hang"] == "none"
        else:
            sim.wait("m1", "off_clean")
        board.pin("VBAT_EN", 0, after=1000)
        sim.wait("m1", "vanished")
        sim.cmd("reset-stats", "m1")
        board.t += 1000


# ---- lock-step ----

def test_status_is_exact_in_lock_step(on_board):
    sim, board = on_board("power=SIM800", lockstep=True)
    heard = board.run(5000, (100, "VBAT_EN", 1), (155, "PWRKEY", 1), (1255, "PWRKEY", 0))
    assert [(t, line) for t, line in heard if "STATUS" in line] == [(0, "STATUS 0"), (1655, "STATUS 1")]
    assert (100, "RAIL 3800") in heard and (1155, "CURRENT 20") in heard
    heard = board.run(6000, (100, "PWRKEY", 1), (2100, "PWRKEY", 0))
    assert [(t, line) for t, line in heard if "STATUS" in line] == [(4600, "STATUS 0")]
    state = sim.state()["board"]
    assert (state["start_ms"], state["ready_ms"], state["pwrkey_width_ms"], state["now_ms"]) == (1155, 4155, 2000, 11000)


VERBS = ["hang m1 power", "hang m1 pwrkey", "hang m2 reset", "reboot m1", "reboot m2", "sag m1 3000 40", "sag m2 2500 7", "set m1 rail_mv=3200",
         "set m1 rail_mv=3800", "off-at m1 accepted", "off-at m2 answer-byte 3", "reboot-at m1 pdu-byte 5", "vanish m1", "return m1", "clear-faults m1",
         "set m2 power=EC25", "set m2 power=NRF91", "set m1 burst_drop_mv=300", "set m1 supply=on", "inject m1 from=+41791112233 text=x", "sim m1 pin"]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_pins_do(on_board, seed):
    """Any pins at any millisecond, verbs and commands in between: it goes on, and what it says of itself fits together."""
    chance = random.Random(seed)
    sim, board = on_board("", "power=SARA_R5", lockstep=True)
    for _ in range(1500):
        at, changes = 0, []
        for _ in range(chance.randrange(6)):
            at += chance.choice([1, 1, 2, 10, 100, 500, 6000, 6000])
            changes.append((at, chance.choice(["VBAT_EN", "VBAT_EN", "PWRKEY", "PWRKEY", "RESET"]), chance.randrange(2), chance.randrange(2)))
        board.run(at + chance.choice([1, 5, 700, 8000]), *changes)
        for verb in chance.sample(VERBS, chance.randrange(3)):
            try:
                sim.cmd(*verb.split())
            except SimError as refused:
                assert "usage" not in str(refused)
        if chance.random() < 0.2 and os.path.lexists(sim.link()):
            try:
                with Port(sim.link()) as port:
                    port.write(chance.choice(["AT\r", "AT+CPOF\r", "AT+CFUN=1,1\r", f"AT+CMGS={len(QUIET) // 2}\r00{QUIET}\x1a"]))
            except OSError:
                pass  # it has just gone
        if chance.random() < 0.02:
            board.say(chance.choice(["RESET SOFT t=%d" % board.t, "PIN VBAT_EN7 1 t=3", "NOTHING", "x" * 6000, "ERR why: LINE"]))
    for name in ("m1", "m2"):
        state = sim.state(name)["board"]
        alive = state["state"] in ("booting", "on", "ending")
        assert alive == (state["current_ma"] > 0) and (alive or not state["status"]) and (state["state"] == "dead") == (not state["vbat"])
        assert sim.stats(name)["start"] > 10


def test_who_only_watches_grants_nothing(on_board):
    _, board = on_board("lockstep=off", lockstep=True)
    board.pin("VBAT_EN", 1, after=100)
    board.pin("PWRKEY", 1, after=10)
    for ms in (100, 100):
        board.t += ms
        board.say(f"TICK {board.t}")
    board.until("STATUS 1")
    assert not [line for _, line in board.heard if line.startswith("GO")]


def test_unknown_settings_are_refused(folder):
    for keys, why in (("power=SIM900", "power=SIM900"), ("slot=4", "slot")):
        run = subprocess.run([binary(), "--control", folder / "c", "--modem", f"m1={folder}/m1,{keys}"], capture_output=True, text=True, timeout=20)
        assert run.returncode == 1 and why in run.stderr
    with ModemSim(folder, ["m1"]) as sim:
        for words in (("set", "m1", "power=SIM900"), ("set", "m1", "board=/x"), ("sag", "m1", 3000, 10)):
            with pytest.raises(SimError):
                sim.cmd(*words)


# ---- the firmware ----

@pytest.fixture
def firmware(folder):
    """firmware(NAME): the board's program in lock-step with a modem of that family in slot 0, which the bench sees only by the link."""
    running = []

    def make(name):
        rig = Rig(read_rig(os.environ.get("CELLPOST_RIG", "host")), folder)
        sim = ModemSim(folder, [f"m1,board={folder}/bus,power={name}"]).start()
        running.extend([sim.stop, rig.close])
        sim.wait("m1", "connected")
        rig.set("MODULE_0", Module[name])
        rig.story.rows[0] = rig.row(0)
        if name == "M2":
            rig.story.modules[0] = SimpleNamespace(kind="LEVEL", on=False)
        return rig, sim

    yield make
    for end in running:
        end()


RESET_ENDS = ["SARA_R4", "LE910"]  # RESET only shuts them down: the board finds no STATUS, and uses PWRKEY
FAMILIES = ["SIM800", "SIM7600", "A7670", "EC25", "BG95", "SARA_R4", "SARA_R5", "LE910", "NRF91", "M2"]


@pytest.mark.parametrize("name", FAMILIES)
def test_firmware_starts_resets_and_ends_each_family(firmware, name):
    rig, sim = firmware(name)
    state = rig.until_phase(0, Phase.UP, 60000)
    assert state["reason"] == Reason.STATUS_SEEN
    rig.run(30000)
    sim.wait("m1", "ready")
    rig.target(0, "RESET")
    rig.run(rig.story.rows[0]["reset_ms"] + 100)
    rig.run(40000 if name in RESET_ENDS else 0)
    rig.until_phase(0, Phase.UP, 60000)
    rig.run(30000)
    rig.target(0, "OFF")
    rig.until_phase(0, Phase.OFF, 120000)
    counters, stats = rig.counters(0), sim.stats()  # in this order: the answer took time, which passes when the modem has seen the last pin
    assert stats["start_low"] == stats["brown_out"] == stats["cut_short"] == stats["pulse_void"] == stats["reset_void"] == 0
    assert counters["start_failures"] == 0
    assert stats["vbat_on"] == counters["starts"] == 1 and stats["pulse_reset"] == counters["resets"]
    assert stats["off_clean"] == counters["graceful_offs"] and stats["cut_running"] == counters["hard_cuts"]


def test_firmware_in_real_time(folder):
    with contextlib.closing(Rig(read_rig("host"), folder, lockstep=False)) as rig, ModemSim(folder, [f"m1,board={folder}/bus"]) as sim:
        rig.ask("TIMING_SET", slot=0, kind=0, rise_ms=50, on_ms=200, off_ms=500, reset_ms=150, up_max_ms=5000, down_max_ms=5000, settle_ms=100,
                min_off_ms=1000)
        rig.set("MODULE_0", Module.CUSTOM)
        rig.story.rows[0] = rig.row(0)
        rig.until_pin("PWRKEY", 0, 1, 20000)
        rig.program.process.send_signal(signal.SIGSTOP)  # a busy machine: the board is late, its pulse is as wide as ever
        rig.run(400)
        rig.program.process.send_signal(signal.SIGCONT)
        rig.until_phase(0, Phase.UP, 20000)
        rig.target(0, "CYCLE")
        rig.run(1500)
        rig.until_phase(0, Phase.UP, 20000)
        sim.wait("m1", "ready")
        with Port(sim.link()) as port:
            assert port.at("ATE0").endswith("OK\r\n")
        rig.target(0, "OFF")
        rig.until_phase(0, Phase.OFF, 20000)
        stats = sim.stats()
        assert (stats["start"], stats["cut_short"], stats["cut_running"], stats["off_clean"], stats["pulse_void"]) == (2, 0, 1, 1, 0)


def test_firmware_cycles_what_hangs_until_its_supply_goes(firmware):
    rig, sim = firmware("A7670")
    rig.until_phase(0, Phase.UP, 60000)
    rig.run(10000)
    sim.cmd("hang", "m1", "power")
    rig.target(0, "RESET")
    rig.run(5000)
    assert sim.state()["hang"] == "power" and sim.stats()["reset_void"] == 1
    rig.target(0, "CYCLE")
    rig.run(20000)
    sim.wait("m1", "cured")
    assert sim.stats()["cut_short"] == 0 and rig.phase() == Phase.UP
