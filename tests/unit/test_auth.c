/* Who is let in, and what the others hear. */
#include "facade_rig.h"

#include "host/facade/auth.h"

static struct facade_rig rig;

static int setup(void **state)
{
    (void)state;
    rig = (struct facade_rig){0};
    rig_open_rooms(&rig, "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_close_all(&rig);
    return 0;
}

static void test_credentials(void **state)
{
    static const struct {
        const char *header, *user, *password; /* NULL = malformed */
    } rows[] = {
        {"Basic QTpi", "A", "b"},
        {"basic   QTpi", "A", "b"},
        {"Basic QTpiOmM=", "A", "b:c"},
        {"Basic Og==", "", ""},
        {"Basic QWI=", NULL, NULL}, /* no colon */
        {"Basic QTpi!", NULL, NULL},
        {"Basic", NULL, NULL},
        {"Basic ", NULL, NULL},
        {"Bearer QTpi", NULL, NULL},
        {"", NULL, NULL},
        {"Basic QQA6Yg==", NULL, NULL}, /* a NUL in the name */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char user[AUTH_TEXT], password[AUTH_TEXT];
        bool ok = auth_credentials(rows[i].header, user, password);
        if (ok != (rows[i].user != NULL))
            fail_msg("\"%s\": %d", rows[i].header, ok);
        if (ok) {
            assert_string_equal(user, rows[i].user);
            assert_string_equal(password, rows[i].password);
        }
    }
}

static void test_too_long(void **state)
{
    char header[4096] = "Basic ", user[AUTH_TEXT], password[AUTH_TEXT];
    (void)state;
    memset(header + 6, 'Q', 4000);
    header[4006] = '\0';
    assert_false(auth_credentials(header, user, password));
}

static int code_of(const char *user, const char *password)
{
    char line[256];
    struct refusal refusal = {0};
    basic_auth(user, password, line);
    line[strlen(line) - 2] = '\0';
    struct auth_who who;
    bool ok = auth_admit(rig.directory, line + strlen("Authorization: "), &who, &refusal);
    assert_int_equal(ok, refusal.code == 0);
    if (refusal.code != 0)
        assert_int_equal(refusal.http, refusal.code == 20403 ? 403 : 401);
    return refusal.code;
}

static void test_admit(void **state)
{
    struct refusal refusal;
    (void)state;
    assert_int_equal(code_of(AC, TOKEN), 0);
    assert_int_equal(code_of("AC00112233445566778899AABBCCDDEEFF", TOKEN), 0); /* hex has no case */
    assert_int_equal(code_of(rig.other_sid, rig.other_token), 0);
    assert_int_equal(code_of(AC, rig.other_token), 20003);
    assert_int_equal(code_of(AC, ""), 20003);
    assert_int_equal(code_of(AC, "ffeeddccbbaa9988776655443322110"), 20003);
    assert_int_equal(code_of(AC, "ffeeddccbbaa998877665544332211000"), 20003);
    assert_int_equal(code_of("ACffffffffffffffffffffffffffffffff", "--------------------------------"),
                     20003);
    assert_int_equal(code_of("SK00112233445566778899aabbccddeeff", TOKEN), 20003);
    assert_int_equal(code_of("", TOKEN), 20003);
    struct auth_who who;
    assert_false(auth_admit(rig.directory, NULL, &who, &refusal));
    assert_string_equal(refusal.message, "Authentication Error - No credentials provided");
}

static void set_status(enum account_status status)
{
    struct sid sid;
    sid_parse(AC, "AC", &sid);
    /* the directory has no call for it yet; the row in memory is what is asked */
    ((struct account *)(uintptr_t)directory_account_by_sid(rig.directory, &sid))->status = status;
}

static void test_not_active(void **state)
{
    (void)state;
    set_status(ACCOUNT_SUSPENDED);
    assert_int_equal(code_of(AC, TOKEN), 20005);
    assert_int_equal(code_of(AC, "x"), 20003); /* only who has the token learns it */
    set_status(ACCOUNT_CLOSED);
    assert_int_equal(code_of(AC, TOKEN), 20403);
}

static void test_first_is_the_oldest(void **state)
{
    char sid[SID_TEXT];
    (void)state;
    sid_format(&directory_account_first(rig.directory)->sid, "AC", sid);
    assert_string_equal(sid, AC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_too_long),
        TEST(test_admit),
        TEST(test_not_active),
        TEST(test_first_is_the_oldest),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
