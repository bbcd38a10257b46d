/* A flow is recorded on a line with rules, then replayed on lines without any: what happens is the same, each
 * time. */
#include "simulator_world.h"

#include <unistd.h>

#include "host/base/log.h"
#include "host/simulator/record.h"

static const char RULES[] = "[simulate a]\nto = *2233\noutcome = retry\ntimes = 1\nafter = 300ms\n"
                            "[simulate b]\nto = *2233\nafter = 700ms\nreceipt = undelivered\n"
                            "receipt_error = 30005\nreceipt_after = 4s\n"
                            "[simulate c]\noutcome = reject\nerror = 30007\ntimes = 1\n";

/* An application that answers what comes in and sends on its own, by the clock alone. */
static void play(struct world *w, bool inbound)
{
    unsigned parts;
    world_send(w, TO, "one");
    world_send(w, OTHER, "two");
    pass(w, 500);
    if (inbound)
        simulator_inbound(w->simulator, "ci", OTHER, "Hello", 5, &parts, world_done, w);
    pass(w, 1000);
    world_send(w, OTHER, "three");
    pass(w, 20000);
}

static void on_record(void *arg, int64_t at_ms, const struct message *m, const char *kind, const char *detail)
{
    record_event(arg, at_ms, m, kind, detail);
}

static char *record(struct world *w, const struct record_options *options, size_t *len)
{
    char error[256] = "", *text = calloc(1, FLOW_FILE_MAX);
    struct record *record = record_start(options, error);
    if (record == NULL)
        fail_msg("%s", error);
    w->on_event = on_record;
    w->on_event_arg = record;
    play(w, true);
    w->on_event = NULL;
    assert_true(record_stop(record) > 10);
    FILE *file = fopen(options->path, "r");
    assert_non_null(file);
    *len = fread(text, 1, FLOW_FILE_MAX, file);
    fclose(file);
    return text;
}

static void replay(const char *file, size_t len, int speed, char seen[16384])
{
    struct world *w = world_new("");
    struct flow flow;
    char error[256];
    size_t texts, tries;
    if (flow_read(file, len, &flow, error) != 0)
        fail_msg("%s", error);
    assert_int_equal(simulator_replay(w->simulator, "ci", &flow, speed), 0);
    simulator_replay_left(w->simulator, "ci", &texts, &tries);
    assert_int_equal(texts, 1);
    assert_int_equal(tries, 4);
    play(w, false);
    simulator_replay_left(w->simulator, "ci", &texts, &tries);
    assert_int_equal(texts + tries, 0);
    memcpy(seen, w->seen, sizeof w->seen);
    world_free(w);
}

static void test_the_same_each_time(void **state)
{
    struct world *w = world_new(RULES);
    char path[128], seen[16384], again[16384];
    size_t len;
    (void)state;
    snprintf(path, sizeof path, "%s/flow", w->rooms.dir);
    struct record_options options = {.path = path, .full_numbers = true, .bodies = true};
    char *file = record(w, &options, &len);
    assert_non_null(strstr(w->seen, "retry " TO));
    assert_non_null(strstr(w->seen, "undelivered " TO));
    assert_non_null(strstr(w->seen, "failed " OTHER));
    assert_non_null(strstr(w->seen, "delivered " OTHER));
    assert_non_null(strstr(file, "\"text\":\"Hello\""));
    replay(file, len, 1, seen);
    assert_string_equal(seen, w->seen);
    replay(file, len, 1, again);
    assert_string_equal(again, seen);
    free(file);
    world_free(w);
}

static void test_masked(void **state)
{
    struct world *w = world_new(RULES);
    char path[128], error[256];
    size_t len;
    (void)state;
    snprintf(path, sizeof path, "%s/flow", w->rooms.dir);
    struct record_options options = {.path = path};
    char *file = record(w, &options, &len);
    assert_null(strstr(file, "+41"));
    assert_null(strstr(file, "Hello"));
    assert_non_null(strstr(file, "\"text\":\"xxxxx\""));
    struct flow flow;
    assert_int_equal(flow_read(file, len, &flow, error), 0);
    assert_int_equal(flow.try_count, 4);
    assert_string_equal(flow.tries[0].to, flow.tries[3].to); /* the same number by the same */
    assert_string_equal(flow.tries[1].to, flow.texts[0].from);
    assert_string_not_equal(flow.tries[0].to, flow.tries[1].to);
    assert_memory_equal(flow.tries[0].to, "+999", 4);
    flow_fini(&flow);
    assert_null(record_start(&options, error)); /* never over an old one */
    assert_non_null(strstr(error, "already"));
    free(file);
    world_free(w);
}

static void test_faster(void **state)
{
    static const char FILE_TEXT[] =
        "{\"cellpost_flow\":1}\n"
        "{\"at_ms\":0,\"event\":\"in_flight\",\"message\":1,\"attempt\":1,\"to\":\"" TO "\"}\n"
        "{\"at_ms\":60000,\"event\":\"sent\",\"message\":1,\"attempt\":1}\n"
        "{\"at_ms\":120000,\"event\":\"received\",\"from\":\"" TO "\",\"to\":\"x\",\"text\":\"late\"}\n";
    struct world *w = world_new("");
    struct flow flow;
    char error[256];
    (void)state;
    assert_int_equal(flow_read(FILE_TEXT, sizeof FILE_TEXT - 1, &flow, error), 0);
    assert_int_equal(simulator_replay(w->simulator, "ci", &flow, 100), 0);
    int64_t id = world_send(w, TO, "text");
    pass(w, 550);
    assert_int_equal(world_status(w, id, NULL), MESSAGE_SENDING);
    pass(w, 100);
    assert_int_equal(world_status(w, id, NULL), MESSAGE_SENT);
    assert_null(strstr(w->seen, "received"));
    pass(w, 600);
    assert_non_null(strstr(w->seen, "received"));
    id = world_send(w, TO, "more"); /* no plan is left: as without a replay */
    assert_int_equal(world_status(w, id, NULL), MESSAGE_SENT);
    assert_int_equal(simulator_replay_stop(w->simulator, "ci"), 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_each_time),
        cmocka_unit_test(test_masked),
        cmocka_unit_test(test_faster),
    };
    log_open(LOG_ERROR, true, STDERR_FILENO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
