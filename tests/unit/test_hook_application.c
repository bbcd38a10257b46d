/* Where hooks of a line go that was given to an application. */
#include "hook_world.h"

static void on_change(void *arg, int status)
{
    assert_int_equal(status, 0);
    *(bool *)arg = true;
}

/* Gives the line to a new application, whose id is returned. */
static int64_t give(struct world *world, const struct application_update *update)
{
    bool made = false, given = false;
    struct sid sid;
    const struct line *line = directory_line(world->directory, line_id(world));
    assert_int_equal(
        directory_application_create(world->directory, line->account_id, update, &sid, on_change, &made), 0);
    assert_int_equal(store_flush(world->store), 0);
    const int64_t id = directory_application_by_sid(world->directory, &sid)->id;
    const struct line_update line_update = {.sms_application_id = &id};
    directory_line_update(world->directory, line->id, &line_update, on_change, &given);
    assert_int_equal(store_flush(world->store), 0);
    assert_true(made && given);
    return id;
}

static struct app *open_line(struct world *world, const char *more)
{
    static const struct script script[] = {{500, "", "", NULL}, {200, "", "", NULL}, {0}};
    char line[512];
    struct app *app = app_new(world, APP_ANSWERS, script);
    snprintf(line, sizeof line, "sms_url = %s\nstatus_callback = %s", app_url(app, "/line-in"),
             app_url(app, "/line-status"));
    world_open(world, "", line, more);
    return app;
}

static void test_inbound_and_its_fallback(void **state)
{
    struct world *world = *state;
    struct app *app = open_line(world, "");
    give(world, &(struct application_update){.sms_url = app_url(app, "/app"),
                                             .sms_method = "GET",
                                             .sms_fallback_url = app_url(app, "/app-fallback")});
    receive(world, PEER, "hello");
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    assert_string_equal(world->calls[0].method, "GET");
    assert_memory_equal(world->calls[0].target, "/app?", 5);
    assert_string_equal(world->calls[1].method, "POST");
    assert_string_equal(world->calls[1].target, "/app-fallback");
}

/* It is the line's answer even where it is none. */
static void test_without_url_nothing_is_called(void **state)
{
    struct world *world = *state;
    open_line(world, "");
    give(world, &(struct application_update){.friendly_name = "mute"});
    receive(world, PEER, "hello");
    settle_down(world);
    assert_int_equal(world->call_count, 0);
}

static void test_deleted_the_line_speaks_again(void **state)
{
    struct world *world = *state;
    struct app *app = open_line(world, "");
    int64_t id = give(world, &(struct application_update){.sms_url = app_url(app, "/app")});
    bool gone = false;
    directory_application_delete(world->directory, id, on_change, &gone);
    assert_int_equal(store_flush(world->store), 0);
    assert_true(gone);
    assert_null(directory_application(world->directory, id));
    receive(world, PEER, "hello");
    settle_down(world);
    assert_string_equal(world->calls[0].target, "/line-in");
}

static void test_the_service_comes_first(void **state)
{
    struct world *world = *state;
    struct app *service = app_new(world, APP_ANSWERS, NULL);
    char section[512];
    snprintf(section, sizeof section,
             "[service pool]\nsid = " SERVICE "\nlines = own\ninbound_request_url = %s\nstatus_callback = %s",
             app_url(service, "/service-in"), app_url(service, "/service-status"));
    struct app *app = open_line(world, section);
    give(world, &(struct application_update){.sms_url = app_url(app, "/app"),
                                             .message_status_callback = app_url(app, "/app-status")});
    receive(world, PEER, "hello");
    settle_down(world);
    message_to(world, PEER, NULL, directory_service_of_line(world->directory, line_id(world))->id);
    message_leaves(world, OUTCOME_SENT, 0);
    settle_down(world);
    assert_int_equal(world->call_count, 3);
    assert_string_equal(world->calls[0].target, "/service-in");
    for (size_t i = 1; i < 3; i++) /* queued, sent */
        assert_string_equal(world->calls[i].target, "/service-status");
}

static void test_statuses(void **state)
{
    static const struct {
        const char *message, *sms, *own, *target;
    } rows[] = {
        {"/message", "/sms", NULL, "/message"},
        {NULL, "/sms", NULL, "/sms"},
        {NULL, NULL, NULL, "/line-status"},
        {"/message", NULL, "/own", "/own"},
    };
    struct world *world = *state;
    struct app *app = open_line(world, "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world->call_count = 0;
        app->calls = 1; /* past the 500 of its script */
        give(world,
             &(struct application_update){
                 .message_status_callback = rows[i].message != NULL ? app_url(app, rows[i].message) : NULL,
                 .sms_status_callback = rows[i].sms != NULL ? app_url(app, rows[i].sms) : NULL});
        message_sent(world, PEER, rows[i].own != NULL ? app_url(app, rows[i].own) : NULL);
        settle_down(world);
        assert_int_equal(world->call_count, 1);
        assert_string_equal(world->calls[0].target, rows[i].target);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_inbound_and_its_fallback),
        TEST(test_without_url_nothing_is_called),
        TEST(test_deleted_the_line_speaks_again),
        TEST(test_the_service_comes_first),
        TEST(test_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
