/* Messages after their 201: what became of them, and what a client may still do to them. */
#include <signal.h>

#include "facade_calls.h"

static void test_failed_message(void **state)
{
    char path[128];
    (void)state;
    create(FORM, path);
    send_one(OUTCOME_REJECT, 30005);
    struct response r = get(path);
    assert_string_equal(text_of(&r, "status"), "failed");
    assert_int_equal(json_integer_value(json_object_get(r.json, "error_code")), 30005);
    assert_string_equal(text_of(&r, "error_message"), "Unknown destination handset");
    response_fini(&r);
}

/* A line with a class of its own that holds what is unsure; a service with that line. */
#define HALL "+41790000003"
#define NIGHT                                                                                                \
    "[class night]\npriority = 2\n[line hall]\ncarrier = loopback\nnumber = " HALL "\nclass = night\n"       \
    "[service floor]\nsid = " MG_MORE "\nlines = hall\n"

static void assert_class(const char *path, const char *expected)
{
    struct response r = get(path);
    json_t *cellpost = json_object_get(r.json, "cellpost");
    const char *class = json_string_value(json_object_get(cellpost, "class"));
    if (cellpost == NULL || strcmp(class != NULL ? class : "none", expected) != 0)
        fail_msg("wanted %s in %s", expected, r.body);
    response_fini(&r);
}

/* The class that rules the message, whoever named it. The class of a pool's line does not count for the
 * service. */
static void test_unsure_tells_the_class(void **state)
{
    static const struct {
        const char *form, *line, *class;
    } rows[] = {
        {"From=%2B41790000001", WARD, "default"},
        {"From=%2B41790000001&Tags=%7B%22class%22%3A%22otp%22%7D", WARD, "otp"},
        {"From=%2B41790000001&Tags=%7B%22class%22%3A%22unheard-of%22%7D", WARD, "default"},
        {"From=%2B41790000003", HALL, "night"},
        {"From=%2B41790000003&Tags=%7B%22ward%22%3A%223%22%7D", HALL, "night"},
        {"From=%2B41790000003&Tags=%7B%22class%22%3A%22default%22%7D", HALL, "default"},
        {"MessagingServiceSid=" MG_MORE, HALL, "default"},
        {"MessagingServiceSid=" MG_MORE "&From=%2B41790000003", HALL, "night"},
    };
    (void)state;
    configure("", NIGHT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char form[256], path[128];
        snprintf(form, sizeof form, "To=%%2B4179111223%zu&Body=x&%s", i, rows[i].form);
        create(form, path);
        send_one_on(rows[i].line, OUTCOME_UNSURE, 0);
        assert_class(path, rows[i].class);
    }
}

/* Once the configuration means another thing by the name, there is none for what the message goes by. */
static void test_unsure_of_a_class_that_changed(void **state)
{
    char path[128];
    (void)state;
    configure("", NIGHT);
    create("To=%2B41791112233&Body=x&From=%2B41790000003", path);
    send_one_on(HALL, OUTCOME_UNSURE, 0);
    configure("", "[class night]\npriority = 3\n[line hall]\ncarrier = loopback\nnumber = " HALL
                  "\nclass = night\n");
    assert_class(path, "none");
}

static void test_unsure(void **state)
{
    char path[128];
    (void)state;
    create(FORM "&Tags=%7B%22class%22%3A%22otp%22%7D", path);
    send_one(OUTCOME_UNSURE, 0);
    struct response r = get(path);
    json_t *cellpost = json_object_get(r.json, "cellpost");
    assert_string_equal(text_of(&r, "status"), "sending");
    assert_string_equal(json_string_value(json_object_get(cellpost, "outcome")), "unsure");
    assert_string_equal(json_string_value(json_object_get(cellpost, "class")), "otp");
    response_fini(&r);
    r = post(path, "Status=canceled");
    assert_refused(&r, 409, 30409);
    r = post(path, "Body=");
    assert_refused(&r, 409, 30409);
    r = rig_ask(&rig, "DELETE", path, NULL);
    assert_refused(&r, 409, 30409);
}

static void test_cancel(void **state)
{
    char path[128];
    (void)state;
    create(FORM, path);
    struct response r = post(path, "Status=canceled");
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "status"), "canceled");
    response_fini(&r);
    r = post(path, "Status=canceled");
    assert_refused(&r, 409, 30409);
    create(FORM, path);
    send_one(OUTCOME_SENT, 0);
    r = post(path, "Status=canceled");
    assert_refused(&r, 409, 30409);
}

static void test_redact_and_delete(void **state)
{
    char path[128];
    (void)state;
    create(FORM, path);
    struct response r = post(path, "Body=");
    assert_refused(&r, 400, 30400); /* not final */
    r = rig_ask(&rig, "DELETE", path, NULL);
    assert_refused(&r, 409, 20009);
    send_one(OUTCOME_REJECT, 30005);
    r = post(path, "Body=");
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "body"), "");
    response_fini(&r);
    r = rig_ask(&rig, "DELETE", path, NULL);
    assert_int_equal(r.status, 204);
    assert_int_equal(r.body_len, 0);
    response_fini(&r);
    r = get(path);
    assert_refused(&r, 404, 20404);
    r = rig_ask(&rig, "DELETE", path, NULL);
    assert_refused(&r, 404, 20404);
    r = get(API "/Messages.json");
    assert_int_equal(json_array_size(json_object_get(r.json, "messages")), 0);
    response_fini(&r);
}

static void test_bad_updates(void **state)
{
    static const char *const rows[] = {
        "", "Body=x", "Body=%00", "Status=sent", "Status=", "Body=&Status=canceled", "Other=x"};
    char path[128];
    (void)state;
    create(FORM, path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct response r = post(path, rows[i]);
        assert_refused(&r, 400, 30400);
    }
    struct response r = post(API "/Messages/SM00112233445566778899aabbccddeeff.json", "Status=canceled");
    assert_refused(&r, 404, 20404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_failed_message),
        TEST(test_unsure),
        TEST(test_unsure_tells_the_class),
        TEST(test_unsure_of_a_class_that_changed),
        TEST(test_cancel),
        TEST(test_redact_and_delete),
        TEST(test_bad_updates),
    };
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
