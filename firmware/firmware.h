/* The program: a board's main calls firmware_start once and firmware_step for ever, at least once a
 * millisecond where it can. */
#ifndef CELLPOST_FIRMWARE_FIRMWARE_H
#define CELLPOST_FIRMWARE_FIRMWARE_H

void firmware_start(void);
void firmware_step(void);

#endif
