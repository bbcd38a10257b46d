/* The tokeniser, the tables of words and the readers of information lines: recorded transcripts whole, byte
 * by byte and cut at random; then each rule by itself. */
#include <dirent.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/modem/answer.h"
#include "host/modem/at_lex.h"
#include "host/modem/at_words.h"

struct tokens {
    char *text[4000]; /* ">" a prompt, "?" junk */
    size_t count;
};

static void tokens_fini(struct tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        free(tokens->text[i]);
    }
    tokens->count = 0;
}

static void feed(struct at_lexer *lexer, struct tokens *tokens, const char *bytes, size_t len)
{
    for (size_t at = 0, used; at < len; at += used) {
        enum at_token token = at_lexer_next(lexer, (const uint8_t *)bytes + at, len - at, &used);
        const char *text = token == AT_TOKEN_LINE ? lexer->line : token == AT_TOKEN_PROMPT ? ">" : "?";
        assert_true(used > 0 || token != AT_TOKEN_NONE);
        if (token != AT_TOKEN_NONE) {
            assert_true(tokens->count < 4000);
            tokens->text[tokens->count++] = strdup(text);
        }
    }
}

static void assert_same(const struct tokens *a, const struct tokens *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal(a->text[i], b->text[i]);
    }
}

/* The three ways of cutting give the same tokens, which end up in `whole`. */
static void lex_all_ways(const char *raw, size_t len, struct tokens *whole)
{
    struct tokens cut = {0};
    struct at_lexer lexer;
    at_lexer_init(&lexer);
    feed(&lexer, whole, raw, len);
    at_lexer_init(&lexer);
    for (size_t i = 0; i < len; i++) {
        feed(&lexer, &cut, raw + i, 1);
    }
    assert_same(whole, &cut);
    tokens_fini(&cut);
    for (unsigned seed = 1; seed <= 20; seed++) {
        srand(seed);
        at_lexer_init(&lexer);
        for (size_t at = 0, n; at < len; at += n) {
            n = 1 + (size_t)rand() % 24;
            n = n > len - at ? len - at : n;
            feed(&lexer, &cut, raw + at, n);
        }
        assert_same(whole, &cut);
        tokens_fini(&cut);
    }
}

/* What the transcript says the lines are: blanks at the ends do not count, nor do empty ones. */
static size_t trimmed(const char *text, char *out, size_t size)
{
    while (*text == ' ') {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    snprintf(out, size, "%.*s", (int)len, text);
    return strlen(out);
}

static unsigned exchanges_seen, lines_seen;

static void check_exchange(const char *file, const json_t *exchange)
{
    const char *raw = json_string_value(json_object_get(exchange, "raw"));
    const json_t *lines = json_object_get(exchange, "lines"), *line;
    struct tokens tokens = {0};
    size_t index, at = 0;
    char want[4096];
    if (!raw) {
        return;
    }
    char *with_end; /* some records end without the line end that every modem sends */
    assert_true(asprintf(&with_end, "%s\r\n", raw) > 0);
    lex_all_ways(with_end, strlen(with_end), &tokens);
    free(with_end);
    exchanges_seen++;
    json_array_foreach(lines, index, line)
    {
        if (trimmed(json_string_value(line), want, sizeof want) > 0) {
            const char *token = want[0] == '>' ? ">" : strlen(want) > AT_LINE_MAX ? "?" : want;
            if (at >= tokens.count || strcmp(tokens.text[at], token) != 0) {
                fail_msg("%s: line %zu is \"%s\", expected \"%s\"", file, index,
                         at < tokens.count ? tokens.text[at] : "", want);
            }
            at++;
            lines_seen++;
        }
    }
    if (lines) {
        assert_int_equal(at, tokens.count);
    }
    tokens_fini(&tokens);
}

static json_t *load(const char *name)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "%s/transcripts/%s", TEST_DATA, name);
    json_t *root = json_load_file(path, 0, &error);
    if (!root) {
        fail_msg("%s: %s", path, error.text);
    }
    return root;
}

