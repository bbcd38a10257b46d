"""A simulated board from outside, in lock-step: a start to the millisecond, a hang, a reset, a power cycle, HELLO over the
pty; then in real time. Usage: try.py PROGRAM NAME"""
import select, subprocess, sys, tempfile

from client import Board, when


def ahead(board, ms):
    """As many lines, written at once, as it takes milliseconds to obey them."""
    board.say("\n".join(["GO"] * ms))
    while ms > 0:
        line = board.line()
        if line.startswith("TICK"):
            ms -= 1
        else:
            board.seen.append(line)


def second(program, folder):
    """Another board at the same socket does not start, and takes nothing from the first."""
    command = [program, "--bus", f"{folder}/bus", "--lockstep"]
    other = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert other.returncode != 0 and b"Address already in use" in other.stderr, other


def lockstep(program, name, folder):
    board = Board(program, folder, "--lockstep")
    assert {"adc", "wdt_cause", "eeprom", "lockstep", "hang", "slots=4"} <= set(board.caps.split()), board.caps
    step = lambda: board.run(5)
    assert board.ask(0x0A, bytes([0, 4, 0]), step) == b"\0"  # slot 0 has an EC25
    board.run(12000, "PIN VBAT_EN 1")
    down = when(board.run(100, "PIN PWRKEY 1"))
    assert when(board.run(1000, "PIN PWRKEY 0")) - down == 600
    board.say("STATUS 1")
    board.run(10)
    hello = board.ask(0x01, bytes([1, 7, 0, 0, 0]), step)
    assert hello[0] == 0 and hello[4:24].rstrip(b"\0").decode() == name, hello
    assert board.ask(0x03, b"\0", step)[2] == 4  # UP
    board.say("HANG")
    assert board.run(2100, "RESET").startswith("RESET WATCHDOG")
    board.run(100)
    hello = board.ask(0x01, bytes([1, 7, 0, 0, 0]), step)
    assert hello[27] == 4, hello  # cause
    assert board.ask(0x03, b"\0", step)[2] == 4  # adopted
    board.say("NRST")
    assert board.run(10, "RESET").startswith("RESET PIN")
    board.run(12000)
    ahead(board, 8000)
    assert not [line for line in board.seen if line.startswith("PIN VBAT_EN 0") and when(line) > 100], board.seen
    board.say("STATUS 0")
    board.say("POWERCYCLE")
    board.run(10, "PIN VBAT_EN 0")
    board.run(10, "RESET POWER")
    board.run(12000, "PIN VBAT_EN 1")  # the module is known from NV
    second(program, folder)
    board.say("ADC0 3000")
    board.run(50, "PIN VBAT_EN 0")
    board.end()


def real_time(program, name, folder):
    without = ["--without", "status"] if name == "host" else []
    board = Board(program, folder, "--start-ms", str(2**32 - 500), *without)
    hello = board.ask(0x01, bytes([1, 9, 0, 0, 0]), lambda: select.select([board.uart], [], [], 0.1))
    assert hello[0] == 0 and hello[24] & 1 == (0 if without else 1)
    board.say("HANG")
    while not board.line().startswith("RESET WATCHDOG"):
        pass
    board.end()


with tempfile.TemporaryDirectory() as folder:
    lockstep(sys.argv[1], sys.argv[2], folder)
    real_time(sys.argv[1], sys.argv[2], folder)
