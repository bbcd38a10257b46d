/* From an option's text to its field, and the same options' clean-up and comparison. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/conf_internal.h"
#include "host/base/e164.h"
#include "host/base/httpc.h"
#include "host/base/log.h"
#include "host/base/url.h"
#include "host/base/urllist.h"

static char *copy(const char *text, size_t len)
{
    char *out = malloc(len + 1);
    if (out == NULL)
        fatal("out of memory");
    memcpy(out, text, len);
    out[len] = '\0';
    return out;
}

static void put_text(void *field, char *text)
{
    char **slot = field;
    free(*slot);
    *slot = text;
}

/* Digits and an optional unit. Milliseconds for durations. */
static bool parse_amount(const char *text, bool units, int64_t *out)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } rows[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || !isdigit((unsigned char)text[0]))
        return false;
    *out = value;
    if (!units)
        return *end == '\0';
    if (value == 0 && *end == '\0') /* of nothing there is no unit */
        return true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(end, rows[i].unit) == 0 && value < INT64_MAX / rows[i].ms) {
            *out = value * rows[i].ms;
            return true;
        }
    return false;
}

static bool set_int(struct conf_errors *errors, int line, const struct conf_option *option, const char *value,
                    void *field)
{
    int64_t number;
    bool duration = option->type != CONF_INT;
    if (!parse_amount(value, duration, &number)) {
        conf_error(errors, line, "%s is %s, not '%s'", option->key,
                   duration ? "a time like 500ms, 5s, 2m, 1h or 30d" : "a number", value);
        return false;
    }
    if (option->type == CONF_SECONDS)
        number /= 1000;
    if (number < option->least || number > option->most) {
        conf_error(errors, line, "%s is from %lld to %lld%s, not %s", option->key, (long long)option->least,
                   (long long)option->most,
                   option->type == CONF_DURATION  ? " ms"
                   : option->type == CONF_SECONDS ? " s"
                                                  : "",
                   value);
        return false;
    }
    *(int *)field = (int)number;
    return true;
}

/* The place of value in a list of words, -1 when it is none of them. */
static int word_index(const char *words, const char *value)
{
    size_t len = strlen(value);
    int index = 0;
    for (const char *at = words; *at != '\0'; index++) {
        size_t word_len = strcspn(at, " ");
        if (word_len == len && strncasecmp(at, value, len) == 0)
            return index;
        at += word_len + (at[word_len] == ' ');
    }
    return -1;
}

static bool set_bool(struct conf_errors *errors, int line, const struct conf_option *option,
                     const char *value, void *field)
{
    const char *words = option->words != NULL ? option->words : "no yes false true off on 0 1";
    int index = word_index(words, value);
    if (index < 0)
        conf_error(errors, line, "%s is one of: %s; not '%s'", option->key, words, value);
    else
        *(bool *)field = index % 2 == 1;
    return index >= 0;
}

static bool set_word(struct conf_errors *errors, int line, const struct conf_option *option,
                     const char *value, void *field)
{
    int index = word_index(option->words, value);
    if (index < 0) {
        conf_error(errors, line, "%s is one of: %s; not '%s'", option->key, option->words, value);
        return false;
    }
    if (option->as_text) {
        const char *at = option->words; /* the table's spelling */
        for (int i = 0; i < index; i++)
            at += strcspn(at, " ") + 1;
        put_text(field, copy(at, strcspn(at, " ")));
    } else {
        *(int *)field = index;
    }
    return true;
}

static bool all_hex(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789abcdefABCDEF") == len;
}

static bool is_url(const char *text)
{
    struct url url;
    return text[strcspn(text, " \"<>")] == '\0' && url_split(text, &url);
}

static bool is_slot(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (strncmp(text, "sim:/", 5) == 0)
        return colon > text + 5 && colon[1] != '\0' && colon - (text + 4) <= CONF_SOCKET_MAX;
    return colon != NULL && colon > text && colon - text < CONF_NAME_MAX && strchr(text, ':') == colon &&
           colon[1] >= '0' && colon[1] <= '3' && colon[2] == '\0';
}

/* Names are not resolved: what they mean may change, and where the API listens must not. */
static bool is_listen(const char *text)
{
    const char *colon = strrchr(text, ':');
    struct in6_addr address;
    char host[INET6_ADDRSTRLEN];
    if (colon == NULL || colon == text || colon[1] == '\0' || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || strtol(colon + 1, NULL, 10) > 65535)
        return false;
    bool six = text[0] == '[' && colon[-1] == ']';
    size_t len = (size_t)(colon - text) - (six ? 2 : 0);
    if (len >= sizeof host)
        return false;
    memcpy(host, text + six, len);
    host[len] = '\0';
    return inet_pton(six ? AF_INET6 : AF_INET, host, &address) == 1;
}

