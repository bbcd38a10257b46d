#include "host/modem/module.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIME(field)                                                                                          \
    {                                                                                                        \
#field, offsetof(struct link_timing_set, field##_ms)                                                 \
    }
static const struct {
    const char *key;
    size_t offset;
} times[] = {TIME(rise),   TIME(on),       TIME(off),    TIME(reset),
             TIME(up_max), TIME(down_max), TIME(settle), TIME(min_off)};
#define TIMES (sizeof times / sizeof times[0])

static bool find_module(const char *name, uint8_t *module)
{
    for (uint8_t i = LINK_MODULE_NONE + 1; i < LINK_MODULE_COUNT; i++) {
        if (strcasecmp(name, link_module_name(i)) == 0) {
            *module = i;
            return true;
        }
    }
    return false;
}

static bool find_kind(const char *word, size_t len, uint8_t *kind)
{
    static const char *const kinds[LINK_KIND_COUNT] = {
        [LINK_KIND_PULSE] = "PULSE", [LINK_KIND_LEVEL] = "LEVEL", [LINK_KIND_AUTO] = "AUTO"};
    for (uint8_t i = 0; i < LINK_KIND_COUNT; i++) {
        if (strlen(kinds[i]) == len && strncasecmp(word, kinds[i], len) == 0) {
            *kind = i;
            return true;
        }
    }
    return false;
}

/* "rise=450": its place in the table, or TIMES. */
static size_t take_time(const char *word, size_t len, struct link_timing_set *timing)
{
    for (size_t i = 0; i < TIMES; i++) {
        size_t key = strlen(times[i].key);
        char *end;
        if (len <= key + 1 || strncmp(word, times[i].key, key) != 0 || word[key] != '=' ||
            strspn(word + key + 1, "0123456789") != len - key - 1 || len - key > 6) {
            continue;
        }
        unsigned long ms = strtoul(word + key + 1, &end, 10);
        if (ms > UINT16_MAX) {
            return TIMES;
        }
        *(uint16_t *)((char *)timing + times[i].offset) = (uint16_t)ms;
        return i;
    }
    return TIMES;
}

static bool parse_timing(const char *text, struct link_timing_set *timing)
{
    unsigned seen = 0;
    bool kind = false;
    for (const char *at = text + strspn(text, " "); *at != '\0';) {
        size_t len = strcspn(at, " ");
        size_t place = kind ? take_time(at, len, timing) : TIMES;
        if (!kind && find_kind(at, len, &timing->kind)) {
            kind = true;
        } else if (place == TIMES || (seen & 1u << place) != 0) {
            return false;
        } else {
            seen |= 1u << place;
        }
        at += len + strspn(at + len, " ");
    }
    return kind && seen == (1u << TIMES) - 1;
}

static void tell_names(char error[200], const char *name)
{
    size_t len = (size_t)snprintf(error, 200, "module is one of:");
    for (uint8_t i = LINK_MODULE_NONE + 1; i < LINK_MODULE_COUNT; i++) {
        len += (size_t)snprintf(error + len, 200 - len, " %s", link_module_name(i));
    }
    snprintf(error + len, 200 - len, "; not '%.32s'", name);
}

bool module_parse(const char *name, const char *timing, uint8_t *module, struct link_timing_set *times_out,
                  char error[200])
{
    *module = LINK_MODULE_NONE;
    memset(times_out, 0, sizeof *times_out);
    if (name[0] != '\0' && !find_module(name, module)) {
        tell_names(error, name);
        return false;
    }
    if ((*module == LINK_MODULE_CUSTOM) != (timing[0] != '\0')) {
        snprintf(error, 200, "module = CUSTOM and timing go together");
        return false;
    }
    if (timing[0] != '\0' && !parse_timing(timing, times_out)) {
        snprintf(error, 200,
                 "timing is PULSE, LEVEL or AUTO, then rise= on= off= reset= up_max= down_max= settle= "
                 "min_off=, each once, in ms up to 65535");
        return false;
    }
    return true;
}
