/* The façade over real rooms on a folder of its own, a clock that the test drives, and a client on the same
 * loop. */
#ifndef CELLPOST_TESTS_FACADE_RIG_H
#define CELLPOST_TESTS_FACADE_RIG_H

#include "http_client.h"

#include "host/base/clock.h"
#include "host/base/secret.h"
#include "host/facade/facade.h"
#include "host/optout/optout.h"
#include "powerfail_vfs.h"
#include "store_rig.h"

#define AC      "AC00112233445566778899aabbccddeeff"
#define TOKEN   "ffeeddccbbaa99887766554433221100"
#define MG      "MG00112233445566778899aabbccddee01"
#define MG_NONE "MG00112233445566778899aabbccddee02" /* no longer configured */
#define MG_MORE "MG00112233445566778899aabbccddee03" /* what a test adds */
#define WARD    "+41790000001"
#define PLANT   "+41790000002" /* class alarm */
#define ALICE   "+41791112233"
#define API     "/2010-04-01/Accounts/" AC
#define T0      INT64_C(1800000000000) /* Fri, 15 Jan 2027 08:00:00 */

struct facade_rig {
    struct rig store;
    struct conf *conf;
    struct directory *directory;
    struct queue *queue;
    struct verify *verify;
    struct facade *facade;
    struct optout *optout;
    struct client client;
    int64_t asked_ms;                          /* when the client was last used; monotonic */
    char other_sid[SID_TEXT], other_token[33]; /* a second account */
};

static inline void rig_conf_error(void *arg, const char *file, int line, const char *message)
{
    (void)arg;
    fail_msg("%s:%d: %s", file, line, message);
}

static inline struct conf *rig_conf(const char *dir, const char *http, const char *more)
{
    char text[4096];
    int len = snprintf(
        text, sizeof text,
        "[daemon]\ndata_dir = %s\naccount_sid = " AC "\nauth_token = " TOKEN "\ncountry = 41\n"
        "[http]\nlisten = 127.0.0.1:0\n%s%s\n"
        "[class otp]\npriority = 9\nvalidity = 5m\n"
        "[class alarm]\npriority = 8\nunsure = resend\n"
        "[line ward]\ncarrier = loopback\nnumber = " WARD "\n"
        "[line plant]\ncarrier = loopback\nnumber = " PLANT "\nclass = alarm\nstatus_reports = no\n"
        "[service alerts]\nsid = " MG "\nlines = ward\nvalidity = 10m\nsmart_encoding = yes\n"
        "%s",
        dir, strstr(http, "_rate") == NULL ? "account_rate = 0\naddress_rate = 0\n" : "", http, more);
    return conf_parse("test.conf", text, (size_t)len, rig_conf_error, NULL);
}

static inline void on_other(void *arg, int status)
{
    *(int *)arg = status;
}

static inline void rig_other_account(struct facade_rig *r)
{
    struct sid sid;
    int status = 1;
    directory_account_create(r->directory, "other", &sid, r->other_token, on_other, &status);
    for (int i = 0; i < 5; i++)
        loop_turn(r->store.loop, 0);
    assert_int_equal(status, 0);
    sid_format(&sid, "AC", r->other_sid);
}

static inline struct facade_rooms rig_rooms(const struct facade_rig *r)
{
    return (struct facade_rooms){r->store.loop, r->store.store, r->queue, r->directory,
                                 r->conf,       r->optout,      r->verify};
}

/* Rooms without the façade. */
static inline void rig_open_rooms(struct facade_rig *r, const char *http)
{
    char error[256] = "";
    powerfail_reset();
    rig_init(&r->store);
    r->store.options.vfs = POWERFAIL_VFS;
    /* a service and a line that the configuration has lost since */
    struct conf *before = rig_conf(r->store.dir, http,
                                   "[line gone]\ncarrier = loopback\nnumber = +41790000008\n"
                                   "[service none]\nsid = " MG_NONE "\nlines = gone\n");
    r->conf = rig_conf(r->store.dir, http, "");
    if (rig_open(&r->store) != 0)
        fail_msg("%s", r->store.error);
    if (directory_open(&r->directory, r->store.store, before, error) != 0 ||
        directory_reload(r->directory, r->conf, error) != 0)
        fail_msg("%s", error);
    conf_free(before);
    assert_int_equal(queue_open(&r->queue, r->store.store, r->store.loop), 0);
    r->optout = optout_open(r->store.store, &(struct mark_key){{0}});
    r->verify = verify_open(r->store.store, r->store.loop, directory_secret(r->directory));
    rig_other_account(r);
    r->client.fd = -1;
}

static inline void rig_open_facade(struct facade_rig *r, const char *http)
{
    char error[256] = "";
    rig_open_rooms(r, http);
    struct facade_rooms rooms = rig_rooms(r);
    if (facade_open(&r->facade, &rooms, error) != 0)
        fail_msg("%s", error);
}

static inline void rig_close_all(struct facade_rig *r)
{
    client_close(&r->client);
    facade_close(r->facade);
    queue_close(r->queue);
    rig_close(&r->store);
    optout_close(r->optout);
    verify_close(r->verify);
    directory_close(r->directory);
    conf_free(r->conf);
    rig_fini(&r->store);
}

static inline void basic_auth(const char *user, const char *password, char out[256])
{
    char plain[128], encoded[192];
    int len = snprintf(plain, sizeof plain, "%s:%s", user, password);
    base64_encode(plain, (size_t)len, encoded);
    snprintf(out, 256, "Authorization: Basic %s\r\n", encoded);
}

/* After so long a leap of the clock the server gives a connection up that it keeps, in which turn is chance.
 */
#define KEPT_MS 20000

/* One request with these header lines, on the kept connection. */
static inline void rig_send(struct facade_rig *r, const char *method, const char *path, const char *headers,
                            const char *form)
{
    char text[16384];
    if (r->client.fd < 0 || r->client.eof || clock_mono_ms() - r->asked_ms >= KEPT_MS) {
        client_close(&r->client);
        client_connect(&r->client, r->store.loop, facade_port(r->facade));
    }
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: gw\r\n%s%sContent-Length: %zu\r\n\r\n%s", method,
             path, headers, form != NULL ? "Content-Type: application/x-www-form-urlencoded\r\n" : "",
             form != NULL ? strlen(form) : 0, form != NULL ? form : "");
    r->asked_ms = clock_mono_ms();
    client_send(&r->client, text);
}

static inline struct response rig_ask_as(struct facade_rig *r, const char *method, const char *path,
                                         const char *headers, const char *form)
{
    struct response response;
    rig_send(r, method, path, headers, form);
    client_receive(&r->client, &response);
    return response;
}

/* As the first account. */
static inline struct response rig_ask(struct facade_rig *r, const char *method, const char *path,
                                      const char *form)
{
    char auth[256];
    basic_auth(AC, TOKEN, auth);
    return rig_ask_as(r, method, path, auth, form);
}

static inline const char *text_of(const struct response *r, const char *key)
{
    json_t *value = json_object_get(r->json, key);
    if (value == NULL)
        fail_msg("no %s in %s", key, r->body);
    return json_is_null(value) ? NULL : json_string_value(value);
}

static inline void assert_refused(struct response *r, int status, int code)
{
    if (r->status != status || json_integer_value(json_object_get(r->json, "code")) != code)
        fail_msg("wanted %d/%d, got %d %s", status, code, r->status, r->body);
    assert_int_equal(json_integer_value(json_object_get(r->json, "status")), status);
    assert_true(json_is_string(json_object_get(r->json, "message")));
    assert_int_equal(json_object_size(r->json), 4);
    response_fini(r);
}

#endif
