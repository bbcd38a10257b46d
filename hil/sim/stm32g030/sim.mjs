// The image of boards/stm32g030 on rp2040js's Cortex-M0+, as a simulated board: see README.md.
import { serve } from '../arm/serve.mjs';
import { part } from './board.mjs';

serve(part);
