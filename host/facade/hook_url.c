/* URLs are cut into their parts (RFC 3986, appendix B) and put together again by host/base/url; nothing is
 * normalised but dot segments, because an application rebuilds the URL it was called by and checks the
 * signature over those very bytes.
 *
 * Refuses, by returning NULL, whatever is not http or https with a host that can be called. Never fails
 * otherwise: without memory it ends the program. */
#include "host/facade/hook_url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/log.h"
#include "host/base/url.h"

static char *must(char *text)
{
    if (text == NULL)
        fatal("hook_url: out of memory");
    return text;
}

/* RFC 3986 clause 5.2.4, in place: the output is never longer than what was read. */
static void remove_dot_segments(char *path)
{
    char *in = path, *out = path;
    while (*in != '\0') {
        size_t len = 1 + strcspn(in + 1, "/"); /* "/segment" */
        bool one = len == 2 && in[1] == '.', two = len == 3 && in[1] == '.' && in[2] == '.';
        bool last = in[len] == '\0';
        if (two)
            while (out > path && *--out != '/')
                ;
        if (!one && !two) {
            memmove(out, in, len);
            out += len;
        } else if (last) {
            *out++ = '/';
        }
        in += len;
    }
    *out = '\0';
}

/* Without dot segments: HTTP clients take them out, and what is signed is what is sent. */
static char *print(const struct url_parts *parts)
{
    struct url url;
    if (!url_of(parts, &url))
        return NULL;
    char *path = must(strndup(url.path.at, url.path.len));
    remove_dot_segments(path);
    url.path = (struct url_span){path, strlen(path)};
    char *out = url_print(&url);
    free(path);
    return out;
}

char *hook_url_wire(const char *configured)
{
    struct url_parts parts;
    url_cut(configured, &parts);
    return print(&parts);
}

/* Clause 5.2.3: the reference's path in place of the base's last segment. Begins with '/'. */
static char *merge_paths(struct url_span base, struct url_span reference)
{
    size_t keep = 0;
    if (reference.len == 0 || reference.at[0] != '/')
        for (size_t i = 0; i < base.len; i++)
            if (base.at[i] == '/')
                keep = i + 1;
    char *out = must(malloc(keep + reference.len + 1));
    memcpy(out, base.at, keep);
    memcpy(out + keep, reference.at, reference.len);
    out[keep + reference.len] = '\0';
    return out;
}

static char *resolve(const char *base, const char *reference)
{
    struct url_parts from, to;
    char *path = NULL;
    url_cut(base, &from);
    url_cut(reference, &to);
    if (to.scheme.at != NULL)
        return print(&to);
    to.scheme = from.scheme;
    if (to.authority.at == NULL) {
        to.authority = from.authority;
        if (to.path.len == 0) {
            to.path = from.path;
            if (to.query.at == NULL)
                to.query = from.query;
        } else {
            path = merge_paths(from.path, to.path);
            to.path = (struct url_span){path, strlen(path)};
        }
    }
    char *out = print(&to);
    free(path);
    return out;
}

/* White space around a reference is the application's formatting (HTML standard, "strip"). */
char *hook_url_resolve(const char *base, const char *reference)
{
    while (*reference != '\0' && (unsigned char)*reference <= ' ')
        reference++;
    size_t len = strlen(reference);
    while (len > 0 && (unsigned char)reference[len - 1] <= ' ')
        len--;
    char *stripped = must(strndup(reference, len));
    char *out = resolve(base, stripped);
    free(stripped);
    return out;
}

char *hook_url_add_query(const char *wire, const char *query)
{
    char *out;
    const char *old = strchr(wire, '?');
    const char *glue = old == NULL ? "?" : old[1] == '\0' ? "" : "&";
    if (asprintf(&out, "%s%s%s", wire, glue, query) < 0)
        fatal("hook_url: out of memory");
    return out;
}

char *hook_url_public(const char *wire)
{
    struct url url;
    if (!url_split(wire, &url))
        return NULL;
    url.userinfo = (struct url_span){0};
    return url_print(&url);
}

