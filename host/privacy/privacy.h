/* What is kept and for how long, and forgetting a person. The one room that deletes rows of all others; each
 * of its steps is one transaction of a few rows, with a pause after it, so that messages go on meanwhile.
 *
 * Forgetting: all that tells of one number goes: messages to and from it with their history, verifications,
 * remembered lines, opt-outs but for the number's mark (base/mark.h), which goes on blocking. What is under
 * way ends first. The receipt holds no number; until it is done it is also the job, which a restart resumes.
 *
 * Retention: each account's messages go, and their texts before that, when they are final, their hooks are
 * settled and their last change is older than [retention] or the account's own word says. Nothing of it
 * happens by a clock that is not trusted (base/clock.h).
 *
 * What was deleted is gone from the database's files too, once a step's end has moved the WAL
 * (store_scrub). */
#ifndef CELLPOST_PRIVACY_PRIVACY_H
#define CELLPOST_PRIVACY_PRIVACY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/conf.h"
#include "host/base/loop.h"
#include "host/base/mark.h"
#include "host/queue/queue.h"
#include "host/store/store.h"

struct privacy;

struct privacy_rooms {
    struct loop *loop;
    struct store *store;
    struct queue *queue;
    const struct conf *conf;
    const struct mark_key *key;
};
/* Resumes what a stop interrupted. */
struct privacy *privacy_open(const struct privacy_rooms *);
void privacy_reload(struct privacy *, const struct conf *);
/* No step begins any more. */
void privacy_stop(struct privacy *);
/* After the store was closed. */
void privacy_close(struct privacy *);

/* ---- forgetting ---- */

enum forget_rows {
    /* as enum queue_rows, then: */
    FORGET_VERIFICATIONS = QUEUE_ROWS,
    FORGET_STICKY,
    FORGET_REPORTS,
    FORGET_OPTOUTS, /* of which the mark is kept */
    FORGET_ROWS
};
extern const char *const forget_rows_text[FORGET_ROWS];

struct forget_receipt {
    int64_t id, account_id; /* account 0 = all */
    char mark[MARK_TEXT];
    int64_t asked_ms, done_ms; /* done 0 = under way */
    int64_t rows[FORGET_ROWS];
};
struct forget_request {
    const char *number; /* +E.164 */
    int64_t account_id; /* 0 = all */
    bool wait;          /* for what is under way; else that is a refusal */
};
/* fn once: 0 when all is gone; -EBUSY: `moving` messages to the number are scheduled, wait or are out, and
 * nothing was deleted. receipt is NULL where nothing began. What comes for the number after the call is not
 * meant by it. */
typedef void forget_fn(void *arg, int status, int64_t moving, const struct forget_receipt *receipt);
void privacy_forget(struct privacy *, const struct forget_request *, forget_fn *, void *arg);

/* Receipts, newest first: of one number, or (NULL) all; at most `limit` older than before_id (0 = the
 * newest). Returns how many. */
typedef void receipt_fn(void *arg, const struct forget_receipt *);
size_t privacy_receipts(struct privacy *, const char *number, int64_t before_id, size_t limit, receipt_fn *,
                        void *arg);

/* ---- retention ---- */

/* What has an age: words of the file and of an account's own. */
enum keep {
    KEEP_MESSAGES,
    KEEP_BODIES,
    KEEP_SENT,
    KEEP_DELIVERED,
    KEEP_UNDELIVERED,
    KEEP_FAILED,
    KEEP_CANCELED,
    KEEP_RECEIVED,
    KEEP_COUNT
};
extern const char *const keep_text[KEEP_COUNT];
#define KEEP_AS_FILE (-1) /* an account's word is taken back */

/* Seconds that hold for an account: its own word for the status, its own for messages, then the file's the
 * same way. 0 = for ever. For KEEP_SENT.. the age of such messages, KEEP_BODIES that of texts. */
int64_t privacy_keep(struct privacy *, int64_t account_id, enum keep);
struct keep_change {
    enum keep what;
    int64_t keep_s; /* 0 = for ever (of a status: as messages), or KEEP_AS_FILE */
};
/* All of them or none; fn once durable. */
void privacy_keep_set(struct privacy *, int64_t account_id, const struct keep_change *, size_t count,
                      durable_fn *, void *arg);

#endif
