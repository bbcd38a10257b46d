/* Endpoints that are down: the breaker, what waits for it, and what does not. And which URLs may be called.
 */
#include "hook_world.h"

static const struct script DOWN[] = {{503, "", "", NULL}, {0}};

/* n messages to n recipients, each owed one callback. */
static void many_sent(struct world *world, const char *url, int n)
{
    char to[24];
    for (int i = 0; i < n; i++) {
        snprintf(to, sizeof to, "+4179%07d", ++world->mr);
        message_sent(world, to, url);
    }
}

static bool five_calls(struct world *world)
{
    return world->call_count >= 5;
}

static void count_running(void *arg, const struct endpoint *endpoint)
{
    *(size_t *)arg += endpoint->running;
}

/* Held hooks stay due: quiet is when no request is under way, at either end, and nothing more happens. */
static bool none_under_way(struct world *world)
{
    size_t running = 0;
    hooks_endpoints(world->hooks, count_running, &running);
    return running == 0 && world->open_count == 0;
}

static void calm(struct world *world)
{
    for (int idle = 0; idle < 20; idle++) {
        loop_turn(world->loop, 0);
        if (none_under_way(world))
            continue;
        assert_true(run_until(world, none_under_way, DEADLINE_MS));
        idle = 0;
    }
}

static void ahead(struct world *world, int64_t ms)
{
    clock_advance(ms);
    calm(world);
}

static int64_t tries(struct world *world)
{
    return world_int(world, "SELECT sum(tries) FROM hook");
}

/* Five failures; then silence, whatever falls due; a probe alone; two that succeed let all go. */
static void test_open_probe_close(void **state)
{
    struct world *world = *state;
    world_open(world, "parallel = 4", "", ""); /* one request at a time for an endpoint */
    struct app *app = app_new(world, APP_ANSWERS, DOWN);
    many_sent(world, app_url(app, "/"), 12);
    calm(world);
    assert_int_equal(world->call_count, 5);
    assert_int_equal(tries(world), 5);
    ahead(world, 20000);
    assert_int_equal(world->call_count, 5);
    assert_int_equal(tries(world), 5); /* waiting is no try */
    ahead(world, 10500);
    assert_int_equal(world->call_count, 6); /* the probe fails: 30 s more */
    ahead(world, 29000);
    assert_int_equal(world->call_count, 6);
    app->script = NULL;
    ahead(world, 2000);
    settle_down(world);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
    assert_int_equal(world->call_count, 18);
}

/* An endpoint that is down is nobody else's trouble. */
static void test_others_go_on(void **state)
{
    struct world *world = *state;
    world_open(world, "parallel = 4", "", "");
    struct app *down = app_new(world, APP_ANSWERS, DOWN), *up = app_new(world, APP_ANSWERS, NULL);
    many_sent(world, app_url(down, "/"), 8);
    calm(world);
    assert_int_equal(down->calls, 5);
    many_sent(world, app_url(up, "/"), 6);
    calm(world);
    assert_int_equal(up->calls, 6);
    assert_int_equal(down->calls, 5);
}

/* What the application refuses is an answer, and no sign that it is down. */
static void test_a_refusal_does_not_open_it(void **state)
{
    struct world *world = *state;
    static const struct script gone[] = {{404, "", "", NULL}, {0}};
    world_open(world, "parallel = 4", "", "");
    struct app *app = app_new(world, APP_ANSWERS, gone);
    many_sent(world, app_url(app, "/"), 9);
    settle_down(world);
    assert_int_equal(app->calls, 9);
}

/* An inbound message with a fallback URL does not wait: the fallback is asked at once, and told why. */
static void test_fallback_at_once(void **state)
{
    struct world *world = *state;
    char line[512];
    struct app *app = app_new(world, APP_ANSWERS, DOWN), *spare = app_new(world, APP_ANSWERS, NULL);
    snprintf(line, sizeof line, "sms_url = %s\nsms_fallback_url = %s", app_url(app, "/in"),
             app_url(spare, "/spare"));
    world_open(world, "parallel = 4", line, "");
    many_sent(world, app_url(app, "/"), 5);
    assert_true(run_until(world, five_calls, DEADLINE_MS));
    calm(world);
    assert_int_equal(app->calls, 5);
    receive(world, PEER, "hi");
    calm(world);
    assert_int_equal(app->calls, 5);
    assert_int_equal(spare->calls, 1);
    const struct call *call = &world->calls[world->call_count - 1];
    assert_string_equal(param(call, "ErrorCode"), "11217");
    assert_string_equal(param(call, "ErrorUrl"), app_url(app, "/in"));
    assert_string_equal(param(call, "Body"), "hi");
}

static void test_switched_off(void **state)
{
    struct world *world = *state;
    world_open(world, "parallel = 4\nbreaker = no", "", "");
    struct app *app = app_new(world, APP_ANSWERS, DOWN);
    many_sent(world, app_url(app, "/"), 9);
    calm(world);
    assert_int_equal(app->calls, 9);
}

