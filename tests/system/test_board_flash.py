"""A board's firmware replaced under the running daemon: over the link with traffic beside it, by a loader's tool, and all the ways in
which it does not come to that."""
import os
import subprocess
import threading

import pytest

from board import Board, wait_board
from gateway import BUILD, PATIENCE, ROOT, Gateway, configuration, until

IMAGES = BUILD / "boards/host"
NEXT = IMAGES / "cellpost-board-next.img"  # version 0.2
MUTE = IMAGES / "cellpost-board-mute.img"  # 0.3, never answers
TO = "+41791234567"


class Flash:
    """`cellpost board north flash FILE`, while the test goes on."""

    def __init__(self, daemon, file):
        self.process = subprocess.Popen(
            [BUILD / "host/ctl/cellpost", "-c", daemon.file, "board", "north", "flash", file],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.told = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.told:
                self.lines.append(line.strip())
                self.told.notify_all()

    def wait_line(self, part, seconds=60):
        with self.told:
            assert self.told.wait_for(lambda: any(part in line for line in self.lines), seconds * PATIENCE), self.lines

    def end(self, seconds=120):
        self.process.wait(seconds * PATIENCE)
        self.reader.join()
        return self.process.returncode, self.process.stderr.read()


@pytest.fixture
def north(tmp_path):
    board = Board(tmp_path / "north", args=("--image-dir", tmp_path / "images"))
    (tmp_path / "images").mkdir()
    yield board.start()
    board.stop()


@pytest.fixture
def daemon(tmp_path):
    made = []

    def make(extra, lines=()):
        made.append(Gateway(lambda data: configuration(lines, data, extra), tmp_path / "gateway"))
        made[-1].start()
        wait_board(made[-1], "north", lease="HELD")
        return made[-1]

    yield make
    for each in made:
        each.remove()


def make_image(tmp_path, program, board="host", version="0.2"):
    image = tmp_path / f"{board}-{version}.img"
    subprocess.run([IMAGES / "image-make", board, version, "40", program, image], check=True)
    return image


def refused(daemon, file):
    done = daemon.cli("board", "north", "flash", file, check=False)
    assert done.returncode == 1, done
    return done.stderr


# ---- over the link ----


def test_update_under_traffic(rig, north):
    bench = rig(extra=north.section())
    gateway = bench.gateway().start()
    client = gateway.client()
    gateway.wait_line_ready("m1")
    wait_board(gateway, "north", lease="HELD")
    flash, sent = Flash(gateway, NEXT), []
    while flash.process.poll() is None:
        sent.append(client.messages.create(to=TO, from_=bench.numbers["m1"], body=f"message {len(sent)}"))
        until(lambda: flash.process.poll() is not None or client.messages(sent[-1].sid).fetch().status in ("sent", "delivered"), 30)
    assert flash.end() == (0, ""), flash.lines
    assert flash.lines[0].startswith("sending ") and "sent 50 %" in flash.lines and flash.lines[-1] == "firmware 0.2 has started"
    assert len(sent) > 3
    for number, message in enumerate(sent):
        until(lambda: client.messages(message.sid).fetch().status == "delivered", 30, f"message {number}")
        assert len(bench.pdus(f"message {number}")) == 1
    row = wait_board(gateway, "north", version="0.2", cause="UPDATE", restarts=1, lease="HELD")
    assert row["mutes"] == "0" or row["state"] == "here"
    north.say("NRST")  # it was confirmed
    wait_board(gateway, "north", version="0.2", cause="PIN", restarts=2)
    assert not north.comes("PIN VBAT_EN 1", 0)


def test_image_that_never_answers_is_left(daemon, north):
    gateway = daemon(north.section())
    code, error = Flash(gateway, MUTE).end()
    assert code == 1 and "the new firmware did not come up; the board went back to firmware 0.1" in error, error
    wait_board(gateway, "north", version="0.1", lease="HELD")
    assert Flash(gateway, NEXT).end() == (0, "")


def test_image_that_tells_another_version_is_left(daemon, north, tmp_path):
    gateway = daemon(north.section())
    code, error = Flash(gateway, make_image(tmp_path, IMAGES / "cellpost-board-next.img.program", version="0.9")).end()
    assert code == 1 and "another version" in error and "goes back to firmware 0.1" in error, error
    wait_board(gateway, "north", seconds=40, version="0.1", restarts=2, lease="HELD")


def test_board_that_loses_power_on_the_way_gets_the_rest(daemon, north):
    gateway = daemon(north.section())
    flash = Flash(gateway, NEXT)
    flash.wait_line("sent 30 %")
    north.stop()
    north.start()
    flash.wait_line("checked by the board")
    north.stop()  # marked, perhaps under test
    north.start()
    code, error = flash.end(300)
    row = wait_board(gateway, "north", seconds=60, state="here", lease="HELD")
    assert (code, row["version"]) == (0, "0.2") or (code == 1 and "the board went back to firmware 0.1" in error and row["version"] == "0.1")


@pytest.mark.parametrize("end", [Gateway.kill, Gateway.stop])
def test_daemon_that_ends_on_the_way_leaves_the_old_firmware(daemon, north, end):
    gateway = daemon(north.section())
    flash = Flash(gateway, NEXT)
    flash.wait_line("sent 10 %")
    assert end(gateway) in (None, 0)
    code, error = flash.end()
    assert code == 1 and "closed the connection" in error
    gateway.start()
    wait_board(gateway, "north", lease="HELD", version="0.1", restarts=0)
    assert Flash(gateway, NEXT).end() == (0, "")
    wait_board(gateway, "north", version="0.2")


def test_one_at_a_time_and_the_command_may_go(daemon, north):
    gateway = daemon(north.section())
    flash = Flash(gateway, NEXT)
    flash.wait_line("sending")
    assert "already" in refused(gateway, NEXT)
    flash.process.kill()
    wait_board(gateway, "north", seconds=60, version="0.2")
    until(lambda: "firmware: kept" in gateway.cli("board", "north"), 60)


def test_files_are_refused_before_the_board_hears_of_them(daemon, north, tmp_path):
    gateway = daemon(north.section())
    good = NEXT.read_bytes()
    wrong = tmp_path / "wrong.img"
    for octets, reason in [
        (b"", "is empty"),
        (b"a text", "no firmware image"),
        (os.urandom(3000), "no firmware image"),
        (good[:20] + b"x" + good[21:], "header"),
        (good[:-1], "its header says"),
        (good + b"\0", "its header says"),
        (good[:5000] + bytes([good[5000] ^ 1]) + good[5001:], "check value"),
        (bytes(3 << 20), "2 MiB"),
    ]:
        wrong.write_bytes(octets)
        assert reason in refused(gateway, wrong), reason
    assert "for a board rp2040, this one is host" in refused(gateway, make_image(tmp_path, "/bin/true", "rp2040"))
    assert "No such file" in refused(gateway, tmp_path / "none")
    assert "counters boots=1 " in gateway.cli("board", "north")
    assert not (tmp_path / "images/beside").exists()


def test_what_a_control_client_may_send(daemon, north):
    """Sizes that are none, too few octets, too many."""
    import socket

    gateway = daemon(north.section())
    for request, answer in [
        (b"board north flash x\n", b"err the file has 1 to"),
        (b"board north flash 99999999\n", b"err the file has 1 to"),
        (b"board north flash 50\n" + b"x" * 49, None),
        (b"board north flash 50\n" + b"x" * 5000, b"err the file is no firmware image"),
        (b"board south flash 5\nhello", b"err there is no [board south]"),
    ]:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20 * PATIENCE)
            client.connect(str(gateway.data / "control"))
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            got = client.recv(4096)
            assert got.startswith(answer) if answer else got == b"", (request[:30], got)


