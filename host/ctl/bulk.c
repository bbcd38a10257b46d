/* See bulk.h. */
#include "host/ctl/bulk.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/form.h"
#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/base/sid.h"
#include "host/ctl/calls.h"
#include "host/ctl/csv.h"

enum { BAD_FILE = 2 };

enum column { TO, BODY, FROM, SERVICE, CLASS, STATUS_CALLBACK, SEND_AT, VALIDITY_PERIOD, COLUMNS };
static const struct {
    const char *name, *parameter; /* NULL: made of it otherwise */
} columns[COLUMNS] = {
    [TO] = {"to", "To"},
    [BODY] = {"body", "Body"},
    [FROM] = {"from", NULL},
    [SERVICE] = {"service", "MessagingServiceSid"},
    [CLASS] = {"class", NULL},
    [STATUS_CALLBACK] = {"status_callback", "StatusCallback"},
    [SEND_AT] = {"send_at", "SendAt"},
    [VALIDITY_PERIOD] = {"validity_period", "ValidityPeriod"},
};

struct bulk {
    const struct bulk_where *where;
    const char *file;
    char *text;
    size_t len;
    char hash[65];
    struct csv csv;
    struct csv_row row;
    int place[COLUMNS]; /* of each column in a row, -1 = not there */
    size_t width;
    size_t rows; /* all of them */
    char **to;   /* of those asked and not answered: a ring */
    size_t asked, answered, refused;
    bool tty;
};
#define RING 64 /* more than calls_run asks at once */

/* ---- the file ---- */

static int bad(const struct bulk *bulk, size_t line, const char *why, const char *what)
{
    fprintf(stderr, "cellpost: %s:%zu: %s%s\n", bulk->file, line, why, what);
    return BAD_FILE;
}

