/* libcurl's multi-socket interface on the loop: its sockets are watched with libevent, its one timer is ours.
 * See httpc.h. */
#include "host/base/httpc.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/httpc_internal.h"
#include "host/base/log.h"

#define HEAD_MAX 65536 /* octets of an answer's headers, interim answers' and trailers included */

struct httpc {
    struct loop *loop;
    CURLM *multi;
    struct timer timer;
    struct httpc_policy policy;
    char *ca_file;
    struct httpc_call *calls;
};

struct httpc_call {
    struct httpc *httpc;
    struct httpc_call *next;
    CURL *easy;
    struct curl_slist *headers;
    char *body, *answer;
    size_t body_max, answer_len, head_len;
    char head[HTTPC_HEAD_KEPT + 1]; /* of the latest answer, 1xx or not */
    size_t head_kept;
    char reason[CURL_ERROR_SIZE];
    struct timer silence; /* no octet for read_ms */
    int read_ms;
    int status;                /* 0 until the whole head was read */
    bool forbidden, permitted; /* of the addresses of its name: one was refused, one was not */
    enum httpc_error ended;    /* by one of our callbacks; HTTPC_OK = not */
    httpc_fn *fn;
    void *arg;
};

/* ---- sockets and the timer ---- */

static void check_done(struct httpc *httpc);

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct httpc *httpc = arg;
    int running, action = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(httpc->multi, fd, action, &running);
    check_done(httpc);
}

static void on_timer(void *arg)
{
    struct httpc *httpc = arg;
    int running;
    curl_multi_socket_action(httpc->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    check_done(httpc);
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct httpc *httpc = arg;
    struct event *event = socket_arg;
    (void)easy;
    if (event != NULL)
        event_free(event);
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(httpc->multi, fd, NULL);
        return 0;
    }
    short flags =
        (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));
    event = event_new(loop_base(httpc->loop), fd, flags, on_socket, httpc);
    if (event == NULL || event_add(event, NULL) != 0)
        fatal("cannot watch a socket");
    curl_multi_assign(httpc->multi, fd, event);
    return 0;
}

/* curl must not be called back from inside this: 0 ms is the next turn. */
static int want_timer(CURLM *multi, long ms, void *arg)
{
    struct httpc *httpc = arg;
    (void)multi;
    if (ms < 0)
        timer_stop(&httpc->timer);
    else
        timer_set(&httpc->timer, ms);
    return 0;
}

/* ---- one call ---- */

static void call_free(struct httpc_call *call)
{
    struct httpc_call **link = &call->httpc->calls;
    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    timer_stop(&call->silence);
    if (call->easy != NULL) {
        curl_multi_remove_handle(call->httpc->multi, call->easy);
        curl_easy_cleanup(call->easy);
    }
    curl_slist_free_all(call->headers);
    free(call->body);
    free(call->answer);
    free(call);
}

/* As curl words it of OpenSSL: "... subject name ..." or "unable to obtain common name ...". */
static bool is_name_mismatch(const struct httpc_call *call)
{
    return strstr(call->reason, "subject name") != NULL || strstr(call->reason, "common name") != NULL;
}

/* OpenSSL's verdict (X509_V_ERR_... of x509_vfy.h; the numbers are part of its ABI). */
static enum httpc_error verify_error(const struct httpc_call *call)
{
    static const struct {
        long verdict;
        enum httpc_error error;
    } rows[] = {
        {2, HTTPC_TLS_CHAIN},                           /* unable to get issuer certificate */
        {9, HTTPC_TLS_EXPIRED},                         /* not yet valid */
        {10, HTTPC_TLS_EXPIRED}, {18, HTTPC_TLS_CHAIN}, /* self-signed */
        {19, HTTPC_TLS_CHAIN},                          /* self-signed in the chain */
        {20, HTTPC_TLS_CHAIN},                          /* unable to get issuer certificate locally */
        {21, HTTPC_TLS_CHAIN},                          /* unable to verify leaf signature */
        {22, HTTPC_TLS_CHAIN},                          /* chain too long */
    };
    long verdict = 0;
    if (is_name_mismatch(call))
        return HTTPC_TLS_NAME;
    curl_easy_getinfo(call->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].verdict == verdict)
            return rows[i].error;
    return HTTPC_TLS;
}