static bool is_pin(const char *text)
{
    size_t len = strlen(text);
    return len >= 4 && len <= 8 && strspn(text, "0123456789") == len;
}

/* What a modem's answer is brought to: without the F that fills the last octet. */
static bool is_iccid(const char *text)
{
    size_t len = strlen(text);
    return len >= 18 && len <= 20 && all_hex(text, len) && strncmp(text, "89", 2) == 0 &&
           text[len - 1] != 'F' && text[len - 1] != 'f';
}

static bool is_pattern(const char *text)
{
    const char *digits = text + (text[0] == '+');
    return *digits != '\0' && strlen(text) < 32 && strspn(digits, "0123456789*") == strlen(digits);
}

static const char *text_fault(const struct conf_option *option, const char *value)
{
    if (value[0] == '\0')
        return NULL;
    switch (option->type) {
    case CONF_URL: return is_url(value) ? NULL : "an absolute http:// or https:// URL";
    case CONF_NUMBER: return is_e164(value) ? NULL : "a number like +41790000001 (+ and 7 to 15 digits)";
    case CONF_PATTERN:
        return is_pattern(value) ? NULL : "a number like +41790000001, * standing for any digits";
    case CONF_TOKEN: return all_hex(value, 32) ? NULL : "32 hex digits";
    case CONF_PIN: return is_pin(value) ? NULL : "4 to 8 digits";
    case CONF_ICCID:
        return is_iccid(value)
                   ? NULL
                   : "the 18 to 20 digits on the SIM, which begin with 89 (without an F at the end)";
    case CONF_PORT:
        return strncmp(value, "serial:/", 8) == 0 || strncmp(value, "pty:/", 5) == 0
                   ? NULL
                   : "serial:/dev/... or pty:/...";
    case CONF_SLOT:
        return is_slot(value)
                   ? NULL
                   : "BOARD:N with N from 0 to 3, or sim:/SOCKET:NAME with a path of at most 107 octets";
    case CONF_LISTEN: return is_listen(value) ? NULL : "ADDRESS:PORT such as 127.0.0.1:8080 or [::]:8080";
    case CONF_HEX_SID:
        return strncmp(value, option->words, 2) == 0 && all_hex(value + 2, 32)
                   ? NULL
                   : "its two letters and 32 hex digits";
    case CONF_TEXT:
    case CONF_PATH:
    case CONF_INT:
    case CONF_DURATION:
    case CONF_SECONDS:
    case CONF_BOOL:
    case CONF_WORD:
    case CONF_NAME_REF:
    case CONF_LIST:
    case CONF_PREFIXES:
    case CONF_LISTENS:
    case CONF_RANGES:
    case CONF_URLS: return NULL;
    }
    return NULL;
}

static bool is_secret(const struct conf_option *option)
{
    return option->type == CONF_TOKEN || option->type == CONF_PIN;
}

static bool set_text(struct conf_errors *errors, int line, const struct conf_option *option,
                     const char *value, void *field)
{
    const char *fault = text_fault(option, value);
    if (fault != NULL && is_secret(option))
        conf_error(errors, line, "%s is %s", option->key, fault);
    else if (fault != NULL)
        conf_error(errors, line, "%s is %s, not '%s'", option->key, fault, value);
    if (fault != NULL)
        return false;
    put_text(field, copy(value, strlen(value)));
    return true;
}

static bool set_path(const struct conf_errors *errors, const char *value, void *field)
{
    const char *slash = strrchr(errors->file, '/');
    char *path;
    int len = value[0] == '/' || value[0] == '\0' || slash == NULL
                  ? asprintf(&path, "%s", value)
                  : asprintf(&path, "%.*s/%s", (int)(slash - errors->file), errors->file, value);
    if (len < 0)
        fatal("out of memory");
    put_text(field, path);
    return true;
}

static void list_free(char **list)
{
    for (char **item = list; item != NULL && *item != NULL; item++)
        free(*item);
    free(list);
}

/* How an E.164 number may begin. */
static bool is_prefix(const char *text)
{
    size_t digits = text[0] == '+' ? strspn(text + 1, "0123456789") : 0;
    return digits >= 1 && digits <= 15 && text[1 + digits] == '\0' && text[1] != '0';
}

