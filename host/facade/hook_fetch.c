/* The total time (tt) is for the request with all its repeats and redirects: an application cannot hold a
 * place longer by sending it around.
 *
 * A POST that is redirected by 301, 302 or 303 becomes a GET, and takes its parameters along in the query:
 * the text of a message must not be lost to a redirect from http to https. It does not when the new URL has
 * them already. */
#include "host/facade/hook_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/urllist.h"
#include "host/facade/hook_request.h"
#include "host/facade/hook_url.h"
#include "host/facade/twiml.h"

#define USER_AGENT   "User-Agent: TwilioProxy/1.1"
#define CONTENT_TYPE "Content-Type: application/x-www-form-urlencoded; charset=utf-8"
#define HEADER_MAX   128

struct hook_fetch {
    struct loop *loop;
    struct httpc *httpc;
    struct hook_fetch_request request; /* url and method are not used after the start */
    struct hook_limits limits;
    char *wire; /* NULL: not a URL */
    bool get;
    const struct conf *const *conf;
    bool tried_later; /* if it fails, by the table of delays */
    int redirects;
    int64_t deadline_ms; /* monotonic */
    struct timer start;
    struct httpc_call *call;
    hook_fetch_fn *fn;
    void *arg;
};

static void fetch_free(struct hook_fetch *fetch)
{
    timer_stop(&fetch->start);
    free(fetch->wire);
    free(fetch);
}

void hook_fetch_cancel(struct hook_fetch *fetch)
{
    if (fetch == NULL)
        return;
    if (fetch->call != NULL)
        httpc_cancel(fetch->call);
    fetch_free(fetch);
}

static void finish(struct hook_fetch *fetch, struct hook_failure failure, const char *text,
                   const struct httpc_answer *answer)
{
    struct hook_fetch_result result = {
        .failure = failure,
        .status = answer->status,
        .url = fetch->wire != NULL ? fetch->wire : "",
        .text = text,
        .method = fetch->get ? "GET" : "POST",
        .head = answer->head,
        .content_type = answer->content_type,
        .body = answer->body,
        .body_len = answer->body_len,
    };
    fetch->fn(fetch->arg, &result);
    fetch_free(fetch);
}

static void finish_without_answer(struct hook_fetch *fetch, enum httpc_error error, const char *text)
{
    struct httpc_answer none = {
        .error = error, .error_text = text, .head = "", .content_type = "", .location = "", .body = ""};
    finish(fetch, hook_failure_of(&none), text, &none);
}

/* ---- sending ---- */

static void on_answer(void *arg, const struct httpc_answer *);

static void send_signed(struct hook_fetch *fetch, const struct hook_request *signed_request, int left_ms)
{
    const struct hook_limits *limits = &fetch->limits;
    char sign_header[HEADER_MAX], token_header[HEADER_MAX];
    snprintf(sign_header, sizeof sign_header, "X-Twilio-Signature: %s", signed_request->signature);
    snprintf(token_header, sizeof token_header, "I-Twilio-Idempotency-Token: %s",
             fetch->request.idempotency_token);
    const char *headers[] = {
        USER_AGENT, "Accept: */*", sign_header, token_header, fetch->get ? NULL : CONTENT_TYPE, NULL};
    struct httpc_request send = {
        .method = fetch->get ? "GET" : "POST",
        .url = signed_request->url,
        .headers = headers,
        .body = fetch->get ? NULL : signed_request->form,
        .body_len = fetch->get ? 0 : signed_request->form_len,
        .connect_ms = limits->connect_ms < left_ms ? limits->connect_ms : left_ms,
        .read_ms = limits->read_ms < left_ms ? limits->read_ms : left_ms,
        .total_ms = left_ms,
        .body_max = TWIML_BODY_MAX,
    };
    fetch->call = httpc_send(fetch->httpc, &send, on_answer, fetch);
}

