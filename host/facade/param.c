/* See param.h. */
#include "host/facade/param.h"

#include <string.h>
#include <strings.h>

#include "host/base/url.h"
#include "host/base/urllist.h"
#include "host/sms/utf8.h"

bool param_url(const char *name, const char *value, struct refusal *refusal)
{
    if (strlen(value) > URL_MAX)
        return refuse(refusal, 400, 21658, "%s is longer than %d bytes.", name, URL_MAX);
    return *value == '\0' || url_valid(value) ||
           refuse(refusal, 400, 21402, "%s must be an absolute http or https URL: %.128s", name, value);
}

bool param_method(const char *name, const char *value, struct refusal *refusal)
{
    return strcmp(value, "GET") == 0 || strcmp(value, "POST") == 0 ||
           refuse(refusal, 400, 21403, "%s must be GET or POST: %.32s", name, value);
}

bool param_name(const char *name, const char *value, struct refusal *refusal)
{
    return utf8_utf16_len(value, strlen(value)) <= PARAM_NAME_UNITS ||
           refuse(refusal, 400, 20002, "%s is longer than %d characters.", name, PARAM_NAME_UNITS);
}

bool param_flag(const char *name, const char *value, struct refusal *refusal)
{
    return strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0 ||
           refuse(refusal, 400, 20001, "%s must be true or false: %.32s", name, value);
}

static bool param_allowed(const struct param *param, const char *value, const struct conf *conf,
                          struct refusal *refusal)
{
    return param->check != param_url || *value == '\0' || urllist_allows(conf->hooks.url_allow, value) ||
           refuse(refusal, 400, 21402, "%s is not a URL that this gateway may call (hooks.url_allow): %.128s",
                  param->name, value);
}

bool param_read(const struct form *form, const struct param *params, size_t count, const struct conf *conf,
                void *update, struct refusal *refusal)
{
    static const bool no = false, yes = true;
    for (size_t i = 0; i < count; i++) {
        const char *value = form_get(form, params[i].name);
        if (value == NULL)
            continue;
        if (!params[i].check(params[i].name, value, refusal) ||
            !param_allowed(&params[i], value, conf, refusal))
            return false;
        const void *taken = value;
        if (params[i].check == param_flag)
            taken = strcasecmp(value, "true") == 0 ? &yes : &no;
        memcpy((char *)update + params[i].member, &taken, sizeof taken);
    }
    return true;
}
