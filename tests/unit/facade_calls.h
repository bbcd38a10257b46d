/* One façade under test, and calls to it as its first account. */
#ifndef CELLPOST_TESTS_FACADE_CALLS_H
#define CELLPOST_TESTS_FACADE_CALLS_H

#include "facade_rig.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define FORM       "To=%2B41791112233&From=%2B41790000001&Body=Hello"

static struct facade_rig rig;

static inline int open_with(const char *http)
{
    rig = (struct facade_rig){0};
    rig_open_facade(&rig, http);
    return 0;
}

static inline int setup(void **state)
{
    (void)state;
    return open_with("");
}

static inline int teardown(void **state)
{
    (void)state;
    powerfail_full(false);
    rig_close_all(&rig);
    return 0;
}

/* The daemon's reload. */
static inline void configure(const char *http, const char *more)
{
    char error[256] = "";
    struct conf *next = rig_conf(rig.store.dir, http, more);
    if (directory_reload(rig.directory, next, error) != 0)
        fail_msg("%s", error);
    facade_reload(rig.facade, next);
    conf_free(rig.conf);
    rig.conf = next;
}

static inline struct response get(const char *path)
{
    return rig_ask(&rig, "GET", path, NULL);
}

static inline struct response post(const char *path, const char *form)
{
    return rig_ask(&rig, "POST", path, form);
}

/* A form, and what the one who posts it is told. */
struct refused_form {
    const char *form;
    int status, code;
};

static inline void assert_forms_refused(const char *path, const struct refused_form *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct response r = post(path, rows[i].form);
        if (r.status != rows[i].status)
            fail_msg("%s: wanted %d, got %d %s", rows[i].form, rows[i].status, r.status, r.body);
        assert_refused(&r, rows[i].status, rows[i].code);
    }
}

/* A message on its way; returns its path. */
static inline void create(const char *form, char path[128])
{
    struct response r = post(API "/Messages.json", form);
    if (r.status != 201)
        fail_msg("%d %s", r.status, r.body);
    snprintf(path, 128, "%s", text_of(&r, "uri"));
    response_fini(&r);
}

static inline void on_mark(void *arg, int status)
{
    *(int *)arg = status;
}

static inline void settle(const struct job *job, enum outcome outcome, int code)
{
    int status = 1;
    queue_in_flight(rig.queue, job->attempt_id, "", on_mark, &status);
    for (int i = 0; i < 5 && status != 0; i++)
        loop_turn(rig.store.loop, 0);
    assert_int_equal(status, 0);
    status = 1;
    const struct settlement s = {.outcome = outcome, .mr = 1, .error_code = code, .reason = "test"};
    queue_settle(rig.queue, job->attempt_id, &s, on_mark, &status);
    for (int i = 0; i < 5 && status != 0; i++)
        loop_turn(rig.store.loop, 0);
    assert_int_equal(status, 0);
}

/* The next segment of the line ends as this, be it the line's own or a service's. */
static inline void send_one_on(const char *number, enum outcome outcome, int code)
{
    struct job job;
    int64_t next;
    const struct line *line = directory_line_by_number(rig.directory, number);
    const struct service *service = directory_service_of_line(rig.directory, line->id);
    const int64_t pool = service != NULL ? service->id : 0;
    assert_int_equal(queue_claim(rig.queue, line->id, &pool, service != NULL, &job, &next), 0);
    settle(&job, outcome, code);
}

static inline void send_one(enum outcome outcome, int code)
{
    send_one_on(WARD, outcome, code);
}

static inline size_t numbers_of(const char *query)
{
    char path[256];
    snprintf(path, sizeof path, API "/IncomingPhoneNumbers%s", query);
    struct response r = get(path);
    if (r.status != 200)
        fail_msg("%s: %s", query, r.body);
    size_t count = json_array_size(json_object_get(r.json, "incoming_phone_numbers"));
    assert_int_equal(json_object_size(r.json), 9);
    response_fini(&r);
    return count;
}

#endif
