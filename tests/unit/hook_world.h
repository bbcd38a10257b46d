/* Real queue, store, directory and HTTP client around the hooks; applications that are as good or as bad as a
 * test wants them.
 *
 * The clock is the fake one. run_until() lets it creep, so that libcurl's timers fire, until something has
 * happened or a deadline passes: with real time, but never more than a millisecond in a turn, so that a
 * machine that stalls brings no time-out and no retry forward. pass_time() makes it jump. */
#ifndef CELLPOST_TESTS_HOOK_WORLD_H
#define CELLPOST_TESTS_HOOK_WORLD_H

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/base/signature.h"
#include "host/facade/hook.h"
#include "host/optout/optout.h"

#define T0          INT64_C(1800000000000)
#define OWN         "+15005550006" /* the line's number */
#define PEER        "+41790000001"
#define ACCOUNT     "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOKEN       "0123456789abcdef0123456789abcdef"
#define SERVICE     "MGbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CALLS       2048
#define DEADLINE_MS 60000 /* real; no success waits for it */

/* ---- an application ---- */

enum app_manner {
    APP_ANSWERS, /* by its script */
    APP_MUTE,    /* takes the request, says nothing */
    APP_GARBAGE, /* no HTTP */
    APP_ENDLESS, /* a body without end */
    APP_STOPS,   /* in the middle of a header */
    APP_HANGS_UP /* closes at once */
};
struct script {
    int status; /* 0 ends the script: its last line is repeated */
    const char *type, *body, *location;
};
struct app {
    struct world *world;
    struct evconnlistener *listener;
    int port;
    enum app_manner manner;
    const struct script *script;
    int calls; /* so far */
};
struct call {
    const struct app *app;
    char method[8], target[4096], body[8192];
    char head[4096];
    int64_t at_ms;
};

struct world {
    char dir[64];
    struct conf *conf;
    struct loop *loop;
    struct store *store;
    struct directory *directory;
    struct queue *queue;
    struct hooks *hooks;
    struct optout *optout;
    struct app apps[8];
    size_t app_count;
    struct call calls[CALLS];
    size_t call_count;
    struct bufferevent *open[256]; /* connections that the test must close */
    size_t open_count;
    int mr;
    bool mask_to; /* AddressRetention of the messages that follow */
};

static inline void app_forget(struct world *world, struct bufferevent *bev)
{
    for (size_t i = 0; i < world->open_count; i++)
        if (world->open[i] == bev)
            world->open[i--] = world->open[--world->open_count];
    bufferevent_free(bev);
}

static inline void app_answer(struct app *app, struct bufferevent *bev)
{
    static const struct script ok[] = {{200, "", "", NULL}, {0}};
    const struct script *line = app->script != NULL ? app->script : ok;
    for (int i = 1; i < app->calls && line[1].status != 0; i++)
        line++;
    struct evbuffer *out = bufferevent_get_output(bev);
    const char *body = line->body != NULL ? line->body : "";
    evbuffer_add_printf(out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n", line->status,
                        strlen(body));
    if (line->type != NULL && line->type[0] != '\0')
        evbuffer_add_printf(out, "Content-Type: %s\r\n", line->type);
    if (line->location != NULL)
        evbuffer_add_printf(out, "Location: %s\r\n", line->location);
    evbuffer_add_printf(out, "\r\n%s", body);
}

static inline void app_pour(struct bufferevent *bev, void *arg)
{
    static char block[16384];
    const struct app *app = arg;
    if (app->manner == APP_ENDLESS)
        bufferevent_write(bev, block, sizeof block);
    else if (app->manner == APP_ANSWERS || app->manner == APP_GARBAGE)
        app_forget(app->world, bev);
}

static inline void app_event(struct bufferevent *bev, short what, void *arg)
{
    struct app *app = arg;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        app_forget(app->world, bev);
}

