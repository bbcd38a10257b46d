// The board around a chip: which pin is which line of the BUS, the latches that keep VBAT_EN, what the ADC sees, and one life of the
// chip after another. Of the part (serve.mjs):
//   lines                         vbatEn, pwrkey, reset, status: a pin for each slot; hostCut, led
//   measure(board, channel, level) millivolts at a channel of the ADC; level(pin)
//   releaseNs                     what of a new life belongs to the millisecond of the reset
// memory.reset(cause) is called at each reset. A chip has run(untilNs), ended (why, or null), hung, carry(cause), driven(pin) (1, 0, or
// null), input(pin, level or null: nobody drives it), uart.feed(octets); it calls wires.pin(pin), wires.sent(octet), wires.adc(channel, level).
const FULL_MV = 3300;
const STEPS = 4096;
const name = (pin, slot) => `${pin}${slot || ''}`;

export class Board {
  constructor({ part, memory, bus, sent, startMs }) {
    Object.assign(this, { part, memory, bus, sent, startMs, lifeMs: 0 });
    this.status = Array(part.slots).fill(0);
    this.supplyMv = 4000;
    this.railMv = Array(part.slots).fill(0);
    this.currentMa = Array(part.slots).fill(0);
    this.temperatureDc = 250;
    this.latch = Array(part.slots).fill(0);
    this.readers = this.wire(part.lines);
    this.begin({});
  }

  wire(lines) {
    const readers = new Map();
    for (let slot = 0; slot < this.part.slots; slot++) {
      readers.set(lines.vbatEn[slot], () => this.seeVbatEn(slot));
      readers.set(lines.pwrkey[slot], () => this.see(name('PWRKEY', slot), lines.pwrkey[slot], 0));
      readers.set(lines.reset[slot], () => this.see(name('RESET', slot), lines.reset[slot], 0));
    }
    readers.set(lines.hostCut, () => this.see('HOST_CUT', lines.hostCut, 1));
    readers.set(lines.led, () => this.see('LED', lines.led, 1));
    return readers;
  }

  see(line, pin, asserted) {
    this.bus.pin(line, this.chip.driven(pin) === asserted ? 1 : 0);
  }

  // The latch holds what was driven last.
  seeVbatEn(slot) {
    const pin = this.part.lines.vbatEn[slot];
    this.latch[slot] = this.chip.driven(pin) ?? this.latch[slot];
    this.chip.input(pin, this.latch[slot]);
    this.bus.pin(name('VBAT_EN', slot), this.latch[slot]);
  }

  // A transistor that pulls to ground while the module runs.
  tellStatus(slot) {
    this.chip.input(this.part.lines.status[slot], this.status[slot] ? 0 : null);
  }

  begin(carried) {
    const wires = {
      adc: (channel, level) => this.convert(channel, level),
      pin: (pin) => this.readers.get(pin)?.(),
      sent: this.sent,
    };
    this.chip = this.part.chip(this.memory, carried, wires, this.startMs);
    this.lifeMs = 0;
    for (const read of this.readers.values()) read();
    for (let slot = 0; slot < this.part.slots; slot++) this.tellStatus(slot);
  }

  reset(cause) {
    const carried = this.chip.carry(cause);
    this.memory.reset(cause);
    if (cause === 'POWER') this.latch.fill(0);
    this.begin(carried);
    this.bus.reset(cause);
    this.chip.run(this.part.releaseNs);
  }

  // ---- what the world does ----

  // A rail is as high as was said, or as the supply; none while it is off.
  rail(slot) {
    return this.latch[slot] ? this.railMv[slot] || this.supplyMv : 0;
  }

  convert(channel, level) {
    const mv = this.part.measure(this, channel, level);
    return Math.max(0, Math.min(STEPS - 1, Math.round((mv * STEPS) / FULL_MV)));
  }

  obey({ word, slot, value }) {
    if (word === 'STATUS') {
      this.status[slot] = value;
      this.tellStatus(slot);
    } else if (word === 'ADC0') this.supplyMv = value;
    else if (word === 'RAIL') this.railMv[slot] = value;
    else if (word === 'CURRENT') this.currentMa[slot] = value;
    else if (word === 'TEMP') this.temperatureDc = value;
    else if (word === 'NRST') this.reset('PIN');
    else if (word === 'POWERCYCLE') this.reset('POWER');
    else if (word === 'HANG') this.chip.hung = true;
  }

  // The next millisecond. A new life's clock begins with the one after.
  runMs() {
    this.bus.nowMs++;
    this.lifeMs++;
    this.chip.run(this.lifeMs * 1e6);
    if (this.chip.ended !== null) this.reset(this.chip.ended);
  }
}
