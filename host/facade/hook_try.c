/* The order of a try is fixed: primary URL (and what its TwiML redirects to); if that fails in any way, the
 * fallback URL with ErrorCode and ErrorUrl. A document that cannot be used (not TwiML, too large) after a 2xx
 * counts as answered: the application has the message, and asking it again would not make the document
 * better. A document that a Redirect names and that does not come is no answer yet: all of it is tried again,
 * under the same token. */
#include "host/facade/hook_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/facade/hook_fetch.h"
#include "host/facade/hook_url.h"

#define SOURCE_BODY_KEPT 4096 /* more than is ever told of it */

/* An answer that replies stood in, kept until they were judged: they may be refused. */
struct source {
    struct source *next;
    struct hook_notice notice; /* its texts are these */
    char *url, *head, *body;
};

struct hook_try {
    struct loop *loop;
    struct httpc *httpc;
    const struct conf *const *conf;
    struct hook hook;
    char auth_token[33];
    struct form params;
    char *url, *fallback; /* the URL being fetched; NULL = no fallback (left) */
    const char *fallback_method;
    struct hook_fetch *fetch;
    int documents;      /* of the present chain */
    bool answered;      /* by a 2xx, with a document that is of no use */
    bool fallback_only; /* the URL itself was not asked */
    bool transient, slow;
    int asked_s;
    enum breaker_verdict endpoint;
    int code;      /* of the first request */
    int warning;   /* last of a document that was used */
    bool too_many; /* replies: told */
    struct source *sources;
    char failed[HOOK_DETAIL_MAX]; /* first failure */
    struct hook_reply replies[TWIML_MESSAGES_MAX];
    size_t reply_count;
    hook_notice_fn *notice;
    hook_try_fn *fn;
    void *arg;
};

static void reply_fini(struct hook_reply *reply)
{
    struct twiml one = {.count = 1};
    one.messages[0] = reply->message;
    twiml_fini(&one);
    free(reply->callback);
}

static void sources_free(struct source *source)
{
    while (source != NULL) {
        struct source *next = source->next;
        free(source->url);
        free(source->head);
        free(source->body);
        free(source);
        source = next;
    }
}

static void try_free(struct hook_try *try)
{
    for (size_t i = 0; i < try->reply_count; i++)
        reply_fini(&try->replies[i]);
    sources_free(try->sources);
    form_fini(&try->params);
    free(try->url);
    free(try->fallback);
    free(try);
}

void hook_try_cancel(struct hook_try *try)
{
    if (try == NULL)
        return;
    hook_fetch_cancel(try->fetch);
    try_free(try);
}

static void finish(struct hook_try *try, bool done, const char *detail)
{
    struct hook_try_result result = {
        .done = done,
        .transient = try->transient,
        .asked_s = try->asked_s,
        .slow = try->slow,
        .endpoint = try->endpoint,
        .code = try->code,
        .detail = detail,
        .replies = try->replies,
        .reply_count = done ? try->reply_count : 0,
    };
    try->fn(try->arg, &result);
    try_free(try);
}

static void on_fetched(void *arg, const struct hook_fetch_result *);

/* Takes url over. */
static void fetch(struct hook_try *try, char *url, const char *method)
{
    free(try->url);
    try->url = url;
    struct hook_fetch_request request = {
        .url = url,
        .method = method,
        .params = &try->params,
        .auth_token = try->auth_token,
        .idempotency_token = try->hook.token,
        .wants_body = try->hook.kind == HOOK_INBOUND,
    };
    try->fetch = hook_fetch_start(try->loop, try->httpc, try->conf, &request, on_fetched, try);
}

/* ---- failure and fallback ---- */

static const char *message_sid(const struct hook_try *try)
{
    return form_get(&try->params, "MessageSid");
}

static struct hook_notice notice_of(const struct hook_try *try, const struct hook_fetch_result *result)
{
    return (struct hook_notice){.url = result->url,
                                .method = result->method,
                                .params = &try->params,
                                .status = result->status,
                                .head = result->head,
                                .body = result->body,
                                .body_len = result->body_len};
}

static void tell_notice(struct hook_try *try, bool warning, int code, const char *url, const char *text,
                        const struct hook_fetch_result *result)
{
    struct hook_notice told = notice_of(try, result);
    told.warning = warning;
    told.code = code;
    told.url = url;
    told.text = text;
    try->notice(try->arg, &told);
}

