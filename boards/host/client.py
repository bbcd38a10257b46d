"""A simulated board for its tests: started, its bus and its link by hand."""
import atexit, os, socket, subprocess


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
        atexit.register(self.process.kill)  # also where a test ends early
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

    def run(self, ms, until=None, step=1):
        """Lock-step: GO for so many ms, or until a line begins so; that line. With a step, fewer where pins change."""
        while ms > 0:
            line = self.line()
            if line.startswith("TICK"):
                self.say(f"GO {min(step, ms)}")
                ms -= min(step, ms)
                continue
            self.seen.append(line)
            if until and line.startswith(until):
                return line
        assert not until, f"no {until!r}: {self.seen[-5:]}"

    def ask(self, type_, payload, step):
        self.seq = self.seq % 255 + 1
        got = b""
        for n in range(1000):
            if n % 100 == 0:  # again: a board that starts hears nothing
                os.write(self.uart, frame(bytes([type_, self.seq]) + payload))
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
