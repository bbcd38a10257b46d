/* STOP, START and HELP: what people write to be left alone, to hear again, or to learn how.
 *
 * Each inbound message is looked at once, after it is on disk and in the order of arrival, over restarts too
 * (optout_seen). STOP adds a row of optout, fails what still waits for that person (21610), and is confirmed;
 * START takes the rows back and is confirmed; HELP is answered. What is there already is not confirmed again.
 * Row, confirmation and "seen" share one commit. The application's webhook is called as for any message, with
 * OptOutType.
 *
 * Which words count is the receiving line's or service's `optout` list in the configuration. */
#ifndef CELLPOST_FACADE_KEYWORD_H
#define CELLPOST_FACADE_KEYWORD_H

#include "host/facade/facade.h"
#include "host/optout/words.h"

struct keywords;

struct keywords *keywords_new(const struct facade_rooms *);
void keywords_reload(struct keywords *, const struct conf *);
void keywords_free(struct keywords *); /* nothing more is looked at */

/* What a text means to this line, or to the service (NULL = none) that it came in for; *reply: what is
 * answered, NULL or "" = nothing. Lent by the configuration. */
enum optout_kind keyword_of(const struct conf *, const struct line *, const struct service *,
                            const char *body, const char **reply);

/* OptOutType of an inbound message's webhook: STOP, START or HELP, whatever it changed; NULL = it is none. */
const char *keyword_type(const struct facade_rooms *, const struct message *inbound);

#endif
