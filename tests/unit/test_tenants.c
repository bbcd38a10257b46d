/* Accounts and their subaccounts over the API, keys, and that nothing of one account is another's. */
#include <signal.h>

#include "facade_calls.h"

#include "host/facade/routes.h"

#define ACCOUNTS "/2010-04-01/Accounts"

struct tenant {
    char sid[SID_TEXT], token[33], auth[256];
};

static void tenant_of(const struct response *r, struct tenant *tenant)
{
    snprintf(tenant->sid, sizeof tenant->sid, "%s", text_of(r, "sid"));
    snprintf(tenant->token, sizeof tenant->token, "%s", text_of(r, "auth_token"));
    basic_auth(tenant->sid, tenant->token, tenant->auth);
}

static void make_sub(const char *form, struct tenant *tenant)
{
    struct response r = post(ACCOUNTS ".json", form);
    assert_int_equal(r.status, 201);
    tenant_of(&r, tenant);
    response_fini(&r);
}

static void other_tenant(struct tenant *tenant)
{
    snprintf(tenant->sid, sizeof tenant->sid, "%s", rig.other_sid);
    snprintf(tenant->token, sizeof tenant->token, "%s", rig.other_token);
    basic_auth(tenant->sid, tenant->token, tenant->auth);
}

static struct response ask_as(const struct tenant *tenant, const char *method, const char *of,
                              const char *tail, const char *form)
{
    char path[256];
    snprintf(path, sizeof path, ACCOUNTS "/%s%s", of, tail);
    return rig_ask_as(&rig, method, path, tenant->auth, form);
}

static void assert_field(struct response r, int status, const char *key, const char *value)
{
    if (r.status != status)
        fail_msg("wanted %d, got %d %s", status, r.status, r.body);
    const char *text = text_of(&r, key);
    if (value == NULL ? text != NULL : text == NULL || strcmp(text, value) != 0)
        fail_msg("wanted %s %s in %s", key, value != NULL ? value : "null", r.body);
    response_fini(&r);
}

static void assert_ask(const struct tenant *tenant, const char *method, const char *of, const char *tail,
                       const char *form, int status, int code)
{
    struct response r = ask_as(tenant, method, of, tail, form);
    if (code != 0) {
        assert_refused(&r, status, code);
        return;
    }
    if (r.status != status)
        fail_msg("%s %s%s: wanted %d, got %d %s", method, of, tail, status, r.status, r.body);
    response_fini(&r);
}

static struct tenant the_first(void)
{
    struct tenant first = {.sid = AC, .token = TOKEN};
    basic_auth(AC, TOKEN, first.auth);
    return first;
}

/* ---- subaccounts ---- */

static void test_subaccount_is_made(void **state)
{
    static const char *const keys[] = {
        "auth_token", "date_created", "date_updated",     "friendly_name", "owner_account_sid",
        "sid",        "status",       "subresource_uris", "type",          "uri"};
    (void)state;
    struct response r = post(ACCOUNTS ".json", "FriendlyName=Ward%203");
    assert_int_equal(r.status, 201);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_non_null(json_object_get(r.json, keys[i]));
    assert_int_equal(json_object_size(r.json), sizeof keys / sizeof keys[0]);
    assert_string_equal(text_of(&r, "owner_account_sid"), AC);
    assert_string_equal(text_of(&r, "status"), "active");
    struct tenant sub, first = the_first();
    tenant_of(&r, &sub);
    response_fini(&r);
    assert_int_equal(strlen(sub.token), 32);
    assert_field(ask_as(&sub, "GET", sub.sid, ".json", NULL), 200, "auth_token", sub.token);
    assert_field(ask_as(&first, "GET", sub.sid, ".json", NULL), 200, "auth_token", sub.token);
    assert_field(ask_as(&sub, "GET", sub.sid, ".json", NULL), 200, "owner_account_sid", AC);
    assert_field(post(ACCOUNTS ".json", ""), 201, "friendly_name",
                 "SubAccount Created at 2027-01-15 08:00 am");
    clock_advance(4 * 3600 * 1000 + 5 * 60 * 1000);
    assert_field(post(ACCOUNTS ".json", ""), 201, "friendly_name",
                 "SubAccount Created at 2027-01-15 12:05 pm");
    assert_ask(&first, "POST", "", ".json", NULL, 404, 20404);
}

