/* The way from what somebody wrote to a number: characters, international prefix, calling code, national
 * prefix, length, range. What is tried in which order follows libphonenumber, whose data this is, so that
 * both tell the same; tests/unit/numbering_compare.py holds them side by side. */
#include "host/numbering/numbering.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/numbering/pattern.h"
#include "host/numbering/plans.h"

#define DIGITS_MAX   40 /* read at all */
#define NATIONAL_MIN 2
#define NATIONAL_MAX 17
#define CALLING_MAX  3 /* digits */

/* ---- looking up ---- */

static const struct plan *plan_of_region(const char *region)
{
    for (size_t i = 0; region != NULL && region[0] != '\0' && i < plan_count; i++)
        if (strcasecmp(plans[i].country, region) == 0)
            return &plans[i];
    return NULL;
}

static const struct plan_calling *calling(int code)
{
    for (size_t i = 0; i < plan_calling_count; i++)
        if (plan_callings[i].code == code)
            return &plan_callings[i];
    return NULL;
}

static const struct plan *main_plan(int code)
{
    const struct plan_calling *c = calling(code);
    return c != NULL ? &plans[c->first] : NULL;
}

static bool matches(uint32_t pattern, const char *digits, bool whole)
{
    return pattern != 0 && pattern_match(plan_code + pattern, digits, whole, NULL);
}

/* ---- lengths and kinds ---- */

static bool has_length(uint32_t lengths, size_t len)
{
    return len < 32 && (lengths >> len & 1) != 0;
}

static enum numbering_fault length_fault(const struct plan *plan, const char *national)
{
    size_t len = strlen(national);
    if (has_length(plan->local_lengths, len))
        return NUMBERING_TOO_SHORT;
    if (has_length(plan->lengths, len))
        return NUMBERING_VALID;
    if (len >= 32 || plan->lengths >> len == 0)
        return NUMBERING_TOO_LONG;
    return (plan->lengths & ((UINT32_C(1) << len) - 1)) == 0 ? NUMBERING_TOO_SHORT : NUMBERING_WRONG_LENGTH;
}

static bool is_kind(const struct plan *plan, enum plan_kind kind, const char *national)
{
    const struct plan_desc *desc = &plan->kinds[kind];
    return (desc->lengths == 0 || has_length(desc->lengths, strlen(national))) &&
           matches(desc->pattern, national, true);
}

/* In the plan of this country; false: in none of its ranges. */
static bool find_kind(const struct plan *plan, const char *national, enum numbering_kind *kind)
{
    static const enum numbering_kind KINDS[PLAN_FIXED] = {
        [PLAN_PREMIUM_RATE] = NUMBERING_PREMIUM_RATE,
        [PLAN_TOLL_FREE] = NUMBERING_TOLL_FREE,
        [PLAN_SHARED_COST] = NUMBERING_SHARED_COST,
        [PLAN_VOIP] = NUMBERING_VOIP,
        [PLAN_PERSONAL] = NUMBERING_PERSONAL,
        [PLAN_PAGER] = NUMBERING_PAGER,
        [PLAN_UAN] = NUMBERING_UAN,
        [PLAN_VOICEMAIL] = NUMBERING_VOICEMAIL,
    };
    if (!matches(plan->general, national, true))
        return false;
    for (int i = 0; i < PLAN_FIXED; i++)
        if (is_kind(plan, (enum plan_kind)i, national)) {
            *kind = KINDS[i];
            return true;
        }
    bool fixed = is_kind(plan, PLAN_FIXED, national);
    bool mobile = fixed && plan->mobile_as_fixed ? true : is_kind(plan, PLAN_MOBILE, national);
    if (plan->mobile_as_fixed && !fixed)
        mobile = false;
    *kind = !mobile ? NUMBERING_FIXED : fixed ? NUMBERING_FIXED_OR_MOBILE : NUMBERING_MOBILE;
    return fixed || mobile;
}

/* Whose number it is, of the countries that share its calling code. */
static const struct plan *find_country(int code, const char *national)
{
    const struct plan_calling *c = calling(code);
    enum numbering_kind kind;
    if (c == NULL || c->count == 1)
        return c != NULL ? &plans[c->first] : NULL;
    for (size_t i = c->first; i < (size_t)c->first + c->count; i++)
        if (plans[i].leading != 0 ? matches(plans[i].leading, national, false)
                                  : find_kind(&plans[i], national, &kind))
            return &plans[i];
    return NULL;
}

