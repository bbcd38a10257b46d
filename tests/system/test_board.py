"""The daemon and a modem board: the real cellpostd, the firmware as a process, the modem simulator."""
import signal
import socket

import pytest

from board import Board, wait_board, words
from gateway import PATIENCE, Gateway, configuration, until


@pytest.fixture
def board(tmp_path):
    made = []

    def make(name="north", *args):
        made.append(Board(tmp_path, name, args))
        return made[-1].start()

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def gateway(tmp_path):
    made = []

    def make(extra, lines=()):
        made.append(Gateway(lambda data: configuration(lines, data, extra), tmp_path / "gateway"))
        return made[-1].start()

    yield make
    for each in made:
        each.remove()


TIMES = "PULSE rise=20 on=100 off=100 reset=50 up_max=2000 down_max=1000 settle=50 min_off=500"


def quick_modem(slot, port="/nowhere"):
    """A module that starts and ends in no time, on a port that may not be there."""
    return f"[modem q]\nport = pty:{port}\nslot = {slot}\nmodule = CUSTOM\ntiming = {TIMES}\n[line q]\nnumber = +41790000001\nmodem = q\n"


def slots(gateway, name):
    rows = [words(line) for line in gateway.cli("board", name).splitlines() if line.startswith("slot=") and "phase=" in line]
    return {row["slot"]: row for row in rows}


def test_it_is_greeted_and_shown(board, gateway):
    north, south = board("north"), board("south", "--without", "reset")
    daemon = gateway(north.section() + south.section(type="host"))
    row = wait_board(daemon, "north", state="here", lease="HELD", supply="GOOD")
    assert row["type"] == "host" and row["slots"] == "4" and row["cause"] == "POWER"
    wait_board(daemon, "south", state="here")
    detail = daemon.cli("board", "north").splitlines()
    assert [words(line)["phase"] for line in detail if line.startswith("slot=") and "phase=" in line] == ["OFF"] * 4 or "DISCHARGE" in str(detail)
    assert any(line.startswith("counters boots=1 ") for line in detail)
    assert sum("supply_mv=4000" in line and line.startswith("slot=") for line in detail) == 4


def test_operator_acts(board, gateway):
    north = board()
    daemon = gateway(north.section())
    wait_board(daemon, "north", lease="HELD")
    daemon.cli("board", "north", "set", "LEASE_S", "0")
    wait_board(daemon, "north", lease="WATCHLESS")
    assert "LEASE_S 0" in daemon.cli("board", "north", "settings").splitlines()
    daemon.cli("board", "north", "set", "lease_s", "90")
    wait_board(daemon, "north", lease="HELD")
    assert daemon.cli("board", "north", "maintenance", "60") == "granted_s 60\n"
    wait_board(daemon, "north", lease="MAINTENANCE")
    assert "code=BOOT" in daemon.cli("board", "north", "log")
    for wrong in (["south"], ["north", "set", "COLOUR", "1"], ["north", "set", "LEASE_S", "x"], ["north", "maintenance", "3601"], ["north", "dance"]):
        done = daemon.cli("board", *wrong, check=False)
        assert done.returncode != 0 and done.stderr, wrong


def test_mute_board_costs_nobody_anything(board, gateway):
    north = board()
    daemon = gateway(north.section() + "[line s]\nnumber = +41790000099\ncarrier = simulator\n")
    wait_board(daemon, "north", lease="HELD")
    north.freeze()
    wait_board(daemon, "north", state="mute")
    message = daemon.client().messages.create(to="+41791234567", from_="+41790000099", body="goes on")
    until(lambda: daemon.client().messages(message.sid).fetch().status == "delivered", what="delivered while the board is mute")
    north.thaw()
    row = wait_board(daemon, "north", seconds=60, state="here", lease="HELD")
    assert row["restarts"] == "0" and row["replaced"] == "0" and int(row["mutes"]) >= 1