static void test_subaccount_refusals(void **state)
{
    char long_name[80] = "FriendlyName=";
    struct tenant sub;
    (void)state;
    memset(long_name + 13, 'x', 65);
    struct response r = post(ACCOUNTS ".json", long_name);
    assert_refused(&r, 400, 20002);
    make_sub("FriendlyName=a", &sub);
    r = rig_ask_as(&rig, "POST", ACCOUNTS ".json", sub.auth, "FriendlyName=deeper");
    assert_refused(&r, 403, 20006);
    r = post(API ".json", "Status=suspended");
    assert_refused(&r, 403, 20006);
    r = post(API ".json", "Status=closed");
    assert_refused(&r, 403, 20006);
    r = post(API ".json", "Status=asleep");
    assert_refused(&r, 400, 20001);
    r = post(API ".json", long_name);
    assert_refused(&r, 400, 20002);
    r = post(API ".json", "FriendlyName=");
    assert_refused(&r, 400, 20002);
    assert_ask(&sub, "POST", sub.sid, ".json", "Status=closed", 403, 20006);
    assert_field(ask_as(&sub, "POST", sub.sid, ".json", "FriendlyName=own"), 200, "friendly_name", "own");
    assert_field(post(API ".json", "FriendlyName=Clinic&Status=active"), 200, "friendly_name", "Clinic");
}

static size_t listed(const struct tenant *tenant, const char *query)
{
    char path[256];
    snprintf(path, sizeof path, ACCOUNTS ".json%s", query);
    struct response r = rig_ask_as(&rig, "GET", path, tenant->auth, NULL);
    assert_int_equal(r.status, 200);
    size_t count = json_array_size(json_object_get(r.json, "accounts"));
    response_fini(&r);
    return count;
}

static void test_list_is_own_and_subaccounts(void **state)
{
    struct tenant first = the_first(), a, b, other;
    (void)state;
    other_tenant(&other);
    make_sub("FriendlyName=a", &a);
    make_sub("FriendlyName=b", &b);
    assert_int_equal(listed(&first, ""), 3);
    assert_int_equal(listed(&a, ""), 1);
    assert_int_equal(listed(&other, ""), 1);
    assert_int_equal(listed(&first, "?FriendlyName=b"), 1);
    assert_ask(&first, "POST", b.sid, ".json", "Status=suspended", 200, 0);
    assert_int_equal(listed(&first, "?Status=suspended"), 1);
    assert_int_equal(listed(&first, "?Status=active"), 2);
    assert_int_equal(listed(&first, "?PageSize=2"), 2);
    assert_int_equal(listed(&first, "?FriendlyName=other"), 0);
}

/* ---- suspended and closed ---- */

static void move_plant(const char *to)
{
    char form[80], path[128], sid[SID_TEXT];
    const struct line *line = directory_line_by_number(rig.directory, PLANT);
    sid_format(&line->sid, "PN", sid);
    snprintf(form, sizeof form, "AccountSid=%s", to);
    snprintf(path, sizeof path, API "/IncomingPhoneNumbers/%s.json", sid);
    struct response r = post(path, form);
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "account_sid"), to);
    response_fini(&r);
}

#define PLANT_FORM "To=%2B41791112233&From=%2B41790000002&Body=Hello"

static void sub_with_message(struct tenant *sub, char path[128])
{
    make_sub("FriendlyName=sub", sub);
    move_plant(sub->sid);
    struct response r = ask_as(sub, "POST", sub->sid, "/Messages.json", PLANT_FORM);
    assert_int_equal(r.status, 201);
    snprintf(path, 128, "%s", strstr(text_of(&r, "uri"), "/Messages"));
    response_fini(&r);
}

static bool claimable(const char *number)
{
    struct job job;
    int64_t next_ms;
    return queue_claim(rig.queue, directory_line_by_number(rig.directory, number)->id, NULL, 0, &job,
                       &next_ms) == 0;
}

