/* The room of verifications over a real store, on a clock that the test drives. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "host/verify/verify.h"
#include "store_rig.h"

#define T0 INT64_C(1800000000000)
#define TO "+41791112233"

static struct rig rig;
static struct verify *verify;
static struct verify_service service;
static uint8_t serial;

static void turn(void)
{
    for (int i = 0; i < 3; i++)
        loop_turn(rig.loop, 0);
}

static void on_done(void *arg, int status)
{
    *(int *)arg = status;
}

static int open_verify(void)
{
    static const struct secret_key key = {{3}};
    verify = verify_open(rig.store, rig.loop, &key);
    return 0;
}

static int setup(void **state)
{
    const struct sid sid = {{7}};
    const struct verify_service_change change = {.name = "Acme", .code_length = 6};
    int status = 1;
    (void)state;
    clock_fake(T0, 1000);
    serial = 0;
    rig_init(&rig);
    assert_int_equal(rig_open(&rig), 0);
    open_verify();
    verify_service_create(verify, 1, &sid, &change, on_done, &status);
    turn();
    assert_int_equal(status, 0);
    return verify_service_find(verify, 1, &sid, &service);
}

static int teardown(void **state)
{
    (void)state;
    rig_close(&rig);
    verify_close(verify);
    rig_fini(&rig);
    clock_real();
    return 0;
}

/* ---- steps ---- */

static int start_with(const char *to, const char *custom, struct verify_started *started)
{
    struct verify_request r = {
        .service = &service, .to = to, .custom_code = custom, .now_ms = clock_wall_ms()};
    r.sid = (struct sid){{1, ++serial}};
    r.message_sid = (struct sid){{2, serial}};
    int status = verify_start(verify, &r, started);
    turn();
    return status;
}

static int start(struct verify_started *started)
{
    return start_with(TO, NULL, started);
}

struct checked {
    int status;
    int64_t id;
    bool approved;
};

static void on_checked(void *arg, int status, int64_t id, bool approved)
{
    *(struct checked *)arg = (struct checked){status, id, approved};
}

static struct checked check(const char *code)
{
    struct checked c = {.status = 1};
    const struct verify_guess g = {
        .service_id = service.id, .to = TO, .code = code, .now_ms = clock_wall_ms()};
    verify_check(verify, &g, on_checked, &c);
    turn();
    assert_int_not_equal(c.status, 1);
    return c;
}

static void assert_status(int64_t id, enum verify_status wanted)
{
    struct verification v;
    assert_int_equal(verify_find_row(verify, id, clock_wall_ms(), &v), 0);
    assert_string_equal(verify_status_text(v.status), verify_status_text(wanted));
}

