"""Power lost in an update, at any millisecond: one of the two images starts, and the board takes the next one. In lock-step.
Usage: try_power.py PROGRAM IMAGE-OF-0.1 IMAGE-OF-0.2"""
import os, pathlib, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "boards/host"))
from client import frame
from try_image import BEAT, CONFIRM, DATA, OK, TEST, Rig

POWER = 1
CONFIRM_MS = 60  # an erase, a write and the answer


class Cut(Rig):
    def other(self):
        """The image that does not run is the one to be taken."""
        version, _ = self.who()
        self.image, self.version = self.images[2 - version], 3 - version
        return version

    def send_and_cut(self, type_, payload, ms):
        self.board.seq = self.board.seq % 255 + 1
        os.write(self.board.uart, frame(type_, self.board.seq, payload))
        self.board.run(ms)
        self.board.say("POWERCYCLE")
        self.board.run(10, "RESET POWER")

    def under_test(self):
        self.take()
        assert self.ask(TEST) == OK
        self.board.run(20000, "RESET SOFT", step=100)  # once the empty slots have come to rest
        assert self.who()[0] == self.version
        assert self.ask(BEAT, bytes(8))[:1] == OK


def damage(path, version):
    """One octet of the program in the image slot that holds this version."""
    flash = bytearray(path.read_bytes())
    slot = next(at for at in (0x10000, 0x20000) if flash[at + 6:at + 8] == version.to_bytes(2, "little"))
    flash[slot + 0x400] ^= 1
    path.write_bytes(flash)


def other_runs(rig, nv):
    """The recorded image is damaged: the other one runs, and an image sent then is not started before its test."""
    rig.other()
    rig.under_test()
    assert rig.ask(CONFIRM) == OK
    rig.board.process.kill()
    rig.board.process.wait()
    damage(nv, rig.version)
    rig.start()
    before = rig.other()
    assert before == 3 - rig.version
    rig.take()
    rig.board.say("POWERCYCLE")
    rig.board.run(10, "RESET POWER")
    assert rig.who() == (before, POWER)
    rig.under_test()


def main(program, *paths):
    with tempfile.TemporaryDirectory() as folder:
        images = [pathlib.Path(path).read_bytes() for path in paths]
        rig = Cut(program, folder, images[0], [])
        rig.images = images
        kept = changed = 0
        for ms in range(0, CONFIRM_MS, 6):
            before = rig.other()
            rig.under_test()
            rig.send_and_cut(CONFIRM, b"", ms)
            after, cause = rig.who()
            assert after in (1, 2) and cause == POWER, (after, cause)
            kept, changed = kept + (after == before), changed + (after != before)
        assert kept > 3 and changed > 1, (kept, changed)
        for ms in range(1, 50, 6):  # in the first piece: a sector is erased for it
            before = rig.other()
            rig.begin()
            rig.send_and_cut(DATA, bytes(4) + bytes([64]) + rig.image[:64], ms)
            assert rig.who() == (before, POWER)
        other_runs(rig, pathlib.Path(folder, "nv"))
        rig.board.end()


main(*sys.argv[1:])
