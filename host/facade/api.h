/* The API's table: method and path -> handler, and what each request goes through before its handler:
 * authentication, the account in the path, the method, the form. A resource is one file; its handlers take an
 * api_call and end it, now or when what they asked for is on disk. */
#ifndef CELLPOST_FACADE_API_H
#define CELLPOST_FACADE_API_H

#include <jansson.h>

#include "host/base/form.h"
#include "host/facade/error.h"
#include "host/facade/facade.h"
#include "host/facade/gate.h"
#include "host/facade/http.h"
#include "host/facade/page.h"

#define API_ROOT     "/2010-04-01/Accounts"
#define API_PATH_MAX 256
#define API_URL_MAX  1024

struct api;
struct api *api_new(const struct facade_rooms *);
void api_configure(struct api *, const struct conf *);
/* Calls that still wait for the disk are answered to nobody afterwards. */
void api_free(struct api *);
void api_serve(void *api, struct http_call *); /* http_fn */
void api_gate_counts(const struct api *, struct gate_counts *);

struct api_call {
    struct api *api; /* NULL once it is gone */
    struct api_call *prev, *next;
    struct http_call *http;
    const struct facade_rooms *rooms;
    int64_t account_id;
    char account[SID_TEXT]; /* of the path, else of who asks */
    int64_t asks_id;        /* who asks: that account, or the main account that owns it */
    bool by_key;            /* with an API key, which opens no tokens, keys or accounts */
    bool trusted;           /* a local peer with the daemon's own rights */
    struct sid sid;         /* last SID of the path */
    struct sid owner;       /* SID before that: the service of /v1/Services/{MG}/PhoneNumbers/{PN} */
    const char *text; /* last free segment of the path; for the handler itself, not for what comes later */
    struct form query, form;
    json_t *json;      /* the body where the route's is JSON; else NULL */
    int64_t row;       /* the resource's own */
    const void *of;    /* what the list that is being answered is of; the resource's own */
    bool sender_later; /* of a message that is created: its service has yet to choose a line */
};

typedef void api_handler(struct api_call *);

/* How a call ends: each frees it. */
void api_json(struct api_call *, int status, json_t *body); /* body is stolen */
void api_empty(struct api_call *, int status);
void api_refusal(struct api_call *, const struct refusal *);
void api_refuse(struct api_call *, int http, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void api_not_found(struct api_call *); /* 404/20404, naming the path */
void api_broken(struct api_call *);    /* 500/20500: a change met what it cannot */

void api_closed(struct api_call *); /* 503/20503: the disk takes nothing now */

/* First thing of what changes rows. False, and the call has ended: api_closed. */
bool api_may_write(struct api_call *);
/* First thing once the change is durable. False, and the call has ended: nobody waits, what was to be changed
 * is gone (-ENOENT), or api_broken. */
bool api_stands(struct api_call *, int status);
void api_full(struct api_call *, int most, const char *what); /* 400/20001: the account has `most` of them */
/* As api_stands, for a new row; -EDQUOT is api_full. */
bool api_fits(struct api_call *, int status, int most, const char *what);
/* The callback of a deletion: 204 when it stands. */
void api_deleted(void *call, int status);
/* First thing of what only an auth token may do. False, and the call has ended, for an API key (403/20006).
 */
bool api_by_token(struct api_call *);

/* First thing of a callback that came later. True: the façade was closed meanwhile and the call is freed. */
bool api_gone(struct api_call *);

/* Pieces of resources. */
json_t *api_text(const char *text); /* null for NULL */
json_t *api_some(const char *text); /* null for "" */
json_t *api_date(int64_t ms);       /* api v2010: RFC 2822; null for 0 */
json_t *api_date_iso(int64_t ms);   /* the v1 and v2 products: ISO 8601 in seconds; null for 0 */
/* {key: "url/tail"} of each {key, tail} */
json_t *api_links(const char *url, const char *const links[][2], size_t count);
/* "/2010-04-01/Accounts/AC...{tail}" of the call's account */
void api_uri(const struct api_call *, char out[API_PATH_MAX], const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Absolute, by the scheme and the Host that the client used: the v1 and v2 products' links are, and clients
 * send their credentials wherever these lead. */
void api_url(const struct api_call *, char out[API_URL_MAX], const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- the resources ---- */

api_handler accounts_list, accounts_create, accounts_fetch, accounts_update;
api_handler keys_list, keys_create, keys_fetch, keys_update, keys_delete;
api_handler messages_create, messages_list, messages_fetch, messages_update, messages_delete;
api_handler calls_create;
api_handler media_list, media_fetch;
api_handler feedback_create, feedback_fetch;
api_handler numbers_list, numbers_list_mobile, numbers_list_none, numbers_create, numbers_fetch,
    numbers_update, numbers_delete;
api_handler applications_list, applications_create, applications_fetch, applications_update,
    applications_delete;
api_handler balance_fetch, usage_list, usage_list_view;
api_handler empties_list, empties_refuse, old_messages;
api_handler lookups_fetch, lookups_fetch_v1;
api_handler optouts_list, optouts_create, optouts_fetch, optouts_delete, consents_bulk;
api_handler contents_list, contents_create, contents_fetch, contents_delete, contents_approval;
api_handler verify_services_list, verify_services_create, verify_services_fetch, verify_services_update,
    verify_services_delete, verify_limits_list, verify_limits_create;
api_handler verifications_create, verifications_fetch, verifications_update, verification_check_create;
api_handler services_list, services_create, services_fetch, services_update, services_delete,
    services_usecases;
api_handler service_numbers_list, service_numbers_add, service_numbers_fetch, service_numbers_delete;
api_handler service_alphas_list, service_alphas_add, service_alphas_fetch, service_alphas_delete;
api_handler service_destinations_list, service_destinations_add, service_destinations_fetch,
    service_destinations_delete;
api_handler service_codes_list, service_codes_add, service_channels_list, service_channels_add,
    service_senders_none;
api_handler notifications_list, notifications_fetch;
api_handler alerts_list, alerts_fetch;

#endif