static int read_all(struct bulk *bulk)
{
    bool is_stdin = strcmp(bulk->file, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(bulk->file, "rb"), *out = open_memstream(&bulk->text, &bulk->len);
    char block[65536];
    size_t got;
    if (out == NULL)
        fatal("out of memory");
    while (in != NULL && (got = fread(block, 1, sizeof block, in)) > 0)
        fwrite(block, 1, got, out);
    int error = in == NULL || ferror(in) ? errno : 0;
    if (fclose(out) != 0)
        fatal("out of memory");
    if (in != NULL && !is_stdin)
        fclose(in);
    if (error != 0)
        fprintf(stderr, "cellpost: %s: %s\n", bulk->file, strerror(error));
    return error != 0 ? BAD_FILE : 0;
}

static int find_column(const char *name)
{
    for (int i = 0; i < COLUMNS; i++)
        if (strcmp(columns[i].name, name) == 0)
            return i;
    return -1;
}

static int read_header(struct bulk *bulk)
{
    csv_begin(&bulk->csv, bulk->text, bulk->len);
    int status = csv_next(&bulk->csv, &bulk->row);
    if (status <= 0)
        return bad(bulk, bulk->row.line, status < 0 ? bulk->csv.error : "the file is empty", "");
    for (int i = 0; i < COLUMNS; i++)
        bulk->place[i] = -1;
    for (size_t i = 0; i < bulk->row.count; i++) {
        int column = find_column(bulk->row.fields[i]);
        if (column < 0)
            return bad(bulk, bulk->row.line,
                       "the columns are to, body, from, service, class, status_callback, send_at, "
                       "validity_period; not ",
                       bulk->row.fields[i]);
        if (bulk->place[column] >= 0)
            return bad(bulk, bulk->row.line, "this column stands twice: ", columns[column].name);
        bulk->place[column] = (int)i;
    }
    if (bulk->place[TO] < 0 || bulk->place[BODY] < 0)
        return bad(bulk, bulk->row.line, "a header row names the columns, to and body among them", "");
    bulk->width = bulk->row.count;
    return 0;
}

static bool is_utf8(const char *text)
{
    json_t *value = json_string(text);
    json_decref(value);
    return value != NULL;
}

/* Every row before the first is sent: half a file is worse than none. */
static int check_rows(struct bulk *bulk)
{
    int status;
    while ((status = csv_next(&bulk->csv, &bulk->row)) > 0) {
        if (bulk->row.count != bulk->width)
            return bad(bulk, bulk->row.line, "not as many fields as the header has", "");
        for (size_t i = 0; i < bulk->row.count; i++)
            if (!is_utf8(bulk->row.fields[i]))
                return bad(bulk, bulk->row.line, "not UTF-8", "");
        bulk->rows++;
    }
    return status < 0 ? bad(bulk, bulk->row.line, bulk->csv.error, "") : 0;
}

static int load(struct bulk *bulk)
{
    uint8_t hash[32];
    int status = read_all(bulk);
    if (status != 0)
        return status;
    secret_sha256(bulk->text, bulk->len, hash);
    hex_encode(hash, sizeof hash, bulk->hash);
    if ((status = read_header(bulk)) != 0 || (status = check_rows(bulk)) != 0)
        return status;
    return read_header(bulk); /* back to the first row */
}

/* ---- requests ---- */

static const char *field(const struct bulk *bulk, enum column column)
{
    return bulk->place[column] >= 0 ? bulk->row.fields[bulk->place[column]] : "";
}

static void add_sender(const struct bulk *bulk, struct form *form)
{
    const char *from = field(bulk, FROM);
    if (from[0] == '\0' && field(bulk, SERVICE)[0] == '\0')
        from = bulk->where->from;
    if (from[0] != '\0')
        form_add(form, strncmp(from, "MG", 2) == 0 ? "MessagingServiceSid" : "From", from);
}

static void add_class(const struct bulk *bulk, struct form *form)
{
    if (field(bulk, CLASS)[0] == '\0')
        return;
    json_t *tags = json_pack("{s:s}", "class", field(bulk, CLASS));
    char *text = json_dumps(tags, JSON_COMPACT);
    if (text == NULL)
        fatal("out of memory");
    form_add(form, "Tags", text);
    free(text);
    json_decref(tags);
}

static bool next_row(void *arg, struct calls_request *request)
{
    struct bulk *bulk = arg;
    struct form form = {NULL, 0};
    size_t len;
    if (csv_next(&bulk->csv, &bulk->row) <= 0)
        return false;
    for (int i = 0; i < COLUMNS; i++)
        if (columns[i].parameter != NULL && (i == BODY || field(bulk, i)[0] != '\0'))
            form_add(&form, columns[i].parameter, field(bulk, i));
    add_sender(bulk, &form);
    add_class(bulk, &form);
    if (field(bulk, SEND_AT)[0] != '\0')
        form_add(&form, "ScheduleType", "fixed");
    request->form = form_encode(&form, &len);
    form_fini(&form);
    char **to = &bulk->to[bulk->asked++ % RING];
    free(*to);
    *to = strdup(field(bulk, TO));
    if (*to == NULL || request->form == NULL ||
        asprintf(&request->path, "/2010-04-01/Accounts/%s/Messages.json", bulk->where->account) < 0)
        fatal("out of memory");
    snprintf(request->key, sizeof request->key, "bulk-%.32s-%zu", bulk->hash, bulk->asked);
    return true;
}

/* ---- results ---- */

/* Quoted where it must be. */
static void print_field(const char *text, const char *end)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        printf("%s%s", text, end);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    printf("\"%s", end);
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text != NULL ? text : "";
}

static void reason(const struct calls_answer *answer, char out[512])
{
    if (answer->fault != NULL)
        snprintf(out, 512, "no answer: %s", answer->fault);
    else if (json_object_get(answer->json, "code") == NULL)
        snprintf(out, 512, "HTTP %ld", answer->http);
    else
        snprintf(out, 512, "%" JSON_INTEGER_FORMAT ": %s",
                 json_integer_value(json_object_get(answer->json, "code")), text_of(answer->json, "message"));
}

static void show_progress(const struct bulk *bulk)
{
    if (bulk->tty && (bulk->answered % 32 == 0 || bulk->answered == bulk->rows))
        fprintf(stderr, "\r%zu of %zu, %zu refused ", bulk->answered, bulk->rows, bulk->refused);
}

