/* See record.h. */
#include "host/simulator/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/e164.h"
#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/simulator/flow.h"
#include "host/sms/utf8.h"

#define KEY_LEN 16

struct record {
    FILE *file; /* NULL once it took no more */
    bool full_numbers, bodies;
    uint8_t key[KEY_LEN]; /* of the made-up numbers; dies with the recording */
    int64_t began_ms;
    size_t events, octets;
};

static void record_line(struct record *record, char *line)
{
    size_t len = strlen(line) + 1;
    if (record->events > FLOW_EVENTS_MAX || record->octets + len > FLOW_FILE_MAX) {
        log_event(LOG_WARN, "record.full", "events=%zu", record->events - 1);
        fclose(record->file);
        record->file = NULL;
    } else if (fprintf(record->file, "%s\n", line) < 0 || fflush(record->file) != 0) {
        log_event(LOG_ERROR, "record.failed", "why=\"%s\"", strerror(errno));
        fclose(record->file);
        record->file = NULL;
    }
    record->octets += len;
    free(line);
}

struct record *record_start(const struct record_options *options, char error[256])
{
    int fd = open(options->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        snprintf(error, 256, "%.180s: %s", options->path,
                 errno == EEXIST ? "there is such a file already" : strerror(errno));
        return NULL;
    }
    struct record *record = calloc(1, sizeof *record);
    if (record == NULL || (record->file = fdopen(fd, "w")) == NULL)
        fatal("out of memory");
    record->full_numbers = options->full_numbers;
    record->bodies = options->bodies;
    record->began_ms = clock_wall_ms();
    secret_random(record->key, sizeof record->key);
    record_line(record, flow_write_head(!record->full_numbers, record->bodies));
    return record;
}

size_t record_stop(struct record *record)
{
    if (record == NULL)
        return 0;
    size_t events = record->events;
    if (record->file != NULL)
        fclose(record->file);
    explicit_bzero(record->key, sizeof record->key);
    free(record);
    return events;
}

/* ---- what may be told ---- */

/* +999 is no country's. Names and short codes are nobody's number. */
static void shown_number(const struct record *record, const char *number, char out[NUMBER_MAX * 2])
{
    uint8_t text[KEY_LEN + NUMBER_MAX * 2] = {0}, hash[32];
    uint64_t digits;
    snprintf(out, NUMBER_MAX * 2, "%s", number);
    if (record->full_numbers || !is_e164(number))
        return;
    memcpy(text, record->key, KEY_LEN);
    memcpy(text + KEY_LEN, number, strlen(number));
    secret_sha256(text, sizeof text, hash);
    memcpy(&digits, hash, sizeof digits);
    snprintf(out, NUMBER_MAX * 2, "+999%010" PRIu64, digits % UINT64_C(10000000000));
}

/* Heap. */
static char *shown_text(const struct record *record, const char *body)
{
    const char *text = body != NULL ? body : "";
    size_t len = record->bodies ? strlen(text) : utf8_utf16_len(text, strlen(text));
    char *out = malloc(len + 1);
    if (out == NULL)
        fatal("out of memory");
    if (record->bodies)
        memcpy(out, text, len);
    else
        memset(out, 'x', len);
    out[len] = '\0';
    return out;
}

/* ---- events ---- */

/* The number behind "key=" of an event's detail; -1 when there is none. */
static int64_t detail_number(const char *detail, const char *key, int base)
{
    size_t len = strlen(key);
    for (const char *at = detail; (at = strstr(at, key)) != NULL; at++)
        if ((at == detail || at[-1] == ' ') && at[len] == '=')
            return strtoll(at + len + 1, NULL, base);
    return -1;
}

static const struct {
    const char *kind; /* the queue's word */
    enum flow_kind flow;
} kinds[] = {
    {"accepted", FLOW_ACCEPTED}, {"in_flight", FLOW_IN_FLIGHT}, {"sent", FLOW_SENT},
    {"retry", FLOW_RETRY},       {"rejected", FLOW_REJECTED},   {"unsure", FLOW_UNSURE},
    {"report", FLOW_REPORT},     {"received", FLOW_RECEIVED},   {"partial", FLOW_RECEIVED},
};

static void record_as(struct record *record, enum flow_kind kind, int64_t at_ms, const struct message *m,
                      const char *detail)
{
    char from[NUMBER_MAX * 2], to[NUMBER_MAX * 2];
    char *text = shown_text(record, m->body);
    shown_number(record, m->from, from);
    shown_number(record, m->to, to);
    struct flow_event event = {.kind = kind,
                               .at_ms = at_ms > record->began_ms ? at_ms - record->began_ms : 0,
                               .message = m->id,
                               .attempt = (int)detail_number(detail, "attempt", 10),
                               .retry_ms = detail_number(detail, "in_ms", 10),
                               .st = (int)detail_number(detail, "st", 16),
                               .error = m->error_code,
                               .from = from,
                               .to = to,
                               .text = text};
    record->events++;
    record_line(record, flow_write(&event));
    free(text);
}

void record_event(struct record *record, int64_t at_ms, const struct message *m, const char *kind,
                  const char *detail)
{
    if (record == NULL || record->file == NULL)
        return;
    if (detail == NULL)
        detail = "";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].kind, kind) != 0)
            continue;
        bool to_ports = kinds[i].flow == FLOW_RECEIVED && detail_number(detail, "ports", 10) >= 0;
        bool expired = kinds[i].flow == FLOW_UNSURE && strstr(detail, "segment=") == NULL;
        if (!to_ports && !expired)
            record_as(record, kinds[i].flow, at_ms, m, detail);
        return;
    }
}