def test_more_than_a_board_can_answer_is_refused(board, gateway):
    """Four times all settings are more than 64 requests: the last that asks is told at once, and the daemon lives."""
    north = board()
    daemon = gateway(north.section())
    wait_board(daemon, "north", lease="HELD")
    daemon.process.send_signal(signal.SIGSTOP)  # so that all are asked in one turn
    north.freeze()
    clients = [socket.socket(socket.AF_UNIX) for _ in range(5)]
    for client in clients:
        client.settimeout(20 * PATIENCE)
        client.connect(str(daemon.data / "control"))
        client.sendall(b"board north settings\n")
    daemon.process.send_signal(signal.SIGCONT)
    assert clients[4].recv(4096) == b"err the board is slow, too many requests wait for it: try again\n"
    north.thaw()
    for client in clients[:4]:  # whole, in part, or not at all, but each is ended
        got = b""
        while not got.rpartition(b"\n")[0].rpartition(b"\n")[2].startswith((b"ok", b"err")):
            got += client.recv(4096)
    wait_board(daemon, "north", seconds=60, state="here", lease="HELD")
    assert "LEASE_S 90" in daemon.cli("board", "north", "settings").splitlines()


def test_restart_of_the_board_is_told(board, gateway):
    north = board()
    daemon = gateway(north.section())
    wait_board(daemon, "north", lease="HELD")
    north.say("HANG")  # its watchdog bites
    row = wait_board(daemon, "north", restarts=1, state="here", lease="HELD")
    assert row["cause"] == "WATCHDOG" and row["replaced"] == "0"
    north.stop()
    wait_board(daemon, "north", state="absent")
    north.start()
    row = wait_board(daemon, "north", seconds=60, state="here", restarts=2)
    assert row["cause"] == "POWER" and row["replaced"] == "0"


def test_another_board_in_its_place_is_told(board, gateway):
    north = board("north", "--start-ms", "20000")  # its counters are kept from the start
    daemon = gateway(north.section())
    wait_board(daemon, "north", lease="HELD")
    north.stop()
    north.start()
    assert wait_board(daemon, "north", seconds=60, state="here", starts=2)["replaced"] == "0"
    north.stop()
    north.nv.unlink()
    north.start()
    wait_board(daemon, "north", seconds=60, state="here", replaced=1)
    assert "kind=replaced" in daemon.log_text()


def test_pattern_takes_the_board_that_fits(board, gateway, tmp_path):
    other = board("other")
    daemon = gateway(f"[board any]\nport = pty:{tmp_path}/*.uart\n[board wrong]\nport = pty:{other.uart}\ntype = rp2040\n")
    wait_board(daemon, "any", seconds=40, state="here")
    row = wait_board(daemon, "wrong", seconds=40)
    assert row["state"] != "here"


def test_planned_stop_does_not_cut_the_host_and_a_crash_does(board, gateway):
    north = board()
    daemon = gateway(north.section())
    wait_board(daemon, "north", lease="HELD")
    daemon.cli("board", "north", "set", "LEASE_S", "6")  # three heartbeats
    assert daemon.stop() == 0
    assert not north.comes("PIN HOST_CUT 1", 8)
    daemon.start()
    wait_board(daemon, "north", lease="HELD")
    daemon.kill()
    north.wait("PIN HOST_CUT 1")


def test_operator_switches_a_slot(board, gateway):
    north = board()
    daemon = gateway(north.section() + quick_modem("north:0"))
    wait_board(daemon, "north", lease="HELD")
    north.wait("PIN PWRKEY 1")
    north.say("STATUS 1")
    until(lambda: slots(daemon, "north")["0"]["phase"] == "UP", what="slot up")
    assert daemon.cli("board", "north", "slot", "0", "cut") == ""
    assert daemon.cli("board", "north", "slot", "0", "reset") == ""
    off = daemon.cli("board", "north", "slot", "9", "off", check=False)
    assert off.returncode != 0 and "N from 0 to 3" in off.stderr
    empty = daemon.cli("board", "north", "slot", "3", "on", check=False)
    assert empty.returncode != 0


def test_metrics_are_prometheus(board, gateway):
    north = board()
    daemon = gateway(north.section())
    wait_board(daemon, "north", lease="HELD")
    text = daemon.cli("metrics")
    assert 'cellpost_board_up{board="north"} 1' in text.splitlines()
    named = set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            named.add(line.split()[2])
        elif not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert name.split("{")[0] in named and float(value) >= -200
