'use strict';
// How long a suite waits for what has to happen, as tests/system/gateway.py counts: a slower build is given more by CELLPOST_PATIENCE.
exports.DEADLINE_MS = 20000 * Number(process.env.CELLPOST_PATIENCE || 1);