static const char *another(const char *code)
{
    return strcmp(code, "000000") == 0 ? "000001" : "000000";
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *stmt = store_read_prepare(rig.store, sql);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

/* ---- tests ---- */

static void test_right_code_once(void **state)
{
    struct verify_started s;
    (void)state;
    assert_int_equal(start(&s), 0);
    assert_int_equal(strlen(s.code), 6);
    assert_int_equal(s.expires_ms, T0 + VERIFY_LIFE_MS);
    assert_false(check(another(s.code)).approved);
    assert_status(s.id, VERIFY_PENDING);
    const struct checked c = check(s.code);
    assert_true(c.status == 0 && c.approved && c.id == s.id);
    assert_status(s.id, VERIFY_APPROVED);
    assert_int_equal(check(s.code).status, -ENOENT);
    assert_int_equal(number("SELECT length(code) FROM verification"), 0);
}

static void test_five_wrong_checks(void **state)
{
    struct verify_started s, again;
    (void)state;
    assert_int_equal(start(&s), 0);
    for (int i = 0; i < VERIFY_CHECKS; i++) {
        const struct checked c = check(another(s.code));
        assert_true(c.status == 0 && !c.approved);
        assert_status(s.id, i + 1 < VERIFY_CHECKS ? VERIFY_PENDING : VERIFY_EXHAUSTED);
    }
    assert_int_equal(check(s.code).status, -EBUSY);
    assert_int_equal(start(&again), -EBUSY);
    assert_int_equal(number("SELECT length(code) FROM verification"), 0);
    clock_advance(VERIFY_LIFE_MS);
    assert_int_equal(check(s.code).status, -ENOENT);
    assert_int_equal(start(&again), 0);
    assert_int_not_equal(again.id, s.id);
    assert_status(s.id, VERIFY_EXHAUSTED);
}

/* Two checks in one turn are two checks: the right one after the last wrong one comes too late. */
static void test_checks_of_one_turn_are_counted(void **state)
{
    struct verify_started s;
    struct checked c[VERIFY_CHECKS + 1];
    (void)state;
    assert_int_equal(start(&s), 0);
    for (int i = 0; i <= VERIFY_CHECKS; i++) {
        const struct verify_guess g = {.service_id = service.id,
                                       .sid = &s.sid,
                                       .code = i < VERIFY_CHECKS ? another(s.code) : s.code,
                                       .now_ms = clock_wall_ms()};
        verify_check(verify, &g, on_checked, &c[i]);
    }
    turn();
    assert_int_equal(c[VERIFY_CHECKS - 1].status, 0);
    assert_int_equal(c[VERIFY_CHECKS].status, -EBUSY);
}

static void test_again_is_the_same(void **state)
{
    struct verify_started first, s;
    struct verification v;
    (void)state;
    assert_int_equal(start(&first), 0);
    clock_advance(60000);
    service.code_length = 8; /* changed meanwhile: of the next one */
    for (int i = 1; i < VERIFY_SENDS; i++) {
        assert_int_equal(start(&s), 0);
        assert_int_equal(s.id, first.id);
        assert_memory_equal(&s.sid, &first.sid, sizeof s.sid);
        assert_string_equal(s.code, first.code);
        assert_int_equal(s.expires_ms, first.expires_ms);
    }
    assert_int_equal(start(&s), -EDQUOT);
    assert_int_equal(verify_find_number(verify, service.id, TO, clock_wall_ms(), &v), 0);
    assert_int_equal(v.send_count, VERIFY_SENDS);
    assert_int_equal(v.sends[0].at_ms, T0);
    assert_int_equal(v.sends[4].at_ms, T0 + 60000);
    assert_true(check(first.code).approved);
    assert_int_equal(start(&s), 0);
    assert_int_not_equal(s.id, first.id);
    assert_string_not_equal(s.code, first.code);
    assert_int_equal(strlen(s.code), 8);
}

static void test_other_numbers_and_services_are_others(void **state)
{
    struct verify_started a, b, c;
    struct verify_service other = service;
    (void)state;
    assert_int_equal(start(&a), 0);
    assert_int_equal(start_with("+41791112234", NULL, &b), 0);
    assert_int_not_equal(a.id, b.id);
    service.id++;
    assert_int_equal(start(&c), 0);
    assert_int_not_equal(a.id, c.id);
    assert_false(check(a.code).approved);
    service = other;
    assert_false(check(b.code).approved);
    assert_true(check(a.code).approved);
}

static void test_too_many_new_ones(void **state)
{
    struct verify_started s;
    (void)state;
    for (int i = 0; i < VERIFY_STARTS; i++) {
        assert_int_equal(start(&s), 0);
        assert_true(check(s.code).approved);
        clock_advance(1000);
    }
    assert_int_equal(start(&s), -EUSERS);
    assert_int_equal(start_with("+41791112234", NULL, &s), 0);
    clock_advance(VERIFY_LIFE_MS - VERIFY_STARTS * 1000);
    assert_int_equal(start(&s), 0); /* the first is out of the window */
}

static void test_custom_code(void **state)
{
    struct verify_started s, again;
    (void)state;
    assert_int_equal(start_with(TO, "Apfel1", &s), 0);
    assert_string_equal(s.code, "Apfel1");
    assert_int_equal(start_with(TO, "Birne2", &again), 0);
    assert_int_equal(again.id, s.id);
    assert_false(check("Apfel1").approved);
    assert_int_equal(start(&again), 0); /* without one: it is made */
    assert_int_equal(strlen(again.code), 6);
    assert_false(check("Birne2").approved);
    assert_true(check(again.code).approved);
}

static void test_ends_by_the_application(void **state)
{
    struct verify_started s;
    int status = 1;
    (void)state;
    assert_int_equal(start(&s), 0);
    verify_end(verify, s.id, VERIFY_CANCELED, clock_wall_ms(), on_done, &status);
    turn();
    assert_int_equal(status, 0);
    assert_status(s.id, VERIFY_CANCELED);
    assert_int_equal(check(s.code).status, -ENOENT);
    verify_end(verify, s.id, VERIFY_APPROVED, clock_wall_ms(), on_done, &status);
    turn();
    assert_int_equal(status, -ENOENT);
    assert_int_equal(number("SELECT length(code) FROM verification"), 0);
}

static void test_unsend(void **state)
{
    struct verify_started s, again;
    struct verification v;
    int status = 1;
    (void)state;
    assert_int_equal(start(&s), 0);
    assert_int_equal(start(&again), 0);
    verify_unsend(verify, s.id, &(struct sid){{2, serial}}, on_done, &status);
    turn();
    assert_int_equal(status, 0);
    assert_int_equal(verify_find_row(verify, s.id, clock_wall_ms(), &v), 0);
    assert_int_equal(v.send_count, 1);
    verify_unsend(verify, s.id, &(struct sid){{2, 1}}, on_done, &status);
    turn();
    assert_int_equal(verify_find_row(verify, s.id, clock_wall_ms(), &v), -ENOENT);
}

static void test_expiry(void **state)
{
    struct verify_started s;
    struct verification v;
    (void)state;
    assert_int_equal(start(&s), 0);
    clock_advance(VERIFY_LIFE_MS - 1);
    turn();
    assert_int_equal(verify_find_number(verify, service.id, TO, clock_wall_ms(), &v), 0);
    clock_advance(1);
    assert_int_equal(check(s.code).status, -ENOENT); /* before the sweep too */
    assert_int_equal(verify_find_number(verify, service.id, TO, clock_wall_ms(), &v), -ENOENT);
    assert_status(s.id, VERIFY_EXPIRED);
    clock_advance(60000);
    turn();
    clock_advance(100); /* the sweep is a patient op */
    turn();
    assert_int_equal(number("SELECT length(code) FROM verification"), 0);
    assert_int_equal(number("SELECT status FROM verification"), VERIFY_EXPIRED);
}

/* More than one step's rows, over a restart. */
static void test_rows_go_in_time(void **state)
{
    struct verify_started s;
    char to[16];
    (void)state;
    for (int i = 0; i < 250; i++) {
        snprintf(to, sizeof to, "+4179%07d", i);
        struct verify_request r = {.service = &service, .to = to, .now_ms = clock_wall_ms()};
        r.sid = (struct sid){{3, (uint8_t)i, 1}};
        r.message_sid = (struct sid){{4, (uint8_t)i, 1}};
        assert_int_equal(verify_start(verify, &r, &s), 0);
    }
    turn();
    rig_close(&rig);
    verify_close(verify);
    assert_int_equal(rig_open(&rig), 0);
    open_verify();
    assert_int_equal(number("SELECT count(*) FROM verification"), 250);
    for (int minute = 0; minute < 25 * 60; minute++) {
        clock_advance(60000);
        turn();
    }
    assert_int_equal(number("SELECT count(*) FROM verification"), 0);
    assert_int_equal(number("SELECT count(*) FROM verification_send"), 0);
}

static void test_code_survives_a_restart(void **state)
{
    struct verify_started s, again;
    (void)state;
    assert_int_equal(start(&s), 0);
    rig_close(&rig);
    verify_close(verify);
    assert_int_equal(rig_open(&rig), 0);
    open_verify();
    assert_int_equal(start(&again), 0);
    assert_string_equal(again.code, s.code);
    assert_true(check(s.code).approved);
}

static void test_services(void **state)
{
    struct verify_service list[4];
    const struct sid second = {{8}};
    struct verify_service_change change = {.name = "Other",
                                           .tts_name = "x",
                                           .code_length = 4,
                                           .mask = VERIFY_WARN | VERIFY_DTMF,
                                           .flags = VERIFY_WARN};
    int status = 1;
    (void)state;
    verify_service_create(verify, 1, &second, &change, on_done, &status);
    turn();
    assert_int_equal(verify_service_list(verify, 1, INT64_MAX, 0, 4, list), 2);
    assert_string_equal(list[0].name, "Other");
    assert_int_equal(list[0].flags, VERIFY_WARN);
    assert_int_equal(verify_service_list(verify, 1, 0, list[1].id, 4, list), 2);
    assert_string_equal(list[0].name, "Acme");
    assert_int_equal(verify_service_list(verify, 2, INT64_MAX, 0, 4, list), 0);
    change = (struct verify_service_change){.mask = VERIFY_LOOKUP, .flags = VERIFY_LOOKUP | VERIFY_DTMF};
    verify_service_update(verify, 1, &second, &change, on_done, &status);
    turn();
    assert_int_equal(verify_service_find(verify, 1, &second, list), 0);
    assert_int_equal(list[0].flags, VERIFY_WARN | VERIFY_LOOKUP);
    assert_string_equal(list[0].name, "Other");
    assert_int_equal(list[0].code_length, 4);
    verify_service_delete(verify, 2, &second, on_done, &status);
    turn();
    assert_int_equal(status, -ENOENT);
    verify_service_delete(verify, 1, &second, on_done, &status);
    turn();
    assert_int_equal(status, 0);
    assert_int_equal(verify_service_find(verify, 1, &second, list), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_right_code_once),
        TEST(test_five_wrong_checks),
        TEST(test_checks_of_one_turn_are_counted),
        TEST(test_again_is_the_same),
        TEST(test_other_numbers_and_services_are_others),
        TEST(test_too_many_new_ones),
        TEST(test_custom_code),
        TEST(test_ends_by_the_application),
        TEST(test_unsend),
        TEST(test_expiry),
        TEST(test_rows_go_in_time),
        TEST(test_code_survives_a_restart),
        TEST(test_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
