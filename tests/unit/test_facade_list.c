/* Lists of the API as their clients meet them: filters, pages forth and back, their envelopes. */
#include <signal.h>

#include "facade_calls.h"

#include "host/base/form.h"

/* Ten messages to Alice and Bob by turns, a second apart. */
static void create_ten(void)
{
    for (int i = 0; i < 10; i++) {
        char form[128], path[128];
        snprintf(form, sizeof form, "To=%%2B4179111223%d&From=%%2B4179000000%d&Body=n%d", i % 2,
                 1 + i % 3 / 2, i);
        create(form, path);
        clock_advance(1000);
    }
}

static const char *const LIST_KEYS[] = {"end",  "first_page_uri", "messages",          "next_page_uri",
                                        "page", "page_size",      "previous_page_uri", "start",
                                        "uri"};

/* Bodies of a page in order, "n9 n8 "; checks the envelope. */
static void bodies(const struct response *r, char out[256])
{
    size_t i, len = 0;
    json_t *m;
    assert_int_equal(r->status, 200);
    assert_int_equal(json_object_size(r->json), sizeof LIST_KEYS / sizeof LIST_KEYS[0]);
    for (i = 0; i < sizeof LIST_KEYS / sizeof LIST_KEYS[0]; i++)
        assert_non_null(json_object_get(r->json, LIST_KEYS[i]));
    out[0] = '\0';
    json_array_foreach(json_object_get(r->json, "messages"), i, m) len +=
        (size_t)snprintf(out + len, 256 - len, "%s ", json_string_value(json_object_get(m, "body")));
}

static void assert_list(const char *query, const char *expected)
{
    char path[512], got[256];
    snprintf(path, sizeof path, API "/Messages.json%s", query);
    struct response r = get(path);
    if (r.status != 200)
        fail_msg("%s: %s", query, r.body);
    bodies(&r, got);
    if (strcmp(got, expected) != 0)
        fail_msg("%s: wanted %s got %s", query, expected, got);
    response_fini(&r);
}

static void test_list(void **state)
{
    (void)state;
    assert_list("", "");
    create_ten();
    assert_list("", "n9 n8 n7 n6 n5 n4 n3 n2 n1 n0 ");
    assert_list("?To=%2B41791112230", "n8 n6 n4 n2 n0 ");
    assert_list("?To=079+111+22+30", "n8 n6 n4 n2 n0 ");
    assert_list("?From=%2B41790000002", "n8 n5 n2 ");
    assert_list("?To=%2B41791112230&From=%2B41790000002", "n8 n2 ");
    assert_list("?From=nobody-of-this-name", "");
    assert_list("?PageSize=3", "n9 n8 n7 ");
    assert_list("?DateSent=2027-01-15", ""); /* none was sent yet */
    struct response r = get(API "/Messages.json?DateSent=yesterday");
    assert_refused(&r, 400, 20001);
    r = get(API "/Messages.json?PageSize=0");
    assert_refused(&r, 400, 20001);
    r = get(API "/Messages.json?To=%zz");
    assert_refused(&r, 400, 20001);
}

/* An SMS from whoever the network says. */
static void receive(const char *sender)
{
    const struct line *line = directory_line_by_number(rig.directory, WARD);
    struct pdu pdu = {.type = PDU_DELIVER, .alphabet = PDU_GSM7, .message_class = -1};
    struct inbound in = {.line_id = line->id, .account_id = line->account_id, .line_number = WARD};
    int status = 1;
    snprintf(pdu.address.text, sizeof pdu.address.text, "%s", sender);
    snprintf(pdu.text, sizeof pdu.text, "[%s]", sender);
    in.pdu = &pdu;
    in.hex = sender;
    queue_receive(rig.queue, &in, on_mark, &status);
    for (int i = 0; i < 5 && status != 0; i++)
        loop_turn(rig.store.loop, 0);
    assert_int_equal(status, 0);
}

/* Whatever a list shows as from finds its message when it is the filter. */
static void test_filter_by_any_sender(void **state)
{
    static const char *const senders[] = {"Info.ch",
                                          "DHL 24/7",
                                          "1234567",
                                          "Caf\xc3\xa9",
                                          "600 600",
                                          "600600",
                                          "Hospital",
                                          " x ",
                                          "*100#",
                                          "+41",
                                          "+41790001122",
                                          "12345",
                                          "MG",
                                          "a&b=c+d",
                                          "%00",
                                          "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                                          "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                                          "\xe2\x82\xac"};
    (void)state;
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++)
        receive(senders[i]);
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
        char query[256], expected[64], *escaped = form_escape(senders[i]);
        snprintf(query, sizeof query, "?From=%s", escaped);
        snprintf(expected, sizeof expected, "[%s] ", senders[i]);
        free(escaped);
        assert_list(query, expected);
    }
    assert_list("?From=info.ch", "");
    assert_list("?From=Info.chInfo.chInfo.chInfo.chInfo.chInfo.ch", "");
    assert_list("?From=0041+79+000+11+22", "[+41790001122] ");
}