static enum httpc_error error_of(const struct httpc_call *call, CURLcode code)
{
    static const struct {
        CURLcode code;
        enum httpc_error error;
    } rows[] = {
        {CURLE_URL_MALFORMAT, HTTPC_BAD_URL},         {CURLE_COULDNT_RESOLVE_HOST, HTTPC_DNS},
        {CURLE_COULDNT_CONNECT, HTTPC_REFUSED},       {CURLE_SSL_CONNECT_ERROR, HTTPC_TLS},
        {CURLE_SSL_CACERT_BADFILE, HTTPC_TLS},        {CURLE_SSL_CERTPROBLEM, HTTPC_TLS},
        {CURLE_SSL_ISSUER_ERROR, HTTPC_TLS},          {CURLE_WEIRD_SERVER_REPLY, HTTPC_PROTOCOL},
        {CURLE_UNSUPPORTED_PROTOCOL, HTTPC_PROTOCOL}, {CURLE_HTTP2, HTTPC_PROTOCOL},
        {CURLE_BAD_CONTENT_ENCODING, HTTPC_PROTOCOL}, {CURLE_GOT_NOTHING, HTTPC_NETWORK},
    };
    double connected = 0;
    if (call->ended != HTTPC_OK)
        return call->ended;
    if (code == CURLE_OK) /* curl takes a connection that closes within the head for an end of the answer */
        return call->status != 0 ? HTTPC_OK : HTTPC_NETWORK;
    if (code == CURLE_COULDNT_CONNECT && call->forbidden && !call->permitted)
        return HTTPC_FORBIDDEN_ADDRESS;
    if (code == CURLE_OPERATION_TIMEDOUT) {
        curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME, &connected);
        return connected > 0 ? HTTPC_TIMEOUT : HTTPC_CONNECT_TIMEOUT;
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return verify_error(call);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == code)
            return rows[i].error;
    return HTTPC_NETWORK;
}

static const char *text_of(const struct httpc_call *call, CURLcode code, enum httpc_error error)
{
    if (error == HTTPC_FORBIDDEN_ADDRESS)
        return "the address is not allowed (hooks.allow)";
    if (call->ended != HTTPC_OK)
        return call->ended == HTTPC_TOO_LARGE ? "the answer is too large" : "the answer's head is too large";
    if (code == CURLE_OK)
        return error == HTTPC_OK ? "" : "the connection was closed within the answer's head";
    return call->reason[0] != '\0' ? call->reason : curl_easy_strerror(code);
}

static const char *header_of(CURL *easy, const char *name)
{
    struct curl_header *header;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : "";
}

/* RFC 9110 clause 10.2.3: seconds, or a date in any of the three forms. */
static int retry_after_of(CURL *easy)
{
    const char *text = header_of(easy, "Retry-After");
    size_t digits = strspn(text, "0123456789");
    int64_t seconds = 0;
    if (digits > 0 && text[digits] == '\0') {
        for (size_t i = 0; i < digits && seconds < HTTPC_RETRY_AFTER_MAX_S; i++)
            seconds = seconds * 10 + (text[i] - '0');
    } else if (clock_trusted()) {
        int64_t at_s = curl_getdate(text, NULL);
        seconds = at_s > 0 ? at_s - clock_wall_ms() / 1000 : 0;
    }
    return (int)(seconds < 0 ? 0 : seconds < HTTPC_RETRY_AFTER_MAX_S ? seconds : HTTPC_RETRY_AFTER_MAX_S);
}

/* Gives the answer and ends the call. What the callback was lent lives until it returns. */
static void call_finish(struct httpc_call *call, enum httpc_error error, const char *text)
{
    bool headed = call->status != 0, whole = error == HTTPC_OK && call->answer != NULL;
    struct httpc_answer answer = {.error = error,
                                  .error_text = text,
                                  .status = call->status,
                                  .content_type = headed ? header_of(call->easy, "Content-Type") : "",
                                  .location = headed ? header_of(call->easy, "Location") : "",
                                  .head = headed ? call->head : "",
                                  .retry_after_s = headed ? retry_after_of(call->easy) : 0,
                                  .body = whole ? call->answer : "",
                                  .body_len = whole ? call->answer_len : 0};
    httpc_fn *fn = call->fn;
    call->fn = NULL;
    fn(call->arg, &answer);
    call_free(call);
}

/* A connection that was kept, and leads where nobody may go any more (httpc_configure()): that one is
 * closed, and the next is looked for. */