/* ---- prefixes ---- */

/* Away with a national prefix, unless that makes of a number that fits the plan one that does not. */
static void strip_national_prefix(const struct plan *plan, char digits[DIGITS_MAX])
{
    struct pattern_groups groups;
    char rest[DIGITS_MAX * 2];
    if (plan->national_prefix == 0 || digits[0] == '\0' ||
        !pattern_match(plan_code + plan->national_prefix, digits, false, &groups))
        return;
    bool as_is = plan->prefix_transform[0] == '\0' ||
                 (plan->prefix_groups > 0 && groups.at[plan->prefix_groups][1] == 0xFF);
    if (!pattern_expand(as_is ? "" : plan->prefix_transform, digits, &groups, rest, sizeof rest) ||
        strlen(rest) >= DIGITS_MAX)
        return;
    if (!matches(plan->general, digits, true) || matches(plan->general, rest, true))
        memcpy(digits, rest, strlen(rest) + 1);
}

/* The international prefix as dialled in that country; what follows it does not begin with 0. */
static bool strip_international_prefix(const struct plan *plan, char digits[DIGITS_MAX])
{
    struct pattern_groups groups;
    if (plan == NULL || plan->international_prefix == 0 ||
        !pattern_match(plan_code + plan->international_prefix, digits, false, &groups))
        return false;
    const char *rest = digits + groups.at[0][1];
    if (*rest == '0')
        return false;
    memmove(digits, rest, strlen(rest) + 1);
    return true;
}

/* ---- reading ---- */

struct reading {
    char digits[DIGITS_MAX]; /* what is left to be read; in the end the national number */
    bool international;
    int code;
    const struct plan *plan; /* the main one of the code */
};

static enum numbering_fault read_digits(const char *text, struct reading *r)
{
    const size_t text_len = strlen(text);
    size_t len = 0;
    for (; *text != '\0'; text++) {
        if (strchr(" -.()/", *text) != NULL)
            continue;
        if (*text == '+' && len == 0) {
            r->international = true;
            continue;
        }
        if (*text < '0' || *text > '9')
            return NUMBERING_NOT_A_NUMBER;
        if (len == DIGITS_MAX - 1)
            return NUMBERING_TOO_LONG;
        r->digits[len++] = *text;
    }
    r->digits[len] = '\0';
    return len > NATIONAL_MIN || (len == NATIONAL_MIN && text_len == len) ? NUMBERING_VALID
                                                                          : NUMBERING_NOT_A_NUMBER;
}

/* A calling code, which is taken away; false when none stands there. */
static bool take_code(struct reading *r)
{
    int code = 0;
    for (size_t len = 0; len < CALLING_MAX && r->digits[len] != '\0'; len++) {
        code = code * 10 + (r->digits[len] - '0');
        if (r->digits[0] != '0' && (r->plan = main_plan(code)) != NULL) {
            r->code = code;
            memmove(r->digits, r->digits + len + 1, strlen(r->digits + len + 1) + 1);
            return true;
        }
    }
    return false;
}

/* A local form that begins with the calling code is taken for an international one without '+', if it makes
 * sense only so. */
static void take_local(const struct plan *home, struct reading *r)
{
    char code[8], rest[DIGITS_MAX];
    int len = snprintf(code, sizeof code, "%d", home->calling_code);
    r->code = home->calling_code;
    r->plan = home;
    if (strncmp(r->digits, code, (size_t)len) != 0)
        return;
    snprintf(rest, sizeof rest, "%s", r->digits + len);
    strip_national_prefix(home, rest);
    if ((!matches(home->general, r->digits, true) && matches(home->general, rest, true)) ||
        length_fault(home, r->digits) == NUMBERING_TOO_LONG) {
        memcpy(r->digits, rest, sizeof rest);
        r->plan = main_plan(r->code);
    }
}

static enum numbering_fault read_international(struct reading *r)
{
    if (strlen(r->digits) <= NATIONAL_MIN)
        return NUMBERING_TOO_SHORT;
    return take_code(r) ? NUMBERING_VALID : NUMBERING_UNKNOWN_COUNTRY;
}

