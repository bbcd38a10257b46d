/* Status callbacks: parameters, signature, redirects; endpoints that are no good; and the engine's life.
 * test_hook_retry.c has the retries, test_hook_inbound.c the webhooks. */
#include "hook_world.h"

/* The signature, made here anew: URL, then key and value by the keys' byte order, HMAC-SHA1, base64. */
static void expected_signature(const char *url, const struct form *params, char out[SIGNATURE_LEN + 1])
{
    char text[16384];
    uint8_t mac[20];
    bool used[FORM_PAIRS_MAX] = {false};
    size_t len = (size_t)snprintf(text, sizeof text, "%s", url);
    for (size_t round = 0; params != NULL && round < params->count; round++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < params->count; i++)
            if (!used[i] && (best == SIZE_MAX || strcmp(params->pairs[i].key, params->pairs[best].key) < 0))
                best = i;
        used[best] = true;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", params->pairs[best].key,
                                params->pairs[best].value);
    }
    secret_hmac_sha1(TOKEN, strlen(TOKEN), text, len, mac);
    base64_encode(mac, sizeof mac, out);
}

static void assert_signed(const struct call *call, const char *url)
{
    char want[SIGNATURE_LEN + 1];
    struct form params;
    bool post = strcmp(call->method, "POST") == 0;
    call_params(call, &params);
    expected_signature(url, post ? &params : NULL, want);
    assert_string_equal(header(call, "X-Twilio-Signature"), want);
    assert_true(signature_check(TOKEN, url, post ? &params : NULL, want));
    form_fini(&params);
}

/* ---- what is said ---- */

static void test_sent_then_delivered(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    const char *url = app_url(app, "/cb?x=a%2Fb");
    int64_t id = message_sent(world, PEER, url);
    settle_down(world);
    report(world, PEER, 0);
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    static const char *const words[] = {"sent", "delivered"};
    for (int i = 0; i < 2; i++) {
        const struct call *call = &world->calls[i];
        assert_string_equal(call->method, "POST");
        assert_string_equal(call->target, "/cb?x=a%2Fb");
        assert_string_equal(param(call, "MessageStatus"), words[i]);
        assert_string_equal(param(call, "SmsStatus"), words[i]);
        assert_string_equal(param(call, "AccountSid"), ACCOUNT);
        assert_string_equal(param(call, "From"), OWN);
        assert_string_equal(param(call, "To"), PEER);
        assert_string_equal(param(call, "ApiVersion"), "2010-04-01");
        assert_string_equal(param(call, "MessageSid"), param(call, "SmsSid"));
        assert_memory_equal(param(call, "MessageSid"), "SM", 2);
        assert_null(param(call, "Body"));
        assert_null(param(call, "ErrorCode"));
        assert_null(param(call, "MessagingServiceSid"));
        assert_string_equal(header(call, "User-Agent"), "TwilioProxy/1.1");
        assert_string_equal(header(call, "Accept"), "*/*");
        assert_string_equal(header(call, "Content-Type"), "application/x-www-form-urlencoded; charset=utf-8");
        assert_null(header(call, "Expect"));
        assert_null(header(call, "Authorization"));
        assert_int_equal(strlen(header(call, "I-Twilio-Idempotency-Token")), 36);
        assert_signed(call, url);
    }
    assert_null(param(&world->calls[0], "RawDlrDoneDate"));
    assert_string_equal(param(&world->calls[1], "RawDlrDoneDate"), "2701150802"); /* 2027-01-15T08:02:03Z */
    assert_string_not_equal(header(&world->calls[0], "I-Twilio-Idempotency-Token"),
                            header(&world->calls[1], "I-Twilio-Idempotency-Token"));
    assert_int_equal(told(world, id, "done"), 2);
}

/* AddressRetention=obfuscate: a callback shows what the resource shows. */
static void test_masked_address(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    world->mask_to = true;
    message_sent(world, PEER, app_url(app, "/cb#method=GET"));
    settle_down(world);
    assert_int_equal(world->call_count, 1);
    assert_string_equal(param(&world->calls[0], "To"), "+4179000XXXX");
    assert_string_equal(param(&world->calls[0], "From"), OWN);
    assert_null(strstr(world->calls[0].target, "790000001"));
}

