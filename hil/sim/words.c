#include "words.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gsm7.h"
#include "pdu.h"

/* Both sides of one pass over the line: what is read, what is written. The text never grows. */
struct pass {
    const char *in;
    char *out, *end;
};

static void put(struct pass *p, char c)
{
    if (p->out < p->end)
        *p->out++ = c;
}

static bool hex_digits(const char *in, size_t count, uint32_t *value)
{
    uint8_t octets[2];
    int n = strnlen(in, count) == count ? pdu_unhex(in, count, octets, sizeof octets) : -1;
    if (n < 1)
        return false;
    *value = n == 2 ? (uint32_t)octets[0] << 8 | octets[1] : octets[0];
    return true;
}

static bool unicode(struct pass *p)
{
    uint32_t high, low;
    struct buf utf8 = {0};
    if (!hex_digits(p->in, 4, &high))
        return false;
    p->in += 4;
    if ((high & 0xFC00) == 0xD800 && p->in[0] == '\\' && p->in[1] == 'u' && hex_digits(p->in + 2, 4, &low)) {
        high = 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
        p->in += 6;
    }
    utf8_put(&utf8, high);
    for (size_t i = 0; i < utf8.len; i++)
        put(p, utf8.data[i]);
    buf_fini(&utf8);
    return true;
}

static bool escape(struct pass *p)
{
    static const char from[] = "rntb\"\\/", to[] = "\r\n\t\b\"\\/";
    uint32_t value;
    char c = *p->in++;
    const char *known = c != '\0' ? strchr(from, c) : NULL;
    if (known != NULL) {
        put(p, to[known - from]);
        return true;
    }
    if (c == 'u')
        return unicode(p);
    if (c != 'x' || !hex_digits(p->in, 2, &value))
        return false;
    put(p, (char)value);
    p->in += 2;
    return true;
}

static bool quoted(struct pass *p)
{
    while (*p->in != '"') {
        char c = *p->in++;
        if (c == '\0' || (c == '\\' && !escape(p)))
            return false;
        if (c != '\\')
            put(p, c);
    }
    p->in++;
    return true;
}

static bool word(struct pass *p)
{
    uint32_t value;
    while (*p->in != '\0' && *p->in != ' ') {
        char c = *p->in++;
        if (c == '"') {
            if (!quoted(p))
                return false;
        } else if (c == '%' && hex_digits(p->in, 2, &value)) {
            put(p, (char)value);
            p->in += 2;
        } else {
            put(p, c);
        }
    }
    put(p, '\0');
    return true;
}

bool words_parse(struct words *w, const char *line)
{
    struct pass p = {line, w->text, w->text + WORDS_TEXT};
    w->n = 0;
    for (;;) {
        p.in += strspn(p.in, " ");
        if (*p.in == '\0')
            return true;
        if (w->n == WORDS_MAX)
            return false;
        w->v[w->n++] = p.out;
        if (!word(&p) || p.out == p.end)
            return false;
    }
}

const char *words_get(const struct words *w, const char *key, const char *missing)
{
    size_t len = strlen(key);
    for (int i = 1; i < w->n; i++)
        if (strncmp(w->v[i], key, len) == 0 && w->v[i][len] == '=')
            return w->v[i] + len + 1;
    return missing;
}

bool words_number(const char *text, int *out)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0' || n < INT_MIN || n > INT_MAX)
        return false;
    *out = (int)n;
    return true;
}

bool words_get_number(const struct words *w, const char *key, int missing, int *out)
{
    const char *text = words_get(w, key, NULL);
    *out = missing;
    return text == NULL || words_number(text, out);
}