void hook_url_host(const char *wire, char out[HOOK_HOST_MAX])
{
    struct url url;
    out[0] = '\0';
    if (!url_split(wire, &url))
        return;
    snprintf(out, HOOK_HOST_MAX, "%.*s:%d", (int)url.host.len, url.host.at,
             url.port != 0 ? url.port
             : url.https   ? 443
                           : 80);
    for (char *c = out; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

const char *hook_url_brief(const char *text, char out[HOOK_BRIEF_MAX])
{
    struct url url;
    out[0] = '\0';
    if (!url_split(text, &url))
        return out;
    url.userinfo = url.query = (struct url_span){0};
    char *brief = url_print(&url);
    snprintf(out, HOOK_BRIEF_MAX, "%s", brief);
    free(brief);
    return out;
}

/* ---- the fragment ---- */

static bool span_is(struct url_span span, const char *text)
{
    return span.len == strlen(text) && strncasecmp(span.at, text, span.len) == 0;
}

static struct url_span take(const char **text, const char *delimiters)
{
    struct url_span span = {*text, strcspn(*text, delimiters)};
    *text += span.len;
    return span;
}

static void set_bounded(struct url_span value, int least, int most, int *out)
{
    long number = 0;
    if (value.len == 0)
        return;
    for (size_t i = 0; i < value.len; i++) {
        if (!isdigit((unsigned char)value.at[i]))
            return;
        if (number <= most)
            number = number * 10 + (value.at[i] - '0');
    }
    *out = number < least ? least : number > most ? most : (int)number;
}

static unsigned repeat_on(struct url_span value)
{
    static const struct {
        const char *name;
        unsigned bits;
    } words[] = {
        {"ct", HOOK_REPEAT_CT},
        {"rt", HOOK_REPEAT_RT},
        {"4xx", HOOK_REPEAT_4XX},
        {"5xx", HOOK_REPEAT_5XX},
        {"all", HOOK_REPEAT_CT | HOOK_REPEAT_RT | HOOK_REPEAT_4XX | HOOK_REPEAT_5XX | HOOK_REPEAT_OTHER},
    };
    unsigned bits = 0;
    while (value.len > 0) {
        const char *comma = memchr(value.at, ',', value.len);
        struct url_span word = {value.at, comma != NULL ? (size_t)(comma - value.at) : value.len};
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (span_is(word, words[i].name))
                bits |= words[i].bits;
        size_t used = word.len + (comma != NULL);
        value = (struct url_span){value.at + used, value.len - used};
    }
    return bits;
}

static void set_override(struct hook_limits *limits, struct url_span key, struct url_span value)
{
    if (span_is(key, "ct"))
        set_bounded(value, 100, 10000, &limits->connect_ms);
    else if (span_is(key, "rt"))
        set_bounded(value, 100, 15000, &limits->read_ms);
    else if (span_is(key, "tt"))
        set_bounded(value, 100, 15000, &limits->total_ms);
    else if (span_is(key, "rc"))
        set_bounded(value, 0, 5, &limits->repeats);
    else if (span_is(key, "rp") && repeat_on(value) != 0)
        limits->repeat_on = repeat_on(value);
    else if (span_is(key, "method"))
        limits->method = span_is(value, "GET") ? "GET" : span_is(value, "POST") ? "POST" : limits->method;
}

void hook_limits_parse(const char *configured, const struct conf_hooks *conf, struct hook_limits *limits)
{
    *limits = (struct hook_limits){
        .connect_ms = conf->connect_ms,
        .read_ms = conf->read_ms,
        .total_ms = conf->total_ms,
        .repeats = 1,
        .repeat_on = HOOK_REPEAT_CT,
    };
    const char *at = strchr(configured, '#');
    if (at == NULL)
        return;
    for (at++; *at != '\0'; at += *at == '&') {
        struct url_span key = take(&at, "=&");
        struct url_span value = {at, 0};
        if (*at == '=') {
            at++;
            value = take(&at, "&");
        }
        set_override(limits, key, value);
    }
}