static void test_failure_carries_its_code(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    message_to(world, PEER, app_url(app, "/"), 0);
    message_leaves(world, OUTCOME_REJECT, 30006);
    settle_down(world);
    assert_int_equal(world->call_count, 1);
    assert_string_equal(param(&world->calls[0], "MessageStatus"), "failed");
    assert_string_equal(param(&world->calls[0], "ErrorCode"), "30006");
}

/* Any 2xx will do: what else a status callback is answered does not matter. */
static void test_body_of_the_answer_is_ignored(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {
        {200, "text/xml", "<Response><Message>no</Message></Response>", NULL},
        {202, "application/json", "{}", NULL},
        {0}};
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, script);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    report(world, PEER, 0);
    settle_down(world);
    assert_int_equal(told(world, id, "sent done detail=\"http 200\""), 1);
    assert_int_equal(told(world, id, "delivered done detail=\"http 202\""), 1);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 1);
}

static void test_endless_body_of_a_2xx_is_done(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ENDLESS, NULL);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    settle_down(world);
    pass_time(world, 3600000);
    assert_int_equal(told(world, id, "sent done detail=\"http 200\""), 1);
    assert_int_equal(world->call_count, 1);
}

/* Refused at length: dead if the status says so. */
static void test_large_refusal(void **state)
{
    struct world *world = *state;
    static char large[70000];
    static const struct script script[] = {{503, "", large, NULL}, {404, "", large, NULL}, {0}};
    memset(large, 'x', sizeof large - 1);
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, script);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    settle_down(world);
    assert_int_equal(told(world, id, "retry detail=\"11217"), 1);
    pass_time(world, 1000);
    assert_int_equal(told(world, id, "dead detail=\"11217"), 1);
    assert_int_equal(world->call_count, 2);
}

/* The message's own URL, else its service's, else its line's; none: nothing is said, nothing stays. */
static void test_whose_url(void **state)
{
    struct world *world = *state;
    char line[256], service[512];
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    snprintf(line, sizeof line, "status_callback = %s", app_url(app, "/line"));
    snprintf(service, sizeof service, "[service pool]\nsid = " SERVICE "\nlines = own\nstatus_callback = %s",
             app_url(app, "/service"));
    world_open(world, "", line, service);
    int64_t service_id = directory_service_of_line(world->directory, line_id(world))->id;
    message_sent(world, PEER, app_url(app, "/own"));
    settle_down(world);
    message_sent(world, PEER, NULL);
    settle_down(world);
    message_to(world, PEER, NULL, service_id);
    message_leaves(world, OUTCOME_SENT, 0);
    settle_down(world);
    assert_string_equal(world->calls[0].target, "/own");
    assert_string_equal(world->calls[1].target, "/line");
    assert_null(param(&world->calls[1], "MessagingServiceSid"));
    for (size_t i = 2; i < world->call_count; i++) {
        assert_string_equal(world->calls[i].target, "/service");
        assert_string_equal(param(&world->calls[i], "MessagingServiceSid"), SERVICE);
    }
    assert_true(world->call_count >= 3);
}

/* What was sent through a service whose section is gone: not its URL any more, the line's. */
static void test_url_of_a_service_that_left(void **state)
{
    struct world *world = *state;
    char line[256], service[512], error[256];
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    snprintf(line, sizeof line, "status_callback = %s", app_url(app, "/line"));
    snprintf(service, sizeof service, "[service pool]\nsid = " SERVICE "\nlines = own\nstatus_callback = %s",
             app_url(app, "/service"));
    world_open(world, "", line, service);
    int64_t service_id = directory_service_of_line(world->directory, line_id(world))->id;
    struct conf *before = world->conf;
    world_configure(world, "", line, "");
    assert_int_equal(directory_reload(world->directory, world->conf, error), 0);
    hooks_reload(world->hooks, world->conf);
    conf_free(before);
    message_to(world, PEER, NULL, service_id);
    message_leaves(world, OUTCOME_SENT, 0);
    settle_down(world);
    assert_true(world->call_count >= 1);
    for (size_t i = 0; i < world->call_count; i++) {
        assert_string_equal(world->calls[i].target, "/line");
        assert_string_equal(param(&world->calls[i], "MessagingServiceSid"), SERVICE);
    }
}

static void test_no_url(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    message_sent(world, PEER, NULL);
    settle_down(world);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
}

