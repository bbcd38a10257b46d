#include "host/modem/at.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/answer.h"

#define STALL_MS         10000
#define ESC              "\x1B"
#define UNANSWERED_FRESH 2
#define URC_LINES_MAX    6

static void on_token(struct at *at, enum at_token token);
static void on_deadline(void *arg);
static void on_gap(void *arg);
static void on_stall(void *arg);

/* ---- the fd ---- */

static void drop_fd(struct at *at)
{
    if (at->readable) {
        event_free(at->readable);
        event_free(at->writable);
    }
    at->readable = at->writable = NULL;
    at->fd = -1;
    at->epoch++;
    timer_stop(&at->deadline);
    timer_stop(&at->gap);
    timer_stop(&at->stall);
    timer_stop(&at->sync_timer);
    at->sync.phase = AT_SYNC_NONE;
    at->dirty = true;
}

static void finish(struct at *at, const struct at_result *result)
{
    struct at_command command = at->command;
    at->busy = false;
    timer_stop(&at->deadline);
    at->free_at_ms = clock_mono_ms() + at->gap_ms;
    if (command.on_done) {
        command.on_done(at->arg, result, at->first);
    }
}

static void gone(struct at *at, int error)
{
    bool busy = at->busy;
    drop_fd(at);
    unsigned epoch = at->epoch;
    if (busy) {
        struct at_result result;
        at_result_set(&result, AT_GONE, 0);
        finish(at, &result);
    }
    if (at->epoch == epoch) {
        at->events->gone(at->arg, error);
    }
}

static void flush_out(struct at *at)
{
    while (at->out_len > 0) {
        ssize_t n = write(at->fd, at->out, at->out_len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            event_add(at->writable, NULL);
            if (!timer_armed(&at->stall)) {
                timer_set(&at->stall, STALL_MS);
            }
            return;
        }
        if (n < 0) {
            /* The read side reports it in this turn: the caller of at_command need not expect callbacks from
             * inside. */
            timer_set(&at->stall, 0);
            return;
        }
        memmove(at->out, at->out + n, at->out_len - (size_t)n);
        at->out_len -= (size_t)n;
    }
    timer_stop(&at->stall);
}

static void put(struct at *at, const char *data, size_t len)
{
    if (at->fd < 0 || len > sizeof at->out - at->out_len) {
        return;
    }
    memcpy(at->out + at->out_len, data, len);
    at->out_len += len;
    flush_out(at);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct at *at = arg;
    uint8_t bytes[2048];
    (void)what;
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == EWOULDBLOCK)) {
        return;
    }
    if (n <= 0) {
        gone(at, n < 0 ? -errno : -EIO);
        return;
    }
    unsigned epoch = at->epoch;
    for (size_t at_byte = 0, used; at_byte < (size_t)n && at->epoch == epoch; at_byte += used) {
        enum at_token token = at_lexer_next(&at->lexer, bytes + at_byte, (size_t)n - at_byte, &used);
        on_token(at, token);
    }
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    flush_out(arg);
}

static void on_stall(void *arg)
{
    gone(arg, -ETIMEDOUT);
}

/* ---- sync: see the proof in at.h ---- */

#define QUIET_MS       150
#define QUIET_MAX_MS   10000
#define HAIL_MS        1000
#define PROBE_MS       5000
#define UNANSWERED_MAX 16

struct probe {
    const char *text, *prefix;
};
static const struct probe cmee = {"AT+CMEE?\r", "+CMEE:"}, cmgf = {"AT+CMGF?\r", "+CMGF:"},
                          cscs = {"AT+CSCS?\r", "+CSCS:"}, cfun = {"AT+CFUN?\r", "+CFUN:"};
/* A and B. Every pair of the four, so that two may be refused: without a SIM, say. */
static const struct probe *const pairs[][2] = {{&cmee, &cmgf}, {&cfun, &cscs}, {&cmee, &cfun},
                                               {&cmgf, &cfun}, {&cmee, &cscs}, {&cmgf, &cscs}};

static const struct probe *sync_probe(const struct at *at)
{
    bool b = at->sync.probe >= at->sync.unanswered;
    return pairs[at->sync.variant % (sizeof pairs / sizeof pairs[0])][b];
}

static void sync_end(struct at *at, int status)
{
    at->sync.phase = AT_SYNC_NONE;
    timer_stop(&at->sync_timer);
    if (status == 0) {
        at->dirty = false;
        at->sync.unanswered = 0;
    }
    at->sync.done(at->arg, status);
}

static void sync_quiet(struct at *at)
{
    at->sync.phase = AT_SYNC_QUIET;
    at->sync.quiet_until_ms = clock_mono_ms() + QUIET_MAX_MS;
    timer_set(&at->sync_timer, QUIET_MS);
}