RP2040 = BUILD / "hil/sim/rp2040/cellpost-board-rp2040"
RP2040_NEXT = BUILD / "boards/rp2040/rp2040-next.img"
RP2040_NODE = ROOT / "hil/sim/rp2040/node_modules"


@pytest.mark.skipif(not (RP2040_NEXT.exists() and RP2040_NODE.exists()), reason="needs gcc-arm-none-eabi and npm --prefix hil/sim/rp2040 ci")
def test_real_part_in_its_simulator(daemon, tmp_path):
    north = Board(tmp_path / "north", program=RP2040)
    try:
        north.start()
        gateway = daemon(north.section(type="rp2040"))
        assert "for a board host, this one is rp2040" in refused(gateway, NEXT)
        assert Flash(gateway, RP2040_NEXT).end() == (0, "")
        wait_board(gateway, "north", version="0.2", cause="UPDATE", lease="HELD")
        north.say("NRST")
        wait_board(gateway, "north", version="0.2", cause="PIN", lease="HELD")
    finally:
        north.stop()


# ---- by a tool ----

TOOL = """#!/bin/sh
echo "port $1"; printf 'writing 10%%\\rwriting 100%%\\n' >&2
cp "$2" {folder}/flashed.part && mv {folder}/flashed.part {folder}/flashed
read line < {folder}/go
exit $line
"""


