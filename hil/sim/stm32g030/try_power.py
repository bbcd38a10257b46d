"""Power lost in the writing of a setting and in the erase of a page, at any moment: the board starts, and the setting is the new one
or the one before. In lock-step. Usage: try_power.py PROGRAM"""
import os, pathlib, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "boards/host"))
from client import Board, frame

HELLO, SET, READ = 0x01, 0x0A, 0x0B
REST_S = 17
POWER = 1
CUTS_MS = (1, 2, 2, 3, 3, 4, 24, 60)  # an octet takes 0.09, a double word 0.09, the erase of a page 2 x 22
ROUNDS = 320


class Rig:
    def __init__(self, program, folder):
        self.board = Board(program, folder, "--lockstep")
        self.value = 100
        assert self.set(self.value) == b"\0"

    def ask(self, type_, payload):
        return self.board.ask(type_, payload, lambda: self.board.run(1))

    def words(self, value):
        return bytes([REST_S]) + value.to_bytes(2, "little")

    def set(self, value):
        return self.ask(SET, self.words(value))

    def read(self):
        answer = self.ask(READ, bytes([REST_S]))
        assert answer[:1] == b"\0", answer
        return int.from_bytes(answer[1:3], "little")

    def cut(self, value, ms):
        """Whether the new value has come before power went."""
        self.board.seq = self.board.seq % 255 + 1
        os.write(self.board.uart, frame(SET, self.board.seq, self.words(value)))
        self.board.run(ms)
        self.board.say("POWERCYCLE")
        self.board.run(10, "RESET POWER")
        hello = self.ask(HELLO, bytes([1, 7, 0, 0, 0]))
        assert hello[27] == POWER, hello
        found = self.read()
        assert found in (value, self.value), (found, value, self.value)
        changed, self.value = found == value, found
        return changed


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(program, folder)
        kept = changed = 0
        for round in range(ROUNDS):
            if rig.cut(101 + round, CUTS_MS[round % len(CUTS_MS)]):
                changed += 1
            else:
                kept += 1
        assert kept > ROUNDS // 10 and changed > ROUNDS // 10, (kept, changed)
        rig.board.end()
        print(f"{kept} kept, {changed} changed")


main(*sys.argv[1:])
