/* cellpost account: tenants and their tokens. A token is told once, to the operator who asked for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/daemon.h"

struct account_answer {
    struct daemon *daemon;
    struct ctl_call *call;
    bool rotated;
    struct sid sid;
    char token[33];
};

/* The file of the first start tells a token that opens nothing any more. */
static void credentials_drop(const struct account_answer *answer)
{
    char path[4096];
    const struct account *first = directory_account_first(answer->daemon->directory);
    snprintf(path, sizeof path, "%s/credentials", answer->daemon->conf->daemon.data_dir);
    if (answer->rotated && memcmp(&first->sid, &answer->sid, sizeof first->sid) == 0 && unlink(path) == 0)
        ctl_line(answer->call, "removed %s", path);
}

static void stop_sending(struct daemon *daemon)
{
    const struct facade_rooms rooms = {
        .loop = daemon->loop, .store = daemon->store, .queue = daemon->queue, .directory = daemon->directory};
    accounts_resume(&rooms);
}

static const char *account_error(int status)
{
    switch (status) {
    case -EINVAL: return "NAME is 1 to 64 characters";
    case -ENOENT: return "no account of that SID, or not one that may have this";
    case -EPERM: return "a closed account stays closed, and the first account cannot be closed";
    case -EEXIST: return "it has test credentials: see account show; account rotate gives them a new token";
    default: return strerror(-status);
    }
}

static void on_durable(void *arg, int status)
{
    struct account_answer *answer = arg;
    char sid[SID_TEXT];
    sid_format(&answer->sid, "AC", sid);
    if (status == 0) {
        ctl_line(answer->call, "sid %s", sid);
        if (answer->token[0] != '\0')
            ctl_line(answer->call, "token %s", answer->token);
        else
            stop_sending(answer->daemon);
        credentials_drop(answer);
        ctl_ok(answer->call);
    } else {
        ctl_err(answer->call, "%s", account_error(status));
    }
    free(answer);
}

/* "AC... active main Name", the kind being main, sub or test; what belongs to another says to which. */
static void show_one(struct daemon *daemon, struct ctl_call *call, const struct account *account)
{
    static const char *const states[] = {"active", "suspended", "closed"};
    const struct account *owner = directory_account(daemon->directory, account->owner_id);
    char sid[SID_TEXT], of[SID_TEXT] = "";
    sid_format(&account->sid, "AC", sid);
    if (owner != NULL)
        sid_format(&owner->sid, "AC", of);
    const char *kind = account->test ? "test of " : owner != NULL ? "sub of " : "main";
    ctl_line(call, "%s %s %s%s %s", sid, states[account->status], kind, of, account->friendly_name);
}

static void show(struct daemon *daemon, struct ctl_call *call)
{
    const struct account *account;
    for (size_t n = 0; (account = directory_account_at(daemon->directory, n)) != NULL; n++)
        show_one(daemon, call, account);
    ctl_ok(call);
}

/* ---- what changes ---- */

static int create(struct account_answer *answer, const char *name)
{
    return directory_account_create(answer->daemon->directory, name, &answer->sid, answer->token, on_durable,
                                    answer);
}

static const struct account *named(struct daemon *daemon, const char *text)
{
    struct sid sid;
    if (text == NULL)
        return directory_account_first(daemon->directory);
    return sid_parse(text, "AC", &sid) ? directory_account_by_sid(daemon->directory, &sid) : NULL;
}

static int test(struct account_answer *answer, const char *text)
{
    const struct account *owner = named(answer->daemon, text);
    if (owner == NULL)
        return -ENOENT;
    return directory_subaccount_create(answer->daemon->directory, owner->id, true, "Test credentials",
                                       &answer->sid, answer->token, on_durable, answer);
}

static int rotate(struct account_answer *answer, const char *text)
{
    const struct account *account = named(answer->daemon, text);
    if (account == NULL)
        return -ENOENT;
    answer->sid = account->sid;
    answer->rotated = true;
    return directory_account_rotate(answer->daemon->directory, &account->sid, answer->token, on_durable,
                                    answer);
}

static int status_set(struct account_answer *answer, const char *text, enum account_status status)
{
    struct directory *directory = answer->daemon->directory;
    const struct account *account = named(answer->daemon, text);
    if (account == NULL)
        return -ENOENT;
    if (status == ACCOUNT_CLOSED && account == directory_account_first(directory))
        return -EPERM;
    answer->sid = account->sid;
    return directory_account_update(directory, account->id, NULL, status, on_durable, answer);
}

static int suspend(struct account_answer *answer, const char *text)
{
    return status_set(answer, text, ACCOUNT_SUSPENDED);
}

static int activate(struct account_answer *answer, const char *text)
{
    return status_set(answer, text, ACCOUNT_ACTIVE);
}

static int shut(struct account_answer *answer, const char *text)
{
    return status_set(answer, text, ACCOUNT_CLOSED);
}

static const struct {
    const char *word;
    int (*fn)(struct account_answer *, const char *argument);
    bool optional; /* its argument */
} CHANGES[] = {{"create", create, false},   {"test", test, true},          {"rotate", rotate, false},
               {"suspend", suspend, false}, {"activate", activate, false}, {"close", shut, false}};

static void change(struct daemon *daemon, struct ctl_call *call, size_t which, const char *argument)
{
    struct account_answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL)
        fatal("out of memory");
    answer->daemon = daemon;
    answer->call = call;
    ctl_hold(call);
    int status = CHANGES[which].fn(answer, argument);
    if (status != 0)
        on_durable(answer, status);
}

void verb_account(void *arg, struct ctl_call *call, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "show") == 0) {
        show(arg, call);
        return;
    }
    if (strcmp(argv[1], "retention") == 0) {
        verb_retention(arg, call, argc, argv);
        return;
    }
    for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++)
        if (strcmp(argv[1], CHANGES[i].word) == 0 && (argc == 3 || (argc == 2 && CHANGES[i].optional))) {
            change(arg, call, i, argc == 3 ? argv[2] : NULL);
            return;
        }
    ctl_err(
        call,
        "usage: account show | create NAME | test [AC...] | rotate AC... | suspend AC... | activate AC... | "
        "close AC... | retention AC... [WHAT=AGE ...]");
}
