/* The daemon: every room, in the order in which it is built. Only main.c, lines.c and verbs.c see it. */
#ifndef CELLPOST_DAEMON_H
#define CELLPOST_DAEMON_H

#include "host/base/conf.h"
#include "host/base/loop.h"
#include "host/ctl/ctl.h"
#include "host/directory/directory.h"
#include "host/facade/facade.h"
#include "host/facade/hook.h"
#include "host/facade/keyword.h"
#include "host/modem/mcu.h"
#include "host/optout/optout.h"
#include "host/privacy/privacy.h"
#include "host/queue/queue.h"
#include "host/router/router.h"
#include "host/simulator/record.h"
#include "host/simulator/simulator.h"
#include "host/store/store.h"
#include "host/verify/verify.h"

struct daemon_line; /* lines.c: a configured line and what its carrier was made from */

struct daemon {
    const char *conf_path;
    struct conf *conf;
    struct loop *loop;
    struct store *store;
    struct directory *directory;
    struct queue *queue;
    struct verify *verify;
    struct router *router;
    struct simulator *simulator;
    struct record *record; /* NULL = none under way */
    struct facade *facade;
    struct hooks *hooks;
    struct tls *tls; /* NULL = no [tls] listen */
    struct optout *optout;
    struct mark_key mark_key;
    struct privacy *privacy;
    struct keywords *keywords;
    struct ctl *ctl;
    struct mcu_set *boards;
    struct daemon_line *lines;
    struct event *signals[3];
    struct timer watchdog, stop_deadline;
    int64_t watchdog_ms, started_ms;
    bool stopping;
    int sides_running; /* of facade and router, while stopping */
};

/* conf_load, with what only the whole program can tell: which models there are, which files are readable. */
struct conf *daemon_conf_load(const char *path, conf_report_fn *, void *arg);

/* What [tls] says; the local authority lives in data_dir/tls, which folder is to hold. */
struct tls_options daemon_tls_options(const struct conf *, char folder[4096]);

/* Gives each configured line its carrier, takes it from those that are no longer configured, and makes it
 * anew where what it was made from has changed. Used at start and on reload. */
void lines_sync(struct daemon *);
void lines_free(struct daemon *);

/* boards.c: [board] sections to boards; at start, on reload and at the end. */
void boards_open(struct daemon *);
void boards_sync(struct daemon *);

ctl_fn verb_metrics, verb_recoveries; /* verbs_metrics.c */
/* verbs_simulate.c */
ctl_fn verb_simulate, verb_record;

/* The control socket's verbs, and what watchers are told. */
extern const struct ctl_verb daemon_verbs[];
ctl_fn verb_account;                                              /* verbs_account.c */
ctl_fn verb_board;                                                /* verbs_board.c */
void verb_flash(struct daemon *, struct ctl_call *, char **argv); /* verbs_flash.c: board NAME flash SIZE */
ctl_fn verb_forget, verb_retention;                               /* verbs_privacy.c */
ctl_fn verb_optouts;                                              /* verbs_optout.c */
/* verbs_hooks.c */
ctl_fn verb_hooks;
void verbs_observe(struct daemon *);
/* A whole number within the limits. */
bool verb_number(const char *text, int64_t least, int64_t most, int64_t *out);

#endif
