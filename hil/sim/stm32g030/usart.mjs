// USART1 in time: an octet takes ten bits of BRR's rate out, ten of the host's in. A rate that is wrong by more than 3 % makes other octets
// of them. With FIFOs 8 octets wait each way, without one; what finds no room is lost and leaves ORE.
const HOST_RATE = 115200;
const BITS = 10;
const TOLERANCE = 0.03;
const IRQ = 27;
const TX_PIN = 9; // of port A
const RX_PIN = 10;
const PINS_FUNCTION = 1;

const CR1_UE = 1 << 0;
const CR1_RE = 1 << 2;
const CR1_TE = 1 << 3;
const CR1_RXIE = 1 << 5;
const CR1_TCIE = 1 << 6;
const CR1_TXIE = 1 << 7;
const CR1_FIFO = 1 << 29;
const CR1_KNOWN = CR1_UE | CR1_RE | CR1_TE | CR1_RXIE | CR1_TCIE | CR1_TXIE | CR1_FIFO;
const CR1_FIXED = CR1_FIFO; // while it is on
const ISR_FE = 1 << 1;
const ISR_ORE = 1 << 3;
const ISR_RX = 1 << 5;
const ISR_TC = 1 << 6;
const ISR_TX = 1 << 7;
const ISR_TEACK = 1 << 21;
const ISR_REACK = 1 << 22;

export class Usart {
  base = 0x40013800;

  constructor(chip) {
    Object.assign(this, { chip, cr1: 0, brr: 0, errors: 0, complete: true });
    Object.assign(this, { sending: [], shifting: null, received: [], coming: [] });
    this.sender = chip.alarm(() => this.hasSent());
    this.receiver = chip.alarm(() => this.hasCome());
    this.registers = {
      0x00: { read: () => this.cr1 >>> 0, write: (value) => this.control(value) },
      0x0c: { read: () => this.brr, write: (value) => this.setRate(value) },
      0x1c: { read: () => this.status() },
      0x20: { write: (value) => this.clear(value) },
      0x24: { read: () => this.take() },
      0x28: { write: (value) => this.put(value & 0xff) },
    };
  }

  clocked() {
    return this.chip.rcc.clocks(0x40, 1 << 14);
  }

  on(bit) {
    return (this.cr1 & (CR1_UE | bit)) === (CR1_UE | bit);
  }

  get depth() {
    return this.cr1 & CR1_FIFO ? 8 : 1;
  }

  control(value) {
    if (value & ~CR1_KNOWN) this.chip.refuse(`USART_CR1 written ${value.toString(16)}`);
    if (this.cr1 & CR1_UE && (value ^ this.cr1) & CR1_FIXED) this.chip.refuse('USART_CR1: FIFOEN changed while it is on');
    if (value & CR1_UE && !this.brr) this.chip.refuse('USART_CR1: on without a rate');
    this.cr1 = value;
    this.refresh();
  }

  setRate(value) {
    if (this.cr1 & CR1_UE) this.chip.refuse('USART_BRR written while it is on');
    if (value < 16 || value > 0xffff) this.chip.refuse(`USART_BRR written ${value}`);
    this.brr = value;
  }

  get rate() {
    return this.chip.hz / this.brr;
  }

  get wrongRate() {
    return Math.abs(this.rate / HOST_RATE - 1) > TOLERANCE;
  }

  garbled(octet) {
    return this.wrongRate ? octet ^ 0xff : octet;
  }

  status() {
    return (
      this.errors |
      (this.received.length ? ISR_RX : 0) |
      (this.complete ? ISR_TC : 0) |
      (this.sending.length < this.depth ? ISR_TX : 0) |
      (this.on(CR1_TE) ? ISR_TEACK : 0) |
      (this.on(CR1_RE) ? ISR_REACK : 0)
    );
  }

  clear(value) {
    this.errors &= ~value;
    if (value & ISR_TC) this.complete = false;
    this.refresh();
  }

  refresh() {
    const status = this.status();
    const asks =
      (this.cr1 & CR1_RXIE && status & (ISR_RX | ISR_ORE)) || (this.cr1 & CR1_TXIE && status & ISR_TX) || (this.cr1 & CR1_TCIE && status & ISR_TC);
    this.chip.core.setInterrupt(IRQ, this.on(0) && Boolean(asks));
  }

  // ---- out ----

  put(octet) {
    if (!this.on(CR1_TE) || this.sending.length === this.depth) return;
    this.complete = false;
    this.sending.push(octet);
    this.shift();
  }

  shift() {
    if (this.shifting === null && this.sending.length > 0) {
      this.shifting = this.sending.shift();
      this.sender.schedule((BITS * 1e9) / this.rate);
    }
    this.refresh();
  }

  hasSent() {
    if (this.chip.gpio[0].isFunction(TX_PIN, PINS_FUNCTION)) this.chip.wires.sent(this.garbled(this.shifting));
    this.shifting = null;
    this.complete = this.sending.length === 0;
    this.shift();
  }

  // ---- in ----

  // Octets that the host puts on the wire now.
  feed(octets) {
    if (this.coming.length === 0 && octets.length > 0) this.receiver.schedule((BITS * 1e9) / HOST_RATE);
    for (const octet of octets) this.coming.push(octet);
  }

  hasCome() {
    const octet = this.coming.shift();
    if (this.on(CR1_RE) && this.chip.gpio[0].isFunction(RX_PIN, PINS_FUNCTION)) this.receive(octet);
    if (this.coming.length > 0) this.receiver.schedule((BITS * 1e9) / HOST_RATE);
  }

  receive(octet) {
    if (this.received.length === this.depth) this.errors |= ISR_ORE;
    else this.received.push(this.garbled(octet));
    if (this.wrongRate) this.errors |= ISR_FE;
    this.refresh();
  }

  take() {
    const octet = this.received.shift() ?? 0;
    this.refresh();
    return octet;
  }
}