static void fetch_send(struct hook_fetch *fetch)
{
    const struct hook_fetch_request *request = &fetch->request;
    struct hook_request signed_request;
    int64_t left_ms = fetch->deadline_ms - clock_mono_ms();
    if (left_ms <= 0) {
        finish_without_answer(fetch, HTTPC_TIMEOUT, "total time is up");
    } else if (!urllist_allows((*fetch->conf)->hooks.url_allow, fetch->wire)) {
        finish_without_answer(fetch, HTTPC_FORBIDDEN_ADDRESS, "the URL is not allowed (hooks.url_allow)");
    } else if (!hook_request_make(fetch->wire, fetch->get, fetch->redirects > 0, request->params,
                                  request->auth_token, &signed_request)) {
        finish_without_answer(fetch, HTTPC_BAD_URL, "not an http or https URL");
    } else {
        send_signed(fetch, &signed_request, (int)left_ms);
        hook_request_fini(&signed_request);
    }
}

static void on_start(void *arg)
{
    struct hook_fetch *fetch = arg;
    if (fetch->wire == NULL)
        finish_without_answer(fetch, HTTPC_BAD_URL, "not an http or https URL");
    else
        fetch_send(fetch);
}

/* ---- the answer ---- */

static void follow(struct hook_fetch *fetch, const struct httpc_answer *answer)
{
    bool blank = answer->location[strspn(answer->location, " \t\r\n")] == '\0';
    char *next = blank ? NULL : hook_url_resolve(fetch->wire, answer->location);
    if (next == NULL) {
        finish(fetch, hook_failure_of(answer), "redirect without an http URL", answer);
        return;
    }
    if (fetch->redirects == HOOK_REDIRECTS_MAX) {
        free(next);
        finish(fetch, (struct hook_failure){.code = HOOK_REDIRECTS}, "too many redirects", answer);
        return;
    }
    fetch->redirects++;
    fetch->get = fetch->get || answer->status <= 303;
    free(fetch->wire);
    fetch->wire = next;
    fetch_send(fetch);
}

static void on_answer(void *arg, const struct httpc_answer *answer)
{
    struct hook_fetch *fetch = arg;
    fetch->call = NULL;
    if (hook_is_redirect(answer->status)) { /* whatever became of its body */
        follow(fetch, answer);
        return;
    }
    struct hook_failure failure = hook_failure_of(answer);
    if (!fetch->request.wants_body && answer->status >= 200 && answer->status < 300)
        failure = (struct hook_failure){0};
    bool at_once = failure.asked_s == 0 || !fetch->tried_later; /* it asks us to wait, so we wait */
    if (at_once && (failure.repeat & fetch->limits.repeat_on) != 0 && fetch->limits.repeats > 0) {
        fetch->limits.repeats--;
        fetch_send(fetch);
        return;
    }
    char text[16];
    snprintf(text, sizeof text, "http %d", answer->status);
    finish(fetch, failure, answer->error == HTTPC_OK ? text : answer->error_text, answer);
}

struct hook_fetch *hook_fetch_start(struct loop *loop, struct httpc *httpc, const struct conf *const *conf,
                                    const struct hook_fetch_request *request, hook_fetch_fn *fn, void *arg)
{
    struct hook_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        fatal("hook_fetch: out of memory");
    fetch->loop = loop;
    fetch->httpc = httpc;
    fetch->request = *request;
    fetch->fn = fn;
    fetch->arg = arg;
    fetch->conf = conf;
    fetch->tried_later = (*conf)->hooks.retry;
    hook_limits_parse(request->url, &(*conf)->hooks, &fetch->limits);
    fetch->wire = hook_url_wire(request->url);
    fetch->get = strcmp(fetch->limits.method != NULL ? fetch->limits.method : request->method, "GET") == 0;
    fetch->deadline_ms = clock_mono_ms() + fetch->limits.total_ms;
    timer_init(&fetch->start, loop, on_start, fetch);
    timer_set(&fetch->start, 0);
    return fetch;
}