static void test_user_info_is_basic_auth(void **state)
{
    struct world *world = *state;
    char url[128], plain[128];
    static const struct script away[] = {
        {307, "", "", "/again"}, {307, "", "", "//localhost.invalid/leak"}, {0}};
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, away);
    snprintf(url, sizeof url, "http://ann:p%%40w@127.0.0.1:%d/cb#rc=0", app->port);
    snprintf(plain, sizeof plain, "http://127.0.0.1:%d/", app->port);
    message_sent(world, PEER, url);
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    for (int i = 0; i < 2; i++) {
        snprintf(plain, sizeof plain, "http://127.0.0.1:%d%s", app->port, i == 0 ? "/cb" : "/again");
        assert_string_equal(header(&world->calls[i], "Authorization"), "Basic YW5uOnBAdw==");
        assert_signed(&world->calls[i], plain);
    }
}

/* As the validators see it: the scheme in lower case, no port that is none. */
static void test_spelling_of_the_scheme(void **state)
{
    struct world *world = *state;
    char url[128];
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    snprintf(url, sizeof url, "HTTP://127.0.0.1:0%d/Cb", app->port);
    message_sent(world, PEER, url);
    settle_down(world);
    assert_int_equal(world->call_count, 1);
    assert_string_equal(world->calls[0].target, "/Cb");
    assert_signed(&world->calls[0], app_url(app, "/Cb"));
}

static void test_get_by_fragment(void **state)
{
    struct world *world = *state;
    char url[4200];
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    message_sent(world, PEER, app_url(app, "/cb?a=1#method=GET"));
    settle_down(world);
    assert_string_equal(world->calls[0].method, "GET");
    assert_memory_equal(world->calls[0].target, "/cb?a=1&SmsSid=SM", 17);
    assert_string_equal(param(&world->calls[0], "To"), PEER);
    assert_null(header(&world->calls[0], "Content-Type"));
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", app->port, world->calls[0].target);
    assert_signed(&world->calls[0], url);
}

/* What stands in the URL reaches the application as it stands, and is signed so. */
static void test_url_bytes_survive(void **state)
{
    struct world *world = *state;
    static const char *const paths[] = {"/A%2fb/%7e+c//d;e?f=%20g+h&i=[j]", "/a'b(c)*,!$:@", "/?",
                                        "/%E2%82%AC?q=%F0%9F%91%8D"};
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        message_sent(world, PEER, app_url(app, paths[i]));
        settle_down(world);
        assert_int_equal(world->call_count, i + 1);
        assert_string_equal(world->calls[i].target, paths[i]);
        assert_signed(&world->calls[i], app_url(app, paths[i]));
    }
}

/* ---- redirects ---- */

static void test_redirects(void **state)
{
    struct world *world = *state;
    static const struct {
        int status;
        const char *method;
    } rows[] = {{301, "GET"}, {302, "GET"}, {303, "GET"}, {307, "POST"}, {308, "POST"}};
    char url[4200];
    static char large[70000];
    memset(large, 'x', sizeof large - 1);
    world_open(world, "", "", "");
    struct app *target = app_new(world, APP_ANSWERS, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *body = i % 2 == 0 ? "" : large; /* it is no matter */
        struct script script[] = {{rows[i].status, "", body, app_url(target, "/new?k=v")}, {0}};
        struct app *app = app_new(world, APP_ANSWERS, script);
        int64_t id = message_sent(world, PEER, app_url(app, "/old"));
        settle_down(world);
        assert_int_equal(world->call_count, 2);
        const struct call *call = &world->calls[1];
        assert_ptr_equal(call->app, target);
        assert_string_equal(call->method, rows[i].method);
        assert_memory_equal(call->target, "/new?k=v", 8);
        assert_string_equal(param(call, "MessageStatus"), "sent");
        snprintf(url, sizeof url, "http://127.0.0.1:%d%s", target->port, call->target);
        assert_signed(&world->calls[0], app_url(app, "/old"));
        assert_signed(call, url);
        assert_string_equal(header(call, "I-Twilio-Idempotency-Token"),
                            header(&world->calls[0], "I-Twilio-Idempotency-Token"));
        assert_int_equal(told(world, id, "done"), 1);
        world->call_count = 0;
    }
}

