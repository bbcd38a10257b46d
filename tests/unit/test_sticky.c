/* A recipient keeps its line: across messages and restarts, while the line is away for a short time, and not
 * longer. */
#include "router_world.h"

#include "host/router/sticky.h"

#define ALICE "+41791112233"
#define BOB   "+41791112244"
#define CAROL "+41791112255"

static int setup_sticky(void **state)
{
    world_service_more = "sticky_sender = yes\n";
    world_number_b = "+41790000002";
    return setup(state);
}

static int setup_by_area(void **state)
{
    world_service_more = "area_code_geomatch = yes\n";
    world_number_b = "+498900000002";
    return setup(state);
}

static void pads_open(struct world *world)
{
    world->pad.settle_at_once = world->other.settle_at_once = true;
    world->other.state = CARRIER_READY;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    router_add(world->rooms.router, line_id(world, "b"), &world->other.carrier);
}

static void pad_become(struct world *world, struct pad *pad, enum carrier_state state)
{
    pad->state = state;
    pad->up->ops->changed(pad->up);
    turns(world);
}

/* Who took it. */
static const struct pad *send_pooled(struct world *world, const char *to)
{
    int before = world->pad.submits;
    int64_t id = submit_to_pool(world, to);
    turns(world);
    assert_int_equal(status_of(world, id), MESSAGE_SENT);
    return world->pad.submits > before ? &world->pad : &world->other;
}

static void test_the_lines_take_turns(void **state)
{
    struct world *world = *state;
    pads_open(world);
    const struct pad *first = send_pooled(world, ALICE);
    assert_ptr_not_equal(send_pooled(world, BOB), first);
    assert_ptr_equal(send_pooled(world, CAROL), first);
}

static void test_a_recipient_keeps_its_line(void **state)
{
    struct world *world = *state;
    pads_open(world);
    const struct pad *alices = send_pooled(world, ALICE), *bobs = send_pooled(world, BOB);
    assert_ptr_not_equal(alices, bobs);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(send_pooled(world, ALICE), alices);
        assert_ptr_equal(send_pooled(world, ALICE), alices);
        assert_ptr_equal(send_pooled(world, BOB), bobs);
    }
}

static void test_after_a_restart(void **state)
{
    struct world *world = *state;
    pads_open(world);
    const struct pad *alices = send_pooled(world, ALICE), *bobs = send_pooled(world, BOB);
    rooms_close(&world->rooms);
    rooms_open(&world->rooms);
    pads_open(world);
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(send_pooled(world, ALICE), alices);
        assert_ptr_equal(send_pooled(world, ALICE), alices);
        assert_ptr_equal(send_pooled(world, BOB), bobs);
    }
}

/* One that is away for a short time is waited for; the message of another recipient does not wait behind. */
static void test_waits_for_its_line(void **state)
{
    struct world *world = *state;
    pads_open(world);
    struct pad *alices = send_pooled(world, ALICE) == &world->pad ? &world->pad : &world->other;
    struct pad *others = alices == &world->pad ? &world->other : &world->pad;
    pad_become(world, alices, CARRIER_RECOVERY);
    int64_t waits = submit_to_pool(world, ALICE), goes = submit_to_pool(world, CAROL);
    clock_advance(20000);
    turns(world);
    assert_int_equal(status_of(world, waits), MESSAGE_ACCEPTED);
    assert_int_equal(status_of(world, goes), MESSAGE_SENT);
    assert_int_equal(others->job.message_id, goes);
    pad_become(world, alices, CARRIER_READY);
    assert_int_equal(status_of(world, waits), MESSAGE_SENT);
    assert_int_equal(alices->job.message_id, waits);
}

static void test_gives_a_dead_line_up(void **state)
{
    struct world *world = *state;
    pads_open(world);
    struct pad *alices = send_pooled(world, ALICE) == &world->pad ? &world->pad : &world->other;
    struct pad *others = alices == &world->pad ? &world->other : &world->pad;
    pad_become(world, alices, CARRIER_RECOVERY);
    int64_t waits = submit_to_pool(world, ALICE);
    clock_advance(29000);
    turns(world);
    assert_int_equal(status_of(world, waits), MESSAGE_ACCEPTED);
    clock_advance(1500);
    turns(world);
    turns(world);
    assert_int_equal(status_of(world, waits), MESSAGE_SENT);
    assert_int_equal(others->job.message_id, waits);
    assert_ptr_equal(send_pooled(world, ALICE), others); /* at once, now that it is lost */
    pad_become(world, alices, CARRIER_READY);
    for (int i = 0; i < 3; i++) /* and it knows the new line */
        assert_ptr_equal(send_pooled(world, ALICE), others);
}

