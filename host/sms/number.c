#include "host/sms/number.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SHORT_MAX     6 /* digits of a short code */
#define REPORT_DIGITS 8

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Digits without decoration, a leading '+' kept; false at any other character, or past the room. */
static bool strip(const char *in, char *out, size_t room)
{
    size_t len = 0;
    for (; *in != '\0'; in++) {
        if (strchr(" -.()/", *in) != NULL)
            continue;
        if (!is_digit(*in) && !(*in == '+' && len == 0))
            return false;
        if (len + 1 >= room)
            return false;
        out[len++] = *in;
    }
    out[len] = '\0';
    return len > 0;
}

static bool is_e164(const char *text)
{
    size_t len = strlen(text);
    return text[0] == '+' && text[1] >= '1' && text[1] <= '9' && len >= 8 && len <= 16;
}

static enum number_kind parse_alpha(const char *in, char out[NUMBER_MAX])
{
    size_t len = strlen(in);
    bool letter = false;
    if (len == 0 || len > 11)
        return NUMBER_INVALID;
    for (size_t i = 0; i < len; i++) {
        if (!is_letter(in[i]) && !is_digit(in[i]) && strchr(" &_-", in[i]) == NULL)
            return NUMBER_INVALID;
        letter |= is_letter(in[i]);
    }
    if (!letter)
        return NUMBER_INVALID;
    memcpy(out, in, len + 1);
    return NUMBER_ALPHA;
}

/* A local form by the plan: trunk prefix away, country code in front. */
static bool localise(const char *digits, const struct number_plan *plan, char *out, size_t room)
{
    if (plan == NULL || plan->country == NULL || plan->country[0] == '\0')
        return false;
    size_t trunk = plan->trunk != NULL ? strlen(plan->trunk) : 0;
    if (trunk > 0 && strncmp(digits, plan->trunk, trunk) == 0)
        digits += trunk;
    else if (trunk > 0)
        return false;
    return (size_t)snprintf(out, room, "+%s%s", plan->country, digits) < room;
}

enum number_kind number_parse(const char *in, const struct number_plan *plan, char out[NUMBER_MAX])
{
    char bare[32], made[48];
    out[0] = '\0';
    if (!strip(in, bare, sizeof bare))
        return parse_alpha(in, out);
    size_t len = strlen(bare);
    if (bare[0] != '+' && len >= 3 && len <= SHORT_MAX) {
        memcpy(out, bare, len + 1);
        return NUMBER_SHORT;
    }
    if (bare[0] == '+')
        snprintf(made, sizeof made, "%s", bare);
    else if (strncmp(bare, "00", 2) == 0)
        snprintf(made, sizeof made, "+%s", bare + 2);
    else if (!localise(bare, plan, made, sizeof made))
        return NUMBER_INVALID;
    if (!is_e164(made))
        return NUMBER_INVALID;
    memcpy(out, made, strlen(made) + 1);
    return NUMBER_E164;
}

bool number_match(const char *a, const char *b, unsigned digits)
{
    a += a[0] == '+';
    b += b[0] == '+';
    if (strcmp(a, b) == 0)
        return a[0] != '\0';
    size_t a_len = strlen(a), b_len = strlen(b), shorter = a_len < b_len ? a_len : b_len;
    if (shorter <= SHORT_MAX || strspn(a, "0123456789") != a_len || strspn(b, "0123456789") != b_len)
        return false;
    size_t need = digits > 0 ? digits : shorter < REPORT_DIGITS ? shorter : REPORT_DIGITS;
    return shorter >= need && strcmp(a + a_len - need, b + b_len - need) == 0;
}
