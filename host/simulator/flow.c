/* See flow.h. The reader trusts nothing: the file may have been written by hand. */
#include "host/simulator/flow.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"

#define AT_MOST (366 * CLOCK_DAY_MS) /* a year: nothing overflows */

/* Which members a kind has. */
enum { HAS_TRY = 1, HAS_FROM = 2, HAS_TO = 4, HAS_TEXT = 8, HAS_ERROR = 16, HAS_RETRY = 32, HAS_ST = 64 };

static const struct {
    const char *word;
    unsigned has;
    enum outcome outcome; /* 0 = none */
} kinds[FLOW_KINDS] = {
    [FLOW_ACCEPTED] = {"accepted", HAS_FROM | HAS_TO | HAS_TEXT, 0},
    [FLOW_IN_FLIGHT] = {"in_flight", HAS_TRY | HAS_TO, 0},
    [FLOW_SENT] = {"sent", HAS_TRY, OUTCOME_SENT},
    [FLOW_RETRY] = {"retry", HAS_TRY | HAS_RETRY, OUTCOME_RETRY},
    [FLOW_REJECTED] = {"rejected", HAS_TRY | HAS_ERROR, OUTCOME_REJECT},
    [FLOW_UNSURE] = {"unsure", HAS_TRY, OUTCOME_UNSURE},
    [FLOW_REPORT] = {"report", HAS_TRY | HAS_ST, 0},
    [FLOW_RECEIVED] = {"received", HAS_FROM | HAS_TO | HAS_TEXT, 0},
};

/* ---- writing ---- */

static char *dump(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL)
        fatal("out of memory");
    return text;
}

static void put_text(json_t *object, const char *key, const char *text)
{
    json_t *value = text != NULL ? json_string(text) : NULL; /* NULL also when it is not UTF-8 */
    json_object_set_new(object, key, value != NULL ? value : json_string(""));
}

char *flow_write_head(bool masked, bool bodies)
{
    return dump(json_pack("{s:i, s:s, s:b}", "cellpost_flow", 1, "numbers", masked ? "masked" : "full",
                          "bodies", bodies));
}

char *flow_write(const struct flow_event *event)
{
    unsigned has = kinds[event->kind].has;
    json_t *object =
        json_pack("{s:I, s:s}", "at_ms", (json_int_t)event->at_ms, "event", kinds[event->kind].word);
    if (event->kind != FLOW_RECEIVED)
        json_object_set_new(object, "message", json_integer(event->message));
    if (has & HAS_TRY)
        json_object_set_new(object, "attempt", json_integer(event->attempt));
    if (has & HAS_FROM)
        put_text(object, "from", event->from);
    if (has & HAS_TO)
        put_text(object, "to", event->to);
    if (has & HAS_TEXT)
        put_text(object, "text", event->text);
    if (has & HAS_ERROR)
        json_object_set_new(object, "error", json_integer(event->error));
    if (has & HAS_RETRY)
        json_object_set_new(object, "retry_ms", json_integer(event->retry_ms));
    if (has & HAS_ST)
        json_object_set_new(object, "st", json_integer(event->st));
    return dump(object);
}

/* ---- reading ---- */

struct reader {
    struct flow *flow;
    size_t line, events;
    char *error;
};

