/* Any octets as a TwiML answer. The first octet picks the content type. What comes out keeps its promises:
 * text is UTF-8 and not longer than the document allows, an error leaves nothing behind. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/facade/twiml.h"
#include "host/sms/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    /* UTF-16 and Latin-1 documents grow when they become UTF-8 */
    if (text != NULL && (strlen(text) > 2 * size || !utf8_valid(text, strlen(text))))
        abort();
}

static void check(const struct twiml *twiml, size_t size)
{
    if (twiml->count > TWIML_MESSAGES_MAX)
        abort();
    for (size_t i = 0; i < twiml->count; i++) {
        const struct twiml_message *message = &twiml->messages[i];
        const char *texts[] = {message->to, message->from, message->body, message->callback};
        for (size_t n = 0; n < sizeof texts / sizeof texts[0]; n++)
            check_text(texts[n], size);
        for (size_t n = 0; n < message->media_count; n++)
            check_text(message->media[n], size);
        if (message->method != NULL && strcmp(message->method, "GET") != 0 &&
            strcmp(message->method, "POST") != 0)
            abort();
    }
    check_text(twiml->redirect, size);
    for (size_t i = 0; i < twiml->warning_count; i++)
        if (twiml->warnings[i].code == 0 || twiml->warnings[i].text[0] == '\0')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"text/xml", "text/plain", "application/xml; charset=utf-8", ""};
    struct twiml twiml;
    char error[160];
    if (size == 0)
        return 0;
    int code = twiml_parse(types[data[0] % 4], (const char *)data + 1, size - 1, &twiml, error);
    if (code != 0 &&
        (error[0] == '\0' || twiml.count != 0 || twiml.redirect != NULL || twiml.warning_count != 0))
        abort();
    check(&twiml, size);
    twiml_fini(&twiml);
    return 0;
}
