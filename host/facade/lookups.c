/* Lookups, offline: what the numbering plans say of a number (host/numbering). Nobody is asked, so a valid
 * number need not be anybody's, and the packages that ask carriers and registers are always null; only the
 * type of line is told, as far as the plan tells it.
 *
 * v2: every text is answered, with 200. v1: 404/20404 for what is no valid number. Refuses a CountryCode that
 * is no country (400/20001). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/form.h"
#include "host/facade/api.h"
#include "host/numbering/numbering.h"

#define COUNTRY_USUAL "US"

static const char *const TYPES[] = {
    [NUMBERING_OTHER] = "unknown",
    [NUMBERING_FIXED] = "landline",
    [NUMBERING_MOBILE] = "mobile",
    [NUMBERING_FIXED_OR_MOBILE] = "unknown",
    [NUMBERING_TOLL_FREE] = "tollFree",
    [NUMBERING_PREMIUM_RATE] = "premium",
    [NUMBERING_SHARED_COST] = "sharedCost",
    [NUMBERING_VOIP] = "nonFixedVoip",
    [NUMBERING_PERSONAL] = "personal",
    [NUMBERING_PAGER] = "pager",
    [NUMBERING_UAN] = "uan",
    [NUMBERING_VOICEMAIL] = "voicemail",
};
static const char *const FAULTS[] = {
    [NUMBERING_VALID] = NULL,
    [NUMBERING_NOT_A_NUMBER] = "NOT_A_NUMBER",
    [NUMBERING_UNKNOWN_COUNTRY] = "INVALID_COUNTRY_CODE",
    [NUMBERING_TOO_SHORT] = "TOO_SHORT",
    [NUMBERING_TOO_LONG] = "TOO_LONG",
    [NUMBERING_WRONG_LENGTH] = "INVALID_LENGTH",
    [NUMBERING_UNASSIGNED] = "INVALID_BUT_POSSIBLE",
};

/* Whose local forms are read: as asked, else the gateway's country, else Twilio's. */
static const char *home(const struct api_call *call)
{
    const char *asked = form_get(&call->query, "CountryCode"), *code = call->rooms->conf->daemon.country;
    if (asked != NULL && asked[0] != '\0')
        return asked;
    const char *configured = code != NULL ? numbering_main_country((int)strtol(code, NULL, 10)) : "";
    return configured[0] != '\0' ? configured : COUNTRY_USUAL;
}

/* False: the call was answered. */
static bool look_up(struct api_call *call, struct numbering *n)
{
    const char *region = home(call);
    if (!numbering_knows_region(region)) {
        api_refuse(call, 400, 20001, "CountryCode must be a country of ISO 3166-1, two letters: %.32s",
                   region);
        return false;
    }
    numbering_parse(call->text, region, n);
    return true;
}

static bool wants(const struct api_call *call, const char *parameter, const char *wanted)
{
    const char *list = form_get(&call->query, parameter);
    size_t len = strlen(wanted);
    for (; list != NULL && *list != '\0'; list += *list == ',') {
        list += strspn(list, " ");
        size_t here = strcspn(list, ",");
        if (here == len && strncmp(list, wanted, len) == 0)
            return true;
        list += here;
    }
    return false;
}

static json_t *number_url(const struct api_call *call, const char *product, const char *e164)
{
    char url[API_URL_MAX];
    char *escaped = e164[0] == '\0' ? form_escape(call->text) : NULL;
    api_url(call, url, "/%s/PhoneNumbers/%s", product, escaped != NULL ? escaped : e164);
    free(escaped);
    return api_text(url);
}

static json_t *line_type(const char *name_key, const struct numbering *n)
{
    return json_pack("{s:n, s:n, s:n, s:s, s:n}", "mobile_country_code", "mobile_network_code", name_key,
                     "type", TYPES[n->kind], "error_code");
}

void lookups_fetch(struct api_call *call)
{
    static const char *const PACKAGES[] = {
        "caller_name",    "sim_swap",          "call_forwarding",  "line_status",
        "identity_match", "reassigned_number", "sms_pumping_risk", "phone_number_quality_score",
        "pre_fill",
    };
    struct numbering n;
    char code[8];
    if (!look_up(call, &n))
        return;
    bool valid = n.fault == NUMBERING_VALID;
    snprintf(code, sizeof code, "%d", n.calling_code);
    json_t *errors = json_array();
    if (!valid)
        json_array_append_new(errors, json_string(FAULTS[n.fault]));
    json_t *resource = json_pack(
        "{s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "calling_country_code", api_text(valid ? code : NULL),
        "country_code", api_text(valid && n.country[0] != '\0' ? n.country : NULL), "phone_number",
        api_text(n.e164[0] != '\0' ? n.e164 : call->text), "national_format",
        api_text(valid ? n.national : NULL), "valid", valid, "validation_errors", errors,
        "line_type_intelligence",
        valid && wants(call, "Fields", "line_type_intelligence") ? line_type("carrier_name", &n)
                                                                 : json_null());
    for (size_t i = 0; i < sizeof PACKAGES / sizeof PACKAGES[0]; i++)
        json_object_set_new(resource, PACKAGES[i], json_null());
    json_object_set_new(resource, "url", number_url(call, "v2", n.e164));
    api_json(call, 200, resource);
}

void lookups_fetch_v1(struct api_call *call)
{
    struct numbering n;
    if (!look_up(call, &n))
        return;
    if (n.fault != NUMBERING_VALID) {
        api_not_found(call);
        return;
    }
    json_t *carrier = wants(call, "Type", "carrier") ? line_type("name", &n) : json_null();
    api_json(call, 200,
             json_pack("{s:n, s:o, s:s, s:s, s:o, s:n, s:o}", "caller_name", "country_code",
                       api_some(n.country), "phone_number", n.e164, "national_format", n.national, "carrier",
                       carrier, "add_ons", "url", number_url(call, "v1", n.e164)));
}
