/* What the files of this room share. */
#ifndef CELLPOST_DIRECTORY_INTERNAL_H
#define CELLPOST_DIRECTORY_INTERNAL_H

#include "host/directory/directory.h"
#include "host/store/change.h"

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

/* directory.c */
void directory_free(struct directory *);
bool pool_has(const struct service *, int64_t line_id);

/* service.c */
void service_judge(struct service *);
int service_pool_load(struct directory *, struct service *); /* 0, -EIO */
void service_fini(struct service *);
void services_told(struct directory *);

/* change.c */
/* A change after which the table is read anew; the caller adds its values and submits it, always. */
struct store_change *change_new(struct directory *, enum table, enum query, directory_fn *, void *arg);
/* Values of an update's members, which are pointers: of what is not given (NULL) none is bound, which is
 * NULL. */
struct change_member {
    const char *name; /* as the statement has it */
    size_t offset;
};
void change_texts(struct store_change *, const struct change_member *, size_t count, const void *update);
void change_flags(struct store_change *, const struct change_member *, size_t count, const void *update);
struct store_change *account_change(struct directory *, enum query, const struct sid *, const char *token,
                                    directory_fn *, void *arg);
void token_make(char token[TOKEN_LEN + 1]);
bool name_fits(const char *name, size_t least); /* least to 64 characters of UTF-8 */

/* first.c: the key file, and what an empty database needs. */
int first_open(struct directory *, const struct conf *, char error[256]);

/* seed.c: rows for what the configuration names. */
int seed(struct directory *, const struct conf *, char error[256]);
/* A WARN for each option of a line that its row overrules. */
void seed_tell_ignored(struct directory *, const struct conf *);

/* seed_service.c */
int services_check(const struct directory *, const struct conf *, char error[256]);
/* As store_change_submit. */
int service_seed(struct directory *, const struct conf_service *, int64_t account_id);
bool conf_has_service(const struct conf *, const char *name);

#endif
