// One life of an RP2040, from a reset to the next: rp2040js with what it leaves out. The boot ROM is played here (check, copy and
// start of the first 256 octets of flash; the table of flash functions), so are octets of the UART in time, the cause of a
// reset, and what a reset leaves as it was. A reset ends the object: `ended` tells why, `carry()` what the next life begins with.
import { ConsoleLogger, LogLevel, RP2040 } from 'rp2040js';
import { SimulationClock } from './node_modules/rp2040js/dist/esm/clock/simulation-clock.js';
import { pacedUart } from './uart.js';

const HZ = 12e6; // until the firmware has set its clocks
const ADC_NS = 2000; // 96 clocks of 48 MHz
const RAM = 0x20000000;
const BOOT2_AT = 0x20041f00;
const GPIOS = 30;

const RESETS_BANK = 1 << 5 | 1 << 8; // IO_BANK0, PADS_BANK0
const PSM_BEFORE_PROC = 0x7fff; // any of these restarts SIO, too
const PSM_PROC0 = 1 << 15;
const HAD_POR = 1 << 8;
const HAD_RUN = 1 << 16;
const REASON_TIMER = 1;

const ROM_LOOKUP = 0x40;
const ROM_TABLE = 0x60;
const ROM_CODE = 0x100;
const ROM_LOOKUP_CODE = [
  0x8802, 0x2a00, 0xd005, // loop: ldrh r2,[r0]; cmp r2,#0; beq none
  0x428a, 0xd001, 0x3004, 0xe7f8, // cmp r2,r1; beq found; adds r0,#4; b loop
  0x8840, 0x4770, 0x2000, 0x4770, // found: ldrh r0,[r0,#2]; bx lr; none: movs r0,#0; bx lr
];
const BUSY = 0x7f;
// bkpt n begins it; then as long as bkpt BUSY sets r0: wfi. Interrupts are served meanwhile.
const romFunction = (n) => [0xbe00 | n, 0xbe00 | BUSY, 0x2800, 0xd001, 0xbf30, 0xe7fa, 0x4770];
const ROM_FUNCTIONS = ['IF', 'EX', 'RE', 'RP', 'FC', 'CX', 'UB'];

