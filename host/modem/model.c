#include "host/modem/model.h"

#include <string.h>

static bool has(const char *text, const char *part)
{
    return !part || strcasestr(text, part);
}

const struct model *model_find(const struct model *const *list, const char *maker, const char *name)
{
    while (list[1] && !(has(maker, list[0]->maker_has) && has(name, list[0]->model_has))) {
        list++;
    }
    return *list;
}
