/* See api.h. The order in which a request may fail: rates (429), credentials (401), path (404), account in
 * the path (404: whether a foreign one exists is nobody's business), method (405), query and form (400), then
 * the handler's own checks. */
#include "host/facade/api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/log.h"
#include "host/facade/auth.h"
#include "host/facade/date.h"
#include "host/facade/json_text.h"
#include "host/facade/magic.h"
#include "host/facade/path.h"
#include "host/facade/routes.h"

/* What tells most routes from a path before their templates are read. */
struct shape {
    size_t segments;
    const char *last; /* of the template; it may be a "{...}" */
};

#define JSON_DEPTH_MAX 32 /* of a body; Twilio's own are below 10 */

struct api {
    struct facade_rooms rooms;
    struct gate *gate;
    struct api_call *calls;
    struct shape *shapes; /* of each route */
};

static struct shape *shapes_new(void)
{
    size_t count = 0;
    while (routes[count].method != NULL)
        count++;
    struct shape *shapes = calloc(count + 1, sizeof *shapes);
    if (shapes == NULL)
        fatal("out of memory");
    for (size_t i = 0; i < count; i++)
        for (const char *slash = strchr(routes[i].path, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
            shapes[i] = (struct shape){shapes[i].segments + 1, slash + 1};
    return shapes;
}

static bool shape_fits(const struct shape *shape, const struct path *path)
{
    return shape->segments == path->count && path->count > 0 &&
           (*shape->last == '{' || strcmp(shape->last, path->segments[path->count - 1]) == 0);
}

struct api *api_new(const struct facade_rooms *rooms)
{
    struct api *api = calloc(1, sizeof *api);
    if (api == NULL)
        fatal("out of memory");
    api->rooms = *rooms;
    api->gate = gate_new();
    api->shapes = shapes_new();
    return api;
}

void api_configure(struct api *api, const struct conf *conf)
{
    api->rooms.conf = conf;
}

void api_free(struct api *api)
{
    if (api == NULL)
        return;
    for (struct api_call *call = api->calls; call != NULL; call = call->next)
        call->api = NULL;
    gate_free(api->gate);
    free(api->shapes);
    free(api);
}

void api_gate_counts(const struct api *api, struct gate_counts *counts)
{
    gate_counts(api->gate, counts);
}

/* ---- a call's life ---- */

static struct api_call *call_new(struct api *api, struct http_call *http)
{
    struct api_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        fatal("out of memory");
    *call = (struct api_call){.api = api, .http = http, .rooms = &api->rooms, .next = api->calls};
    if (api->calls != NULL)
        api->calls->prev = call;
    api->calls = call;
    return call;
}

static void call_free(struct api_call *call)
{
    if (call->prev != NULL)
        call->prev->next = call->next;
    else if (call->api != NULL)
        call->api->calls = call->next;
    if (call->next != NULL)
        call->next->prev = call->prev;
    form_fini(&call->query);
    form_fini(&call->form);
    json_decref(call->json);
    free(call);
}

static void call_end(struct api_call *call, const struct http_answer *answer)
{
    http_answer(call->http, answer);
    call_free(call);
}

bool api_gone(struct api_call *call)
{
    if (call->api != NULL)
        return false;
    call_end(call, &(struct http_answer){.status = 503});
    return true;
}

void api_json(struct api_call *call, int status, json_t *body)
{
    char *text = json_text(body);
    json_decref(body);
    call_end(call, &(struct http_answer){.status = status, .body = text});
    free(text);
}

void api_empty(struct api_call *call, int status)
{
    call_end(call, &(struct http_answer){.status = status});
}

static const struct {
    int status;
    const char *headers;
} ADDED[] = {
    {401, "WWW-Authenticate: Basic realm=\"Twilio API\"\r\n"},
};
#define RETRY_AFTER_S 10 /* of a 429 that knows no better */

static void call_refused(struct api_call *call, const struct refusal *refusal, const char *headers)
{
    for (size_t i = 0; i < sizeof ADDED / sizeof ADDED[0]; i++)
        if (ADDED[i].status == refusal->http)
            headers = ADDED[i].headers;
    char wait[48];
    if (refusal->http == 429) {
        int wait_s = refusal->retry_after_s > 0 ? refusal->retry_after_s : RETRY_AFTER_S;
        snprintf(wait, sizeof wait, "Retry-After: %d\r\n", wait_s);
        headers = wait;
    }
    char *body = refusal_body(refusal);
    call_end(call, &(struct http_answer){.status = refusal->http, .headers = headers, .body = body});
    free(body);
}

void api_refusal(struct api_call *call, const struct refusal *refusal)
{
    call_refused(call, refusal, NULL);
}

void api_refuse(struct api_call *call, int http, int code, const char *fmt, ...)
{
    char message[sizeof((struct refusal *)0)->message];
    struct refusal refusal;
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    refuse(&refusal, http, code, "%s", message);
    call_refused(call, &refusal, NULL);
}

void api_not_found(struct api_call *call)
{
    api_refuse(call, 404, 20404, "The requested resource %.180s was not found",
               http_request(call->http)->path);
}

void api_broken(struct api_call *call)
{
    api_refuse(call, 500, 20500, "An internal server error has occurred");
}

void api_closed(struct api_call *call)
{
    api_refuse(call, 503, 20503, "Service is unavailable. Please try again.");
}

bool api_may_write(struct api_call *call)
{
    if (store_open_for_work(call->rooms->store))
        return true;
    api_closed(call);
    return false;
}

bool api_stands(struct api_call *call, int status)
{
    if (api_gone(call))
        return false;
    if (status == 0)
        return true;
    if (status == -ENOENT) /* deleted by another meanwhile */
        api_not_found(call);
    else
        api_broken(call);
    return false;
}

void api_full(struct api_call *call, int most, const char *what)
{
    api_refuse(call, 400, 20001, "An account has at most %d %s.", most, what);
}

bool api_fits(struct api_call *call, int status, int most, const char *what)
{
    if (status != -EDQUOT || call->api == NULL)
        return api_stands(call, status);
    api_full(call, most, what);
    return false;
}

void api_deleted(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_stands(call, status))
        api_empty(call, 204);
}

bool api_by_token(struct api_call *call)
{
    if (!call->by_key)
        return true;
    api_refuse(call, 403, 20006, "Access Denied");
    return false;
}

/* ---- pieces of resources ---- */

/* What a handset sent and a database kept should be UTF-8; if it is not, the rest of the resource still goes
 * out. */
json_t *api_text(const char *text)
{
    json_t *value = text != NULL ? json_string(text) : NULL;
    return value != NULL ? value : json_null();
}

json_t *api_some(const char *text)
{
    return api_text(text[0] != '\0' ? text : NULL);
}

json_t *api_date(int64_t ms)
{
    char text[DATE_TEXT];
    if (ms == 0)
        return json_null();
    date_rfc2822(ms, text);
    return json_string(text);
}

json_t *api_date_iso(int64_t ms)
{
    char text[DATE_TEXT];
    if (ms == 0)
        return json_null();
    date_iso(ms, text);
    return json_string(text);
}

void api_url(const struct api_call *call, char out[API_URL_MAX], const char *fmt, ...)
{
    const char *host = httpreq_header(http_request(call->http), "Host");
    bool named = host != NULL && host[0] != '\0';
    int len = snprintf(out, API_URL_MAX, "%s://%s", http_scheme(call->http), named ? host : "localhost");
    va_list args;
    va_start(args, fmt);
    vsnprintf(out + len, API_URL_MAX - (size_t)len, fmt, args);
    va_end(args);
}

json_t *api_links(const char *url, const char *const links[][2], size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, links[i][0], json_sprintf("%s/%s", url, links[i][1]));
    return object;
}