static inline void app_behave(struct app *app, struct bufferevent *bev)
{
    bufferevent_setcb(bev, NULL, app_pour, app_event, app);
    switch (app->manner) {
    case APP_ANSWERS: app_answer(app, bev); break;
    case APP_MUTE: break;
    case APP_GARBAGE:
        evbuffer_add_printf(bufferevent_get_output(bev), "\x16\x03garbage \xff\r\n\r\n<Response/>");
        break;
    case APP_ENDLESS:
        evbuffer_add_printf(bufferevent_get_output(bev),
                            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<Response>");
        break;
    case APP_STOPS: evbuffer_add_printf(bufferevent_get_output(bev), "HTTP/1.1 200 OK\r\nX-Slow: "); break;
    case APP_HANGS_UP: app_forget(app->world, bev); break;
    }
}

static inline void app_read(struct bufferevent *bev, void *arg)
{
    struct app *app = arg;
    struct world *world = app->world;
    struct evbuffer *in = bufferevent_get_input(bev);
    size_t len = evbuffer_get_length(in);
    char *text = (char *)evbuffer_pullup(in, -1), *end = len > 0 ? memmem(text, len, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return;
    size_t head_len = (size_t)(end - text) + 4;
    char *length = memmem(text, head_len, "Content-Length: ", 16);
    size_t body_len = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
    if (len < head_len + body_len)
        return;
    assert_true(world->call_count < CALLS);
    struct call *call = &world->calls[world->call_count++];
    *call = (struct call){.app = app, .at_ms = clock_wall_ms()};
    assert_true(head_len < sizeof call->head && body_len < sizeof call->body);
    memcpy(call->head, text, head_len);
    memcpy(call->body, text + head_len, body_len);
    sscanf(call->head, "%7s %4095s", call->method, call->target);
    evbuffer_drain(in, len);
    app->calls++;
    app_behave(app, bev);
}

static inline void app_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                              int len, void *arg)
{
    struct app *app = arg;
    (void)listener;
    (void)peer;
    (void)len;
    struct bufferevent *bev = bufferevent_socket_new(loop_base(app->world->loop), fd, BEV_OPT_CLOSE_ON_FREE);
    assert_non_null(bev);
    assert_true(app->world->open_count < 256);
    app->world->open[app->world->open_count++] = bev;
    bufferevent_setcb(bev, app_read, NULL, app_event, app);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static inline void app_listen(struct app *app)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)app->port)};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    app->listener = evconnlistener_new_bind(loop_base(app->world->loop), app_accept, app,
                                            LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 128,
                                            (struct sockaddr *)&address, len);
    assert_non_null(app->listener);
    assert_int_equal(getsockname(evconnlistener_get_fd(app->listener), (struct sockaddr *)&address, &len), 0);
    app->port = ntohs(address.sin_port);
}

static inline struct app *app_new(struct world *world, enum app_manner manner, const struct script *script)
{
    struct app *app = &world->apps[world->app_count++];
    assert_true(world->app_count <= 8);
    *app = (struct app){.world = world, .manner = manner, .script = script};
    app_listen(app);
    return app;
}

/* The port stays its own, nobody listens. */
static inline void app_down(struct app *app)
{
    evconnlistener_free(app->listener);
    app->listener = NULL;
}

static inline const char *app_url(const struct app *app, const char *path)
{
    static char urls[8][512];
    static int next;
    char *out = urls[next++ % 8];
    snprintf(out, 512, "http://127.0.0.1:%d%s", app->port, path);
    return out;
}

/* ---- the house ---- */

static inline void house_open(struct world *world)
{
    char path[96], error[256] = "";
    snprintf(path, sizeof path, "%s/cellpost.db", world->dir);
    struct store_options options = {.path = path};
    if (store_open(&world->store, world->loop, &options, error) != 0 ||
        directory_open(&world->directory, world->store, world->conf, error) != 0)
        fail_msg("%s", error);
    assert_int_equal(queue_open(&world->queue, world->store, world->loop), 0);
    world->optout = optout_open(world->store, &(struct mark_key){{0}});
    struct facade_rooms rooms = {world->loop, world->store,  world->queue, world->directory,
                                 world->conf, world->optout, NULL};
    world->hooks = hooks_new(&rooms);
}

static inline void house_shut(struct world *world)
{
    hooks_free(world->hooks);
    queue_close(world->queue);
    store_close(world->store);
    optout_close(world->optout);
    directory_close(world->directory);
    world->hooks = NULL;
}

static inline void conf_error(void *arg, const char *file, int line, const char *message)
{
    (void)arg;
    fail_msg("%s:%d: %s", file, line, message);
}

/* `more` is added to the configuration; sections of its own, or options of [hooks] at its beginning. */
static inline void world_configure(struct world *world, const char *hooks, const char *line, const char *more)
{
    char text[4096];
    snprintf(text, sizeof text,
             "[daemon]\ndata_dir = %s\naccount_sid = " ACCOUNT "\nauth_token = " TOKEN "\n"
             "[hooks]\n%s%s\n"
             "[line own]\ncarrier = loopback\nnumber = " OWN "\n%s\n%s\n",
             world->dir, strstr(hooks, "total") == NULL ? "connect = 10s\nread = 10s\ntotal = 15s\n" : "",
             hooks, line, more);
    world->conf = conf_parse("test.conf", text, strlen(text), conf_error, NULL);
    assert_non_null(world->conf);
}

