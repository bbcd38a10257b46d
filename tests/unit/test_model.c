/* The families' rows: which is chosen, and that no table is left open-ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/modem/model.h"

static const struct model acme_x = {.name = "x", .maker_has = "acme", .model_has = "X1"};
static const struct model acme = {.name = "acme", .maker_has = "acme"};
static const struct model any = {.name = "any"};
static const struct model *const list[] = {&acme_x, &acme, &any, NULL};

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(model_find(list, "ACME Inc.", "modem x1-B"), &acme_x);
    assert_ptr_equal(model_find(list, "Acme", "Y"), &acme);
    assert_ptr_equal(model_find(list, "Other", "X1"), &any);
    assert_ptr_equal(model_find(list, "", ""), &any);
}

static size_t errors(const struct model_error *table, const char *name)
{
    size_t count = 0;
    for (; table[count].code != -1; count++) {
        assert_true(count < 400);
        for (size_t i = 0; i < count; i++) {
            if (table[i].code == table[count].code) {
                fail_msg("%s: code %d twice", name, table[i].code);
            }
        }
        assert_true(table[count].outcome >= OUTCOME_SENT && table[count].outcome <= OUTCOME_UNSURE);
        assert_true(table[count].outcome == OUTCOME_SENT || table[count].error_code > 30000);
    }
    assert_int_equal(table[count].outcome,
                     OUTCOME_RETRY); /* what nobody knows is never given up, nor taken for sent */
    return count;
}

/* From the mildest to the hardest; only which of RESET and PWRKEY is the harder one depends on the family. */
static void check_ladder(const struct model_rung *ladder)
{
    unsigned seen = 0;
    size_t rungs = 0;
    while (ladder[rungs].action != RUNG_QUARANTINE) {
        enum model_rung_action action = ladder[rungs].action;
        bool by_pin = action == RUNG_RESET_PULSE || action == RUNG_PWRKEY;
        for (unsigned harder = action + 1; harder < RUNG_QUARANTINE; harder++) {
            assert_true((seen & 1u << harder) == 0 || (by_pin && harder == RUNG_PWRKEY));
        }
        assert_true((seen & 1u << action) == 0);
        seen |= 1u << action;
        assert_true(ladder[rungs].tries > 0);
        assert_true(++rungs < 10);
    }
}

static void check_row(const struct model *model)
{
    assert_non_null(model->name);
    assert_true(errors(model->cms_errors, model->name) > 40);
    assert_true(errors(model->cme_errors, model->name) > 10);
    assert_true(model->send_result_ms >= 120000);
    assert_true(model->prompt_ms >= 5000);
    assert_true(model->cnmi && model->cnmi[0]);
    assert_true(model->iccid_queries && model->iccid_queries[0]);
    assert_true(model->pin_tries_queries && model->pin_tries_queries[0]);
    assert_true(!model->power_off || model->power_off_s > 0);
    check_ladder(model->ladder);
}

static void test_rows(void **state)
{
    const struct model *last = NULL;
    (void)state;
    for (size_t i = 0; models[i]; i++) {
        last = models[i];
        check_row(last);
    }
    assert_non_null(last);
    assert_true(!last->maker_has && !last->model_has);
    assert_string_equal(last->name, "generic");
}

static const struct model_error *find(const struct model_error *table, int code)
{
    while (table->code != -1 && table->code != code) {
        table++;
    }
    return table;
}

static void test_generic_errors(void **state)
{
    const struct model *generic = model_find(models, "no such maker", "");
    const struct model_error *cms = generic->cms_errors;
    (void)state;
    assert_int_equal(find(cms, 332)->outcome, OUTCOME_UNSURE);
    assert_int_equal(find(cms, 197)->outcome, OUTCOME_SENT);
    assert_int_equal(find(cms, 1)->outcome, OUTCOME_REJECT);
    assert_int_equal(find(cms, 38)->outcome, OUTCOME_RETRY);
    assert_false(find(cms, 38)->carrier_fault);
    assert_true(find(cms, 310)->carrier_fault);
    assert_false(find(cms, 310)->stuck);
    assert_false(find(cms, 29)->stuck);
    assert_true(find(cms, 500)->stuck);
    assert_true(find(cms, 12345)->carrier_fault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_generic_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
