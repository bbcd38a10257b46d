"""The model itself: programs of a few instructions that do what a part forbids end the simulator with the reason, the others find what a
part has. In lock-step. Usage: try_model.py PROGRAM"""
import pathlib, struct, subprocess, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "boards/host"))
from client import Board

FLASH, STACK = 0x08000000, 0x20002000
NOP, HERE = 0xBF00, 0xE7FE  # HERE: branches to itself
IOPENR, MODER = 0x40021034, 0x50000000
KEYR, SR, CR, CELLS = 0x40022008, 0x40022010, 0x40022014, 0x0800F000


class Code:
    """Thumb instructions and their constants; a value that is not what was expected is UDF, which ends the simulator, too."""

    def __init__(self):
        self.words, self.constants = [], []

    def constant(self, register, value):
        self.words.append(("constant", register, len(self.constants)))
        self.constants.append(value)

    def store(self, address, value):
        self.constant(0, address)
        self.constant(1, value)
        self.words.append(0x6001)

    def load(self, address):
        self.constant(0, address)
        self.words.append(0x6801)

    def expect(self, value):
        self.constant(2, value)
        self.words += [0x4291, 0xD000, 0xDE07]  # cmp r1, r2; beq over udf 7

    def image(self):
        words = self.words + [HERE] + [NOP] * (len(self.words) % 2 == 0)
        pool = 8 + 2 * len(words)
        pool += pool % 4
        code = b""
        for n, word in enumerate(words):
            if isinstance(word, tuple):
                _, register, index = word
                word = 0x4800 | register << 8 | (pool + 4 * index - (8 + 2 * n + 4 & ~3)) // 4
            code += struct.pack("<H", word)
        code += b"\0" * (pool - 8 - len(code))
        return struct.pack("<II", STACK, FLASH + 8 | 1) + code + struct.pack(f"<{len(self.constants)}I", *self.constants)


def program(*steps):
    code = Code()
    for step in steps:
        if isinstance(step, int):
            code.words.append(step)
        else:
            getattr(code, step[0])(*step[1:])
    return code.image()


UNLOCK = [("store", KEYR, 0x45670123), ("store", KEYR, 0xCDEF89AB)]
WRITE = [("store", CR, 1), ("store", CELLS, 1), ("store", CELLS + 4, 2)]
ENABLE_THEN_LOAD = [("constant", 0, IOPENR), ("constant", 1, 1), ("constant", 2, MODER), 0x6001, 0x6811]  # str r1, [r0]; ldr r1, [r2]
RUNS = [
    ("flash lies at 0, too", [("load", 0), ("expect", STACK)]),
    ("no clock, no registers", [("store", MODER, 0), ("load", MODER), ("expect", 0)]),
    ("with its clock", [("store", IOPENR, 1), NOP, ("load", MODER), ("expect", 0xEBFFFFFF)]),
    ("not in the next instruction", [*ENABLE_THEN_LOAD, ("expect", 0)]),
    ("a double word", [*UNLOCK, *WRITE, ("load", CELLS + 4), ("expect", 2), ("load", SR), ("expect", 0x8000)]),
    ("written twice", [*UNLOCK, *WRITE, *WRITE, ("load", SR), ("expect", 0x48008), ("store", SR, 0x8008), ("load", SR), ("expect", 0)]),
    ("locked by the first error", [*UNLOCK, *WRITE, *WRITE, ("store", CELLS + 8, 1), ("store", CELLS + 12, 1), ("load", CELLS + 8), ("expect", 0xFFFFFFFF)]),
    ("an erase", [*UNLOCK, *WRITE, ("store", CR, 2 | 30 << 3), ("store", CR, 2 | 30 << 3 | 1 << 16), ("load", CELLS), ("expect", 0xFFFFFFFF)]),
]
ENDS = [
    ("an unknown register", [("load", 0x40004404)], "read of 4 octets at 40004404"),
    ("outside of memory", [("store", 0x20002000, 1)], "write of 4 octets at 20002000"),
    ("unaligned", [("load", 0x20000002)], "unaligned access to 20000002"),
    ("no such clock", [("store", IOPENR, 0x10)], "no such clock"),
    ("a wrong key", [("store", KEYR, 1)], "FLASH_KEYR"),
    ("a locked register", [("store", CR, 1)], "FLASH_CR written while it is locked"),
    ("a write without PG", [*UNLOCK, ("store", CELLS, 1)], "without PG"),
    ("the wrong half first", [*UNLOCK, ("store", CR, 1), ("store", CELLS + 4, 1)], "out of order"),
    ("the watchdog's key", [("store", 0x40003004, 3)], "IWDG prescaler"),
    ("the ADC without its regulator", [("store", 0x40021040, 1 << 20), NOP, ("store", 0x40012408, 1 << 31)], "the regulator is not up"),
    ("UDF", [0xDE07], "breakpoint 7"),
]


def start(simulator, folder, steps, stderr=None):
    path = pathlib.Path(folder, "program.bin")
    path.write_bytes(program(*steps))
    return Board(simulator, folder, "--lockstep", str(path), stderr=stderr)


def main(simulator):
    for name, steps in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            board = start(simulator, folder, steps)
            board.run(100)
            assert board.run(1000, "RESET").startswith("RESET WATCHDOG"), name  # it is never fed
            board.end()
    for name, steps, reason in ENDS:
        with tempfile.TemporaryDirectory() as folder:
            board = start(simulator, folder, steps, subprocess.PIPE)
            board.say("GO 5")
            code = board.process.wait(timeout=60)
            said = board.process.stderr.read()
            assert code != 0 and reason in said and "PC 080000" in said, (name, said)


main(*sys.argv[1:])