static void tell_failure(struct hook_try *try, int code, const char *url, const char *text,
                         const struct hook_fetch_result *result)
{
    tell_notice(try, false, code, url, text, result);
    char brief[HOOK_BRIEF_MAX], quoted_url[HOOK_BRIEF_MAX + 8], quoted[256];
    hook_url_brief(url, brief);
    log_event(LOG_WARN, "hook.failed", "sid=%s tries=%d code=%d url=%s text=%s", message_sid(try),
              try->hook.tries, code, log_quote(brief, strlen(brief), quoted_url, sizeof quoted_url),
              log_quote(text, strlen(text), quoted, sizeof quoted));
}

static void use_fallback(struct hook_try *try, int code, const char *url)
{
    char number[16];
    char *shown = hook_url_public(url);
    snprintf(number, sizeof number, "%d", code);
    form_add(&try->params, "ErrorCode", number);
    form_add(&try->params, "ErrorUrl", shown != NULL ? shown : "");
    free(shown);
    char *fallback = try->fallback;
    try->fallback = NULL;
    try->documents = 0;
    fetch(try, fallback, try->fallback_method);
}

static void failed(struct hook_try *try, int code, const char *url, const char *text,
                   const struct hook_fetch_result *result)
{
    tell_failure(try, code, url, text, result);
    if (try->failed[0] == '\0')
        snprintf(try->failed, sizeof try->failed, "%d %s", code, text);
    if (try->fallback != NULL)
        use_fallback(try, code, url);
    else
        finish(try, try->answered, try->failed);
}

/* ---- documents ---- */

static void tell_warning(struct hook_try *try, int code, const char *text,
                         const struct hook_fetch_result *result)
{
    char quoted[192];
    try->warning = code;
    try->too_many = try->too_many || code == TWIML_MESSAGES;
    tell_notice(try, true, code, result->url, text, result);
    log_event(LOG_WARN, "hook.twiml", "sid=%s code=%d text=%s", message_sid(try), code,
              log_quote(text, strlen(text), quoted, sizeof quoted));
}

static const struct hook_notice *keep_source(struct hook_try *try, const struct hook_fetch_result *result)
{
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL)
        fatal("hook_try: out of memory");
    size_t body_len = result->body_len < SOURCE_BODY_KEPT ? result->body_len : SOURCE_BODY_KEPT;
    source->next = try->sources;
    try->sources = source;
    source->notice = notice_of(try, result);
    source->notice.url = source->url = strdup(result->url);
    source->notice.head = source->head = strdup(result->head);
    source->notice.body = source->body = malloc(body_len + 1);
    source->notice.body_len = body_len;
    if (source->url == NULL || source->head == NULL || source->body == NULL)
        fatal("hook_try: out of memory");
    memcpy(source->body, result->body, body_len);
    return &source->notice;
}

static void resolve_callback(struct hook_reply *reply, const char *base)
{
    const char *callback = reply->message.callback, *method = reply->message.method;
    if (callback == NULL || callback[0] == '\0')
        return;
    char *resolved = hook_url_resolve(base, callback);
    bool get = resolved != NULL && method != NULL && strcmp(method, "GET") == 0;
    if (resolved == NULL)
        resolved = strdup(callback); /* compose() refuses it by name */
    if (resolved == NULL || asprintf(&reply->callback, "%s%s", resolved, get ? "#method=GET" : "") < 0)
        fatal("hook_try: out of memory");
    free(resolved);
}

/* Ten in all, however many documents they stand in. */
static void keep_messages(struct hook_try *try, struct twiml *document,
                          const struct hook_fetch_result *result)
{
    const struct hook_notice *answer = document->count > 0 ? keep_source(try, result) : NULL;
    for (size_t i = 0; i < document->count; i++) {
        if (try->reply_count == TWIML_MESSAGES_MAX) {
            if (!try->too_many)
                tell_warning(try, TWIML_MESSAGES, "more messages than one reply may have, over its documents",
                             result);
            return;
        }
        struct hook_reply *reply = &try->replies[try->reply_count++];
        *reply = (struct hook_reply){.message = document->messages[i], .answer = answer};
        document->messages[i] = (struct twiml_message){0};
        resolve_callback(reply, result->url);
    }
}

