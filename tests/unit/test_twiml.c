/* TwiML as Twilio documents it for messaging, and what applications send instead of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/facade/twiml.h"

#define XML "text/xml"

static char error[160];

static int parse(const char *type, const char *text, struct twiml *out)
{
    return twiml_parse(type, text, strlen(text), out, error);
}

/* "to|from|body|callback|method|media" of each message, then ">redirect|method"; "" for nothing. */
static const char *shape(const char *type, const char *text)
{
    static char out[4096];
    struct twiml twiml;
    int code = parse(type, text, &twiml);
    size_t len = 0;
    out[0] = '\0';
    if (code != 0)
        fail_msg("%d %s: %s", code, error, text);
    for (size_t i = 0; i < twiml.count; i++) {
        const struct twiml_message *m = &twiml.messages[i];
        const char *texts[] = {m->to, m->from, m->body, m->callback, m->method};
        len += (size_t)snprintf(out + len, sizeof out - len, "[");
        for (size_t n = 0; n < 5; n++)
            len += (size_t)snprintf(out + len, sizeof out - len, "%s|", texts[n] != NULL ? texts[n] : "-");
        for (size_t n = 0; n < m->media_count; n++)
            len += (size_t)snprintf(out + len, sizeof out - len, "%s%s", n > 0 ? "," : "", m->media[n]);
        len += (size_t)snprintf(out + len, sizeof out - len, "]");
    }
    if (twiml.redirect != NULL)
        snprintf(out + len, sizeof out - len, ">%s|%s", twiml.redirect,
                 twiml.redirect_method != NULL ? twiml.redirect_method : "-");
    twiml_fini(&twiml);
    return out;
}