static void test_redirects_that_lead_nowhere(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *location, *told;
        size_t calls;
    } rows[] = {
        {"/again", "11215", 11},
        {NULL, "11216", 1},
        {"", "11216", 1},
        {"ftp://127.0.0.1/", "11216", 1},
        {"file:///etc/passwd", "11216", 1},
    };
    world_open(world, "", "", "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct script script[] = {{307, "", "", rows[i].location}, {0}};
        struct app *app = app_new(world, APP_ANSWERS, script);
        int64_t id = message_sent(world, PEER, app_url(app, "/"));
        settle_down(world);
        assert_int_equal(world->call_count, rows[i].calls);
        assert_int_equal(told(world, id, rows[i].told), 1);
        world->call_count = 0;
    }
}

/* ---- endpoints that are no good ---- */

static void test_forbidden_address(void **state)
{
    struct world *world = *state;
    world_open(world, "deny = 127.0.0.0/8", "", "");
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    settle_down(world);
    assert_int_equal(world->call_count, 0);
    assert_int_equal(told(world, id, "dead detail=\"11321"), 1);
}

static const struct app *good_app;
static size_t good_wanted;

static bool good_is_served(struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->call_count; i++)
        count += world->calls[i].app == good_app;
    return count >= good_wanted;
}

/* Five kinds of bad endpoint with much to do, then a good one: it is served while they still wait. */
static void test_bad_neighbours(void **state)
{
    struct world *world = *state;
    static const enum app_manner bad[] = {APP_MUTE, APP_GARBAGE, APP_ENDLESS, APP_STOPS, APP_HANGS_UP};
    char to[24];
    int nth = 0;
    world_open(world, "", "", "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct app *app = app_new(world, bad[i], NULL);
        for (int n = 0; n < 15; n++) {
            snprintf(to, sizeof to, "+4179100%04d", nth++);
            message_sent(world, to, app_url(app, "/"));
        }
    }
    good_app = app_new(world, APP_ANSWERS, NULL);
    good_wanted = 20;
    for (size_t n = 0; n < good_wanted; n++) {
        snprintf(to, sizeof to, "+4179200%04zu", n);
        message_sent(world, to, app_url(good_app, "/"));
    }
    assert_true(run_within(world, good_is_served, 1500)); /* their time-out is 10 s */
    size_t hung = 0;
    for (size_t i = 0; i < world->call_count; i++)
        hung += world->calls[i].app->manner == APP_MUTE;
    assert_true(hung > 0);
}

static void test_many_for_a_mute_endpoint(void **state)
{
    struct world *world = *state;
    static int64_t ids[2400];
    char to[24];
    world_open(world, "connect = 200ms\nread = 200ms\ntotal = 200ms", "", "");
    struct app *mute = app_new(world, APP_MUTE, NULL);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        snprintf(to, sizeof to, "+4179300%04zu", i);
        struct submission s = {.account_id = 1,
                               .direction = MESSAGE_OUTBOUND_API,
                               .from = OWN,
                               .to = to,
                               .body = "x",
                               .body_len = 1,
                               .line_id = line_id(world),
                               .validity_ms = 3600000,
                               .callback_url = app_url(mute, "/")};
        sid_new(&s.sid, clock_wall_ms());
        s.split.concat_bits = 8;
        assert_int_equal(queue_submit(world->queue, &s, note_id, &ids[i]), 0);
    }
    loop_turn(world->loop, 0);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        queue_cancel(world->queue, ids[i], nothing, NULL);
    loop_turn(world->loop, 0);
    good_app = app_new(world, APP_ANSWERS, NULL);
    good_wanted = 1;
    message_sent(world, PEER, app_url(good_app, "/"));
    assert_true(run_within(world, good_is_served, 5000));
}

static bool mute_was_called(struct world *world)
{
    return world->call_count == 1;
}

/* The process dies after the request and before the answer: the next one sends the same again, under the same
 * token. */
static void test_crash_between_request_and_record(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_MUTE, NULL);
    message_sent(world, PEER, app_url(app, "/"));
    assert_true(run_until(world, mute_was_called, DEADLINE_MS));
    house_shut(world);
    app->manner = APP_ANSWERS;
    house_open(world);
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    assert_string_equal(header(&world->calls[1], "I-Twilio-Idempotency-Token"),
                        header(&world->calls[0], "I-Twilio-Idempotency-Token"));
    assert_string_equal(world->calls[1].body, world->calls[0].body);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
}

static bool stopped;

