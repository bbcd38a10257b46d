/* See url.h. Nothing is normalised beyond what it says. Without memory it ends the program. */
#include "host/base/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/base/log.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

/* ---- cutting ---- */

static struct url_span take(const char **text, const char *delimiters)
{
    struct url_span span = {*text, strcspn(*text, delimiters)};
    *text += span.len;
    return span;
}

/* Without the colon; 0 = there is none. */
static size_t scheme_len(const char *text)
{
    size_t len = strspn(text, LETTERS DIGITS "+-.");
    return text[len] == ':' && strspn(text, LETTERS) > 0 ? len : 0;
}

void url_cut(const char *reference, struct url_parts *parts)
{
    const char *at = reference;
    size_t scheme = scheme_len(at);
    *parts = (struct url_parts){0};
    if (scheme > 0) {
        parts->scheme = (struct url_span){at, scheme};
        at += scheme + 1;
    }
    if (strncmp(at, "//", 2) == 0) {
        at += 2;
        parts->authority = take(&at, "/?#");
    }
    parts->path = take(&at, "?#");
    if (*at == '?') {
        at++;
        parts->query = take(&at, "#");
    }
    if (*at == '#')
        parts->fragment = (struct url_span){at + 1, strlen(at + 1)};
}

/* ---- the authority ---- */

static bool span_is(struct url_span span, const char *text)
{
    return span.at != NULL && span.len == strlen(text) && strncasecmp(span.at, text, span.len) == 0;
}

/* Up to and without the first c, and the rest after it; false when there is none. */
static bool cut_at(struct url_span span, char c, struct url_span *before, struct url_span *after)
{
    const char *at = span.len > 0 ? memchr(span.at, c, span.len) : NULL;
    if (at == NULL)
        return false;
    *before = (struct url_span){span.at, (size_t)(at - span.at)};
    *after = (struct url_span){at + 1, span.len - before->len - 1};
    return true;
}

static bool read_port(struct url_span text, int *port)
{
    int value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || value > 65535)
            return false;
        value = value * 10 + (text.at[i] - '0');
    }
    *port = value;
    return text.len == 0 || (value >= 1 && value <= 65535);
}

static bool read_ip(int family, struct url_span host, struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN];
    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    return inet_pton(family, text, address) == 1;
}

/* A name that ends in a number is read as an IPv4 address (127.1, 0x7f000001), and clients write another Host
 * then: only the usual spelling is taken, as it is the one that an application sees. */
static bool is_odd_ipv4(struct url_span host)
{
    struct in6_addr address;
    if (host.at[host.len - 1] == '.')
        host.len--;
    const char *dot = memrchr(host.at, '.', host.len), *end = host.at + host.len;
    const char *label = dot != NULL ? dot + 1 : host.at;
    bool hex = end - label >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X');
    label += hex ? 2 : 0;
    bool number = strspn(label, hex ? DIGITS "abcdefABCDEF" : DIGITS) >= (size_t)(end - label);
    return number && !read_ip(AF_INET, host, &address);
}

static bool is_name(struct url_span host)
{
    if (host.len == 0 || host.len > URL_HOST_MAX || host.at[0] == '.' || host.at[0] == '-')
        return false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        if (c == '\0' || strchr(LETTERS DIGITS "-._", c) == NULL ||
            (c == '.' && i + 1 < host.len && host.at[i + 1] == '.'))
            return false;
    }
    return !is_odd_ipv4(host);
}

static bool read_host_port(struct url_span text, struct url *url)
{
    struct url_span inside, rest = {0};
    struct in6_addr address;
    if (text.len > 0 && text.at[0] == '[') {
        if (!cut_at((struct url_span){text.at + 1, text.len - 1}, ']', &inside, &rest) ||
            !read_ip(AF_INET6, inside, &address))
            return false;
        url->host = (struct url_span){text.at, inside.len + 2};
        if (rest.len == 0)
            return true;
        return rest.at[0] == ':' && read_port((struct url_span){rest.at + 1, rest.len - 1}, &url->port);
    }
    if (!cut_at(text, ':', &url->host, &rest))
        url->host = text;
    return is_name(url->host) && read_port(rest, &url->port);
}

bool url_of(const struct url_parts *parts, struct url *url)
{
    struct url_span host_port = parts->authority;
    *url = (struct url){.path = parts->path, .query = parts->query, .fragment = parts->fragment};
    url->https = span_is(parts->scheme, "https");
    if (!url->https && !span_is(parts->scheme, "http"))
        return false;
    cut_at(parts->authority, '@', &url->userinfo, &host_port);
    return read_host_port(host_port, url);
}

bool url_split(const char *text, struct url *url)
{
    struct url_parts parts;
    url_cut(text, &parts);
    return url_of(&parts, url);
}

bool url_valid(const char *text)
{
    struct url url;
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return false;
    return url_split(text, &url) && memchr(url.host.at, '_', url.host.len) == NULL;
}

/* ---- putting together ---- */

static void put(FILE *f, struct url_span span)
{
    for (size_t i = 0; i < span.len; i++) {
        unsigned char c = (unsigned char)span.at[i];
        if (c <= ' ' || c >= 0x7f)
            fprintf(f, "%%%02X", c);
        else
            fputc(c, f);
    }
}

/* IPv6 as RFC 5952 has it, and as it then stands in the Host header. */
static void put_host(FILE *f, struct url_span host)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    if (host.at[0] == '[' && read_ip(AF_INET6, (struct url_span){host.at + 1, host.len - 2}, &address) &&
        inet_ntop(AF_INET6, &address, text, sizeof text) != NULL)
        fprintf(f, "[%s]", text);
    else
        put(f, host);
}

char *url_print(const struct url *url)
{
    char *out;
    size_t len;
    FILE *f = open_memstream(&out, &len);
    if (f == NULL)
        fatal("out of memory");
    fputs(url->https ? "https://" : "http://", f);
    put(f, url->userinfo);
    if (url->userinfo.len > 0)
        fputc('@', f);
    put_host(f, url->host);
    if (url->port != 0)
        fprintf(f, ":%d", url->port);
    if (url->path.len == 0)
        fputc('/', f);
    put(f, url->path);
    if (url->query.at != NULL)
        fputc('?', f);
    put(f, url->query);
    if (fclose(f) != 0)
        fatal("out of memory");
    return out;
}
