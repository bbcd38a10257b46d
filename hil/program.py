"""A board's program, run for one rig: its link's path and its BUS's address; or, on hardware, those of the rig file."""
import pathlib
import subprocess

from link import BUILD


class Missing(Exception):
    """A part of the rig is not here: its program was not built, its port is not plugged."""


class Program:
    """board: the [board] table of a rig file. Ready once it is made; stop() ends it."""

    def __init__(self, board, folder, start_ms=0, lockstep=False, more=()):
        self.process = None
        self.folder = pathlib.Path(folder)
        self.board = board
        if "program" not in board:
            self.uart, self.bus = board["uart"], board["bus"]
            return
        self.uart, self.bus, self.log_path = self.folder / "uart", self.folder / "bus", self.folder / "board.log"
        more = [*more, *(["--lockstep"] if lockstep else []), *(["--start-ms", str(start_ms)] if start_ms else [])]
        self.command = [*self._found(board["program"]), "--bus", self.bus, "--uart", self.uart, "--nv", self.folder / "nv", *more]
        self.start()

    @staticmethod
    def _found(parts):
        """Words with a slash are files of the build."""
        found = [BUILD / part if "/" in part else part for part in parts]
        for path in found:
            if isinstance(path, pathlib.Path) and not path.exists():
                raise Missing(f"{path} was not built")
        return found

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log, bufsize=0)
        line = self.process.stdout.readline()
        if not line.startswith(b"uart "):
            raise RuntimeError(f"the board's program said {line!r}: {self.log_path.read_text()[-2000:]}")

    def stop(self, patience_s=10):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None
