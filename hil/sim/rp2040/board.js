// The board around the chip, as boards/rp2040/README.md wires it: which GPIO is which line of the BUS, the latches that keep
// VBAT_EN, what the ADC sees, and one life of the chip after another.
import { Chip } from './chip.js';

export const SLOTS = 4;
export const CAPS = 'adc eeprom status reset host_cut rail current temperature wdt_cause hang start_ms update';
const VBAT_EN = (slot) => 2 + 4 * slot;
const PWRKEY = (slot) => 3 + 4 * slot;
const RESET = (slot) => 4 + 4 * slot;
const STATUS = (slot) => 5 + 4 * slot;
const HOST_CUT = 18;
const MUX = [20, 21];
const LED = 25;
const RELEASE_NS = 1e5; // the boot stage's first steps belong to the millisecond of the reset: they let go of what was held
const FULL_MV = 3300;
const STEPS = 4096;
const name = (pin, slot) => `${pin}${slot || ''}`;

export class Board {
  constructor({ flash, bus, sent, startMs }) {
    Object.assign(this, { flash, bus, sent, startMs, lifeMs: 0 });
    this.status = Array(SLOTS).fill(0);
    this.supplyMv = 4000;
    this.railMv = Array(SLOTS).fill(0);
    this.currentMa = Array(SLOTS).fill(0);
    this.temperatureDc = 250;
    this.latch = Array(SLOTS).fill(0);
    this.readers = new Map();
    for (let slot = 0; slot < SLOTS; slot++) {
      this.readers.set(VBAT_EN(slot), () => this.seeVbatEn(slot));
      this.readers.set(PWRKEY(slot), () => bus.pin(name('PWRKEY', slot), this.pulledLow(PWRKEY(slot))));
      this.readers.set(RESET(slot), () => bus.pin(name('RESET', slot), this.pulledLow(RESET(slot))));
    }
    this.readers.set(HOST_CUT, () => bus.pin('HOST_CUT', this.high(HOST_CUT)));
    this.readers.set(LED, () => bus.pin('LED', this.high(LED)));
    this.begin({});
  }

  pulledLow(gpio) {
    return this.chip.driven(gpio) === 0 ? 1 : 0;
  }

  high(gpio) {
    return this.chip.driven(gpio) === 1 ? 1 : 0;
  }

  // The latch holds what was driven last.
  seeVbatEn(slot) {
    this.latch[slot] = this.chip.driven(VBAT_EN(slot)) ?? this.latch[slot];
    this.chip.input(VBAT_EN(slot), this.latch[slot]);
    this.bus.pin(name('VBAT_EN', slot), this.latch[slot]);
  }

  begin(carried) {
    const wires = {
      adc: (channel, level) => this.convert(channel, level(MUX[0]) | level(MUX[1]) << 1),
      pin: (gpio) => this.readers.get(gpio)?.(),
      sent: this.sent,
    };
    this.chip = new Chip(this.flash, carried, wires, this.startMs);
    this.lifeMs = 0;
    for (const read of this.readers.values()) read();
    for (let slot = 0; slot < SLOTS; slot++) this.chip.input(STATUS(slot), !this.status[slot]);
  }

  reset(cause) {
    const carried = this.chip.carry(cause);
    if (cause === 'POWER') {
      this.flash.cut();
      this.latch.fill(0);
    } else if (this.flash.busy) {
      this.flash.finish(); // it goes on by itself
    }
    this.begin(carried);
    this.bus.reset(cause);
    this.chip.run(RELEASE_NS);
  }

  // ---- what the world does ----

  convert(channel, slot) {
    const rail = this.latch[slot] ? this.railMv[slot] || this.supplyMv : 0;
    const mv = [this.supplyMv / 3, rail / 2, this.currentMa[slot], 0, 706 - (this.temperatureDc - 270) * 0.1721][channel];
    return Math.max(0, Math.min(STEPS - 1, Math.round((mv * STEPS) / FULL_MV)));
  }

  obey({ word, slot, value }) {
    if (word === 'STATUS') {
      this.status[slot] = value;
      this.chip.input(STATUS(slot), !value);
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
