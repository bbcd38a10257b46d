/* What the files of this room share. A transition is a store_op with what every change of state owes besides
 * its rows: event rows for the history, topics to wake, the account's depth, the caller's durable callback.
 *
 * A transition's run() may be run again after a rollback (store.h): all it needs is taken into it before: the
 * time, whether the clock may be trusted, copies of the caller's texts. */
#ifndef CELLPOST_QUEUE_INTERNAL_H
#define CELLPOST_QUEUE_INTERNAL_H

#include "host/base/clock.h"
#include "host/queue/queue.h"

#define REPORT_SLACK_MS (60 * 1000LL)  /* after the validity's end, for a report to come */
#define BUSY_GRACE_MS   (600 * 1000LL) /* after that a carrier that never settled is given up */
#define REPORT_KEPT_MS  (60 * 1000LL)  /* an unmatched report waits that long */
#define CLOCK_SKEW_MS   (300 * 1000LL) /* between our clock and the service centre's */
#define ASSEMBLY_MS     CLOCK_DAY_MS   /* for the parts of a message to come */
#define REPEAT_MS       8000           /* equal SMS closer than that are two */
#define IDEMPOTENCY_MS  CLOCK_DAY_MS
#define HOOK_STATUS_MS  CLOCK_DAY_MS
#define HOOK_INBOUND_MS (72 * 3600 * 1000LL)
#define ATTEMPT_BITS    20 /* attempt id = message id << 20 | n */
#define HOOK_BITS       4  /* hook id = message id << 4 | status */
#define ADDRESS_MAX     (NUMBER_MAX * 2)

/* Twilio's codes for what happens after acceptance. */
enum {
    ERROR_OPTED_OUT = 21610,
    ERROR_UNREACHABLE = 30003,
    ERROR_UNKNOWN = 30008,
    ERROR_MISSING_PART = 30009,
    ERROR_EXPIRED = 30036
};

/* The numbers stand in sql/schema.sql: partial indexes name them. */
enum segment_state {
    SEGMENT_WAITING = 1,
    SEGMENT_OUT,
    SEGMENT_SENT,
    SEGMENT_FAILED,
    SEGMENT_UNSURE,
    SEGMENT_CANCELED
};
enum segment_report { REPORTED_NOT, REPORTED_DELIVERED, REPORTED_ACCEPTED, REPORTED_FAILED };
enum attempt_state {
    ATTEMPT_CLAIMED = 1,
    ATTEMPT_IN_FLIGHT,
    ATTEMPT_UNSURE,
    ATTEMPT_LAPSED, /* unsure, and given up */
    ATTEMPT_SENT,
    ATTEMPT_RETRY,
    ATTEMPT_REJECTED,
    ATTEMPT_VOID /* cancelled or forgotten before anything left */
};
enum work_state { WORK_READY = 1, WORK_BACKOFF, WORK_BUSY, WORK_BEHIND, WORK_HELD };

/* ---- the queue and its transitions ---- */

/* What is counted in memory: see queue_depth and its neighbours. */
enum depth_of { DEPTH_ACCOUNT, DEPTH_LANE, DEPTH_SCHEDULED };
struct depth {
    enum depth_of of;
    int64_t id, count;
};

struct queue {
    struct store *store;
    struct loop *loop;
    struct {
        void (*fn)(void *arg);
        void *arg;
        bool raised;
    } watches[QUEUE_TOPICS];
    queue_event_fn *on_event;
    void *on_event_arg;
    struct timer notice;     /* raises the topics after the commit, once a turn */
    struct timer due;        /* the next thing that time does */
    int64_t last_ms;         /* created_ms of the newest message */
    int64_t wall_to_mono_ms; /* as last seen: a change is a jump of the wall clock */
    struct depth *depths;
    size_t depth_count;
    size_t pending;          /* transitions not durable yet */
    bool closed;             /* freed with the last of them */
    unsigned notified;       /* since it was opened */
    bool hook_sending;       /* `sending` is told */
    sqlite3_stmt *reads[34]; /* of read.c */
};

struct note {
    int64_t message_id;
    const char *kind;
    char detail[168]; /* words of 95 and what stands around them */
};

struct transition {
    struct store_op op; /* first */
    struct queue *queue;
    int (*run)(struct transition *);
    void (*done)(struct transition *, int status); /* NULL: fn(arg, status) */
    void (*fini)(struct transition *);             /* NULL: owns nothing */
    durable_fn *fn;                                /* may be NULL */
    void *arg;
    int64_t now_ms;
    bool may_expire; /* the clock could be trusted */
    /* What run() leaves behind, emptied before it runs again. */
    bool topics[QUEUE_TOPICS];
    struct note *notes;
    size_t note_count, note_cap;
    struct depth *depths;
    size_t depth_count, depth_cap;
};

/* Zeroed memory of that size, whose first member is a struct transition. */
void *transition_new(struct queue *, size_t size, int (*run)(struct transition *), durable_fn *, void *arg);
/* Hands it to the store; it frees itself. Returns what store_submit says. */
int transition_submit(struct transition *);

/* Inside run(): */
int queue_note(struct transition *, int64_t message_id, const char *kind, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));
/* A carrier's or a server's words, fit to stand between quotes in an event: printable ASCII, the rest is '?'.
 * Cut to fit. */
void queue_words(char *out, size_t size, const char *text);
void queue_raise(struct transition *, enum queue_topic);
void queue_depth_change(struct transition *, enum depth_of, int64_t id, int64_t by);

/* ---- statements ---- */

