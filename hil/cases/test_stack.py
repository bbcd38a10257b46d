"""SDK, daemon, board and a modem at its pins, in real time: what happens to messages when the host, the supply, the board or the modem fails.
One stack for all cases; each begins with a line that is ready."""
import os
import signal
import subprocess
import threading

import pytest

from link import BUILD
from program import Missing
from stack import Stack, until


@pytest.fixture(scope="module")
def stack_of(tmp_path_factory):
    stacks = {}

    def get(spec):
        if spec["name"] not in stacks:
            stacks[spec["name"]] = Stack(spec, tmp_path_factory.mktemp("s"))
            stacks[spec["name"]].ready()
            # short, for the tests
            for name, value in (("START_S", 1), ("HOST_OFF_MS", 1000), ("PULSES_HOUR", 60)):
                stacks[spec["name"]].board("set", name, value)
        return stacks[spec["name"]]

    yield get
    for stack in stacks.values():
        stack.close()


@pytest.fixture
def stack(stack_of, rig_spec):
    if "stack" not in rig_spec:
        pytest.skip(f"rig {rig_spec['name']} has no modemsim at its pins")
    try:
        return stack_of(rig_spec).ready()
    except Missing as why:
        pytest.skip(f"rig {rig_spec['name']}: {why}")


def once(stack, texts):
    for text in texts:
        assert stack.on_air(text) == 1, text


def test_a_message_goes_out(stack):
    stack.delivered(stack.send("plain"), 20)
    once(stack, ["plain"])


def test_a_daemon_that_stands_is_cut_off_and_loses_nothing(stack):
    """Its loop stands, its socket still listens: only the lease notices."""
    stack.board("set", "LEASE_S", 5)
    stack.sim.cmd("creg", "m1", 0)  # so that messages wait
    texts = [f"over a host cut {n}" for n in range(20)]
    sids = [stack.send(text) for text in texts]
    mark = stack.watch.mark()
    os.kill(stack.gateway.process.pid, signal.SIGSTOP)
    cut = stack.watch.wait_pin(mark, "HOST_CUT", 1, 15)
    back = stack.watch.wait_pin(mark, "HOST_CUT", 0, 5)
    assert 900 <= back.t - cut.t <= 1500
    assert stack.booted.acquire(timeout=30), "the daemon did not start again"
    stack.sim.cmd("creg", "m1", 1)
    for sid in sids:
        stack.delivered(sid, 90)
    once(stack, texts)
    assert stack.watch.pins(mark, "VBAT_EN") == []  # the modem was left alone
    until(lambda: stack.row()["lease"] == "HELD", 20, "lease held")
    assert stack.watch.pins(mark, "HOST_CUT") == [1, 0]
    stack.board("set", "LEASE_S", 90)


def test_a_low_supply_holds_messages_back(stack):
    stack.watch.bus.say("ADC0", 3450)
    until(lambda: stack.row()["supply"] == "NO_SEND", 10, "supply told")
    sid = stack.send("while the supply is low")
    until(lambda: stack.status(sid) == "queued", 5, "queued")
    mark = stack.watch.mark()
    stack.watch.bus.say("ADC0", 4000)
    stack.delivered(sid, 30)
    once(stack, ["while the supply is low"])
    assert stack.watch.pins(mark, "VBAT_EN") == []


def test_a_sag_in_the_middle_of_a_send(stack):
    """The modem loses its supply between AT+CMGS and the prompt: the message goes out once, after it."""
    stack.sim.cmd("hold", "m1", "prompt")
    sid = stack.send("in a sag")
    stack.sim.wait("m1", "held", timeout_s=20)
    mark = stack.watch.mark()
    stack.watch.bus.say("ADC0", 3200)
    stack.watch.wait_pin(mark, "VBAT_EN", 0, 5)
    stack.sim.wait("m1", "vanished")  # else the prompt might still come
    stack.sim.cmd("release", "m1")
    stack.watch.bus.say("ADC0", 4000)
    stack.watch.wait_pin(mark, "VBAT_EN", 1, 20)
    stack.delivered(sid, 120)
    once(stack, ["in a sag"])


def test_the_board_is_reset_in_the_middle_of_a_power_sequence(stack):
    mark = stack.watch.mark()
    cut = threading.Thread(target=lambda: stack.gateway.cli("board", "board0", "slot", 0, "cut", check=False))
    cut.start()
    stack.watch.wait_pin(mark, "VBAT_EN", 0, 10)
    sid = stack.send("while the modem is cut")
    stack.watch.wait_pin(mark, "PWRKEY", 1, 10)
    stack.watch.bus.say("NRST")
    stack.watch.wait(mark, lambda item: getattr(item, "cause", "") == "PIN", 5, "RESET PIN")
    cut.join(60)
    stack.delivered(sid, 120)
    once(stack, ["while the modem is cut"])
    until(lambda: int(stack.row()["restarts"]) >= 1, 20, "restart told")


def test_another_board_and_another_modem_in_their_places(stack):
    program = stack.boards[0]
    stack.watch.bus.say("NRST")  # a second start: the other board will tell its first

    def saved():
        row = stack.row()
        return row["cause"] == "PIN" and int(row["uptime_s"]) >= 20

    until(saved, 60, "a board that has saved its counters", pause_s=0.2)
    stack.sim.stop()
    program.stop()
    for path in list(program.folder.iterdir()):
        if path.name.startswith("nv"):
            path.unlink()
    program.start()
    stack.watch.follow(program.bus)
    stack.start_sim(imei="490154203237518")
    sid = stack.send("by another modem on another board")
    stack.delivered(sid, 180)
    once(stack, ["by another modem on another board"])
    assert stack.row()["replaced"] == "1"


def test_an_update_under_traffic(stack, rig_spec):
    images = rig_spec["board"].get("images")
    if not images:
        pytest.skip(f"rig {rig_spec['name']} takes no image")
    mark = stack.watch.mark()
    flash = subprocess.Popen([BUILD / "host/ctl/cellpost", "-c", stack.gateway.file, "board", "board0", "flash", BUILD / images[1]],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    texts, sids = [], []
    while flash.poll() is None:
        texts.append(f"beside an update {len(texts)}")
        sids.append(stack.send(texts[-1]))
        stack.delivered(sids[-1], 60)
    assert flash.returncode == 0, flash.stdout.read().decode()
    assert len(texts) >= 2
    once(stack, texts)
    assert stack.row()["version"] == "0.2"
    assert stack.watch.pins(mark, "VBAT_EN") == stack.watch.pins(mark, "PWRKEY") == []  # the modem ran on
