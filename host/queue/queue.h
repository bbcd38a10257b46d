/* The queue: the only writer of message, segment, attempt, part, report, hook, event, feedback and key rows.
 * Every change is one named transition, a guarded UPDATE of an expected state, durable when its callback runs
 * (law 1). Nothing here knows AT, HTTP or a provider.
 *
 * States of a segment: waiting -> out -> sent | waiting (retry) | failed | unsure. While it is out it has an
 * attempt, claimed -> in_flight -> an outcome: a row for each claim, never reused. A crash forgets what was
 * claimed (the segment waits again), and leaves in_flight to the carrier (queue_resumable), which settles it,
 * UNSURE in the end.
 *
 * A message for later is scheduled until its time has come; the clock of the wall must be trusted for that,
 * and a jump of it moves the time of no message. Then it enters the queue like a new one, hook queued
 * included.
 *
 * A message is queued until its first segment is in flight, sending until its last is SENT, then sent;
 * delivered when a report says so for all its segments, undelivered as soon as one is reported failed for
 * good. An UNSURE segment keeps the message `sending` with message.unsure; its other segments go on. */
#ifndef CELLPOST_QUEUE_QUEUE_H
#define CELLPOST_QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/queue/message.h"
#include "host/sms/pdu.h"
#include "host/sms/split.h"
#include "host/store/store.h"

struct queue;
typedef void durable_fn(void *arg, int status); /* 0, or -errno of the refusal */

/* Opens over a store that is open; recovers: claimed attempts go back to waiting. */
int queue_open(struct queue **, struct store *, struct loop *);
/* Takes no more. What was asked and is not durable yet still runs its callback, from the store's last commit:
 * close the queue, then the store. */
void queue_close(struct queue *);

/* What wakes others; called after the commit, at most once a turn for each topic. One watcher each. */
enum queue_topic {
    QUEUE_WORK,    /* something may be claimable: new message, retry due, line freed */
    QUEUE_HOOKS,   /* a hook row is due */
    QUEUE_INBOUND, /* a message came in */
    QUEUE_TOPICS
};
void queue_watch(struct queue *, enum queue_topic, void (*fn)(void *arg), void *arg);
/* Every event row once it is durable, for `cellpost watch` and the log. One observer. text is "key=value ..."
 */
typedef void queue_event_fn(void *arg, int64_t at_ms, const struct message *brief, const char *kind,
                            const char *detail);
void queue_on_event(struct queue *, queue_event_fn *, void *arg);

/* ---- outbound ---- */

struct submission {
    struct sid sid; /* sid_new by the caller */
    int64_t account_id;
    enum message_direction direction;
    const char *from; /* "" with a service */
    const char *to, *body;
    size_t body_len;
    struct split_options split;  /* ref is chosen by the queue: differs from the last to this recipient */
    int64_t line_id, service_id; /* one of them; with a service line_id may be 0 = any line of its pool */
    int priority;
    enum unsure_policy policy;
    int64_t send_at_ms;  /* 0 = now; else it is scheduled, and never claimed before */
    int64_t validity_ms; /* from now, or from send_at_ms */
    bool status_report;
    const char *callback_url, *tags; /* NULL = none */
    bool discard_body, mask_to;
    int64_t reply_to;
    const char *idempotency_key; /* NULL = none; 24 h per account, see struct submitted */
    int64_t request;             /* hash of what the key was used for, 0 = not compared */
};
struct submitted {
    int64_t id;
    struct sid sid;
};
/* Returns 0: fn will be called, once, later: with 0; what the key says (below);
 * -EMSGSIZE/-EILSEQ of the split; or what the store says at its end. Or -ENOSPC at once, without fn: the
 * store is closed for work. Strings are copied. */
typedef void submitted_fn(void *arg, int status, const struct submitted *);
int queue_submit(struct queue *, const struct submission *, submitted_fn *, void *arg);

/* A key that was used in the last 24 h: -EALREADY, and *submitted is the message of its first use; -ESTALE,
 * that message was deleted; -EEXIST, it was used for another request. Nothing is stored in any of these
 * cases. 0: it is free, as far as committed. */
int queue_key(struct queue *, int64_t account_id, const char *key, int64_t request, struct submitted *);

