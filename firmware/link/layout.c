/* Prints table.h as one JSON object, for programs that are not C: the bench's end of the link (hil/link.py).
 *
 * {"protocol", "text_len", "block_len", "payload_max", "answer_ms", "tries",
 *  "requests": {NAME: {"number", "fields": [[KIND, name], ...], "answer": [[KIND, name], ...]}, ...},
 *  "events": {NAME: {"number", "fields"}, ...}, "enumerations": {what: {NAME: number, ...}, ...},
 *  "settings": {NAME: {"number", "default", "least", "most"}, ...}} */
#include <stdio.h>

#include "firmware/link/client.h"

static bool first = true;

static void separate(void)
{
    if (!first)
        putchar(',');
    first = false;
}

static void open_with(const char *name, char bracket)
{
    separate();
    printf("\"%s\":%c", name, bracket);
    first = true;
}

static void close_with(char bracket)
{
    putchar(bracket);
    first = false;
}

static void put_number(const char *name, unsigned value)
{
    separate();
    printf("\"%s\":%u", name, value);
}

static void put_field(const char *kind, const char *name)
{
    separate();
    printf("[\"%s\",\"%s\"]", kind, name);
}

#define FIELD(kind, name, text) put_field(#kind, #name);
#define FIELDS(name, ROWS)                                                                                   \
    open_with(name, '[');                                                                                    \
    ROWS(FIELD)                                                                                              \
    close_with(']');
#define REQUEST(NAME, name, number, text)                                                                    \
    open_with(#NAME, '{');                                                                                   \
    put_number("number", number);                                                                            \
    FIELDS("fields", LINK_FIELDS_##name)                                                                     \
    FIELDS("answer", LINK_ANSWERS_##name)                                                                    \
    close_with('}');
#define EVENT(NAME, name, number_, text)                                                                     \
    open_with(#NAME, '{');                                                                                   \
    put_number("number", number_);                                                                           \
    FIELDS("fields", LINK_FIELDS_##name)                                                                     \
    close_with('}');
#define ROW(name, number, text) put_number(#name, number);
#define ENUMERATION(what, ROWS)                                                                              \
    open_with(what, '{');                                                                                    \
    ROWS(ROW)                                                                                                \
    close_with('}');
#define SETTING(name, number_, initial, least_, most_, text)                                                 \
    open_with(#name, '{');                                                                                   \
    put_number("number", number_);                                                                           \
    put_number("default", initial);                                                                          \
    put_number("least", least_);                                                                             \
    put_number("most", most_);                                                                               \
    close_with('}');

static void enumerations(void)
{
    open_with("enumerations", '{');
    ENUMERATION("status", LINK_STATUSES)
    ENUMERATION("target", LINK_TARGETS)
    ENUMERATION("phase", LINK_PHASES)
    ENUMERATION("reason", LINK_REASONS)
    ENUMERATION("cause", LINK_CAUSES)
    ENUMERATION("supply", LINK_SUPPLIES)
    ENUMERATION("lease", LINK_LEASES)
    ENUMERATION("kind", LINK_KINDS)
    ENUMERATION("module", LINK_MODULES)
    ENUMERATION("cap", LINK_CAPS)
    ENUMERATION("log", LINK_LOG_CODES)
    close_with('}');
}

int main(void)
{
    putchar('{');
    put_number("protocol", LINK_PROTOCOL);
    put_number("text_len", LINK_TEXT_LEN);
    put_number("block_len", LINK_BLOCK_LEN);
    put_number("payload_max", LINK_PAYLOAD_MAX);
    put_number("answer_ms", LINK_ANSWER_MS);
    put_number("tries", LINK_TRIES);
    open_with("requests", '{');
    LINK_REQUESTS(REQUEST)
    close_with('}');
    open_with("events", '{');
    LINK_EVENTS(EVENT)
    close_with('}');
    enumerations();
    open_with("settings", '{');
    LINK_SETTINGS(SETTING)
    close_with('}');
    puts("}");
    return 0;
}
