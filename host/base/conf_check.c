/* What one option alone cannot show: references between sections, and what must not stand twice. What was
 * refused for its value is not refused once more for being absent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/conf_internal.h"
#include "host/base/log.h"
#include "host/base/urllist.h"

static bool is_refused(const struct conf *conf, const void *field)
{
    const struct conf_mark *mark = conf_mark_of(conf, field);
    return mark != NULL && mark->refused;
}

static bool has_modem(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->modem_count; i++)
        if (strcmp(conf->modems[i].name, name) == 0)
            return true;
    return false;
}

static const struct conf_line *find_line(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->line_count; i++)
        if (strcmp(conf->lines[i].name, name) == 0)
            return &conf->lines[i];
    return NULL;
}

static void check_line_carrier(struct conf_errors *errors, const struct conf *conf,
                               const struct conf_line *line)
{
    bool simulated = strcmp(line->carrier, "modem") != 0;
    if (is_refused(conf, &line->carrier) || is_refused(conf, &line->modem))
        return;
    if (simulated && line->modem[0] != '\0')
        conf_error(errors, line->line_no, "[line %s] has carrier = %s and a modem: one of the two",
                   line->name, line->carrier);
    else if (!simulated && line->modem[0] == '\0')
        conf_error(errors, line->line_no, "[line %s] needs modem = NAME of a [modem]", line->name);
    else if (!simulated && !has_modem(conf, line->modem))
        conf_error(errors, line->line_no, "[line %s]: there is no [modem %s]", line->name, line->modem);
}

/* What belongs to one section only: reported where the second sets it. */
static void check_own(struct conf_errors *errors, const struct conf *conf, enum conf_section section,
                      size_t offset, size_t index)
{
    const struct conf_section_info *info = &conf_sections[section];
    const char *all = *(char *const *)((const char *)conf + info->offset), *me = all + index * info->size;
    const struct conf_mark *mark = conf_mark_of(conf, me + offset);
    const char *mine = *(char *const *)(me + offset);
    if (mark == NULL || mine[0] == '\0')
        return;
    bool hex = mark->option->type == CONF_HEX_SID || mark->option->type == CONF_ICCID;
    for (size_t i = 0; i < index; i++) {
        const char *other = all + i * info->size, *its = *(char *const *)(other + offset);
        if ((hex ? strcasecmp(mine, its) : strcmp(mine, its)) == 0)
            conf_error(errors, mark->line, "[%s %s] and [%s %s] have the same %s", info->name,
                       other + info->name_at, info->name, me + info->name_at, mark->option->key);
    }
}

static void check_line(struct conf_errors *errors, const struct conf *conf, size_t index)
{
    const struct conf_line *line = &conf->lines[index];
    check_line_carrier(errors, conf, line);
    if (conf_find_class(conf, line->class_name) == NULL)
        conf_error(errors, line->line_no, "[line %s]: there is no [class %s]", line->name, line->class_name);
    check_own(errors, conf, SECTION_LINE, offsetof(struct conf_line, modem), index);
    check_own(errors, conf, SECTION_LINE, offsetof(struct conf_line, number), index);
    check_own(errors, conf, SECTION_LINE, offsetof(struct conf_line, iccid), index);
}

/* The rate spares a SIM: a line without one has none unless it is asked for. */
static void set_rate(const struct conf *conf, struct conf_line *line)
{
    if (strcmp(line->carrier, "modem") != 0 && conf_mark_of(conf, &line->rate) == NULL)
        line->rate = 0;
}

static bool has_board(const struct conf *conf, const char *name, size_t len)
{
    for (size_t i = 0; i < conf->board_count; i++)
        if (strlen(conf->boards[i].name) == len && strncmp(conf->boards[i].name, name, len) == 0)
            return true;
    return false;
}

/* BOARD:N; sim:/SOCKET:NAME has no [board]. */
static void check_slot(struct conf_errors *errors, const struct conf *conf, const struct conf_modem *modem)
{
    size_t len = strcspn(modem->slot, ":");
    bool on_board = modem->slot[0] != '\0' && strncmp(modem->slot, "sim:/", 5) != 0;
    if (on_board && !has_board(conf, modem->slot, len))
        conf_error(errors, conf_where(conf, &modem->slot), "[modem %s]: there is no [board %.*s]",
                   modem->name, (int)len, modem->slot);
    if (!on_board && (modem->module[0] != '\0' || modem->timing[0] != '\0'))
        conf_error(errors, conf_where(conf, modem->module[0] != '\0' ? &modem->module : &modem->timing),
                   "[modem %s]: module and timing go with slot = BOARD:N", modem->name);
}

static void check_board(struct conf_errors *errors, const struct conf *conf, size_t index)
{
    const struct conf_board *board = &conf->boards[index];
    if (board->port[0] == '\0' && !is_refused(conf, &board->port))
        conf_error(errors, board->line_no, "[board %s] needs port = serial:/dev/... or pty:/...",
                   board->name);
    check_own(errors, conf, SECTION_BOARD, offsetof(struct conf_board, port), index);
}