/* n more messages like the only one, each with its hook: written past the queue, which would take seconds. */
static void backlog(struct world *world, int n)
{
    char path[96];
    sqlite3 *db;
    house_shut(world);
    snprintf(path, sizeof path, "%s/cellpost.db", world->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "BEGIN; CREATE TEMP TABLE one AS SELECT * FROM message", NULL, NULL, NULL),
        SQLITE_OK);
    for (int i = 0; i < n; i++)
        assert_int_equal(
            sqlite3_exec(db,
                         "UPDATE one SET id = id + 1, sid = randomblob(16);"
                         "INSERT INTO message SELECT * FROM one;"
                         "INSERT INTO hook SELECT one.id, h.status, 0, 0, 0, h.created_ms, h.created_ms "
                         "FROM one, (SELECT * FROM hook LIMIT 1) h",
                         NULL, NULL, NULL),
            SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    house_open(world);
}

/* More than the list in memory holds, for an endpoint that is down: those it has no room for are put off, and
 * that costs them no try. The other endpoint is served meanwhile. */
static void test_backlog_of_one_that_is_down(void **state)
{
    struct world *world = *state;
    world_open(world, "parallel = 4", "", "");
    struct app *down = app_new(world, APP_ANSWERS, DOWN), *up = app_new(world, APP_ANSWERS, NULL);
    many_sent(world, app_url(down, "/"), 1);
    calm(world);
    backlog(world, 2299);
    for (int i = 0; i < 6; i++)
        ahead(world, 1000);
    many_sent(world, app_url(up, "/"), 3);
    for (int i = 0; i < 2; i++)
        ahead(world, 100);
    assert_int_equal(up->calls, 3);
    assert_true(down->calls <= 8);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 2300);
    assert_int_equal(tries(world), down->calls);
}

/* ---- one that is slow ---- */

static struct app *mute, *quick;

static bool all_under_way(struct world *world)
{
    (void)world;
    return mute->calls >= 120;
}

static bool quick_is_served(struct world *world)
{
    return quick->calls >= 30 && world_int(world, "SELECT count(*) FROM hook") <= 150;
}

/* A quarter of the places hang with one endpoint, more wait for it: the other's hooks go at once. */
static void test_many_in_flight_to_a_slow_one(void **state)
{
    struct world *world = *state;
    world_open(world, "parallel = 480\nconnect = 10s\nread = 15s\ntotal = 15s", "", "");
    mute = app_new(world, APP_MUTE, NULL);
    quick = app_new(world, APP_ANSWERS, NULL);
    many_sent(world, app_url(mute, "/"), 150);
    assert_true(run_until(world, all_under_way, DEADLINE_MS));
    assert_true(world->open_count >= 120); /* requests that were read and not answered */
    many_sent(world, app_url(quick, "/"), 30);
    assert_true(run_within(world, quick_is_served, 5000)); /* none of the slow ones has ended meanwhile: */
    assert_int_equal(mute->calls, 120);
    assert_true(world->open_count >= 120);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook WHERE tries = 0"), 150);
}

/* ---- url_allow ---- */

static void test_url_that_is_not_allowed(void **state)
{
    struct world *world = *state;
    char hooks[256];
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    snprintf(hooks, sizeof hooks, "url_allow = %s, other.test", app_url(app, "/hooks/"));
    world_open(world, hooks, "", "");
    message_sent(world, PEER, app_url(app, "/hooks/a"));
    int64_t id = message_sent(world, "+41790000002", app_url(app, "/else"));
    settle_down(world);
    assert_int_equal(world->call_count, 1);
    assert_string_equal(world->calls[0].target, "/hooks/a");
    assert_int_equal(told(world, id, "dead detail=\"11321"), 1);
}

static void test_redirect_that_is_not_allowed(void **state)
{
    struct world *world = *state;
    static const struct script away[] = {{302, "", "", "/else"}, {0}};
    char hooks[256];
    struct app *app = app_new(world, APP_ANSWERS, away);
    snprintf(hooks, sizeof hooks, "url_allow = %s", app_url(app, "/hooks/"));
    world_open(world, hooks, "", "");
    int64_t id = message_sent(world, PEER, app_url(app, "/hooks/a"));
    settle_down(world);
    assert_int_equal(world->call_count, 1);
    assert_int_equal(told(world, id, "dead detail=\"11321"), 1);
}

/* ---- the switch `sending` ---- */

static void test_sending_is_told_when_asked_for(void **state)
{
    static const struct {
        const char *option;
        size_t calls;
    } rows[] = {{"", 1}, {"sending = yes", 2}};
    for (size_t i = 0; i < 2; i++) {
        world_setup(state);
        struct world *world = *state;
        world_open(world, rows[i].option, "", "");
        struct app *app = app_new(world, APP_ANSWERS, NULL);
        message_sent(world, PEER, app_url(app, "/"));
        settle_down(world);
        assert_int_equal(world->call_count, rows[i].calls);
        assert_string_equal(param(&world->calls[0], "MessageStatus"), i == 0 ? "sent" : "sending");
        assert_string_equal(param(&world->calls[rows[i].calls - 1], "MessageStatus"), "sent");
        world_teardown(state);
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_open_probe_close),
        CASE(test_others_go_on),
        CASE(test_a_refusal_does_not_open_it),
        CASE(test_fallback_at_once),
        CASE(test_switched_off),
        CASE(test_backlog_of_one_that_is_down),
        CASE(test_many_in_flight_to_a_slow_one),
        CASE(test_url_that_is_not_allowed),
        CASE(test_redirect_that_is_not_allowed),
        cmocka_unit_test(test_sending_is_told_when_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
