// The BUS of the board, served; the same lines and the same order as hil/bus/line.h and bus.h tell, which this follows.
import fs from 'node:fs';
import net from 'node:net';

const CLIENTS = 8;
const LINE_MAX = 128;
const OUT_MAX = 65536;

// What a client says: of_slot, bounds of the value (none: takes no value), bare: may stand without it.
const WORDS = {
  STATUS: { ofSlot: true, min: 0, max: 1, why: 'STATUS wants 0 or 1' },
  ADC0: { min: 0, max: 100000, why: 'ADC0 wants millivolts, 0 to 100000' },
  RAIL: { ofSlot: true, min: 0, max: 100000, why: 'RAIL wants millivolts, 0 to 100000' },
  CURRENT: { ofSlot: true, min: 0, max: 100000, why: 'CURRENT wants milliamperes, 0 to 100000' },
  TEMP: { min: -1000, max: 2000, why: 'TEMP wants tenths of a degree, -1000 to 2000' },
  NRST: { why: 'NRST takes no value' },
  POWERCYCLE: { why: 'POWERCYCLE takes no value' },
  HANG: { why: 'HANG takes no value' },
  GO: { min: 1, max: 1000000000, bare: true, why: 'GO wants milliseconds, 1 to 1000000000, or nothing' },
};
export const SLOT_PINS = ['VBAT_EN', 'PWRKEY', 'RESET'];
export const BOARD_PINS = ['HOST_CUT', 'LED'];

// { word, slot, value }, or { why }.
export function parseSaid(line, slots) {
  for (const [word, row] of Object.entries(WORDS)) {
    const match = line.match(row.ofSlot ? `^${word}(\\d?)(?: (.*))?$` : `^${word}()(?: (.*))?$`);
    if (!match) continue;
    const slot = Number(match[1] || 0);
    if (slot >= slots) return { why: 'no such slot' };
    if (match[2] === undefined) return row.min === undefined || row.bare ? { word, slot, value: 1 } : { why: row.why };
    const value = /^-?\d+$/.test(match[2]) ? Number(match[2]) : NaN;
    return row.min !== undefined && value >= row.min && value <= row.max ? { word, slot, value } : { why: row.why };
  }
  return { why: 'STATUS[SLOT], ADC0, RAIL[SLOT], CURRENT[SLOT], TEMP, NRST, POWERCYCLE, HANG or GO is expected' };
}

class Client {
  constructor(bus, socket) {
    Object.assign(this, { bus, socket, text: '', overlong: false, stepper: false, granted: false, untilMs: 0 });
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      this.text += text;
      bus.take();
    });
    socket.on('error', () => {});
    socket.on('close', () => bus.drop(this));
  }

  say(line) {
    this.socket.write(`${line}\n`);
    if (!this.bus.lockstep && this.socket.writableLength > OUT_MAX) this.socket.destroy();
  }

  // The next whole line, or null.
  nextLine() {
    for (;;) {
      const end = this.text.indexOf('\n');
      const longer = (end < 0 ? this.text.length : end) >= LINE_MAX;
      if (end < 0 && !longer) return null;
      const line = this.text.slice(0, end < 0 ? undefined : end);
      const whole = end >= 0 && !longer && !this.overlong;
      if (longer && !this.overlong) this.say(`ERR a line has at most ${LINE_MAX - 1} octets`);
      this.text = end < 0 ? '' : this.text.slice(end + 1);
      this.overlong = end < 0;
      if (whole) return line;
      if (end < 0) return null;
    }
  }
}

export class Bus {
  // said({word, slot, value}): all but GO. run(untilMs): lock-step, the board may run, a millisecond at the least; stood() is called when it has.
  constructor({ caps, slots, lockstep, said, run }) {
    Object.assign(this, { caps, slots, lockstep, said, run, nowMs: 0, standing: lockstep, changed: false, clients: [] });
    this.pins = new Map();
    for (const pin of SLOT_PINS) for (let slot = 0; slot < slots; slot++) this.pins.set(`${pin}${slot || ''}`, 0);
    for (const pin of BOARD_PINS) this.pins.set(pin, 0);
  }

  // A socket that nobody serves any more is replaced; refused() of one that is served.
  listen(path, done, refused) {
    const other = net.connect(path, () => {
      other.destroy();
      refused();
    });
    other.on('error', () => {
      fs.rmSync(path, { force: true });
      net.createServer((socket) => this.accept(socket)).listen(path, done);
    });
  }

  accept(socket) {
    if (this.clients.length === CLIENTS) {
      socket.end('ERR too many clients\n');
      return;
    }
    const client = new Client(this, socket);
    this.clients.push(client);
    client.say(`CAPS ${this.caps} ${this.lockstep ? 'lockstep ' : ''}slots=${this.slots}`);
    for (const [name, level] of this.pins) client.say(`PIN ${name} ${level} t=${this.nowMs}`);
    if (this.standing) client.say(`TICK ${this.nowMs}`);
  }

  drop(client) {
    this.clients = this.clients.filter((other) => other !== client);
    this.take();
  }

  say(line) {
    for (const client of this.clients) client.say(line);
  }

  pin(name, level) {
    if (this.pins.get(name) === level) return;
    this.pins.set(name, level);
    this.changed ||= name !== 'LED';
    this.say(`PIN ${name} ${level} t=${this.nowMs}`);
  }

  reset(cause) {
    this.changed = true;
    this.say(`RESET ${cause} t=${this.nowMs}`);
  }

  // What the clients have said; in lock-step only while the board stands, of each no more than one GO.
  take() {
    if (this.lockstep && !this.standing) return;
    for (const client of this.clients) {
      for (let line; !client.granted && (line = client.nextLine()) !== null;) this.takeLine(client, line);
    }
    const steppers = this.clients.filter((client) => client.stepper);
    if (steppers.length === 0 || !steppers.every((client) => client.granted)) return;
    this.standing = false;
    this.run(Math.min(...steppers.map((client) => client.untilMs)));
  }

  takeLine(client, line) {
    const said = parseSaid(line, this.slots);
    if (said.word === 'GO' && !this.lockstep) said.why = 'this board runs in real time';
    if (said.why) client.say(`ERR ${said.why}: ${line.replace(/[^ -~]/g, '?')}`);
    else if (said.word === 'GO') Object.assign(client, { stepper: true, granted: true, untilMs: this.nowMs + said.value });
    else this.said(said);
  }

  stood() {
    this.standing = true;
    this.changed = false; // what an order changes from here on ends the next run after its first millisecond
    for (const client of this.clients) client.granted = false;
    this.say(`TICK ${this.nowMs}`);
    setImmediate(() => this.take()); // not from here: of a client that writes ahead each line would stand on the one before
  }
}
