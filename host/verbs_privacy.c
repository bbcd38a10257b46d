/* cellpost forget, cellpost account retention: what becomes of data about people, for operators. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/daemon.h"
#include "host/sms/number.h"

#define PAGE  100
#define SHOWN 1000 /* receipts */

/* ---- forget ---- */

static void print_receipt(struct daemon *daemon, struct ctl_call *call, const struct forget_receipt *receipt)
{
    char asked[25], done[25] = "under way", account[SID_TEXT] = "all";
    const struct account *of = directory_account(daemon->directory, receipt->account_id);
    clock_format(receipt->asked_ms, asked);
    if (receipt->done_ms != 0)
        clock_format(receipt->done_ms, done);
    if (receipt->account_id != 0 && of != NULL)
        sid_format(&of->sid, "AC", account);
    ctl_line(call, "receipt %" PRId64, receipt->id);
    ctl_line(call, "asked %s", asked);
    ctl_line(call, "done %s", done);
    ctl_line(call, "account %s", account);
    ctl_line(call, "number %s", receipt->mark);
    for (int kind = 0; kind < FORGET_ROWS; kind++)
        ctl_line(call, "%s %" PRId64, forget_rows_text[kind], receipt->rows[kind]);
}

struct answer {
    struct daemon *daemon;
    struct ctl_call *call;
    int64_t last_id;
};

static void on_forgotten(void *arg, int status, int64_t moving, const struct forget_receipt *receipt)
{
    struct answer *answer = arg;
    if (status == 0) {
        print_receipt(answer->daemon, answer->call, receipt);
        ctl_line(answer->call, "not_here backups, the system's log, files of cellpost record, applications");
        ctl_ok(answer->call);
    } else if (status == -EBUSY) {
        ctl_err(answer->call,
                "%" PRId64
                " message(s) to this number wait, are scheduled or are being sent: nothing was deleted; "
                "cancel them, or say --wait",
                moving);
    } else {
        ctl_err(answer->call, "%s", strerror(-status));
    }
    free(answer);
}

static void on_receipt(void *arg, const struct forget_receipt *receipt)
{
    struct answer *answer = arg;
    print_receipt(answer->daemon, answer->call, receipt);
    answer->last_id = receipt->id;
}

static void check(struct daemon *daemon, struct ctl_call *call, const char *number)
{
    struct answer answer = {daemon, call, 0};
    size_t count = 0, page;
    do {
        page = privacy_receipts(daemon->privacy, number, answer.last_id, PAGE, on_receipt, &answer);
        count += page;
    } while (page == PAGE && count < SHOWN);
    if (count > 0)
        ctl_ok(call);
    else
        ctl_err(call, "no receipt%s", number != NULL ? " of this number" : "");
}

static void forget(struct daemon *daemon, struct ctl_call *call, const struct forget_request *request)
{
    struct answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL)
        fatal("out of memory");
    *answer = (struct answer){daemon, call, 0};
    ctl_hold(call);
    privacy_forget(daemon->privacy, request, on_forgotten, answer);
}

static bool read_number(struct daemon *daemon, const char *text, char out[NUMBER_MAX])
{
    const struct conf_daemon *conf = &daemon->conf->daemon;
    const struct number_plan plan = {conf->country, conf->trunk};
    return number_parse(text, &plan, out) == NUMBER_E164;
}

static const struct account *read_account(struct daemon *daemon, const char *text)
{
    struct sid sid;
    return sid_parse(text, "AC", &sid) ? directory_account_by_sid(daemon->directory, &sid) : NULL;
}

