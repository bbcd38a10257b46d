/* The verb `tls`. */
#ifndef CELLPOST_VERBS_TLS_H
#define CELLPOST_VERBS_TLS_H

#include "host/daemon.h"

ctl_fn verb_tls;
int64_t tls_days_left(int64_t until_ms); /* wall; negative once it has ended */
/* words[0]: a language or NULL. verbs_tls_recipe.c */
void tls_recipe(struct daemon *, struct ctl_call *, char **words);

#endif
