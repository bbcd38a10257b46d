"""A simulated board for its tests: started, its bus and its link by hand."""
import atexit, os, pathlib, socket, subprocess, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "hil"))
from frames import frame, unframe


class Board:
    def __init__(self, program, folder, *more, stderr=None):
        self.uart_path, bus = f"{folder}/uart", f"{folder}/bus"
        self.process = subprocess.Popen(
            [program, "--bus", bus, "--uart", self.uart_path, "--nv", f"{folder}/nv", *more], stdout=subprocess.PIPE, stderr=stderr, text=True)
        atexit.register(self.process.kill)  # also where a test ends early
        assert self.process.stdout.readline().startswith("uart /dev/pts/")
        self.bus = socket.socket(socket.AF_UNIX)
        self.bus.settimeout(20)
        self.bus.connect(bus)
        self.lines = self.bus.makefile("r")
        self.uart = os.open(self.uart_path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.seq, self.seen, self.stands = 0, [], False
        self.caps = self.line()

    def line(self):
        line = self.lines.readline()
        assert line, "the board closed the bus"
        return line.rstrip("\n")

    def say(self, text):
        self.bus.sendall(text.encode() + b"\n")

    def run(self, ms, until=None, step=1):
        """Lock-step: GO for so many ms, at whose end the board stands, or until a line begins so; that line. With a step, fewer where pins
        change."""
        while ms > 0 or not self.stands:
            if self.stands:
                self.say(f"GO {min(step, ms)}")
                ms, self.stands = ms - min(step, ms), False
            line = self.line()
            if line.startswith("TICK"):
                self.stands = True
                continue
            self.seen.append(line)
            if until and line.startswith(until):
                return line
        assert not until, f"no {until!r}: {self.seen[-5:]}"

    def ask(self, type_, payload, step):
        self.seq = self.seq % 255 + 1
        got = b""
        for n in range(1000):
            step()  # in lock-step the board stands then: what is written comes in the next one
            if n % 100 == 0:  # again: a board that starts hears nothing
                os.write(self.uart, frame(type_, self.seq, payload))
            try:
                while True:
                    got += os.read(self.uart, 4096)
            except BlockingIOError:
                pass
            for answer in map(unframe, got.split(b"\0")):
                if answer and answer[:2] == (type_ | 0x80, self.seq):
                    return answer[2]
        raise AssertionError("no answer")

    def end(self):
        self.process.terminate()
        assert self.process.wait(timeout=20) == 0
        assert not os.path.lexists(self.uart_path)


def when(line):
    return int(line.rsplit("t=", 1)[1])
