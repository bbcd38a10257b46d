/* Which line of a pool takes a message. Pure. */
#ifndef CELLPOST_ROUTER_CHOICE_H
#define CELLPOST_ROUTER_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* UP takes jobs, now or when it is done with one. DOWN is out since a short time. LOST is out for so long
 * that nobody waits for it. */
enum choice_state { CHOICE_LOST, CHOICE_DOWN, CHOICE_UP };
struct choice_line {
    int64_t line_id;
    const char *number;
    enum choice_state state;
    bool idle;     /* UP, and ready for a job */
    uint64_t used; /* when it took its latest: larger is later */
};

/* The line that shall have a message to `to`, 0 = whichever claims it first:
 *   - sticky (0 = none): that line, unless it is LOST or out of the pool. While it is DOWN the message waits
 * for it;
 *   - by_area: of the lines that are UP those whose number shares most digits with the recipient's, the last
 * seven of which do not count: country and area. The one that asks, else an idle one, else the longest
 * unused. Where all share as many there is nothing to choose. */
int64_t choose_line(const struct choice_line *, size_t count, int64_t sticky, bool by_area, const char *to,
                    int64_t asks);

#endif