static void call_restart(struct httpc_call *call)
{
    curl_multi_remove_handle(call->httpc->multi, call->easy);
    call->reason[0] = '\0';
    call->forbidden = call->permitted = false;
    if (curl_multi_add_handle(call->httpc->multi, call->easy) != CURLM_OK)
        fatal("curl_multi_add_handle failed");
}

static void check_done(struct httpc *httpc)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(httpc->multi, &left)) != NULL) {
        struct httpc_call *call = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        if (code == CURLE_ABORTED_BY_CALLBACK) {
            call_restart(call);
            continue;
        }
        enum httpc_error error = error_of(call, code);
        call_finish(call, error, text_of(call, code, error));
    }
}

static void on_silence(void *arg)
{
    call_finish(arg, HTTPC_TIMEOUT, "no octet within the read time");
}

static void on_bad_request(void *arg)
{
    call_finish(arg, HTTPC_PROTOCOL, "a header of the request holds a control character");
}

/* A status line begins a head anew. */
static void keep_head(struct httpc_call *call, const char *data, size_t len)
{
    if (len > 5 && memcmp(data, "HTTP/", 5) == 0) {
        call->head_kept = 0;
    } else if (call->head_kept + len <= HTTPC_HEAD_KEPT) {
        memcpy(call->head + call->head_kept, data, len);
        call->head_kept += len;
    }
    call->head[call->head_kept] = '\0';
}

/* Line by line; an empty one ends the head. 1xx is no answer yet. */
static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct httpc_call *call = arg;
    size_t len = size * count;
    long status = 0;
    call->head_len += len;
    if (call->head_len > HEAD_MAX) {
        call->ended = HTTPC_PROTOCOL;
        return 0;
    }
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if ((data[0] == '\r' || data[0] == '\n') && status >= 200)
        call->status = (int)status;
    keep_head(call, data, len);
    timer_set(&call->silence, call->read_ms);
    return len;
}

static size_t on_answer(char *data, size_t size, size_t count, void *arg)
{
    struct httpc_call *call = arg;
    size_t len = size * count;
    if (call->answer_len + len > call->body_max) {
        call->ended = HTTPC_TOO_LARGE;
        return 0;
    }
    char *grown = realloc(call->answer, call->answer_len + len + 1);
    if (grown == NULL)
        fatal("out of memory");
    call->answer = grown;
    memcpy(call->answer + call->answer_len, data, len);
    call->answer_len += len;
    call->answer[call->answer_len] = '\0';
    timer_set(&call->silence, call->read_ms);
    return len;
}

/* For each address of the name that curl tries, until one connects. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct httpc_call *call = arg;
    (void)purpose;
    if (!httpc_policy_allows(&call->httpc->policy, &address->addr)) {
        call->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    call->permitted = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Connected, or handed a connection that was kept: nothing is sent yet. Without an address it is a new one
 * whose peer has gone already; open_socket() saw it. */
static int before_request(void *arg, char *to_ip, char *from_ip, int to_port, int from_port)
{
    struct httpc_call *call = arg;
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    const struct sockaddr *to = (const struct sockaddr *)&v4;
    (void)from_ip;
    (void)to_port;
    (void)from_port;
    timer_set(&call->silence, call->read_ms); /* connecting has a time of its own */
    if (inet_pton(AF_INET6, to_ip, &v6.sin6_addr) == 1)
        to = (const struct sockaddr *)&v6;
    else if (inet_pton(AF_INET, to_ip, &v4.sin_addr) != 1)
        return CURL_PREREQFUNC_OK;
    return httpc_policy_allows(&call->httpc->policy, to) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* curl sends a header as it is given: a line break in it would be another header, or another request. */
static bool is_clean(const char *text)
{
    while ((unsigned char)*text >= ' ' && *text != 0x7f)
        text++;
    return *text == '\0';
}

static void add_header(struct httpc_call *call, const char *header)
{
    struct curl_slist *longer = curl_slist_append(call->headers, header);
    if (longer == NULL)
        fatal("out of memory");
    call->headers = longer;
}

/* False: it must not leave. */
static bool set_request(struct httpc_call *call, const struct httpc_request *request)
{
    CURL *easy = call->easy;
    bool clean = is_clean(request->method);
    for (const char *const *header = request->headers; header != NULL && *header != NULL; header++) {
        clean = clean && is_clean(*header);
        add_header(call, *header);
    }
    add_header(call, "Expect:");
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    if (request->body != NULL) {
        call->body = malloc(request->body_len + 1);
        if (call->body == NULL)
            fatal("out of memory");
        memcpy(call->body, request->body, request->body_len);
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body_len);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->total_ms);
    return clean;
}

