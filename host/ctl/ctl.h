/* The control socket: a Unix stream socket (0600, in the data folder) on which an operator's command asks one
 * thing a connection.
 *
 *   request   VERB [ARGUMENT ...] LF      arguments are separated by one blank; %XX stands for any octet
 *   answer    any number of lines, each with a blank in front, then "ok" or "err SENTENCE"
 *
 * Some verbs want octets behind the request's line, of a length that one of its arguments tells (ctl_take).
 * A verb that goes on (watch) sends lines until the client hangs up. A client that sends garbage, too much,
 * or nothing costs a connection slot until it is cut, nothing else. */
#ifndef CELLPOST_CTL_CTL_H
#define CELLPOST_CTL_CTL_H

#include <stddef.h>
#include <stdint.h>

#include "host/base/loop.h"

#define CTL_ARGS_MAX    12
#define CTL_REQUEST_MAX 4096

struct ctl;
struct ctl_call; /* lives until ctl_ok or ctl_err, or, when the client hangs up, until then */

typedef void ctl_fn(void *arg, struct ctl_call *, int argc, char **argv); /* argv lives as long as the call */
struct ctl_verb {
    const char *name;
    const char *arguments; /* for help: "SID sent|failed|resend" */
    const char *help;
    int least, most; /* arguments, the verb not counted */
    ctl_fn *fn;
};

/* verbs: ended by a row without name; lent for the life of ctl. 0 or -errno with a sentence. */
int ctl_open(struct ctl **, struct loop *, const char *path, const struct ctl_verb *verbs, void *arg,
             char error[256]);
void ctl_close(struct ctl *);

/* One line of the answer; line ends inside become blanks. */
void ctl_line(struct ctl_call *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ctl_ok(struct ctl_call *);
void ctl_err(struct ctl_call *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The callback of a change: ctl_ok once it stands, else ctl_err with the status (-errno) in words. */
void ctl_done(void *call, int status);

/* A verb that answers later (backup): the handle stays good even when the client hangs up meanwhile;
 * ctl_ok/ctl_err must follow. */
void ctl_hold(struct ctl_call *);
/* The client sends len octets behind its request: fn gets them, with the request's words, once all are there;
 * a client that goes away or is slow is dropped before. Then ctl_ok or ctl_err as for any call. */
typedef void ctl_take_fn(void *arg, struct ctl_call *, char **argv, const uint8_t *octets, size_t len);
void ctl_take(struct ctl_call *, size_t len, ctl_take_fn *, void *arg);
/* The call becomes a watcher: gets each ctl_broadcast until it hangs up. A watcher that does not read is cut.
 */
void ctl_watch(struct ctl_call *);
void ctl_broadcast(struct ctl *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
