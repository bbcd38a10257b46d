"""Images on a simulated board, in lock-step: taken, tested, confirmed; left at a bite, a kill, without confirmation; the
modem's supply holds through it all. Usage: try_image.py PROGRAM IMAGE-OF-0.2 [--image-dir]"""
import sys, tempfile, zlib

from client import Board

HELLO, TARGET, BEAT, SET, BEGIN, DATA, END, TEST, CONFIRM = 0x01, 0x02, 0x04, 0x0A, 0x10, 0x11, 0x12, 0x13, 0x14
OK, BUSY, BAD_IMAGE = b"\0", b"\6", b"\x09"
WATCHDOG, UPDATE = 4, 6


class Rig:
    def __init__(self, program, folder, image, more):
        self.image, self.folder, self.program, self.more = image, folder, program, more
        self.start()

    def start(self):
        self.board = Board(self.program, self.folder, "--lockstep", *self.more)

    def kill(self):
        self.board.process.kill()
        self.board.process.wait()
        self.start()

    def ask(self, type_, payload=b""):
        return self.board.ask(type_, payload, lambda: self.board.run(1))

    def who(self):
        hello = self.ask(HELLO, bytes([1, 7, 0, 0, 0]))
        return int.from_bytes(hello[2:4], "little"), hello[27]

    def begin(self):
        size, crc = len(self.image).to_bytes(4, "little"), zlib.crc32(self.image).to_bytes(4, "little")
        assert self.ask(BEGIN, size + crc + self.image[6:8])[:1] == OK  # with the header's version

    def take(self):
        self.begin()
        for at in range(0, len(self.image), 64):
            piece = self.image[at:at + 64]
            assert self.ask(DATA, at.to_bytes(4, "little") + bytes([len(piece)]) + piece)[:1] == OK
        while (end := self.ask(END)) == BUSY:
            pass
        assert end == OK, end

    def test(self):
        self.take()
        assert self.ask(TEST) == OK
        self.board.run(130000, "RESET SOFT", step=10)  # once no slot is on its way
        assert self.who() == (2, UPDATE)
        assert self.ask(CONFIRM) == BUSY  # no heartbeat yet


def modem_runs(rig):
    assert rig.ask(SET, bytes([0, 4, 0])) == OK  # slot 0 has an EC25
    rig.board.run(60000, "PIN PWRKEY 1")
    rig.board.run(5000, "PIN PWRKEY 0")
    rig.board.say("STATUS 1")
    rig.board.run(1000)


def leaves(rig):
    """A bite and a missing confirmation; the modem runs on."""
    rig.test()
    rig.board.say("HANG")
    rig.board.run(5000, "RESET WATCHDOG")
    assert rig.who() == (1, WATCHDOG)
    rig.test()
    rig.board.run(330000, "RESET SOFT", step=1000)
    assert rig.who()[0] == 1
    assert rig.ask(0x03, b"\0")[2] == 4  # adopted
    lost = [line for line in rig.board.seen if line.startswith(("PIN VBAT_EN 0", "PIN PWRKEY 1"))]
    assert len(lost) == 2, lost  # the state of the pins at the beginning, and the one start


def power_goes(rig):
    rig.test()
    rig.kill()
    assert rig.who()[0] == 1
    rig.take()
    rig.kill()
    assert rig.who()[0] == 1
    assert rig.ask(TEST) == BAD_IMAGE


def stays(rig):
    rig.test()
    assert rig.ask(BEAT, bytes(8))[:1] == OK
    assert rig.ask(CONFIRM) == OK
    rig.board.say("NRST")
    rig.board.run(100, "RESET PIN")
    assert rig.who() == (2, 2)
    rig.kill()
    assert rig.who() == (2, 1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, open(sys.argv[2], "rb") as file:
        rig = Rig(sys.argv[1], folder, file.read(), [*sys.argv[3:], folder] if sys.argv[3:] else [])
        modem_runs(rig)
        leaves(rig)
        power_goes(rig)
        stays(rig)
        rig.board.end()
