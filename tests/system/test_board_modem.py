"""A modem whose power hangs on a board: the real cellpostd, the firmware as a process, the simulated module behind its pins.

The daemon's clock is moved ahead while it only waits; the board and the module live in real time, with a family that is quick."""
import shutil

import pytest

from board import QUICK, Board, wait_board, words
from gateway import Gateway, Sim, configuration, until

NUMBER, PHONE = "+41790000001", "+41791234567"


class Rig:
    def __init__(self, folder, nv=None, module=QUICK, **keys):
        self.board = Board(folder, "north")
        if nv:
            shutil.copy(nv, self.board.nv)
        self.board.start()
        self.sim = Sim(folder / "sim", {"m1": {"number": NUMBER, "board": self.board.bus, "slot": 0, "report_ms": 30, **keys}}).start()
        lines = [("m1", NUMBER, self.sim.link("m1"), "north:0\n" + module)]
        self.daemon = Gateway(lambda data: configuration(lines, data, self.board.section()), folder / "gateway", test_clock=True).start()
        wait = until if keys else self.until  # one that boots in its own time gets it
        wait(lambda: self.line()["state"] == "ready", seconds=60, what="ready")

    def line(self):
        return words(self.daemon.cli("lines"))

    def phase(self):
        rows = [words(line) for line in self.daemon.cli("board", "north").splitlines() if line.startswith("slot=0 module=")]
        return rows[0]["phase"] if rows else "?"

    def until(self, probe, what, seconds=60):
        """Moves the daemon's clock while the slot is at rest: the board's times are real."""

        def step():
            value = probe()
            if not value and self.phase() in ("UP", "?", "OFF"):
                self.daemon.advance(1000)
            return value

        return until(step, seconds, what, pause_s=0.03)

    def send(self, body):
        return self.daemon.client().messages.create(to=PHONE, from_=NUMBER, body=body).sid

    def status(self, sid):
        return self.daemon.client().messages(sid).fetch().status

    def recoveries(self):
        rows = [words(line) for line in self.daemon.cli("recoveries").splitlines()]
        return {row["rung"]: row for row in rows}

    def close(self):
        self.daemon.remove()
        self.sim.stop()
        self.board.stop()


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """NV of a board that has been told of its module: it then starts it without the rest that an unknown one gets."""
    made = Rig(tmp_path_factory.mktemp("first"))
    made.close()
    return made.board.nv


@pytest.fixture
def rig(tmp_path, known):
    made = Rig(tmp_path, known)
    yield made
    made.close()


def test_board_starts_the_modem_and_a_message_leaves(rig):
    sid = rig.send("by the board")
    rig.until(lambda: rig.status(sid) == "delivered", "delivered")
    assert rig.phase() == "UP"
    assert "north:0 UP" in rig.daemon.cli("lines")


@pytest.mark.parametrize("cure", ["reset", "pwrkey", "power"])
def test_hung_modem_is_cured_by_the_first_rung_that_can(rig, cure):
    rig.sim.cmd("hang", "m1", cure)
    sid = rig.send(f"needs {cure}")
    rig.until(lambda: rig.status(sid) == "delivered", f"cured by {cure}")
    assert [pdu["text"] for pdu in rig.sim.pdus()] == [f"needs {cure}"]
    rows = rig.recoveries()
    assert rows[cure]["cured"] == "1" and rows[cure]["sent"] == "1" and int(rows[cure]["mean_sent_ms"]) > 0
    assert all(row["cured"] == "0" for rung, row in rows.items() if rung != cure)
    assert f'cellpost_recovery_cured_total{{line="m1",rung="{cure}"}} 1' in rig.daemon.cli("metrics").splitlines()
    evidence = [line for line in rig.daemon.log_text().splitlines() if "event=modem.evidence" in line]
    assert evidence and "supply_mv=" in evidence[0]
    assert "event=modem.recovered" in rig.daemon.log_text()


def test_low_supply_holds_messages_and_heals(rig):
    rig.daemon.cli("board", "north", "set", "START_S", "1")
    rig.board.say("ADC0 3450")
    rig.until(lambda: "NO_SEND" in rig.daemon.cli("lines"), "told that the supply is low")
    assert rig.line()["state"] == "recovery"
    sid = rig.send("waits for the supply")
    rig.daemon.advance(60000)
    assert rig.status(sid) == "queued" and not rig.sim.pdus()
    rig.board.say("ADC0 4000")
    rig.until(lambda: rig.status(sid) == "delivered", "sent when the supply is back")
    rig.board.say("ADC0 3200")  # all is cut
    rig.until(lambda: "no power" in rig.daemon.cli("lines"), "told that there is no power")
    sid = rig.send("after the brown-out")
    rig.board.say("ADC0 4000")
    rig.until(lambda: rig.status(sid) == "delivered", "sent after the brown-out")
    assert wait_board(rig.daemon, "north", supply="GOOD")["brown_outs"] == "1"
    assert all(row["tried"] == "0" for rung, row in rig.recoveries().items() if rung in ("cfun", "reset", "pwrkey", "power"))


def test_rate_limit_is_honoured(rig):
    rig.daemon.cli("board", "north", "set", "PULSES_HOUR", "1")  # the start was that one
    rig.sim.cmd("hang", "m1", "reset")
    rig.send("must wait")
    rig.until(lambda: rig.line()["state"] == "quarantined", "quarantine")
    assert rig.recoveries()["reset"]["refused"] == "1"
    assert "refused: RATE" in rig.daemon.log_text()
    assert rig.phase() == "UP"


def test_mute_board_is_left_out(rig):
    rig.board.freeze()
    wait_board(rig.daemon, "north", state="mute")
    rig.sim.cmd("hang", "m1", "cfun")
    sid = rig.send("without the board")
    until(lambda: rig.daemon.advance(1000) or rig.status(sid) == "delivered", 60, "cured without the board", pause_s=0.03)
    assert rig.recoveries()["cfun"]["cured"] == "1"
    rig.sim.cmd("hang", "m1", "reset")
    rig.send("needs the board")
    until(lambda: rig.daemon.advance(1000) or rig.line()["state"] == "quarantined", 60, "quarantine", pause_s=0.03)
    assert "modem.rung_left_out" in rig.daemon.log_text()
    rig.board.thaw()


def test_operator_switches_it_off_and_on(rig):
    rig.daemon.cli("board", "north", "slot", "0", "off")
    rig.until(lambda: "no power" in rig.daemon.cli("lines"), "off")
    sid = rig.send("waits for the operator")
    rig.daemon.advance(120000)
    assert rig.status(sid) == "queued"
    rig.daemon.cli("board", "north", "slot", "0", "on")
    rig.until(lambda: rig.status(sid) == "delivered", "on again")


def test_planned_off_ends_the_modem_by_its_own_command(tmp_path):
    rig = Rig(tmp_path, module="module = SIM800", profile="sim800", power="SIM800")
    try:
        rig.daemon.cli("board", "north", "slot", "0", "off")
        board = rig.sim.state()["board"]
        counters = rig.sim.stats()
        assert counters["command_off"] == 1 and counters["pulse_off"] == 0 and counters["cut_running"] == 0, (board, counters)
    finally:
        rig.close()
