/* The router over the real queue, directory and store, in a folder of its own, by a clock that the test
 * drives: what the tests of carriers stand on. */
#ifndef CELLPOST_TESTS_ROUTER_ROOMS_H
#define CELLPOST_TESTS_ROUTER_ROOMS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/router/router.h"

#define TO "+41791112233"
#define T0 INT64_C(1800000000000)

struct rooms {
    char dir[64];
    struct loop *loop;
    struct conf *conf;
    struct store *store;
    struct directory *directory;
    struct queue *queue;
    struct router *router;
};

static inline void rooms_turn(struct rooms *rooms)
{
    for (int i = 0; i < 8; i++)
        loop_turn(rooms->loop, 0);
}

/* The folder and the configuration: `lines` is what follows the data_dir. Nothing is open yet. */
static inline void rooms_init(struct rooms *rooms, const char *lines)
{
    char text[2048];
    snprintf(rooms->dir, sizeof rooms->dir, "/tmp/cellpost-router-XXXXXX");
    assert_non_null(mkdtemp(rooms->dir));
    int len = snprintf(text, sizeof text, "[daemon]\ndata_dir = %s\n%s", rooms->dir, lines);
    clock_fake(T0, 1000);
    rooms->loop = loop_new();
    rooms->conf = conf_parse("test", text, (size_t)len, NULL, NULL);
    assert_non_null(rooms->conf);
}

static inline void rooms_open(struct rooms *rooms)
{
    char path[128], error[256] = "";
    struct store_options options = {.path = path};
    snprintf(path, sizeof path, "%s/r.db", rooms->dir);
    if (store_open(&rooms->store, rooms->loop, &options, error) != 0 ||
        directory_open(&rooms->directory, rooms->store, rooms->conf, error) != 0)
        fail_msg("%s", error);
    assert_int_equal(queue_open(&rooms->queue, rooms->store, rooms->loop), 0);
    rooms->router = router_new(rooms->loop, rooms->queue, rooms->directory, rooms->store);
}

static inline void rooms_close(struct rooms *rooms)
{
    router_free(rooms->router);
    queue_close(rooms->queue);
    store_close(rooms->store);
    directory_close(rooms->directory);
}

static inline int rooms_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void rooms_fini(struct rooms *rooms)
{
    conf_free(rooms->conf);
    loop_free(rooms->loop);
    nftw(rooms->dir, rooms_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline const struct line *rooms_line(struct rooms *rooms, const char *name)
{
    return directory_line_by_name(rooms->directory, name);
}

/* From that line, for an hour. */
static inline struct submission rooms_submission(struct rooms *rooms, const char *line, const char *to,
                                                 const char *body)
{
    const struct line *row = rooms_line(rooms, line);
    return (struct submission){.account_id = row->account_id,
                               .direction = MESSAGE_OUTBOUND_API,
                               .from = row->number,
                               .to = to,
                               .body = body,
                               .body_len = strlen(body),
                               .split = {.concat_bits = 8},
                               .line_id = row->id,
                               .priority = 5,
                               .validity_ms = 3600000,
                               .status_report = true};
}

static inline void rooms_on_submitted(void *arg, int status, const struct submitted *submitted)
{
    assert_int_equal(status, 0);
    *(int64_t *)arg = submitted->id;
}

/* Its id, once it is on disk. */
static inline int64_t rooms_submit(struct rooms *rooms, struct submission *submission)
{
    int64_t id = 0;
    sid_new(&submission->sid, clock_wall_ms());
    assert_int_equal(queue_submit(rooms->queue, submission, rooms_on_submitted, &id), 0);
    rooms_turn(rooms);
    assert_int_not_equal(id, 0);
    return id;
}

static inline enum message_status rooms_status(struct rooms *rooms, int64_t id, int *error)
{
    struct message message;
    assert_int_equal(queue_message(rooms->queue, id, &message), 0);
    enum message_status status = message.status;
    if (error != NULL)
        *error = message.error_code;
    message_fini(&message);
    return status;
}

#endif