/* "+0041...": no code stands behind the plus, so that it may be too much. */
static enum numbering_fault read_without_plus(const struct plan *home, struct reading *r)
{
    struct reading local = *r;
    if (home == NULL)
        return NUMBERING_UNKNOWN_COUNTRY;
    if (strip_international_prefix(home, r->digits))
        return read_international(r);
    take_local(home, &local);
    if (strcmp(local.digits, r->digits) == 0)
        return NUMBERING_UNKNOWN_COUNTRY;
    *r = local;
    return NUMBERING_VALID;
}

static enum numbering_fault read_code(const struct plan *home, struct reading *r)
{
    if (r->international) {
        enum numbering_fault fault = read_international(r);
        return fault == NUMBERING_UNKNOWN_COUNTRY ? read_without_plus(home, r) : fault;
    }
    if (strip_international_prefix(home, r->digits))
        return read_international(r);
    if (home == NULL)
        return NUMBERING_UNKNOWN_COUNTRY;
    take_local(home, r);
    return NUMBERING_VALID;
}

static enum numbering_fault read_national(struct reading *r)
{
    char bare[DIGITS_MAX];
    if (strlen(r->digits) < NATIONAL_MIN)
        return NUMBERING_TOO_SHORT;
    memcpy(bare, r->digits, sizeof bare);
    strip_national_prefix(r->plan, bare);
    enum numbering_fault fault = length_fault(r->plan, bare);
    if (fault == NUMBERING_VALID || fault == NUMBERING_TOO_LONG)
        memcpy(r->digits, bare, sizeof bare);
    size_t len = strlen(r->digits);
    return len < NATIONAL_MIN   ? NUMBERING_TOO_SHORT
           : len > NATIONAL_MAX ? NUMBERING_TOO_LONG
                                : NUMBERING_VALID;
}

/* ---- telling ---- */

static void write_national(const struct plan *main, const char *digits, char out[NUMBERING_TEXT])
{
    struct pattern_groups groups;
    for (size_t i = main->form_first; i < (size_t)main->form_first + main->form_count; i++) {
        const struct plan_form *form = &plan_forms[i];
        if ((form->leading == 0 || matches(form->leading, digits, false)) &&
            pattern_match(plan_code + form->pattern, digits, true, &groups) &&
            pattern_expand(form->national, digits, &groups, out, NUMBERING_TEXT))
            return;
    }
    snprintf(out, NUMBERING_TEXT, "%s", digits);
}

static enum numbering_fault judge(const struct reading *r, struct numbering *out)
{
    const struct plan *main = main_plan(r->code), *plan = find_country(r->code, r->digits);
    out->calling_code = r->code;
    snprintf(out->e164, sizeof out->e164, "+%d%s", r->code, r->digits);
    write_national(main, r->digits, out->national);
    if (plan != NULL && find_kind(plan, r->digits, &out->kind)) {
        memcpy(out->country, plan->country, sizeof out->country);
        return NUMBERING_VALID;
    }
    enum numbering_fault fault = length_fault(main, r->digits);
    return fault != NUMBERING_VALID ? fault : NUMBERING_UNASSIGNED;
}

static bool read_once(const char *text, const char *region, struct numbering *out)
{
    struct reading r = {0};
    *out = (struct numbering){0};
    out->fault = read_digits(text, &r);
    if (out->fault == NUMBERING_VALID)
        out->fault = read_code(plan_of_region(region), &r);
    if (out->fault == NUMBERING_VALID)
        out->fault = read_national(&r);
    if (out->fault == NUMBERING_VALID)
        out->fault = judge(&r, out);
    return out->fault == NUMBERING_VALID;
}

/* Of a prefix that was dialled twice the plan takes one away ("+52 1 1 81..." in Mexico), and of the number
 * that is left the other: only what stays is somebody's one form. */
bool numbering_parse(const char *text, const char *region, struct numbering *out)
{
    struct numbering again;
    bool valid = read_once(text, region, out);
    while (valid && read_once(out->e164, NULL, &again) && strlen(again.e164) < strlen(out->e164))
        *out = again;
    return valid;
}

bool numbering_knows_region(const char *region)
{
    return plan_of_region(region) != NULL;
}

const char *numbering_main_country(int calling_code)
{
    const struct plan *plan = main_plan(calling_code);
    return plan != NULL ? plan->country : "";
}

const char *numbering_country(const char *e164)
{
    struct reading r = {0};
    if (e164[0] != '+' || read_digits(e164, &r) != NUMBERING_VALID || !take_code(&r))
        return "";
    const struct plan *plan = find_country(r.code, r.digits);
    return plan != NULL ? plan->country : r.plan->country;
}
