/* See urllist.h. Patterns are taken apart by the same reader as URLs. */
#include "host/base/urllist.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/base/url.h"

#define PATTERN_MAX (URL_HOST_MAX + 32)

static int port_of(const struct url *url)
{
    return url->port != 0 ? url->port : url->https ? 443 : 80;
}

static bool same_host(struct url_span a, struct url_span b)
{
    return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

/* "/../", "/./", and with the dots encoded. */
static bool has_dots(struct url_span path)
{
    size_t dots = 0;
    for (size_t i = 0; i <= path.len; i++) {
        bool end = i == path.len || path.at[i] == '/' || path.at[i] == '\\';
        if (end && (dots == 1 || dots == 2))
            return true;
        if (end)
            dots = 0;
        else if (path.at[i] == '.')
            dots += dots < 3;
        else if (path.len - i >= 3 && strncasecmp(path.at + i, "%2e", 3) == 0)
            dots += dots < 3, i += 2;
        else if (path.len - i >= 3 &&
                 (strncasecmp(path.at + i, "%2f", 3) == 0 || strncasecmp(path.at + i, "%5c", 3) == 0))
            return true; /* a '/' in disguise: what it separates is not looked into */
        else
            dots = 3; /* a name like any other */
    }
    return false;
}

/* A host pattern as a URL, so that one reader serves; the star is set aside. */
static bool host_pattern(const char *pattern, char text[PATTERN_MAX], struct url *url, bool *below)
{
    *below = strncmp(pattern, "*.", 2) == 0;
    const char *host = pattern + (*below ? 2 : 0);
    if (host[strcspn(host, "/?#@")] != '\0' || strlen(host) >= PATTERN_MAX - 8)
        return false;
    snprintf(text, PATTERN_MAX, "http://%s", host);
    return url_split(text, url);
}

static bool is_prefix(const char *pattern)
{
    return strstr(pattern, "://") != NULL;
}

bool urllist_valid(const char *pattern)
{
    struct url url;
    char text[PATTERN_MAX];
    bool below;
    if (!is_prefix(pattern))
        return host_pattern(pattern, text, &url, &below);
    return url_split(pattern, &url) && url.userinfo.at == NULL && url.query.at == NULL &&
           url.fragment.at == NULL && !has_dots(url.path);
}

static bool fits_host(const char *pattern, const struct url *url)
{
    struct url want;
    char text[PATTERN_MAX];
    bool below;
    if (!host_pattern(pattern, text, &want, &below) || (want.port != 0 && want.port != port_of(url)))
        return false;
    if (!below)
        return same_host(want.host, url->host);
    if (url->host.len <= want.host.len + 1)
        return false;
    size_t at = url->host.len - want.host.len;
    return url->host.at[at - 1] == '.' &&
           same_host(want.host, (struct url_span){url->host.at + at, want.host.len});
}

static bool fits_prefix(const char *pattern, const struct url *url)
{
    struct url want;
    if (!url_split(pattern, &want) || want.https != url->https || port_of(&want) != port_of(url) ||
        !same_host(want.host, url->host))
        return false;
    if (want.path.len <= 1)
        return true;
    return !has_dots(url->path) && url->path.len >= want.path.len &&
           memcmp(url->path.at, want.path.at, want.path.len) == 0;
}

bool urllist_allows(char *const *patterns, const char *text)
{
    struct url url;
    if (patterns == NULL || patterns[0] == NULL)
        return true;
    if (!url_split(text, &url))
        return false;
    for (; *patterns != NULL; patterns++)
        if (is_prefix(*patterns) ? fits_prefix(*patterns, &url) : fits_host(*patterns, &url))
            return true;
    return false;
}
