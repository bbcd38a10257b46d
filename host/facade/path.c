/* See path.h. */
#include "host/facade/path.h"

#include <string.h>

#include "host/base/form.h"

/* Decodes text[0..len-1] where it lies and ends it with NUL. */
static bool decode(char *text, size_t len)
{
    size_t decoded = form_unescape_path(text, len);
    if (decoded == (size_t)-1 || memchr(text, '\0', decoded) != NULL)
        return false;
    text[decoded] = '\0';
    return true;
}

bool path_split(const char *path, struct path *out)
{
    static const char JSON[] = ".json";
    size_t len = strlen(path);
    out->count = 0;
    if (len == 0 || path[0] != '/' || len >= sizeof out->text)
        return false;
    memcpy(out->text, path, len + 1);
    if (len > sizeof JSON && strcmp(path + len - strlen(JSON), JSON) == 0)
        len -= strlen(JSON);
    for (size_t at = 1; at <= len;) {
        char *slash = memchr(out->text + at, '/', len - at);
        size_t end = slash != NULL ? (size_t)(slash - out->text) : len;
        if (out->count == PATH_SEGMENTS || !decode(out->text + at, end - at))
            return false;
        out->segments[out->count++] = out->text + at;
        at = end + 1;
    }
    return true;
}

static bool match_sid(const char *segment, const char *prefix, struct path_ids *ids)
{
    struct sid sid;
    bool message = strncmp(prefix, "SM", 2) == 0;
    if (!sid_parse(segment, prefix, &sid) && !(message && sid_parse(segment, "MM", &sid)))
        return false;
    if (strncmp(prefix, "AC", 2) == 0) {
        ids->has_account = true;
        ids->account = sid;
    } else {
        ids->owner = ids->sid;
        ids->sid = sid;
    }
    return true;
}

bool path_match(const struct path *path, const char *template, struct path_ids *ids)
{
    *ids = (struct path_ids){0};
    for (size_t i = 0; i < path->count; i++) {
        if (*template ++ != '/')
            return false;
        size_t len = strcspn(template, "/");
        if (strncmp(template, "{*}", 3) == 0) {
            ids->text = path->segments[i];
            if (*ids->text == '\0')
                return false;
        } else if (template[0] == '{') {
            if (!match_sid(path->segments[i], template + 1, ids))
                return false;
        } else if (strlen(path->segments[i]) != len || memcmp(path->segments[i], template, len) != 0) {
            return false;
        }
        template += len;
    }
    return *template == '\0';
}
