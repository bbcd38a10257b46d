// What ARM gives with the Cortex-M0+: SysTick, NVIC, reset. The processor itself is rp2040js's.
const SYST_CSR_ON = 1 << 0;
const SYST_CSR_INTERRUPT = 1 << 1;
const SYST_CSR_CORE = 1 << 2;
const AIRCR_KEY = 0x05fa;
const AIRCR_RESET = 1 << 2;

export class CorePeripherals {
  base = 0xe000e000;

  constructor(chip) {
    Object.assign(this, { chip, csr: 0, rvr: 0 });
    this.alarm = chip.alarm(() => this.wrap());
    const enabled = () => chip.core.enabledInterrupts >>> 0;
    this.registers = {
      0x010: { read: () => this.csr, write: (value) => this.control(value) },
      0x014: { read: () => this.rvr, write: (value) => (this.rvr = value & 0xffffff) },
      0x018: { write: () => this.begin() },
      0x100: { read: enabled, write: (value) => this.enable(value) },
      0x180: { read: enabled, write: (value) => (chip.core.enabledInterrupts &= ~value) },
      0xd0c: { write: (value) => this.reset(value) },
    };
  }

  control(value) {
    if (!(value & SYST_CSR_CORE)) this.chip.refuse('SYST_CSR: only the processor clock is played');
    this.csr = value & 7;
    this.begin();
  }

  begin() {
    this.alarm.cancel();
    if (this.csr & SYST_CSR_ON && this.rvr > 0) this.alarm.schedule(this.chip.nsOf(this.rvr + 1));
  }

  wrap() {
    const { core } = this.chip;
    if (this.csr & SYST_CSR_INTERRUPT) core.pendingSystick = core.interruptsUpdated = true;
    this.begin();
  }

  enable(value) {
    const { core } = this.chip;
    core.enabledInterrupts |= value;
    core.interruptsUpdated = true;
  }

  reset(value) {
    if (value >>> 16 === AIRCR_KEY && value & AIRCR_RESET) this.chip.ended = 'SOFT';
    else this.chip.refuse(`AIRCR written ${value.toString(16)}`);
  }
}
