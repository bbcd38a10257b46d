// The image of boards/rp2040 in rp2040js, as a simulated board: see README.md. Started by the launcher, which gives the pty.
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { Board, CAPS, SLOTS } from './board.js';
import { Bus } from './bus.js';
import { Flash } from './flash.js';

const CHUNK_MS = 20; // lock-step: between two looks at what else there is
const LAG_MS = 200; // real time: what is not caught up

const usage = 'usage: cellpost-board-rp2040 [IMAGE.uf2] --bus SOCKET [--uart SYMLINK] [--nv FILE] [--lockstep] [--start-ms N]\n';

function fail(text) {
  process.stderr.write(text);
  process.exit(2);
}

function readArguments() {
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
  return fail(usage);
}

// ---- the pty ----

const incoming = Buffer.alloc(4096);

// What the host has sent. A pty gives what it has at hand: only when nothing is left all has come; a stack trace of that would cost
// most of the time.
function readUart() {
  const { stackTraceLimit } = Error;
  let length = 0;
  Error.stackTraceLimit = 0;
  try {
    while (length < incoming.length) length += fs.readSync(uartFd, incoming, length, incoming.length - length, null);
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return incoming.subarray(0, length);
}

const outgoing = [];

// A pty whose reader has gone fills up: then octets are lost, as on a wire.
function writeUart() {
  if (outgoing.length === 0) return;
  try {
    fs.writeSync(uartFd, Buffer.from(outgoing));
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  }
  outgoing.length = 0;
}

// ---- time ----

const args = readArguments();
const uartFd = Number(args['uart-fd']);

function runMs() {
  board.chip.uart.feed(readUart());
  board.runMs();
  writeUart();
}

function runUntil(untilMs) {
  let n = 0;
  do runMs();
  while (++n < CHUNK_MS && bus.nowMs < untilMs && !bus.changed);
  if (bus.nowMs < untilMs && !bus.changed) setImmediate(runUntil, untilMs);
  else bus.stood();
}

function runInRealTime() {
  let began = performance.now();
  const turn = () => {
    const due = Math.floor(performance.now() - began);
    if (due - bus.nowMs > LAG_MS) began += due - bus.nowMs - LAG_MS;
    while (bus.nowMs < Math.min(due, Math.floor(performance.now() - began))) runMs();
    setTimeout(turn, 1);
  };
  turn();
}

let flash;
try {
  flash = new Flash(args.image, args.nv);
} catch (error) {
  fail(`cellpost-board-rp2040: ${error.message}\n`);
}
const bus = new Bus({ caps: CAPS, slots: SLOTS, lockstep: args.lockstep, said: (said) => board.obey(said), run: runUntil });
const board = new Board({ flash, bus, sent: (octet) => outgoing.push(octet), startMs: args.startMs });
process.on('SIGTERM', () => {
  for (const path of [args.bus, args.uart]) if (path) fs.rmSync(path, { force: true });
  process.exit(0);
});
bus.listen(args.bus, () => {
  process.stdout.write(`uart ${args.pty}\n`);
  if (!args.lockstep) runInRealTime();
});
