// The board's flash: 256 kB of it, in memory and, with a file, there too. It outlives every reset; loss of power in the middle of
// an erase or a write leaves half of it done. Also reads a UF2 file, as the ROM's USB loader would take it.
import fs from 'node:fs';

export const FLASH_LEN = 256 * 1024;
const SECTOR = 4096;
const PAGE = 256;
const ERASE_NS = 45e6; // of a sector; a W25Q16's typical times
const PROGRAM_NS = 0.7e6;
const XIP = 0x10000000;
const UF2 = { block: 512, magic: [0x0a324655, 0x9e5d5157], end: 0x0ab16f30, family: 0xe48bff56 };

function uf2Blocks(octets) {
  const blocks = [];
  for (let at = 0; at < octets.length; at += UF2.block) {
    const word = (n) => octets.readUInt32LE(at + n);
    if (octets.length - at < UF2.block || word(0) !== UF2.magic[0] || word(4) !== UF2.magic[1] || word(508) !== UF2.end)
      throw new Error('not a UF2 file');
    if (word(28) !== UF2.family) throw new Error('a UF2 file for another part');
    blocks.push({ at: word(12) - XIP, octets: octets.subarray(at + 32, at + 32 + word(16)) });
  }
  return blocks;
}

export class Flash {
  // uf2 is flashed where the file does not yet hold a flash: a board that was flashed before stays as it is.
  constructor(uf2, nvPath) {
    this.octets = new Uint8Array(FLASH_LEN).fill(0xff);
    this.work = null;
    this.file = nvPath ? fs.openSync(nvPath, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600) : null;
    const length = this.file === null ? 0 : fs.fstatSync(this.file).size;
    if (length === FLASH_LEN) fs.readSync(this.file, this.octets, 0, FLASH_LEN, 0);
    else if (length === 0) this.load(uf2);
    else throw new Error(`${nvPath}: ${length} octets are no flash of this board`);
  }

  load(uf2) {
    for (const { at, octets } of uf2Blocks(fs.readFileSync(uf2))) {
      if (at < 0 || at + octets.length > FLASH_LEN) throw new Error(`${uf2}: a block outside of the flash`);
      this.octets.set(octets, at);
    }
    this.keep(0, FLASH_LEN);
  }

  keep(at, len) {
    if (this.file !== null) fs.writeSync(this.file, this.octets, at, len, at);
  }

  get busy() {
    return this.work !== null;
  }

  // Each tells how long it takes; then finish() is called, or reset() before.
  erase(at, len) {
    if (at % SECTOR || len % SECTOR || at + len > FLASH_LEN) throw new Error(`erase of ${len} at ${at}`);
    this.work = { at, octets: new Uint8Array(len).fill(0xff) };
    return (len / SECTOR) * ERASE_NS;
  }

  program(at, octets) {
    if (at % PAGE || octets.length % PAGE || at + octets.length > FLASH_LEN) throw new Error(`write of ${octets.length} at ${at}`);
    this.work = { at, octets: octets.map((octet, i) => octet & this.octets[at + i]) };
    return (octets.length / PAGE) * PROGRAM_NS;
  }

  finish() {
    const { work } = this;
    this.octets.set(work.octets, work.at);
    this.keep(work.at, work.octets.length);
    this.work = null;
    return work;
  }

  // What is under way goes on by itself, but for loss of power.
  reset(cause) {
    if (!this.work) return;
    if (cause === 'POWER') this.cut();
    else this.finish();
  }

  cut() {
    const { at, octets } = this.work;
    this.work.octets = octets.map((octet, i) => (i < octets.length / 2 ? octet : this.octets[at + i]));
    this.finish();
  }
}
