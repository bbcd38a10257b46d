/* The class of a message: its priority, its validity, and what is done when an outcome stays unknown. */
#include <string.h>

#include "host/base/log.h"
#include "host/facade/compose_internal.h"

enum { CLASS_TAGGED, CLASS_OF_LINE, CLASS_DEFAULT, CLASS_RANKS };

/* The classes that a message may go by, the first that is there before the others: "class" may be the
 * client's tag for something else. */
static void rank_classes(const struct conf *conf, json_t *tags, const struct line *line,
                         const struct conf_class *ranks[CLASS_RANKS])
{
    const char *tagged = json_string_value(json_object_get(tags, "class"));
    ranks[CLASS_TAGGED] = tagged != NULL ? conf_find_class(conf, tagged) : NULL;
    ranks[CLASS_OF_LINE] = NULL;
    for (size_t i = 0; line != NULL && i < conf->line_count; i++)
        if (strcmp(conf->lines[i].name, line->name) == 0 && draft_given(conf->lines[i].class_name))
            ranks[CLASS_OF_LINE] = conf_find_class(conf, conf->lines[i].class_name);
    ranks[CLASS_DEFAULT] = conf_find_class(conf, "default");
    if (ranks[CLASS_DEFAULT] == NULL)
        fatal("the configuration has no class \"default\"");
}

const struct conf_class *class_choose(const struct draft *w, json_t *tags)
{
    const struct conf_class *ranks[CLASS_RANKS];
    size_t rank = 0;
    rank_classes(w->rooms->conf, tags, w->line, ranks);
    while (ranks[rank] == NULL)
        rank++;
    return ranks[rank];
}

enum unsure_policy class_policy(const struct conf_class *class)
{
    return class->unsure == CONF_RESEND ? UNSURE_RESEND : UNSURE_HOLD;
}

const char *compose_class(const struct facade_rooms *rooms, const struct message *m)
{
    const struct conf_class *ranks[CLASS_RANKS];
    json_t *tags = m->tags != NULL ? json_loads(m->tags, 0, NULL) : NULL;
    rank_classes(rooms->conf, tags, directory_line(rooms->directory, m->line_id), ranks);
    json_decref(tags);
    for (size_t rank = 0; rank < CLASS_RANKS; rank++)
        if (ranks[rank] != NULL && ranks[rank]->priority == m->priority &&
            class_policy(ranks[rank]) == m->policy)
            return ranks[rank]->name;
    return NULL;
}