static inline void world_open(struct world *world, const char *hooks, const char *line, const char *more)
{
    world_configure(world, hooks, line, more);
    house_open(world);
}

static inline int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    log_open(getenv("HOOK_LOG") != NULL ? LOG_DEBUG : LOG_ERROR + 1, true, 2);
    clock_fake(T0, 1000000);
    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    snprintf(world->dir, sizeof world->dir, "/tmp/cellpost-hook-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    world->loop = loop_new();
    *state = world;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    static const char *const files[] = {"cellpost.db",      "cellpost.db-wal",     "cellpost.db-shm",
                                        "cellpost.db.lock", "cellpost.db.ballast", "key",
                                        "credentials"};
    char path[112];
    if (world->hooks != NULL)
        house_shut(world);
    while (world->open_count > 0)
        app_forget(world, world->open[0]);
    for (size_t i = 0; i < world->app_count; i++)
        if (world->apps[i].listener != NULL)
            evconnlistener_free(world->apps[i].listener);
    loop_free(world->loop);
    conf_free(world->conf);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", world->dir, files[i]);
        unlink(path);
    }
    rmdir(world->dir);
    free(world);
    return 0;
}

/* ---- time ---- */

static inline int64_t real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

typedef bool condition(struct world *);

static inline bool run_until(struct world *world, condition *done, int deadline_ms)
{
    int64_t start_us = real_us(), crept_us = start_us, now_us = start_us;
    while (!done(world) && now_us - start_us < deadline_ms * INT64_C(1000)) {
        loop_turn(world->loop, 1);
        now_us = real_us();
        if (now_us - crept_us < 1000)
            continue;
        clock_advance(1);
        crept_us = now_us;
    }
    return done(world);
}

/* The same before so much of the fake time has passed. */
static inline bool run_within(struct world *world, condition *done, int64_t ms)
{
    int64_t start_ms = clock_mono_ms();
    return run_until(world, done, DEADLINE_MS) && clock_mono_ms() - start_ms < ms;
}

/* Nothing is due, nothing under way. */
static inline bool is_quiet(struct world *world)
{
    struct hook hooks[1];
    int64_t next_ms;
    return world->open_count == 0 && queue_hooks_due(world->queue, NULL, 0, hooks, 1, &next_ms) == 0;
}

static inline void settle_down(struct world *world)
{
    for (int i = 0; i < 8; i++)
        loop_turn(world->loop, 0);
    if (!run_until(world, is_quiet, DEADLINE_MS))
        fail_msg("not quiet: %zu connections", world->open_count);
    for (int i = 0; i < 8; i++)
        loop_turn(world->loop, 0);
}

static inline void pass_time(struct world *world, int64_t ms)
{
    clock_advance(ms);
    settle_down(world);
}

/* ---- messages ---- */

static inline void note_id(void *arg, int status, const struct submitted *submitted)
{
    assert_int_equal(status, 0);
    *(int64_t *)arg = submitted->id;
}

static inline int64_t line_id(struct world *world)
{
    return directory_line_by_name(world->directory, "own")->id;
}

/* Accepted; its callback goes to url (NULL = none). */
static inline int64_t message_to(struct world *world, const char *to, const char *url, int64_t service_id)
{
    int64_t id = 0;
    struct submission s = {.account_id = directory_account_at(world->directory, 0)->id,
                           .direction = MESSAGE_OUTBOUND_API,
                           .from = OWN,
                           .to = to,
                           .body = "x",
                           .body_len = 1,
                           .line_id = line_id(world),
                           .service_id = service_id,
                           .priority = 5,
                           .validity_ms = 3600000,
                           .status_report = true,
                           .mask_to = world->mask_to,
                           .callback_url = url};
    s.split.concat_bits = 8;
    sid_new(&s.sid, clock_wall_ms());
    assert_int_equal(queue_submit(world->queue, &s, note_id, &id), 0);
    for (int i = 0; i < 8 && id == 0; i++)
        loop_turn(world->loop, 0);
    assert_true(id != 0);
    return id;
}

static inline void nothing(void *arg, int status)
{
    (void)arg;
    assert_int_equal(status, 0);
}

