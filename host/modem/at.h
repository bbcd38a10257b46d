/* One AT conversation on one file descriptor: one command at a time, answers told from unsolicited codes,
 * deadlines.
 *
 * A line belongs to the command in flight only if it is what that command expects (a prefix, or a bare line);
 * all else is a URC or noise, wherever it comes: between command and answer, between prompt and result,
 * inside an answer of many lines.
 *
 * After a command that got no final result (deadline, or given up) the channel is dirty: at_command refuses
 * until at_sync has succeeded. The proof that no late line, not even a late OK, can answer a later command: a
 * modem answers command lines in order, each with at most one final result (V.250 clause 5.6). Let m be the
 * number of commands that got none since the channel was last clean: at most m answers are late. The sync
 * sends m probes A, then one probe B, one at a time, and takes an answer only in its own form (A: "+CMEE: n"
 * and OK, B: "+CMGF: n" and OK; or another pair of such queries, when one of these is refused). Were the
 * answer taken for B's a late one, it would be that of the command sent k <= m places before B; but those are
 * all A, whose answers do not have that form. So it is B's own, and nothing is owed any more. Anything else
 * in between (an OK without its line, an error, a second line) starts again, and a probe without an answer
 * adds one to m. m begins at 2 on a fresh port: a command of whoever had it before, and ESC.
 *
 * Fails by result: AT_TIMEOUT, AT_GONE; at_command returns -errno. Callbacks may call any function here,
 * at_detach included. A write that does not drain in 10 s, EIO, HUP: the port is gone. */
#ifndef CELLPOST_MODEM_AT_H
#define CELLPOST_MODEM_AT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/loop.h"
#include "host/modem/at_lex.h"
#include "host/modem/at_words.h"

#define AT_TEXT_MAX   160
#define AT_OUT_MAX    1024
#define AT_EXPECT_MAX 24

enum at_bare { AT_BARE_NONE, AT_BARE_TEXT, AT_BARE_DIGITS };

/* Copied by at_command, strings and all. Callbacks get the arg of at_init. */
struct at_command {
    const char *text;   /* "AT+CSQ"; the CR is added */
    const char *expect; /* "+CSQ:", the prefix of its information lines; NULL = none */
    enum at_bare bare;  /* it answers (also) with a line that has no prefix: text, or digits only */
    bool (*accepts)(const char *line); /* of lines with the prefix, which are the answer; NULL = all */
    bool body;       /* each information line is followed by one of hex, and begins the deadline anew */
    bool prompt;     /* asks for a payload: on_prompt, then at_payload or at_sync */
    int deadline_ms; /* to the final result, or to the prompt */
    void (*on_line)(void *arg, const char *line, const char *body); /* NULL = only the first line is kept */
    void (*on_prompt)(void *arg);
    void (*on_done)(void *arg, const struct at_result *,
                    const char *first); /* first: the first information line, "" if none */
};

struct at_events {
    void (*urc)(void *arg, enum at_urc, const char *line,
                const char *body);              /* body: second line of a two-line URC, NULL when it never
                                                   came; else NULL */
    void (*stray)(void *arg, const char *line); /* nobody asked for it: ">" is a prompt */
    void (*gone)(void *arg,
                 int error); /* after the command in flight ended as AT_GONE; the fd is not used any more */
};

enum at_sync_phase { AT_SYNC_NONE, AT_SYNC_QUIET, AT_SYNC_HAIL, AT_SYNC_PROBE };

struct at_sync {
    enum at_sync_phase phase;
    unsigned unanswered; /* m above */
    unsigned probe;      /* which one is in flight: 0..m-1 are A, m is B */
    unsigned variant;    /* which A and B: some modems refuse one or the other */
    bool line_seen, spoiled, hailed, escape;
    int tries;
    int64_t quiet_until_ms;
    void (*done)(void *arg, int status);
};

struct at {
    struct loop *loop;
    const struct at_events *events;
    void *arg;
    int fd;
    struct event *readable, *writable;
    unsigned epoch; /* grows with each attach and detach: whoever calls back checks it */
    struct at_lexer lexer;
    char out[AT_OUT_MAX];
    size_t out_len;
    bool dirty, echo_off; /* echo_off: a command that comes back is an AT_URC_ECHO */
    unsigned echoes;

    bool busy, started, prompted;
    struct at_command command;
    char text[AT_TEXT_MAX], expect[AT_EXPECT_MAX];
    char first[AT_LINE_MAX + 1], head[AT_LINE_MAX + 1]; /* head: an information line that waits for its hex */
    char urc_head[AT_LINE_MAX + 1];
    bool urc_is_newer;  /* than head */
    unsigned urc_lines; /* that have come since */
    enum at_urc urc;
    int gap_ms;
    int64_t free_at_ms; /* the gap after the last final result ends */
    struct timer deadline, gap, stall, sync_timer;
    struct at_sync sync;
};

void at_init(struct at *, struct loop *, const struct at_events *, void *arg);
/* Takes the conversation to this fd, non-blocking, which stays the caller's to close after at_detach. Dirty
 * at first. */
void at_attach(struct at *, int fd);
/* Forgets the fd; a command in flight ends without a callback. */
void at_detach(struct at *);

/* 0; -EBUSY: a command is in flight; -EPROTO: dirty; -ENOTCONN; -EMSGSIZE. The deadline begins when it is
 * written (after the gap). */
int at_command(struct at *, const struct at_command *);
bool at_idle(const struct at *); /* at_command would be taken */
/* What was awaited has been heard but for its final result: that one has no longer than this. */
void at_hasten(struct at *, int deadline_ms);
/* After on_prompt. One write; the command then waits for its final result until the deadline. */
void at_payload(struct at *, const char *data, size_t len, int deadline_ms);
/* True when every byte given so far is the kernel's. */
bool at_written(const struct at *);
/* Proves the channel clean again, see above; a command in flight is given up without a callback. escape: ESC
 * first, which leaves a prompt; never while a payload's result is unknown. tries: of "AT". done(0) or
 * done(-ETIMEDOUT). */
void at_sync(struct at *, bool escape, int tries, void (*done)(void *arg, int status));
/* The modem has been restarted: nothing late can come of what was before. */
void at_forget_unanswered(struct at *);
/* For the ladder: writes although nobody answers. The channel is dirty after it. */
void at_blind(struct at *, const char *text);

#endif
