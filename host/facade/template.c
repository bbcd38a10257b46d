/* See template.h. */
#include "host/facade/template.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"

bool template_name_valid(const char *name, size_t len)
{
    static const char LETTERS[] = "0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (len == 0 || len > TEMPLATE_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (name[i] == '\0' || strchr(LETTERS, name[i]) == NULL)
            return false;
    return true;
}

enum template_step template_next(const char **at, struct template_piece *piece)
{
    const char *begin = *at, *open = strstr(begin, "{{");
    if (*begin == '\0')
        return TEMPLATE_END;
    if (open != begin) {
        *piece = (struct template_piece){false, begin, open != NULL ? (size_t)(open - begin) : strlen(begin)};
        *at += piece->len;
        return TEMPLATE_PIECE;
    }
    const char *close = strstr(begin + 2, "}}");
    if (close == NULL || !template_name_valid(begin + 2, (size_t)(close - begin - 2)))
        return TEMPLATE_MALFORMED;
    *piece = (struct template_piece){true, begin + 2, (size_t)(close - begin - 2)};
    *at = close + 2;
    return TEMPLATE_PIECE;
}

struct text {
    char *bytes;
    size_t len, room;
};

static void text_add(struct text *text, const char *bytes, size_t len)
{
    if (text->room - text->len <= len) {
        text->room = 2 * (text->len + len) + 64;
        text->bytes = realloc(text->bytes, text->room);
        if (text->bytes == NULL)
            fatal("out of memory");
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

/* The name is left in `missing` when it has no value. */
static bool add_value(struct text *text, const struct template_piece *piece, template_value *value, void *arg,
                      char missing[TEMPLATE_NAME_MAX + 1])
{
    memcpy(missing, piece->text, piece->len);
    missing[piece->len] = '\0';
    const char *found = value(arg, missing);
    if (found == NULL)
        return false;
    text_add(text, found, strlen(found)); /* it may be the name itself */
    missing[0] = '\0';
    return true;
}

char *template_expand(const char *template, template_value *value, void *arg, size_t *len,
                      char missing[TEMPLATE_NAME_MAX + 1])
{
    struct text text = {0};
    struct template_piece piece;
    enum template_step step;
    missing[0] = '\0';
    text_add(&text, "", 0);
    while ((step = template_next(&template, &piece)) == TEMPLATE_PIECE) {
        if (!piece.is_variable) {
            text_add(&text, piece.text, piece.len);
        } else if (!add_value(&text, &piece, value, arg, missing)) {
            free(text.bytes);
            return NULL;
        }
    }
    if (step == TEMPLATE_MALFORMED) {
        free(text.bytes);
        return NULL;
    }
    *len = text.len;
    return text.bytes;
}