static void done(struct hook_try *try, int status)
{
    char detail[HOOK_DETAIL_MAX];
    int len = snprintf(detail, sizeof detail, "http %d", status);
    if (try->warning != 0)
        len += snprintf(detail + len, sizeof detail - (size_t)len, ", warning %d", try->warning);
    if (try->failed[0] != '\0')
        snprintf(detail + len, sizeof detail - (size_t)len, ", fallback after %s", try->failed);
    finish(try, true, detail);
}

static void follow(struct hook_try *try, const struct twiml *document, const struct hook_fetch_result *result)
{
    char *next = hook_url_resolve(result->url, document->redirect);
    if (next == NULL) {
        try->answered = true;
        failed(try, HOOK_URL_INVALID, result->url, "Redirect to what is no http URL", result);
    } else if (try->documents >= HOOK_DOCUMENTS_MAX) {
        free(next);
        try->answered = true;
        failed(try, HOOK_DOCUMENTS, result->url, "too many Redirect documents", result);
    } else {
        const char *method = document->redirect_method;
        fetch(try, next, method != NULL && strcmp(method, "GET") == 0 ? "GET" : "POST");
    }
}

static void read_document(struct hook_try *try, const struct hook_fetch_result *result)
{
    struct twiml document;
    char error[160];
    try->documents++;
    int code = twiml_parse(result->content_type, result->body, result->body_len, &document, error);
    if (code != 0) {
        try->answered = true;
        failed(try, code, result->url, error, result);
        return;
    }
    for (size_t i = 0; i < document.warning_count; i++)
        tell_warning(try, document.warnings[i].code, document.warnings[i].text, result);
    keep_messages(try, &document, result);
    if (document.redirect != NULL)
        follow(try, &document, result);
    else
        done(try, result->status);
    twiml_fini(&document);
}

/* Only the first request of a try was for the endpoint that it counts for. */
static void judge(struct hook_try *try, const struct hook_failure *failure)
{
    if (try->endpoint != BREAKER_UNKNOWN || try->fallback_only)
        return;
    try->endpoint = failure->code != 0 && failure->transient ? BREAKER_DOWN : BREAKER_UP;
    try->code = failure->code;
}

static void on_fetched(void *arg, const struct hook_fetch_result *result)
{
    struct hook_try *try = arg;
    try->fetch = NULL;
    judge(try, &result->failure);
    try->slow = try->slow || (result->failure.repeat & HOOK_REPEAT_RT) != 0 || result->failure.code == 11201;
    if (result->failure.code == 0) {
        if (try->hook.kind == HOOK_INBOUND)
            read_document(try, result);
        else
            done(try, result->status);
        return;
    }
    try->transient = try->transient || result->failure.transient;
    if (result->failure.asked_s > try->asked_s)
        try->asked_s = result->failure.asked_s;
    if (result->failure.code == TWIML_TOO_LARGE && result->status >= 200 && result->status < 300)
        try->answered = true;
    failed(try, result->failure.code, result->url[0] != '\0' ? result->url : try->url, result->text, result);
}

struct hook_try *hook_try_start(struct loop *loop, struct httpc *httpc, const struct conf *const *conf,
                                const struct hook *hook, const struct hook_destination *to,
                                const char *auth_token, struct form *params, hook_notice_fn *notice,
                                hook_try_fn *fn, void *arg)
{
    struct hook_try *try = calloc(1, sizeof *try);
    char *url = strdup(to->url);
    if (try == NULL || url == NULL)
        fatal("hook_try: out of memory");
    try->loop = loop;
    try->httpc = httpc;
    try->conf = conf;
    try->hook = *hook;
    snprintf(try->auth_token, sizeof try->auth_token, "%s", auth_token);
    try->params = *params;
    *params = (struct form){0};
    if (to->fallback_url != NULL && (try->fallback = strdup(to->fallback_url)) == NULL)
        fatal("hook_try: out of memory");
    try->fallback_method = to->fallback_method;
    try->notice = notice;
    try->fn = fn;
    try->arg = arg;
    try->endpoint = BREAKER_UNKNOWN;
    if (to->down_code == 0 || try->fallback == NULL) {
        fetch(try, url, to->method);
        return try;
    }
    try->fallback_only = try->transient = true;
    try->url = url;
    snprintf(try->failed, sizeof try->failed, "%d the endpoint is down", to->down_code);
    use_fallback(try, to->down_code, url);
    return try;
}
