/* Lines without any radio, for developers and CI: each message meets the outcome and the delivery report that
 * a rule gives it (rule.h), and what comes in is made of real DELIVER PDUs. Every step of the carrier's
 * contract is gone through, as with a modem.
 *
 * The simulator owns the rules, its lines' carriers share them. Rules made at run time come before those of
 * the file. Nothing here is kept on disk: after a restart the rules of the file begin again, reports that
 * were to come do not, and what was in flight is UNSURE. A stop brings the outcome that is due forward. */
#ifndef CELLPOST_SIMULATOR_SIMULATOR_H
#define CELLPOST_SIMULATOR_SIMULATOR_H

#include "host/base/conf.h"
#include "host/base/loop.h"
#include "host/router/carrier.h"
#include "host/simulator/flow.h"
#include "host/simulator/rule.h"

#define SIMULATOR_RULES_MAX 1000 /* made at run time */
#define SIMULATOR_HELD_MAX  1000 /* segments a line keeps for simulator_receipt(); then the oldest goes */

struct simulator;

struct simulator *simulator_new(struct loop *, const struct conf *);
/* After the carriers: they belong to whom they were given. */
void simulator_free(struct simulator *);
/* The file's rules, anew; what they had counted is forgotten. */
void simulator_reload(struct simulator *, const struct conf *);

/* A carrier for the line of that name. */
struct carrier *simulator_carrier(struct simulator *, const char *line);

/* ---- rules of run time ---- */

int simulator_rule_add(struct simulator *, const struct rule *); /* behind the others; 0 or -ENOSPC */
void simulator_rules_clear(struct simulator *);
/* In the order in which they are asked, the file's behind the others; NULL after the last. */
const struct rule *simulator_rule_at(const struct simulator *, size_t n);

/* ---- what the network does by itself ---- */

/* A text comes in, in as many parts as it takes. Returns 0 with *parts, and fn is called once all are on disk
 * (or with the first error); or, without fn: -ENOENT no such simulated line, -EINVAL from is no sender,
 * -EMSGSIZE, -EILSEQ the text. */
int simulator_inbound(struct simulator *, const char *line, const char *from, const char *text, size_t len,
                      unsigned *parts, durable_fn *, void *arg);

/* The report that a message of a rule with `receipt = none` waits for, for all its segments. fn as above;
 * -ENOENT: none waits. */
int simulator_receipt(struct simulator *, const struct sid *, uint8_t st, durable_fn *, void *arg);

/* ---- replay ---- */

/* Takes the flow over and lets it happen again on the line (replay.h), in place of another; what it has no
 * plan for meets the rules. Reports that it has already under way still come after a stop. 0 or -ENOENT. */
int simulator_replay(struct simulator *, const char *line, struct flow *, int speed);
int simulator_replay_stop(struct simulator *, const char *line);
int simulator_replay_left(const struct simulator *, const char *line, size_t *texts, size_t *tries);

#endif