/* Walks next_page_uri to the end as SDKs do, then back. */
static void test_walk(void **state)
{
    static const char *const forth[] = {"n9 n8 n7 n6 ", "n5 n4 n3 n2 ", "n1 n0 "};
    char path[512] = API "/Messages.json?PageSize=4", got[256];
    (void)state;
    create_ten();
    for (int page = 0; page < 3; page++) {
        struct response r = get(path);
        bodies(&r, got);
        assert_string_equal(got, forth[page]);
        assert_int_equal(json_integer_value(json_object_get(r.json, "page")), page);
        assert_int_equal(json_integer_value(json_object_get(r.json, "start")), 4 * page);
        assert_int_equal(json_integer_value(json_object_get(r.json, "end")), page == 2 ? 9 : 4 * page + 3);
        const char *next = text_of(&r, page < 2 ? "next_page_uri" : "previous_page_uri");
        assert_int_equal(page == 2, text_of(&r, "next_page_uri") == NULL);
        assert_memory_equal(next, "/2010-04-01/", 12);
        snprintf(path, sizeof path, "%s", next);
        response_fini(&r);
        if (page == 0) { /* a newcomer between two pages moves nothing */
            char ignored[128];
            create("To=%2B41791112233&From=%2B41790000001&Body=new", ignored);
        }
    }
    for (int page = 1; page >= -1; page--) {
        struct response r = get(path);
        bodies(&r, got);
        assert_string_equal(got, page >= 0 ? forth[page] : "new ");
        assert_non_null(text_of(&r, "next_page_uri"));
        assert_int_equal(page < 0, text_of(&r, "previous_page_uri") == NULL);
        snprintf(path, sizeof path, "%s", page < 0 ? "" : text_of(&r, "previous_page_uri"));
        response_fini(&r);
    }
}

static void test_exactly_full(void **state)
{
    (void)state;
    create_ten();
    struct response r = get(API "/Messages.json?PageSize=10");
    assert_null(text_of(&r, "next_page_uri"));
    response_fini(&r);
    r = get(API "/Messages.json?PageSize=9");
    assert_non_null(text_of(&r, "next_page_uri"));
    response_fini(&r);
}

