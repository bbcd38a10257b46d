"""What is flashed to an empty board: uf2_make.py BOOT.bin IMAGE OUT.uf2

Boot stage with the CRC that the boot ROM wants of its first 256 octets, the image in slot 0, and blank records, so that no older
choice of a slot stays. The places are those of chip.h."""
import pathlib
import struct
import sys

XIP, RECORDS, SLOT, SLOT_LEN, SECTOR, PAGE = 0x10000000, 0x8000, 0x10000, 0x10000, 4096, 256
FAMILY_RP2040 = 0xE48BFF56


def boot_crc(octets):
    """CRC-32 with the top bit first and nothing inverted."""
    crc = 0xFFFFFFFF
    for octet in octets:
        crc ^= octet << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def pages(at, octets):
    for i in range(0, len(octets), PAGE):
        yield at + i, octets[i:i + PAGE].ljust(PAGE, b"\xff")


def blocks(content):
    for number, (at, page) in enumerate(content):
        head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, XIP + at, PAGE, number, len(content), FAMILY_RP2040)
        yield head + page.ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)


def main():
    boot, image, out = (pathlib.Path(name) for name in sys.argv[1:])
    boot, image = boot.read_bytes(), image.read_bytes()
    if len(boot) > RECORDS or len(image) > SLOT_LEN:
        sys.exit(f"boot stage of {len(boot)} octets, image of {len(image)}: too long")
    boot = boot[:252] + struct.pack("<I", boot_crc(boot[:252])) + boot[256:]
    blank = b"\xff" * PAGE
    content = [*pages(0, boot), (RECORDS, blank), (RECORDS + SECTOR, blank), *pages(SLOT, image)]
    out.write_bytes(b"".join(blocks(content)))


main()