void api_uri(const struct api_call *call, char out[API_PATH_MAX], const char *fmt, ...)
{
    int len = snprintf(out, API_PATH_MAX, API_ROOT "/%s", call->account);
    va_list args;
    va_start(args, fmt);
    vsnprintf(out + len, API_PATH_MAX - (size_t)len, fmt, args);
    va_end(args);
}

/* ---- from the request to its handler ---- */

static const char *served_as(const char *method)
{
    return strcmp(method, "HEAD") == 0 ? "GET" : method;
}

/* The row for path and method; NULL with *known telling whether the path has other methods, which are added
 * to allow. */
static const struct route *find_route(const struct api *api, const char *method, const struct path *path,
                                      struct path_ids *ids, char allow[128])
{
    const struct route *found = NULL;
    allow[0] = '\0';
    for (const struct route *route = routes; route->method != NULL; route++) {
        struct path_ids here;
        if (!shape_fits(&api->shapes[route - routes], path) || !path_match(path, route->path, &here))
            continue;
        *ids = here;
        size_t len = strlen(allow);
        snprintf(allow + len, 128 - len, "%s%s", route->method,
                 strcmp(route->method, "GET") == 0 ? ", HEAD, " : ", ");
        if (strcmp(route->method, served_as(method)) == 0)
            found = route;
    }
    return found;
}

