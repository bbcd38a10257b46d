/* Rows for what the configuration names and the database does not know yet. A row that is there belongs to
 * the API and stays as it is, but for a line's number and SIM: these say what the line is, and the
 * configuration is the place to correct them.
 *
 * All names and SIDs are checked before the first row is made. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/directory/directory_internal.h"

#define ICCID_MAX 22 /* ITU-T E.118 has up to 19 digits; SIMs tell up to 20, some pad */

static const struct service *service_by_name(const struct directory *directory, const char *name)
{
    const struct rows *rows = &directory->tables[TABLE_SERVICE];
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(((const struct service *)rows->at[i])->name, name) == 0)
            return rows->at[i];
    return NULL;
}

/* ---- checks ---- */

static int check_line(const struct conf *conf, const struct conf_line *line, char error[256])
{
    if (strlen(line->iccid) <= ICCID_MAX &&
        strspn(line->iccid, "0123456789ABCDEFabcdef") == strlen(line->iccid))
        return 0;
    snprintf(error, 256, "%s:%d: [line %s]: iccid is up to %d digits, as on the SIM", conf->file,
             line->line_no, line->name, ICCID_MAX);
    return -EINVAL;
}

static int check_service(const struct directory *directory, const struct conf *conf, size_t index,
                         char error[256])
{
    const struct conf_service *service = &conf->services[index];
    struct sid sid;
    if (service->sid[0] == '\0' || service_by_name(directory, service->name) != NULL)
        return 0;
    bool is_sid = sid_parse(service->sid, "MG", &sid);
    bool taken = is_sid && rows_by_sid(&directory->tables[TABLE_SERVICE], &sid) != NULL;
    for (size_t i = 0; i < index; i++)
        taken |= strcasecmp(conf->services[i].sid, service->sid) == 0;
    if (is_sid && !taken)
        return 0;
    snprintf(error, 256, "%s:%d: [service %s]: sid %s", conf->file, service->line_no, service->name,
             taken ? "is another service's" : "is MG and 32 hex digits");
    return -EINVAL;
}

static int check(const struct directory *directory, const struct conf *conf, char error[256])
{
    int status = 0;
    for (size_t i = 0; i < conf->line_count && status == 0; i++)
        status = check_line(conf, &conf->lines[i], error);
    for (size_t i = 0; i < conf->service_count && status == 0; i++)
        status = check_service(directory, conf, i, error);
    return status;
}

/* ---- rows ---- */

static int line_insert(struct directory *directory, const struct conf_line *line, int64_t account_id)
{
    struct sid sid;
    sid_new(&sid, clock_wall_ms());
    struct change *change = change_new(directory, TABLE_LINE, Q_LINE_INSERT, NULL, NULL);
    change_blob(change, ":sid", sid.b, sizeof sid.b);
    change_int(change, ":account_id", account_id);
    change_text(change, ":name", line->name);
    change_text(change, ":number", line->number);
    change_text(change, ":iccid", line->iccid);
    change_text(change, ":friendly_name", line->name);
    change_text(change, ":sms_url", line->sms_url);
    change_text(change, ":sms_method", line->sms_method);
    change_text(change, ":sms_fallback_url", line->sms_fallback_url);
    change_text(change, ":sms_fallback_method", line->sms_fallback_method);
    change_text(change, ":status_callback", line->status_callback);
    change_int(change, ":now", clock_wall_ms());
    return change_submit(change);
}

/* An empty option says nothing of the row. */
static int line_correct(struct directory *directory, const struct conf_line *conf, const struct line *line)
{
    bool number_stands = conf->number[0] == '\0' || strcmp(conf->number, line->number) == 0;
    bool iccid_stands = conf->iccid[0] == '\0' || strcmp(conf->iccid, line->iccid) == 0;
    if (number_stands && iccid_stands)
        return 0;
    struct change *change = change_new(directory, TABLE_LINE, Q_LINE_IDENTITY_SET, NULL, NULL);
    change_int(change, ":id", line->id);
    change_text(change, ":number", number_stands ? line->number : conf->number);
    change_text(change, ":iccid", iccid_stands ? line->iccid : conf->iccid);
    change_int(change, ":now", clock_wall_ms());
    log_event(LOG_WARN, "line.corrected", "line=%s number=%s iccid=%s", line->name,
              number_stands ? "kept" : "new", iccid_stands ? "kept" : "new");
    return change_submit(change);
}

static int line_seed(struct directory *directory, const struct conf_line *conf, int64_t account_id)
{
    const struct line *line = directory_line_by_name(directory, conf->name);
    return line == NULL ? line_insert(directory, conf, account_id) : line_correct(directory, conf, line);
}

static int pool_insert(struct directory *directory, const struct sid *sid, char **lines)
{
    for (; *lines != NULL; lines++) {
        struct change *change = change_new(directory, TABLE_SERVICE, Q_SERVICE_LINE_INSERT, NULL, NULL);
        change_blob(change, ":sid", sid->b, sizeof sid->b);
        change_text(change, ":line", *lines);
        int status = change_submit(change);
        if (status != 0 && status != -EEXIST) /* named twice */
            return status;
    }
    return 0;
}

static int service_insert(struct directory *directory, const struct conf_service *service, int64_t account_id)
{
    struct sid sid;
    if (service->sid[0] == '\0')
        sid_new(&sid, clock_wall_ms());
    else if (!sid_parse(service->sid, "MG", &sid))
        return -EINVAL;
    struct change *change = change_new(directory, TABLE_SERVICE, Q_SERVICE_INSERT, NULL, NULL);
    change_blob(change, ":sid", sid.b, sizeof sid.b);
    change_int(change, ":account_id", account_id);
    change_text(change, ":name", service->name);
    change_text(change, ":friendly_name", service->name);
    change_text(change, ":inbound_request_url", service->inbound_request_url);
    change_text(change, ":inbound_method", service->inbound_method);
    change_text(change, ":fallback_url", service->fallback_url);
    change_text(change, ":fallback_method", service->fallback_method);
    change_text(change, ":status_callback", service->status_callback);
    change_int(change, ":smart_encoding", service->smart_encoding);
    change_int(change, ":use_inbound_webhook_on_number", service->use_inbound_webhook_on_number);
    change_int(change, ":validity_s", service->validity_s);
    change_int(change, ":now", clock_wall_ms());
    int status = change_submit(change);
    return status != 0 ? status : pool_insert(directory, &sid, service->lines);
}

static int seed_rows(struct directory *directory, const struct conf *conf)
{
    const struct account *first = directory->tables[TABLE_ACCOUNT].at[0];
    int status = 0;
    for (size_t i = 0; i < conf->line_count && status == 0; i++)
        status = line_seed(directory, &conf->lines[i], first->id);
    for (size_t i = 0; i < conf->service_count && status == 0; i++)
        if (service_by_name(directory, conf->services[i].name) == NULL)
            status = service_insert(directory, &conf->services[i], first->id);
    return status != 0 ? status : store_flush(directory->store);
}

int seed(struct directory *directory, const struct conf *conf, char error[256])
{
    int status = check(directory, conf, error);
    if (status != 0)
        return status;
    status = store_open_for_work(directory->store) ? seed_rows(directory, conf) : -ENOSPC;
    if (status == -EINPROGRESS || status == -EIO) /* it waits in the store */
        status = -ENOSPC;
    if (status != 0)
        snprintf(error, 256, "database: lines and services cannot be stored: %s",
                 status == -ENOSPC ? "the disk takes no more" : strerror(-status));
    return status;
}