static void sync_unanswered(struct at *at)
{
    if (at->sync.unanswered < UNANSWERED_MAX) {
        at->sync.unanswered++;
    }
}

static void sync_ask(struct at *at)
{
    bool hail = at->sync.phase == AT_SYNC_HAIL;
    const char *text = hail ? "AT\r" : sync_probe(at)->text;
    at->sync.line_seen = at->sync.spoiled = false;
    timer_set(&at->sync_timer, hail ? HAIL_MS : PROBE_MS);
    put(at, text, strlen(text));
}

static void sync_escape(struct at *at)
{
    if (at->sync.escape) {
        put(at, ESC, 1);
        sync_unanswered(at);
    }
}

static void sync_begin_asking(struct at *at)
{
    at->sync.phase = at->sync.hailed ? AT_SYNC_PROBE : AT_SYNC_HAIL;
    at->sync.probe = 0;
    sync_ask(at);
}

static void sync_fail_once(struct at *at)
{
    sync_unanswered(at);
    if (--at->sync.tries <= 0) {
        sync_end(at, -ETIMEDOUT);
    } else {
        sync_quiet(at);
    }
}

static void on_sync_timer(void *arg)
{
    struct at *at = arg;
    if (at->sync.phase == AT_SYNC_QUIET) {
        sync_begin_asking(at);
        return;
    }
    at->sync.hailed = false;
    unsigned epoch = at->epoch;
    sync_fail_once(at);
    if (at->epoch == epoch && at->sync.phase == AT_SYNC_QUIET) {
        sync_escape(at); /* the prompt may have come since */
    }
}

static void sync_final(struct at *at, const struct at_result *result)
{
    if (at->sync.phase == AT_SYNC_HAIL && result->final == AT_OK) {
        at->sync.hailed = true;
        sync_begin_asking(at);
        return;
    }
    if (at->sync.phase == AT_SYNC_PROBE && result->final == AT_OK && at->sync.line_seen &&
        !at->sync.spoiled) {
        if (at->sync.probe++ == at->sync.unanswered) {
            sync_end(at, 0);
        } else {
            sync_ask(at);
        }
        return;
    }
    at->sync.variant += at->sync.phase == AT_SYNC_PROBE;
    sync_fail_once(at);
}

/* True when the line was the sync's own. */
static bool sync_line(struct at *at, const char *line)
{
    struct at_result result;
    if (at_final_parse(line, &result)) {
        if (at->sync.phase != AT_SYNC_QUIET) {
            sync_final(at, &result);
        }
        return true;
    }
    if (at->sync.phase != AT_SYNC_PROBE) {
        return false;
    }
    const struct probe *probe = sync_probe(at);
    if (strncasecmp(line, probe->prefix, strlen(probe->prefix)) != 0) {
        return false;
    }
    at->sync.spoiled |= at->sync.line_seen;
    at->sync.line_seen = true;
    return true;
}

void at_sync(struct at *at, bool escape, int tries, void (*done)(void *arg, int status))
{
    if (at->busy && at->started) {
        sync_unanswered(at);
    }
    at->dirty = true;
    at->busy = false;
    timer_stop(&at->deadline);
    timer_stop(&at->gap);
    at->sync.done = done;
    at->sync.tries = tries;
    at->sync.hailed = false;
    at->sync.escape = escape;
    sync_escape(at);
    sync_quiet(at);
}

void at_forget_unanswered(struct at *at)
{
    at->sync.unanswered = UNANSWERED_FRESH;
    if (at->sync.phase != AT_SYNC_NONE) {
        sync_quiet(at);
    }
}

/* ---- commands ---- */

static void dirty(struct at *at)
{
    at->dirty = true;
    sync_unanswered(at);
}

static void on_deadline(void *arg)
{
    struct at *at = arg;
    struct at_result result;
    at_result_set(&result, AT_TIMEOUT, 0);
    dirty(at);
    finish(at, &result);
}

static void start(struct at *at)
{
    at->started = true;
    timer_set(&at->deadline, at->command.deadline_ms);
    char line[AT_TEXT_MAX + 1];
    int len = snprintf(line, sizeof line, "%s\r", at->text);
    put(at, line, (size_t)len);
}

static void on_gap(void *arg)
{
    start(arg);
}

int at_command(struct at *at, const struct at_command *command)
{
    if (at->fd < 0) {
        return -ENOTCONN;
    }
    if (at->dirty) {
        return -EPROTO;
    }
    if (at->busy) {
        return -EBUSY;
    }
    if (strlen(command->text) >= sizeof at->text ||
        (command->expect && strlen(command->expect) >= sizeof at->expect)) {
        return -EMSGSIZE;
    }
    at->command = *command;
    snprintf(at->text, sizeof at->text, "%s", command->text);
    snprintf(at->expect, sizeof at->expect, "%s", command->expect ? command->expect : "");
    at->busy = true;
    at->started = at->prompted = false;
    at->first[0] = at->head[0] = '\0';
    int64_t wait_ms = at->free_at_ms - clock_mono_ms();
    if (at->gap_ms > 0 && wait_ms > 0) {
        timer_set(&at->gap, wait_ms);
    } else {
        start(at);
    }
    return 0;
}

