/* What one option alone cannot show: references between sections, and what must not stand twice. */
#include <string.h>

#include "host/base/conf_internal.h"
#include "host/base/log.h"

static bool has_modem(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->modem_count; i++)
        if (strcmp(conf->modems[i].name, name) == 0)
            return true;
    return false;
}

static bool has_line(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->line_count; i++)
        if (strcmp(conf->lines[i].name, name) == 0)
            return true;
    return false;
}

static void check_line_carrier(struct conf_errors *errors, const struct conf *conf,
                               const struct conf_line *line)
{
    bool loopback = strcmp(line->carrier, "loopback") == 0;
    if (loopback && line->modem[0] != '\0')
        conf_error(errors, line->line_no, "[line %s] has carrier = loopback and a modem: one of the two",
                   line->name);
    else if (!loopback && line->modem[0] == '\0')
        conf_error(errors, line->line_no, "[line %s] needs modem = NAME of a [modem]", line->name);
    else if (!loopback && !has_modem(conf, line->modem))
        conf_error(errors, line->line_no, "[line %s]: there is no [modem %s]", line->name, line->modem);
}

static void check_line(struct conf_errors *errors, const struct conf *conf, size_t index)
{
    const struct conf_line *line = &conf->lines[index];
    check_line_carrier(errors, conf, line);
    if (conf_find_class(conf, line->class_name) == NULL)
        conf_error(errors, line->line_no, "[line %s]: there is no [class %s]", line->name, line->class_name);
    if (line->pin[0] != '\0' && (strspn(line->pin, "0123456789") != strlen(line->pin) ||
                                 strlen(line->pin) < 4 || strlen(line->pin) > 8))
        conf_error(errors, line->line_no, "[line %s]: pin is 4 to 8 digits", line->name);
    for (size_t i = 0; i < index; i++) {
        const struct conf_line *other = &conf->lines[i];
        if (line->modem[0] != '\0' && strcmp(line->modem, other->modem) == 0)
            conf_error(errors, line->line_no, "[line %s] and [line %s] have the same modem %s", other->name,
                       line->name, line->modem);
        if (line->number[0] != '\0' && strcmp(line->number, other->number) == 0)
            conf_error(errors, line->line_no, "[line %s] and [line %s] have the same number %s", other->name,
                       line->name, line->number);
    }
}

static void check_modem(struct conf_errors *errors, const struct conf *conf, size_t index)
{
    const struct conf_modem *modem = &conf->modems[index];
    if (modem->port[0] == '\0' && errors->count == 0) /* one that was refused is empty too */
        conf_error(errors, modem->line_no, "[modem %s] needs port = serial:/dev/... or pty:/...",
                   modem->name);
    for (size_t i = 0; modem->port[0] != '\0' && i < index; i++)
        if (strcmp(modem->port, conf->modems[i].port) == 0)
            conf_error(errors, modem->line_no, "[modem %s] and [modem %s] have the same port",
                       conf->modems[i].name, modem->name);
}

static void check_service(struct conf_errors *errors, const struct conf *conf,
                          const struct conf_service *service)
{
    if (service->lines[0] == NULL)
        conf_error(errors, service->line_no, "[service %s] needs lines = NAME, NAME", service->name);
    for (char **name = service->lines; *name != NULL; name++)
        if (!has_line(conf, *name))
            conf_error(errors, service->line_no, "[service %s]: there is no [line %s]", service->name, *name);
}

static void check_single(struct conf_errors *errors, const struct conf *conf)
{
    const struct conf_daemon *daemon = &conf->daemon;
    if ((daemon->account_sid[0] == '\0') != (daemon->auth_token[0] == '\0'))
        conf_error(errors, 0, "[daemon]: account_sid and auth_token are given together or not at all");
    if (strspn(daemon->country, "0123456789") != strlen(daemon->country) || strlen(daemon->country) > 3)
        conf_error(errors, 0, "[daemon]: country is a calling code like 41, not '%s'", daemon->country);
    if (strspn(daemon->trunk, "0123456789") != strlen(daemon->trunk))
        conf_error(errors, 0, "[daemon]: trunk is digits, not '%s'", daemon->trunk);
}

void conf_check(struct conf_errors *errors, struct conf *conf)
{
    check_single(errors, conf);
    for (size_t i = 0; i < conf->modem_count; i++)
        check_modem(errors, conf, i);
    for (size_t i = 0; i < conf->line_count; i++)
        check_line(errors, conf, i);
    for (size_t i = 0; i < conf->service_count; i++)
        check_service(errors, conf, &conf->services[i]);
}
