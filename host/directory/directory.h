/* Who is who: accounts and their keys, lines, services, applications. Few rows, read at every request, so
 * they live in memory as well; the database is the truth (keys are only there). Who owns what:
 *   - a line's row is made from the configuration (by name); afterwards the API owns its URLs, methods and
 *     friendly name, and options that differ are told by a warning at each start and reload. Its number and
 *     ICCID stay the configuration's, so that it is the place to correct a number or to admit another SIM;
 *   - a service is whose it was made by. One of the configuration: row and pool are brought to the file at
 *     each start and reload; the SID that the file gives tells which row it is, else its name does. One of
 * the API (it has no name): the API changes and deletes it, and no file touches it;
 *   - an application is the API's alone: made, changed and deleted there;
 *   - what a line is physically (modem, slot, PIN) stays in the configuration and never enters the database.
 * What is no longer configured keeps its row, as history.
 *
 * Pointers returned are valid until the next turn of the loop; ids are the stable handle. */
#ifndef CELLPOST_DIRECTORY_DIRECTORY_H
#define CELLPOST_DIRECTORY_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/conf.h"
#include "host/base/secret.h"
#include "host/base/sid.h"
#include "host/store/store.h"

struct directory;

enum account_status { ACCOUNT_ACTIVE, ACCOUNT_SUSPENDED, ACCOUNT_CLOSED };
struct account {
    int64_t id;
    struct sid sid; /* AC */
    char token[33]; /* primary auth token: 32 hex */
    char *friendly_name;
    enum account_status status;
    int64_t created_ms, updated_ms;
    int64_t owner_id; /* the main account whose subaccount it is; 0 = a main account */
    bool test;        /* the test credentials of its owner: nothing is sent */
};

struct line {
    int64_t id;
    struct sid sid; /* PN */
    int64_t account_id;
    char name[CONF_NAME_MAX];
    char number[24]; /* E.164, "" while unknown: then it only receives */
    char iccid[24];  /* recorded SIM, "" = none seen yet */
    char *friendly_name;
    char *sms_url, *sms_method, *sms_fallback_url, *sms_fallback_method, *status_callback,
        *status_callback_method; /* never NULL */
    int64_t sms_application_id;  /* who answers for it instead of the URLs above; 0 = none */
    bool configured; /* a [line] of this name exists now; else it is history: listed, never routed */
    char sim[24];    /* ICCID last told by the modem, "" = none yet; in memory only */
    bool stopped;    /* sim is another than the recorded one */
    int64_t created_ms, updated_ms;
};

/* A sender that no SIM has: shown, never used. */
struct service_alpha {
    int64_t id;
    struct sid sid;              /* AI */
    char sender[12], country[3]; /* country "" = any */
    int64_t created_ms;
};

struct service {
    int64_t id;
    struct sid sid; /* MG */
    int64_t account_id;
    char name[CONF_NAME_MAX]; /* of its [service] section; "" = made over the API */
    char *friendly_name;
    char *inbound_request_url, *inbound_method, *fallback_url, *fallback_method,
        *status_callback; /* never NULL */
    bool sticky_sender, area_code_geomatch, smart_encoding, use_inbound_webhook_on_number;
    int validity_s;
    bool mms_converter, fallback_to_long_code, synchronous_validation; /* kept and shown, without effect */
    char *scan_message_content, *usecase;                              /* the same */
    int64_t *line_ids, *joined_ms; /* its pool, ascending by line; since when each is in it */
    size_t line_count;
    struct service_alpha *alphas;
    size_t alpha_count;
    bool configured; /* a [service] of this name exists now */
    bool live; /* configured, or the API's and not deleted; else it is history: nothing new goes through it */
    int64_t created_ms, updated_ms, deleted_ms;
};

/* URLs by a name of their own, for lines and messages to share. */
struct application {
    int64_t id;     /* never used twice */
    struct sid sid; /* AP */
    int64_t account_id;
    char *friendly_name, *sms_url, *sms_method, *sms_fallback_url, *sms_fallback_method, *sms_status_callback,
        *message_status_callback; /* never NULL */
    char *status_callback, *status_callback_method, *voice_url, *voice_method, *voice_fallback_url,
        *voice_fallback_method; /* of calls: kept and shown, without effect; never NULL */
    bool voice_caller_id_lookup, public_application_connect_enabled; /* the same */
    int64_t created_ms, updated_ms;
};