/* A SIM that is refused for ten minutes: nobody waits. */
static void test_a_long_rest_is_not_waited_for(void **state)
{
    struct world *world = *state;
    pads_open(world);
    struct pad *alices = send_pooled(world, ALICE) == &world->pad ? &world->pad : &world->other;
    struct pad *others = alices == &world->pad ? &world->other : &world->pad;
    alices->settle_at_once = false;
    int64_t message = submit_to_pool(world, ALICE);
    assert_int_equal(alices->job.message_id, message);
    pad_settle_resting(alices, OUTCOME_RETRY, 600000);
    pad_become(world, alices, CARRIER_READY);
    clock_advance(5000);
    turns(world);
    turns(world);
    assert_int_equal(status_of(world, message), MESSAGE_SENT);
    assert_int_equal(others->job.message_id, message);
}

static void test_a_line_that_left_the_pool(void **state)
{
    struct world *world = *state;
    char text[512], error[256];
    pads_open(world);
    struct pad *alices = send_pooled(world, ALICE) == &world->pad ? &world->pad : &world->other;
    struct pad *others = alices == &world->pad ? &world->other : &world->pad;
    pad_become(world, alices, CARRIER_RECOVERY);
    int64_t waits = submit_to_pool(world, ALICE);
    assert_int_equal(status_of(world, waits), MESSAGE_ACCEPTED);
    snprintf(text, sizeof text,
             "[daemon]\ndata_dir = %s\n[line a]\nnumber = +41790000001\ncarrier = loopback\n"
             "[line b]\nnumber = +41790000002\ncarrier = loopback\n"
             "[service s]\nlines = %s\nsticky_sender = yes\n",
             world->rooms.dir, alices == &world->pad ? "b" : "a");
    conf_free(world->rooms.conf);
    world->rooms.conf = conf_parse("test", text, strlen(text), NULL, NULL);
    assert_int_equal(directory_reload(world->rooms.directory, world->rooms.conf, error), 0);
    turns(world);
    turns(world);
    assert_int_equal(status_of(world, waits), MESSAGE_SENT);
    assert_int_equal(others->job.message_id, waits);
}

static void test_by_area(void **state)
{
    struct world *world = *state;
    pads_open(world);
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(send_pooled(world, "+498911111111"), &world->other);
        assert_ptr_equal(send_pooled(world, "+498911111112"), &world->other);
        assert_ptr_equal(send_pooled(world, ALICE), &world->pad);
    }
    pad_become(world, &world->other, CARRIER_RECOVERY); /* a preference, not a condition */
    assert_ptr_equal(send_pooled(world, "+498911111111"), &world->pad);
}

/* ---- the table ---- */

static void note(struct world *world, struct sticky *sticky, int64_t message, int64_t line)
{
    sticky_note(sticky, message, line);
    clock_advance(100); /* a note is patient */
    turns(world);
}

static void test_the_table_is_bounded(void **state)
{
    struct world *world = *state;
    char to[24];
    struct sticky *sticky = sticky_new(world->rooms.store, 3);
    for (int i = 0; i < 6; i++) {
        snprintf(to, sizeof to, "+4179111220%d", i);
        note(world, sticky, submit_to_pool(world, to), 1);
    }
    assert_int_equal(sticky_known(sticky), 3);
    sqlite3_stmt *stmt =
        store_read_prepare(world->rooms.store, "SELECT group_concat(to_addr, ' ') FROM sticky");
    assert_int_equal(store_step(world->rooms.store, stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), "+41791112203 +41791112204 +41791112205");
    sqlite3_finalize(stmt);
    sticky_free(sticky);
    sticky = sticky_new(world->rooms.store, 3);
    assert_int_equal(sticky_known(sticky), 3);
    sticky_note(sticky, submit_to_pool(world, "+41791112207"), 1);
    sticky_free(sticky); /* it still reaches the disk */
    clock_advance(100);
    turns(world);
}

#define STICKY(name) cmocka_unit_test_setup_teardown(name, setup_sticky, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STICKY(test_the_lines_take_turns),
        STICKY(test_a_recipient_keeps_its_line),
        STICKY(test_after_a_restart),
        STICKY(test_waits_for_its_line),
        STICKY(test_gives_a_dead_line_up),
        STICKY(test_a_long_rest_is_not_waited_for),
        STICKY(test_a_line_that_left_the_pool),
        cmocka_unit_test_setup_teardown(test_by_area, setup_by_area, teardown),
        STICKY(test_the_table_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
