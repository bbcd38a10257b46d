/* Alphanumeric senders of /v1/Services: kept and listed, but no SIM sends under a name, so a message never
 * gets one (21612 when it asks for it, 21703 when its pool has nothing else). AlphaSenders are those for all
 * countries; DestinationAlphaSenders are these and those for one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/facade/listing.h"
#include "host/facade/services_internal.h"
#include "host/sms/number.h"

struct kind {
    const char *tail;
    bool by_country;
};
static const struct kind PLAIN = {"AlphaSenders", false}, DESTINATION = {"DestinationAlphaSenders", true};

static json_t *alpha_json(const struct api_call *call, const struct service *s, const struct service_alpha *a,
                          const struct kind *kind)
{
    char sid[SID_TEXT], service[SID_TEXT], url[API_URL_MAX];
    sid_format(&a->sid, "AI", sid);
    sid_format(&s->sid, "MG", service);
    api_url(call, url, SERVICES_ROOT "/%s/%s/%s", service, kind->tail, sid);
    json_t *resource =
        json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:[s], s:s}", "sid", sid, "account_sid", call->account,
                  "service_sid", service, "date_created", api_date_iso(a->created_ms), "date_updated",
                  api_date_iso(a->created_ms), "alpha_sender", a->sender, "capabilities", "SMS", "url", url);
    if (kind->by_country)
        json_object_set_new(resource, "iso_country_code", json_string(a->country));
    return resource;
}

/* ---- list ---- */

struct pool {
    const struct service *service;
    const struct kind *kind;
};

static const void *next_of(const struct api_call *call, size_t *n, int64_t *id)
{
    const struct pool *pool = call->of;
    const struct service *s = pool->service;
    const char *country = pool->kind->by_country ? form_get(&call->query, "IsoCountryCode") : "";
    while (*n < s->alpha_count) {
        const struct service_alpha *a = &s->alphas[s->alpha_count - 1 - (*n)++];
        *id = a->id;
        if (country == NULL || strcmp(country, a->country) == 0)
            return a;
    }
    return NULL;
}

static json_t *row_json(const struct api_call *call, const void *row)
{
    const struct pool *pool = call->of;
    return alpha_json(call, pool->service, row, pool->kind);
}

static void list(struct api_call *call, const struct kind *kind)
{
    static const char *const FILTERS[] = {"IsoCountryCode", NULL};
    const struct listing listing = {"alpha_senders", kind->by_country ? FILTERS : NULL, true, next_of,
                                    row_json};
    const struct pool pool = {services_find(call, &call->sid), kind};
    if (pool.service == NULL)
        return;
    call->of = &pool;
    services_answer_list(call, &listing, kind->tail);
}

void service_alphas_list(struct api_call *call)
{
    list(call, &PLAIN);
}

void service_destinations_list(struct api_call *call)
{
    list(call, &DESTINATION);
}

/* ---- one ---- */

static const struct service_alpha *by_sid(const struct service *s, const struct sid *sid,
                                          const struct kind *kind)
{
    for (size_t i = 0; i < s->alpha_count; i++)
        if (memcmp(&s->alphas[i].sid, sid, sizeof *sid) == 0 &&
            (kind->by_country || s->alphas[i].country[0] == '\0'))
            return &s->alphas[i];
    return NULL;
}

static void fetch(struct api_call *call, const struct kind *kind)
{
    const struct service *s = services_find(call, &call->owner);
    const struct service_alpha *a = s != NULL ? by_sid(s, &call->sid, kind) : NULL;
    if (a != NULL)
        api_json(call, 200, alpha_json(call, s, a, kind));
    else if (s != NULL)
        api_not_found(call);
}

void service_alphas_fetch(struct api_call *call)
{
    fetch(call, &PLAIN);
}

void service_destinations_fetch(struct api_call *call)
{
    fetch(call, &DESTINATION);
}

static void delete (struct api_call *call, const struct kind *kind)
{
    const struct service *s = services_find_own(call, &call->owner);
    const struct service_alpha *a = s != NULL ? by_sid(s, &call->sid, kind) : NULL;
    if (a != NULL)
        directory_alpha_remove(call->rooms->directory, s->id, a->id, api_deleted, call);
    else if (s != NULL)
        api_not_found(call);
}

void service_alphas_delete(struct api_call *call)
{
    delete (call, &PLAIN);
}

void service_destinations_delete(struct api_call *call)
{
    delete (call, &DESTINATION);
}

/* ---- adding ---- */

/* The row is the kind: which of the two resources was asked. */
static void on_added(void *arg, int status)
{
    struct api_call *call = arg;
    if (call->api != NULL && status == -EEXIST) {
        api_refuse(call, 409, 21710, "The alphanumeric sender is already in the Messaging Service.");
        return;
    }
    if (!api_stands(call, status))
        return;
    const struct kind *kind = call->row != 0 ? &DESTINATION : &PLAIN;
    const struct service *s = directory_service_by_sid(call->rooms->directory, &call->owner);
    const struct service_alpha *a = s != NULL ? by_sid(s, &call->sid, kind) : NULL;
    if (a != NULL)
        api_json(call, 201, alpha_json(call, s, a, kind));
    else /* added, and taken away in the same commit */
        api_not_found(call);
}

/* Two letters; "" = all countries. False: the call was answered. */
static bool read_country(struct api_call *call, const struct kind *kind, const char **country)
{
    const char *text = kind->by_country ? form_get(&call->form, "IsoCountryCode") : NULL;
    *country = text != NULL ? text : "";
    if (**country == '\0' || (strlen(*country) == 2 && strspn(*country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2))
        return true;
    api_refuse(call, 400, 20001, "IsoCountryCode must be two capital letters, such as CH: %.32s", *country);
    return false;
}

static void add(struct api_call *call, const struct kind *kind)
{
    char sender[NUMBER_MAX];
    const char *country;
    const struct service *s = services_find_own(call, &call->sid);
    const char *text = s != NULL ? services_wanted(call, "AlphaSender") : NULL;
    if (text == NULL || !read_country(call, kind, &country))
        return;
    if (number_parse(text, NULL, sender) != NUMBER_ALPHA) {
        api_refuse(call, 400, 21657,
                   "AlphaSender must be 1 to 11 letters, digits, spaces, '&', '_' or '-', with a letter: "
                   "%.48s",
                   text);
        return;
    }
    if (!services_has_room(call, s))
        return;
    call->owner = call->sid;
    call->row = kind->by_country;
    directory_alpha_add(call->rooms->directory, s->id, sender, country, &call->sid, on_added, call);
}

void service_alphas_add(struct api_call *call)
{
    add(call, &PLAIN);
}

void service_destinations_add(struct api_call *call)
{
    add(call, &DESTINATION);
}
