/* STOP, START, HELP over real rooms: what is stored, answered, refused at create, and never done twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facade_rig.h"
#include "host/facade/compose.h"
#include "host/facade/keyword.h"

static struct facade_rig rig;
static struct facade_rooms rooms;
static struct keywords *keywords;

static int setup(void **state)
{
    (void)state;
    rig_open_rooms(&rig, "");
    rooms = rig_rooms(&rig);
    keywords = keywords_new(&rooms);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    keywords_free(keywords);
    rig_close_all(&rig);
    return 0;
}

static void nothing(void *arg, int status)
{
    (void)arg;
    assert_int_equal(status, 0);
}

static void on_submitted(void *arg, int status, const struct submitted *submitted)
{
    (void)arg;
    (void)submitted;
    assert_int_equal(status, 0);
}

static void turns(void)
{
    for (int i = 0; i < 12; i++)
        loop_turn(rig.store.loop, 0);
}

static void receive(const char *line_name, const char *from, const char *text)
{
    static unsigned nth;
    const struct line *line = directory_line_by_name(rig.directory, line_name);
    const struct service *service = directory_service_of_line(rig.directory, line->id);
    struct pdu pdu = {.type = PDU_DELIVER, .scts = {.valid = true, .utc_s = T0 / 1000 + 60 * ++nth}};
    snprintf(pdu.address.text, sizeof pdu.address.text, "%s", from);
    snprintf(pdu.text, sizeof pdu.text, "%s", text);
    struct inbound inbound = {.line_id = line->id,
                              .account_id = line->account_id,
                              .service_id = service != NULL ? service->id : 0,
                              .line_number = line->number,
                              .pdu = &pdu,
                              .hex = "00",
                              .received_ms = clock_wall_ms()};
    queue_receive(rig.queue, &inbound, nothing, NULL);
    turns();
}

static void on_message(void *arg, const struct message *m)
{
    snprintf(arg, 512, "%s", m->body);
}

/* How many went to this number; *body (512 bytes) is the newest's. */
static size_t sent_to(const char *number, char *body)
{
    struct message_filter filter = {.to = number, .limit = 100};
    size_t count = 0;
    char newest[512] = "";
    filter.limit = 1;
    if (queue_list(rig.queue, &filter, on_message, newest) == 1) {
        filter.limit = 100;
        char other[512];
        count = queue_list(rig.queue, &filter, on_message, other);
    }
    if (body != NULL)
        memcpy(body, newest, sizeof newest);
    return count;
}

/* send_at NULL: now. 0, or the code it is refused with. */
static int compose_at(const char *from, const char *service, const char *to, const char *body,
                      const char *send_at, struct composed *composed)
{
    struct sid sid;
    struct refusal refusal;
    sid_parse(AC, "AC", &sid);
    struct compose_request request = {.account = directory_account_by_sid(rig.directory, &sid),
                                      .direction = MESSAGE_OUTBOUND_API,
                                      .to = to,
                                      .from = from,
                                      .service_sid = service,
                                      .body = body,
                                      .body_len = strlen(body),
                                      .schedule_type = send_at != NULL ? "fixed" : NULL,
                                      .send_at = send_at};
    return compose(&rooms, &request, T0, composed, &refusal) ? 0 : refusal.code;
}

static int create(const char *from, const char *service, const char *to)
{
    struct composed composed;
    int code = compose_at(from, service, to, "hello", NULL, &composed);
    if (code == 0)
        compose_fini(&composed);
    return code;
}

static void test_stop_and_start_on_a_line(void **state)
{
    char body[512];
    (void)state;
    assert_int_equal(create(PLANT, NULL, ALICE), 0);
    receive("plant", ALICE, " stop\n");
    assert_int_equal(create(PLANT, NULL, ALICE), 21610);
    assert_int_equal(create(WARD, NULL, ALICE), 0); /* another line is another sender */
    assert_int_equal(sent_to(ALICE, body), 1);
    assert_string_equal(body, optout_builtin("en")->replies[OPTOUT_STOP]);
    receive("plant", ALICE, "STOP");
    assert_int_equal(sent_to(ALICE, NULL), 1); /* said once, confirmed once */
    receive("plant", ALICE, "Start");
    assert_int_equal(create(PLANT, NULL, ALICE), 0);
    assert_int_equal(sent_to(ALICE, body), 2);
    assert_string_equal(body, optout_builtin("en")->replies[OPTOUT_START]);
    receive("plant", ALICE, "yes"); /* an answer to the application: nobody had left */
    assert_int_equal(sent_to(ALICE, NULL), 2);
}

static void test_stop_to_a_line_of_a_service(void **state)
{
    (void)state;
    receive("ward", ALICE, "STOP");
    assert_int_equal(create(NULL, MG, ALICE), 21610);
    assert_int_equal(create(WARD, NULL, ALICE), 21610);
    assert_int_equal(create(PLANT, NULL, ALICE), 0);
}

static void test_help_and_other_texts(void **state)
{
    char body[512];
    (void)state;
    receive("plant", ALICE, "please stop");
    assert_int_equal(sent_to(ALICE, NULL), 0);
    receive("plant", ALICE, "HELP");
    assert_int_equal(sent_to(ALICE, body), 1);
    assert_string_equal(body, optout_builtin("en")->replies[OPTOUT_HELP]);
    assert_int_equal(create(PLANT, NULL, ALICE), 0);
}

