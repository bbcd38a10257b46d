// One life of an STM32G030K8, from a reset to the next: rp2040js's Cortex-M0+ with this part's memory map, by RM0454 and ST's header. What
// the model does not have (a register, an address, a width, an instruction) ends the simulator with the address and the PC.
import { CortexM0Core } from '../rp2040/node_modules/rp2040js/dist/esm/cortex-m0-core.js';
import { SimulationClock } from '../rp2040/node_modules/rp2040js/dist/esm/clock/simulation-clock.js';
import { Adc } from './adc.mjs';
import { CorePeripherals } from './core.mjs';
import { FlashInterface } from './flash.mjs';
import { Gpio } from './gpio.mjs';
import { FLASH_LEN } from './memory.mjs';
import { Rcc, RESET_FLAGS } from './rcc.mjs';
import { Iwdg, Tim3 } from './timers.mjs';
import { Usart } from './usart.mjs';

const HZ = 16e6; // HSI16
const FLASH = 0x08000000;
const SRAM = 0x20000000;
const SRAM_LEN = 8 * 1024;
const TS_CAL1 = 0x1fff75a8; // measured in the factory
const TS_CAL1_STEPS = 1038; // 0.76 V of 3.0 at 30 degrees
const POWER_NS = 250e3; // from the supply to the first instruction, and up to 1 ms more
const BLOCK = 10; // bits of an address within a peripheral
const hex = (value) => (value >>> 0).toString(16).padStart(8, '0');

export class Chip {
  constructor(memory, carried, wires) {
    Object.assign(this, { memory, wires, hz: HZ, ended: null, hung: false, held: false, steps: 0, noise: memory.noise });
    this.clock = new SimulationClock(HZ);
    this.core = new CortexM0Core(this);
    this.followLevels();
    this.sram = carried.sram ?? this.noise.fill(new Uint8Array(SRAM_LEN));
    this.view = new DataView(this.sram.buffer);
    this.logger = { info() {}, debug() {}, error: (_, text) => this.refuse(text), warn: (_, text) => this.refuse(text) };
    this.flash = new FlashInterface(this, memory);
    this.rcc = new Rcc(this, carried.flags ?? RESET_FLAGS.POWER);
    this.gpio = [[0xebffffff, 0x24000000], [0xffffffff, 0], [0xffffffff, 0]].map(([moder, pupdr], n) => new Gpio(this, n, moder, pupdr));
    this.uart = new Usart(this);
    const others = [new CorePeripherals(this), new Tim3(this), new Iwdg(this, true), new Adc(this)];
    this.blocks = new Map();
    for (const peripheral of [this.flash, this.rcc, ...this.gpio, this.uart, ...others]) this.place(peripheral);
    this.core.reset();
    if (!carried.sram) this.hold(POWER_NS + (this.noise.word() % 1e6));
  }

  hold(ns) {
    this.held = true;
    this.after(ns, () => (this.held = false));
  }

  // A peripheral: base, registers (offset -> { read, write }), and where RCC can stop it, clocked().
  place(peripheral) {
    for (const offset of Object.keys(peripheral.registers).map(Number)) this.blocks.set((peripheral.base + offset) >>> BLOCK, peripheral);
  }

  // An interrupt whose line is still up comes again when its handler returns; rp2040js keeps only some of this part's numbers pending.
  followLevels() {
    const leave = this.core.exceptionReturn.bind(this.core);
    this.core.exceptionReturn = (value) => {
      leave(value);
      this.uart.refresh();
    };
  }

  refuse(what) {
    throw new Error(`stm32g030: ${what}, PC ${hex(this.core.PC)}`);
  }

  onBreak(code) {
    this.refuse(`breakpoint ${code}`);
  }

  nmi() {
    this.core.pendingNMI = this.core.interruptsUpdated = true;
  }

  // ---- time ----

  get nanos() {
    return this.clock.nanos;
  }

  nsOf(clocks) {
    return (clocks * 1e9) / HZ;
  }

  alarm(callback) {
    return this.clock.createAlarm(callback);
  }

