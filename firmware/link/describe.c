/* Prints docs/link-protocol.md from table.h; the build compares it with the page that is checked in. */
#include <stdio.h>

#include "firmware/link/frame.h"

#define FIELD(kind, name, text) printf("| `" #name "` | " #kind " | %s |\n", text);
#define FIELDS_HEAD             "| field | kind | meaning |\n|---|---|---|\n"
#define ROW(name, number, text) printf("| %d | `" #name "` | %s |\n", number, text);
#define SETTING_ROW(name, number, initial, least, most, text)                                                \
    printf("| %d | `" #name "` | %u | %u to %u | %s |\n", number, (unsigned)(initial), (unsigned)(least),    \
           (unsigned)(most), text);
#define ENUMERATION(title, ROWS)                                                                             \
    printf("\n### %s\n\n| number | name | meaning |\n|---|---|---|\n", title);                               \
    ROWS(ROW)

#define REQUEST(NAME, name, number, text)                                                                    \
    printf("\n### 0x%02X %s\n\n%s.\n\nRequest:\n\n", (unsigned)(number), #NAME, text);                       \
    if (0 LINK_FIELDS_##name(COUNT) == 0)                                                                    \
        printf("no fields.\n");                                                                              \
    else                                                                                                     \
        printf(FIELDS_HEAD);                                                                                 \
    LINK_FIELDS_##name(FIELD) printf("\nAnswer 0x%02X: `status`", (unsigned)((number) | LINK_ANSWER));       \
    printf(0 LINK_ANSWERS_##name(COUNT) == 0 ? ".\n" : ", then:\n\n" FIELDS_HEAD);                           \
    LINK_ANSWERS_##name(FIELD)
#define COUNT(kind, name, text) +1
#define EVENT(NAME, name, number_, text)                                                                     \
    printf("\n### 0x%02X %s\n\n%s.\n\n" FIELDS_HEAD, (unsigned)(number_), #NAME, text);                      \
    LINK_FIELDS_##name(FIELD)

static const char *const head = "# The link between host and board\n"
                                "\n"
                                "Made from `firmware/link/table.h` by the build; edit that file.\n"
                                "\n"
                                "A serial line, 8N1, at the rate that the board's page gives. Both ends are "
                                "`firmware/link`: `server` on the board, `client` on\n"
                                "the host. The modem's AT channel never runs through it.\n"
                                "\n"
                                "## Frames\n"
                                "\n"
                                "`00  COBS( type, sequence, payload, CRC-16 )  00`\n"
                                "\n"
                                "- CRC-16/CCITT-FALSE (0x1021 from 0xFFFF) of type, sequence and payload; "
                                "low octet first, as are all numbers.\n"
                                "- A damaged, short or long frame is dropped without an answer; the next "
                                "zero is the way back into step.\n"
                                "- The host sends requests, one at a time, and repeats one without an answer "
                                "after %d ms, %d sendings in all. The answer has the\n"
                                "  request's type | 0x80 and its sequence number. The same request with the "
                                "same sequence number gets the cached answer and acts\n"
                                "  once.\n"
                                "- The board sends events and repeats them (%d ms, doubled up to %d ms) "
                                "until they are acknowledged: type | 0x80, the event's\n"
                                "  sequence number, and the event's `number` as U16. A newer event of the "
                                "same type and slot takes the place of an older one.\n"
                                "  A number's high octet is the count of starts, its low one counts events: "
                                "after a reset of the board none is taken for one that\n"
                                "  was told before it. After loss of power within 15 s of a start, which is "
                                "not counted then, HELLO tells the restart.\n"
                                "- A type that is not known is answered with UNKNOWN_TYPE. Fields are only "
                                "ever appended: a reader ignores octets after those\n"
                                "  it knows and refuses a message that lacks one.\n"
                                "- Kinds: U8, U16, U32, I16; TEXT: %d octets padded with NUL; BLOCK: a "
                                "length octet, then at most %d octets.\n"
                                "\n"
                                "Protocol version %d. A payload has at most %d octets.\n";

#include "firmware/link/client.h"
#include "firmware/link/server.h"

static void messages(void)
{
    printf("\n## Requests of the host\n");
    LINK_REQUESTS(REQUEST)
    printf("\n## Events of the board\n");
    LINK_EVENTS(EVENT)
}

static void enumerations(void)
{
    printf("\n## Numbers\n");
    ENUMERATION("Status", LINK_STATUSES)
    ENUMERATION("Target", LINK_TARGETS)
    ENUMERATION("Phase", LINK_PHASES)
    ENUMERATION("Reason", LINK_REASONS)
    ENUMERATION("Cause of a reset", LINK_CAUSES)
    ENUMERATION("Supply", LINK_SUPPLIES)
    ENUMERATION("Lease", LINK_LEASES)
    ENUMERATION("Kind of start", LINK_KINDS)
    ENUMERATION("Module", LINK_MODULES)
    ENUMERATION("Capability bits", LINK_CAPS)
    ENUMERATION("Log codes", LINK_LOG_CODES)
    printf("\n### Settings\n\n| number | name | default | range | meaning |\n|---|---|---|---|---|\n");
    LINK_SETTINGS(SETTING_ROW)
}

int main(void)
{
    printf(head, LINK_ANSWER_MS, LINK_TRIES, LINK_REPEAT_MS, LINK_REPEAT_MAX_MS, LINK_TEXT_LEN,
           LINK_BLOCK_LEN, LINK_PROTOCOL, LINK_PAYLOAD_MAX);
    messages();
    enumerations();
    return 0;
}