/* For admission. Messages of the account that are not settled (queued, accepted, sending) ... */
int64_t queue_depth(struct queue *, int64_t account_id);
/* ... the same of what waits for a line, or for a service (minus its id) that chooses one ... */
int64_t queue_lane_depth(struct queue *, int64_t lane);
/* ... and messages whose time is to come; account 0 = of all. */
int64_t queue_scheduled(struct queue *, int64_t account_id);

/* One segment to send. */
struct job {
    int64_t attempt_id, message_id, line_id;
    struct sid sid;
    unsigned seq, total; /* 1-based */
    char to[NUMBER_MAX];
    uint8_t dcs, udl, ud_len, ud[PDU_UD_MAX];
    bool udhi, status_report;
    int64_t expires_ms; /* validity end: TP-VP is what is left of it */
    int64_t started_ms; /* of the attempt */
};

/* Takes the next segment that may leave on this line: highest priority first, then order of acceptance;
 * segments of a message in order; a message to a recipient waits behind an earlier one of the same line (or
 * service) and recipient that is out or waits for a retry, unless it has the higher priority; expired ones
 * are failed on the way (30036, or the error of their last RETRY), and so is what its recipient has opted out
 * of since (21610), unless a part of it has left; a bounded number each call. line_id's own
 * messages and those of the services in its pool (service_ids, at most 64). A service's message takes the
 * line that claims it; until a segment of it is SENT or UNSURE, a RETRY lets any line of the pool claim it
 * again, after that only this one.
 * 0 and *job; -EAGAIN when there is none (*next_ms = wall time of the next retry that falls due, 0 = none);
 * -ENOSPC when the store is closed. The claim needs no wait: it is durable with queue_in_flight, before which
 * nothing may leave. */
int queue_claim(struct queue *, int64_t line_id, const int64_t *service_ids, size_t service_count,
                struct job *job, int64_t *next_ms);

/* Which line of a service's pool, asked about the first message of the service that is ready: the line that
 * shall have it, 0 = any. The store's writer may be read meanwhile. */
typedef int64_t choose_line_fn(void *arg, int64_t service_id, const char *to);
/* Before line_id claims: the service's ready messages, in their order, are put to the lines that choose()
 * names, until one comes that line_id may take, PREFER_MOST of them at most. Returns how many (those lines
 * have work now), or -ENOSPC when the store is closed: then nothing was. */
#define PREFER_MOST 64
int queue_prefer(struct queue *, int64_t line_id, int64_t service_id, choose_line_fn *, void *arg);
/* What of the service was put to the line (0 = to any) and is not bound to it is for the whole pool again. */
void queue_release(struct queue *, int64_t service_id, int64_t line_id);

/* Before the PDU leaves: the durable mark. fn(0): go. fn(-ESTALE): the attempt is not claimed any more
 * (cancelled): do not send. */
void queue_in_flight(struct queue *, int64_t attempt_id, const char *iccid, durable_fn *, void *arg);

/* RETRY and REJECT may also end a claim that was never marked in flight. fn(-ESTALE): the attempt is settled,
 * cancelled or forgotten already; nothing is changed. A RETRY is tried again after the back-off, at most
 * until 5 s before the validity ends (retry.h). */
struct settlement {
    enum outcome outcome;
    int mr;             /* TP-MR of +CMGS, -1 = unknown */
    int error_code;     /* Twilio's 30xxx for REJECT, and for RETRY once the validity is over; 0 = 30008 */
    const char *reason; /* the carrier's own words, for the history: "cms 38" */
    int64_t retry_after_ms; /* RETRY: 0 = the queue's back-off table */
    bool carrier_fault;     /* RETRY: the fault is the modem's or the SIM's: costs the message no try */
    int64_t rest_ms; /* RETRY: the line should take no job for so long (SIM, network). The router's; the queue
                        takes no notice */
};
void queue_settle(struct queue *, int64_t attempt_id, const struct settlement *, durable_fn *, void *arg);

/* Attempts in flight on this line from before a restart, oldest first; at most max. */
size_t queue_resumable(struct queue *, int64_t line_id, struct job *jobs, size_t max);

/* A status report. Matched on line, MR, recipient (trailing digits) and time: the newest attempt SENT with
 * this MR whose start is not after the report's SCTS (5 min slack); else an UNSURE attempt to that recipient
 * started before it; else kept for an attempt in flight to settle: 60 s, and longer while one to that
 * recipient is. fn(0) once it is on disk, matched or
 * not: only then delete or acknowledge it. A repeat is idempotent. */
