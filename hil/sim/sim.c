#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct modem *modems;
static int modem_total;

struct modem *sim_first(void)
{
    return modems;
}

struct modem *sim_find(const char *name)
{
    struct modem *m = modems;
    while (m != NULL && strcmp(m->name, name) != 0)
        m = m->next;
    return m;
}

static const char *without_plus(const char *number)
{
    return number[0] == '+' ? number + 1 : number;
}

struct modem *sim_by_number(const char *number)
{
    struct modem *m = modems;
    while (m != NULL && strcmp(without_plus(m->set.number), without_plus(number)) != 0)
        m = m->next;
    return m;
}

static void append(struct modem *m)
{
    struct modem **at = &modems;
    while (*at != NULL)
        at = &(*at)->next;
    *at = m;
    modem_total++;
}

static int apply_keys(struct settings *set, char *keys)
{
    char *rest = keys, *pair;
    while ((pair = strsep(&rest, ",")) != NULL) {
        char *value = strchr(pair, '=');
        if (value != NULL)
            *value++ = '\0';
        if (value == NULL || settings_set(set, pair, value) != 0) {
            fprintf(stderr, "modemsim: cannot set '%s' to '%s'\n", pair, value ? value : "");
            return -1;
        }
    }
    return 0;
}

int sim_add(const char *spec, int baud)
{
    char text[1024];
    struct settings set;
    snprintf(text, sizeof text, "%s", spec);
    char *link = strchr(text, '='), *keys = link ? strchr(link, ',') : NULL;
    if (link == NULL || link == text || link[1] == '\0' || link[1] == ',') {
        fprintf(stderr, "modemsim: expected NAME=LINKPATH[,key=value...], not '%s'\n", spec);
        return -1;
    }
    *link++ = '\0';
    if (keys != NULL)
        *keys++ = '\0';
    settings_defaults(&set, modem_total + 1);
    set.baud = baud;
    if (keys != NULL && apply_keys(&set, keys) != 0)
        return -1;
    if (set.power[0] != '\0' && pmu_row_find(set.power) == NULL) {
        fprintf(stderr, "modemsim: there is no power=%s\n", set.power);
        return -1;
    }
    if (sim_find(text) != NULL || profile_find(set.profile) == NULL) {
        fprintf(stderr, "modemsim: modem '%s' is there twice, or profile '%s' does not exist\n", text,
                set.profile);
        return -1;
    }
    append(modem_new(text, link, &set));
    return 0;
}

int sim_start(void)
{
    for (struct modem *m = modems; m != NULL; m = m->next) {
        int rc = modem_start(m);
        if (rc != 0) {
            fprintf(stderr, "modemsim: %s at %s: %s\n", m->name, m->link, strerror(-rc));
            return -1;
        }
    }
    return 0;
}

void sim_free(void)
{
    while (modems != NULL) {
        struct modem *m = modems;
        modems = m->next;
        modem_free(m);
    }
}