static int bad(const struct reader *reader, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int bad(const struct reader *reader, const char *fmt, ...)
{
    va_list args;
    int len = snprintf(reader->error, 256, "line %zu: ", reader->line);
    va_start(args, fmt);
    vsnprintf(reader->error + len, 256 - (size_t)len, fmt, args);
    va_end(args);
    return -EINVAL;
}

static int take_int(const struct reader *reader, const json_t *object, const char *key, int64_t least,
                    int64_t most, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    *out = json_integer_value(value);
    if (json_is_integer(value) && *out >= least && *out <= most)
        return 0;
    return bad(reader, "%s is a whole number from %lld to %lld", key, (long long)least, (long long)most);
}

static int take_number(const struct reader *reader, const json_t *object, const char *key,
                       char out[NUMBER_MAX * 2])
{
    const json_t *value = json_object_get(object, key);
    size_t len = json_string_length(value);
    if (!json_is_string(value) || len == 0 || len >= NUMBER_MAX * 2 ||
        strlen(json_string_value(value)) != len)
        return bad(reader, "%s is a number or a name of 1 to %d octets", key, NUMBER_MAX * 2 - 1);
    memcpy(out, json_string_value(value), len + 1);
    return 0;
}

static void *grow(void *array, size_t count, size_t size)
{
    if ((count & (count + 1)) != 0) /* room for the next power of two, less one */
        return array;
    void *grown = realloc(array, (count * 2 + 1) * size);
    if (grown == NULL)
        fatal("out of memory");
    return grown;
}

static struct flow_try *find_try(struct flow *flow, int64_t message, int64_t attempt)
{
    for (size_t i = flow->try_count; i > 0; i--)
        if (flow->tries[i - 1].message == message && flow->tries[i - 1].attempt == attempt)
            return &flow->tries[i - 1];
    return NULL;
}

static int read_in_flight(struct reader *reader, const json_t *object, const struct flow_try *key,
                          int64_t at_ms)
{
    struct flow *flow = reader->flow;
    struct flow_try new = *key;
    int status = take_number(reader, object, "to", new.to);
    if (status != 0)
        return status;
    if (find_try(flow, key->message, key->attempt) != NULL)
        return bad(reader, "attempt %d of message %lld is in flight already", key->attempt,
                   (long long)key->message);
    new.in_flight_ms = at_ms;
    new.st = -1;
    flow->tries = grow(flow->tries, flow->try_count, sizeof *flow->tries);
    flow->tries[flow->try_count++] = new;
    return 0;
}

static int read_outcome(const struct reader *reader, const json_t *object, enum flow_kind kind,
                        struct flow_try *try, int64_t at_ms)
{
    int64_t error = 0, retry_ms = 0;
    int status = 0;
    if (kinds[kind].has & HAS_ERROR)
        status = take_int(reader, object, "error", 0, 99999, &error);
    if (status == 0 && kinds[kind].has & HAS_RETRY)
        status = take_int(reader, object, "retry_ms", -1, AT_MOST, &retry_ms);
    if (status != 0 || try->settled)
        return status;
    try->settled = true;
    try->outcome = kinds[kind].outcome;
    try->error = (int)error;
    try->retry_ms = retry_ms > 0 ? retry_ms : 0;
    try->settled_ms = at_ms > try->in_flight_ms ? at_ms : try->in_flight_ms;
    return 0;
}

static int read_report(const struct reader *reader, const json_t *object, struct flow_try *try, int64_t at_ms)
{
    int64_t st;
    int status = take_int(reader, object, "st", 0, 255, &st);
    if (status != 0)
        return status;
    try->st = (int)st;
    try->report_ms = at_ms;
    return 0;
}

static int read_try(struct reader *reader, const json_t *object, enum flow_kind kind, int64_t at_ms)
{
    int64_t message, attempt;
    int status = take_int(reader, object, "message", 0, INT64_MAX, &message);
    if (status == 0)
        status = take_int(reader, object, "attempt", 0, INT32_MAX, &attempt);
    if (status != 0)
        return status;
    struct flow_try key = {.message = message, .attempt = (int)attempt};
    if (kind == FLOW_IN_FLIGHT)
        return read_in_flight(reader, object, &key, at_ms);
    struct flow_try *try = find_try(reader->flow, message, attempt);
    if (try == NULL) /* it began before the recording */
        return 0;
    return kind == FLOW_REPORT ? read_report(reader, object, try, at_ms)
                               : read_outcome(reader, object, kind, try, at_ms);
}

static int read_received(struct reader *reader, const json_t *object, int64_t at_ms)
{
    struct flow *flow = reader->flow;
    struct flow_text new = {.at_ms = at_ms};
    const json_t *text = json_object_get(object, "text");
    int status = take_number(reader, object, "from", new.from);
    if (status != 0)
        return status;
    if (!json_is_string(text) || strlen(json_string_value(text)) != json_string_length(text))
        return bad(reader, "text is a string without NUL");
    new.text = strdup(json_string_value(text));
    if (new.text == NULL)
        fatal("out of memory");
    flow->texts = grow(flow->texts, flow->text_count, sizeof *flow->texts);
    flow->texts[flow->text_count++] = new;
    return 0;
}

static int read_event(struct reader *reader, const json_t *object)
{
    const char *word = json_string_value(json_object_get(object, "event"));
    int64_t at_ms;
    if (++reader->events > FLOW_EVENTS_MAX)
        return bad(reader, "more than %d events", FLOW_EVENTS_MAX);
    int status = take_int(reader, object, "at_ms", 0, AT_MOST, &at_ms);
    if (status != 0)
        return status;
    for (enum flow_kind kind = 0; kind < FLOW_KINDS; kind++) {
        if (word == NULL || strcmp(word, kinds[kind].word) != 0)
            continue;
        if (kind == FLOW_ACCEPTED) /* for whoever reads the file: nothing follows from it */
            return 0;
        return kind == FLOW_RECEIVED ? read_received(reader, object, at_ms)
                                     : read_try(reader, object, kind, at_ms);
    }
    return bad(reader, "unknown event '%.40s'", word != NULL ? word : "");
}

static int read_line(struct reader *reader, const char *line, size_t len)
{
    json_error_t error;
    reader->line++;
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
    int status = 0;
    if (!json_is_object(object))
        status = bad(reader, "not a JSON object");
    else if (reader->line > 1)
        status = read_event(reader, object);
    else if (json_integer_value(json_object_get(object, "cellpost_flow")) != 1)
        status = bad(reader, "a flow begins with {\"cellpost_flow\":1}");
    json_decref(object);
    return status;
}

static void drop_open(struct flow *flow)
{
    size_t kept = 0;
    for (size_t i = 0; i < flow->try_count; i++)
        if (flow->tries[i].settled)
            flow->tries[kept++] = flow->tries[i];
    flow->try_count = kept;
}

/* In a file put together by hand the order may be another. */
static int by_time(const void *a, const void *b)
{
    const struct flow_text *left = a, *right = b;
    return left->at_ms < right->at_ms ? -1 : left->at_ms > right->at_ms;
}

int flow_read(const char *file, size_t len, struct flow *flow, char error[256])
{
    struct reader reader = {.flow = flow, .error = error};
    int status = 0;
    *flow = (struct flow){0};
    error[0] = '\0';
    if (len > FLOW_FILE_MAX)
        return bad(&reader, "larger than %u octets", FLOW_FILE_MAX);
    for (size_t at = 0; at < len && status == 0;) {
        const char *end = memchr(file + at, '\n', len - at);
        size_t line_len = end != NULL ? (size_t)(end - file) - at : len - at;
        status = read_line(&reader, file + at, line_len);
        at += line_len + 1;
    }
    if (status == 0 && reader.line == 0)
        status = bad(&reader, "the file is empty");
    if (status != 0) {
        flow_fini(flow);
        return status;
    }
    drop_open(flow);
    if (flow->text_count > 1)
        qsort(flow->texts, flow->text_count, sizeof *flow->texts, by_time);
    return 0;
}

void flow_fini(struct flow *flow)
{
    for (size_t i = 0; i < flow->text_count; i++)
        free(flow->texts[i].text);
    free(flow->texts);
    free(flow->tries);
    *flow = (struct flow){0};
}
