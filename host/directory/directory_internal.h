/* What the files of this room share. A change is one statement with its values, owned: it may wait for the
 * disk longer than the configuration or request that it came from. */
#ifndef CELLPOST_DIRECTORY_INTERNAL_H
#define CELLPOST_DIRECTORY_INTERNAL_H

#include "host/directory/directory.h"

#define TOKEN_LEN 32

enum table { TABLE_ACCOUNT, TABLE_LINE, TABLE_SERVICE, TABLE_APPLICATION, TABLE_COUNT };
#define TABLE_NONE TABLE_COUNT /* of a change whose rows are not in memory */

/* A row is made once and then changed in place, until the database has it no more. Ascending by id. */
struct rows {
    void **at;
    size_t count;
};

struct directory {
    struct store *store;
    struct secret_key key;
    struct rows tables[TABLE_COUNT];
    size_t pending; /* changes not durable yet */
    void (*on_services)(void *arg);
    void *on_services_arg;
    bool closed; /* freed with the last of them */
};

/* rows.c */
int rows_load(struct directory *, enum table); /* 0, -EBADMSG: a token that the key does not open, -EIO */
void *rows_by_id(const struct rows *, int64_t id);
void *rows_by_sid(const struct rows *, const struct sid *);
void rows_fini(struct directory *);
/* From what the line is and which SIM is in. */
void line_judge(struct line *);

/* service.c */
void service_judge(struct service *);
int service_pool_load(struct directory *, struct service *); /* 0, -EIO */
void service_fini(struct service *);
void services_told(struct directory *);

/* change.c */
struct change;
struct change *change_new(struct directory *, enum table, enum query, directory_fn *, void *arg);
void change_int(struct change *, const char *name, int64_t value);
void change_text(struct change *, const char *name, const char *value); /* NULL binds NULL */
void change_blob(struct change *, const char *name, const void *value, size_t len);
void change_none_means(struct change *, int status); /* when it meets no row; -ENOENT unless told */
int change_submit(struct change *);                  /* as store_submit */
struct change *account_change(struct directory *, enum query, const struct sid *, const char *token,
                              directory_fn *, void *arg);
void token_make(char token[TOKEN_LEN + 1]);
bool name_fits(const char *name, size_t least); /* least to 64 characters of UTF-8 */
void directory_free(struct directory *);

/* first.c: the key file, and what an empty database needs. */
int first_open(struct directory *, const struct conf *, char error[256]);

/* seed.c: rows for what the configuration names. */
int seed(struct directory *, const struct conf *, char error[256]);
/* A WARN for each option of a line that its row overrules. */
void seed_tell_ignored(struct directory *, const struct conf *);

/* seed_service.c */
int services_check(const struct directory *, const struct conf *, char error[256]);
int service_seed(struct directory *, const struct conf_service *, int64_t account_id); /* as change_submit */
bool conf_has_service(const struct conf *, const char *name);

#endif
