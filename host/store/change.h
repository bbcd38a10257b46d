/* A change of rows that is one statement: its values are kept, owned, until the disk has it, as it may wait
 * longer than what asked for it. */
#ifndef CELLPOST_STORE_CHANGE_H
#define CELLPOST_STORE_CHANGE_H

#include "host/store/store.h"

#define STORE_CHANGE_VALUES 24

struct store_change;
/* Once the change is on disk: 0; -ENOENT, it met no row; -EEXIST, a constraint forbids it; or what the store
 * says at its end. */
typedef void store_change_fn(void *arg, int status);

struct store_change *store_change_new(struct store *, enum query, store_change_fn *, void *arg);
/* Names are literals, as the statement has them: ":id". */
void store_change_int(struct store_change *, const char *name, int64_t value);
void store_change_text(struct store_change *, const char *name, const char *value); /* NULL binds NULL */
void store_change_blob(struct store_change *, const char *name, const void *value, size_t len);
/* When it meets no row it ends with this, not with -ENOENT. */
void store_change_none_means(struct store_change *, int status);
/* Takes it over; returns as store_submit. */
int store_change_submit(struct store_change *);

#endif
