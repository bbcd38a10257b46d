/* URLs are cut into their parts (RFC 3986, appendix B) and put together again; nothing is normalised, because
 * an application rebuilds the URL it was called by and checks the signature over those very bytes.
 *
 * Refuses, by returning NULL, whatever is not http or https with a host. Never fails otherwise: without
 * memory it ends the program. */
#include "host/facade/hook_url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/log.h"

struct span {
    const char *at; /* NULL = the part is absent (not: empty) */
    size_t len;
};
struct parts {
    struct span scheme, authority, path, query; /* without their delimiters */
};

static const char unit_end[] = "/?#";

static struct span take(const char **text, const char *delimiters)
{
    struct span span = {*text, strcspn(*text, delimiters)};
    *text += span.len;
    return span;
}

static size_t scheme_len(const char *text)
{
    if (!isalpha((unsigned char)text[0]))
        return 0;
    size_t len = 1;
    while (isalnum((unsigned char)text[len]) || (text[len] != '\0' && strchr("+-.", text[len]) != NULL))
        len++;
    return text[len] == ':' ? len : 0;
}

static struct parts split(const char *url)
{
    struct parts parts = {0};
    size_t scheme = scheme_len(url);
    if (scheme > 0) {
        parts.scheme = (struct span){url, scheme};
        url += scheme + 1;
    }
    if (strncmp(url, "//", 2) == 0) {
        url += 2;
        parts.authority = take(&url, unit_end);
    }
    parts.path = take(&url, "?#");
    if (*url == '?') {
        url++;
        parts.query = take(&url, "#");
    }
    return parts;
}

static bool span_is(struct span span, const char *text)
{
    return span.at != NULL && span.len == strlen(text) && strncasecmp(span.at, text, span.len) == 0;
}

static size_t userinfo_len(struct span authority)
{
    for (size_t i = authority.len; i > 0; i--)
        if (authority.at[i - 1] == '@')
            return i;
    return 0;
}

static bool is_http(const struct parts *parts)
{
    return (span_is(parts->scheme, "http") || span_is(parts->scheme, "https")) &&
           parts->authority.at != NULL && parts->authority.len > userinfo_len(parts->authority) &&
           parts->authority.at[userinfo_len(parts->authority)] != ':';
}

/* ---- building ---- */

static FILE *text_open(char **out, size_t *len)
{
    FILE *f = open_memstream(out, len);
    if (f == NULL)
        fatal("hook_url: out of memory");
    return f;
}

static void text_close(FILE *f)
{
    if (fclose(f) != 0)
        fatal("hook_url: out of memory");
}

static void put(FILE *f, const char *prefix, struct span span)
{
    if (span.at == NULL)
        return;
    fputs(prefix, f);
    for (size_t i = 0; i < span.len; i++) {
        unsigned char c = (unsigned char)span.at[i];
        if (c <= ' ' || c >= 0x7f)
            fprintf(f, "%%%02X", c);
        else
            fputc(c, f);
    }
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
static void put_path(FILE *f, struct span path)
{
    char *copy = strndup(path.len > 0 ? path.at : "/", path.len > 0 ? path.len : 1);
    if (copy == NULL)
        fatal("hook_url: out of memory");
    remove_dot_segments(copy);
    put(f, "", (struct span){copy, strlen(copy)});
    free(copy);
}

static char *join(const struct parts *parts)
{
    if (!is_http(parts))
        return NULL;
    char *out;
    size_t len;
    FILE *f = text_open(&out, &len);
    put(f, "", parts->scheme);
    put(f, "://", parts->authority);
    put_path(f, parts->path);
    put(f, "?", parts->query);
    text_close(f);
    return out;
}

char *hook_url_wire(const char *configured)
{
    struct parts parts = split(configured);
    return join(&parts);
}

/* Clause 5.2.3: the reference's path in place of the base's last segment. Begins with '/'. */
static char *merge_paths(struct span base, struct span reference)
{
    size_t keep = 0;
    if (reference.len == 0 || reference.at[0] != '/')
        for (size_t i = 0; i < base.len; i++)
            if (base.at[i] == '/')
                keep = i + 1;
    char *out = malloc(keep + reference.len + 2);
    if (out == NULL)
        fatal("hook_url: out of memory");
    memcpy(out, base.at, keep);
    memcpy(out + keep, reference.at, reference.len);
    out[keep + reference.len] = '\0';
    return out;
}

static char *resolve(const char *base, const char *reference)
{
    struct parts from = split(base), to = split(reference);
    char *path = NULL;
    if (to.scheme.at != NULL)
        return join(&to);
    to.scheme = from.scheme;
    if (to.authority.at == NULL) {
        to.authority = from.authority;
        if (to.path.len == 0) {
            to.path = from.path;
            if (to.query.at == NULL)
                to.query = from.query;
        } else {
            path = merge_paths(from.path, to.path);
            to.path = (struct span){path, strlen(path)};
        }
    }
    char *out = join(&to);
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
    char *stripped = strndup(reference, len);
    if (stripped == NULL)
        fatal("hook_url: out of memory");
    char *out = resolve(base, stripped);
    free(stripped);
    return out;
}

char *hook_url_add_query(const char *wire, const char *query)
{
    char *out;
    size_t len;
    FILE *f = text_open(&out, &len);
    const char *old = strchr(wire, '?');
    const char *glue = old == NULL ? "?" : old[1] == '\0' ? "" : "&";
    fprintf(f, "%s%s%s", wire, glue, query);
    text_close(f);
    return out;
}

static void drop_userinfo(struct parts *parts)
{
    size_t len = parts->authority.at != NULL ? userinfo_len(parts->authority) : 0;
    parts->authority.at += len;
    parts->authority.len -= len;
}

char *hook_url_public(const char *wire)
{
    struct parts parts = split(wire);
    drop_userinfo(&parts);
    return join(&parts);
}

void hook_url_host(const char *wire, char out[HOOK_HOST_MAX])
{
    struct parts parts = split(wire);
    drop_userinfo(&parts);
    const char *close = memchr(parts.authority.at, ']', parts.authority.len); /* [v6 address] */
    size_t off = close != NULL ? (size_t)(close - parts.authority.at) : 0;
    bool has_port = memchr(parts.authority.at + off, ':', parts.authority.len - off) != NULL;
    const char *port = has_port ? "" : span_is(parts.scheme, "https") ? ":443" : ":80";
    snprintf(out, HOOK_HOST_MAX, "%.*s%s", (int)parts.authority.len, parts.authority.at, port);
    for (char *c = out; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
}

const char *hook_url_brief(const char *url, char out[HOOK_BRIEF_MAX])
{
    struct parts parts = split(url);
    out[0] = '\0';
    if (!is_http(&parts))
        return out;
    drop_userinfo(&parts);
    parts.query = (struct span){0};
    char *text = join(&parts);
    snprintf(out, HOOK_BRIEF_MAX, "%s", text);
    free(text);
    return out;
}

/* ---- the fragment ---- */

static void set_bounded(struct span value, int least, int most, int *out)
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

static unsigned repeat_on(struct span value)
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
        struct span word = {value.at, comma != NULL ? (size_t)(comma - value.at) : value.len};
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (span_is(word, words[i].name))
                bits |= words[i].bits;
        size_t used = word.len + (comma != NULL);
        value = (struct span){value.at + used, value.len - used};
    }
    return bits;
}

static void set_override(struct hook_limits *limits, struct span key, struct span value)
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
        struct span key = take(&at, "=&");
        struct span value = {at, 0};
        if (*at == '=') {
            at++;
            value = take(&at, "&");
        }
        set_override(limits, key, value);
    }
}
