/* From [line] and [modem] sections to carriers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/daemon.h"
#include "host/modem/modem.h"

struct daemon_line {
    struct daemon *daemon;
    struct daemon_line *next;
    char name[CONF_NAME_MAX];
    int64_t id;
    uint8_t made_from[32]; /* SHA-256 of the options that shaped the carrier, the PIN among them; 0 = none */
    bool seen;             /* by the present sync */
};

static const struct conf_modem *conf_modem_find(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->modem_count; i++)
        if (strcmp(conf->modems[i].name, name) == 0)
            return &conf->modems[i];
    return NULL;
}

static bool line_is_simulated(const struct conf_line *line)
{
    return strcmp(line->carrier, "modem") != 0;
}

static void line_recipe(const struct conf *conf, const struct conf_line *line, uint8_t out[32])
{
    const struct conf_modem *modem = conf_modem_find(conf, line->modem);
    char *text = NULL;
    int len;
    if (line_is_simulated(line) || modem == NULL)
        len = asprintf(&text, "simulator");
    else
        len = asprintf(&text, "%s\n%s\n%d\n%s\n%s\n%s\n%s\n%s\n%s", modem->name, modem->port, modem->baud,
                       modem->model, modem->slot, modem->module, modem->timing, line->pin, line->number);
    if (len < 0)
        fatal("out of memory");
    secret_sha256(text, (size_t)len, out);
    explicit_bzero(text, (size_t)len);
    free(text);
}

static struct carrier *line_carrier(struct daemon *daemon, const struct conf_line *line)
{
    if (line_is_simulated(line))
        return simulator_carrier(daemon->simulator, line->name);
    const struct conf_modem *modem = conf_modem_find(daemon->conf, line->modem);
    if (modem == NULL) /* conf_load has refused that */
        fatal("line %s: no modem %s", line->name, line->modem);
    struct modem_options options = {.name = modem->name,
                                    .port = modem->port,
                                    .baud = modem->baud,
                                    .model = modem->model,
                                    .slot = modem->slot,
                                    .module = modem->module,
                                    .timing = modem->timing,
                                    .boards = daemon->boards,
                                    .pin = line->pin,
                                    .state_dir = daemon->conf->daemon.data_dir,
                                    .number = line->number,
                                    .models = models};
    return modem_new(daemon->loop, &options);
}

static const struct conf_line *conf_line_find(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->line_count; i++)
        if (strcmp(conf->lines[i].name, name) == 0)
            return &conf->lines[i];
    return NULL;
}

/* The old carrier is gone: its port is free for the new one. By now the configuration may have changed again.
 */
static void on_line_removed(void *arg)
{
    struct daemon_line *entry = arg;
    const struct conf_line *line = conf_line_find(entry->daemon->conf, entry->name);
    if (line != NULL && !entry->daemon->stopping)
        router_add(entry->daemon->router, entry->id, line_carrier(entry->daemon, line));
}

static void line_begin(struct daemon *daemon, const struct conf_line *conf, int64_t id)
{
    struct daemon_line *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        fatal("out of memory");
    entry->daemon = daemon;
    snprintf(entry->name, sizeof entry->name, "%s", conf->name);
    entry->id = id;
    line_recipe(daemon->conf, conf, entry->made_from);
    entry->seen = true;
    entry->next = daemon->lines;
    daemon->lines = entry;
    router_add(daemon->router, id, line_carrier(daemon, conf));
}

static struct daemon_line *line_find(struct daemon *daemon, const char *name)
{
    for (struct daemon_line *entry = daemon->lines; entry != NULL; entry = entry->next)
        if (strcmp(entry->name, name) == 0)
            return entry;
    return NULL;
}

static void line_sync(struct daemon *daemon, const struct conf_line *conf)
{
    const struct line *row = directory_line_by_name(daemon->directory, conf->name);
    if (row == NULL) /* directory_reload has made it */
        fatal("line %s has no row", conf->name);
    struct daemon_line *entry = line_find(daemon, conf->name);
    router_rate(daemon->router, row->id, conf->rate);
    if (entry == NULL) {
        line_begin(daemon, conf, row->id);
        return;
    }
    entry->seen = true;
    uint8_t recipe[sizeof entry->made_from];
    line_recipe(daemon->conf, conf, recipe);
    if (memcmp(recipe, entry->made_from, sizeof recipe) == 0)
        return;
    memcpy(entry->made_from, recipe, sizeof recipe);
    router_remove(daemon->router, entry->id, on_line_removed, entry);
}

/* An entry outlives its carrier: on_line_removed may still be on its way to it. Its name finds it again if
 * the line comes back. */
static void line_drop(struct daemon_line *entry)
{
    memset(entry->made_from, 0, sizeof entry->made_from);
    router_remove(entry->daemon->router, entry->id, NULL, NULL);
}

void lines_sync(struct daemon *daemon)
{
    for (struct daemon_line *entry = daemon->lines; entry != NULL; entry = entry->next)
        entry->seen = false;
    for (size_t i = 0; i < daemon->conf->line_count; i++)
        line_sync(daemon, &daemon->conf->lines[i]);
    for (struct daemon_line *entry = daemon->lines; entry != NULL; entry = entry->next)
        if (!entry->seen)
            line_drop(entry);
}

void lines_free(struct daemon *daemon)
{
    while (daemon->lines != NULL) {
        struct daemon_line *entry = daemon->lines;
        daemon->lines = entry->next;
        free(entry);
    }
}