static void test_date_filters(void **state)
{
    static const struct {
        const char *query, *expected;
    } rows[] = {
        /* sent at 08:00:05, 08:00:06, 08:00:07 and the day after at the same time */
        {"?DateSent=2027-01-15", "c b a "},
        {"?DateSent=2027-01-15T00%3A00%3A00Z", "c b a "}, /* what SDKs make of a date */
        {"?DateSent=2027-01-15T08%3A00%3A06Z", "b "},
        {"?DateSent=Fri%2C+15+Jan+2027+09%3A00%3A06+%2B0100", "b "},
        {"?DateSent%3E=2027-01-15T08%3A00%3A06Z", "d c b "},
        {"?DateSent%3C=2027-01-15T08%3A00%3A06Z", "b a "},
        {"?DateSent%3C=2027-01-15", "c b a "},
        {"?DateSent%3E=2027-01-16", "d "},
        {"?DateSent%3E=1960-01-01", "d c b a "},
        {"?DateSent%3C=1960-01-01", ""},
        {"?DateSent>=2027-01-15T08:00:06Z&DateSent<=2027-01-15T08:00:06Z", "b "},
        {"?DateSent%3E=2027-01-17&DateSent%3C=2027-01-15", ""},
        {"?DateSent%3E=2027-01-15&To=%2B41791112234", "b "},
    };
    char path[512];
    (void)state;
    clock_advance(4000);
    for (int i = 0; i < 4; i++) {
        char form[128];
        clock_advance(i == 3 ? 86400000 : 1000);
        snprintf(form, sizeof form, "To=%%2B4179111223%d&From=%%2B41790000001&Body=%c", 3 + i, 'a' + i);
        create(form, path);
        send_one(OUTCOME_SENT, 0);
    }
    create("To=%2B41791112237&From=%2B41790000001&Body=unsent", path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_list(rows[i].query, rows[i].expected);
    struct response r = get(API "/Messages.json?DateSent%3E=2027-01-01&PageSize=3");
    snprintf(path, sizeof path, "%s", text_of(&r, "next_page_uri"));
    response_fini(&r);
    assert_list(strchr(path, '?'), "a ");
}

/* Back from as deep as one likes: each page what it was, with and without the order by date. */
static void walk_deep(const char *query)
{
    enum { DEEP = 90 };
    char path[512], got[256], forth[DEEP][8];
    snprintf(path, sizeof path, API "/Messages.json?PageSize=1%s", query);
    for (int page = 0; page < 2 * DEEP - 1; page++) {
        bool back = page >= DEEP - 1;
        struct response r = get(path);
        bodies(&r, got);
        assert_in_range(strlen(got), 3, 7);
        if (page < DEEP)
            memcpy(forth[page], got, strlen(got) + 1);
        assert_string_equal(got, forth[page < DEEP ? page : 2 * (DEEP - 1) - page]);
        const char *link = text_of(&r, back ? "previous_page_uri" : "next_page_uri");
        assert_int_equal(link == NULL, page == 2 * DEEP - 2);
        snprintf(path, sizeof path, "%s", link != NULL ? link : "");
        response_fini(&r);
    }
}

static void test_back_from_any_depth(void **state)
{
    (void)state;
    for (int i = 0; i < 90; i++) {
        char form[128], path[128];
        snprintf(form, sizeof form, "To=%%2B41791112%03d&From=%%2B41790000001&Body=n%d", i, i);
        create(form, path);
        send_one(OUTCOME_SENT, 0);
        clock_advance(i % 3 == 0 ? 1000 : 0); /* three of the same time */
    }
    walk_deep("");
    walk_deep("&DateSent%3E=2027-01-01");
}

static void test_accounts(void **state)
{
    (void)state;
    struct response r = get(API ".json");
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "sid"), AC);
    assert_string_equal(text_of(&r, "auth_token"), TOKEN);
    assert_string_equal(text_of(&r, "status"), "active");
    assert_string_equal(text_of(&r, "type"), "Full");
    assert_int_equal(json_object_size(r.json), 10);
    response_fini(&r);
    r = get("/2010-04-01/Accounts.json"); /* its own only */
    assert_int_equal(json_array_size(json_object_get(r.json, "accounts")), 1);
    response_fini(&r);
    r = get("/2010-04-01/Accounts.json?Status=closed");
    assert_int_equal(json_array_size(json_object_get(r.json, "accounts")), 0);
    response_fini(&r);
    r = get("/2010-04-01/Accounts.json?FriendlyName=nobody");
    assert_int_equal(json_array_size(json_object_get(r.json, "accounts")), 0);
    response_fini(&r);
}

static void test_numbers_list(void **state)
{
    static const struct {
        const char *query;
        size_t count;
    } rows[] = {
        {"", 2}, /* not the one that has no [line] any more */
        {".json?PhoneNumber=%2B41790000001", 1},
        {".json?PhoneNumber=%2B41790000008", 0},
        {".json?PhoneNumber=0000001", 1},
        {".json?PhoneNumber=4179000000*", 2},
        {".json?PhoneNumber=41+79+000+00+01", 1},
        {".json?PhoneNumber=999", 0},
        {".json?PhoneNumber=%2B417900000011111111111111111111111111111111111111111", 0},
        {".json?FriendlyName=nobody", 0},
        {".json?PageSize=1", 1},
        {"/Mobile.json", 2},
        {"/Local.json", 0},
        {"/TollFree.json", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t count = numbers_of(rows[i].query);
        if (count != rows[i].count)
            fail_msg("%s: %zu", rows[i].query, count);
    }
    struct response r = get(API "/IncomingPhoneNumbers.json?PageSize=1");
    char path[512];
    snprintf(path, sizeof path, "%s", text_of(&r, "next_page_uri"));
    response_fini(&r);
    assert_int_equal(numbers_of(strstr(path, ".json")), 1);
    r = get(path);
    assert_null(text_of(&r, "next_page_uri"));
    snprintf(path, sizeof path, "%s", text_of(&r, "previous_page_uri"));
    response_fini(&r);
    assert_int_equal(numbers_of(strstr(path, ".json")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_list),         TEST(test_filter_by_any_sender), TEST(test_walk),
        TEST(test_exactly_full), TEST(test_date_filters),         TEST(test_back_from_any_depth),
        TEST(test_accounts),     TEST(test_numbers_list),
    };
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
