/* The flow's file: what is written is read, and what is wrong is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/simulator/flow.h"

#define HEAD "{\"cellpost_flow\":1}\n"

static void test_written_and_read(void **state)
{
    static const struct flow_event events[] = {
        {.kind = FLOW_ACCEPTED, .at_ms = 0, .message = 7, .from = "+1", .to = "+411", .text = "a \"b\"\n"},
        {.kind = FLOW_IN_FLIGHT, .at_ms = 5, .message = 7, .attempt = 1, .to = "+411"},
        {.kind = FLOW_RETRY, .at_ms = 105, .message = 7, .attempt = 1, .retry_ms = 5000},
        {.kind = FLOW_IN_FLIGHT, .at_ms = 5105, .message = 7, .attempt = 2, .to = "+411"},
        {.kind = FLOW_SENT, .at_ms = 5205, .message = 7, .attempt = 2},
        {.kind = FLOW_REPORT, .at_ms = 5405, .message = 7, .attempt = 2, .st = 0x62},
        {.kind = FLOW_REJECTED, .at_ms = 5500, .message = 6, .attempt = 3, .error = 30005}, /* begun before */
        {.kind = FLOW_IN_FLIGHT, .at_ms = 5600, .message = 8, .attempt = 1, .to = "+412"}, /* never settled */
        {.kind = FLOW_RECEIVED, .at_ms = 6000, .from = "Bank", .to = "+1", .text = "Grüezi 👋"},
    };
    char file[4096];
    char error[256];
    struct flow flow;
    (void)state;
    char *line = flow_write_head(true, true);
    size_t len = (size_t)snprintf(file, sizeof file, "%s\n", line);
    free(line);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        line = flow_write(&events[i]);
        len += (size_t)snprintf(file + len, sizeof file - len, "%s\n", line);
        free(line);
    }
    if (flow_read(file, len, &flow, error) != 0)
        fail_msg("%s", error);
    assert_int_equal(flow.try_count, 2);
    assert_int_equal(flow.tries[0].outcome, OUTCOME_RETRY);
    assert_int_equal(flow.tries[0].retry_ms, 5000);
    assert_int_equal(flow.tries[0].settled_ms - flow.tries[0].in_flight_ms, 100);
    assert_int_equal(flow.tries[0].st, -1);
    assert_string_equal(flow.tries[1].to, "+411");
    assert_int_equal(flow.tries[1].outcome, OUTCOME_SENT);
    assert_int_equal(flow.tries[1].st, 0x62);
    assert_int_equal(flow.tries[1].report_ms, 5405);
    assert_int_equal(flow.text_count, 1);
    assert_string_equal(flow.texts[0].from, "Bank");
    assert_string_equal(flow.texts[0].text, "Grüezi 👋");
    flow_fini(&flow);
}

static void test_refused(void **state)
{
    static const struct {
        const char *file, *why;
    } rows[] = {
        {"", "empty"},
        {"{\"cellpost_flow\":2}\n", "line 1: a flow begins with"},
        {"hello\n", "line 1: not a JSON object"},
        {HEAD "[]\n", "line 2: not a JSON object"},
        {HEAD "{\"at_ms\":-1,\"event\":\"sent\"}\n", "line 2: at_ms is a whole number"},
        {HEAD "{\"at_ms\":1,\"event\":\"lost\"}\n", "line 2: unknown event 'lost'"},
        {HEAD "{\"at_ms\":1,\"event\":\"sent\",\"message\":\"7\"}\n", "line 2: message is a whole number"},
        {HEAD "{\"at_ms\":1,\"event\":\"in_flight\",\"message\":7,\"attempt\":1,\"to\":\"\"}\n",
         "line 2: to is"},
        {HEAD "{\"at_ms\":1,\"event\":\"received\",\"from\":\"+1\",\"text\":7}\n",
         "line 2: text is a string"},
        {HEAD "{\"at_ms\":1,\"event\":\"in_flight\",\"message\":7,\"attempt\":1,\"to\":\"x\"}\n"
              "{\"at_ms\":1,\"event\":\"in_flight\",\"message\":7,\"attempt\":1,\"to\":\"x\"}\n",
         "line 3: attempt 1 of message 7 is in flight already"},
        {HEAD "{\"at_ms\":1,\"event\":\"in_flight\",\"message\":7,\"attempt\":1,\"to\":\"x\"}\n"
              "{\"at_ms\":1,\"event\":\"report\",\"message\":7,\"attempt\":1,\"st\":256}\n",
         "line 3: st is a whole number from 0 to 255"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct flow flow;
        char error[256] = "";
        assert_int_equal(flow_read(rows[i].file, strlen(rows[i].file), &flow, error), -EINVAL);
        if (strstr(error, rows[i].why) == NULL)
            fail_msg("'%s' instead of '%s'", error, rows[i].why);
        assert_null(flow.tries);
        assert_null(flow.texts);
    }
}

static void test_too_large(void **state)
{
    struct flow flow;
    char error[256], *file = malloc(FLOW_FILE_MAX + 1);
    (void)state;
    assert_non_null(file);
    memset(file, ' ', FLOW_FILE_MAX + 1);
    assert_int_equal(flow_read(file, FLOW_FILE_MAX + 1, &flow, error), -EINVAL);
    assert_non_null(strstr(error, "larger than"));
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
