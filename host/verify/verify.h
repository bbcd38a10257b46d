/* Verifications: a code goes to a number, somebody who got it gives it back. Rows and rules; the message that
 * carries the code is the caller's.
 *
 * The rules, which are Twilio's: a verification lives 10 minutes. While it is pending, asking again for the
 * same number and service sends the same code, at most 5 times; a wrong code may be given 5 times, after that
 * neither a code nor a new one helps until the 10 minutes are over. And of ours: at most 5 new verifications
 * of a number and service in 10 minutes.
 *
 * No code is stored, see code.h; the hash is wiped with the end of its verification. Rows go a day after they
 * expired. Expiry waits while the clock is not trusted (base/clock.h). Times are UTC milliseconds. */
#ifndef CELLPOST_VERIFY_VERIFY_H
#define CELLPOST_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/clock.h"
#include "host/base/loop.h"
#include "host/base/sid.h"
#include "host/sms/number.h"
#include "host/store/store.h"
#include "host/verify/code.h"

#define VERIFY_LIFE_MS      (600 * 1000LL)
#define VERIFY_KEEP_MS      CLOCK_DAY_MS /* after that life */
#define VERIFY_SENDS        5
#define VERIFY_CHECKS       5
#define VERIFY_STARTS       5 /* of a number and service within VERIFY_LIFE_MS */
#define VERIFY_NAME_MAX     64
#define VERIFY_SERVICES_MAX 1000 /* of an account */

struct verify;

/* key: the directory's, from which its own are derived. */
struct verify *verify_open(struct store *, struct loop *, const struct secret_key *key);
/* After the store was closed: what waits for the disk still needs the keys. */
void verify_close(struct verify *);

typedef void verify_fn(void *arg, int status); /* durable */

/* ---- services ---- */

enum verify_flag {
    VERIFY_LOOKUP = 1,
    VERIFY_SKIP_LANDLINES = 2,
    VERIFY_DTMF = 4,
    VERIFY_WARN = 8, /* the message says not to share the code */
    VERIFY_CUSTOM_CODE = 16,
    VERIFY_EVENTS = 32
};
struct verify_service {
    int64_t id, account_id;
    struct sid sid; /* VA */
    char name[VERIFY_NAME_MAX + 1], tts_name[VERIFY_NAME_MAX + 1];
    int code_length;
    unsigned flags; /* enum verify_flag */
    int64_t created_ms, updated_ms;
};
/* What is set: NULL, 0 and what is outside of mask stay as they are. Texts have at most VERIFY_NAME_MAX
 * bytes. */
struct verify_service_change {
    const char *name, *tts_name;
    int code_length;
    unsigned mask, flags;
};
/* fn(-EDQUOT): the account has VERIFY_SERVICES_MAX. */
void verify_service_create(struct verify *, int64_t account_id, const struct sid *,
                           const struct verify_service_change *, verify_fn *, void *arg);
/* -ENOENT: the account has no such service. Verifications of a deleted one are out of reach and go in time.
 */
void verify_service_update(struct verify *, int64_t account_id, const struct sid *,
                           const struct verify_service_change *, verify_fn *, void *arg);
void verify_service_delete(struct verify *, int64_t account_id, const struct sid *, verify_fn *, void *arg);

/* Committed rows. 0, -ENOENT. */
int verify_service_find(struct verify *, int64_t account_id, const struct sid *, struct verify_service *);
/* At most `limit` with an id below before_id, newest first; or from since_id on (before_id 0), oldest first.
 * Returns how many. */
size_t verify_service_list(struct verify *, int64_t account_id, int64_t before_id, int64_t since_id,
                           size_t limit, struct verify_service *out);

/* ---- verifications ---- */

enum verify_status {
    VERIFY_PENDING = 1,
    VERIFY_APPROVED,
    VERIFY_CANCELED,
    VERIFY_EXHAUSTED, /* max_attempts_reached */
    VERIFY_EXPIRED
};
const char *verify_status_text(enum verify_status);

struct verify_request {
    const struct verify_service *service;
    const char *to;          /* E.164 */
    const char *custom_code; /* NULL = one is made */
    struct sid sid;          /* of a new verification */
    struct sid message_sid;  /* of the message that will carry the code */
    int64_t now_ms;
};
struct verify_started {
    int64_t id;
    struct sid sid; /* the request's, or that of the pending one */
    char code[CODE_MAX + 1];
    int64_t expires_ms;
};
/* A new verification, or one more send of the pending one. Durable with the caller's next op of the same
 * turn, which should be the message: so there is no callback. 0; -EBUSY: its codes were guessed at too often;
 * -EDQUOT: sent too often; -EUSERS: too many new ones for the number; -ENOSPC: the disk. What a pending one
 * had from its client as a code is replaced, by custom_code or by one that is made. */
int verify_start(struct verify *, const struct verify_request *, struct verify_started *);
/* Takes that send back: the message was refused. */
void verify_unsend(struct verify *, int64_t id, const struct sid *message_sid, verify_fn *, void *arg);

struct verify_guess {
    int64_t service_id;
    const char *to;        /* or */
    const struct sid *sid; /* NULL = by number */
    const char *code;      /* code_valid() */
    int64_t now_ms;
};
/* 0: *id is what it was about, approved, or one wrong check later. -ENOENT: nothing pending; -EBUSY: too many
 * wrong ones before. */
typedef void verify_check_fn(void *arg, int status, int64_t id, bool approved);
void verify_check(struct verify *, const struct verify_guess *, verify_check_fn *, void *arg);

/* The application decides: APPROVED or CANCELED. -ENOENT: it is not pending. */
void verify_end(struct verify *, int64_t id, enum verify_status, int64_t now_ms, verify_fn *, void *arg);

struct verification {
    int64_t id, service_id;
    struct sid sid; /* VE */
    char to[NUMBER_MAX];
    enum verify_status status; /* as of now_ms */
    int64_t created_ms, updated_ms, expires_ms;
    struct {
        struct sid message;
        int64_t at_ms;
    } sends[VERIFY_SENDS];
    size_t send_count;
};
/* Committed rows: by SID or row whatever became of it, by number the pending one. 0, -ENOENT. */
int verify_find(struct verify *, int64_t service_id, const struct sid *, int64_t now_ms,
                struct verification *);
int verify_find_row(struct verify *, int64_t id, int64_t now_ms, struct verification *);
int verify_find_number(struct verify *, int64_t service_id, const char *to, int64_t now_ms,
                       struct verification *);

#endif