static void set_rules(struct httpc_call *call)
{
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a resolver thread that hangs must not hold the loop */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* what the caller signed */
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->reason);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
    if (call->httpc->ca_file == NULL)
        return;
    /* Instead of the system's, of which curl would go on to use the folder; and read anew, because curl would
     * keep what it once read for a day. */
    curl_easy_setopt(easy, CURLOPT_CAINFO, call->httpc->ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
}

struct httpc_call *httpc_send(struct httpc *httpc, const struct httpc_request *request, httpc_fn *fn,
                              void *arg)
{
    struct httpc_call *call = calloc(1, sizeof *call);
    if (call == NULL || (call->easy = curl_easy_init()) == NULL)
        fatal("out of memory");
    call->httpc = httpc;
    call->fn = fn;
    call->arg = arg;
    call->body_max = request->body_max;
    call->read_ms = request->read_ms;
    call->next = httpc->calls;
    httpc->calls = call;
    timer_init(&call->silence, httpc->loop, on_silence, call);
    set_rules(call);
    if (!set_request(call, request)) {
        timer_init(&call->silence, httpc->loop, on_bad_request, call);
        timer_set(&call->silence, 0);
    } else if (curl_multi_add_handle(httpc->multi, call->easy) != CURLM_OK) {
        fatal("curl_multi_add_handle failed");
    }
    return call;
}

void httpc_cancel(struct httpc_call *call)
{
    if (call->fn != NULL) /* else it is being answered just now, and ends by itself */
        call_free(call);
}

/* ---- life ---- */

static struct httpc_range *ranges_copy(const struct httpc_range *ranges, size_t count)
{
    struct httpc_range *copy = calloc(count + 1, sizeof *copy);
    if (copy == NULL)
        fatal("out of memory");
    if (count > 0)
        memcpy(copy, ranges, count * sizeof *copy);
    return copy;
}

static void options_free(struct httpc *httpc)
{
    free(httpc->policy.allow);
    free(httpc->policy.deny);
    free(httpc->ca_file);
}

int httpc_configure(struct httpc *httpc, const struct httpc_options *options)
{
    bool file = options->ca_file != NULL && options->ca_file[0] != '\0';
    if (file && access(options->ca_file, R_OK) != 0)
        return -errno;
    options_free(httpc);
    httpc->policy = (struct httpc_policy){ranges_copy(options->allow, options->allow_count),
                                          ranges_copy(options->deny, options->deny_count),
                                          options->allow_count, options->deny_count};
    httpc->ca_file = file ? strdup(options->ca_file) : NULL;
    if (file && httpc->ca_file == NULL)
        fatal("out of memory");
    return 0;
}

/* The address rules hold all the same. */
static void configure_without_ca_file(struct httpc *httpc, const struct httpc_options *options)
{
    struct httpc_options rest = *options;
    char quoted[512];
    log_event(LOG_ERROR, "httpc.ca_file",
              "file=%s message=\"cannot be read: the system's certificates are used\"",
              log_quote(options->ca_file, strlen(options->ca_file), quoted, sizeof quoted));
    rest.ca_file = NULL;
    httpc_configure(httpc, &rest);
}

struct httpc *httpc_new(struct loop *loop, const struct httpc_options *options)
{
    struct httpc *httpc = calloc(1, sizeof *httpc);
    if (httpc == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (httpc->multi = curl_multi_init()) == NULL)
        fatal("libcurl does not start");
    httpc->loop = loop;
    timer_init(&httpc->timer, loop, on_timer, httpc);
    curl_multi_setopt(httpc->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(httpc->multi, CURLMOPT_SOCKETDATA, httpc);
    curl_multi_setopt(httpc->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(httpc->multi, CURLMOPT_TIMERDATA, httpc);
    if (httpc_configure(httpc, options) != 0)
        configure_without_ca_file(httpc, options);
    return httpc;
}

void httpc_free(struct httpc *httpc)
{
    if (httpc == NULL)
        return;
    while (httpc->calls != NULL)
        call_free(httpc->calls);
    curl_multi_cleanup(httpc->multi);
    timer_stop(&httpc->timer);
    options_free(httpc);
    free(httpc);
    curl_global_cleanup();
}
