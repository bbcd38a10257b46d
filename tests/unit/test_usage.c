/* Usage records, balance, and the lists of what is not there. */
#include "facade_calls.h"

#include "host/facade/empties.h"

#define RECORDS API "/Usage/Records"
#define DAY_MS  INT64_C(86400000)

static void on_received(void *arg, int status)
{
    *(int *)arg = status;
}

static void receive(const char *text)
{
    static unsigned nth;
    int status = 1;
    char hex[32];
    struct pdu pdu = {.type = PDU_DELIVER, .scts = {.valid = true, .utc_s = T0 / 1000 + 60 * ++nth}};
    const struct line *line = directory_line_by_number(rig.directory, WARD);
    snprintf(pdu.address.text, sizeof pdu.address.text, "%s", ALICE);
    snprintf(pdu.text, sizeof pdu.text, "%s", text);
    snprintf(hex, sizeof hex, "%08X", nth);
    const struct inbound inbound = {.line_id = line->id,
                                    .account_id = line->account_id,
                                    .line_number = line->number,
                                    .pdu = &pdu,
                                    .hex = hex,
                                    .received_ms = clock_wall_ms()};
    queue_receive(rig.queue, &inbound, on_received, &status);
    for (int i = 0; i < 5 && status != 0; i++)
        loop_turn(rig.store.loop, 0);
    assert_int_equal(status, 0);
}

/* One of `segments` segments leaves. */
static void leave(unsigned segments, char path[128])
{
    char form[1024] = "To=%2B41791112233&From=%2B41790000001&Body=";
    size_t len = strlen(form), more = segments == 1 ? 5 : 153 * segments;
    memset(form + len, 'x', more);
    form[len + more] = '\0';
    create(form, path);
    for (unsigned i = 0; i < segments; i++)
        send_one(OUTCOME_SENT, 0);
}

static struct response records(const char *query)
{
    char path[256];
    snprintf(path, sizeof path, RECORDS "%s", query);
    struct response r = get(path);
    if (r.status != 200)
        fail_msg("%s: %s", query, r.body);
    assert_int_equal(json_object_size(r.json), 9);
    return r;
}

static json_t *nth(const struct response *r, size_t n)
{
    json_t *record = json_array_get(json_object_get(r->json, "usage_records"), n);
    if (record == NULL)
        fail_msg("no record %zu: %s", n, r->body);
    return record;
}

static const char *value(json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    if (text == NULL)
        fail_msg("no %s", key);
    return text;
}

static void assert_usage(const char *query, const char *count, const char *usage)
{
    struct response r = records(query);
    json_t *record = nth(&r, 0);
    if (strcmp(value(record, "count"), count) != 0 || strcmp(value(record, "usage"), usage) != 0)
        fail_msg("%s: %s", query, r.body);
    response_fini(&r);
}

static void test_messages_are_counted_once(void **state)
{
    char first[128], second[128], waiting[128];
    (void)state;
    leave(1, first);
    leave(3, second);
    receive("hello");
    create(FORM, waiting); /* has not left */
    assert_usage(".json?Category=sms", "3", "5");
    assert_usage(".json?Category=sms-outbound", "2", "4");
    assert_usage(".json?Category=sms-inbound", "1", "1");
    assert_usage(".json?Category=calls", "0", "0");
    assert_usage("/Today.json?Category=sms", "3", "5");
    assert_usage("/Yesterday.json?Category=sms", "0", "0");
    send_one(OUTCOME_REJECT, 30005); /* never left */
    assert_usage(".json?Category=sms-outbound", "2", "4");
}

static void test_usage_outlives_the_message(void **state)
{
    char path[128];
    (void)state;
    create("To=%2B41791112233&From=%2B41790000002&Body=no-report", path);
    send_one_on(PLANT, OUTCOME_SENT, 0);
    struct response r = rig_ask(&rig, "DELETE", path, NULL);
    assert_int_equal(r.status, 204);
    response_fini(&r);
    assert_usage(".json?Category=sms-outbound", "1", "1");
}

static void test_days_months_and_years(void **state)
{
    char path[128];
    (void)state;
    leave(1, path); /* 2027-01-15 */
    clock_advance(DAY_MS);
    leave(1, path);
    clock_advance(16 * DAY_MS); /* 2027-02-01 */
    leave(1, path);
    assert_usage("/Today?Category=sms", "1", "1");
    assert_usage("/ThisMonth?Category=sms", "1", "1");
    assert_usage("/LastMonth?Category=sms", "2", "2");
    assert_usage("/AllTime?Category=sms", "3", "3");
    assert_usage("?Category=sms&StartDate=2027-01-16&EndDate=2027-01-31", "1", "1");
    assert_usage("?Category=sms&StartDate=-1days", "1", "1");
    assert_usage("/Yearly?Category=sms", "3", "3");
    struct response r = records("/Monthly?Category=sms");
    assert_int_equal(json_array_size(json_object_get(r.json, "usage_records")), 2);
    assert_string_equal(value(nth(&r, 0), "start_date"), "2027-02-01");
    assert_string_equal(value(nth(&r, 1), "start_date"), "2027-01-15"); /* the account's first day */
    assert_string_equal(value(nth(&r, 1), "end_date"), "2027-01-31");
    assert_string_equal(value(nth(&r, 1), "count"), "2");
    response_fini(&r);
    r = records("/Daily?Category=sms");
    assert_int_equal(json_array_size(json_object_get(r.json, "usage_records")), 18);
    assert_string_equal(value(nth(&r, 17), "start_date"), "2027-01-15");
    assert_string_equal(value(nth(&r, 17), "end_date"), "2027-01-15");
    assert_string_equal(value(nth(&r, 17), "count"), "1");
    assert_string_equal(value(nth(&r, 1), "count"), "0");
    response_fini(&r);
    r = records("/Daily?Category=sms&StartDate=2000-01-01&EndDate=2027-01-16");
    assert_int_equal(json_array_size(json_object_get(r.json, "usage_records")), 2);
    response_fini(&r);
}

