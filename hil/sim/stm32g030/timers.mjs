// TIM3 counting up, and the watchdog, which counts the LSI whatever the processor does.
const TIM_KNOWN = { CR1: 1, EGR: 1 };
const LSI_HZ = 32000;
const IWDG_SYNC_NS = (5 * 1e9) / LSI_HZ;
const KEY = { START: 0xcccc, ACCESS: 0x5555, RELOAD: 0xaaaa };
const SR_PVU = 1;
const SR_RVU = 2;

export class Tim3 {
  base = 0x40000400;

  constructor(chip) {
    Object.assign(this, { chip, on: false, prescaler: 0, next: 0, count: 0, sinceNs: 0 });
    this.registers = {
      0x00: { read: () => Number(this.on), write: (value) => this.control(value) },
      0x14: { write: (value) => this.generate(value) },
      0x24: { read: () => this.now(), write: (value) => this.hold(value & 0xffff) },
      0x28: { read: () => this.next, write: (value) => (this.next = value & 0xffff) },
      0x2c: { read: () => 0xffff },
    };
  }

  clocked() {
    return this.chip.rcc.clocks(0x3c, 1 << 1);
  }

  hold(count) {
    this.count = count;
    this.sinceNs = this.chip.nanos;
  }

  now() {
    if (!this.on) return this.count;
    const ticks = Math.floor((this.chip.nanos - this.sinceNs) / this.chip.nsOf(this.prescaler + 1));
    return (this.count + ticks) % 65536;
  }

  control(value) {
    if (value & ~TIM_KNOWN.CR1) this.chip.refuse(`TIM3_CR1 written ${value.toString(16)}`);
    this.hold(this.now());
    this.on = value === 1;
  }

  // The prescaler that was written counts from here on, as it would from the next wrap.
  generate(value) {
    if (value & ~TIM_KNOWN.EGR) this.chip.refuse(`TIM3_EGR written ${value.toString(16)}`);
    this.hold(0);
    this.prescaler = this.next;
  }
}

export class Iwdg {
  base = 0x40003000;

  // byHardware: option IWDG_SW is 0, it runs from the reset on.
  constructor(chip, byHardware) {
    Object.assign(this, { chip, access: false, prescaler: 0, reload: 0xfff, updating: { [SR_PVU]: -1, [SR_RVU]: -1 } });
    this.alarm = chip.alarm(() => (chip.ended = 'WATCHDOG'));
    this.registers = {
      0x00: { write: (value) => this.key(value) },
      0x04: { read: () => this.prescaler, write: (value) => this.set('prescaler', value & 7, SR_PVU) },
      0x08: { read: () => this.reload, write: (value) => this.set('reload', value & 0xfff, SR_RVU) },
      0x0c: { read: () => this.pending(SR_PVU) | this.pending(SR_RVU) },
    };
    this.runs = byHardware;
    if (byHardware) this.feed();
  }

  pending(bit) {
    return this.chip.nanos < this.updating[bit] ? bit : 0;
  }

  set(field, value, bit) {
    if (!this.access || this.pending(bit)) this.chip.refuse(`IWDG ${field} written without access or while an update is under way`);
    this[field] = value;
    this.updating[bit] = this.chip.nanos + IWDG_SYNC_NS;
  }

  key(value) {
    if (!Object.values(KEY).includes(value)) this.chip.refuse(`IWDG_KR written ${value.toString(16)}`);
    this.access = value === KEY.ACCESS;
    this.runs ||= value === KEY.START;
    if (value !== KEY.ACCESS && this.runs) this.feed();
  }

  feed() {
    const divider = Math.min(4 << this.prescaler, 256);
    this.alarm.schedule(((this.reload + 1) * divider * 1e9) / LSI_HZ);
  }
}
