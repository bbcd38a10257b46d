/* Status callbacks that are not taken at once: order, delays, Retry-After, the end of patience; and Twilio's
 * own repeats within a try. */
#include "hook_world.h"

static void test_in_order_until_up(void **state)
{
    struct world *world = *state;
    static const struct script busy[] = {
        {503, "", "", NULL}, {500, "", "", NULL}, {429, "", "", NULL}, {200, "", "", NULL}, {0}};
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, busy);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    report(world, PEER, 0); /* both are owed at once */
    settle_down(world);
    assert_int_equal(world->call_count, 1);
    for (int wait = 1000; wait <= 4000; wait *= 2)
        pass_time(world, wait);
    static const char *const words[] = {"sent", "sent", "sent", "sent", "delivered"};
    assert_int_equal(world->call_count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(param(&world->calls[i], "MessageStatus"), words[i]);
    for (int i = 1; i < 4; i++)
        assert_string_equal(header(&world->calls[i], "I-Twilio-Idempotency-Token"),
                            header(&world->calls[0], "I-Twilio-Idempotency-Token"));
    assert_string_not_equal(header(&world->calls[4], "I-Twilio-Idempotency-Token"),
                            header(&world->calls[0], "I-Twilio-Idempotency-Token"));
    assert_int_equal(told(world, id, "11217 http 503"), 1);
}

static int64_t next_due(struct world *world)
{
    struct hook hooks[1];
    int64_t next_ms = 0;
    assert_int_equal(queue_hooks_due(world->queue, NULL, 0, hooks, 1, &next_ms), 0);
    return next_ms;
}

/* Longer than the table is heeded, shorter is not; nor from a status that does not mean it. */
static void test_retry_after(void **state)
{
    struct world *world = *state;
    static const struct {
        int status;
        const char *type; /* and the header that follows it */
        int64_t wait_ms;
    } rows[] = {
        {503, "text/plain\r\nRetry-After: 120", 120000},
        {429, "text/plain\r\nretry-after:  7  ", 7000},
        {503, "text/plain\r\nRetry-After: 0", 1000},
        {503, "text/plain\r\nRetry-After: 86400", 3600000},
        {503, "text/plain\r\nRetry-After: 99999999999999999999", 3600000},
        {500, "text/plain\r\nRetry-After: 120", 1000},
        {503, "text/plain\r\nRetry-After: -5", 1000},
        {503, "text/plain\r\nRetry-After: soon", 1000},
    };
    world_open(world, "", "", "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct script script[] = {{rows[i].status, rows[i].type, "", NULL}, {200, "", "", NULL}, {0}};
        struct app *app = app_new(world, APP_ANSWERS, script);
        message_sent(world, PEER, app_url(app, "/"));
        settle_down(world);
        int64_t wait_ms = next_due(world) - clock_wall_ms();
        if (wait_ms > rows[i].wait_ms || wait_ms <= rows[i].wait_ms - 500)
            fail_msg("%s: %lld ms", rows[i].type, (long long)wait_ms);
        pass_time(world, wait_ms);
        assert_int_equal(app->calls, 2);
        app_down(app);
    }
}

/* Nobody listens: 1, 2, 4 ... s; it answers at last, and all that was owed comes in order. */
static void test_down_for_an_hour(void **state)
{
    struct world *world = *state;
    world_open(world, "breaker = no", "", "");
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    app_down(app);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    settle_down(world);
    int64_t start_ms = clock_wall_ms();
    for (int64_t delay_ms = 1000; clock_wall_ms() < start_ms + 3600000; delay_ms *= 2) {
        int64_t wait_ms = next_due(world) - clock_wall_ms();
        assert_true(wait_ms <= delay_ms && wait_ms > delay_ms - 500); /* the clock creeps while curl works */
        if (delay_ms == 64000)
            report(world, PEER, 0);
        pass_time(world, wait_ms);
    }
    assert_int_equal(world->call_count, 0);
    assert_int_equal(told(world, id, "11202"), 13);
    app_listen(app);
    pass_time(world, 3600000);
    assert_int_equal(world->call_count, 2);
    assert_string_equal(param(&world->calls[0], "MessageStatus"), "sent");
    assert_string_equal(param(&world->calls[1], "MessageStatus"), "delivered");
}

