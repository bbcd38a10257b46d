// A simulated board as a program: options, the pty, time in lock-step or real, the BUS. What a part brings:
//   name         as in cellpost-board-NAME
//   image        what IMAGE is called in the usage
//   caps, slots  of the BUS
//   memory(image, nv)                     its flash: see Board; throws where a file is not what it should be
//   chip(memory, carried, wires, startMs) one life of it: see Board
//   lines, measure, releaseNs             how it is wired: see Board
// Started by launch.c, which gives the pty.
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { Board } from './board.mjs';
import { Bus } from './bus.mjs';

const CHUNK_MS = 20; // lock-step: between two looks at what else there is
const LAG_MS = 200; // real time: what is not caught up

function fail(text) {
  process.stderr.write(text);
  process.exit(2);
}

function readArguments(part) {
  const options = {
    bus: { type: 'string' }, uart: { type: 'string' }, nv: { type: 'string' },
    lockstep: { type: 'boolean', default: false }, 'start-ms': { type: 'string', default: '0' },
    image: { type: 'string' }, pty: { type: 'string' }, 'uart-fd': { type: 'string' }, // of the launcher
  };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const startMs = Number(values['start-ms']);
    if (values.bus && positionals.length <= 1 && Number.isInteger(startMs) && startMs >= 0 && startMs < 2 ** 32)
      return { ...values, startMs, image: positionals[0] ?? values.image };
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
  }
  return fail(`usage: cellpost-board-${part.name} [${part.image}] --bus SOCKET [--uart SYMLINK] [--nv FILE] [--lockstep] [--start-ms N]\n`);
}

// ---- the pty ----

class Pty {
  constructor(fd) {
    Object.assign(this, { fd, incoming: Buffer.alloc(4096), outgoing: [] });
  }

  // What the host has sent. A pty gives what it has at hand: only when nothing is left all has come; a stack trace of that would cost
  // most of the time.
  read() {
    const { stackTraceLimit } = Error;
    const { incoming } = this;
    let length = 0;
    Error.stackTraceLimit = 0;
    try {
      while (length < incoming.length) length += fs.readSync(this.fd, incoming, length, incoming.length - length, null);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    return incoming.subarray(0, length);
  }

  // A pty whose reader has gone fills up: then octets are lost, as on a wire.
  write() {
    if (this.outgoing.length === 0) return;
    try {
      fs.writeSync(this.fd, Buffer.from(this.outgoing));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
    this.outgoing.length = 0;
  }
}

// ---- time ----

class Clock {
  constructor(pty) {
    this.pty = pty;
  }

  runMs() {
    this.board.chip.uart.feed(this.pty.read());
    this.board.runMs();
    this.pty.write();
  }

  runUntil(untilMs) {
    const { bus } = this;
    let n = 0;
    do this.runMs();
    while (++n < CHUNK_MS && bus.nowMs < untilMs && !bus.changed);
    if (bus.nowMs < untilMs && !bus.changed) setImmediate(() => this.runUntil(untilMs));
    else bus.stood();
  }

  runInRealTime() {
    let began = performance.now();
    const turn = () => {
      const due = Math.floor(performance.now() - began);
      if (due - this.bus.nowMs > LAG_MS) began += due - this.bus.nowMs - LAG_MS;
      while (this.bus.nowMs < Math.min(due, Math.floor(performance.now() - began))) this.runMs();
      setTimeout(turn, 1);
    };
    turn();
  }
}

export function serve(part) {
  const args = readArguments(part);
  let memory;
  try {
    memory = part.memory(args.image, args.nv);
  } catch (error) {
    fail(`cellpost-board-${part.name}: ${error.message}\n`);
  }
  const pty = new Pty(Number(args['uart-fd']));
  const clock = new Clock(pty);
  const { caps, slots } = part;
  clock.bus = new Bus({ caps, slots, lockstep: args.lockstep, said: (said) => clock.board.obey(said), run: (untilMs) => clock.runUntil(untilMs) });
  clock.board = new Board({ part, memory, bus: clock.bus, sent: (octet) => pty.outgoing.push(octet), startMs: args.startMs });
  process.on('SIGTERM', () => {
    for (const path of [args.bus, args.uart]) if (path) fs.rmSync(path, { force: true });
    process.exit(0);
  });
  const begin = () => {
    process.stdout.write(`uart ${args.pty}\n`);
    if (!args.lockstep) clock.runInRealTime();
  };
  clock.bus.listen(args.bus, begin, () => fail(`cellpost-board-${part.name}: ${args.bus}: Address already in use\n`));
}
