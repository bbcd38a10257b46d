"""The link's frames, octet by octet: 00, COBS of type, sequence, payload and CRC-16, 00 (docs/link-protocol.md)."""


def crc16(octets):
    crc = 0xFFFF
    for octet in octets:
        crc ^= octet << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def frame(kind, seq, payload):
    body = bytes([kind, seq]) + payload
    body += crc16(body).to_bytes(2, "little")
    return b"\0" + b"".join(bytes([len(run) + 1]) + run for run in body.split(b"\0")) + b"\0"


def unframe(octets):
    """(type, sequence, payload) of what stood between two zeros, or None where it is damaged."""
    body, at = b"", 0
    while at < len(octets):
        body += octets[at + 1:at + octets[at]] + b"\0"
        at += octets[at]
    body = body[:-1]
    if at != len(octets) or len(body) < 4 or crc16(body[:-2]) != int.from_bytes(body[-2:], "little"):
        return None
    return body[0], body[1], body[2:-2]
