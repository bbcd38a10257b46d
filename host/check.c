/* What the configuration says of things beyond it: models that drivers/ must know, files that must be
 * readable. Asked with the rest, so that one look at a file reports all of its errors, and a reload that
 * would go wrong here is refused as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/daemon.h"
#include "host/modem/loader.h"
#include "host/modem/model.h"
#include "host/modem/module.h"
#include "host/optout/words.h"
#include "host/tls/mint.h"
#include "host/tls/tls.h"

static bool is_model(const char *name)
{
    for (const struct model *const *model = models; *model != NULL; model++)
        if (strcmp((*model)->name, name) == 0)
            return true;
    return false;
}

static void check_model(const struct conf *conf, const struct conf_modem *modem, conf_report_fn *report,
                        void *arg)
{
    char text[512];
    size_t len;
    if (modem->model[0] == '\0' || is_model(modem->model))
        return;
    len = (size_t)snprintf(text, sizeof text, "model is one of:");
    for (const struct model *const *model = models; *model != NULL && len < sizeof text; model++)
        len += (size_t)snprintf(text + len, sizeof text - len, " %s", (*model)->name);
    if (len < sizeof text)
        snprintf(text + len, sizeof text - len, ", or empty; not '%.64s'", modem->model);
    report(arg, conf->file, conf_where(conf, &modem->model), text);
}

static void check_module(const struct conf *conf, const struct conf_modem *modem, conf_report_fn *report,
                         void *arg)
{
    char error[200];
    uint8_t module;
    struct link_timing_set timing;
    if (!module_parse(modem->module, modem->timing, &module, &timing, error))
        report(arg, conf->file, conf_where(conf, modem->module[0] != '\0' ? &modem->module : &modem->timing),
               error);
}

static void check_loader(const struct conf *conf, const struct conf_board *board, conf_report_fn *report,
                         void *arg)
{
    char text[256];
    const char *fault = board->loader[0] != '\0' ? loader_check(board->loader) : NULL;
    if (fault == NULL)
        return;
    snprintf(text, sizeof text, "[board %s]: loader is a command such as 'avrdude ... %%p ... %%f': %s",
             board->name, fault);
    report(arg, conf->file, conf_where(conf, &board->loader), text);
}

/* Without it, webhooks would be checked with other certificates than those the operator trusts. */
static void check_ca_file(const struct conf *conf, conf_report_fn *report, void *arg)
{
    const char *path = conf->hooks.ca_file;
    char text[512], octet;
    if (path[0] == '\0')
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, &octet, 1);
    if (got <= 0) {
        snprintf(text, sizeof text, "ca_file %.300s: %s", path, got == 0 ? "is empty" : strerror(errno));
        report(arg, conf->file, conf_where(conf, &conf->hooks.ca_file), text);
    }
    if (fd >= 0)
        close(fd);
}

/* Sets of words are sections of the file, or built in. */
static bool is_set(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->optout_count; i++)
        if (strcmp(conf->optouts[i].name, name) == 0)
            return true;
    return optout_builtin(name) != NULL;
}

static void check_sets(const struct conf *conf, char **const *names, conf_report_fn *report, void *arg)
{
    bool off = (*names)[0] != NULL && (*names)[1] == NULL && strcmp((*names)[0], "off") == 0;
    for (char **name = *names; *name != NULL && !off; name++) {
        char text[512];
        if (is_set(conf, *name))
            continue;
        int len = snprintf(text, sizeof text, "optout is off, or sets of words:");
        for (size_t n = 0; optout_builtin_name(n) != NULL; n++)
            len += snprintf(text + len, sizeof text - (size_t)len, " %s", optout_builtin_name(n));
        snprintf(text + len, sizeof text - (size_t)len, ", or an [optout NAME] section; not '%.64s'", *name);
        report(arg, conf->file, conf_where(conf, names), text);
    }
}

static void check_tls(const struct conf *conf, conf_report_fn *report, void *arg)
{
    char error[256], text[300];
    if (conf->tls.cert[0] != '\0' && tls_check(conf->tls.cert, conf->tls.key, error) != 0)
        report(arg, conf->file, conf_where(conf, &conf->tls.cert), error);
    for (char **name = conf->tls.names; *name != NULL; name++) {
        if (mint_name_valid(*name))
            continue;
        snprintf(text, sizeof text, "[tls]: names has '%.100s', which is no DNS name, *.DNS name or address",
                 *name);
        report(arg, conf->file, conf_where(conf, &conf->tls.names), text);
    }
}

static void check_beyond(const struct conf *conf, conf_report_fn *report, void *arg)
{
    check_ca_file(conf, report, arg);
    check_tls(conf, report, arg);
    for (size_t i = 0; i < conf->modem_count; i++)
        check_model(conf, &conf->modems[i], report, arg);
    for (size_t i = 0; i < conf->modem_count; i++)
        check_module(conf, &conf->modems[i], report, arg);
    for (size_t i = 0; i < conf->board_count; i++)
        check_loader(conf, &conf->boards[i], report, arg);
    for (size_t i = 0; i < conf->line_count; i++)
        check_sets(conf, &conf->lines[i].optout, report, arg);
    for (size_t i = 0; i < conf->service_count; i++)
        check_sets(conf, &conf->services[i].optout, report, arg);
}

struct conf *daemon_conf_load(const char *path, conf_report_fn *report, void *arg)
{
    return conf_load_checked(path, check_beyond, report, arg);
}
