/* What `cellpost` can ask: one row and one function a verb. Nothing here changes state but through the rooms'
 * own contracts. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/daemon.h"
#include "host/facade/gate.h"
#include "host/verbs_tls.h"

#define LIST_DEFAULT 20
#define LIST_MOST    1000

bool verb_number(const char *text, int64_t least, int64_t most, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *out = value;
    return errno == 0 && end != text && *end == '\0' && value >= least && value <= most;
}

static void verb_status(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    struct queue_counts counts;
    (void)argc;
    (void)argv;
    queue_counts(daemon->queue, &counts);
    ctl_line(call, "version %s", CELLPOST_VERSION);
    ctl_line(call, "uptime_s %" PRId64, (clock_mono_ms() - daemon->started_ms) / 1000);
    ctl_line(call, "api http://%s (port %d)", daemon->conf->http.listen, facade_port(daemon->facade));
    for (int n = 0; daemon->conf->tls.listen[n] != NULL; n++)
        ctl_line(call, "api https://%s (port %d)", daemon->conf->tls.listen[n],
                 facade_tls_port(daemon->facade, n));
    ctl_line(call, "store %s",
             store_open_for_work(daemon->store) ? "open" : "closed: waiting for disk space");
    ctl_line(call,
             "accepted %" PRId64 " scheduled %" PRId64 " queued %" PRId64 " sending %" PRId64
             " unsure %" PRId64 " hooks_due %" PRId64 " hooks_waiting %" PRId64,
             counts.accepted, counts.scheduled, counts.queued, counts.sending, counts.unsure,
             counts.hooks_due, counts.hooks_waiting);
    struct gate_counts gate;
    facade_gate_counts(daemon->facade, &gate);
    ctl_line(call, "logins_failed %" PRId64 " logins_slowed %" PRId64 " over_rate %" PRId64, gate.failed,
             gate.slowed, gate.limited);
    ctl_ok(call);
}

/* The sender that needs no naming: the number of the only line there is; "" when there is none or a choice.
 */
static const char *only_number(struct daemon *daemon)
{
    const struct line *line;
    const char *number = "";
    size_t configured = 0;
    for (size_t n = 0; (line = directory_line_at(daemon->directory, 0, n)) != NULL; n++)
        if (line->configured && ++configured == 1)
            number = line->number;
    return configured == 1 ? number : "";
}

/* Where an operator's command finds the API, as whom it speaks and from which number. */
static void verb_where(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    char sid[SID_TEXT];
    (void)argc;
    (void)argv;
    const struct account *account = directory_account_first(daemon->directory);
    if (account == NULL)
        fatal("no account");
    sid_format(&account->sid, "AC", sid);
    ctl_line(call, "account %s", sid);
    ctl_line(call, "port %d", facade_port(daemon->facade));
    ctl_line(call, "tls_port %d", facade_tls_port(daemon->facade, 0));
    ctl_line(call, "from %s", only_number(daemon));
    ctl_line(call, "http %s", daemon->conf->http.unix_socket);
    ctl_ok(call);
}

static void verb_lines(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    const struct line *line;
    (void)argc;
    (void)argv;
    for (size_t n = 0; (line = directory_line_at(daemon->directory, 0, n)) != NULL; n++) {
        struct carrier_status status = {.state = CARRIER_STOPPED, .condition = "not configured"};
        char sid[SID_TEXT], condition[200], power[200];
        router_line_status(daemon->router, line->id, &status);
        sid_format(&line->sid, "PN", sid);
        ctl_line(call,
                 "line=%s sid=%s number=%s state=%s condition=%s model=%s iccid=%s operator=%s "
                 "registration=%d signal_dbm=%d resets=%u timeouts=%u power=%s",
                 line->name, sid, line->number[0] != '\0' ? line->number : "-",
                 carrier_state_text(status.state),
                 log_quote(status.condition, strlen(status.condition), condition, sizeof condition),
                 status.model[0] != '\0' ? status.model : "-", status.iccid[0] != '\0' ? status.iccid : "-",
                 status.operator_name[0] != '\0' ? status.operator_name : "-", status.registration,
                 status.signal_dbm, status.resets, status.timeouts,
                 status.power[0] != '\0' ? log_quote(status.power, strlen(status.power), power, sizeof power)
                                         : "-");
    }
    ctl_ok(call);
}

static void message_sid(const struct message *message, char out[SID_TEXT])
{
    sid_format(&message->sid, message->mm ? "MM" : "SM", out);
}

