/* The power of one modem position. "sim:SOCKET:MODEM" asks the modem simulator's control socket: "power MODEM
 * cycle". Never blocks; fn(0), or fn(-errno) within SLOT_DEADLINE_MS. */
#ifndef CELLPOST_MODEM_SLOT_H
#define CELLPOST_MODEM_SLOT_H

#include "host/base/loop.h"

#define SLOT_DEADLINE_MS 5000

typedef void slot_fn(void *arg, int status);

struct slot {
    struct loop *loop;
    char path[104], modem[40];
    int fd;
    struct event *event;
    struct timer deadline;
    slot_fn *fn;
    void *arg;
    char answer[64];
    size_t answer_len;
};

/* "" is a slot that is not there. 0 or -EINVAL. */
int slot_init(struct slot *, struct loop *, const char *spec);
bool slot_present(const struct slot *);
void slot_cycle(struct slot *, slot_fn *,
                void *arg); /* off, long enough, on; replaces one that is under way */
void slot_fini(struct slot *);

#endif