void verb_forget(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    struct forget_request request = {0};
    const char *text = NULL;
    char number[NUMBER_MAX];
    bool only_check = false, good = true;
    for (int i = 1; i < argc; i++) {
        const struct account *account = NULL;
        if (strcmp(argv[i], "--check") == 0) {
            only_check = true;
        } else if (strcmp(argv[i], "--wait") == 0) {
            request.wait = true;
        } else if (strcmp(argv[i], "--account") == 0 && i + 1 < argc) {
            account = read_account(daemon, argv[++i]);
            request.account_id = account != NULL ? account->id : -1;
        } else {
            good = good && text == NULL && argv[i][0] != '-';
            text = argv[i];
        }
    }
    if (!good || (text == NULL && !only_check))
        ctl_err(call, "usage: forget NUMBER [--account AC...] [--wait] | forget --check [NUMBER]");
    else if (text != NULL && !read_number(daemon, text, number))
        ctl_err(call, "NUMBER is a phone number like +41791112233, not '%s'", text);
    else if (request.account_id < 0)
        ctl_err(call, "--account: there is no such account");
    else if (only_check)
        check(daemon, call, text != NULL ? number : NULL);
    else if (directory_line_by_number(daemon->directory, number) != NULL)
        ctl_err(call, "%s is the number of a line: all that it sent and received would go", text);
    else {
        request.number = number;
        forget(daemon, call, &request);
    }
}

/* ---- retention ---- */

/* "30d", "12h", "0", "default". */
static bool read_age(const char *text, int64_t *keep_s)
{
    static const struct {
        char unit;
        int64_t seconds;
    } UNITS[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end;
    *keep_s = KEEP_AS_FILE;
    if (strcmp(text, "default") == 0)
        return true;
    errno = 0;
    *keep_s = strtoll(text, &end, 10);
    if (errno != 0 || !isdigit((unsigned char)text[0]) || *keep_s > INT32_MAX)
        return false;
    if (*keep_s == 0 && *end == '\0')
        return true;
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++)
        if (*end == UNITS[i].unit && end[1] == '\0') {
            *keep_s *= UNITS[i].seconds;
            return *keep_s <= INT32_MAX;
        }
    return false;
}

/* WHAT=AGE */
static bool read_change(char *text, struct keep_change *change)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || !read_age(equals + 1, &change->keep_s))
        return false;
    for (int what = 0; what < KEEP_COUNT; what++)
        if (strlen(keep_text[what]) == (size_t)(equals - text) &&
            strncmp(text, keep_text[what], (size_t)(equals - text)) == 0) {
            change->what = (enum keep)what;
            return true;
        }
    return false;
}

static void print_keep(struct daemon *daemon, struct ctl_call *call, int64_t account_id)
{
    for (int what = 0; what < KEEP_COUNT; what++) {
        int64_t keep_s = privacy_keep(daemon->privacy, account_id, (enum keep)what);
        if (keep_s == 0)
            ctl_line(call, "%s %s", keep_text[what], what == KEEP_BODIES ? "as messages" : "for ever");
        else if (keep_s % 86400 == 0)
            ctl_line(call, "%s %" PRId64 "d", keep_text[what], keep_s / 86400);
        else
            ctl_line(call, "%s %" PRId64 "s", keep_text[what], keep_s);
    }
}

static void on_kept(void *arg, int status)
{
    struct answer *answer = arg;
    if (status == 0) {
        print_keep(answer->daemon, answer->call, answer->last_id);
        ctl_ok(answer->call);
    } else {
        ctl_err(answer->call, "%s", strerror(-status));
    }
    free(answer);
}

void verb_retention(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    struct keep_change changes[KEEP_COUNT];
    size_t count = 0;
    const struct account *account = argc > 2 ? read_account(daemon, argv[2]) : NULL;
    if (account == NULL || argc - 3 > KEEP_COUNT) {
        ctl_err(call, account == NULL
                          ? "usage: account retention AC... [WHAT=AGE ...]: there is no such account"
                          : "each of messages, bodies and the statuses once");
        return;
    }
    for (int i = 3; i < argc; i++)
        if (!read_change(argv[i], &changes[count++])) {
            ctl_err(
                call,
                "WHAT=AGE is messages, bodies, sent, delivered, undelivered, failed, canceled or received "
                "with 30d, 12h, 0 (for ever) or default (what the file says)");
            return;
        }
    struct answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL)
        fatal("out of memory");
    *answer = (struct answer){daemon, call, account->id};
    ctl_hold(call);
    if (count == 0)
        on_kept(answer, 0);
    else
        privacy_keep_set(daemon->privacy, account->id, changes, count, on_kept, answer);
}
