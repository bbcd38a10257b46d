/* Parameters of a create that are taken without any effect: they must be what they say they are, so that a
 * client hears of its mistake here as it would at Twilio. One row each. See compose_internal.h. */
#include <string.h>
#include <strings.h>

#include "host/facade/compose_internal.h"

static bool is_flag(const char *text)
{
    static const char *const words[] = {"true", "false", "1", "0"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

static bool is_count(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= 9 && text[digits] == '\0';
}

static bool is_switch(const char *text)
{
    return strcasecmp(text, "enable") == 0 || strcasecmp(text, "disable") == 0;
}

static const struct {
    const char *name;
    bool (*fits)(const char *text);
    const char *right;
} SHAPES[] = {
    {"ProvideFeedback", is_flag, "true or false"}, {"ForceDelivery", is_flag, "true or false"},
    {"ShortenUrls", is_flag, "true or false"},     {"SendAsMms", is_flag, "true or false"},
    {"Attempt", is_count, "a whole number"},       {"RiskCheck", is_switch, "enable or disable"},
};

bool draft_shapes_valid(struct draft *w)
{
    for (size_t i = 0; w->request->all != NULL && i < sizeof SHAPES / sizeof SHAPES[0]; i++) {
        const char *text = form_get(w->request->all, SHAPES[i].name);
        if (draft_given(text) && !SHAPES[i].fits(text))
            return refuse(w->refusal, 400, 20001, "%s must be %s: %.32s", SHAPES[i].name, SHAPES[i].right,
                          text);
    }
    return true;
}
