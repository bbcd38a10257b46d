/* Twilio's words, and when a message is final. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/queue/message.h"

static void test_words(void **state)
{
    static const char *const words[] = {"accepted", "scheduled", "queued",      "sending",
                                        "sent",     "delivered", "undelivered", "failed",
                                        "canceled", "receiving", "received"};
    (void)state;
    for (int i = MESSAGE_ACCEPTED; i <= MESSAGE_RECEIVED; i++) {
        enum message_status status = 0;
        assert_string_equal(message_status_text((enum message_status)i), words[i - 1]);
        assert_true(message_status_parse(words[i - 1], &status));
        assert_int_equal(status, i);
    }
    assert_string_equal(message_direction_text(MESSAGE_INBOUND), "inbound");
    assert_string_equal(message_direction_text(MESSAGE_OUTBOUND_API), "outbound-api");
    assert_string_equal(message_direction_text(MESSAGE_OUTBOUND_REPLY), "outbound-reply");
    assert_string_equal(outcome_text(OUTCOME_SENT), "sent");
    assert_string_equal(outcome_text(OUTCOME_UNSURE), "unsure");
}

static void test_what_is_no_word(void **state)
{
    static const char *const texts[] = {"", "Queued", "cancelled", "sent ", "unknown"};
    enum message_status status = MESSAGE_SENT;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(message_status_parse(texts[i], &status));
    assert_int_equal(status, MESSAGE_SENT);
    assert_string_equal(message_status_text((enum message_status)99), "unknown");
    assert_string_equal(message_direction_text((enum message_direction)0), "unknown");
}

static void test_final(void **state)
{
    (void)state;
    for (int i = MESSAGE_ACCEPTED; i <= MESSAGE_RECEIVED; i++) {
        bool final = i != MESSAGE_SENT && i != MESSAGE_RECEIVING && i >= MESSAGE_SENT;
        assert_int_equal(message_is_final((enum message_status)i, 2000, 1000), final);
    }
    assert_true(message_is_final(MESSAGE_SENT, 0, 1000));
    assert_true(message_is_final(MESSAGE_SENT, 1000, 1000));
    assert_false(message_is_final(MESSAGE_SENT, 1001, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_what_is_no_word),
        cmocka_unit_test(test_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
