/* cellpost optouts: who wants no messages, for operators. SENDER is a messaging service's SID or a line's
 * number; `list` prints what `import` reads. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/daemon.h"
#include "host/facade/optouts.h"
#include "host/sms/number.h"

#define PAGE 500

struct printing {
    struct daemon *daemon;
    struct ctl_call *call;
    int64_t last_id;
};

static void print_row(void *arg, const struct optout_row *row)
{
    struct printing *p = arg;
    char sender[64], at[25];
    optouts_sender_text(p->daemon->directory, &row->sender, sender);
    clock_format(row->created_ms, at);
    ctl_line(p->call, "%s %s %s %s", sender[0] != '\0' ? sender : "-", row->number, at, row->source);
    p->last_id = row->id;
}

static void list(struct daemon *daemon, struct ctl_call *call)
{
    struct printing p = {daemon, call, 0};
    struct optout_filter filter = {.limit = PAGE};
    while (optout_list(daemon->optout, &filter, print_row, &p) == PAGE)
        filter.after_id = p.last_id;
    ctl_ok(call);
}

/* Or the mark of one that was forgotten, as `list` prints it. */
static bool read_number(const char *text, const struct number_plan *plan, char out[MARK_TEXT])
{
    if (strncmp(text, MARK_PREFIX, sizeof MARK_PREFIX - 1) != 0 || strlen(text) != MARK_TEXT - 1)
        return number_parse(text, plan, out) == NUMBER_E164;
    memcpy(out, text, MARK_TEXT);
    return true;
}

void verb_optouts(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    const struct conf_daemon *conf = &daemon->conf->daemon;
    const struct number_plan plan = {conf->country, conf->trunk};
    bool add = argc == 4 && strcmp(argv[1], "add") == 0;
    char number[MARK_TEXT];
    struct optout_sender sender;
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        list(daemon, call);
    } else if (!add && !(argc == 4 && strcmp(argv[1], "remove") == 0)) {
        ctl_err(call, "usage: optouts list | add SENDER NUMBER | remove SENDER NUMBER");
    } else if (!optouts_sender(daemon->directory, 0, argv[2], &sender)) {
        ctl_err(call, "SENDER is a service's SID (MG...) or a line's number, not '%s'", argv[2]);
    } else if (!read_number(argv[3], &plan, number)) {
        ctl_err(call, "NUMBER is a phone number like +41791112233, not '%s'", argv[3]);
    } else {
        ctl_hold(call);
        if (add)
            optout_add(daemon->optout, &sender, number, "operator", ctl_done, call);
        else
            optout_remove(daemon->optout, &sender, number, ctl_done, call);
    }
}
