/* A store on a folder of its own, and changes that are easy to recognise: the nth one adds an account whose
 * SID ends in n. */
#ifndef CELLPOST_TESTS_STORE_RIG_H
#define CELLPOST_TESTS_STORE_RIG_H

#include "host/store/store.h"

#define RIG_OPS     4000
#define RIG_PENDING 1 /* done() has not run */

struct rig {
    char dir[64], path[128];
    struct loop *loop;
    struct store *store;
    struct store_options options;
    char error[256];
    int status[RIG_OPS]; /* what done() said */
    int order[RIG_OPS];  /* in which order */
    int done_count;
    size_t name_len; /* of the accounts' names: how much a change weighs */
    bool patient;    /* the changes submitted from now on */
    void (*on_done)(struct rig *, int n, int status);
};

void rig_init(struct rig *); /* a folder, a loop on a fake clock; no store yet */
void rig_fini(struct rig *); /* closes what is open, removes the folder */
int rig_open(struct rig *);  /* with rig->options; -errno with rig->error */
void rig_close(struct rig *);

int rig_add(struct rig *, int n);  /* submits; as store_submit */
bool rig_has(struct rig *, int n); /* on the reader */
int rig_count(struct rig *);
int rig_query_int(struct rig *, const char *sql);
char *rig_path(struct rig *, const char *suffix, char out[160]); /* of the database */
bool rig_exists(struct rig *, const char *suffix);

#endif