static void print_message(void *arg, const struct message *message)
{
    char sid[SID_TEXT], created[25], error[24] = "";
    message_sid(message, sid);
    clock_format(message->created_ms, created);
    if (message->error_code != 0)
        snprintf(error, sizeof error, " error=%d", message->error_code);
    ctl_line(arg, "%s %s %-12s %s %s -> %s segments=%u%s%s", sid, created,
             message_status_text(message->status), message_direction_text(message->direction),
             message->from[0] != '\0' ? message->from : "-", message->to, message->segments,
             message->unsure ? " unsure" : "", error);
}

static void verb_messages(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    int64_t count = LIST_DEFAULT;
    if (argc > 1 && !verb_number(argv[1], 1, LIST_MOST, &count)) {
        ctl_err(call, "COUNT is a number from 1 to %d, not '%s'", LIST_MOST, argv[1]);
        return;
    }
    struct message_filter filter = {.limit = (size_t)count};
    queue_list(daemon->queue, &filter, print_message, call);
    ctl_ok(call);
}

/* 0 with *message filled, or the error is already answered. */
static int find_message(struct daemon *daemon, struct ctl_call *call, const char *text,
                        struct message *message)
{
    struct sid sid;
    if (!sid_parse(text, "SM", &sid) && !sid_parse(text, "MM", &sid)) {
        ctl_err(call, "SID is SM or MM and 32 hex digits, not '%s'", text);
        return -EINVAL;
    }
    if (queue_message_by_sid(daemon->queue, 0, &sid, message) != 0) {
        ctl_err(call, "no message %s", text);
        return -ENOENT;
    }
    return 0;
}

static void print_event(void *arg, int64_t at_ms, const char *kind, const char *detail)
{
    char at[25];
    clock_format(at_ms, at);
    ctl_line(arg, "%s %-12s %s", at, kind, detail != NULL ? detail : "");
}

static void verb_show(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    struct message message;
    (void)argc;
    if (find_message(daemon, call, argv[1], &message) != 0)
        return;
    print_message(call, &message);
    ctl_line(call, "body: %s", message.body != NULL ? message.body : "");
    queue_events(daemon->queue, message.id, print_event, call);
    message_fini(&message);
    ctl_ok(call);
}

static void on_held_done(void *arg, int status)
{
    struct ctl_call *call = arg;
    if (status == 0)
        ctl_ok(call);
    else
        ctl_err(call, "%s", status == -EBUSY ? "the message is not UNSURE" : strerror(-status));
}

static void verb_settle(void *arg, struct ctl_call *call, int argc, char **argv)
{
    static const char *const words[] = {
        [VERDICT_SENT] = "sent", [VERDICT_FAILED] = "failed", [VERDICT_RESEND] = "resend"};
    struct daemon *daemon = arg;
    struct message message;
    (void)argc;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(argv[2], words[i]) != 0)
            continue;
        if (find_message(daemon, call, argv[1], &message) != 0)
            return;
        ctl_hold(call);
        queue_verdict(daemon->queue, message.id, (enum queue_verdict)i, on_held_done, call);
        message_fini(&message);
        return;
    }
    ctl_err(call, "verdict is sent, failed or resend, not '%s'", argv[2]);
}

static void on_backup_done(void *arg, int status, const char *error)
{
    struct ctl_call *call = arg;
    if (status == 0)
        ctl_ok(call);
    else
        ctl_err(call, "%s", error);
}

static void verb_backup(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    (void)argc;
    if (argv[1][0] != '/') {
        ctl_err(call, "FILE is an absolute path, not '%s'", argv[1]);
        return;
    }
    ctl_hold(call);
    int status = store_backup(daemon->store, argv[1], on_backup_done, call);
    if (status != 0)
        ctl_err(call, "%s: %s", argv[1], status == -EBUSY ? "another backup is running" : strerror(-status));
}

static void verb_watch(void *arg, struct ctl_call *call, int argc, char **argv)
{
    (void)arg;
    (void)argc;
    (void)argv;
    ctl_watch(call);
}

#ifdef CELLPOST_TEST_CLOCK
/* Only in cellpostd-testclock: both clocks jump ahead in lock-step, so that a test of hours takes
 * milliseconds. The answer comes when all that is due by then has run: who asks next meets no connection that
 * is about to end, and no message that is about to expire. */
struct advance {
    struct ctl_call *call;
    struct timer due;
};

static void on_advanced(void *arg)
{
    struct advance *advance = arg;
    ctl_ok(advance->call);
    free(advance);
}

static void verb_advance(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    int64_t ms;
    (void)argc;
    if (!verb_number(argv[1], 0, INT64_MAX / 4, &ms)) {
        ctl_err(call, "MS is a number of milliseconds, not '%s'", argv[1]);
        return;
    }
    struct advance *advance = calloc(1, sizeof *advance);
    if (advance == NULL)
        fatal("out of memory");
    advance->call = call;
    timer_init(&advance->due, daemon->loop, on_advanced, advance);
    ctl_hold(call);
    clock_advance(ms);
    timer_set(&advance->due, 1); /* a turn later than all that is due by then */
}
#endif