struct report {
    int64_t line_id;
    int mr;
    char to[NUMBER_MAX * 2];
    uint8_t st;
    int64_t scts_ms, discharge_ms; /* 0 = not valid */
    const char *hex;
};
void queue_report(struct queue *, const struct report *, durable_fn *, void *arg);

/* An operator settles an UNSURE message: sent, failed or resend. */
enum queue_verdict { VERDICT_SENT, VERDICT_FAILED, VERDICT_RESEND };
void queue_verdict(struct queue *, int64_t message_id, enum queue_verdict, durable_fn *, void *arg);

/* What the recipient did with an outbound message: the last word counts. fn(-ENOENT): no such message, or an
 * inbound one. It goes with its message. */
struct feedback {
    bool confirmed;
    int64_t created_ms, updated_ms;
};
void queue_feedback(struct queue *, int64_t message_id, bool confirmed, durable_fn *, void *arg);
int queue_feedback_get(struct queue *, int64_t message_id, struct feedback *); /* 0, -ENOENT */

/* The API's updates. fn(-EBUSY): the state does not allow it (in flight, unsure or not final); -ENOENT.
 * Redaction empties the body and the PDUs. A deleted message takes its history and its pending hook along;
 * that its SMS came stays known, so that a repeat of it is still a repeat. */
void queue_cancel(struct queue *, int64_t message_id, durable_fn *,
                  void *arg); /* until the first segment is in flight */
/* An account that sends no more: each of its messages of which nothing has left or is leaving ends, failed
 * with that error or, with 0, canceled. In steps of a few hundred waiting messages of anybody, each a
 * transition of its own; fn when the last is durable. After a crash it must be asked again. */
void queue_account_stop(struct queue *, int64_t account_id, int error_code, durable_fn *, void *arg);
/* The same for what goes to one person by this line or, where line_id is 0, this service, was accepted before
 * the message before_id, and was never in flight. */
void queue_recipient_stop(struct queue *, int64_t account_id, int64_t line_id, int64_t service_id,
                          const char *to, int64_t before_id, int error_code);
void queue_redact(struct queue *, int64_t message_id, durable_fn *, void *arg);
void queue_delete(struct queue *, int64_t message_id, durable_fn *, void *arg);

/* For forgetting a person, inside the apply of an op of the caller (store.h): all rows of one message,
 * whatever became of it, with the hooks still owed and the keys that it was sent under. rows[] counts up.
 * -EBUSY: it is scheduled, waits, is out or unsure. What came in incomplete goes too. */
enum queue_rows {
    ROWS_MESSAGES,
    ROWS_SEGMENTS,
    ROWS_ATTEMPTS,
    ROWS_PARTS,
    ROWS_EVENTS,
    ROWS_HOOKS,
    ROWS_NOTIFICATIONS,
    ROWS_FEEDBACK,
    ROWS_KEYS, /* after what goes with every deletion */
    QUEUE_ROWS
};
int queue_erase(struct store *, int64_t message_id, int64_t rows[QUEUE_ROWS]);

/* ---- inbound ---- */

struct inbound {
    int64_t line_id, account_id, service_id;
    const char *line_number; /* To of the message */
    const struct pdu *pdu;   /* DELIVER, or PDU_FLAG_BROKEN and whatever it is; borrowed until return */
    const char *hex;         /* as read */
    const char *memory;      /* "SM", "ME"; NULL for +CMT */
    int index;
    int64_t received_ms;
};
/* fn(0) once on disk, also for a duplicate (logged, not stored again): then delete or acknowledge. A
 * multipart message becomes a row (`receiving`) at its first part and `received`, with its hook, at its last;
 * a set that stays incomplete for 24 h is delivered with what is there and marked partial: error_code 30009.
 * Addressed to ports: stored, no hook. 8-bit data: an empty body, the PDU is kept with its part. One that
 * could not be decoded: the same, from whom it is as far as known, error_code 30008, no hook. */
void queue_receive(struct queue *, const struct inbound *, durable_fn *, void *arg);
/* The slot was erased on the modem (CMGD confirmed): from now on the same bytes there are another SMS. */
void queue_erased(struct queue *, int64_t line_id, const char *memory, int index);

/* ---- hooks ---- */