static void answer_allow(struct api_call *call, const char *allow, bool refused)
{
    char header[192];
    struct refusal refusal;
    snprintf(header, sizeof header, "Allow: %sOPTIONS\r\n", allow);
    if (!refused) {
        call_end(call, &(struct http_answer){.status = 204, .headers = header});
        return;
    }
    refuse(&refusal, 405, 20004, "Method not allowed");
    call_refused(call, &refusal, header);
}

/* A token opens its subaccounts' paths too, a key only its own account's. Test credentials stand for
 * themselves. */
static bool may_reach(const struct api_call *call, const struct account *meant, const struct account *asks)
{
    return call->trusted || meant->id == asks->id ||
           (meant->owner_id == asks->id && !meant->test && !call->by_key);
}

static bool log_in(struct api_call *call, const char *authorization, struct auth_who *who,
                   struct refusal *refusal)
{
    struct gate *gate = call->api->gate;
    const struct conf_http *conf = &call->rooms->conf->http;
    if (authorization != NULL && !gate_may_login(gate, call->http, refusal))
        return false;
    bool good = auth_admit(call->rooms->directory, authorization, who, refusal);
    if (good || (authorization != NULL && refusal->code == 20003))
        gate_login(gate, conf, call->http, good);
    return good && gate_account(gate, conf, call->http, who->account->id, refusal);
}

static bool identify(struct api_call *call, struct auth_who *who, struct refusal *refusal)
{
    const char *authorization = httpreq_header(http_request(call->http), "Authorization");
    call->trusted = http_trusted(call->http) && authorization == NULL;
    if (call->trusted)
        *who = (struct auth_who){directory_account_first(call->rooms->directory), false};
    else if (!log_in(call, authorization, who, refusal))
        return false;
    call->by_key = who->by_key;
    call->asks_id = who->account->id;
    return true;
}

/* Who asks, and for which account: NULL in *meant when that is nobody's business. */
static bool admit(struct api_call *call, const struct path_ids *ids, const struct account **meant,
                  struct refusal *refusal)
{
    struct auth_who who;
    if (!identify(call, &who, refusal))
        return false;
    *meant = ids->has_account ? directory_account_by_sid(call->rooms->directory, &ids->account) : who.account;
    if (*meant != NULL && !may_reach(call, *meant, who.account))
        *meant = NULL;
    if (*meant == NULL)
        return true;
    call->account_id = (*meant)->id;
    sid_format(&(*meant)->sid, "AC", call->account);
    return true;
}

/* A subaccount that is suspended or closed can be read by its owner, and be made active again. */
static bool may_act(const struct api_call *call, const struct route *route, const struct account *meant,
                    struct refusal *refusal)
{
    return strcmp(route->method, "GET") == 0 || route->handler == accounts_update ||
           auth_active(call->rooms->directory, meant, refusal);
}

static bool body_is(const struct httpreq *request, const char *wanted)
{
    const char *type = httpreq_header(request, "Content-Type");
    if (type == NULL)
        return true;
    type += strspn(type, " \t");
    size_t len = strcspn(type, "; \t");
    return len == strlen(wanted) && strncasecmp(type, wanted, len) == 0;
}

/* The rest of the program reads values as C texts, which end at NUL. Body is read by its length, and has an
 * error of its own for what cannot be sent. */