static void test_documents(void **state)
{
    static const struct {
        const char *text, *shape;
    } rows[] = {
        {"<Response/>", ""},
        {"<Response />", ""},
        {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>\n</Response>\n", ""},
        {"<Response><Message>Hello</Message></Response>", "[-|-|Hello|-|-|]"},
        {"<Response><Sms>Hello</Sms></Response>", "[-|-|Hello|-|-|]"},
        {"<Response><Message>\n   Hello\n  you \t</Message></Response>", "[-|-|Hello\n  you|-|-|]"},
        {"<Response><Message><Body> a &amp; b &lt;c&gt; &quot;&apos; "
         "&#233;&#x1F44D;</Body></Message></Response>",
         "[-|-|a & b <c> \"' \xc3\xa9\xf0\x9f\x91\x8d|-|-|]"},
        {"<Response><Message><![CDATA[1 < 2 & 3]]></Message></Response>", "[-|-|1 < 2 & 3|-|-|]"},
        {"<!-- a --><Response><!-- b --><Message>one<!-- c -->two</Message></Response>", "[-|-|onetwo|-|-|]"},
        {"\xEF\xBB\xBF<Response><Message>bom</Message></Response>", "[-|-|bom|-|-|]"},
        {"<Response><Message to='+1' from='+2' action='/cb?a=1&amp;b=2' method='get'>x</Message></Response>",
         "[+1|+2|x|/cb?a=1&b=2|GET|]"},
        {"<Response><Message statusCallback='http://h/cb'>x</Message></Response>", "[-|-|x|http://h/cb|-|]"},
        {"<Response><Message><Body>x</Body><Media> http://h/1 "
         "</Media><Media>http://h/2</Media></Message></Response>",
         "[-|-|x|-|-|http://h/1,http://h/2]"},
        {"<Response><Message>x<Media>http://h/1</Media></Message></Response>", "[-|-|x|-|-|http://h/1]"},
        {"<Response><Message>a</Message><Message to='+3'>b</Message></Response>",
         "[-|-|a|-|-|][+3|-|b|-|-|]"},
        {"<Response><Message><Body>a</Body></Message><Message>b</Message></Response>",
         "[-|-|a|-|-|][-|-|b|-|-|]"},
        {"<Response><Message/></Response>", "[-|-|-|-|-|]"},
        {"<Response><Message><Body/></Message></Response>", "[-|-||-|-|]"},
        {"<Response><Message>a</Message><Redirect> ../next </Redirect><Message>b</Message></Response>",
         "[-|-|a|-|-|]>../next|-"},
        {"<Response><Redirect method='GET'>http://h/n</Redirect><Redirect>no</Redirect></Response>",
         ">http://h/n|GET"},
        {"<Response><Redirect/></Response>", ">|-"},
        {"<?pi data?><Response><?pi data?><Message>x</Message></Response>", "[-|-|x|-|-|]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(shape(XML, rows[i].text), rows[i].shape);
}

static void test_content_types(void **state)
{
    static const struct {
        const char *type;
        int code;
    } rows[] = {
        {"", 0},
        {"text/xml", 0},
        {"application/xml", 0},
        {"text/html; charset=utf-8", 0},
        {" TEXT/XML ;x=y", 0},
        {"\r", 0}, /* what is left of an empty header */
        {" \t\r\n", 0},
        {"text/xml\r\n", 0},
        {"; charset=utf-8", 0},
        {"application/json", 12300},
        {"text", 12300},
        {"text/xmlx", 12300},
        {"image/png", 12300},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct twiml twiml;
        assert_int_equal(parse(rows[i].type, "<Response><Message>x</Message></Response>", &twiml),
                         rows[i].code);
        assert_int_equal(twiml.count, rows[i].code == 0 ? 1 : 0);
        assert_true((error[0] == '\0') == (rows[i].code == 0));
        twiml_fini(&twiml);
    }
    assert_string_equal(shape("text/plain", " <b>not & xml</b>\n"), "[-|-|<b>not & xml</b>|-|-|]");
    assert_string_equal(shape("text/plain", "\xEF\xBB\xBFhello"), "[-|-|hello|-|-|]");
    assert_string_equal(shape("text/plain", "\xEF\xBB\xBF\n"), "");
    assert_string_equal(shape("text/plain", "a\xEF\xBB\xBF"), "[-|-|a\xEF\xBB\xBF|-|-|]");
    assert_string_equal(shape(XML, "\xEF\xBB\xBF"), "");
    assert_string_equal(shape("text/plain", " \r\n\t "), "");
    assert_string_equal(shape("application/json", ""), "");
    assert_string_equal(shape("", "  \n"), "");
}

static void test_refused(void **state)
{
    static const struct {
        const char *type, *text;
        int code;
    } rows[] = {
        {XML, "OK", 12100},
        {XML, "<Response>", 12100},
        {XML, "<Response></Respons>", 12100},
        {XML, "<Response/><Response/>", 12100},
        {XML, "<Response>a & b</Response>", 12100},
        {XML, "<Response>&nbsp;</Response>", 12100},
        {XML, "<Response><Message>\x01</Message></Response>", 12100},
        {XML, "<Response><Message>\xff\xfe</Message></Response>", 12100},
        {XML, "\n<?xml version=\"1.0\"?><Response/>", 12100},
        {XML, "<?xml version=\"1.0\" encoding=\"x-none\"?><Response/>", 12100},
        {XML, "<!DOCTYPE Response><Response/>", 12100},
        {XML, "<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><Response/>", 12100},
        {XML, "<!DOCTYPE r [<!ENTITY a \"b\">]><Response><Message>&a;</Message></Response>", 12100},
        {XML, "<?xml version=\"1.1\"?><Response/>", 12101},
        {XML, "<response/>", 12102},
        {XML, "<html><body>Not found</body></html>", 12102},
        {XML, "<x:Response xmlns:x='u'/>", 12102},
        {"text/plain", "caf\xe9", 14103},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct twiml twiml;
        int code = parse(rows[i].type, rows[i].text, &twiml);
        if (code != rows[i].code)
            fail_msg("%d (%s), not %d: %s", code, error, rows[i].code, rows[i].text);
        assert_true(error[0] != '\0');
        assert_int_equal(twiml.count, 0);
        assert_null(twiml.redirect);
    }
    struct twiml twiml;
    assert_int_equal(twiml_parse("text/plain", "a\0b", 3, &twiml, error), 14103);
    assert_int_equal(twiml_parse(XML, "<Response/>\0", 12, &twiml, error), 12100);
}

static void test_skipped_with_a_warning(void **state)
{
    static const struct {
        const char *text, *shape;
        int warning;
    } rows[] = {
        {"<Response><Say>hi <b>you</b></Say><Message>x</Message></Response>", "[-|-|x|-|-|]", 14110},
        {"<Response><Dial><Message>inner</Message></Dial></Response>", "", 14110},
        {"<Response><message>x</message></Response>", "", 14110},
        {"<Response><Message foo='1'>x</Message></Response>", "[-|-|x|-|-|]", 12200},
        {"<Response foo='1'/>", "", 12200},
        {"<Response>stray<Message>x</Message></Response>", "[-|-|x|-|-|]", 12200},
        {"<Response><Message>stray<Body>x</Body></Message></Response>", "[-|-|x|-|-|]", 12200},
        {"<Response><Message><Body>x</Body><Body>y</Body></Message></Response>", "[-|-|x|-|-|]", 12200},
        {"<Response><Message>x<b>y</b>z</Message></Response>", "[-|-|xz|-|-|]", 12200},
        {"<Response><Message method='PUT'>x</Message></Response>", "[-|-|x|-|POST|]", 14104},
        {"<Response><Redirect method='PUT'>n</Redirect></Response>", ">n|POST", 14104},
        {"<Response><Message>x</Message></Response>", "[-|-|x|-|-|]", 0},
        {"<Response><Redirect>n</Redirect>text <Say/></Response>", ">n|-", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct twiml twiml;
        assert_string_equal(shape(XML, rows[i].text), rows[i].shape);
        assert_int_equal(parse(XML, rows[i].text, &twiml), 0);
        assert_int_equal(twiml.warning_count, rows[i].warning != 0);
        assert_int_equal(twiml.warnings[0].code, rows[i].warning);
        assert_true((twiml.warnings[0].text[0] != '\0') == (rows[i].warning != 0));
        twiml_fini(&twiml);
    }
}

static char *repeat(const char *head, const char *unit, size_t count, const char *tail)
{
    size_t unit_len = strlen(unit);
    char *out = malloc(strlen(head) + unit_len * count + strlen(tail) + 1), *at = out;
    assert_non_null(out);
    at = stpcpy(at, head);
    for (size_t i = 0; i < count; i++, at += unit_len)
        memcpy(at, unit, unit_len);
    stpcpy(at, tail);
    return out;
}

/* One of each kind, about the first that was met. */
static void test_warnings_of_each_kind(void **state)
{
    static const int codes[] = {12200, 14110, 14104, 14109};
    char *text = repeat("<Response>stray<Play/><Say/><Message foo='1' method='PUT'>x</Message>",
                        "<Message>x</Message>", 10, "<Gather/></Response>");
    struct twiml twiml;
    (void)state;
    assert_int_equal(parse(XML, text, &twiml), 0);
    free(text);
    assert_int_equal(twiml.warning_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(twiml.warnings[i].code, codes[i]);
    assert_non_null(strstr(twiml.warnings[0].text, "text outside"));
    assert_non_null(strstr(twiml.warnings[1].text, "<Play>"));
    twiml_fini(&twiml);
}

static void test_message_limit(void **state)
{
    struct twiml twiml;
    (void)state;
    char *ten = repeat("<Response>", "<Message>x</Message>", 10, "</Response>");
    assert_int_equal(parse(XML, ten, &twiml), 0);
    assert_int_equal(twiml.count, 10);
    twiml_fini(&twiml);
    free(ten);
    char *more = repeat("<Response>", "<Message to='+1'>x<Media>http://h</Media></Message>", 12,
                        "<Redirect>n</Redirect></Response>");
    assert_int_equal(parse(XML, more, &twiml), 0);
    assert_int_equal(twiml.warning_count, 1);
    assert_int_equal(twiml.warnings[0].code, 14109);
    assert_int_equal(twiml.count, 10);
    assert_string_equal(twiml.messages[9].body, "x");
    assert_int_equal(twiml.messages[9].media_count, 1);
    assert_string_equal(twiml.redirect, "n");
    twiml_fini(&twiml);
    free(more);
}

static void test_media_limit(void **state)
{
    struct twiml twiml;
    (void)state;
    char *text = repeat("<Response><Message>", "<Media>u</Media>", 12, "</Message></Response>");
    assert_int_equal(parse(XML, text, &twiml), 0);
    assert_int_equal(twiml.messages[0].media_count, TWIML_MEDIA_MAX);
    assert_int_equal(twiml.warnings[0].code, 12200);
    twiml_fini(&twiml);
    free(text);
}

static void test_size_and_depth(void **state)
{
    struct twiml twiml;
    (void)state;
    const char head[] = "<Response><Message>", tail[] = "</Message></Response>";
    size_t room = TWIML_BODY_MAX - strlen(head) - strlen(tail);
    char *full = repeat(head, "x", room, tail);
    assert_int_equal(parse(XML, full, &twiml), 0);
    assert_int_equal(strlen(twiml.messages[0].body), room);
    twiml_fini(&twiml);
    free(full);
    char *over = repeat(head, "x", room + 1, tail);
    assert_int_equal(parse(XML, over, &twiml), 11750);
    free(over);
    char *blank = repeat("", " ", TWIML_BODY_MAX + 1, "");
    assert_int_equal(parse(XML, blank, &twiml), 11750);
    free(blank);
    char *open = repeat("<Response>", "<a>", 5000, "");
    assert_int_equal(parse(XML, open, &twiml), 12100);
    assert_non_null(strstr(error, "deep"));
    free(open);
    char *nested = repeat("<Response>", "<a>", 31, ""), *all = repeat(nested, "</a>", 31, "</Response>");
    assert_int_equal(parse(XML, all, &twiml), 0);
    twiml_fini(&twiml);
    free(nested);
    free(all);
}

static void test_utf16_and_latin1(void **state)
{
    static const char utf16[] =
        "\xff\xfe<\0R\0e\0s\0p\0o\0n\0s\0e\0>\0<\0S\0m\0s\0>\0\x60\x4f<\0/\0S\0m\0s\0>\0<\0/\0R\0e\0s\0p\0"
        "o\0n\0s\0e\0>";
    struct twiml twiml;
    (void)state;
    assert_int_equal(twiml_parse(XML, utf16, sizeof utf16, &twiml, error), 0);
    assert_string_equal(twiml.messages[0].body, "\xe4\xbd\xa0");
    twiml_fini(&twiml);
    assert_string_equal(
        shape(XML, "<?xml version='1.0' encoding='ISO-8859-1'?><Response><Sms>caf\xe9</Sms></Response>"),
        "[-|-|caf\xc3\xa9|-|-|]");
}

/* Cut anywhere, a document is either refused whole or (only when nothing but white space is missing) whole.
 */
static void test_cut_anywhere(void **state)
{
    static const char text[] =
        "<?xml version='1.0'?><Response><Message to='+1'><Body>a&amp;b</Body><Media>http://h/x</Media>"
        "</Message><Redirect>n</Redirect></Response>\n";
    (void)state;
    for (size_t len = 1; len < sizeof text - 2; len++) {
        struct twiml twiml;
        char *exact = malloc(len);
        assert_non_null(exact);
        memcpy(exact, text, len);
        assert_int_equal(twiml_parse(XML, exact, len, &twiml, error), 12100);
        assert_int_equal(twiml.count, 0);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_content_types),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_skipped_with_a_warning),
        cmocka_unit_test(test_warnings_of_each_kind),
        cmocka_unit_test(test_message_limit),
        cmocka_unit_test(test_media_limit),
        cmocka_unit_test(test_size_and_depth),
        cmocka_unit_test(test_utf16_and_latin1),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
