// Clocks of the peripherals, and why the part was reset. HSI16 runs everything; a program that wants another clock ends the simulator.
const CSR_LSIRDY = 1 << 1;
const CSR_RMVF = 1 << 23;
export const RESET_FLAGS = { PIN: 0x04000000, POWER: 0x0c000000, SOFT: 0x14000000, WATCHDOG: 0x24000000 }; // each pulls NRST, too
const ENABLES = { 0x34: 0x2f, 0x38: 0x1101, 0x3c: 0x18664c02, 0x40: 0x0016d801 }; // IOPENR, AHBENR, APBENR1, APBENR2: the bits that are there
const STEPS_UNTIL_ON = 2; // two clocks after the write: not yet for the next instruction

export class Rcc {
  base = 0x40021000;

  constructor(chip, flags) {
    Object.assign(this, { chip, flags, rmvf: 0 });
    this.enabled = { 0x34: 0, 0x38: 0x100, 0x3c: 0, 0x40: 0 };
    this.changed = {};
    this.registers = {
      0x60: { read: () => (this.flags | this.rmvf | CSR_LSIRDY) >>> 0, write: (value) => this.remove(value) },
    };
    for (const offset of Object.keys(ENABLES).map(Number))
      this.registers[offset] = { read: () => this.enabled[offset] >>> 0, write: (value) => this.enable(offset, value) };
  }

  enable(offset, value) {
    if (value & ~ENABLES[offset]) this.chip.refuse(`RCC ${offset.toString(16)}: no such clock in ${value.toString(16)}`);
    this.changed[offset] = { bits: value & ~this.enabled[offset], step: this.chip.steps };
    this.enabled[offset] = value;
  }

  // Whether a peripheral's registers answer.
  clocks(offset, bit) {
    if (!(this.enabled[offset] & bit)) return false;
    const { bits, step } = this.changed[offset];
    return !(bits & bit) || this.chip.steps - step >= STEPS_UNTIL_ON;
  }

  remove(value) {
    this.rmvf = value & CSR_RMVF;
    if (this.rmvf) this.flags = 0;
  }
}