/* Runs to the end: 0 or -errno. */
int sql_run(struct store *, sqlite3_stmt *);
/* Next row: 1, 0 at the end (and reset), -errno (and reset). */
int sql_next(struct store *, sqlite3_stmt *);
/* Runs a change that a guard may refuse: 1 when a row was changed, 0, -errno. */
int sql_guarded(struct store *, sqlite3_stmt *);
/* Text column into a fixed array. */
void sql_text(sqlite3_stmt *, int column, char *out, size_t size);

/* ---- rows ---- */

/* The part of a message row that transitions decide by. */
struct life {
    int64_t id, account_id, line_id, service_id;
    enum message_direction direction;
    enum message_status status;
    unsigned segments;
    int64_t expires_ms, report_until_ms;
    bool unsure, status_report, discard_body;
    enum unsure_policy policy;
    char to[ADDRESS_MAX];
};
int life_load(struct transition *, int64_t message_id, struct life *); /* 0, -ENOENT, -errno */
static inline bool life_is_settled(const struct life *life)
{
    return life->status >= MESSAGE_DELIVERED && life->status <= MESSAGE_CANCELED;
}

struct work {
    int64_t message_id, account_id, lane, picker;
    char to[ADDRESS_MAX];
    int rank;
    enum work_state state;
    int64_t due_ms, retry_ms, expires_ms;
    int tries, attempts, last_error;
    bool begun;
    int unsure;
    bool exists; /* false: the message has no more work to do */
};
int work_load(struct transition *, int64_t message_id, struct work *); /* 0 also when there is none */
/* Both of a message; as life_load. */
int life_and_work_load(struct transition *, int64_t message_id, struct life *, struct work *);
void work_columns(sqlite3_stmt *, struct work *);

/* lane.c: keeps one head in each lane. */
int lane_begin(struct transition *, struct work *); /* a new row */
int lane_enter(struct transition *, struct work *);
int lane_back(struct transition *, struct work *);  /* the busy head has more to send */
int lane_leave(struct transition *, struct work *); /* nothing more to send: the row goes */
int lane_hold(struct transition *, struct work *);  /* nothing more to send, yet not settled */
int lane_busy(struct transition *, struct work *);
int lane_promote(struct transition *, int64_t message_id);
int work_store(struct transition *, const struct work *);

/* life.c: what becomes of a message. */
int life_sent(struct transition *, struct life *, struct work *);
/* failed, undelivered, canceled; done_ms of the report or 0. */
int life_end(struct transition *, struct life *, struct work *, enum message_status, int error_code,
             int64_t done_ms);
/* A segment has gone: more to send, held by an unsure one, or sent. */
int life_segment_sent(struct transition *, struct life *, struct work *, unsigned seq);
/* Nothing of it is out any more: back to the lane, held, or sent. */
int life_continue(struct transition *, struct life *, struct work *);
int life_set_unsure(struct transition *, struct life *, struct work *, int unsure);
int life_delivered(struct transition *, struct life *, int64_t done_ms);
/* All segments are sent: what their reports, if any, make of the message. */
int life_reports(struct transition *, struct life *);
int segment_state(struct transition *, int64_t message_id, unsigned seq, enum segment_state);

/* submit.c */
struct submission_copy {
    struct submission s;
    struct split_plan plan;
    int split_status;
    int64_t created_ms, expires_ms;
};
void submission_copy(struct queue *, struct submission_copy *, const struct submission *);
void submission_fini(struct submission_copy *);
int submission_store(struct transition *, const struct submission_copy *, int64_t *message_id);

/* schedule.c */
int schedule_add(struct transition *, int64_t message_id, int64_t account_id, int64_t send_ms);
int schedule_remove(struct transition *, int64_t message_id, int64_t account_id);
/* Releases what is due, a bounded number. */
int schedule_sweep(struct transition *);

/* key.c: 0, or what queue_key says, or -errno */
int key_find(struct transition *, const struct submission *, struct submitted *);
int key_store(struct transition *, const struct submission *, int64_t message_id);

/* attempt.c */
struct attempt {
    int64_t message_id, line_id, started_ms;
    int n;
    unsigned seq;
    enum attempt_state state;
    int st;
    int64_t report_scts_ms, report_done_ms;
    char to[ADDRESS_MAX]; /* only where the statement joins the message */
};
int64_t attempt_id(int64_t message_id, int n);
int attempt_end(struct transition *, const struct attempt *, enum attempt_state, int mr, const char *reason);

/* report.c */
/* Applies kept reports that belong to an attempt that has just become SENT; mr -1 (unknown): those to its
 * recipient. */
int report_settle_kept(struct transition *, struct attempt *, int mr);
/* A kept report proves that an attempt of unknown outcome was sent: 1 and *mr, or 0. It stays kept. */
int report_proves(struct transition *, const struct attempt *, int *mr);
int report_sweep(struct transition *);

/* parts.c */
int parts_sweep(struct transition *);

/* hooks.c */
int hook_add(struct transition *, int64_t message_id, enum message_status, int error_code, int64_t done_ms);

/* Throws away a bounded number of those that are too old. */
int hook_sweep(struct transition *);

/* notification.c: the same */
int notification_sweep(struct transition *);

/* usage.c: the message was just sent, or received */
int usage_count(struct transition *, int64_t message_id);

/* due.c */
void due_init(struct queue *);
void due_arm(struct queue *);
/* Moves deadlines along when the wall clock has jumped; each new transition looks. */
void due_follow_clock(struct queue *);

/* erase.c: the rows of the kinds before `end` of one message. */
int erase_rows(struct store *, int64_t message_id, enum queue_rows end, int64_t rows[QUEUE_ROWS]);

/* read.c */
bool read_brief(struct queue *, int64_t message_id, struct message *);
void read_close(struct queue *);

#endif
