/* Who sends no more, and who wants no more: what waits for a retry, what was scheduled, what another line of
 * the pool would have taken. Nothing leaves that nothing has left of. */
#include "queue_world.h"

#define HOUR INT64_C(3600000)

/* As a word, the API or an operator would; the pool of SERVICE is LINE. */
static void opt_out(struct world *world, int64_t service_id, int64_t line_id, const char *number)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "INSERT INTO optout (sid, account_id, service_id, line_id, number, source, created_ms) VALUES "
             "(randomblob(16), 1, %lld, %lld, '%s', 'api', %lld)",
             (long long)service_id, (long long)line_id, number, (long long)clock_wall_ms());
    world_exec(world, sql);
}

static void set_pool(struct world *world, int64_t line_id)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "PRAGMA foreign_keys = OFF; INSERT INTO service_line (service_id, line_id, created_ms) VALUES "
             "(%d, %lld, 1)",
             SERVICE, (long long)line_id);
    world_exec(world, sql);
}

static int64_t send_as(struct world *world, enum message_direction direction, int64_t in_ms, bool by_service)
{
    struct submission s = text_to(ALICE, "for Alice");
    s.direction = direction;
    s.send_at_ms = in_ms != 0 ? clock_wall_ms() + in_ms : 0;
    if (by_service) {
        s.line_id = 0;
        s.service_id = SERVICE;
        s.from = "";
    }
    return submit(world, &s);
}

static void assert_unwanted(struct world *world, int64_t id)
{
    struct job job;
    assert_int_equal(claim(world, &job), 0);
    settle_down(world);
    assert_string_equal(status_of(world, id), "failed");
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT error_code FROM message WHERE id = %lld", (long long)id);
    assert_int_equal(world_int(world, sql), 21610);
}

static void test_scheduled_before_the_row_came(void **state)
{
    struct world *world = *state;
    int64_t id = send_as(world, MESSAGE_OUTBOUND_API, HOUR, false);
    opt_out(world, 0, LINE, ALICE);
    pass_time(world, HOUR);
    assert_unwanted(world, id);
    assert_string_equal(hooks_of(world, id), "queued failed:21610");
}

static void test_a_service_claims_later(void **state)
{
    struct world *world = *state;
    int64_t id = send_as(world, MESSAGE_OUTBOUND_API, 0, true);
    opt_out(world, 0, LINE, ALICE); /* which joins the pool after that */
    set_pool(world, LINE);
    assert_unwanted(world, id);
    id = send_as(world, MESSAGE_OUTBOUND_API, 0, false);
    world_exec(world, "DELETE FROM optout");
    opt_out(world, SERVICE, 0, ALICE);
    assert_unwanted(world, id);
}

static void test_waits_for_a_retry(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, "text");
    assert_int_equal(pass(world, OUTCOME_RETRY, -1), id);
    opt_out(world, 0, LINE, ALICE);
    pass_time(world, HOUR / 2);
    assert_unwanted(world, id);
}

static void test_half_of_it_has_left(void **state)
{
    struct world *world = *state;
    char text[200];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    int64_t id = send_to(world, ALICE, text);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), id);
    opt_out(world, 0, LINE, ALICE);
    assert_int_equal(pass(world, OUTCOME_SENT, 2), id);
    assert_string_equal(status_of(world, id), "sent");
}

/* What answers the word leaves; what the application had answered before does not, nor does it hold up
 * others. */
static void test_answers(void **state)
{
    struct world *world = *state;
    int64_t before = send_as(world, MESSAGE_OUTBOUND_REPLY, 0, false);
    clock_advance(1);
    opt_out(world, 0, LINE, ALICE);
    int64_t confirmation = send_as(world, MESSAGE_OUTBOUND_REPLY, 0, false);
    int64_t other = send_to(world, BOB, "for Bob");
    assert_int_equal(pass(world, OUTCOME_SENT, 1), confirmation);
    assert_int_equal(pass(world, OUTCOME_SENT, 2), other);
    assert_unwanted(world, before);
}

static void test_an_account_that_is_stopped(void **state)
{
    struct world *world = *state;
    struct answer answer = {0};
    int64_t retried = send_to(world, ALICE, "text"), waits = send_to(world, BOB, "text");
    assert_int_equal(pass(world, OUTCOME_RETRY, -1), retried);
    queue_account_stop(world->queue, ACCOUNT, 30002, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 1);
    assert_string_equal(status_of(world, waits), "failed");
    assert_string_equal(status_of(world, retried), "failed");
    pass_time(world, HOUR / 2);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), 0);
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_scheduled_before_the_row_came),
        CASE(test_a_service_claims_later),
        CASE(test_waits_for_a_retry),
        CASE(test_half_of_it_has_left),
        CASE(test_answers),
        CASE(test_an_account_that_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
