// The board around the RP2040, as boards/rp2040/README.md wires it.
import { Chip } from './chip.js';
import { Flash } from './flash.js';

const SLOTS = 4;
const MUX = [20, 21];
const of = (first) => Array.from({ length: SLOTS }, (_, slot) => first + 4 * slot);

function measure(board, channel, level) {
  const slot = level(MUX[0]) | level(MUX[1]) << 1;
  return [board.supplyMv / 3, board.rail(slot) / 2, board.currentMa[slot], 0, 706 - (board.temperatureDc - 270) * 0.1721][channel];
}

export const part = {
  name: 'rp2040',
  image: 'IMAGE.uf2',
  caps: 'adc eeprom status reset host_cut rail current temperature wdt_cause hang start_ms update',
  slots: SLOTS,
  lines: { vbatEn: of(2), pwrkey: of(3), reset: of(4), status: of(5), hostCut: 18, led: 25 },
  releaseNs: 1e5, // the boot stage's first steps: they let go of what was held
  measure,
  memory: (uf2, nvPath) => new Flash(uf2, nvPath),
  chip: (flash, carried, wires, startMs) => new Chip(flash, carried, wires, startMs),
};
