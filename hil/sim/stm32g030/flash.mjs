// The interface of flash: keys, one double word at a time, pages, errors, ECC. Times are those of the data sheet, typical. What a program
// must never do (wrong keys, a write without PG, words out of order) ends the simulator.
import { FLASH_LEN, PAGE } from './memory.mjs';

const PROGRAM_NS = 85e3;
const ERASE_NS = 22e6;
const KEYS = [0x45670123, 0xcdef89ab];

const SR_PROGERR = 1 << 3;
const SR_PGSERR = 1 << 7;
const SR_ERRORS = 0x83fa;
const SR_OPTVERR = 1 << 15;
const SR_BSY1 = 1 << 16;
const SR_CFGBSY = 1 << 18;
const CR_PG = 1 << 0;
const CR_PER = 1 << 1;
const CR_STRT = 1 << 16;
const CR_OPTLOCK = 0x40000000;
const CR_LOCK = 0x80000000;
const CR_KNOWN = CR_PG | CR_PER | 0xf8 | CR_STRT | CR_LOCK | CR_OPTLOCK;
const ECCD = 0x80000000;

export class FlashInterface {
  base = 0x40022000;

  constructor(chip, memory) {
    Object.assign(this, { chip, memory, keys: 0, first: null });
    this.cr = (CR_LOCK | CR_OPTLOCK) >>> 0;
    this.sr = SR_OPTVERR; // a part may come so from the factory
    this.eccr = 0;
    this.registers = {
      0x00: { read: () => 0x600 },
      0x08: { write: (value) => this.key(value) },
      0x10: { read: () => this.sr | (memory.busy ? SR_BSY1 : 0) | this.configuring(), write: (value) => (this.sr &= ~(value & SR_ERRORS)) },
      0x14: { read: () => this.cr, write: (value) => this.control(value) },
      0x18: { read: () => this.eccr, write: (value) => this.clearEcc(value) },
    };
  }

  // Between the two words; and after a refused one for as long as its error stands.
  configuring() {
    return this.first !== null || this.sr & SR_PROGERR ? SR_CFGBSY : 0;
  }

  key(value) {
    if (!(this.cr & CR_LOCK) || value !== KEYS[this.keys]) this.chip.refuse(`FLASH_KEYR written ${value.toString(16)}`);
    if (++this.keys < KEYS.length) return;
    this.keys = 0;
    this.cr = (this.cr & ~CR_LOCK) >>> 0;
  }

  control(value) {
    if (this.cr & CR_LOCK) this.chip.refuse('FLASH_CR written while it is locked');
    if (this.configuring()) this.chip.refuse('FLASH_CR written while CFGBSY is set');
    if (value & ~CR_KNOWN) this.chip.refuse(`FLASH_CR written ${value.toString(16)}`);
    this.cr = (value | CR_OPTLOCK) >>> 0;
    if (value & CR_STRT) this.erase((value & CR_PER) !== 0 && (value & CR_PG) === 0, (value >>> 3) & 0x1f);
  }

  erase(asked, page) {
    if (!asked) this.chip.refuse('FLASH_CR: STRT without PER alone');
    if (this.sr & SR_ERRORS & ~SR_OPTVERR) this.sr |= SR_PGSERR;
    else this.work({ at: page * PAGE, octets: null }, ERASE_NS);
    this.cr = (this.cr & ~CR_STRT) >>> 0;
  }

  // A word written to flash.
  program(at, value) {
    if (!(this.cr & CR_PG) || this.cr & CR_LOCK) this.chip.refuse(`a write to flash at ${at.toString(16)} without PG`);
    if (this.first === null ? at % 8 !== 0 : at !== this.first.at + 4) this.chip.refuse(`a double word written out of order at ${at.toString(16)}`);
    if (this.first === null) {
      this.first = { at, value };
      return;
    }
    const { at: begin, value: low } = this.first;
    this.first = null;
    const octets = new Uint8Array(new Uint32Array([low, value]).buffer);
    if (this.sr & SR_ERRORS & ~SR_OPTVERR) this.sr |= SR_PGSERR;
    else if (!this.memory.blank(begin) && (low !== 0 || value !== 0)) this.sr |= SR_PROGERR;
    else this.work({ at: begin, octets }, PROGRAM_NS);
  }

  work(work, ns) {
    this.memory.begin(work);
    this.chip.after(ns, () => this.memory.finish());
  }

  // ---- ECC ----

  // Every read of a double word whose ECC is wrong is told by the NMI; ECCD and the address stay with the first until they are cleared.
  // After a reset in the middle of a write ECCR may be wrong (an erratum of parts akin): here it is, every other time.
  read(at) {
    if (!this.memory.isTorn(at)) return;
    if (this.memory.noise.word() & 1 && !(this.eccr & ECCD)) this.eccr = (ECCD | ((at % FLASH_LEN) >>> 3)) >>> 0;
    this.chip.nmi();
  }

  clearEcc(value) {
    if (value & ECCD) this.eccr = 0;
  }
}
