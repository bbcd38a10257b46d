/* The control socket: a Unix stream, one command a line, one line "ok ..." or "err ..." for each, in order.
 * Any number of clients; a client that waits holds up only itself. docs/simulator.md lists the verbs. */
#ifndef MODEMSIM_CONTROL_H
#define MODEMSIM_CONTROL_H

#include "modem.h"
#include "words.h"

struct client;

struct request {
    struct client *client;
    struct modem *m;           /* NULL for verbs that name none */
    const struct words *words; /* the verb, the modem, then the arguments */
    struct buf *reply;         /* what stands after "ok " or "err " */
};

enum verb_result { VERB_OK, VERB_ERR, VERB_LATER };

struct verb {
    const char *name;
    bool wants_modem;
    int words; /* at least so many, the verb included */
    const char *usage;
    enum verb_result (*fn)(struct request *);
};

/* Ended by a row without a name. */
extern const struct verb verbs_modem[], verbs_network[], verbs_fault[];

int control_open(const char *path); /* -errno */
void control_close(void);
void control_answer(struct client *, bool ok, const char *text); /* what VERB_LATER promised */
enum verb_result verb_fail(struct request *, const char *why);

#endif