bool at_idle(const struct at *at)
{
    return at->fd >= 0 && !at->dirty && !at->busy;
}

void at_payload(struct at *at, const char *data, size_t len, int deadline_ms)
{
    if (!at->busy || !at->prompted) {
        return;
    }
    timer_set(&at->deadline, deadline_ms);
    put(at, data, len);
}

void at_hasten(struct at *at, int deadline_ms)
{
    if (at->busy) {
        timer_set(&at->deadline, deadline_ms);
    }
}

bool at_written(const struct at *at)
{
    return at->out_len == 0;
}

void at_blind(struct at *at, const char *text)
{
    at->dirty = true;
    put(at, ESC, 1);
    put(at, text, strlen(text));
    put(at, "\r", 1);
    sync_unanswered(at);
}

/* ---- lines ---- */

static bool is_digits(const char *line)
{
    size_t quote = line[0] == '"';
    size_t len = strspn(line + quote, "0123456789ABCDEFabcdef");
    return len >= 6 && line[quote + len] == (quote ? '"' : '\0');
}

static void give_line(struct at *at, const char *line, const char *body)
{
    if (at->first[0] == '\0') {
        snprintf(at->first, sizeof at->first, "%s", line);
    }
    if (at->command.body) {
        timer_set(&at->deadline, at->command.deadline_ms); /* a long list: as long as it goes on */
    }
    if (at->command.on_line) {
        at->command.on_line(at->arg, line, body);
    }
}

static void take_head(char *head, char out[AT_LINE_MAX + 1])
{
    memcpy(out, head, AT_LINE_MAX + 1);
    head[0] = '\0';
}

/* A header whose hex did not come: the entry is empty. */
static void give_head_alone(struct at *at)
{
    if (at->head[0] != '\0') {
        char head[sizeof at->head];
        take_head(at->head, head);
        give_line(at, head, NULL);
    }
}

static bool is_answer(const struct at *at, const char *line)
{
    const struct at_command *command = &at->command;
    if (at->expect[0] != '\0' && strncasecmp(line, at->expect, strlen(at->expect)) == 0) {
        return !command->accepts || command->accepts(line);
    }
    if (command->bare == AT_BARE_DIGITS) {
        return is_digits(line);
    }
    return command->bare == AT_BARE_TEXT && at->first[0] == '\0' && isalnum((unsigned char)line[0]) &&
           at_urc_find(line) == AT_URC_NONE;
}

static bool command_line(struct at *at, const char *line)
{
    struct at_result result;
    if (at_final_parse(line, &result)) {
        unsigned epoch = at->epoch;
        give_head_alone(at);
        if (at->epoch == epoch && at->busy) {
            finish(at, &result);
        }
        return true;
    }
    if (!is_answer(at, line)) {
        return false;
    }
    give_head_alone(at);
    if (at->command.body) {
        snprintf(at->head, sizeof at->head, "%s", line);
        at->urc_is_newer = false;
    } else {
        give_line(at, line, NULL);
    }
    return true;
}

/* A command that comes back: before ATE0, or the modem has restarted without a word. */
static bool is_echo(const struct at *at, const char *line)
{
    return strncasecmp(line, "AT", 2) == 0 &&
           (at->sync.phase != AT_SYNC_NONE || (at->busy && strcmp(line, at->text) == 0));
}

/* The hex that a head waits for, of a two-line URC or of an answer: true when it was. When both wait, one has
 * cut into the other: the length decides, else the newer head. */
static bool hex_line(struct at *at, const char *line)
{
    bool running = at->sync.phase == AT_SYNC_NONE && at->busy && at->started;
    bool of_answer = running && at->head[0] != '\0', of_urc = at->urc_head[0] != '\0';
    bool fits_urc = of_urc && answer_pdu_fits(at->urc_head, line);
    char head[AT_LINE_MAX + 1];
    if (!answer_is_hex(line) || (of_urc && !fits_urc && !of_answer && running && is_answer(at, line))) {
        return false; /* digits that the command asked for */
    }
    if (of_urc && of_answer) {
        bool fits_answer = answer_pdu_fits(at->head, line);
        of_urc = fits_urc == fits_answer ? at->urc_is_newer : fits_urc;
    }
    if (of_urc) {
        take_head(at->urc_head, head);
        at->events->urc(at->arg, at->urc, head, line);
    } else if (of_answer) {
        take_head(at->head, head);
        give_line(at, head, line);
    }
    return of_urc || of_answer;
}

