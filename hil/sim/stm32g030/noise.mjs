// Octets that nobody should rely on: memory after power-on, a pin that floats, a cell that power cut off. The same in every run.
export class Noise {
  constructor(seed = 0x2545f491) {
    this.state = seed;
  }

  word() {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state >>> 0;
  }

  fill(octets) {
    for (let i = 0; i < octets.length; i++) octets[i] = this.word() >>> 11;
    return octets;
  }
}
