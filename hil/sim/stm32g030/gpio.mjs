// A port of 16 pins. What a pin's wire has: driven by this part, by the world, pulled, or floating, and then it reads as it likes.
const MODE = { INPUT: 0, OUTPUT: 1, FUNCTION: 2, ANALOG: 3 };
const PULLED = [null, 0, 0]; // by PUPDR; 1 below
PULLED[1] = 1;

export class Gpio {
  // number: 0 for A ...; moder, pupdr: as reset leaves them
  constructor(chip, number, moder, pupdr) {
    Object.assign(this, { chip, number, moder, pupdr, otyper: 0, ospeedr: 0, odr: 0, afr: [0, 0] });
    this.base = 0x50000000 + 0x400 * number;
    this.outside = Array(16).fill(null);
    const field = (name) => ({ read: () => this[name] >>> 0, write: (value) => this.change(() => (this[name] = value)) });
    const half = (n) => ({ read: () => this.afr[n] >>> 0, write: (value) => this.change(() => (this.afr[n] = value)) });
    this.registers = {
      0x00: field('moder'),
      0x04: field('otyper'),
      0x08: field('ospeedr'),
      0x0c: { read: () => this.pupdr >>> 0, write: (value) => this.pull(value) },
      0x10: { read: () => this.levels() },
      0x14: field('odr'),
      0x18: { write: (value) => this.change(() => (this.odr = (this.odr & ~(value >>> 16)) | (value & 0xffff))) },
      0x20: half(0),
      0x24: half(1),
      0x28: { write: (value) => this.change(() => (this.odr &= ~value)) },
    };
  }

  clocked() {
    return this.chip.rcc.clocks(0x34, 1 << this.number);
  }

  mode(pin) {
    return (this.moder >>> (2 * pin)) & 3;
  }

  pull(value) {
    for (let pin = 0; pin < 16; pin++) if (((value >>> (2 * pin)) & 3) === 3) this.chip.refuse('GPIO_PUPDR: both pulls');
    this.pupdr = value;
  }

  change(how) {
    const before = [];
    for (let pin = 0; pin < 16; pin++) before.push(this.driven(pin));
    how();
    for (let pin = 0; pin < 16; pin++) if (this.driven(pin) !== before[pin]) this.chip.wires.pin(16 * this.number + pin);
  }

  // 1, 0, or null. A function's pin is driven by its peripheral, of which the BUS sees nothing.
  driven(pin) {
    if (this.mode(pin) !== MODE.OUTPUT) return null;
    const level = (this.odr >>> pin) & 1;
    return level && (this.otyper >>> pin) & 1 ? null : level;
  }

  levels() {
    let levels = 0;
    for (let pin = 0; pin < 16; pin++) levels |= this.level(pin) << pin;
    return levels;
  }

  // An analog pin's input is off.
  level(pin) {
    if (this.mode(pin) === MODE.ANALOG) return 0;
    return this.driven(pin) ?? this.outside[pin] ?? PULLED[(this.pupdr >>> (2 * pin)) & 3] ?? (this.chip.noise.word() & 1);
  }

  isFunction(pin, number) {
    return this.mode(pin) === MODE.FUNCTION && ((this.afr[pin >>> 3] >>> (4 * (pin & 7))) & 15) === number;
  }

  isAnalog(pin) {
    return this.mode(pin) === MODE.ANALOG;
  }
}