static void row_answered(void *arg, const struct calls_answer *answer)
{
    struct bulk *bulk = arg;
    char why[512] = "";
    bool taken = answer->http == 201;
    const char *to = bulk->to[bulk->answered++ % RING];
    if (!taken) {
        bulk->refused++;
        reason(answer, why);
    }
    printf("%zu,", bulk->answered);
    print_field(to, ",");
    print_field(taken ? text_of(answer->json, "sid") : "", ",");
    print_field(taken ? text_of(answer->json, "status") : "refused", ",");
    print_field(why, "\n");
    fflush(stdout); /* what was printed is what was sent, wherever this ends */
    show_progress(bulk);
}

static void row_waits(void *arg, int wait_s)
{
    const struct bulk *bulk = arg;
    if (bulk->tty)
        fprintf(stderr, "\rthe queue is full: %d s ", wait_s);
}

static int send_rows(struct bulk *bulk)
{
    const struct calls_sink sink = {next_row, row_answered, row_waits, bulk};
    puts("row,to,sid,status,error");
    int status = calls_run(bulk->where->http, &sink);
    if (bulk->tty)
        fputc('\n', stderr);
    if (status != 0)
        fprintf(stderr,
                "cellpost: stopped at row %zu of %zu; the same file again goes on there and sends nothing "
                "twice\n",
                bulk->answered, bulk->rows);
    return status != 0 || bulk->refused > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int bulk_send(const struct bulk_where *where, const char *file)
{
    char *ring[RING] = {NULL};
    struct bulk bulk = {.where = where, .file = file, .to = ring, .tty = isatty(STDERR_FILENO)};
    int status = load(&bulk);
    if (status == 0)
        status = send_rows(&bulk);
    for (size_t i = 0; i < RING; i++)
        free(ring[i]);
    csv_row_fini(&bulk.row);
    free(bulk.text);
    return status;
}

/* ---- statuses ---- */

struct statuses {
    const struct bulk_where *where;
    char *line;
    size_t size;
    char sids[RING][SID_TEXT];
    size_t asked, told, unknown;
};

/* What is no SID is asked for like one that does not exist: the answer is the same. */
static bool next_sid(void *arg, struct calls_request *request)
{
    struct statuses *s = arg;
    struct sid sid;
    char *end;
    do {
        if (getline(&s->line, &s->size, stdin) < 0)
            return false;
        s->line[strcspn(s->line, " ,\t\r\n")] = '\0';
    } while (s->line[0] == '\0');
    end = s->sids[s->asked++ % RING];
    snprintf(end, SID_TEXT, "%s", s->line);
    bool valid = sid_parse(s->line, "SM", &sid) || sid_parse(s->line, "MM", &sid);
    if (asprintf(&request->path, "/2010-04-01/Accounts/%s/Messages/%s.json", s->where->account,
                 valid ? s->line : "none") < 0)
        fatal("out of memory");
    return true;
}

static void sid_answered(void *arg, const struct calls_answer *answer)
{
    struct statuses *s = arg;
    const char *sid = s->sids[s->told++ % RING];
    const json_t *error = json_object_get(answer->json, "error_code");
    char why[512];
    if (answer->http == 200) {
        printf("%s %s", sid, text_of(answer->json, "status"));
        if (json_is_integer(error))
            printf(" %" JSON_INTEGER_FORMAT, json_integer_value(error));
        putchar('\n');
        return;
    }
    s->unknown++;
    reason(answer, why);
    if (answer->http == 404)
        printf("%s unknown\n", sid);
    else
        fprintf(stderr, "cellpost: %s: %s\n", sid, why);
}

int bulk_statuses(const struct bulk_where *where)
{
    struct statuses s = {.where = where};
    const struct calls_sink sink = {next_sid, sid_answered, NULL, &s};
    int status = calls_run(where->http, &sink);
    free(s.line);
    return status != 0 || s.unknown > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
