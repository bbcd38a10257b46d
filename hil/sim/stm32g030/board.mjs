// The board around the STM32G030K8, as boards/stm32g030/README.md wires it.
import { Chip } from './chip.mjs';
import { Memory } from './memory.mjs';

const A = (bit) => bit;
const B = (bit) => 16 + bit;
const C = (bit) => 32 + bit;
const SENSOR = 12;
const SENSOR_MV = 760; // at 30 degrees: TS_CAL1
const SENSOR_MV_DEGREE = 2.5;

function measure(board, channel) {
  if (channel === 0) return board.supplyMv / 3;
  if (channel === SENSOR) return SENSOR_MV + ((board.temperatureDc - 300) / 10) * SENSOR_MV_DEGREE;
  return board.rail(channel - 1) / 2;
}

export const part = {
  name: 'stm32g030',
  image: 'IMAGE.bin',
  caps: 'adc eeprom status reset host_cut rail temperature wdt_cause hang',
  slots: 4,
  lines: {
    vbatEn: [A(5), B(0), B(4), B(8)],
    pwrkey: [A(6), B(1), B(5), B(9)],
    reset: [A(7), B(2), B(6), A(11)],
    status: [A(8), B(3), B(7), A(12)],
    hostCut: A(15),
    led: C(6),
  },
  releaseNs: 0, // every pin let go at the reset
  measure,
  memory: (image, nvPath) => new Memory(image, nvPath),
  chip: (memory, carried, wires) => new Chip(memory, carried, wires),
};
