#include "at.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "journal.h"
#include "modem.h"

enum { LINE_MAX_LEN = 2048, CTRL_Z = 0x1A, ESC = 0x1B, BACKSPACE = 0x08 };

static const struct at_command *const tables[] = {at_base_commands, at_card_commands,   at_radio_commands,
                                                  at_send_commands, at_memory_commands, at_receive_commands,
                                                  at_text_commands, at_book_commands,   at_power_commands};
enum { TABLES = sizeof tables / sizeof tables[0] };

static void run_chain(struct modem *);

/* ---- output ---- */

/* Information text, V.250 5.7.1: one empty line before the first, each on its own line. */
void at_info(struct modem *m, const char *format, ...)
{
    char line[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (!m->at.info_open && m->v.verbose)
        buf_adds(&m->at.answer, "\r\n");
    m->at.info_open = true;
    buf_addf(&m->at.answer, "%s\r\n", line);
}

void at_urc(struct modem *m, const char *format, ...)
{
    char line[1200];
    va_list args;
    if (m->power != POWER_ON && m->power != POWER_ENDING)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    struct buf out = {0};
    buf_addf(&out, "\r\n%s\r\n", line);
    modem_count(m, COUNT_urc);
    fault_write(m, STREAM_URCS, out.data, out.len);
    buf_fini(&out);
}

/* The answer leaves; then what was typed too soon is looked at. */
static void send_answer(struct modem *m)
{
    struct at *at = &m->at;
    at->running = at->entering ? at->running : false;
    at->held = at->violated = at->info_open = false;
    struct buf out = at->answer;
    at->answer = (struct buf){0};
    fault_write(m, STREAM_ANSWERS, buf_text(&out), out.len);
    buf_fini(&out);
    at->answer_end = m->port.out_bytes + m->port.out.len;
    struct buf early = at->early;
    at->early = (struct buf){0};
    for (size_t i = 0; i < early.len; i++)
        at_byte(m, (unsigned char)early.data[i]);
    buf_fini(&early);
}

static void garble(struct buf *b)
{
    for (size_t i = 2; i < b->len; i += 5)
        b->data[i] = (char)(b->data[i] ^ 0x15);
}

/* A line comes in the middle of the answer. */
static void tear(struct buf *b, const struct fault *f)
{
    struct buf torn = {0};
    size_t at = (size_t)f->number < b->len ? (size_t)f->number : b->len;
    buf_add(&torn, buf_text(b), at);
    buf_addf(&torn, "\r\n%s\r\n%s", f->text, buf_text(b) + at);
    buf_fini(b);
    *b = torn;
}

/* Bytes of its middle never come: the host's buffer was full. */
static void lose(struct buf *b, size_t bytes)
{
    struct buf left = {0};
    size_t lost = bytes < b->len ? bytes : b->len, at = (b->len - lost) / 2;
    buf_add(&left, buf_text(b), at);
    buf_adds(&left, buf_text(b) + at + lost);
    buf_fini(b);
    *b = left;
}

/* The answer is lost, or another one told; a prompt among them was never shown. */
static void replace_answer(struct modem *m, const char *text)
{
    m->at.entering = false;
    buf_clear(&m->at.answer);
    if (text != NULL)
        buf_addf(&m->at.answer, "\r\n%s\r\n", text);
}

/* The answer is complete: a fault may keep, spoil or lose it. */
static void complete(struct modem *m)
{
    struct fault f;
    if (!fault_take(m, FAULT_AFTER, &f)) {
        send_answer(m);
        return;
    }
    if (f.kind == FAULT_HOLD) {
        m->at.held = true;
        return;
    }
    if (f.kind == FAULT_DELAY) {
        timer_set(&m->at.release, (int64_t)f.number * 1000);
        return;
    }
    if (f.kind == FAULT_GARBLE)
        garble(&m->at.answer);
    else if (f.kind == FAULT_TEAR)
        tear(&m->at.answer, &f);
    else if (f.kind == FAULT_LOSE)
        lose(&m->at.answer, (size_t)f.number);
    else
        replace_answer(m, f.kind == FAULT_ERROR_AFTER ? f.text : NULL);
    send_answer(m);
}

static void on_release(void *arg)
{
    send_answer(arg);
}

void at_release(struct modem *m)
{
    if (!m->at.held && m->at.release.slot == 0)
        return;
    timer_stop(&m->at.release);
    send_answer(m);
}

static void end_line(struct modem *m, int status)
{
    buf_clear(&m->at.chain);
    if (status != AT_SILENT && !m->v.quiet)
        at_result_text(m, status, &m->at.answer);
    complete(m);
}

void at_finish(struct modem *m, int status)
{
    m->at.entering = false;
    if (status == AT_OK && m->at.chain_at < m->at.chain.len)
        run_chain(m);
    else
        end_line(m, status);
}

void at_finish_raw(struct modem *m, const char *text)
{
    m->at.entering = false;
    buf_clear(&m->at.chain);
    buf_clear(&m->at.answer);
    buf_adds(&m->at.answer, text);
    complete(m);
}

/* The prompt of +CMGS, TS 27.005 4.3: <CR><LF>><space>, without a line's end. */
static void show_prompt(struct modem *m)
{
    m->at.entering = true;
    buf_clear(&m->at.line);
    buf_adds(&m->at.answer, "\r\n> ");
    modem_count(m, COUNT_prompt);
    complete(m);
}

static void on_done(void *arg)
{
    struct modem *m = arg;
    if (m->at.status == AT_PROMPT)
        show_prompt(m);
    else
        at_finish(m, m->at.status);
}

void at_finish_after(struct modem *m, int ms, int status)
{
    m->at.status = status;
    if (ms > 0)
        timer_set(&m->at.done, (int64_t)ms * 1000);
    else
        on_done(m);
}

void at_prompt(struct modem *m, int after_ms, void (*entered)(struct modem *, const struct buf *typed))
{
    m->at.entered = entered;
    at_finish_after(m, after_ms, AT_PROMPT);
}

/* ---- command lines ---- */

static const struct at_command *find(const char *name)
{
    for (int t = 0; t < TABLES; t++)
        for (const struct at_command *c = tables[t]; c->name != NULL; c++)
            if (strcmp(c->name, name) == 0)
                return c;
    return NULL;
}

static bool profile_lacks(const struct modem *m, const char *name)
{
    for (const char *const *p = m->profile->unknown; *p != NULL; p++)
        if (strcmp(*p, name) == 0)
            return true;
    return false;
}

/* Cuts "a","b",3 into its fields. */
static void split_args(struct at_args *a)
{
    char *at = a->text;
    while (a->n < AT_ARGS) {
        bool quoted = false;
        while (*at == ' ')
            at++;
        char *out = at;
        a->v[a->n++] = at;
        for (; *at != '\0' && (quoted || *at != ','); at++) {
            if (*at == '"')
                quoted = !quoted;
            else
                *out++ = *at;
        }
        bool more = *at == ',';
        *out = '\0';
        if (!more)
            return;
        at++;
    }
}

bool at_int(const struct at_args *a, int i, int missing, int min, int max, int *out)
{
    char *end;
    if (i >= a->n || a->v[i][0] == '\0') {
        *out = missing;
        return true;
    }
    errno = 0;
    long n = strtol(a->v[i], &end, 10);
    *out = (int)n;
    return errno == 0 && *end == '\0' && n >= min && n <= max;
}

static int card_missing(const struct modem *m, enum at_need need)
{
    static const struct {
        int cme, cms;
    } code[] = {[CARD_READY] = {0, 0},     [CARD_PIN] = {11, 311},  [CARD_PUK] = {12, 316},
                [CARD_ABSENT] = {10, 310}, [CARD_BUSY] = {14, 314}, [CARD_FAILED] = {13, 313}};
    if (need == NEED_NOTHING || m->card == CARD_READY)
        return AT_OK;
    return need == NEED_CARD ? AT_CME | code[m->card].cme : AT_CMS | code[m->card].cms;
}

static int test_command(struct modem *m, const struct at_command *c, const struct at_args *a)
{
    if (c->test_fn != NULL)
        return c->test_fn(m, a);
    if (c->test == NULL)
        return AT_ERROR;
    if (c->test[0] != '\0')
        at_info(m, "%s: %s", c->name, c->test);
    return AT_OK;
}

/* operation: "" execute, "?" read, "=?" test, "=" set. */
static int call(struct modem *m, const struct at_command *c, const char *operation, const struct at_args *a)
{
    int (*fn)(struct modem *, const struct at_args *) = operation[0] == '\0'  ? c->exec
                                                        : operation[0] == '?' ? c->read
                                                                              : c->set;
    if (strcmp(operation, "=?") == 0)
        return test_command(m, c, a);
    int missing = card_missing(m, c->need);
    if (missing != AT_OK)
        return missing;
    return fn != NULL ? fn(m, a) : AT_ERROR;
}

bool at_spoiled(struct modem *m)
{
    struct fault f;
    if (!fault_take(m, FAULT_BEFORE, &f))
        return false;
    char text[300] = "";
    if (f.kind == FAULT_ERROR)
        snprintf(text, sizeof text, "\r\n%s\r\n", f.text);
    else if (f.kind == FAULT_ANSWER)
        snprintf(text, sizeof text, "%s", f.text);
    at_finish_raw(m, text);
    return true;
}

/* One command of the line. AT_PENDING: it ends later, or has ended already by a fault. */
static int run_one(struct modem *m, const char *operation, struct at_args *a)
{
    const struct at_command *c = profile_lacks(m, m->at.name) ? NULL : find(m->at.name);
    bool typed_set = operation[0] == '=' && operation[1] == '\0';
    memcpy(m->at.operation, operation, sizeof m->at.operation);
    m->at.stage = c != NULL && c->stage != NULL && typed_set ? c->stage : m->at.name;
    modem_count(m, COUNT_command);
    modem_count_command(m, m->at.name);
    if (m->hang == HANG_CFUN && strcmp(m->at.name, "+CFUN") == 0)
        modem_cure(m, HANG_CFUN);
    if (m->hang != HANG_NONE)
        return AT_SILENT;
    if (at_spoiled(m))
        return AT_PENDING;
    split_args(a);
    int status = c != NULL ? call(m, c, operation, a) : AT_ERROR;
    if (m->set.command_ms > 0 && status != AT_PENDING) {
        at_finish_after(m, m->set.command_ms, status);
        return AT_PENDING;
    }
    return status;
}

/* The name of an extended command (+CMGS), or of a basic one with its digits as the argument (E0, &F, S3=13).
 */
static size_t take_name(const char *at, char name[32])
{
    size_t n = 0;
    if (strchr("+^#$%*!", *at) != NULL) {
        do
            name[n] = (char)toupper((unsigned char)at[n]);
        while (++n < 31 && (isalnum((unsigned char)at[n]) || at[n] == '_'));
    } else {
        if (*at == '&' || *at == '\\')
            name[n++] = at[0];
        if (at[n] != '\0')
            name[n] = (char)toupper((unsigned char)at[n]), n++;
        if (name[0] == 'S')
            while (n < 4 && isdigit((unsigned char)at[n]))
                name[n] = at[n], n++;
    }
    name[n] = '\0';
    return n;
}

static size_t extended_end(const char *at)
{
    bool quoted = false;
    size_t n = 0;
    for (; at[n] != '\0' && (quoted || at[n] != ';'); n++)
        if (at[n] == '"')
            quoted = !quoted;
    return n;
}

static size_t basic_end(const char *name, const char *at)
{
    if (name[0] == 'D')
        return strlen(at); /* a dial string takes the rest of the line */
    if (*at == '?')
        return 1;
    return *at == '=' ? 1 + strspn(at + 1, "0123456789?") : strspn(at, "0123456789");
}

/* Takes the next command off the line: its name, what is asked of it, its argument. */
static void take_command(struct at *at, char operation[3], struct at_args *a)
{
    const char *text = at->chain.data + at->chain_at;
    const char *rest = text + take_name(text, at->name);
    bool extended = strchr("+^#$%*!", at->name[0]) != NULL && at->name[0] != '\0';
    size_t len = extended ? extended_end(rest) : basic_end(at->name, rest);
    operation[0] = operation[1] = operation[2] = '\0';
    if (len > 0 && (rest[0] == '?' || rest[0] == '='))
        operation[0] = rest[0];
    else if (len > 0)
        operation[0] = '='; /* E0 sets E to 0 */
    if (operation[0] == '=' && len == 2 && rest[1] == '?')
        operation[1] = '?';
    size_t skip = len > 0 && (rest[0] == '=' || rest[0] == '?') ? 1 : 0;
    snprintf(a->text, sizeof a->text, "%.*s", (int)(len - skip), rest + skip);
    at->chain_at = (size_t)(rest + len - at->chain.data);
    while (at->chain.data[at->chain_at] == ';' || at->chain.data[at->chain_at] == ' ')
        at->chain_at++;
}

static void run_chain(struct modem *m)
{
    int status = AT_OK;
    while (status == AT_OK && m->at.chain_at < m->at.chain.len) {
        struct at_args a = {0};
        char raw[sizeof a.text], operation[3];
        take_command(&m->at, operation, &a);
        memcpy(raw, a.text, sizeof raw);
        a.raw = raw;
        status = run_one(m, operation, &a);
    }
    if (status != AT_PENDING)
        end_line(m, status);
}

/* V.250 5.2.1: what stands before AT is not ours; a line without AT gets no answer. */
static const char *find_prefix(const char *line)
{
    for (; *line != '\0'; line++)
        if (strncasecmp(line, "AT", 2) == 0)
            return line + 2;
    return NULL;
}

static void run_line(struct modem *m)
{
    const char *body = find_prefix(buf_text(&m->at.line));
    if (body == NULL || (m->hang != HANG_NONE && m->hang != HANG_CFUN)) {
        buf_clear(&m->at.line);
        return;
    }
    buf_clear(&m->at.chain);
    buf_adds(&m->at.chain, body);
    buf_clear(&m->at.line);
    m->at.chain_at = strspn(body, " ");
    m->at.running = true;
    m->at.stage = "AT";
    m->at.operation[0] = '\0';
    m->at.name[0] = '\0';
    if (m->at.chain_at < m->at.chain.len)
        run_chain(m);
    else if (m->hang != HANG_NONE)
        end_line(m, AT_SILENT);
    else if (!at_spoiled(m))
        at_finish_after(m, m->set.command_ms, AT_OK);
}

/* ---- input ---- */

static void echo(struct modem *m, unsigned char byte)
{
    if (m->v.echo && m->hang == HANG_NONE)
        port_write(&m->port, (const char *)&byte, 1);
}

static void abort_command(struct modem *m)
{
    timer_stop(&m->at.done);
    timer_stop(&m->at.release);
    m->at.held = false;
    at_finish_raw(m, "\r\nERROR\r\n");
}

/* A character while a command runs, or while its answer is still on the line. */
static void violate(struct modem *m)
{
    if (!m->at.violated) {
        m->at.violated = true;
        modem_count(m, COUNT_violation);
        journal_event(m, "violation", m->at.stage);
    }
}

static void entry_byte(struct modem *m, unsigned char byte)
{
    struct at *at = &m->at;
    if (fault_happens(m, WHEN_PDU_BYTE))
        return;
    if (byte == ESC) {
        modem_count(m, COUNT_escape);
        at_finish(m, AT_OK);
    } else if (byte == CTRL_Z) {
        at->entering = false;
        at->stage = at->name;
        at->entered(m, &at->line);
    } else if (byte == BACKSPACE && at->line.len > 0) {
        at->line.data[--at->line.len] = '\0';
    } else if (at->line.len < LINE_MAX_LEN) {
        buf_add(&at->line, &byte, 1);
        echo(m, byte);
        if (byte == '\r')
            port_write(&m->port, "\n> ", 3);
    }
}

static void command_byte(struct modem *m, unsigned char byte)
{
    struct buf *line = &m->at.line;
    if (m->port.out_bytes < m->at.answer_end && byte != '\n')
        violate(m);
    if (byte == '\n' || byte == ESC || byte == '\0')
        return;
    echo(m, byte);
    if (byte == '\r')
        run_line(m);
    else if (byte == BACKSPACE && line->len > 0)
        line->data[--line->len] = '\0';
    else if (line->len < LINE_MAX_LEN && byte < 0x80)
        buf_add(line, &byte, 1);
}

void at_byte(struct modem *m, unsigned char byte)
{
    struct at *at = &m->at;
    if (m->power != POWER_ON)
        return;
    if (byte == ESC && modem_cure(m, HANG_RESYNC))
        buf_clear(&at->line);
    if (at->entering && !at->held && at->release.slot == 0) {
        entry_byte(m, byte);
        return;
    }
    if (!at->running) {
        command_byte(m, byte);
        return;
    }
    if (byte == '\n')
        return;
    violate(m);
    if (m->set.abort_on_input)
        abort_command(m);
    else
        buf_add(&at->early, &byte, 1);
}

bool at_idle(const struct modem *m)
{
    return !m->at.running && !m->at.entering && port_quiet(&m->port);
}

/* ---- life ---- */

void at_init(struct modem *m)
{
    m->at.done = (struct timer){.fn = on_done, .arg = m};
    m->at.release = (struct timer){.fn = on_release, .arg = m};
    m->at.stage = "AT";
}

void at_reset(struct modem *m)
{
    struct at *at = &m->at;
    timer_stop(&at->done);
    timer_stop(&at->release);
    at->running = at->entering = at->held = at->violated = at->info_open = false;
    at->answer_end = 0;
    buf_clear(&at->line);
    buf_clear(&at->early);
    buf_clear(&at->chain);
    buf_clear(&at->answer);
}

void at_fini(struct modem *m)
{
    at_reset(m);
    buf_fini(&m->at.line);
    buf_fini(&m->at.early);
    buf_fini(&m->at.chain);
    buf_fini(&m->at.answer);
}
