/* Notifications as the façade's clients read them, in either form: those of five days, and what a list
 * shows. */
#ifndef CELLPOST_TESTS_NOTIFICATION_CALLS_H
#define CELLPOST_TESTS_NOTIFICATION_CALLS_H

#include "facade_calls.h"

#include "host/queue/notification.h"

static inline void notification_commit(void)
{
    clock_advance(50);
    for (int i = 0; i < 5; i++)
        loop_turn(rig.store.loop, 0);
}

/* That of day i after T0, with code 11200 + i; every third is a warning. A day passes. */
static inline void notify_on_day(int i, int64_t message_id, const char *method)
{
    struct sid sid;
    sid_parse(AC, "AC", &sid);
    struct notification n = {.account_id = directory_account_by_sid(rig.directory, &sid)->id,
                             .message_id = message_id,
                             .warning = i % 3 == 2,
                             .code = 11200 + i,
                             .text = "Msg=x",
                             .method = method,
                             .url = "http://app.test/",
                             .variables = "Body=hi",
                             .headers = "A=b",
                             .body = "<x/>"};
    queue_notify(rig.queue, &n);
    notification_commit();
    clock_advance(24 * 3600000LL);
}

/* The codes of the list's page, each by its last two digits: "01 00 ". */
static inline void assert_codes(const char *path, const char *key, const char *want)
{
    char have[128] = "";
    size_t i;
    json_t *row;
    struct response r = get(path);
    if (r.status != 200)
        fail_msg("%s: %s", path, r.body);
    json_array_foreach(json_object_get(r.json, key), i, row)
        snprintf(have + strlen(have), sizeof have - strlen(have), "%s ",
                 json_string_value(json_object_get(row, "error_code")) + 3);
    if (strcmp(have, want) != 0)
        fail_msg("%s: %s, not %s", path, have, want);
    response_fini(&r);
}

#endif