static void test_record(void **state)
{
    static const char *const KEYS[] = {"account_sid", "api_version", "as_of",    "category",  "count",
                                       "count_unit",  "description", "end_date", "price",     "price_unit",
                                       "start_date",  "uri",         "usage",    "usage_unit"};
    (void)state;
    struct response r = records("/Today.json?Category=sms");
    json_t *record = nth(&r, 0);
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        value(record, KEYS[i]);
    assert_int_equal(json_object_size(record), 15);
    assert_string_equal(value(record, "as_of"), "2027-01-15T08:00:00+00:00");
    assert_string_equal(value(record, "uri"),
                        RECORDS "/Today.json?Category=sms&StartDate=2027-01-15&EndDate=2027-01-15");
    assert_int_equal(json_object_size(json_object_get(record, "subresource_uris")), 8);
    response_fini(&r);
}

/* Pages through all of a list: each record once. */
static void test_pages(void **state)
{
    char next[256] = RECORDS "/Daily.json?PageSize=4";
    size_t count = 0;
    (void)state;
    clock_advance(4 * DAY_MS);
    struct response all = records("/Daily.json?PageSize=1000");
    json_t *whole = json_object_get(all.json, "usage_records");
    assert_true(json_array_size(whole) > 20);
    while (next[0] != '\0') {
        struct response r = get(next);
        size_t i;
        json_t *record;
        json_array_foreach(json_object_get(r.json, "usage_records"), i, record)
            assert_true(json_equal(record, json_array_get(whole, count++)));
        const char *link = text_of(&r, "next_page_uri");
        snprintf(next, sizeof next, "%s", link != NULL ? link : "");
        response_fini(&r);
    }
    assert_int_equal(count, json_array_size(whole));
    response_fini(&all);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *path;
        int status, code;
    } rows[] = {
        {RECORDS ".json?StartDate=tomorrow", 400, 20001},
        {RECORDS ".json?EndDate=2027-02-30", 400, 20001},
        {RECORDS ".json?StartDate=-1", 400, 20001},
        {RECORDS ".json?PageSize=0", 400, 20001},
        {RECORDS ".json?StartDate=2027-01-02&EndDate=2027-01-01", 400, 20001},
        {RECORDS "/Hourly.json", 404, 20404},
        {RECORDS "/daily.json", 404, 20404},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct response r = get(rows[i].path);
        assert_refused(&r, rows[i].status, rows[i].code);
    }
    struct response r = records(".json?Category=no-such");
    assert_int_equal(json_array_size(json_object_get(r.json, "usage_records")), 0);
    response_fini(&r);
}

static void test_balance(void **state)
{
    (void)state;
    struct response r = get(API "/Balance.json");
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "account_sid"), AC);
    assert_string_equal(text_of(&r, "balance"), "0.00");
    assert_string_equal(text_of(&r, "currency"), "USD");
    response_fini(&r);
}

#define ROW(path, key) {path, key},
static const struct {
    const char *path, *key;
} empties[] = {ROW("/Calls", "calls") EMPTY_LISTS(ROW)};

static void test_empty_lists(void **state)
{
    char path[256], own[256];
    (void)state;
    for (size_t i = 0; i < sizeof empties / sizeof empties[0]; i++) {
        const char *any = strstr(empties[i].path, "{*}");
        if (any != NULL)
            snprintf(path, sizeof path, API "%.*sCH%s", (int)(any - empties[i].path), empties[i].path,
                     any + 3);
        else
            snprintf(path, sizeof path, API "%s", empties[i].path);
        snprintf(own, sizeof own, "%s.json", path);
        struct response r = get(own);
        if (r.status != 200 || json_array_size(json_object_get(r.json, empties[i].key)) != 0)
            fail_msg("%s: %s", own, r.body);
        assert_true(json_is_array(json_object_get(r.json, empties[i].key)));
        assert_int_equal(json_object_size(r.json), 9);
        assert_null(text_of(&r, "next_page_uri"));
        assert_memory_equal(text_of(&r, "uri"), own, strlen(own));
        response_fini(&r);
        r = get(path);
        assert_memory_equal(text_of(&r, "uri"), own, strlen(own));
        response_fini(&r);
        r = post(own, "To=%2B41791112233");
        assert_refused(&r, 404, 20404);
        snprintf(own, sizeof own, "%.200s/CA00112233445566778899aabbccddeeff.json", path);
        r = get(own);
        assert_refused(&r, 404, 20404);
    }
    struct response r = get(API "/Calls.json?PageSize=x");
    assert_refused(&r, 400, 20001);
}

static void test_old_messages_are_gone(void **state)
{
    (void)state;
    struct response r = get(API "/SMS/Messages.json");
    assert_refused(&r, 410, 20410);
    r = post(API "/SMS/Messages.json", FORM);
    assert_refused(&r, 410, 20410);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_messages_are_counted_once),
        TEST(test_usage_outlives_the_message),
        TEST(test_days_months_and_years),
        TEST(test_record),
        TEST(test_pages),
        TEST(test_refusals),
        TEST(test_balance),
        TEST(test_empty_lists),
        TEST(test_old_messages_are_gone),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