static void test_suspended(void **state)
{
    char path[128];
    struct tenant first = the_first(), sub;
    (void)state;
    sub_with_message(&sub, path);
    assert_ask(&first, "POST", sub.sid, ".json", "Status=suspended", 200, 0);
    assert_ask(&sub, "GET", sub.sid, ".json", NULL, 401, 20005);
    assert_ask(&sub, "GET", sub.sid, path, NULL, 401, 20005);
    assert_ask(&first, "POST", sub.sid, "/Messages.json", PLANT_FORM, 401, 20005);
    assert_ask(&first, "DELETE", sub.sid, path, NULL, 401, 20005);
    assert_field(ask_as(&first, "GET", sub.sid, ".json", NULL), 200, "status", "suspended");
    struct response r = ask_as(&first, "GET", sub.sid, path, NULL);
    assert_string_equal(text_of(&r, "status"), "failed");
    assert_int_equal(json_integer_value(json_object_get(r.json, "error_code")), 30002);
    response_fini(&r);
    assert_false(claimable(PLANT));
    assert_ask(&first, "POST", sub.sid, ".json", "Status=active", 200, 0);
    assert_ask(&sub, "POST", sub.sid, "/Messages.json", PLANT_FORM, 201, 0);
    assert_true(claimable(PLANT));
}

static void test_closed_is_for_good(void **state)
{
    char path[128];
    struct tenant first = the_first(), sub;
    (void)state;
    sub_with_message(&sub, path);
    assert_ask(&first, "POST", sub.sid, ".json", "Status=closed", 200, 0);
    assert_ask(&sub, "GET", sub.sid, ".json", NULL, 403, 20403);
    assert_ask(&first, "POST", sub.sid, "/Messages.json", PLANT_FORM, 403, 20403);
    assert_field(ask_as(&first, "GET", sub.sid, path, NULL), 200, "status", "canceled");
    assert_ask(&first, "POST", sub.sid, ".json", "Status=active", 409, 20409);
    assert_ask(&first, "POST", sub.sid, ".json", "FriendlyName=x", 409, 20409);
    assert_field(ask_as(&first, "GET", sub.sid, ".json", NULL), 200, "status", "closed");
}

/* What had begun to leave is finished, what had not is not, however many wait; the rest of the house goes on.
 */
static void test_suspension_walks_all(void **state)
{
    char path[128], form[128];
    struct tenant first = the_first(), sub;
    struct job job;
    int64_t next_ms;
    (void)state;
    sub_with_message(&sub, path);
    int64_t plant = directory_line_by_number(rig.directory, PLANT)->id;
    assert_int_equal(queue_claim(rig.queue, plant, NULL, 0, &job, &next_ms), 0);
    int status = 1;
    queue_in_flight(rig.queue, job.attempt_id, "", on_mark, &status);
    for (int i = 0; i < 600; i++) {
        snprintf(form, sizeof form, "To=%%2B41791113%03d&From=%%2B41790000002&Body=x", i);
        assert_ask(&sub, "POST", sub.sid, "/Messages.json", form, 201, 0);
    }
    create(FORM, path);
    int64_t sub_id = 0, first_id = directory_account_first(rig.directory)->id;
    struct sid sid;
    assert_true(sid_parse(sub.sid, "AC", &sid));
    sub_id = directory_account_by_sid(rig.directory, &sid)->id;
    assert_ask(&first, "POST", sub.sid, ".json", "Status=suspended", 200, 0);
    for (int i = 0; i < 20 && queue_depth(rig.queue, sub_id) > 1; i++)
        loop_turn(rig.store.loop, 0);
    assert_int_equal(queue_depth(rig.queue, sub_id), 1);
    assert_int_equal(queue_depth(rig.queue, first_id), 1);
    const struct settlement sent = {.outcome = OUTCOME_SENT, .mr = 1, .reason = "test"};
    status = 1;
    queue_settle(rig.queue, job.attempt_id, &sent, on_mark, &status);
    for (int i = 0; i < 5 && status != 0; i++)
        loop_turn(rig.store.loop, 0);
    assert_int_equal(status, 0);
    assert_int_equal(queue_depth(rig.queue, sub_id), 0);
}

