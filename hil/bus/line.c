#include "hil/bus/line.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const pin_names[LINE_PINS] = {"VBAT_EN", "PWRKEY", "RESET", "HOST_CUT", "LED"};
static const char *const cause_names[LINE_CAUSES] = {"POWER", "PIN", "WATCHDOG", "SOFT"};

const char *line_pin_name(enum line_pin pin)
{
    return pin_names[pin];
}

bool line_pin_of_slot(enum line_pin pin)
{
    return pin <= LINE_RESET;
}

const char *line_cause_name(enum line_cause cause)
{
    return cause_names[cause];
}

/* ---- pieces of a line; each moves on behind what it took ---- */

/* What ends a word: the end of the line, or one blank with another word behind it. */
static bool take_end(const char **at, const char *end)
{
    if (*end != '\0' && (*end != ' ' || end[1] == ' ' || end[1] == '\0'))
        return false;
    *at = end + (*end == ' ');
    return true;
}

static bool take_word(const char **at, const char *word)
{
    size_t len = strlen(word);
    return strncmp(*at, word, len) == 0 && take_end(at, *at + len);
}

/* NAME or NAMEn as a word. */
static bool take_name(const char **at, const char *name, bool of_slot, uint8_t *slot)
{
    size_t len = strlen(name);
    const char *behind = *at + len;
    *slot = 0;
    if (strncmp(*at, name, len) != 0)
        return false;
    if (of_slot && *behind >= '0' && *behind <= '9')
        *slot = (uint8_t)(*behind++ - '0');
    return take_end(at, behind);
}

/* Digits, with a sign where one is allowed, up to a blank or the end. */
static bool take_number(const char **at, int64_t *value)
{
    char *end;
    if (**at != '-' && (**at < '0' || **at > '9'))
        return false;
    errno = 0;
    *value = strtoll(*at, &end, 10);
    return errno == 0 && end != *at && take_end(at, end);
}

/* ---- what a client says ---- */

static const struct {
    const char *name;
    bool of_slot, bare; /* bare: may stand without its value, then 1 */
    int32_t min, max;   /* equal: takes no value */
    const char *why;
} words[] = {
    [LINE_STATUS] = {"STATUS", true, false, 0, 1, "STATUS wants 0 or 1"},
    [LINE_ADC0] = {"ADC0", false, false, 0, 100000, "ADC0 wants millivolts, 0 to 100000"},
    [LINE_RAIL] = {"RAIL", true, false, 0, 100000, "RAIL wants millivolts, 0 to 100000"},
    [LINE_CURRENT] = {"CURRENT", true, false, 0, 100000, "CURRENT wants milliamperes, 0 to 100000"},
    [LINE_TEMP] = {"TEMP", false, false, -1000, 2000, "TEMP wants tenths of a degree, -1000 to 2000"},
    [LINE_NRST] = {"NRST", false, false, 0, 0, "NRST takes no value"},
    [LINE_POWERCYCLE] = {"POWERCYCLE", false, false, 0, 0, "POWERCYCLE takes no value"},
    [LINE_HANG] = {"HANG", false, false, 0, 0, "HANG takes no value"},
    [LINE_GO] = {"GO", false, true, 1, 1000000000, "GO wants milliseconds, 1 to 1000000000, or nothing"},
};

static const char *parse_value(const char *at, struct line_said *said)
{
    int64_t value = 0;
    bool takes = words[said->word].min < words[said->word].max;
    if (*at == '\0' && (!takes || words[said->word].bare)) {
        said->value = takes;
        return NULL;
    }
    if (!takes || !take_number(&at, &value) || *at != '\0' || value < words[said->word].min ||
        value > words[said->word].max)
        return words[said->word].why;
    said->value = (int32_t)value;
    return NULL;
}

const char *line_said_parse(const char *line, uint8_t slots, struct line_said *said)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *at = line;
        if (!take_name(&at, words[i].name, words[i].of_slot, &said->slot))
            continue;
        said->word = (enum line_word)i;
        return said->slot < slots ? parse_value(at, said) : "no such slot";
    }
    return "STATUS[SLOT], ADC0, RAIL[SLOT], CURRENT[SLOT], TEMP, NRST, POWERCYCLE, HANG or GO is expected";
}

/* ---- what the board says ---- */

static bool parse_time(const char *at, struct line_told *told)
{
    int64_t ms;
    if (strncmp(at, "t=", 2) != 0)
        return false;
    at += 2;
    if (!take_number(&at, &ms) || *at != '\0' || ms < 0)
        return false;
    told->ms = (uint64_t)ms;
    return true;
}

static bool parse_pin(const char *at, struct line_told *told)
{
    int64_t level;
    for (unsigned pin = 0; pin < LINE_PINS; pin++) {
        if (!take_name(&at, pin_names[pin], line_pin_of_slot((enum line_pin)pin), &told->slot))
            continue;
        told->pin = (enum line_pin)pin;
        if (told->slot >= LINE_SLOTS || !take_number(&at, &level) || level < 0 || level > 1)
            return false;
        told->asserted = level == 1;
        return parse_time(at, told);
    }
    return false;
}

static bool parse_reset(const char *at, struct line_told *told)
{
    for (unsigned cause = 0; cause < LINE_CAUSES; cause++)
        if (take_word(&at, cause_names[cause])) {
            told->cause = (enum line_cause)cause;
            return parse_time(at, told);
        }
    return false;
}

static bool parse_caps(const char *at, struct line_told *told)
{
    while (*at != '\0') {
        if (take_word(&at, "lockstep")) {
            told->lockstep = true;
        } else if (strncmp(at, "slots=", 6) == 0) {
            int64_t slots;
            at += 6;
            if (!take_number(&at, &slots) || slots < 1 || slots > LINE_SLOTS)
                return false;
            told->slots = (uint8_t)slots;
        } else { /* a word for others */
            if (!take_end(&at, at + strcspn(at, " ")))
                return false;
        }
    }
    return told->slots > 0;
}

static bool parse_tick(const char *at, struct line_told *told)
{
    int64_t ms;
    if (!take_number(&at, &ms) || *at != '\0' || ms < 0)
        return false;
    told->ms = (uint64_t)ms;
    return true;
}

static bool parse_err(const char *at, struct line_told *told)
{
    (void)told;
    return *at != '\0';
}

bool line_told_parse(const char *line, struct line_told *told)
{
    static const struct {
        const char *word;
        bool (*parse)(const char *, struct line_told *);
    } kinds[] = {[LINE_IS_CAPS] = {"CAPS", parse_caps},
                 [LINE_IS_PIN] = {"PIN", parse_pin},
                 [LINE_IS_RESET] = {"RESET", parse_reset},
                 [LINE_IS_TICK] = {"TICK", parse_tick},
                 [LINE_IS_ERR] = {"ERR", parse_err}};
    *told = (struct line_told){0};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!take_word(&line, kinds[i].word))
            continue;
        told->kind = (enum line_kind)i;
        return kinds[i].parse(line, told);
    }
    return false;
}
