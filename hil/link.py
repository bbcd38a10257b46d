"""The host's end of the link in Python. The layout of every message and the names of all numbers come from firmware/link/table.h through
the build's program link-layout; nothing of it is written here a second time.

    link = Link(write, 7)
    link.ask("SLOT_READ", slot=0)            # sends
    link.feed(octets)                        # events are acknowledged and put into link.events
    link.answer                              # (status, fields) once the answer came, else None

Frames are those of docs/link-protocol.md. Pure: no clock, no file; repeating an unanswered request is the caller's affair (again())."""
import collections
import enum
import json
import os
import pathlib
import struct
import subprocess

from frames import frame, unframe

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("CELLPOST_BUILD", ROOT / "build" / "release")).resolve()
LAYOUT = json.loads(subprocess.run([BUILD / "firmware/link/link-layout"], check=True, capture_output=True).stdout)

Status, Target, Phase, Reason, Cause, Supply, Lease, Kind, Module, Cap, LogCode = (
    enum.IntEnum(name, LAYOUT["enumerations"][name])
    for name in ("status", "target", "phase", "reason", "cause", "supply", "lease", "kind", "module", "cap", "log"))
SETTINGS = LAYOUT["settings"]
NUMBERS = {"U8": "<B", "U16": "<H", "U32": "<I", "I16": "<h"}
EVENT_NAMES = {event["number"]: name for name, event in LAYOUT["events"].items()}
ANSWER = 0x80


# ---- payloads ----

def pack(fields, values):
    """The payload of these fields; every field must be given, and none besides."""
    values = dict(values)
    out = b""
    for kind, name in fields:
        value = values.pop(name)
        if kind == "TEXT":
            out += value.encode().ljust(LAYOUT["text_len"], b"\0")
        elif kind == "BLOCK":
            out += bytes([len(value)]) + value
        else:
            out += struct.pack(NUMBERS[kind], value)
    if values:
        raise TypeError(f"no such field: {', '.join(values)}")
    return out


def unpack(fields, octets):
    """The fields' values by name; ValueError where one is missing. Octets after the last are ignored."""
    out, at = {}, 0
    for kind, name in fields:
        size = LAYOUT["text_len"] if kind == "TEXT" else 1 + octets[at] if kind == "BLOCK" and at < len(octets) else struct.calcsize(
            NUMBERS.get(kind, "<B"))
        part = octets[at:at + size]
        if len(part) < size:
            raise ValueError(f"field {name} is missing")
        if kind == "TEXT":
            out[name] = part.split(b"\0")[0].decode()
        else:
            out[name] = part[1:] if kind == "BLOCK" else struct.unpack(NUMBERS[kind], part)[0]
        at += size
    return out


# ---- the host's end ----

Event = collections.namedtuple("Event", "name fields")


class Link:
    """One request at a time."""

    def __init__(self, write, seq):
        self.write = write
        self.seq = seq
        self.rest = b""
        self.answer = None
        self.events = []
        self.since = []  # events that came behind the answer: newer than what it says
        self.told = collections.deque(maxlen=16)
        self.damaged = 0
        self.asked = None

    def ask(self, name, **values):
        self.seq = self.seq % 255 + 1
        self.asked = LAYOUT["requests"][name]
        self.sent = frame(self.asked["number"], self.seq, pack(self.asked["fields"], values))
        self.answer = None
        self.again()

    def again(self):
        """The same frame once more: it acts once."""
        self.write(self.sent)

    def forget(self):
        """The board was started anew."""
        self.told.clear()

    def feed(self, octets):
        *parts, self.rest = (self.rest + octets).split(b"\0")
        for part in parts:
            if part:
                self._take(unframe(part))

    def _take(self, got):
        if got is None:
            self.damaged += 1
            return
        kind, seq, payload = got
        if kind in EVENT_NAMES:
            self._event(kind, seq, payload)
        elif self.asked and kind == self.asked["number"] | ANSWER and seq == self.seq and payload:
            status = Status(payload[0])
            fields = unpack(self.asked["answer"], payload[1:]) if status == Status.OK else payload[1:]
            self.answer = (status, fields)
            self.since = []

    def _event(self, kind, seq, payload):
        name = EVENT_NAMES[kind]
        fields = unpack(LAYOUT["events"][name]["fields"], payload)
        self.write(frame(kind | ANSWER, seq, fields["number"].to_bytes(2, "little")))
        if (kind, fields["number"]) not in self.told:
            self.told.append((kind, fields["number"]))
            self.events.append(Event(name, fields))
            self.since.append(self.events[-1])