static void on_status(void *arg, const struct message *m)
{
    struct seen {
        const char *body;
        enum message_status status;
        int error;
    } *seen = arg;
    if (strcmp(m->body, seen->body) == 0) {
        seen->status = m->status;
        seen->error = m->error_code;
    }
}

static void submit(const char *from, const char *service, const char *to, const char *body,
                   const char *send_at)
{
    struct composed composed;
    assert_int_equal(compose_at(from, service, to, body, send_at, &composed), 0);
    assert_int_equal(queue_submit(rig.queue, &composed.submission, on_submitted, NULL), 0);
    compose_fini(&composed);
    turns();
}

static void assert_became(const char *to, const char *body, enum message_status status, int error)
{
    struct {
        const char *body;
        enum message_status status;
        int error;
    } seen = {body, 0, 0};
    struct message_filter filter = {.to = to, .limit = 100};
    queue_list(rig.queue, &filter, on_status, &seen);
    if (seen.status != status || seen.error != error)
        fail_msg("%s: status %d error %d", body, seen.status, seen.error);
}

/* What waited or was scheduled for her is not sent; the confirmation and what is for others is. */
static void test_stop_ends_what_waits(void **state)
{
    (void)state;
    submit(WARD, NULL, ALICE, "by its line", NULL);
    submit(NULL, MG, ALICE, "by the service", NULL);
    submit(NULL, MG, ALICE, "for later", "2027-01-15T09:00:00Z");
    submit(PLANT, NULL, ALICE, "another sender's", NULL);
    submit(WARD, NULL, "+41791112299", "another person's", NULL);
    receive("ward", ALICE, "STOP");
    assert_became(ALICE, "by its line", MESSAGE_FAILED, 21610);
    assert_became(ALICE, "by the service", MESSAGE_FAILED, 21610);
    assert_became(ALICE, "for later", MESSAGE_FAILED, 21610);
    assert_became(ALICE, "another sender's", MESSAGE_QUEUED, 0);
    assert_became("+41791112299", "another person's", MESSAGE_QUEUED, 0);
    assert_became(ALICE, optout_builtin("en")->replies[OPTOUT_STOP], MESSAGE_QUEUED, 0);
}

/* A sender that cannot be answered (a name, a short code) still leaves. */
static void test_stop_without_answer(void **state)
{
    (void)state;
    receive("plant", "12345", "STOP");
    assert_int_equal(sent_to("12345", NULL), 0);
    assert_true(optout_blocks(rig.optout, 0, directory_line_by_name(rig.directory, "plant")->id, "12345"));
}

/* What came while nobody looked is done at the next start, and only then. */
static void test_each_message_once_over_restarts(void **state)
{
    (void)state;
    receive("plant", ALICE, "STOP");
    keywords_free(keywords);
    receive("plant", "+41791112299", "STOP");
    assert_int_equal(create(PLANT, NULL, "+41791112299"), 0);
    optout_clear(rig.optout, 0, directory_line_by_name(rig.directory, "plant")->id, ALICE, NULL, NULL);
    turns();
    keywords = keywords_new(&rooms);
    turns();
    assert_int_equal(create(PLANT, NULL, "+41791112299"), 21610);
    assert_int_equal(create(PLANT, NULL, ALICE), 0); /* her old STOP is not done again */
    assert_int_equal(sent_to(ALICE, NULL), 1);
}

/* Two machines that answer each other with HELP. */
static void test_loop_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++)
        receive("plant", ALICE, "HELP");
    assert_int_equal(sent_to(ALICE, NULL), 30);
}

static void test_sets_of_the_configuration(void **state)
{
    struct conf *conf = rig_conf(rig.store.dir, "",
                                 "[line quiet]\ncarrier = loopback\nnumber = +41790000009\noptout = off\n"
                                 "[line swiss]\ncarrier = loopback\nnumber = +41790000010\noptout = de, own\n"
                                 "[optout own]\nstop = ADIEU\nstop_reply = Adieu!\n"
                                 "[service both]\nlines = quiet\noptout = own\n");
    const char *reply;
    struct line quiet = {.name = "quiet"}, swiss = {.name = "swiss"};
    struct service both = {.name = "both"}, api = {.name = ""};
    (void)state;
    assert_int_equal(keyword_of(conf, &quiet, NULL, "STOP", &reply), OPTOUT_NONE);
    assert_int_equal(keyword_of(conf, &swiss, NULL, "Stopp", &reply), OPTOUT_STOP);
    assert_string_equal(reply, optout_builtin("de")->replies[OPTOUT_STOP]);
    assert_int_equal(keyword_of(conf, &swiss, NULL, "adieu", &reply), OPTOUT_STOP);
    assert_string_equal(reply, "Adieu!");
    assert_int_equal(keyword_of(conf, &swiss, NULL, "UNSUBSCRIBE", &reply), OPTOUT_NONE);
    assert_int_equal(keyword_of(conf, &quiet, &both, "ADIEU", &reply), OPTOUT_STOP);
    assert_int_equal(keyword_of(conf, &quiet, &both, "STOP", &reply), OPTOUT_NONE);
    assert_int_equal(keyword_of(conf, &swiss, &api, "STOP", &reply), OPTOUT_STOP);
    conf_free(conf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_stop_and_start_on_a_line),
        TEST(test_stop_to_a_line_of_a_service),
        TEST(test_help_and_other_texts),
        TEST(test_stop_without_answer),
        TEST(test_stop_ends_what_waits),
        TEST(test_each_message_once_over_restarts),
        TEST(test_loop_ends),
        TEST(test_sets_of_the_configuration),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