/* Loads, and brings the rows to what the configuration says. On an empty database makes the first account (or
 * takes the configured one) and writes <data_dir>/credentials (0600) once. 0 or -errno with a sentence: then
 * memory is as before, though with -ENOSPC what the disk did not take may reach it later. Synchronous: used
 * at start and on reload. */
int directory_open(struct directory **, struct store *, const struct conf *, char error[256]);
int directory_reload(struct directory *, const struct conf *, char error[256]);
void directory_close(struct directory *);

const struct account *directory_account(struct directory *, int64_t id);
const struct account *directory_account_by_sid(struct directory *, const struct sid *);
/* The oldest: who a trusted local peer is. There is always one. */
const struct account *directory_account_first(struct directory *);
/* The key of what is sealed or hashed: others derive theirs from it. */
const struct secret_key *directory_secret(struct directory *);
/* The test credentials of a main account, NULL = none. */
const struct account *directory_account_test(struct directory *, int64_t owner_id);
const struct line *directory_line(struct directory *, int64_t id);
const struct line *directory_line_by_sid(struct directory *, const struct sid *);
const struct line *directory_line_by_name(struct directory *, const char *name);
const struct line *directory_line_by_number(struct directory *, const char *number);
/* By id and in the list below, history too: its SID is shown, and what was accepted through it leaves by its
 * pool. By SID and by line, only what is live: what a new message may go through. */
const struct service *directory_service(struct directory *, int64_t id);
const struct service *directory_service_by_sid(struct directory *, const struct sid *);
/* The live service whose pool holds the line: the API's, as a line is in one of these only; else the first of
 * the configuration (by id). NULL when none. */
const struct service *directory_service_of_line(struct directory *, int64_t line_id);

const struct application *directory_application(struct directory *, int64_t id);
const struct application *directory_application_by_sid(struct directory *, const struct sid *);
/* Of the line, NULL when it has none, or has moved to another account since. */
const struct application *directory_application_of_line(struct directory *, const struct line *);
/* Where it wants its messages' statuses, NULL for nowhere: message_status_callback, else the older
 * sms_status_callback. Lent by the row. */
const char *application_status_url(const struct application *);

/* Newest first. The nth of an account, NULL past the end (account_id 0 = all). */
const struct line *directory_line_at(struct directory *, int64_t account_id, size_t n);
const struct service *directory_service_at(struct directory *, int64_t account_id, size_t n);
const struct application *directory_application_at(struct directory *, int64_t account_id, size_t n);
const struct account *directory_account_at(struct directory *, size_t n);

typedef void directory_fn(void *arg, int status); /* durable */

/* NULL members are left as they are, and the account where it is 0. A line that goes to another account
 * leaves the pools of services that are not that account's. */
struct line_update {
    int64_t account_id;
    const char *friendly_name, *sms_url, *sms_method, *sms_fallback_url, *sms_fallback_method,
        *status_callback, *status_callback_method;
    const int64_t *sms_application_id; /* 0 takes it away */
};
void directory_line_update(struct directory *, int64_t line_id, const struct line_update *, directory_fn *,
                           void *arg);

/* NULL members are left as they are; of a new one: "", POST and false. */
struct application_update {
    const char *friendly_name, *sms_url, *sms_method, *sms_fallback_url, *sms_fallback_method,
        *sms_status_callback, *message_status_callback, *status_callback, *status_callback_method, *voice_url,
        *voice_method, *voice_fallback_url, *voice_fallback_method;
    const bool *voice_caller_id_lookup, *public_application_connect_enabled;
};
/* At most that many of an account: they live in memory. */
#define APPLICATIONS_MAX 1000
/* 0 and the SID it will have; or without fn: -ENOSPC, the account has all it may. */
int directory_application_create(struct directory *, int64_t account_id, const struct application_update *,
                                 struct sid *, directory_fn *, void *arg);
void directory_application_update(struct directory *, int64_t id, const struct application_update *,
                                  directory_fn *, void *arg);
/* Lines that had it fall back to their own URLs. */
void directory_application_delete(struct directory *, int64_t id, directory_fn *, void *arg);

/* Services of the API. NULL members are the default in a new service, and left as they are in an old one. The
 * validity is a number of seconds; the caller has checked all of them. fn gets 0, or -ENOENT when the service
 * is not the API's or was deleted meanwhile. */
