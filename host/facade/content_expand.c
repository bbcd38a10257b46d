/* From ContentSid and ContentVariables to a text. See content.h; template.h is the grammar. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/facade/compose_internal.h"
#include "host/facade/content.h"
#include "host/facade/template.h"
#include "host/sms/utf8.h"

#define BLANKS_MAX 4

static bool value_valid(const char *value)
{
    size_t units = utf8_utf16_len(value, strlen(value)), blanks = 0;
    if (units == 0 || units > CONTENT_BODY_UNITS || strpbrk(value, "\r\n\t") != NULL)
        return false;
    for (const char *at = value; *at != '\0'; at++) {
        blanks = *at == ' ' ? blanks + 1 : 0;
        if (blanks > BLANKS_MAX)
            return false;
    }
    return true;
}

bool content_variables_valid(json_t *variables, char why[160])
{
    const char *name;
    json_t *value;
    if (!json_is_object(variables)) {
        snprintf(why, 160, "it is a JSON object of strings, {\"1\":\"value\"}");
        return false;
    }
    if (json_object_size(variables) > CONTENT_VARIABLES) {
        snprintf(why, 160, "it has more than %d variables", CONTENT_VARIABLES);
        return false;
    }
    json_object_foreach(variables, name, value)
    {
        if (!template_name_valid(name, strlen(name))) {
            snprintf(why, 160, "the name %.32s is not 1 to %d letters, digits or underscores", name,
                     TEMPLATE_NAME_MAX);
            return false;
        }
        if (!json_is_string(value) || !value_valid(json_string_value(value))) {
            snprintf(
                why, 160,
                "the value of %s must be a text of 1 to %d characters without newline, tab or more than %d "
                "blanks in a row",
                name, CONTENT_BODY_UNITS, BLANKS_MAX);
            return false;
        }
    }
    return true;
}

struct values {
    const json_t *given, *defaults; /* given may be NULL */
};

static const char *value_of(void *arg, const char *name)
{
    const struct values *values = arg;
    const char *value = json_string_value(json_object_get(values->given, name));
    return value != NULL ? value : json_string_value(json_object_get(values->defaults, name));
}

static char *expand(const struct content *content, const json_t *given, size_t *len, struct refusal *refusal)
{
    struct values values = {given, content->variables};
    char missing[TEMPLATE_NAME_MAX + 1];
    const char *body =
        json_string_value(json_object_get(json_object_get(content->types, "twilio/text"), "body"));
    char *text = body != NULL ? template_expand(body, value_of, &values, len, missing) : NULL;
    if (text != NULL)
        return text;
    if (body == NULL || missing[0] == '\0')
        refuse(refusal, 400, 21655, "The content has no text that can be sent.");
    else
        refuse(refusal, 400, 21656, "The ContentVariables Parameter is invalid: %s has no value.", missing);
    return NULL;
}

/* False: *refusal. *given is NULL where there are none. */
static bool read_values(const char *text, json_t **given, struct refusal *refusal)
{
    char why[160];
    *given = NULL;
    if (text == NULL || *text == '\0')
        return true;
    *given = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (content_variables_valid(*given, why))
        return true;
    json_decref(*given);
    return refuse(refusal, 400, 21656, "The ContentVariables Parameter is invalid: %s.", why);
}

char *content_expand(struct store *store, int64_t account_id, const char *content_sid, const char *values,
                     size_t *len, struct refusal *refusal)
{
    struct content content;
    struct sid sid;
    json_t *given;
    if (!sid_parse(content_sid, "HX", &sid) || content_find(store, account_id, &sid, &content) != 0) {
        refuse(refusal, 400, 21655, "The ContentSid %.48s is Invalid: there is no such content.",
               content_sid);
        return NULL;
    }
    char *text = NULL;
    if (read_values(values, &given, refusal)) {
        text = expand(&content, given, len, refusal);
        json_decref(given);
    }
    content_fini(&content);
    return text;
}

/* A check of compose: where there is a ContentSid, its text is the body. */
bool draft_content_expands(struct draft *w)
{
    const struct compose_request *r = w->request;
    if (!draft_given(r->content_sid))
        return !draft_given(r->content_variables) ||
               refuse(w->refusal, 400, 21654, "ContentSid is required with ContentVariables.");
    w->out->content = content_expand(w->rooms->store, r->account->id, r->content_sid, r->content_variables,
                                     &w->given.body_len, w->refusal);
    w->given.body = w->out->content;
    return w->out->content != NULL;
}