static void test_suspended_before_its_time(void **state)
{
    char path[128];
    struct tenant first = the_first(), sub;
    (void)state;
    configure("schedule_without_service = yes", "");
    sub_with_message(&sub, path);
    struct response r = ask_as(&sub, "POST", sub.sid, "/Messages.json",
                               PLANT_FORM "&ScheduleType=fixed&SendAt=2027-01-16T08:00:00Z");
    if (r.status != 201)
        fail_msg("%d %s", r.status, r.body);
    assert_string_equal(text_of(&r, "status"), "scheduled");
    snprintf(path, sizeof path, "%s", strstr(text_of(&r, "uri"), "/Messages"));
    response_fini(&r);
    assert_ask(&first, "POST", sub.sid, ".json", "Status=suspended", 200, 0);
    assert_field(ask_as(&first, "GET", sub.sid, path, NULL), 200, "status", "failed");
    assert_ask(&first, "POST", sub.sid, ".json", "Status=active", 200, 0);
    clock_advance(25 * 3600 * 1000);
    loop_turn(rig.store.loop, 0);
    assert_false(claimable(PLANT));
}

/* A stop of the daemon between the status and the end of the walk. */
static void test_stop_is_resumed(void **state)
{
    char path[128], error[256];
    struct tenant first = the_first(), sub;
    (void)state;
    sub_with_message(&sub, path);
    struct sid sid;
    assert_true(sid_parse(sub.sid, "AC", &sid));
    int status = 1;
    directory_account_update(rig.directory, directory_account_by_sid(rig.directory, &sid)->id, NULL,
                             ACCOUNT_SUSPENDED, on_mark, &status);
    for (int i = 0; i < 5 && status != 0; i++)
        loop_turn(rig.store.loop, 0);
    assert_field(ask_as(&first, "GET", sub.sid, path, NULL), 200, "status", "queued");
    client_close(&rig.client);
    facade_close(rig.facade);
    struct facade_rooms rooms = rig_rooms(&rig);
    assert_int_equal(facade_open(&rig.facade, &rooms, error), 0);
    for (int i = 0; i < 5; i++)
        loop_turn(rig.store.loop, 0);
    assert_field(ask_as(&first, "GET", sub.sid, path, NULL), 200, "status", "failed");
}

/* ---- lines ---- */

static void test_a_line_moves(void **state)
{
    char form[80], path[128], sid[SID_TEXT];
    struct tenant sub, other;
    (void)state;
    other_tenant(&other);
    make_sub("FriendlyName=sub", &sub);
    sid_format(&directory_line_by_number(rig.directory, WARD)->sid, "PN", sid);
    snprintf(path, sizeof path, "/IncomingPhoneNumbers/%s.json", sid);
    snprintf(form, sizeof form, "AccountSid=%s", other.sid);
    assert_ask(&sub, "POST", sub.sid, path, form, 404, 20404);
    struct tenant first = the_first();
    assert_ask(&first, "POST", AC, path, form, 400, 20001);
    assert_ask(&first, "POST", AC, path, "AccountSid=ACffffffffffffffffffffffffffffffff", 400, 20001);
    assert_ask(&first, "POST", AC, path, "AccountSid=nonsense", 400, 20001);
    assert_ask(&first, "POST", AC, path, "AccountSid=" AC, 200, 0);
    snprintf(form, sizeof form, "AccountSid=%s", sub.sid);
    assert_field(ask_as(&first, "POST", AC, path, form), 200, "account_sid", sub.sid);
    assert_ask(&first, "GET", AC, path, NULL, 404, 20404);
    assert_ask(&sub, "GET", sub.sid, path, NULL, 200, 0);
    /* its service is the first account's: it has left the pool */
    struct response r = post(API "/Messages.json", "To=%2B41791112233&MessagingServiceSid=" MG "&Body=x");
    assert_refused(&r, 400, 21704);
    r = post(API "/Messages.json", FORM);
    assert_refused(&r, 400, 21606);
    configure("", "");
    r = post(API "/Messages.json", "To=%2B41791112233&MessagingServiceSid=" MG "&Body=x");
    assert_refused(&r, 400, 21704);
    assert_ask(&sub, "POST", sub.sid, path, "AccountSid=" AC, 400, 20001);
    assert_ask(&first, "POST", sub.sid, path, "AccountSid=" AC, 200, 0);
    assert_ask(&first, "GET", AC, path, NULL, 200, 0);
}