  after(ns, callback) {
    this.alarm(callback).schedule(ns);
  }

  // Until so many ns of this life have passed, or it has ended. All code is in flash, which stalls it while cells are worked on.
  run(untilNs) {
    const { clock, core, memory } = this;
    while (clock.nanos < untilNs && this.ended === null) {
      if (this.hung || this.held || memory.busy || (core.waiting && !this.wakes())) {
        const { nextAlarm } = clock;
        clock.tick((nextAlarm && nextAlarm.nanos < untilNs ? nextAlarm.nanos : untilNs) - clock.nanos);
      } else {
        this.steps++;
        clock.tick(this.nsOf(core.executeInstruction()));
      }
    }
  }

  wakes() {
    const { core } = this;
    if (core.interruptsUpdated && core.checkForInterrupts()) core.waiting = false;
    return !core.waiting;
  }

  // ---- the world ----

  driven(pin) {
    return this.gpio[pin >>> 4].driven(pin & 15);
  }

  input(pin, level) {
    this.gpio[pin >>> 4].outside[pin & 15] = level;
  }

  // What the next life has of this one. Memory is kept by all but loss of power; flags of resets gather until they are removed.
  carry(cause) {
    if (cause === 'POWER') return {};
    return { sram: this.sram, flags: (this.rcc.flags | RESET_FLAGS[cause]) >>> 0 };
  }

  // ---- memory map ----

  // The offset in flash or -1. It lies at 0, too.
  inFlash(address) {
    if (address >= FLASH && address < FLASH + FLASH_LEN) return address - FLASH;
    return address < FLASH_LEN ? address : -1;
  }

  aligned(address, width) {
    if (address % width) this.refuse(`unaligned access to ${hex(address)}`);
  }

  load(address, width, get, ofSram) {
    address >>>= 0;
    this.aligned(address, width);
    const at = address - SRAM;
    if (at >= 0 && at < SRAM_LEN) return ofSram(at);
    const inFlash = this.inFlash(address);
    if (inFlash >= 0) {
      if (this.memory.marks.size > 0) this.flash.read(inFlash);
      return get(this.memory.words, inFlash);
    }
    if (address === TS_CAL1 && width === 2) return TS_CAL1_STEPS;
    return this.peripheral(address, width, 'read').read();
  }

  readUint32(address) {
    return this.load(address, 4, (view, at) => view.getUint32(at, true), (at) => this.view.getUint32(at, true));
  }

  readUint16(address) {
    return this.load(address, 2, (view, at) => view.getUint16(at, true), (at) => this.view.getUint16(at, true));
  }

  readUint8(address) {
    return this.load(address, 1, (view, at) => view.getUint8(at), (at) => this.sram[at]);
  }

  store(address, width, value, toSram) {
    address >>>= 0;
    this.aligned(address, width);
    const at = address - SRAM;
    if (at >= 0 && at < SRAM_LEN) {
      toSram(at);
      return;
    }
    const inFlash = this.inFlash(address);
    if (inFlash >= 0 && address >= FLASH && width === 4) this.flash.program(inFlash, value >>> 0);
    else this.peripheral(address, width, 'write').write(value >>> 0);
  }

  writeUint32(address, value) {
    this.store(address, 4, value, (at) => this.view.setUint32(at, value, true));
  }

  writeUint16(address, value) {
    this.store(address, 2, value, (at) => this.view.setUint16(at, value, true));
  }

  writeUint8(address, value) {
    this.store(address, 1, value, (at) => (this.sram[at] = value));
  }

  // The register; one that reads 0 and takes nothing where its clock is off.
  peripheral(address, width, access) {
    const peripheral = this.blocks.get(address >>> BLOCK);
    const register = peripheral?.registers[address - peripheral.base];
    if (!register?.[access] || width !== 4) this.refuse(`${access} of ${width} octets at ${hex(address)}, which the model does not have`);
    if (peripheral.clocked && !peripheral.clocked()) return { read: () => 0, write() {} };
    return register;
  }
}