enum hook_kind { HOOK_STATUS = 1, HOOK_INBOUND };
struct hook {
    int64_t id, message_id;
    enum hook_kind kind;
    enum message_status status; /* snapshot */
    int error_code;             /* snapshot */
    int64_t report_done_ms;     /* RawDlrDoneDate, 0 = none */
    char token[37];             /* UUID, I-Twilio-Idempotency-Token: the same for each try */
    int tries;
    int64_t created_ms, give_up_ms;
    int64_t due_ms; /* of queue_hooks_walk() only */
};
/* Is the change to `sending` told too? Twilio does not, nor does a queue that was just opened. */
void queue_hook_sending(struct queue *, bool);
/* Hooks due now and first of their message, in order of due time; at most max, leaving out ids in `busy`: one
 * stays busy until its settlement is durable. *next_ms = when the next falls due, 0 none. */
size_t queue_hooks_due(struct queue *, const int64_t *busy, size_t busy_count, struct hook *hooks, size_t max,
                       int64_t *next_ms);

/* WAIT: put off to retry_at_ms without having been tried; it counts as no try and is no event. */
enum hook_verdict { HOOK_DONE = 1, HOOK_RETRY, HOOK_DEAD, HOOK_NO_URL, HOOK_WAIT };
struct hook_settlement {
    enum hook_verdict verdict;
    int64_t retry_at_ms;
    const char *detail;               /* "http 503", "11205 connection refused" */
    const struct submission *replies; /* TwiML answers: stored in the same transaction as DONE */
    size_t reply_count;
};
void queue_hook_settle(struct queue *, int64_t hook_id, const struct hook_settlement *, durable_fn *,
                       void *arg);

/* An operator's: all hooks that are owed (or dead: given up within HOOK_DEAD_DAYS, at most HOOK_DEAD_MOST),
 * by message and status, those after *after (NULL = from the first); at most max. due_ms 0: it waits for an
 * earlier one of its message. Of a dead one created_ms is when it died. */
#define HOOK_DEAD_DAYS 30
#define HOOK_DEAD_MOST 10000
size_t queue_hooks_walk(struct queue *, bool dead, const struct hook *after, struct hook *hooks, size_t max);
/* Due now; a dead one is owed anew, with all its patience. fn(0), also when there is nothing to change. */
void queue_hook_hurry(struct queue *, int64_t hook_id, durable_fn *, void *arg);
/* Given up for good: not even kept as dead. fn(-ESTALE): not owed, not dead, or not the first of its message.
 */
void queue_hook_drop(struct queue *, int64_t hook_id, durable_fn *, void *arg);

/* ---- reading: committed rows only ---- */

int queue_message(struct queue *, int64_t id, struct message *); /* 0, -ENOENT; message_fini after */
int queue_message_by_sid(struct queue *, int64_t account_id, const struct sid *,
                         struct message *); /* account 0 = any */

struct message_filter {
    int64_t account_id;               /* 0 = any */
    const char *to, *from;            /* NULL = any */
    int64_t sent_from_ms, sent_to_ms; /* inclusive; 0 = open. With either: order is (sent_ms, id) descending,
                                         rows without sent_ms never match */
    int64_t after_id, after_sent_ms;  /* page key: strictly older than this row; 0 = from the newest */
    int64_t since_id, since_sent_ms;  /* or the rest, this row and all newer, the other way round: the nearest
                                         first; 0 = not */
    size_t limit;
};
/* Calls fn for each, newest first (since: oldest first); returns how many. Cost is O(limit) whatever the
 * table's size; only to and from without an account walk all (an operator's look). fn must not call
 * queue_list. */
typedef void message_fn(void *arg, const struct message *);
size_t queue_list(struct queue *, const struct message_filter *, message_fn *, void *arg);

typedef void event_fn(void *arg, int64_t at_ms, const char *kind, const char *detail);
size_t queue_events(struct queue *, int64_t message_id, event_fn *, void *arg);

/* What an account sent (counted when the last segment has left) and received. It outlives the messages. */
struct usage {
    int64_t out_messages, out_segments, in_messages, in_segments;
};
/* Adds to *out what was counted from one UTC day (since 1970) to another, both included. 0, or -errno. */
int queue_usage(struct queue *, int64_t account_id, int64_t from_day, int64_t to_day, struct usage *out);

struct queue_counts {
    int64_t scheduled, queued, sending, unsure;
    int64_t hooks_due, hooks_waiting; /* due now; all that are not done */
    int64_t accepted;                 /* messages taken in since the database was made */
};
void queue_counts(struct queue *, struct queue_counts *);

#endif