static void check_modem(struct conf_errors *errors, const struct conf *conf, size_t index)
{
    const struct conf_modem *modem = &conf->modems[index];
    if (modem->port[0] == '\0' && !is_refused(conf, &modem->port))
        conf_error(errors, modem->line_no, "[modem %s] needs port = serial:/dev/... or pty:/...",
                   modem->name);
    check_own(errors, conf, SECTION_MODEM, offsetof(struct conf_modem, port), index);
    check_own(errors, conf, SECTION_MODEM, offsetof(struct conf_modem, slot), index);
    if (!is_refused(conf, &modem->slot))
        check_slot(errors, conf, modem);
}

static void check_service(struct conf_errors *errors, const struct conf *conf, size_t index)
{
    const struct conf_service *service = &conf->services[index];
    if (service->lines[0] == NULL && !is_refused(conf, &service->lines))
        conf_error(errors, service->line_no, "[service %s] needs lines = NAME, NAME", service->name);
    for (char **name = service->lines; *name != NULL; name++)
        if (find_line(conf, *name) == NULL)
            conf_error(errors, conf_where(conf, &service->lines), "[service %s]: there is no [line %s]",
                       service->name, *name);
    check_own(errors, conf, SECTION_SERVICE, offsetof(struct conf_service, sid), index);
}

static void check_simulate(struct conf_errors *errors, const struct conf *conf, size_t index)
{
    const struct conf_simulate *rule = &conf->simulates[index];
    const struct conf_line *line = find_line(conf, rule->line);
    if (rule->line[0] != '\0' && line == NULL)
        conf_error(errors, conf_where(conf, &rule->line), "[simulate %s]: there is no [line %s]", rule->name,
                   rule->line);
    else if (rule->line[0] != '\0' && strcmp(line->carrier, "modem") == 0)
        conf_error(errors, conf_where(conf, &rule->line),
                   "[simulate %s]: [line %s] has a modem, not carrier = simulator", rule->name, rule->line);
    if (rule->receipt_error > 30008 && rule->receipt_error != 30017)
        conf_error(errors, conf_where(conf, &rule->receipt_error),
                   "[simulate %s]: receipt_error is 30003 to 30008 or 30017, not %d", rule->name,
                   rule->receipt_error);
}

/* ---- [daemon] and [http] ---- */

static void check_account(struct conf_errors *errors, const struct conf *conf)
{
    const struct conf_daemon *daemon = &conf->daemon;
    bool sid = daemon->account_sid[0] != '\0', token = daemon->auth_token[0] != '\0';
    if (sid != token && !is_refused(conf, &daemon->account_sid) && !is_refused(conf, &daemon->auth_token))
        conf_error(errors, conf_where(conf, sid ? &daemon->account_sid : &daemon->auth_token),
                   "[daemon]: account_sid and auth_token are given together or not at all");
}

static void check_plan(struct conf_errors *errors, const struct conf *conf)
{
    const struct conf_daemon *daemon = &conf->daemon;
    if (strspn(daemon->country, "0123456789") != strlen(daemon->country) || strlen(daemon->country) > 3)
        conf_error(errors, conf_where(conf, &daemon->country),
                   "[daemon]: country is a calling code like 41, not '%s'", daemon->country);
    if (strspn(daemon->trunk, "0123456789") != strlen(daemon->trunk))
        conf_error(errors, conf_where(conf, &daemon->trunk), "[daemon]: trunk is digits, not '%s'",
                   daemon->trunk);
}

static bool has_line(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->line_count; i++)
        if (strcmp(conf->lines[i].name, name) == 0)
            return true;
    return false;
}

/* A service may have been made over the API: its SID is looked up when a code is sent. */
static void check_verify(struct conf_errors *errors, const struct conf *conf)
{
    const char *from = conf->verify.from;
    bool sid =
        strncmp(from, "MG", 2) == 0 && strlen(from) == 34 && strspn(from + 2, "0123456789abcdefABCDEF") == 32;
    if (from[0] != '\0' && !sid && !has_line(conf, from))
        conf_error(errors, conf_where(conf, &conf->verify.from),
                   "[verify]: from is the name of a [line] or the SID of a messaging service, not '%s'",
                   from);
}

/* Over what changes nothing: "//" and "/./" are "/". */
static const char *path_skip(const char *at)
{
    while (at[0] == '/' && (at[1] == '/' || (at[1] == '.' && at[2] == '/')))
        at += at[1] == '/' ? 1 : 2;
    return at;
}

static bool same_path(const char *a, const char *b)
{
    for (;; a++, b++) {
        a = path_skip(a);
        b = path_skip(b);
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
    }
}

