/* See url.h. RFC 3986 clause 3 as far as a callback needs it. */
#include "host/facade/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool port_valid(const char *port, size_t len)
{
    char digits[6];
    if (len == 0) /* "http://host:/" */
        return true;
    if (len >= sizeof digits || strspn(port, "0123456789") < len)
        return false;
    memcpy(digits, port, len);
    digits[len] = '\0';
    long n = strtol(digits, NULL, 10);
    return n >= 1 && n <= 65535;
}

static bool name_valid(const char *host, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr("_[]<>\"\\^`{}|%@", host[i]) != NULL)
            return false;
    return len > 0 && host[0] != '.' && host[0] != '-';
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static bool host_valid(const char *host, size_t len)
{
    const char *end = host + len, *after;
    if (len > 0 && host[0] == '[') {
        after = memchr(host, ']', len);
        size_t inside = after != NULL ? strspn(host + 1, "0123456789abcdefABCDEF:.") : 0;
        if (inside < 2 || host + 1 + inside != after)
            return false;
        after++;
    } else {
        after = memchr(host, ':', len);
        after = after != NULL ? after : end;
        if (!name_valid(host, (size_t)(after - host)))
            return false;
    }
    return after == end || (*after == ':' && port_valid(after + 1, (size_t)(end - after - 1)));
}

bool url_valid(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f)
            return false;
    size_t scheme = strncasecmp(text, "http://", 7) == 0 ? 7 : strncasecmp(text, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0)
        return false;
    const char *host = text + scheme;
    size_t len = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', len);
    if (at != NULL) {
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    return host_valid(host, len);
}