/* ---- keys ---- */

static void make_key(const struct tenant *of, const char *kind, struct tenant *key)
{
    char tail[64];
    snprintf(tail, sizeof tail, "/%s.json", kind);
    struct response r = ask_as(of, "POST", of->sid, tail, "FriendlyName=ci");
    assert_int_equal(r.status, 201);
    snprintf(key->sid, sizeof key->sid, "%s", text_of(&r, "sid"));
    snprintf(key->token, sizeof key->token, "%s", text_of(&r, "secret"));
    assert_int_equal(json_object_size(r.json), 5);
    response_fini(&r);
    assert_int_equal(strspn(key->token, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                     32);
    assert_int_equal(strlen(key->token), 32);
    basic_auth(key->sid, key->token, key->auth);
}

static void test_keys(void **state)
{
    static const char *const kinds[] = {"Keys", "SigningKeys"}, *const arrays[] = {"keys", "signing_keys"};
    struct tenant first = the_first(), key, second;
    char tail[64], list[64], long_name[80] = "FriendlyName=";
    (void)state;
    memset(long_name + 13, 'x', 65);
    for (size_t i = 0; i < 2; i++) {
        make_key(&first, kinds[i], &key);
        make_key(&first, kinds[i], &second);
        snprintf(tail, sizeof tail, "/%s/%s.json", kinds[i], key.sid);
        snprintf(list, sizeof list, "/%s.json", kinds[i]);
        struct response r = ask_as(&first, "GET", AC, list, NULL);
        assert_int_equal(json_array_size(json_object_get(r.json, arrays[i])), 2);
        response_fini(&r);
        r = ask_as(&first, "GET", AC, tail, NULL);
        assert_int_equal(json_object_size(r.json), 4); /* no secret */
        response_fini(&r);
        assert_ask(&first, "POST", AC, list, long_name, 400, 20002);
        assert_ask(&first, "POST", AC, tail, long_name, 400, 20002);
        assert_field(ask_as(&first, "POST", AC, tail, "FriendlyName=new"), 200, "friendly_name", "new");
        assert_ask(&key, "GET", AC, "/Messages.json", NULL, 200, 0);
        assert_ask(&first, "DELETE", AC, tail, NULL, 204, 0);
        assert_ask(&key, "GET", AC, "/Messages.json", NULL, 401, 20003); /* at once */
        assert_ask(&first, "GET", AC, tail, NULL, 404, 20404);
        assert_ask(&first, "DELETE", AC, tail, NULL, 404, 20404);
        snprintf(tail, sizeof tail, "/%s/%s.json", kinds[i], second.sid);
        assert_ask(&first, "DELETE", AC, tail, NULL, 204, 0);
    }
}

static void test_what_a_key_may(void **state)
{
    struct tenant first = the_first(), sub, key, wrong;
    (void)state;
    make_sub("FriendlyName=sub", &sub);
    make_key(&first, "Keys", &key);
    wrong = key;
    basic_auth(key.sid, "00000000000000000000000000000000", wrong.auth);
    assert_ask(&wrong, "GET", AC, ".json", NULL, 401, 20003);
    basic_auth(AC, key.token, wrong.auth);
    assert_ask(&wrong, "GET", AC, ".json", NULL, 401, 20003);
    basic_auth(key.sid, TOKEN, wrong.auth);
    assert_ask(&wrong, "GET", AC, ".json", NULL, 401, 20003);
    assert_field(ask_as(&key, "GET", AC, ".json", NULL), 200, "auth_token", NULL);
    assert_ask(&key, "GET", AC, "/IncomingPhoneNumbers.json", NULL, 200, 0);
    assert_ask(&key, "POST", AC, "/Messages.json", FORM, 201, 0);
    assert_ask(&key, "GET", AC, "/Keys.json", NULL, 403, 20006);
    assert_ask(&key, "POST", AC, "/Keys.json", "", 403, 20006);
    assert_ask(&key, "POST", AC, ".json", "FriendlyName=x", 403, 20006);
    assert_ask(&key, "GET", sub.sid, ".json", NULL, 404, 20404);
    assert_ask(&key, "GET", sub.sid, "/Keys.json", NULL, 404, 20404);
    struct response r = rig_ask_as(&rig, "POST", ACCOUNTS ".json", key.auth, "");
    assert_refused(&r, 403, 20006);
    assert_int_equal(listed(&key, ""), 1);
    /* of a subaccount: only that one, and nothing once it is suspended */
    make_key(&sub, "Keys", &key);
    assert_ask(&key, "GET", sub.sid, "/Messages.json", NULL, 200, 0);
    assert_ask(&key, "GET", AC, "/Messages.json", NULL, 404, 20404);
    assert_ask(&first, "POST", sub.sid, ".json", "Status=suspended", 200, 0);
    assert_ask(&key, "GET", sub.sid, "/Messages.json", NULL, 401, 20005);
}

static void test_secret_is_not_kept(void **state)
{
    struct tenant first = the_first(), key;
    struct api_key row;
    struct sid sid;
    uint8_t hash[32];
    (void)state;
    make_key(&first, "Keys", &key);
    assert_true(sid_parse(key.sid, "SK", &sid));
    assert_int_equal(directory_key(rig.directory, 0, &sid, &row), 0);
    secret_sha256(key.token, strlen(key.token), hash);
    assert_memory_equal(row.secret, hash, sizeof hash);
    api_key_fini(&row);
}

/* ---- isolation: each route that there is ---- */

struct own {
    char prefix[3], sid[SID_TEXT];
};

/* SIDs of things that really are the tenant's; of other kinds any SID is as foreign. */
static void own_of(const struct tenant *tenant, struct own own[3])
{
    struct tenant key;
    move_plant(tenant->sid);
    sid_format(&directory_line_by_number(rig.directory, PLANT)->sid, "PN", own[0].sid);
    memcpy(own[0].prefix, "PN", 3);
    struct response r = ask_as(tenant, "POST", tenant->sid, "/Messages.json", PLANT_FORM);
    assert_int_equal(r.status, 201);
    snprintf(own[1].sid, SID_TEXT, "%s", text_of(&r, "sid"));
    memcpy(own[1].prefix, "SM", 3);
    response_fini(&r);
    make_key(tenant, "Keys", &key);
    snprintf(own[2].sid, SID_TEXT, "%s", key.sid);
    memcpy(own[2].prefix, "SK", 3);
}

/* The path of a route with that account, and of the other SIDs the tenant's. */
static void path_of(const char *template, const char *account, const struct own own[3], char out[256])
{
    size_t len = 0;
    while (*template != '\0') {
        size_t plain = strcspn(template, "{");
        len += (size_t)snprintf(out + len, 256 - len, "%.*s", (int)plain, template);
        template += plain;
        if (*template != '{')
            break;
        char made[SID_TEXT];
        const char *sid = made;
        snprintf(made, sizeof made, "%.2s00112233445566778899aabbccddeeff", template + 1);
        for (size_t i = 0; i < 3; i++)
            if (strncmp(own[i].prefix, template + 1, 2) == 0)
                sid = own[i].sid;
        if (strncmp(template, "{AC}", 4) == 0)
            sid = account;
        if (strncmp(template, "{*}", 3) == 0)
            sid = "x";
        len += (size_t)snprintf(out + len, 256 - len, "%s", sid);
        template = strchr(template, '}') + 1;
    }
    out[len] = '\0';
}

static void assert_hidden(const struct route *route, const char *path, const struct tenant *from)
{
    struct response r = rig_ask_as(&rig, route->method, path, from->auth, NULL);
    int code = (int)json_integer_value(json_object_get(r.json, "code"));
    if (r.status != 404 || code != 20404)
        fail_msg("%s %s: wanted 404/20404, got %d %s", route->method, path, r.status, r.body);
    response_fini(&r);
}

static bool names_a_resource(const char *template)
{
    for (const char *at = strchr(template, '{'); at != NULL; at = strchr(at + 1, '{'))
        if (strncmp(at, "{AC}", 4) != 0 && strncmp(at, "{*}", 3) != 0)
            return true;
    return false;
}

/* Each route with the victim's account, and with the asker's own (or none) and the victim's SIDs. */
static void assert_isolated(const struct tenant *asker, const struct tenant *victim, const struct own own[3])
{
    size_t walked = 0;
    for (const struct route *route = routes; route->method != NULL; route++) {
        char path[256];
        if (strstr(route->path, "{AC}") != NULL) {
            path_of(route->path, victim->sid, own, path);
            assert_hidden(route, path, asker);
            walked++;
        }
        if (names_a_resource(route->path)) {
            path_of(route->path, asker->sid, own, path);
            assert_hidden(route, path, asker);
            walked++;
        }
    }
    assert_true(walked > 20);
}

static void test_foreign_account_is_hidden(void **state)
{
    struct tenant first = the_first(), other, sub;
    struct own own[3];
    (void)state;
    other_tenant(&other);
    make_sub("FriendlyName=sub", &sub);
    own_of(&sub, own);
    assert_isolated(&other, &sub, own); /* another main account */
    assert_isolated(&other, &first, own);
    struct tenant key;
    make_key(&first, "Keys", &key); /* a key of the owner, which asks under its own account */
    snprintf(key.sid, sizeof key.sid, "%s", AC);
    for (const struct route *route = routes; route->method != NULL; route++) {
        char path[256];
        path_of(route->path, sub.sid, own, path);
        if (strstr(route->path, "{AC}") != NULL)
            assert_hidden(route, path, &key);
    }
}

static void test_subaccount_does_not_see_its_owner(void **state)
{
    struct tenant first = the_first(), sub, sibling;
    struct own own[3];
    (void)state;
    make_sub("FriendlyName=sub", &sub);
    make_sub("FriendlyName=sibling", &sibling);
    own_of(&first, own);
    assert_isolated(&sub, &first, own);
    own_of(&sibling, own);
    assert_isolated(&sub, &sibling, own);
}

/* The owner reaches a subaccount's things under the subaccount's path, never under its own. */
static void test_owner_asks_by_the_right_path(void **state)
{
    struct tenant first = the_first(), sub;
    struct own own[3];
    (void)state;
    make_sub("FriendlyName=sub", &sub);
    own_of(&sub, own);
    for (const struct route *route = routes; route->method != NULL; route++) {
        char path[256];
        if (!names_a_resource(route->path))
            continue;
        path_of(route->path, AC, own, path);
        assert_hidden(route, path, &first);
    }
    char tail[64];
    snprintf(tail, sizeof tail, "/Messages/%s.json", own[1].sid);
    assert_ask(&first, "GET", sub.sid, tail, NULL, 200, 0);
    snprintf(tail, sizeof tail, "/Keys/%s.json", own[2].sid);
    assert_ask(&first, "GET", sub.sid, tail, NULL, 200, 0);
}

static void test_test_credentials_stand_alone(void **state)
{
    struct tenant first = the_first(), test;
    struct sid sid;
    int status = 1;
    (void)state;
    directory_subaccount_create(rig.directory, directory_account_first(rig.directory)->id, true, "Test", &sid,
                                test.token, on_mark, &status);
    for (int i = 0; i < 5 && status != 0; i++)
        loop_turn(rig.store.loop, 0);
    sid_format(&sid, "AC", test.sid);
    assert_int_equal(listed(&first, ""), 1);
    assert_ask(&first, "GET", test.sid, ".json", NULL, 404, 20404);
    assert_ask(&first, "GET", test.sid, "/Messages.json", NULL, 404, 20404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_subaccount_is_made),
        TEST(test_subaccount_refusals),
        TEST(test_list_is_own_and_subaccounts),
        TEST(test_suspended),
        TEST(test_closed_is_for_good),
        TEST(test_suspension_walks_all),
        TEST(test_suspended_before_its_time),
        TEST(test_stop_is_resumed),
        TEST(test_a_line_moves),
        TEST(test_keys),
        TEST(test_what_a_key_may),
        TEST(test_secret_is_not_kept),
        TEST(test_foreign_account_is_hidden),
        TEST(test_subaccount_does_not_see_its_owner),
        TEST(test_owner_asks_by_the_right_path),
        TEST(test_test_credentials_stand_alone),
    };
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
