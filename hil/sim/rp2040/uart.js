// UART0 in time: an octet takes its ten bits at 115200, both ways, and each FIFO has 32 places; what finds none is lost. rp2040js
// sends at once and takes any number.
const RATE = 115200;
const OCTET_NS = 10e9 / RATE;
const FIFO = 32;
const TX_TRIGGER = FIFO / 2;
const TX_FULL = 1 << 5;
const RX_FULL = 1 << 6;
const RX_EMPTY = 1 << 4;
const TX_EMPTY = 1 << 7;
const INT_TX = 1 << 5;

// sent(octet) is called when an octet has left. feed(octets) of what is returned puts octets on the wire.
export function pacedUart(mcu, uart, sent) {
  const sending = [];
  const coming = [];
  const wrongRate = () => Math.abs(uart.baudRate / RATE - 1) > 0.03;
  const garble = (octet) => (wrongRate() ? octet ^ 0xff : octet);

  const sender = mcu.clock.createAlarm(() => {
    sent(garble(sending.shift()));
    if (sending.length === TX_TRIGGER) {
      uart.interruptStatus |= INT_TX;
      uart.checkInterrupts();
    }
    if (sending.length > 0) sender.schedule(OCTET_NS);
  });
  const receiver = mcu.clock.createAlarm(() => {
    const octet = coming.shift();
    if (uart.enabled) uart.feedByte(garble(octet));
    if (coming.length > 0) receiver.schedule(OCTET_NS);
  });

  uart.checkInterrupts = () => mcu.setInterrupt(uart.irq, Boolean(uart.interruptStatus & uart.interruptMask));
  uart.onByte = (octet) => {
    if (sending.length === FIFO) return;
    sending.push(octet);
    if (sending.length === 1) sender.schedule(OCTET_NS);
  };
  Object.defineProperty(uart, 'flags', {
    get: () =>
      (uart.rxFIFO.full ? RX_FULL : 0) |
      (uart.rxFIFO.empty ? RX_EMPTY : 0) |
      (sending.length === 0 ? TX_EMPTY : 0) |
      (sending.length === FIFO ? TX_FULL : 0),
  });
  return {
    feed(octets) {
      if (coming.length === 0 && octets.length > 0) receiver.schedule(OCTET_NS);
      for (const octet of octets) coming.push(octet);
    },
  };
}