static void test_transcripts(void **state)
{
    (void)state;
    DIR *dir = opendir(TEST_DATA "/transcripts");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!strstr(entry->d_name, ".json")) {
            continue;
        }
        json_t *root = load(entry->d_name), *exchange;
        size_t index;
        json_array_foreach(json_object_get(root, "exchanges"), index, exchange)
        {
            check_exchange(entry->d_name, exchange);
        }
        json_array_foreach(json_object_get(root, "urcs"), index, exchange)
        {
            check_exchange(entry->d_name, exchange);
        }
        json_decref(root);
    }
    closedir(dir);
    assert_true(exchanges_seen > 400);
    assert_true(lines_seen > 900);
}

struct lex_case {
    const char *name, *raw;
    const char *tokens[8];
};

static void test_lex_rules(void **state)
{
    static const struct lex_case cases[] = {
        {"plain", "\r\nOK\r\n", {"OK"}},
        {"doubled CR", "\r\r\n+CRING: VOICE\r\r\n", {"+CRING: VOICE"}},
        {"LF only", "\n+CSQ: 1,99\nOK\n", {"+CSQ: 1,99", "OK"}},
        {"prompt with space", "\r\n> ", {">"}},
        {"prompt without", "\n>", {">"}},
        {"prompt, then result", "\r\n> \r\n+CMGS: 7\r\n\r\nOK\r\n", {">", "+CMGS: 7", "OK"}},
        {"prompt, then URC at once", "\r\n> +CMTI: \"SM\",1\r\n", {">", "+CMTI: \"SM\",1"}},
        {"junk at power-up", "\xFF\x01\r\n\x7FRDY\r\n", {"RDY"}},
        {"blanks at the ends", "  OK  \r\n", {"OK"}},
        {"'>' inside", "a>b\r\n", {"a>b"}},
        {"USSD over lines",
         "+CUSD: 1,\"Balance\r\nOK\r\n> 1\",15\r\nOK\r\n",
         {"+CUSD: 1,\"Balance\nOK", ">", "1\",15", "OK"}},
        {"USSD over lines, plain",
         "+CUSD: 1,\"Balance\r\nOK\r\nbye\",15\r\nOK\r\n",
         {"+CUSD: 1,\"Balance\nOK\nbye\",15", "OK"}},
        {"USSD with a lost quote",
         "+CUSD: 1,\"Balance\r\n+CMGS: 4\r\nOK\r\n",
         {"+CUSD: 1,\"Balance", "+CMGS: 4", "OK"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tokens tokens = {0};
        size_t want = 0;
        lex_all_ways(cases[i].raw, strlen(cases[i].raw), &tokens);
        for (; cases[i].tokens[want]; want++) {
            if (want >= tokens.count || strcmp(tokens.text[want], cases[i].tokens[want]) != 0) {
                fail_msg("%s: token %zu: \"%s\"", cases[i].name, want,
                         want < tokens.count ? tokens.text[want] : "none");
            }
        }
        assert_int_equal(tokens.count, want);
        tokens_fini(&tokens);
    }
}

static void test_lex_long_line(void **state)
{
    (void)state;
    struct tokens tokens = {0};
    static char raw[5000];
    memset(raw, 'A', sizeof raw);
    memcpy(raw + 4990, "\r\nOK\r\n", 6);
    lex_all_ways(raw, 4996, &tokens);
    assert_int_equal(tokens.count, 2);
    assert_string_equal(tokens.text[0], "?");
    assert_string_equal(tokens.text[1], "OK");
    tokens_fini(&tokens);
}

struct final_case {
    const char *line;
    enum at_final final;
    int code;
};

static void test_finals(void **state)
{
    static const struct final_case cases[] = {
        {"OK", AT_OK, 0},
        {"ok", AT_OK, 0},
        {"OKAY", AT_NOT_FINAL, 0},
        {"ERROR", AT_ERROR, 0},
        {"+CMS ERROR: 38", AT_CMS, 38},
        {"+CMS ERROR:500", AT_CMS, 500},
        {"+CMSERROR:500", AT_CMS, 500},
        {"+cmserror:500", AT_CMS, 500},
        {"+CMS ERROR: Network timeout", AT_CMS, 332},
        {"+CMS ERROR: memory full", AT_CMS, 322},
        {"+CMS ERROR: something new", AT_CMS, -1},
        {"+CME ERROR: 14", AT_CME, 14},
        {"+CME ERROR: SIM busy", AT_CME, 14},
        {"+CME ERROR: 99999999999999", AT_CME, -1},
        {"COMMAND NOT SUPPORT", AT_ERROR, 0},
        {"TOO MANY PARAMETERS", AT_ERROR, 0},
        {"MODEM ERROR: 4", AT_ERROR, 0},
        {"RANDOM ERROR", AT_NOT_FINAL, 0}, /* might be a URC: the deadline decides */
        {"GOBBLEDEGOOK", AT_NOT_FINAL, 0},
        {"NO CARRIER", AT_NOT_FINAL, 0},
        {"+CMTI: \"SM\",1", AT_NOT_FINAL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct at_result result = {AT_NOT_FINAL, 0, ""};
        bool final = at_final_parse(cases[i].line, &result);
        if (final != (cases[i].final != AT_NOT_FINAL) ||
            (final && (result.final != cases[i].final || result.code != cases[i].code))) {
            fail_msg("%s: final %d code %d", cases[i].line, result.final, result.code);
        }
    }
}

static void test_urcs(void **state)
{
    static const struct {
        const char *line;
        enum at_urc urc;
    } cases[] = {
        {"+CMTI: \"SM\",1", AT_URC_CMTI},
        {"+CDSI: \"SR\",2", AT_URC_CDSI},
        {"+CDS: 24", AT_URC_CDS},
        {"+CMT: ,24", AT_URC_CMT},
        {"RDY", AT_URC_RESET},
        {"READY", AT_URC_RESET},
        {"RING", AT_URC_CALL},
        {"VOICE CALL: END: 000041", AT_URC_NOISE},
        {"+CFUN: 1", AT_URC_RESET},
        {"+CFUN: 4", AT_URC_NONE},
        {"SMS Ready", AT_URC_SMS_READY},
        {"OK", AT_URC_NONE},
        {"+CIEV: \"SMSFULL\",2", AT_URC_FULL},
        {"^RSSI:20", AT_URC_NOISE},
        {"+CPIN: NOT READY", AT_URC_SIM},
        {"+CEREG: 5", AT_URC_REG},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (at_urc_find(cases[i].line) != cases[i].urc) {
            fail_msg("%s: %d", cases[i].line, at_urc_find(cases[i].line));
        }
    }
}

/* ---- information lines ---- */

static void check_registration(const char *file, bool reply)
{
    json_t *root = load(file), *record;
    size_t index;
    json_array_foreach(json_object_get(root, reply ? "exchanges" : "urcs"), index, record)
    {
        const char *raw = json_string_value(json_object_get(record, "raw"));
        const json_t *stat = json_object_get(json_object_get(record, "expect"), "stat");
        const char *which = json_string_value(json_object_get(json_object_get(record, "expect"), "which"));
        struct tokens tokens = {0};
        struct at_lexer lexer;
        char with_end[256], prefix[16];
        if (!json_is_integer(stat)) {
            continue;
        }
        snprintf(with_end, sizeof with_end, "%s\r\n", raw);
        snprintf(prefix, sizeof prefix, "+%s:", which);
        at_lexer_init(&lexer);
        feed(&lexer, &tokens, with_end, strlen(with_end));
        for (size_t i = 0; i < tokens.count; i++) {
            if (strncmp(tokens.text[i], prefix, strlen(prefix)) == 0) {
                if (answer_registration(tokens.text[i]) != json_integer_value(stat)) {
                    fail_msg("%s: %s: stat %d", file, tokens.text[i], answer_registration(tokens.text[i]));
                }
                assert_true(!reply || answer_registration_is_reply(tokens.text[i]));
            }
        }
        tokens_fini(&tokens);
    }
    json_decref(root);
}

static void test_registration(void **state)
{
    (void)state;
    check_registration("mm-creg-replies.json", true);
    check_registration("mm-creg-urcs.json", false);
    assert_int_equal(answer_registration("+CREG: 2,1,\"0B,\"0100701\",7"), 1);
    assert_int_equal(answer_registration("+CREG: 2,1,\"5E25"), 1);
    assert_int_equal(answer_registration("+CREG: "), -1);
    assert_int_equal(answer_registration("+CREG: 77"), -1);
}

static void test_iccid(void **state)
{
    (void)state;
    json_t *root = load("mm-iccid.json"), *record;
    size_t index;
    json_array_foreach(json_object_get(root, "exchanges"), index, record)
    {
        const char *value = json_string_value(json_object_get(record, "value"));
        const char *want = json_string_value(json_object_get(record, "expect_iccid"));
        char iccid[24];
        bool ok = answer_iccid(value, iccid);
        if (ok != (want != NULL) || strcmp(iccid, want ? want : "") != 0) {
            fail_msg("%s: %s", value, iccid);
        }
    }
    json_decref(root);
    char iccid[24];
    assert_true(answer_iccid("+CCID: \"8944200053671052499F\"", iccid));
    assert_string_equal(iccid, "8944200053671052499");
}

static void test_pin_tries(void **state)
{
    (void)state;
    json_t *root = load("mm-csim-pin-retries.json"), *record;
    size_t index;
    json_array_foreach(json_object_get(root, "exchanges"), index, record)
    {
        const char *raw = json_string_value(json_object_get(record, "raw"));
        const json_t *retries = json_object_get(json_object_get(record, "expect"), "retries");
        bool blocked = strstr(raw, "6983") != NULL; /* says so: none are left */
        int want = json_is_integer(retries) ? (int)json_integer_value(retries) : blocked ? 0 : -1;
        if (answer_pin_tries(raw) != want) {
            fail_msg("%s: %d", raw, answer_pin_tries(raw));
        }
    }
    json_decref(root);
    assert_int_equal(answer_pin_tries("+CPINR: SIM PIN,2,3"), 2);
    assert_int_equal(answer_pin_tries("+CPINR: SIM PUK,10,10"), -1);
    assert_int_equal(answer_pin_tries("+QPINC: \"SC\",1,10"), 1);
    assert_int_equal(answer_pin_tries("+QPINC: \"P2\",3,10"), -1);
    assert_int_equal(answer_pin_tries("^CPIN: SIM PIN,,10,3,10,3"), 3);
    assert_int_equal(answer_pin_tries("#PCT: 3"), 3);
}

static void test_values(void **state)
{
    char text[32];
    (void)state;
    answer_value("+CGSN: \"490154203237518\"", text, sizeof text);
    assert_string_equal(text, "490154203237518");
    answer_value("490154203237518", text, sizeof text);
    assert_string_equal(text, "490154203237518");
    answer_value("Model: X", text, sizeof text);
    assert_string_equal(text, "Model: X");
    assert_true(answer_field("+CMGR: 0,,\"x,y\",24", 2, text, sizeof text));
    assert_string_equal(text, "x,y");
    assert_false(answer_field("+CMGR: 0", 1, text, sizeof text));
    assert_int_equal(answer_int("+CMGS: 42", 0, -1), 42);
    assert_int_equal(answer_int("+CMGS: 4x", 0, -1), -1);
    assert_int_equal(answer_int("+CMGS: 99999999999", 0, -1), -1);
    assert_int_equal(answer_fields("+CDS: 24"), 1);
    assert_int_equal(answer_fields("+CMT: ,24"), 2);
    assert_int_equal(answer_signal_dbm("+CSQ: 17,99"), -79);
    assert_int_equal(answer_signal_dbm("+CSQ: 99,99"), 0);
    assert_int_equal(answer_signal_dbm("+CSQ: 100,0"), -116);
    answer_own_number("+CNUM: \"\",\"41791234567\",145", text, sizeof text);
    assert_string_equal(text, "+41791234567");
    answer_own_number("+CNUM: \"x\",\"0791234567\",129,7,4", text, sizeof text);
    assert_string_equal(text, "0791234567");
    answer_own_number("", text, sizeof text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transcripts),   cmocka_unit_test(test_lex_rules),
        cmocka_unit_test(test_lex_long_line), cmocka_unit_test(test_finals),
        cmocka_unit_test(test_urcs),          cmocka_unit_test(test_registration),
        cmocka_unit_test(test_iccid),         cmocka_unit_test(test_pin_tries),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
