/* The one clock. Wall time is UTC milliseconds since 1970, for what is stored; monotonic time is for waits.
 * Nothing else in the host asks the system for the time.
 *
 * Tests drive it: after clock_fake() both clocks stand still and move only by clock_advance(), in lock-step.
 * While they run, clock_advance() lets both jump ahead together and go on running (test builds of the
 * daemon).
 *
 * The monotonic clock never goes back, but by clock_fake() and clock_real(), which begin a new one: no timer
 * may be armed then. The wall clock goes wherever its owner sets it. */
#ifndef CELLPOST_BASE_CLOCK_H
#define CELLPOST_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_DAY_MS INT64_C(86400000)

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

void clock_fake(int64_t wall_ms, int64_t mono_ms);
void clock_advance(int64_t ms); /* moves both, the fake clock or the running one; less than 0 is 0 */
void clock_real(void);

/* False while the wall clock is before 2026, when this program did not exist: a board without RTC starts in
 * 1970, and nothing may expire by such a clock. */
bool clock_trusted(void);

/* "2026-11-21T06:28:00.123Z" into out[25]. Years 0000 to 9999; beyond, the nearest end. */
void clock_format(int64_t wall_ms, char out[25]);

#endif