struct service_update {
    const char *friendly_name, *inbound_request_url, *inbound_method, *fallback_url, *fallback_method,
        *status_callback, *validity, *scan_message_content, *usecase;
    const bool *sticky_sender, *area_code_geomatch, *smart_encoding, *use_inbound_webhook_on_number,
        *mms_converter, *fallback_to_long_code, *synchronous_validation;
};
/* At most that many live ones of an account, and senders of one pool: they live in memory. */
#define SERVICES_LIVE_MAX 1000
#define POOL_MAX          400
void directory_service_create(struct directory *, int64_t account_id, const struct service_update *,
                              struct sid *sid, directory_fn *, void *arg);
void directory_service_update(struct directory *, int64_t service_id, const struct service_update *,
                              directory_fn *, void *arg);
/* It becomes history. */
void directory_service_delete(struct directory *, int64_t service_id, directory_fn *, void *arg);

/* Its pool. A line is in one service of the API at most (those of the configuration do not count). fn gets
 * also -EEXIST: it is in this pool already; -ENOENT: in another's, or not there to remove. */
void directory_sender_add(struct directory *, int64_t service_id, int64_t line_id, directory_fn *, void *arg);
void directory_sender_remove(struct directory *, int64_t service_id, int64_t line_id, directory_fn *,
                             void *arg);
void directory_alpha_add(struct directory *, int64_t service_id, const char *sender, const char *country,
                         struct sid *sid, directory_fn *, void *arg);
void directory_alpha_remove(struct directory *, int64_t service_id, int64_t alpha_id, directory_fn *,
                            void *arg);

/* Called whenever services, pools or what is configured may have changed in memory. One observer. */
void directory_on_services(struct directory *, void (*fn)(void *arg), void *arg);

/* SIM facts from a modem ("" = not told): records iccid (first time) and number (when the row has none and it
 * is E.164). Another iccid than the recorded one sets line.stopped (in memory: it lasts while that SIM is in)
 * and returns -EPERM; else 0; -ENOENT for no such line. */
int directory_line_sim(struct directory *, int64_t line_id, const char *iccid, const char *number);

/* A new main account, a new one under a main account (a subaccount, or its test credentials, of which each
 * has one), or a new token for any; the fn runs when durable. 0; or without fn: -EINVAL (a friendly name has
 * 1 to 64 characters), -ENOENT (no such account, or the owner is no main account), -EEXIST (it has test
 * credentials). */
int directory_account_create(struct directory *, const char *friendly_name, struct sid *sid, char token[33],
                             directory_fn *, void *arg);
int directory_subaccount_create(struct directory *, int64_t owner_id, bool test, const char *friendly_name,
                                struct sid *sid, char token[33], directory_fn *, void *arg);
int directory_account_rotate(struct directory *, const struct sid *, char token[33], directory_fn *,
                             void *arg);
/* Its name (NULL: as it is) and status. A closed one stays closed: fn(-EPERM). 0; or without fn: -EINVAL
 * (name), -ENOENT. */
int directory_account_update(struct directory *, int64_t id, const char *friendly_name, enum account_status,
                             directory_fn *, void *arg);
/* Its status, or its owner's where that is worse: a suspended main account's subaccounts are not active. */
enum account_status directory_account_standing(struct directory *, const struct account *);

/* ---- API keys: a second way in for programs, each with a secret of which only a hash is kept ---- */

#define KEY_SECRET_LEN 32   /* letters and digits */
#define KEYS_MAX       1000 /* of an account */

struct api_key {
    int64_t id, account_id;
    struct sid sid; /* SK */
    char *friendly_name;
    uint8_t secret[32]; /* SHA-256 */
    int64_t created_ms, updated_ms;
};
/* 0, or -ENOENT; api_key_fini after. account_id 0 = any. */
int directory_key(struct directory *, int64_t account_id, const struct sid *, struct api_key *);
void api_key_fini(struct api_key *);
/* Each of the account, newest first. */
typedef void api_key_fn(void *arg, const struct api_key *);
void directory_keys(struct directory *, int64_t account_id, api_key_fn *, void *arg);

/* 0; or without fn: -EINVAL (a friendly name has at most 64 characters). create fn(-ENOSPC): the account has
 * KEYS_MAX. Of no such key of that account: fn(-ENOENT). A key is gone once delete's fn runs. */
int directory_key_create(struct directory *, int64_t account_id, const char *friendly_name, struct sid *sid,
                         char secret[KEY_SECRET_LEN + 1], directory_fn *, void *arg);
int directory_key_rename(struct directory *, int64_t account_id, const struct sid *,
                         const char *friendly_name, directory_fn *, void *arg);
void directory_key_delete(struct directory *, int64_t account_id, const struct sid *, directory_fn *,
                          void *arg);

#endif