export function bootCrc(octets) {
  let crc = 0xffffffff;
  for (const octet of octets) {
    crc ^= octet << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

export class Chip {
  // flash: flash.js. carried: of the life before, or {} after loss of power. wires: adc(channel, gpioLevel) gives a conversion's
  // result, pin(gpio) is called after a GPIO may have changed, sent(octet) for each octet of UART0.
  constructor(flash, carried, wires, startMs) {
    this.flash = flash;
    this.wires = wires;
    this.ended = null;
    this.hung = false;
    this.serial = false; // flash takes commands: it cannot be read as memory
    const clock = new SimulationClock(HZ);
    clock.nanosCounter = startMs * 1e6;
    this.beganNs = clock.nanos;
    this.mcu = new RP2040(clock);
    this.mcu.logger = new ConsoleLogger(LogLevel.Error);
    this.mcu.clkSys = this.mcu.clkPeri = HZ;
    this.cycleNs = 1e9 / HZ;
    this.mcu.addClockListener((hz) => (this.cycleNs = 1e9 / hz));
    this.addMemory(carried);
    this.addPeripherals(carried);
    this.addTick();
    this.addWatchdog(carried);
    this.bringPins(carried.pins);
    this.boot();
  }

  get elapsedMs() {
    return Math.floor((this.mcu.clock.nanos - this.beganNs) / 1e6);
  }

  // ---- what it is made of ----

  addMemory(carried) {
    const { mcu } = this;
    if (carried.sram) mcu.sram.set(carried.sram);
    else mcu.sram.fill(0xa5); // as good as any
    mcu.flash.set(this.flash.octets);
    this.fastMemory();
    const rom = new Uint16Array(mcu.bootrom.buffer);
    const put = (at, words) => rom.set(words, at / 2);
    put(0x14, [ROM_TABLE, 0, ROM_LOOKUP | 1]);
    put(ROM_LOOKUP, ROM_LOOKUP_CODE);
    ROM_FUNCTIONS.forEach((name, n) => {
      put(ROM_TABLE + 4 * n, [name.charCodeAt(0) | name.charCodeAt(1) << 8, (ROM_CODE + 16 * n) | 1]);
      put(ROM_CODE + 16 * n, romFunction(n));
    });
    mcu.onBreak = (n) => this.onRom(n);
  }

  // The program runs from RAM: first where rp2040js would look last. And flash has no memory while it takes commands.
  fastMemory() {
    const { mcu } = this;
    const { sramView: view } = mcu;
    const size = mcu.sram.length;
    for (const [read, write, octets, get, set] of [
      ['readUint32', 'writeUint32', 4, (at) => view.getUint32(at, true), (at, v) => view.setUint32(at, v, true)],
      ['readUint16', 'writeUint16', 2, (at) => view.getUint16(at, true), (at, v) => view.setUint16(at, v, true)],
      ['readUint8', 'writeUint8', 1, (at) => mcu.sram[at], (at, v) => (mcu.sram[at] = v)],
    ]) {
      const slowRead = mcu[read].bind(mcu);
      const slowWrite = mcu[write].bind(mcu);
      mcu[read] = (address) => {
        const at = (address >>> 0) - RAM;
        if (at >= 0 && at <= size - octets) return get(at);
        if (this.serial && address >>> 28 === 1 && (address >>> 24) < 0x14)
          throw new Error(`flash read at ${address.toString(16)} while it takes commands, from ${mcu.core.PC.toString(16)}`);
        return slowRead(address);
      };
      mcu[write] = (address, value) => {
        const at = (address >>> 0) - RAM;
        if (at >= 0 && at <= size - octets) set(at, value);
        else slowWrite(address, value);
      };
    }
  }

  addPeripherals(carried) {
    const { mcu } = this;
    const cause = carried.sram ? (carried.scratch ? 0 : HAD_RUN) : HAD_POR;
    mcu.peripherals[0x40064] = { readUint32: (offset) => (offset === 8 ? cause : 0), writeUint32Atomic() {} };
    mcu.adc.onADCRead = (channel) => {
      mcu.adc.channelValues[channel] = this.wires.adc(channel, (gpio) => mcu.sio.gpioValue >>> gpio & 1);
      mcu.adc.currentChannel = channel;
      mcu.adc.sampleAlarm.schedule(ADC_NS);
    };
    this.uart = pacedUart(mcu, mcu.uart[0], (octet) => this.wires.sent(octet));
  }

  // SysTick counts RVR + 1 cycles, and ends a WFI.
  addTick() {
    const { core, ppb } = this.mcu;
    ppb.systickAlarm.callback = () => {
      ppb.systickCountFlag = true;
      if (ppb.systickIntEnable) core.pendingSystick = core.interruptsUpdated = true;
      ppb.systickTimer.set(ppb.systickReload + 1);
    };
  }

  addWatchdog(carried) {
    const dog = this.mcu.peripherals[0x40058];
    if (carried.scratch) {
      dog.scratchData.set(carried.scratch);
      dog.reason = carried.reason;
    }
    dog.onWatchdogTrigger = () => {
      dog.alarm.enable = false; // else it comes again at once
      if (!(this.mcu.peripherals[0x40010].wdsel & PSM_PROC0)) throw new Error('the watchdog bit, but PSM_WDSEL selects no processor');
      this.ended = dog.reason === REASON_TIMER ? 'WATCHDOG' : 'SOFT';
    };
    this.dog = dog;
  }

  bringPins(pins) {
    const { mcu } = this;
    if (pins) {
      mcu.sio.gpioValue = pins.out;
      mcu.sio.gpioOutputEnable = pins.oe;
      pins.banks.forEach(([ctrl, pad], gpio) => Object.assign(mcu.gpio[gpio], { ctrl, padValue: pad }));
    }
    for (let gpio = 0; gpio < GPIOS; gpio++) {
      mcu.gpio[gpio].lastValue = mcu.gpio[gpio].value;
      mcu.gpio[gpio].addListener(() => this.wires.pin(gpio));
    }
  }

  // ---- boot ROM ----

  boot() {
    const { mcu } = this;
    const boot2 = mcu.flash.subarray(0, 256);
    if (bootCrc(boot2.subarray(0, 252)) !== mcu.flashView.getUint32(252, true)) {
      this.stop('no boot stage in flash: the ROM waits on USB');
      return;
    }
    mcu.sram.set(boot2, BOOT2_AT - RAM);
    mcu.core.SP = BOOT2_AT;
    mcu.core.PC = BOOT2_AT;
  }

  stop(why) {
    process.stderr.write(`rp2040: ${why}\n`);
    this.hung = true;
  }

  onRom(n) {
    const { registers } = this.mcu.core;
    const name = ROM_FUNCTIONS[n];
    if (n === BUSY) registers[0] = this.flash.busy ? 1 : 0;
    else if (name === 'EX') this.serial = true;
    else if (name === 'CX') this.serial = false;
    else if (name === 'RE') this.flashWork(this.flash.erase(registers[0], registers[1]));
    else if (name === 'RP') this.flashWork(this.flash.program(registers[0], this.ramOctets(registers[1], registers[2])));
    else if (name === 'UB') this.stop('no whole image in flash: the ROM waits on USB');
  }

  ramOctets(address, len) {
    return this.mcu.sram.slice(address - RAM, address - RAM + len);
  }

  flashWork(ns) {
    const { core, clock, flash } = this.mcu;
    if (!this.serial) throw new Error('flash function of the ROM without leaving XIP first');
    clock.createAlarm(() => {
      const { at, octets } = this.flash.finish();
      flash.set(octets, at);
      core.waiting = false;
    }).schedule(ns);
  }

  // ---- running ----

  // Until so many ns of this life have passed, or it has ended.
  run(untilNs) {
    const { core, clock } = this.mcu;
    const until = this.beganNs + untilNs;
    while (clock.nanos < until && this.ended === null) {
      if (!this.hung && (!core.waiting || core.interruptsUpdated)) {
        clock.tick(core.executeInstruction() * this.cycleNs);
        continue;
      }
      const alarm = clock.nextAlarm;
      clock.tick((alarm && alarm.nanos < until ? alarm.nanos : until) - clock.nanos);
    }
  }

  // Driven high 1, driven low 0, not driven null.
  driven(gpio) {
    const pin = this.mcu.gpio[gpio];
    return pin.outputEnable && !pin.outputDisable ? Number(pin.outputValue) : null;
  }

  input(gpio, level) {
    this.mcu.gpio[gpio].setInputValue(Boolean(level ?? 1)); // what nobody drives is pulled up
  }

  // What the next life has of this one. RUN leaves memory alone; the watchdog what its selections leave.
  carry(cause) {
    const { mcu, dog } = this;
    if (cause === 'POWER') return {};
    if (cause === 'PIN') return { sram: mcu.sram };
    const resets = mcu.peripherals[0x4000c].wdsel;
    const held = !(resets & RESETS_BANK) && !(mcu.peripherals[0x40010].wdsel & PSM_BEFORE_PROC);
    const banks = mcu.gpio.map((pin) => [pin.ctrl, pin.padValue]);
    const pins = held ? { out: mcu.sio.gpioValue, oe: mcu.sio.gpioOutputEnable, banks } : null;
    return { sram: mcu.sram, scratch: dog.scratchData, reason: dog.reason, pins };
  }
}
