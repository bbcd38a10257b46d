/* "PATTERN\nURL": an operator's url_allow against what a client, or an answer, gives as a URL. A pattern lets
 * itself pass, and nothing passes that is no URL, has another host, or another port than was said. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/url.h"
#include "host/base/urllist.h"
#include "tests/fuzz/fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool allows(const char *pattern, const char *url)
{
    char *const list[] = {(char *)(uintptr_t)pattern, NULL};
    return urllist_allows(list, url);
}

static bool ends_in(struct url_span text, const char *end, size_t len)
{
    return text.len >= len && strncasecmp(text.at + text.len - len, end, len) == 0;
}

/* Another way to the same: the text of the pattern's host must end the URL's host. */
static void check_host(const char *pattern, const struct url *url)
{
    const char *scheme = strstr(pattern, "://");
    const char *host = scheme != NULL ? scheme + 3 : pattern + (strncmp(pattern, "*.", 2) == 0 ? 2 : 0);
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    if (!ends_in(url->host, host, len))
        abort();
    if (host == pattern && url->host.len != len)
        abort();
    if (host == pattern + 2 && (url->host.len < len + 2 || url->host.at[url->host.len - len - 1] != '.'))
        abort();
    const char *path = scheme != NULL ? host + strcspn(host, "/") : "";
    if (strlen(path) > 1 && (strncmp(url->path.at, path, strlen(path)) != 0 ||
                             memmem(url->path.at, url->path.len, "/../", 4) != NULL))
        abort();
    if (scheme != NULL && (url->host.len != len || url->https != (scheme - pattern == 5)))
        abort();
}

static void check_itself(const char *pattern)
{
    char url[2048];
    bool below = strncmp(pattern, "*.", 2) == 0;
    if (strlen(pattern) > 250)
        return;
    if (strstr(pattern, "://") != NULL)
        snprintf(url, sizeof url, "%s", pattern);
    else
        snprintf(url, sizeof url, "https://%s%s/x?y#z", below ? "a" : "", pattern + below);
    struct url parts; /* "*.[::1]": a name below it is none */
    if (url_split(url, &parts) && !allows(pattern, url))
        abort();
    if (below) {
        snprintf(url, sizeof url, "https://%s/", pattern + 2);
        if (allows(pattern, url))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct url parts;
    char *text = fuzz_text(data, size), *url = fuzz_text_second(text);
    bool allowed = url != NULL && allows(text, url); /* also by what is no pattern: it must not crash */
    if (urllist_valid(text)) {
        check_itself(text);
        if (allowed && !url_split(url, &parts))
            abort();
        if (allowed)
            check_host(text, &parts);
    }
    free(text);
    return 0;
}