static void on_stopped(void *arg)
{
    (void)arg;
    assert_false(stopped);
    stopped = true;
}

static bool is_stopped(struct world *world)
{
    (void)world;
    return stopped;
}

static void test_stop(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_MUTE, NULL);
    message_sent(world, PEER, app_url(app, "/"));
    assert_true(run_until(world, mute_was_called, DEADLINE_MS));
    stopped = false;
    hooks_stop(world->hooks, 100, on_stopped, NULL);
    assert_false(stopped);
    assert_true(run_until(world, is_stopped, DEADLINE_MS));
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook WHERE due_ms IS NOT NULL"), 1);
    house_shut(world);
    house_open(world);
    stopped = false;
    hooks_stop(world->hooks, 60000, on_stopped, NULL); /* nothing is under way: at once */
    assert_true(run_until(world, is_stopped, DEADLINE_MS));
}

/* The answer comes within the grace: it is written down, and only then is it over. */
static void test_stop_waits_for_what_is_under_way(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    message_sent(world, PEER, app_url(app, "/"));
    assert_true(run_until(world, mute_was_called, DEADLINE_MS));
    stopped = false;
    hooks_stop(world->hooks, 5000, on_stopped, NULL);
    assert_true(run_within(world, is_stopped, 3000));
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
}

static void free_hooks(void *arg)
{
    struct world *world = arg;
    hooks_free(world->hooks);
    world->hooks = NULL;
}

/* Whatever is under way: an outcome on its way to the disk finds nobody, and does no harm. */
static void test_freed_at_any_moment(void **state)
{
    for (int turns = 0; turns < 12; turns++) {
        struct timer timer;
        world_setup(state);
        struct world *world = *state;
        world_open(world, "", "", "");
        struct app *app = app_new(world, APP_ANSWERS, NULL);
        message_sent(world, PEER, turns % 2 == 0 ? NULL : app_url(app, "/"));
        timer_init(&timer, world->loop, free_hooks, world);
        for (int i = 0; i < turns / 2; i++)
            loop_turn(world->loop, 0);
        timer_set(&timer, 0);
        for (int i = 0; i < 8; i++)
            loop_turn(world->loop, 0);
        assert_null(world->hooks);
        house_shut(world);
        house_open(world);
        settle_down(world);
        assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
        world_teardown(state);
    }
}

static void test_deleted_meanwhile(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{503, "", "", NULL}, {0}};
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, down);
    int64_t id = message_to(world, PEER, app_url(app, "/"), 0);
    message_leaves(world, OUTCOME_REJECT, 30006);
    settle_down(world);
    queue_delete(world->queue, id, nothing, NULL);
    pass_time(world, 3600000);
    assert_int_equal(world->call_count, 1);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
}

static void test_reload(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{503, "", "", NULL}, {0}};
    world_open(world, "retry = yes", "", "");
    struct app *app = app_new(world, APP_ANSWERS, down);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    settle_down(world);
    struct conf *old = world->conf;
    world_configure(world, "retry = no\ndeny = 127.0.0.0/8", "", "");
    hooks_reload(world->hooks, world->conf);
    conf_free(old);
    pass_time(world, 1000);
    assert_int_equal(world->call_count, 1);
    assert_int_equal(told(world, id, "dead detail=\"11321"), 1);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_sent_then_delivered),
        CASE(test_masked_address),
        CASE(test_failure_carries_its_code),
        CASE(test_body_of_the_answer_is_ignored),
        CASE(test_endless_body_of_a_2xx_is_done),
        CASE(test_large_refusal),
        CASE(test_whose_url),
        CASE(test_url_of_a_service_that_left),
        CASE(test_no_url),
        CASE(test_user_info_is_basic_auth),
        CASE(test_spelling_of_the_scheme),
        CASE(test_get_by_fragment),
        CASE(test_url_bytes_survive),
        CASE(test_redirects),
        CASE(test_redirects_that_lead_nowhere),
        CASE(test_forbidden_address),
        CASE(test_bad_neighbours),
        CASE(test_many_for_a_mute_endpoint),
        CASE(test_crash_between_request_and_record),
        CASE(test_stop),
        CASE(test_stop_waits_for_what_is_under_way),
        cmocka_unit_test(test_freed_at_any_moment),
        CASE(test_deleted_meanwhile),
        CASE(test_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