static void test_given_up_after_a_day(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{500, "", "", NULL}, {0}};
    world_open(world, "breaker = no", "", "");
    struct app *app = app_new(world, APP_ANSWERS, down);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    settle_down(world);
    int64_t start_ms = clock_wall_ms();
    while (world_int(world, "SELECT count(*) FROM hook") > 0 && clock_wall_ms() < start_ms + 48 * 3600000LL)
        pass_time(world, next_due(world) - clock_wall_ms());
    int64_t last_ms = world->calls[world->call_count - 1].at_ms;
    assert_in_range(last_ms - start_ms, 24 * 3600000 - 1000, 24 * 3600000 + 1000);
    assert_int_equal(told(world, id, "dead"), 1);
    assert_in_range(world->call_count, 34, 37); /* 12 in the first 68 minutes, then hourly, and the last */
}

static void test_refused_is_dead_and_releases_the_next(void **state)
{
    struct world *world = *state;
    static const struct script gone[] = {{404, "", "", NULL}, {200, "", "", NULL}, {0}};
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, gone);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    report(world, PEER, 0);
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    assert_string_equal(param(&world->calls[1], "MessageStatus"), "delivered");
    assert_int_equal(told(world, id, "dead detail=\"11217 http 404"), 1);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
}

static void test_without_durable_retry(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{503, "", "", NULL}, {0}};
    world_open(world, "retry = no", "", "");
    struct app *app = app_new(world, APP_ANSWERS, down);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    settle_down(world);
    pass_time(world, 7200000);
    assert_int_equal(world->call_count, 1);
    assert_int_equal(told(world, id, "dead"), 1);
}

/* Twilio's own repeats, at once: rc counts them, rp says after what. */
static void test_immediate_repeats(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *path;
        int status;
        size_t calls;
    } rows[] = {
        {"/#rc=3&rp=5xx", 503, 4},
        {"/#rc=3&rp=4xx", 503, 1},
        {"/#rc=2&rp=4xx", 404, 3},
        {"/#rc=5&rp=all", 500, 6},
        {"/#rc=0&rp=all", 500, 1},
        {"/#rc=4", 500, 1},
        {"/", 500, 1},
    };
    world_open(world, "retry = no", "", "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct script script[] = {{rows[i].status, "", "", NULL}, {0}};
        struct app *app = app_new(world, APP_ANSWERS, script);
        message_sent(world, PEER, app_url(app, rows[i].path));
        settle_down(world);
        assert_int_equal(world->call_count, rows[i].calls);
        for (size_t n = 1; n < world->call_count; n++)
            assert_string_equal(header(&world->calls[n], "I-Twilio-Idempotency-Token"),
                                header(&world->calls[0], "I-Twilio-Idempotency-Token"));
        world->call_count = 0;
    }
}

/* An endpoint that asks for time has it, unless there is no later. */
static void test_no_repeat_before_retry_after(void **state)
{
    static const struct {
        const char *retry, *type;
        size_t calls;
    } rows[] = {
        {"retry = yes", "text/plain\r\nRetry-After: 5", 1},
        {"retry = yes", "text/plain\r\nRetry-After: 0", 3},
        {"retry = no", "text/plain\r\nRetry-After: 5", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct script script[] = {{429, rows[i].type, "", NULL}, {0}};
        world_setup(state);
        struct world *world = *state;
        world_open(world, rows[i].retry, "", "");
        struct app *app = app_new(world, APP_ANSWERS, script);
        message_sent(world, PEER, app_url(app, "/#rc=2&rp=all"));
        settle_down(world);
        assert_int_equal(world->call_count, rows[i].calls);
        world_teardown(state);
    }
}

/* Each of them is tried again, none is taken for an answer. */
static void test_bad_answers_are_retried(void **state)
{
    struct world *world = *state;
    static const struct {
        enum app_manner manner;
        const char *path, *told;
    } rows[] = {{APP_MUTE, "/#tt=1000", "retry detail=\"11203"},
                {APP_GARBAGE, "/", "retry detail=\"11206"},
                {APP_STOPS, "/#tt=1000", "retry detail=\"11203"},
                {APP_HANGS_UP, "/", "retry detail=\"11205"}};
    world_open(world, "", "", "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct app *app = app_new(world, rows[i].manner, NULL);
        int64_t id = message_sent(world, PEER, app_url(app, rows[i].path));
        settle_down(world);
        assert_true(told(world, id, rows[i].told) >= 1);
        queue_delete(world->queue, id, NULL, NULL);
        settle_down(world);
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_in_order_until_up),
        CASE(test_retry_after),
        CASE(test_down_for_an_hour),
        CASE(test_given_up_after_a_day),
        CASE(test_refused_is_dead_and_releases_the_next),
        CASE(test_without_durable_retry),
        CASE(test_immediate_repeats),
        cmocka_unit_test(test_no_repeat_before_retry_after),
        CASE(test_bad_answers_are_retried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
