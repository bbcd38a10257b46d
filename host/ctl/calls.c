/* See calls.h. One libcurl handle a slot; the nth request has slot n modulo their number, so that a slot is
 * free once all before it were told. */
#include "host/ctl/calls.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"

#define AT_ONCE    16
#define WAIT_MOST  3600
#define WAIT_USUAL 5
#define TIMEOUT_S  60L

enum slot_state { SLOT_FREE, SLOT_ASKS, SLOT_WAITS, SLOT_DONE };

struct slot {
    enum slot_state state;
    CURL *curl;
    struct curl_slist *headers;
    struct calls_request request;
    char *text; /* of the answer */
    size_t len;
    char fault[CURL_ERROR_SIZE];
    struct calls_answer answer;
};

struct calls {
    const char *socket_path;
    const struct calls_sink *sink;
    CURLM *multi;
    struct slot slots[AT_ONCE];
    size_t told, begun;
    bool ended, failed;
    int64_t hold_until_ms; /* monotonic */
};

static size_t take(char *data, size_t size, size_t count, void *arg)
{
    struct slot *slot = arg;
    size_t len = size * count;
    char *text = realloc(slot->text, slot->len + len + 1);
    if (text == NULL)
        return 0;
    memcpy(text + slot->len, data, len);
    slot->text = text;
    slot->len += len;
    text[slot->len] = '\0';
    return len;
}

/* ---- one request ---- */

static void slot_prepare(const struct calls *calls, struct slot *slot)
{
    char url[512], header[128];
    snprintf(url, sizeof url, "http://cellpost%s", slot->request.path);
    slot->curl = slot->curl != NULL ? slot->curl : curl_easy_init();
    if (slot->curl == NULL)
        fatal("out of memory");
    curl_easy_reset(slot->curl);
    curl_easy_setopt(slot->curl, CURLOPT_UNIX_SOCKET_PATH, calls->socket_path);
    curl_easy_setopt(slot->curl, CURLOPT_URL, url);
    if (slot->request.form != NULL)
        curl_easy_setopt(slot->curl, CURLOPT_POSTFIELDS, slot->request.form);
    if (slot->request.key[0] != '\0') {
        snprintf(header, sizeof header, "Idempotency-Key: %s", slot->request.key);
        slot->headers = curl_slist_append(NULL, header);
        curl_easy_setopt(slot->curl, CURLOPT_HTTPHEADER, slot->headers);
    }
    curl_easy_setopt(slot->curl, CURLOPT_ERRORBUFFER, slot->fault);
    curl_easy_setopt(slot->curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(slot->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(slot->curl, CURLOPT_WRITEDATA, slot);
    curl_easy_setopt(slot->curl, CURLOPT_PRIVATE, slot);
}

static void slot_ask(struct calls *calls, struct slot *slot)
{
    free(slot->text);
    slot->text = NULL;
    slot->len = 0;
    slot->state = SLOT_ASKS;
    curl_multi_add_handle(calls->multi, slot->curl);
}

static void slot_clear(struct slot *slot)
{
    json_decref(slot->answer.json);
    curl_slist_free_all(slot->headers);
    free(slot->request.path);
    free(slot->request.form);
    free(slot->text);
    *slot = (struct slot){.curl = slot->curl};
}

static void slot_wait(struct calls *calls, struct slot *slot)
{
    curl_off_t wait_s = 0;
    curl_easy_getinfo(slot->curl, CURLINFO_RETRY_AFTER, &wait_s);
    wait_s = wait_s <= 0 ? WAIT_USUAL : wait_s > WAIT_MOST ? WAIT_MOST : wait_s;
    slot->state = SLOT_WAITS;
    int64_t until_ms = clock_mono_ms() + wait_s * 1000;
    if (clock_mono_ms() >= calls->hold_until_ms && calls->sink->wait != NULL)
        calls->sink->wait(calls->sink->arg, (int)wait_s);
    if (until_ms > calls->hold_until_ms)
        calls->hold_until_ms = until_ms;
}

static void slot_answered(struct calls *calls, struct slot *slot, CURLcode code)
{
    struct calls_answer *answer = &slot->answer;
    curl_multi_remove_handle(calls->multi, slot->curl);
    curl_easy_getinfo(slot->curl, CURLINFO_RESPONSE_CODE, &answer->http);
    if (code == CURLE_OK && answer->http == 429) {
        slot_wait(calls, slot);
        return;
    }
    slot->state = SLOT_DONE;
    if (code != CURLE_OK) {
        answer->http = 0;
        answer->fault = slot->fault[0] != '\0' ? slot->fault : curl_easy_strerror(code);
    } else if (slot->text != NULL) {
        answer->json = json_loadb(slot->text, slot->len, 0, NULL);
    }
    calls->failed |= code != CURLE_OK || answer->http >= 500;
}

/* ---- all of them ---- */

static void begin_more(struct calls *calls)
{
    while (!calls->ended && !calls->failed && calls->begun - calls->told < AT_ONCE) {
        struct slot *slot = &calls->slots[calls->begun % AT_ONCE];
        if (!calls->sink->next(calls->sink->arg, &slot->request)) {
            calls->ended = true;
            return;
        }
        calls->begun++;
        slot_prepare(calls, slot);
        slot_ask(calls, slot);
    }
}

static void ask_again(struct calls *calls)
{
    for (size_t i = 0; i < AT_ONCE; i++)
        if (calls->slots[i].state == SLOT_WAITS)
            slot_ask(calls, &calls->slots[i]);
}

static void take_answers(struct calls *calls)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(calls->multi, &left)) != NULL) {
        struct slot *slot;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot);
        slot_answered(calls, slot, code);
    }
}

/* False: the one that failed has been told. */
static bool tell(struct calls *calls)
{
    while (calls->told < calls->begun) {
        struct slot *slot = &calls->slots[calls->told % AT_ONCE];
        if (slot->state != SLOT_DONE)
            return true;
        bool failed = slot->answer.fault != NULL || slot->answer.http >= 500;
        calls->sink->answer(calls->sink->arg, &slot->answer);
        calls->told++;
        slot_clear(slot);
        if (failed)
            return false;
    }
    return true;
}

static int run(struct calls *calls)
{
    for (;;) {
        int running;
        int64_t hold_ms = calls->hold_until_ms - clock_mono_ms();
        if (hold_ms <= 0) {
            ask_again(calls);
            begin_more(calls);
        }
        curl_multi_perform(calls->multi, &running);
        take_answers(calls);
        if (!tell(calls))
            return -EIO;
        if (calls->ended && calls->told == calls->begun)
            return 0;
        hold_ms = calls->hold_until_ms - clock_mono_ms();
        curl_multi_poll(calls->multi, NULL, 0,
                        running > 0      ? 1000
                        : hold_ms > 1000 ? 1000
                        : hold_ms > 0    ? (int)hold_ms
                                         : 0,
                        NULL);
    }
}

int calls_run(const char *socket_path, const struct calls_sink *sink)
{
    struct calls calls = {.socket_path = socket_path, .sink = sink, .multi = curl_multi_init()};
    if (calls.multi == NULL)
        fatal("out of memory");
    int status = run(&calls);
    for (size_t i = 0; i < AT_ONCE; i++) {
        struct slot *slot = &calls.slots[i];
        if (slot->state == SLOT_ASKS)
            curl_multi_remove_handle(calls.multi, slot->curl);
        slot_clear(slot);
        curl_easy_cleanup(slot->curl);
    }
    curl_multi_cleanup(calls.multi);
    return status;
}