static bool set_list(struct conf_errors *errors, int line, const struct conf_option *option,
                     const char *value, void *field)
{
    size_t room = strlen(value) / 2 + 2, count = 0;
    char **list = calloc(room, sizeof *list);
    struct httpc_range range;
    bool good = true;
    if (list == NULL)
        fatal("out of memory");
    for (const char *at = value + strspn(value, ", \t"); *at != '\0';) {
        size_t len = strcspn(at, ", \t");
        list[count] = copy(at, len);
        if (option->type == CONF_PREFIXES && !is_prefix(list[count])) {
            conf_error(errors, line, "%s: '%s' does not begin a number, like +41 or +4930", option->key,
                       list[count]);
            good = false;
        }
        if (option->type == CONF_URLS && !urllist_valid(list[count])) {
            conf_error(
                errors, line,
                "%s: '%s' is neither the beginning of a URL like https://app.example/hooks/ nor a host like "
                "app.example, *.app.example or 10.0.0.5:8080",
                option->key, list[count]);
            good = false;
        }
        if (option->type == CONF_RANGES && !httpc_range_parse(list[count], &range)) {
            conf_error(errors, line, "%s: '%s' is no address range like 192.168.0.0/16 or fd00::/8",
                       option->key, list[count]);
            good = false;
        }
        if (option->type == CONF_LISTENS && !is_listen(list[count])) {
            conf_error(errors, line, "%s: '%s' is not ADDRESS:PORT such as 0.0.0.0:443 or [::]:8443",
                       option->key, list[count]);
            good = false;
        }
        count++;
        at += len + strspn(at + len, ", \t");
    }
    list_free(*(char ***)field);
    *(char ***)field = list;
    return good;
}

/* How the field is held, whatever its syntax. */
static enum conf_type kept_as(const struct conf_option *option)
{
    switch (option->type) {
    case CONF_LIST:
    case CONF_PREFIXES:
    case CONF_LISTENS:
    case CONF_RANGES:
    case CONF_URLS: return CONF_LIST;
    case CONF_INT:
    case CONF_DURATION:
    case CONF_SECONDS: return CONF_INT;
    case CONF_BOOL: return CONF_BOOL;
    case CONF_WORD: return option->as_text ? CONF_TEXT : CONF_INT;
    case CONF_TEXT:
    case CONF_PATH:
    case CONF_NAME_REF:
    case CONF_URL:
    case CONF_NUMBER:
    case CONF_HEX_SID:
    case CONF_PORT:
    case CONF_SLOT:
    case CONF_LISTEN:
    case CONF_TOKEN:
    case CONF_PIN:
    case CONF_PATTERN:
    case CONF_ICCID: return CONF_TEXT;
    }
    return CONF_TEXT;
}

bool conf_value_set(struct conf_errors *errors, int line, const struct conf_option *option, const char *value,
                    void *object)
{
    void *field = (char *)object + option->offset;
    enum conf_type kept = kept_as(option);
    if (option->type == CONF_WORD)
        return set_word(errors, line, option, value, field);
    if (option->type == CONF_PATH)
        return set_path(errors, value, field);
    if (kept == CONF_INT)
        return set_int(errors, line, option, value, field);
    if (kept == CONF_BOOL)
        return set_bool(errors, line, option, value, field);
    return (kept == CONF_LIST ? set_list : set_text)(errors, line, option, value, field);
}

static void text_free(char *text, bool secret)
{
    if (secret && text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void conf_value_free(const struct conf_option *option, void *object)
{
    void *field = (char *)object + option->offset;
    if (kept_as(option) == CONF_LIST)
        list_free(*(char ***)field);
    else if (kept_as(option) == CONF_TEXT)
        text_free(*(char **)field, is_secret(option));
}

void conf_value_swap(const struct conf_option *option, void *a, void *b)
{
    enum conf_type kept = kept_as(option);
    size_t size = kept == CONF_BOOL ? sizeof(bool) : kept == CONF_INT ? sizeof(int) : sizeof(void *);
    char *left = (char *)a + option->offset, *right = (char *)b + option->offset, between[sizeof(void *)];
    memcpy(between, left, size);
    memcpy(left, right, size);
    memcpy(right, between, size);
}

static bool lists_equal(char *const *a, char *const *b)
{
    while (*a != NULL && *b != NULL)
        if (strcmp(*a++, *b++) != 0)
            return false;
    return *a == *b;
}

bool conf_value_equal(const struct conf_option *option, const void *a, const void *b)
{
    const char *left = (const char *)a + option->offset, *right = (const char *)b + option->offset;
    enum conf_type kept = kept_as(option);
    if (kept == CONF_TEXT)
        return strcmp(*(char *const *)left, *(char *const *)right) == 0;
    if (kept == CONF_LIST)
        return lists_equal(*(char **const *)left, *(char **const *)right);
    return kept == CONF_BOOL ? *(const bool *)left == *(const bool *)right
                             : *(const int *)left == *(const int *)right;
}
