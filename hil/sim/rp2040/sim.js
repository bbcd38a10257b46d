// The image of boards/rp2040 in rp2040js, as a simulated board: see README.md.
import { serve } from '../arm/serve.mjs';
import { part } from './board.js';

serve(part);
