// The ADC: its order of steps (regulator, calibration, enable, channel, start) with their times. A step out of order ends the simulator, so does
// a conversion that would not be true: no calibration, a channel that is not taken over yet, a sensor that has not settled, more
// than 100 us of rest without LFTRIG.
const ISR_ADRDY = 1 << 0;
const ISR_EOC = 1 << 2;
const ISR_EOS = 1 << 3;
const ISR_OVR = 1 << 4;
const ISR_EOCAL = 1 << 11;
const ISR_CCRDY = 1 << 13;
const CR_ADEN = 1 << 0;
const CR_ADSTART = 1 << 2;
const CR_REGULATOR = 1 << 28;
const CR_ADCAL = 0x80000000;
const CR_KNOWN = (CR_ADEN | CR_ADSTART | CR_REGULATOR | CR_ADCAL) >>> 0;
const CFGR2_LFTRIG = 1 << 29;
const CCR_TSEN = 1 << 23;

const REGULATOR_NS = 20e3;
const STABLE_NS = 1e3; // ADEN to ADRDY
const TAKEN_NS = 500; // CHSELR to CCRDY
const SENSOR_NS = 120e3;
const SENSOR_SAMPLE_NS = 5e3;
const REST_NS = 100e3;
const CALIBRATION = 82; // clocks of the ADC
const AFTER_CALIBRATION = 4;
const SAMPLES = [1.5, 3.5, 7.5, 12.5, 19.5, 39.5, 79.5, 160.5];
const CONVERSION = 12.5;
const SENSOR = 12;

export class Adc {
  base = 0x40012400;

  constructor(chip) {
    Object.assign(this, { chip, isr: 0, cr: 0, cfgr2: 0, smpr: 0, chselr: 0, ccr: 0, dr: 0 });
    Object.assign(this, { regulatorNs: 0, calibratedNs: null, sensorNs: 0, takenNs: -1, restNs: -Infinity });
    this.registers = {
      0x000: { read: () => this.isr, write: (value) => (this.isr &= ~value) },
      0x008: { read: () => this.cr >>> 0, write: (value) => this.control(value) },
      0x010: { read: () => this.cfgr2 >>> 0, write: (value) => this.idle('CFGR2') && (this.cfgr2 = value) },
      0x014: { read: () => this.smpr, write: (value) => this.resting('SMPR') && (this.smpr = value) },
      0x028: { read: () => this.chselr, write: (value) => this.choose(value) },
      0x040: { read: () => this.take() },
      0x308: { read: () => this.ccr >>> 0, write: (value) => this.common(value) },
    };
  }

  clocked() {
    return this.chip.rcc.clocks(0x40, 1 << 20);
  }

  clocksNs(clocks) {
    const mode = this.cfgr2 >>> 30;
    if (mode === 0) this.chip.refuse('ADC_CFGR2: an asynchronous clock is not played');
    return this.chip.nsOf(clocks * { 1: 2, 2: 4, 3: 1 }[mode]);
  }

  idle(register) {
    return !(this.cr & CR_ADEN) || this.chip.refuse(`ADC_${register} written while it is on`);
  }

  resting(register) {
    return !(this.cr & CR_ADSTART) || this.chip.refuse(`ADC_${register} written in a conversion`);
  }

  settled(fromNs, ns) {
    return this.chip.nanos - fromNs >= ns;
  }

  common(value) {
    if (value & ~CCR_TSEN) this.chip.refuse(`ADC_CCR written ${value.toString(16)}`);
    if (value & ~this.ccr & CCR_TSEN) this.sensorNs = this.chip.nanos;
    this.ccr = value;
  }

  // ---- its steps ----

  // Bits are only set here; hardware clears them.
  control(value) {
    if (value & ~CR_KNOWN) this.chip.refuse(`ADC_CR written ${value.toString(16)}`);
    const asked = value & ~this.cr;
    if (asked & CR_REGULATOR) this.regulatorNs = this.chip.nanos;
    this.cr |= asked & CR_REGULATOR;
    if (asked & CR_ADCAL) this.calibrate();
    if (asked & CR_ADEN) this.enable();
    if (asked & CR_ADSTART) this.start();
  }

  needRegulator() {
    if (!(this.cr & CR_REGULATOR) || !this.settled(this.regulatorNs, REGULATOR_NS)) this.chip.refuse('ADC_CR: the regulator is not up');
  }

  calibrate() {
    this.needRegulator();
    this.idle('CR.ADCAL');
    this.cr |= CR_ADCAL;
    this.chip.after(this.clocksNs(CALIBRATION), () => {
      this.cr &= ~CR_ADCAL;
      this.isr |= ISR_EOCAL;
      this.calibratedNs = this.chip.nanos;
    });
  }

  // Not taken while it calibrates, nor just after.
  enable() {
    this.needRegulator();
    if (this.cr & CR_ADCAL || (this.calibratedNs !== null && !this.settled(this.calibratedNs, this.clocksNs(AFTER_CALIBRATION)))) return;
    if (this.calibratedNs === null) this.chip.refuse('ADC_CR: on without a calibration');
    this.cr |= CR_ADEN;
    this.chip.after(STABLE_NS, () => (this.isr |= ISR_ADRDY));
  }

  choose(value) {
    this.resting('CHSELR');
    this.isr &= ~ISR_CCRDY;
    this.chselr = value;
    this.takenNs = this.chip.nanos + TAKEN_NS;
    this.chip.after(TAKEN_NS, () => (this.isr |= ISR_CCRDY));
  }

  start() {
    const { chip } = this;
    if (!(this.cr & CR_ADEN) || !(this.isr & ISR_ADRDY)) chip.refuse('ADC_CR: a start before it is ready');
    if (chip.nanos < this.takenNs) chip.refuse('ADC_CR: a start before the channel is taken');
    if (this.chselr === 0 || this.chselr & (this.chselr - 1)) chip.refuse('ADC_CHSELR: one channel is played');
    if (!(this.cfgr2 & CFGR2_LFTRIG) && this.restNs !== -Infinity && this.settled(this.restNs, REST_NS))
      chip.refuse('ADC_CR: a start after a rest of 100 us without LFTRIG');
    const channel = 31 - Math.clz32(this.chselr);
    const sampleNs = this.clocksNs(SAMPLES[this.smpr & 7]);
    this.needInput(channel, sampleNs);
    this.cr |= CR_ADSTART;
    chip.after(sampleNs + this.clocksNs(CONVERSION), () => this.end(channel));
  }

  needInput(channel, sampleNs) {
    const { chip } = this;
    if (channel === SENSOR) {
      if (!(this.ccr & CCR_TSEN) || !this.settled(this.sensorNs, SENSOR_NS)) chip.refuse('ADC: the sensor is off or has not settled');
      if (sampleNs < SENSOR_SAMPLE_NS) chip.refuse('ADC: the sensor wants to be sampled for 5 us');
    } else if (channel > 7 || !chip.gpio[0].isAnalog(channel)) chip.refuse(`ADC: channel ${channel} is no analog pin`);
  }

  end(channel) {
    if (this.isr & ISR_EOC) this.isr |= ISR_OVR;
    else this.dr = this.chip.wires.adc(channel);
    this.isr |= ISR_EOC | ISR_EOS;
    this.cr &= ~CR_ADSTART;
    this.restNs = this.chip.nanos;
  }

  take() {
    this.isr &= ~ISR_EOC;
    return this.dr;
  }
}