static void plain_line(struct at *at, const char *line)
{
    if (at->sync.phase != AT_SYNC_NONE ? sync_line(at, line)
                                       : at->busy && at->started && command_line(at, line)) {
        return;
    }
    enum at_urc urc = at_urc_find(line);
    if (at_urc_has_body(urc)) {
        at->urc = urc;
        at->urc_is_newer = true;
        at->urc_lines = 0;
        snprintf(at->urc_head, sizeof at->urc_head, "%s", line);
    } else if (urc != AT_URC_NONE) {
        at->events->urc(at->arg, urc, line, NULL);
    } else {
        at->events->stray(at->arg, line);
    }
}

/* Whether a two-line URC has waited in vain: over a few lines of any kind (even the OK of the ATH that a RING
 * between the two has brought about), but not over the next of its kind. */
static bool is_urc_lost(struct at *at, const char *line)
{
    return at->urc_head[0] != '\0' && (++at->urc_lines > URC_LINES_MAX || at_urc_has_body(at_urc_find(line)));
}

/* A lost one is told of without its hex: last, because whoever hears it may ask something, which this line
 * must not answer. */
static void on_line(struct at *at, const char *line)
{
    char lost[AT_LINE_MAX + 1] = "";
    if (hex_line(at, line)) {
        return;
    }
    if (is_echo(at, line)) {
        at->echoes++;
        if (at->echo_off && at->sync.phase == AT_SYNC_NONE) {
            at->events->urc(at->arg, AT_URC_ECHO, line, NULL);
        }
        return;
    }
    unsigned epoch = at->epoch;
    enum at_urc urc = at->urc;
    if (is_urc_lost(at, line)) {
        take_head(at->urc_head, lost);
    }
    plain_line(at, line);
    if (lost[0] != '\0' && at->epoch == epoch) {
        at->events->urc(at->arg, urc, lost, NULL);
    }
}

/* Too long for a line of any kind: what waits for its hex waits in vain. */
static void on_junk(struct at *at)
{
    char lost[AT_LINE_MAX + 1];
    take_head(at->urc_head, lost);
    at->head[0] = '\0';
    if (lost[0] != '\0') {
        at->events->urc(at->arg, at->urc, lost, NULL);
    }
}

static void on_prompt(struct at *at)
{
    if (at->busy && at->started && at->command.prompt && !at->prompted) {
        at->prompted = true;
        timer_stop(&at->deadline);
        at->command.on_prompt(at->arg);
    } else if (!at->busy && at->sync.phase == AT_SYNC_NONE) {
        at->events->stray(at->arg, ">");
    }
}

static void on_token(struct at *at, enum at_token token)
{
    if (at->sync.phase == AT_SYNC_QUIET && clock_mono_ms() < at->sync.quiet_until_ms) {
        timer_set(&at->sync_timer, QUIET_MS);
    }
    switch (token) {
    case AT_TOKEN_NONE: break;
    case AT_TOKEN_JUNK: on_junk(at); break;
    case AT_TOKEN_PROMPT: on_prompt(at); break;
    case AT_TOKEN_LINE: {
        char line[AT_LINE_MAX + 1]; /* the lexer's own may change while callbacks run */
        memcpy(line, at->lexer.line, at->lexer.len + 1);
        on_line(at, line);
        break;
    }
    }
}

/* ---- life ---- */

void at_init(struct at *at, struct loop *loop, const struct at_events *events, void *arg)
{
    memset(at, 0, sizeof *at);
    at->loop = loop;
    at->events = events;
    at->arg = arg;
    at->fd = -1;
    at->dirty = true;
    timer_init(&at->deadline, loop, on_deadline, at);
    timer_init(&at->gap, loop, on_gap, at);
    timer_init(&at->stall, loop, on_stall, at);
    timer_init(&at->sync_timer, loop, on_sync_timer, at);
}

void at_attach(struct at *at, int fd)
{
    at_detach(at);
    at->fd = fd;
    at->epoch++;
    at_lexer_init(&at->lexer);
    at->out_len = 0;
    at->busy = at->echo_off = false;
    at->urc_head[0] = at->head[0] = '\0';
    at->dirty = true;
    at->sync.unanswered = UNANSWERED_FRESH;
    at->readable = event_new(loop_base(at->loop), fd, EV_READ | EV_PERSIST, on_readable, at);
    at->writable = event_new(loop_base(at->loop), fd, EV_WRITE, on_writable, at);
    if (!at->readable || !at->writable) {
        fatal("no memory");
    }
    event_add(at->readable, NULL);
}

void at_detach(struct at *at)
{
    drop_fd(at);
    at->busy = false;
}