const struct ctl_verb daemon_verbs[] = {
    {"status", "", "version, store, counts", 0, 0, verb_status},
    {"lines", "", "each line: number, state, signal", 0, 0, verb_lines},
    {"messages", "[COUNT]", "the newest messages", 0, 1, verb_messages},
    {"show", "SID", "a message and its history", 1, 1, verb_show},
    {"board",
     "[NAME [slot N on|off|cycle|reset|cut | settings | set SETTING VALUE | log | maintenance SECONDS |"
     " flash FILE]]",
     "modem boards: state, supply, slots, counters", 0, 4, verb_board},
    {"recoveries", "", "what cured each line's modem, and how long it took", 0, 0, verb_recoveries},
    {"metrics", "", "counters in Prometheus' text format", 0, 0, verb_metrics},
    {"watch", "", "every event as it happens", 0, 0, verb_watch},
    {"backup", "FILE", "a consistent copy of the database", 1, 1, verb_backup},
    {"hooks", "list | retry | drop [SID|HOST:PORT|all]",
     "what is owed to applications, and what was given up", 1, 2, verb_hooks},
    {"settle", "SID sent|failed|resend", "decide about an UNSURE message", 2, 2, verb_settle},
    {"optouts", "list | add SENDER NUMBER | remove SENDER NUMBER", "who wants no messages", 1, 3,
     verb_optouts},
    {"forget", "NUMBER [--account AC] [--wait] | --check [NUMBER]",
     "delete all that tells of a number, and show the receipts", 1, 4, verb_forget},
    {"account",
     "show | create NAME | test [AC] | rotate|suspend|activate|close AC | retention AC [WHAT=AGE...]",
     "tenants and their tokens", 1, CTL_ARGS_MAX - 1, verb_account},
    {"simulate",
     "rule add KEY=VALUE... | rule list | rule clear | inbound LINE FROM TEXT | receipt SID "
     "delivered|undelivered [ERROR] | replay start|stop|show LINE [FILE [SPEED]]",
     "what simulated lines do", 2, 11, verb_simulate},
    {"record", "start FILE [numbers=full] [bodies=yes] | stop", "what happens, for simulate replay", 1, 4,
     verb_record},
    {"tls", "ca | status | issue NAME... | recipe [LANGUAGE]", "the API's certificate, and clients of it", 1,
     CTL_ARGS_MAX - 1, verb_tls},
    {"where", "", "how to reach the API", 0, 0, verb_where},
#ifdef CELLPOST_TEST_CLOCK
    {"advance", "MS", "move the clocks ahead", 1, 1, verb_advance},
#endif
    {NULL, NULL, NULL, 0, 0, NULL},
};

/* ---- observers ---- */

static void on_queue_event(void *arg, int64_t at_ms, const struct message *message, const char *kind,
                           const char *detail)
{
    struct daemon *daemon = arg;
    char sid[SID_TEXT], at[25], to[48], from[48];
    record_event(daemon->record, at_ms, message, kind, detail);
    message_sid(message, sid);
    clock_format(at_ms, at);
    log_number(message->to, to);
    log_number(message->from, from);
    log_event(LOG_INFO, "message", "sid=%s kind=%s status=%s from=%s to=%s %s", sid, kind,
              message_status_text(message->status), from, to, detail != NULL ? detail : "");
    ctl_broadcast(daemon->ctl, "%s message sid=%s kind=%s status=%s from=%s to=%s %s", at, sid, kind,
                  message_status_text(message->status), from, to, detail != NULL ? detail : "");
}

static void on_line_change(void *arg, int64_t line_id, const struct carrier_status *status)
{
    struct daemon *daemon = arg;
    const struct line *line = directory_line(daemon->directory, line_id);
    const char *name = line != NULL ? line->name : "?", *state = carrier_state_text(status->state);
    char at[25], condition[200], power[200];
    clock_format(clock_wall_ms(), at);
    log_quote(status->condition, strlen(status->condition), condition, sizeof condition);
    log_quote(status->power, strlen(status->power), power, sizeof power);
    log_event(LOG_INFO, "line", "line=%s state=%s condition=%s power=%s", name, state, condition, power);
    ctl_broadcast(daemon->ctl, "%s line name=%s state=%s condition=%s power=%s", at, name, state, condition,
                  power);
}

void verbs_observe(struct daemon *daemon)
{
    queue_on_event(daemon->queue, on_queue_event, daemon);
    router_on_change(daemon->router, on_line_change, daemon);
}