static bool without_nul(const struct form *form, struct refusal *refusal)
{
    for (size_t i = 0; i < form->count; i++) {
        const struct form_pair *pair = &form->pairs[i];
        if (strcmp(pair->key, "Body") != 0 && memchr(pair->value, '\0', pair->value_len) != NULL)
            return refuse(refusal, 400, 20001, "%.64s holds a NUL character (%%00).", pair->key);
    }
    return true;
}

/* Whether no value lies deeper than `room` containers: what is kept must be readable to every client's
 * parser, and those of SDKs end at some hundreds. */
static bool json_is_flat(json_t *value, int room)
{
    const char *key;
    json_t *child;
    size_t i;
    if (room == 0 && (json_is_object(value) || json_is_array(value)))
        return false;
    json_object_foreach(value, key, child) if (!json_is_flat(child, room - 1)) return false;
    json_array_foreach(value, i, child) if (!json_is_flat(child, room - 1)) return false;
    return true;
}

static bool read_json(struct api_call *call, struct refusal *refusal)
{
    const struct httpreq *request = http_request(call->http);
    json_error_t error;
    if (!body_is(request, "application/json"))
        return refuse(refusal, 400, 20001, "The body must be application/json.");
    call->json = json_loadb(request->body, request->body_len, JSON_REJECT_DUPLICATES, &error);
    if (call->json == NULL)
        return refuse(refusal, 400, 20001, "The body is not well formed JSON: line %d: %.120s", error.line,
                      error.text);
    return json_is_flat(call->json, JSON_DEPTH_MAX) ||
           refuse(refusal, 400, 20001, "The body's JSON is deeper than %d.", JSON_DEPTH_MAX);
}

static bool read_bodies(struct api_call *call, bool json, struct refusal *refusal)
{
    const struct httpreq *request = http_request(call->http);
    const char *why = "malformed";
    if (form_parse(request->query, strlen(request->query), &call->query, &why) != 0)
        return refuse(refusal, 400, 20001, "The query string is not well formed: %.120s", why);
    if (!without_nul(&call->query, refusal))
        return false;
    if (request->body_len == 0 || strcmp(request->method, "POST") != 0)
        return true;
    if (json)
        return read_json(call, refusal);
    if (!body_is(request, "application/x-www-form-urlencoded"))
        return refuse(refusal, 400, 20001, "The body must be application/x-www-form-urlencoded.");
    if (form_parse(request->body, request->body_len, &call->form, &why) != 0)
        return refuse(refusal, 400, 20001, "The body is not a well formed form: %.120s", why);
    return without_nul(&call->form, refusal);
}

static bool is_test(const struct api_call *call)
{
    return directory_account(call->rooms->directory, call->account_id)->test;
}

void api_serve(void *arg, struct http_call *http)
{
    struct api_call *call = call_new(arg, http);
    const char *method = http_request(http)->method;
    struct path path;
    struct path_ids ids = {0};
    struct refusal refusal;
    char allow[128] = "";
    const struct account *meant = NULL;
    bool known = path_split(http_request(http)->path, &path);
    const struct route *route = known ? find_route(call->api, method, &path, &ids, allow) : NULL;
    known = allow[0] != '\0';
    bool options = strcmp(method, "OPTIONS") == 0;
    if (!gate_enter(call->api->gate, &call->rooms->conf->http, http, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    if (options && (known || strcmp(http_request(http)->path, "*") == 0)) {
        answer_allow(call, known ? allow : "GET, HEAD, POST, DELETE, ", false);
        return;
    }
    if (!admit(call, &ids, &meant, &refusal)) {
        api_refusal(call, &refusal);
    } else if (!known || meant == NULL) {
        api_not_found(call);
    } else if (route == NULL) {
        answer_allow(call, allow, true);
    } else if (is_test(call) && !magic_serves(route->handler)) {
        api_refuse(call, 403, 20008, "Resource not accessible with Test Account Credentials");
    } else if (!may_act(call, route, meant, &refusal) || !read_bodies(call, route->json, &refusal)) {
        api_refusal(call, &refusal);
    } else {
        call->sid = ids.sid;
        call->owner = ids.owner;
        call->text = ids.text;
        route->handler(call); /* call->text lives until it returns */
    }
}
