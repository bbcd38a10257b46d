// The cells of flash, 64 kB in pages of 2 kB, with what each double word's ECC tells: they outlive every reset. With a file, the last 8 kB,
// NV, are kept there. A reset of any kind while cells are worked on leaves them undefined: a double word that was being written
// has a wrong ECC, is untouched, or looks so but takes nothing more; one of a page that was being erased is so, or as before, or erased.
import fs from 'node:fs';
import { Noise } from './noise.mjs';

export const FLASH_LEN = 64 * 1024;
export const PAGE = 2048;
const DOUBLE = 8;
const TORN = 1; // its ECC is wrong
const WEAK = 2; // reads as erased, is not
const NV_AT = FLASH_LEN - 4 * PAGE;
const NV_LEN = FLASH_LEN - NV_AT;
const FILE_LEN = NV_LEN + NV_LEN / DOUBLE; // an octet for each double word: its mark

export class Memory {
  constructor(image, nvPath) {
    this.octets = new Uint8Array(FLASH_LEN).fill(0xff);
    this.words = new DataView(this.octets.buffer);
    this.marks = new Map(); // of double words by number
    this.work = null; // { at, octets }: octets null for an erase
    this.noise = new Noise();
    const program = fs.readFileSync(image);
    if (program.length > NV_AT) throw new Error(`${image}: ${program.length} octets, there is room for ${NV_AT}`);
    this.octets.set(program);
    this.file = nvPath ? fs.openSync(nvPath, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600) : null;
    if (this.file !== null) this.load(nvPath);
  }

  load(path) {
    const length = fs.fstatSync(this.file).size;
    if (length === 0) return;
    if (length !== FILE_LEN) throw new Error(`${path}: ${length} octets, NV of this board has ${FILE_LEN}`);
    const stored = new Uint8Array(FILE_LEN);
    fs.readSync(this.file, stored, 0, FILE_LEN, 0);
    this.octets.set(stored.subarray(0, NV_LEN), NV_AT);
    stored.subarray(NV_LEN).forEach((mark, i) => mark && this.marks.set(NV_AT / DOUBLE + i, mark));
  }

  keep() {
    if (this.file === null) return;
    const marks = Uint8Array.from({ length: NV_LEN / DOUBLE }, (_, i) => this.marks.get(NV_AT / DOUBLE + i) ?? 0);
    fs.writeSync(this.file, this.octets, NV_AT, NV_LEN, 0);
    fs.writeSync(this.file, marks, 0, marks.length, NV_LEN);
  }

  get busy() {
    return this.work !== null;
  }

  isTorn(at) {
    return this.marks.get(Math.floor(at / DOUBLE)) === TORN;
  }

  blank(at) {
    return !this.marks.has(at / DOUBLE) && this.octets.subarray(at, at + DOUBLE).every((octet) => octet === 0xff);
  }

  begin(work) {
    this.work = work;
  }

  set(at, octets, mark) {
    this.octets.set(octets, at);
    if (mark) this.marks.set(at / DOUBLE, mark);
    else this.marks.delete(at / DOUBLE);
  }

  erase(at, mark) {
    this.set(at, new Uint8Array(DOUBLE).fill(0xff), mark);
  }

  finish() {
    const { at, octets } = this.work;
    this.work = null;
    if (octets) this.set(at, octets);
    else for (let i = at; i < at + PAGE; i += DOUBLE) this.erase(i);
    this.keep();
  }

  // Of a reset, whatever its cause.
  reset() {
    if (!this.work) return;
    const { at, octets } = this.work;
    this.work = null;
    for (let i = at; i < at + (octets ? DOUBLE : PAGE); i += DOUBLE) this.spoil(i);
    this.keep();
  }

  // One in four double words each: as before, erased, as if erased; the others are torn.
  spoil(at) {
    const fate = this.noise.word() >>> 30;
    if (fate === 1) this.erase(at);
    else if (fate === 2) this.erase(at, WEAK);
    else if (fate === 3) this.set(at, this.noise.fill(new Uint8Array(DOUBLE)), TORN);
  }
}
