/* Templates of messages: text with placeholders, "Hi {{name}}, your order {{1}} is ready". Pure but for the
 * heap.
 *
 * A placeholder is "{{", 1 to 16 letters, digits or underscores, "}}". Any other "{{" is malformed; a single
 * brace, and "}}" alone, are text. A value is put in as it is: it is not looked at for placeholders. */
#ifndef CELLPOST_FACADE_TEMPLATE_H
#define CELLPOST_FACADE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#define TEMPLATE_NAME_MAX 16

struct template_piece {
    bool is_variable; /* text is the name; else text as it is */
    const char *text;
    size_t len;
};
enum template_step { TEMPLATE_END, TEMPLATE_PIECE, TEMPLATE_MALFORMED };
/* The next piece from *at, which is moved behind it. MALFORMED: *at stays at the "{{" that is none. */
enum template_step template_next(const char **at, struct template_piece *);

bool template_name_valid(const char *name, size_t len);

/* The value of a variable; NULL = it has none. Lent until the call of template_expand returns. */
typedef const char *template_value(void *arg, const char *name);

/* The text with its values. Heap, caller frees; NULL: malformed, with missing[0] NUL, or a variable without a
 * value, whose name is in missing. */
char *template_expand(const char *template, template_value *, void *arg, size_t *len,
                      char missing[TEMPLATE_NAME_MAX + 1]);

#endif
