"""The pin jig: MicroPython for a Raspberry Pi Pico (W or not) that serves the BUS (hil/bus/line.h) over its USB serial port. README.md of hil
has the wiring. Copy it to the Pico as main.py. It has been run on no hardware yet.

Promises: each edge of a watched pin is told with the millisecond in which its interrupt came, in order; a bad line is answered by ERR and
changes nothing; at its start, and when the port is opened, every output is released."""
import sys

import select
from machine import Pin, PWM
from time import ticks_diff, ticks_ms

SLOTS = 2
#            name       slot  GPIO: low is asserted (the jig's input sees the pulled-down line), but for those in HIGH
WATCHED = [("VBAT_EN", 0, 2), ("PWRKEY", 0, 3), ("RESET", 0, 4),
           ("VBAT_EN", 1, 6), ("PWRKEY", 1, 7), ("RESET", 1, 8), ("HOST_CUT", 0, 10)]
HIGH = ("VBAT_EN", "HOST_CUT")
STATUS = [Pin(5, Pin.OUT, value=0), Pin(9, Pin.OUT, value=0)]  # high: the module runs, 3.3 V into the board's STATUS circuit
NRST = Pin(11, Pin.OPEN_DRAIN, value=1)
POWER = Pin(12, Pin.OUT, value=1)                              # gate driver of the board's supply: high is on
SUPPLY = PWM(Pin(13), freq=50000, duty_u16=0)                  # behind 1 k and 1 uF: the board's supply divider, instead of the supply
SUPPLY_FULL_MV = 9900                                          # what the board measures at 3.3 V of that line: its divider

edges = []  # (index in WATCHED, value, t): filled by interrupts
pins = []


def t_now():
    return ticks_ms()


def edge(index):
    high = WATCHED[index][0] in HIGH

    def handler(pin):
        edges.append((index, pin.value() if high else 1 - pin.value(), t_now()))

    return handler


def tell(index, value, t):
    name, slot, _ = WATCHED[index]
    print("PIN %s%s %d t=%d" % (name, slot or "", value, t))


def tell_all():
    print("CAPS adc status wdt_cause eeprom slots=%d" % SLOTS)
    for index, pin in enumerate(pins):
        tell(index, pin.value() if WATCHED[index][0] in HIGH else 1 - pin.value(), t_now())


def supply(mv):
    SUPPLY.duty_u16(min(65535, mv * 65535 // SUPPLY_FULL_MV))


def wait(ms):
    begin = t_now()
    while ticks_diff(t_now(), begin) < ms:
        pass


def obey(line):
    word, _, value = line.partition(" ")
    if word == "HELLO":  # the bench has opened the port
        tell_all()
    elif word in ("STATUS", "STATUS1") and value in ("0", "1"):
        STATUS[1 if word[-1] == "1" else 0].value(int(value))
    elif word == "ADC0" and value.isdigit():
        supply(int(value))
    elif word == "NRST":
        NRST.value(0)
        wait(20)
        NRST.value(1)
        print("RESET PIN t=%d" % t_now())
    elif word == "POWERCYCLE":
        POWER.value(0)
        wait(1500)
        POWER.value(1)
        print("RESET POWER t=%d" % t_now())
    else:
        print("ERR not a line of this jig: %s" % line)


def main():
    for index, (_, _, gpio) in enumerate(WATCHED):
        pins.append(Pin(gpio, Pin.IN, Pin.PULL_UP))
        pins[index].irq(edge(index), Pin.IRQ_RISING | Pin.IRQ_FALLING)
    supply(4000)
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    line = ""
    while True:
        while edges:
            tell(*edges.pop(0))
        if poll.poll(1):
            octet = sys.stdin.read(1)
            if octet == "\n":
                obey(line.strip())
                line = ""
            elif len(line) < 120:
                line += octet


main()
