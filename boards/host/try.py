"""cellpost-board from outside, in lock-step: a start to the millisecond, a hang, a reset, a power cycle, HELLO over the
pty; then in real time. Usage: try.py PROGRAM"""
import os, select, socket, subprocess, sys, tempfile


def crc16(octets):
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def frame(body):
    body += crc16(body).to_bytes(2, "little")
    return b"\0" + b"".join(bytes([len(run) + 1]) + run for run in body.split(b"\0")) + b"\0"


def bodies(octets):
    for part in octets.split(b"\0"):
        out, at = b"", 0
        while at < len(part):
            out += part[at + 1:at + part[at]] + b"\0"
            at += part[at]
        if len(out) > 4 and crc16(out[:-3]) == int.from_bytes(out[-3:-1], "little"):
            yield out[:-3]


class Board:
    def __init__(self, program, folder, *more):
        self.uart_path, bus = f"{folder}/uart", f"{folder}/bus"
        self.process = subprocess.Popen(
            [program, "--bus", bus, "--uart", self.uart_path, "--nv", f"{folder}/nv", *more], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().startswith("uart /dev/pts/")
        self.bus = socket.socket(socket.AF_UNIX)
        self.bus.settimeout(20)
        self.bus.connect(bus)
        self.lines = self.bus.makefile("r")
        self.uart = os.open(self.uart_path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.seq, self.seen = 0, []
        self.caps = self.line()

    def line(self):
        line = self.lines.readline()
        assert line, "the board closed the bus"
        return line.rstrip("\n")

    def say(self, text):
        self.bus.sendall(text.encode() + b"\n")

    def run(self, ms, until=None):
        """Lock-step: GO for so many ticks, or until a line begins so; that line."""
        while ms > 0:
            line = self.line()
            if line.startswith("TICK"):
                self.say("GO")
                ms -= 1
                continue
            self.seen.append(line)
            if until and line.startswith(until):
                return line
        assert not until, f"no {until!r}: {self.seen[-5:]}"

    def ask(self, type_, payload, step):
        self.seq = self.seq % 255 + 1
        os.write(self.uart, frame(bytes([type_, self.seq]) + payload))
        got = b""
        for _ in range(200):
            step()
            try:
                got += os.read(self.uart, 4096)
            except BlockingIOError:
                pass
            for body in bodies(got):
                if body[0] == type_ | 0x80 and body[1] == self.seq:
                    return body[2:]
        raise AssertionError("no answer")

    def end(self):
        self.process.terminate()
        assert self.process.wait(timeout=20) == 0
        assert not os.path.lexists(self.uart_path)


def when(line):
    return int(line.rsplit("t=", 1)[1])


def lockstep(program, folder):
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
    assert hello[0] == 0 and hello[4:8] == b"host", hello
    assert board.ask(0x03, b"\0", step)[2] == 4  # UP
    board.say("HANG")
    assert board.run(2100, "RESET").startswith("RESET WATCHDOG")
    board.run(100)
    hello = board.ask(0x01, bytes([1, 7, 0, 0, 0]), step)
    assert hello[27] == 4, hello  # cause
    assert board.ask(0x03, b"\0", step)[2] == 4  # adopted
    board.say("NRST")
    assert board.run(10, "RESET").startswith("RESET PIN")
    board.run(20000)
    assert not [line for line in board.seen if line.startswith("PIN VBAT_EN 0") and when(line) > 100], board.seen
    board.say("STATUS 0")
    board.say("POWERCYCLE")
    board.run(10, "PIN VBAT_EN 0")
    board.run(10, "RESET POWER")
    board.run(12000, "PIN VBAT_EN 1")  # the module is known from NV
    board.say("ADC0 3000")
    board.run(50, "PIN VBAT_EN 0")
    board.end()


def real_time(program, folder):
    board = Board(program, folder, "--start-ms", str(2**32 - 500), "--without", "status")
    hello = board.ask(0x01, bytes([1, 9, 0, 0, 0]), lambda: select.select([board.uart], [], [], 0.1))
    assert hello[0] == 0 and hello[24] & 1 == 0
    board.say("HANG")
    while not board.line().startswith("RESET WATCHDOG"):
        pass
    board.end()


with tempfile.TemporaryDirectory() as folder:
    lockstep(sys.argv[1], folder)
    real_time(sys.argv[1], folder)
