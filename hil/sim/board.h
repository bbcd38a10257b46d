/* The board that powers modems, as a client of its BUS (hil/bus/line.h): one connection for all modems on one
 * socket. Gives their pins to the modems' pmu with the board's own times, says what they answer, and keeps
 * their clock: in lock-step it grants time up to what is due next, so that STATUS changes in its very
 * millisecond; in real time the clock goes on between the board's lines.
 *
 * A board that is not there, or goes away, is looked for again and again; until then the pins stay as they
 * are. When it is back the pins are what it says, and it is told all that modems tell. */
#ifndef MODEMSIM_BOARD_H
#define MODEMSIM_BOARD_H

#include <stdbool.h>
#include <stdint.h>

struct modem;
struct board;

struct board *board_join(struct modem *); /* by its settings board, slot and lockstep */
void board_leave(struct modem *);
bool board_connected(const struct board *); /* and heard; in lock-step the board's time waits for it */
uint64_t board_run(struct board *);         /* all that is due until now; that time, in milliseconds */
void board_changed(struct board *);         /* something may be due at another time now */
void board_say(struct board *, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