/* Its one segment goes out as `outcome` would have it: "sent" or "failed" becomes a hook. */
static inline void message_leaves(struct world *world, enum outcome outcome, int error_code)
{
    struct job job;
    int64_t next_ms, services[] = {0};
    const struct service *service = directory_service_of_line(world->directory, line_id(world));
    services[0] = service != NULL ? service->id : 0;
    assert_int_equal(queue_claim(world->queue, line_id(world), services, service != NULL, &job, &next_ms), 0);
    queue_in_flight(world->queue, job.attempt_id, "8941", nothing, NULL);
    for (int i = 0; i < 4; i++)
        loop_turn(world->loop, 0);
    struct settlement settlement = {
        .outcome = outcome, .mr = ++world->mr & 255, .error_code = error_code, .reason = "test"};
    queue_settle(world->queue, job.attempt_id, &settlement, nothing, NULL);
}

static inline int64_t message_sent(struct world *world, const char *to, const char *url)
{
    int64_t id = message_to(world, to, url, 0);
    message_leaves(world, OUTCOME_SENT, 0);
    return id;
}

static inline void report(struct world *world, const char *to, uint8_t st)
{
    struct report r = {.line_id = line_id(world),
                       .mr = world->mr & 255,
                       .st = st,
                       .scts_ms = clock_wall_ms(),
                       .discharge_ms = INT64_C(1800000123000),
                       .hex = "00"};
    snprintf(r.to, sizeof r.to, "%s", to);
    queue_report(world->queue, &r, nothing, NULL);
}

static inline void receive(struct world *world, const char *from, const char *text)
{
    static unsigned nth;
    struct pdu pdu = {.type = PDU_DELIVER, .scts = {.valid = true, .utc_s = T0 / 1000 + 60 * ++nth}};
    char hex[32];
    const struct line *line = directory_line(world->directory, line_id(world));
    const struct service *service = directory_service_of_line(world->directory, line->id);
    snprintf(pdu.address.text, sizeof pdu.address.text, "%s", from);
    snprintf(pdu.text, sizeof pdu.text, "%s", text);
    snprintf(hex, sizeof hex, "%08X", nth);
    struct inbound inbound = {.line_id = line->id,
                              .account_id = line->account_id,
                              .service_id = service != NULL ? service->id : 0,
                              .line_number = line->number,
                              .pdu = &pdu,
                              .hex = hex,
                              .received_ms = clock_wall_ms()};
    queue_receive(world->queue, &inbound, nothing, NULL);
}

/* ---- looking ---- */

static inline int64_t world_int(struct world *world, const char *sql)
{
    sqlite3_stmt *stmt = store_read_prepare(world->store, sql);
    int64_t value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_finalize(stmt);
    return value;
}

struct found {
    const char *kind, *part;
    int count;
};

static inline void find_event(void *arg, int64_t at_ms, const char *kind, const char *detail)
{
    struct found *found = arg;
    (void)at_ms;
    found->count += strcmp(kind, found->kind) == 0 && strstr(detail, found->part) != NULL;
}

/* Events of kind "hook" of the message that hold `part`. */
static inline int told(struct world *world, int64_t message_id, const char *part)
{
    struct found found = {"hook", part, 0};
    queue_events(world->queue, message_id, find_event, &found);
    return found.count;
}

/* Value of a request header, NULL when absent. */
static inline const char *header(const struct call *call, const char *name)
{
    static char values[8][512];
    static int next;
    size_t len = strlen(name);
    for (const char *line = strstr(call->head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':') {
            char *out = values[next++ % 8];
            const char *from = line + 3 + len + strspn(line + 3 + len, " ");
            snprintf(out, 512, "%.*s", (int)strcspn(from, "\r\n"), from);
            return out;
        }
    return NULL;
}

static inline void call_params(const struct call *call, struct form *form)
{
    const char *error, *query = strchr(call->target, '?');
    const char *text = strcmp(call->method, "GET") == 0 ? (query != NULL ? query + 1 : "") : call->body;
    if (form_parse(text, strlen(text), form, &error) != 0)
        fail_msg("parameters: %s", error);
}

static inline const char *param(const struct call *call, const char *key)
{
    static char values[8][4096];
    static int next;
    struct form form;
    call_params(call, &form);
    const char *value = form_get(&form, key);
    char *out = values[next++ % 8];
    if (value != NULL)
        snprintf(out, 4096, "%s", value);
    form_fini(&form);
    return value != NULL ? out : NULL;
}

#endif