static bool is_file_of_ours(const char *data_dir, const char *path)
{
    static const char *const names[] = {"cellpost.db",
                                        "cellpost.db-wal",
                                        "cellpost.db-shm",
                                        "cellpost.db-journal",
                                        "cellpost.db.lock",
                                        "cellpost.db.ballast",
                                        "credentials",
                                        "key",
                                        "pin"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++) {
        char *file;
        if (asprintf(&file, "%s/%s", data_dir, names[i]) < 0)
            fatal("out of memory");
        found = same_path(file, path);
        free(file);
    }
    return found;
}

/* One that is not given lies in data_dir: then that is what is too long. */
static void check_socket(struct conf_errors *errors, const struct conf *conf, const char *key,
                         char *const *path)
{
    int line = conf_where(conf, path);
    if (line == 0)
        line = conf_where(conf, &conf->daemon.data_dir);
    if (strlen(*path) > CONF_SOCKET_MAX)
        conf_error(errors, line, "%s %s is longer than the %d octets a socket's path may have", key, *path,
                   CONF_SOCKET_MAX);
    else if (is_file_of_ours(conf->daemon.data_dir, *path))
        conf_error(errors, line, "%s %s is the name of one of the daemon's own files", key, *path);
}

static void check_paths(struct conf_errors *errors, const struct conf *conf)
{
    char *const *control = &conf->daemon.control_socket, *const *http = &conf->http.unix_socket;
    if (conf->daemon.data_dir[0] == '\0')
        conf_error(errors, conf_where(conf, &conf->daemon.data_dir), "data_dir is a folder, not empty");
    check_socket(errors, conf, "control_socket", control);
    check_socket(errors, conf, "unix_socket", http);
    int line = conf_where(conf, http);
    if (same_path(*control, *http))
        conf_error(errors, line > 0 ? line : conf_where(conf, control),
                   "control_socket and unix_socket are the same path %s", *http);
}

/* ---- [http] and [tls] ---- */

static bool is_loopback(const char *listen)
{
    return listen[0] == '\0' || strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]:", 6) == 0;
}

static void check_listen(struct conf_errors *errors, const struct conf *conf)
{
    if (!conf->http.plain_anywhere && !is_loopback(conf->http.listen))
        conf_error(
            errors, conf_where(conf, &conf->http.listen),
            "[http]: listen = %s is reached from other machines, and plain HTTP shows tokens and texts "
            "to the network: use [tls] listen, or a 127.* address behind a proxy, or plain_anywhere = yes",
            conf->http.listen);
}

static void check_tls(struct conf_errors *errors, const struct conf *conf)
{
    const struct conf_tls *tls = &conf->tls;
    bool cert = tls->cert[0] != '\0';
    size_t count = 0;
    while (tls->listen[count] != NULL)
        count++;
    if (count > CONF_TLS_LISTEN_MAX)
        conf_error(errors, conf_where(conf, &tls->listen), "[tls]: listen has at most %d addresses",
                   CONF_TLS_LISTEN_MAX);
    if (cert != (tls->key[0] != '\0'))
        conf_error(errors, conf_where(conf, cert ? &tls->cert : &tls->key),
                   "[tls]: cert and key are given together or not at all");
    if (cert && tls->names[0] != NULL)
        conf_error(errors, conf_where(conf, &tls->names),
                   "[tls]: names are for the local authority's certificate; one from cert has its own");
}

/* What the file sets itself must be what it lets be called. */
static void check_urls(struct conf_errors *errors, const struct conf *conf)
{
    for (const struct conf_option *option = conf_options; option->key != NULL; option++) {
        const struct conf_section_info *info = &conf_sections[option->section];
        if (option->type != CONF_URL || !info->named)
            continue;
        const char *all = *(char *const *)((const char *)conf + info->offset);
        size_t count = *(const size_t *)((const char *)conf + info->count);
        for (size_t i = 0; i < count; i++) {
            const char *me = all + i * info->size, *url = *(char *const *)(me + option->offset);
            if (url[0] != '\0' && !urllist_allows(conf->hooks.url_allow, url))
                conf_error(errors, conf_where(conf, me + option->offset),
                           "[%s %s]: %s is not a URL that [hooks] url_allow lets be called", info->name,
                           me + info->name_at, option->key); /* user info stays untold */
        }
    }
}

void conf_check(struct conf_errors *errors, struct conf *conf)
{
    check_urls(errors, conf);
    check_listen(errors, conf);
    check_tls(errors, conf);
    check_account(errors, conf);
    check_plan(errors, conf);
    check_paths(errors, conf);
    check_verify(errors, conf);
    for (size_t i = 0; i < conf->modem_count; i++)
        check_modem(errors, conf, i);
    for (size_t i = 0; i < conf->board_count; i++)
        check_board(errors, conf, i);
    for (size_t i = 0; i < conf->line_count; i++)
        check_line(errors, conf, i);
    for (size_t i = 0; i < conf->line_count; i++)
        set_rate(conf, &conf->lines[i]);
    for (size_t i = 0; i < conf->service_count; i++)
        check_service(errors, conf, i);
    for (size_t i = 0; i < conf->simulate_count; i++)
        check_simulate(errors, conf, i);
}
