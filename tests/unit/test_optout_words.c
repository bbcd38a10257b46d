/* Words of opting out: the whole text, in any case, in several languages, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/optout/words.h"

static const struct {
    const char *set, *body;
    enum optout_kind kind;
} ROWS[] = {
    {"en", "STOP", OPTOUT_STOP},
    {"en", "stop", OPTOUT_STOP},
    {"en", " \t\r\nStOp\n ", OPTOUT_STOP},
    {"en", "\xC2\xA0stop\xC2\xA0", OPTOUT_STOP},
    {"en", "optout", OPTOUT_STOP},
    {"en", "Unstop", OPTOUT_START},
    {"en", "yes", OPTOUT_START},
    {"en", "info", OPTOUT_HELP},
    {"en", "STOP please", OPTOUT_NONE},
    {"en", "STOP.", OPTOUT_NONE},
    {"en", "S TOP", OPTOUT_NONE},
    {"en", "STO", OPTOUT_NONE},
    {"en", "STOPP", OPTOUT_NONE},
    {"en", "", OPTOUT_NONE},
    {"en", "   ", OPTOUT_NONE},
    {"en", "\xC2", OPTOUT_NONE},
    {"en", "STOP\xFF", OPTOUT_NONE},
    {"en", "\xE2\x84\xAASTOP", OPTOUT_NONE},
    {"de", "stopp", OPTOUT_STOP},
    {"de", "Hilfe", OPTOUT_HELP},
    {"de", "yes", OPTOUT_NONE},
    {"fr", "arr\xC3\xAAt", OPTOUT_STOP},
    {"fr", "ARR\xC3\x8AT", OPTOUT_STOP},
    {"fr",
     "d\xC3\xA9"
     "but",
     OPTOUT_START},
    {"es", "Baja", OPTOUT_STOP},
    {"es", "alta", OPTOUT_START},
};

static void test_builtin(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const struct optout_set *set = optout_builtin(ROWS[i].set);
        assert_non_null(set);
        if (optout_match(set, ROWS[i].body) != ROWS[i].kind)
            fail_msg("%s '%s'", ROWS[i].set, ROWS[i].body);
    }
    assert_null(optout_builtin("xx"));
}

/* An answer that were itself a word would make two gateways talk for ever. */
static void test_no_reply_is_a_word(void **state)
{
    (void)state;
    for (size_t n = 0; optout_builtin_name(n) != NULL; n++)
        for (size_t m = 0; optout_builtin_name(m) != NULL; m++)
            for (int kind = OPTOUT_STOP; kind < OPTOUT_KINDS; kind++)
                assert_int_equal(optout_match(optout_builtin(optout_builtin_name(n)),
                                              optout_builtin(optout_builtin_name(m))->replies[kind]),
                                 OPTOUT_NONE);
}

static void test_own_words(void **state)
{
    static const char *const stop[] = {"\xD1\x81\xD1\x82\xD0\xBE\xD0\xBF", "\xCE\xA3\xCE\xA4\xCE\x9F\xCE\xA0",
                                       "\xC5\xA0top", NULL}; /* Cyrillic, Greek, S with caron */
    struct optout_set set = {"own", {[OPTOUT_STOP] = stop}, {NULL}};
    (void)state;
    assert_int_equal(optout_match(&set, "\xD0\xA1\xD0\xA2\xD0\x9E\xD0\x9F"), OPTOUT_STOP);
    assert_int_equal(optout_match(&set, "\xCF\x83\xCF\x84\xCE\xBF\xCF\x80"), OPTOUT_STOP);
    assert_int_equal(optout_match(&set, "\xC5\xA1TOP"), OPTOUT_STOP);
    assert_int_equal(optout_match(&set, "START"), OPTOUT_NONE);
    assert_string_equal(optout_kind_text(OPTOUT_HELP), "HELP");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtin),
        cmocka_unit_test(test_no_reply_is_a_word),
        cmocka_unit_test(test_own_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