@pytest.fixture
def plain(tmp_path):
    """A board that takes no images, and a tool that waits to be told how it ends."""
    os.mkfifo(tmp_path / "go")
    (tmp_path / "tool").write_text(TOOL.format(folder=tmp_path))
    (tmp_path / "tool").chmod(0o755)
    board = Board(tmp_path / "north").start()
    board.loader = f"{tmp_path}/tool %p %f"
    board.go = lambda status: (tmp_path / "go").write_text(f"{status}\n")
    board.flashed = tmp_path / "flashed"
    yield board
    board.stop()


def test_tool_writes_it(daemon, plain):
    gateway = daemon(plain.section(loader=plain.loader))
    gateway.cli("board", "north", "set", "LEASE_S", "6")  # three heartbeats
    flash = Flash(gateway, NEXT)
    flash.wait_line("| writing 100%")
    until(plain.flashed.exists, 20)
    assert f"| port {plain.uart}" in flash.lines
    wait_board(gateway, "north", state="absent")
    assert "already" in refused(gateway, NEXT)
    assert not plain.comes("PIN HOST_CUT 1", 8)  # it was asked to leave the host alone
    plain.stop()
    plain.flashed.chmod(0o755)
    plain.program = plain.flashed
    plain.start()
    plain.go(0)
    assert flash.end() == (0, ""), flash.lines
    wait_board(gateway, "north", version="0.2", lease="HELD")
    assert not list(gateway.data.glob("board-*"))


def test_tool_ends_with_the_daemon(daemon, plain):
    gateway = daemon(plain.section(loader=plain.loader))
    flash = Flash(gateway, NEXT)
    until(plain.flashed.exists, 20)
    assert gateway.stop() == 0
    assert flash.end()[0] == 1
    assert not list(gateway.data.glob("board-*"))
    with pytest.raises(OSError):  # nobody reads it
        os.close(os.open(plain.flashed.parent / "go", os.O_WRONLY | os.O_NONBLOCK))


def test_tool_that_fails_is_told(daemon, plain):
    gateway = daemon(plain.section(loader=plain.loader))
    flash = Flash(gateway, NEXT)
    until(plain.flashed.exists, 20)
    plain.go(3)
    code, error = flash.end()
    assert code == 1 and "the tool failed, and the board runs firmware 0.1, not 0.2" in error
    assert "the tool ended with status 3" in flash.lines
    flash = Flash(gateway, NEXT)  # ends well, and has done nothing
    flash.wait_line("writing 100%")
    plain.go(0)
    code, error = flash.end()
    assert code == 1 and "the tool ended well, and the board runs firmware 0.1, not 0.2" in error
    wait_board(gateway, "north", state="here", lease="HELD")


def test_without_a_way_it_is_refused(daemon, plain):
    gateway = daemon(plain.section(loader="/there/is/no/tool %f"))
    assert "/there/is/no/tool: No such file or directory; nothing was written" in refused(gateway, NEXT)
    wait_board(gateway, "north", state="here", lease="HELD")  # it watches the host again
    gateway.file.write_text(gateway.file.read_text().replace("loader = ", "# "))
    gateway.process.send_signal(1)
    until(lambda: "has no loader" in refused(gateway, NEXT), 10)
    plain.stop()
    wait_board(gateway, "north", seconds=60, state="absent")
    assert "is absent" in refused(gateway, NEXT)


def test_check_tells_of_a_loader_without_a_file(tmp_path):
    file = tmp_path / "cellpost.ini"
    file.write_text("[board north]\nport = pty:/x\nloader = avrdude -P %p\n")
    done = subprocess.run([BUILD / "host/cellpostd", "--check", file], capture_output=True, text=True)
    assert done.returncode == 1 and f"{file}:3:" in done.stderr and "%f" in done.stderr
