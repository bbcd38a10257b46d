/* See httpreq.h. Each state has a step that takes bytes; feed walks them until the bytes or the request end.
 */
#include "host/facade/httpreq.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/log.h"

void httpreq_init(struct httpreq *r)
{
    *r = (struct httpreq){.state = HTTPREQ_LINE, .budget = HTTPREQ_LINE_MAX};
}

void httpreq_fini(struct httpreq *r)
{
    free(r->head);
    free(r->body);
    httpreq_init(r);
}

bool httpreq_begun(const struct httpreq *r)
{
    return r->state != HTTPREQ_LINE || r->head_len > 0;
}

const char *httpreq_header(const struct httpreq *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    return NULL;
}

static bool bad(struct httpreq *r, int status, const char *why)
{
    r->state = HTTPREQ_BAD;
    r->status = status;
    r->why = why;
    return false;
}

static void *allocate(size_t size)
{
    void *p = malloc(size);
    if (p == NULL)
        fatal("out of memory");
    return p;
}

/* RFC 9110 clause 5.6.2 */
static bool is_token(const char *s, size_t len)
{
    static const char OTHERS[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == '\0' || strchr(OTHERS, c) == NULL))
            return false;
    }
    return len > 0;
}

/* ---- lines ---- */

static const char *over_limit(struct httpreq *r, int *status)
{
    switch (r->state) {
    case HTTPREQ_LINE: *status = 414; return "The request line is longer than 8192 bytes.";
    case HTTPREQ_CHUNK_SIZE: *status = 400; return "A chunk's size line is longer than 256 bytes.";
    case HTTPREQ_TRAILERS: *status = 431; return "The trailers are longer than 4096 bytes.";
    default: *status = 431; return "The headers are longer than 16384 bytes.";
    }
}

/* Adds bytes up to and with the next LF to the line under way. True when it is whole: *line is then its text
 * without CRLF. */
static bool take_line(struct httpreq *r, const char *data, size_t len, size_t *used, char **line)
{
    const char *lf = memchr(data, '\n', len);
    size_t take = lf != NULL ? (size_t)(lf - data) + 1 : len;
    int status;
    *used = take;
    if (take > r->budget) {
        const char *why = over_limit(r, &status);
        return bad(r, status, why);
    }
    if (r->head == NULL)
        r->head = allocate(HTTPREQ_LINE_MAX + HTTPREQ_HEAD_MAX + HTTPREQ_TRAILERS_MAX);
    memcpy(r->head + r->head_len, data, take);
    r->head_len += take;
    r->budget -= take;
    if (lf == NULL)
        return false;
    char *text = r->head + r->line_at;
    size_t text_len = r->head_len - r->line_at;
    if (text_len < 2 || text[text_len - 2] != '\r')
        return bad(r, 400, "A line ends in LF alone; lines end in CR LF.");
    text[text_len - 2] = '\0';
    for (size_t i = 0; i < text_len - 2; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
            return bad(r, 400, "A control character in the head of the request.");
    *line = text;
    r->line_at = r->head_len;
    return true;
}

/* The line is not needed any more (chunk sizes, trailers, empty lines). */
static void drop_line(struct httpreq *r, const char *line)
{
    r->head_len = r->line_at = (size_t)(line - r->head);
}

/* ---- request line (clause 3) ---- */

static bool read_version(struct httpreq *r, const char *version)
{
    if (strncmp(version, "HTTP/", 5) != 0 || strlen(version) != 8 || version[6] != '.' || version[5] < '0' ||
        version[5] > '9' || version[7] < '0' || version[7] > '9')
        return bad(r, 400, "The request line is not METHOD SP TARGET SP HTTP/1.1.");
    if (version[5] != '1')
        return bad(r, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    r->minor = version[7] == '0' ? 0 : 1;
    return true;
}

/* clause 3.2: origin form, absolute form (scheme and authority are dropped), "*" for OPTIONS. A URI is ASCII;
 * whether char has a sign is the machine's affair. */
static bool read_target(struct httpreq *r, char *target)
{
    for (const unsigned char *p = (const unsigned char *)target; *p != '\0'; p++)
        if (*p <= 0x20 || *p >= 0x7f || *p == '#')
            return bad(r, 400, "The request target holds a character that must be percent-encoded.");
    size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                    : strncasecmp(target, "https://", 8) == 0 ? 8
                                                              : 0;
    if (scheme > 0)
        target += scheme + strcspn(target + scheme, "/?");
    char *mark = strchr(target, '?');
    r->query = mark != NULL ? mark + 1 : "";
    if (mark != NULL)
        *mark = '\0';
    r->path = scheme > 0 && *target == '\0' ? "/" : target;
    if (r->path[0] != '/' && !(strcmp(r->path, "*") == 0 && strcmp(r->method, "OPTIONS") == 0))
        return bad(r, 400, "The request target is not a path.");
    return true;
}

static bool read_request_line(struct httpreq *r, char *line)
{
    char *target = strchr(line, ' ');
    char *version = target != NULL ? strchr(target + 1, ' ') : NULL;
    if (version == NULL || !is_token(line, (size_t)(target - line)))
        return bad(r, 400, "The request line is not METHOD SP TARGET SP HTTP/1.1.");
    *target++ = '\0';
    *version++ = '\0';
    r->method = line;
    return read_version(r, version) && read_target(r, target);
}

static size_t step_line(struct httpreq *r, const char *data, size_t len)
{
    size_t used;
    char *line;
    if (!take_line(r, data, len, &used, &line))
        return used;
    if (*line == '\0') { /* clause 2.2: empty lines before a request are ignored */
        drop_line(r, line);
        return used;
    }
    if (read_request_line(r, line)) {
        r->state = HTTPREQ_HEADERS;
        r->budget = HTTPREQ_HEAD_MAX;
    }
    return used;
}

/* ---- headers of which a second would leave open which one counts ---- */

static bool read_length(struct httpreq *r, const char *value)
{
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || value[digits] != '\0')
        return bad(r, 400, "Content-Length is not a number.");
    value += strspn(value, "0");
    if (strlen(value) > 8)
        return bad(r, 413, "The body is longer than 65536 bytes.");
    r->left = (size_t)strtoul(value, NULL, 10);
    return r->left <= HTTPREQ_BODY_MAX || bad(r, 413, "The body is longer than 65536 bytes.");
}

static bool read_coding(struct httpreq *r, const char *value)
{
    if (strcasecmp(value, "chunked") != 0)
        return bad(r, 501, "Transfer-Encoding other than chunked is not supported.");
    if (r->minor == 0)
        return bad(r, 400, "HTTP/1.0 has no Transfer-Encoding.");
    r->chunked = true;
    return true;
}

static bool read_expect(struct httpreq *r, const char *value)
{
    if (strcasecmp(value, "100-continue") != 0)
        return bad(r, 417, "Expect can only be 100-continue.");
    r->expect_continue = r->minor == 1;
    return true;
}

/* It becomes part of links: a name or an address, and a port. Empty is legal (clause 3.2). */
static bool read_host(struct httpreq *r, const char *value)
{
    static const char ALLOWED[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_:[]";
    size_t len = strspn(value, ALLOWED);
    return (value[len] == '\0' && len <= HTTPREQ_HOST_MAX) ||
           bad(r, 400, "The Host header is not a name or an address with a port.");
}

static bool read_nothing(struct httpreq *r, const char *value)
{
    (void)r, (void)value;
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct httpreq *, const char *value);
} ONCE[] = {
    {"Content-Length", read_length},
    {"Transfer-Encoding", read_coding},
    {"Host", read_host},
    {"Expect", read_expect},
    {"Authorization", read_nothing},
    {"Content-Type", read_nothing},
    {"Idempotency-Key", read_nothing},
    {"I-Twilio-Idempotency-Token", read_nothing},
};
enum { SEEN_LENGTH = 1, SEEN_CODING = 2, SEEN_HOST = 4 };

static bool read_once(struct httpreq *r, const char *name, const char *value)
{
    for (unsigned i = 0; i < sizeof ONCE / sizeof ONCE[0]; i++) {
        if (strcasecmp(name, ONCE[i].name) != 0)
            continue;
        if (r->seen & 1u << i)
            return bad(r, 400, "A header that may come once came twice.");
        r->seen |= 1u << i;
        return ONCE[i].read(r, value);
    }
    return true;
}

/* clause 9.3; a list, possibly over several lines */
static void read_connection(struct httpreq *r, const char *value)
{
    while (*value != '\0') {
        value += strspn(value, " \t,");
        size_t len = strcspn(value, " \t,");
        if (len == 5 && strncasecmp(value, "close", 5) == 0)
            r->close = true;
        if (len == 10 && strncasecmp(value, "keep-alive", 10) == 0)
            r->keep_alive = true;
        value += len;
    }
}

static bool read_header(struct httpreq *r, char *line)
{
    char *colon = strchr(line, ':');
    if (colon == NULL || !is_token(line, (size_t)(colon - line)))
        return bad(r, 400, "A header is not NAME: VALUE.");
    if (r->header_count == HTTPREQ_HEADERS_MAX)
        return bad(r, 431, "More than 64 headers.");
    *colon = '\0';
    char *value = colon + 1 + strspn(colon + 1, " \t");
    for (size_t len = strlen(value); len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t');)
        value[--len] = '\0';
    r->headers[r->header_count++] = (struct httpreq_header){line, value};
    if (strcasecmp(line, "Connection") == 0)
        read_connection(r, value);
    return read_once(r, line, value);
}

static const char *moved(const struct httpreq *r, const char *text, const char *to)
{
    return text >= r->head && text < r->head + r->head_len ? to + (text - r->head) : text;
}

/* A request may have to wait for its body, then for the disk, and a thousand others with it: it holds the
 * head that it has, not the longest that is allowed. */
static void fit_head(struct httpreq *r)
{
    char *head = allocate(r->head_len);
    memcpy(head, r->head, r->head_len);
    r->method = moved(r, r->method, head);
    r->path = moved(r, r->path, head);
    r->query = moved(r, r->query, head);
    for (size_t i = 0; i < r->header_count; i++)
        r->headers[i] =
            (struct httpreq_header){moved(r, r->headers[i].name, head), moved(r, r->headers[i].value, head)};
    free(r->head);
    r->head = head;
}

/* clause 6: which body follows */
static bool end_head(struct httpreq *r)
{
    if (r->minor == 1 && !(r->seen & SEEN_HOST))
        return bad(r, 400, "The Host header is missing.");
    if ((r->seen & SEEN_LENGTH) && (r->seen & SEEN_CODING))
        return bad(r, 400, "Content-Length and Transfer-Encoding exclude each other.");
    r->keep_alive = !r->close && (r->minor == 1 || r->keep_alive);
    r->expect_continue = r->expect_continue && (r->chunked || r->left > 0);
    if (!r->chunked) /* else lines are still to come */
        fit_head(r);
    if (!r->chunked && r->left == 0) {
        r->state = HTTPREQ_DONE;
        return true;
    }
    r->body = allocate((r->chunked ? HTTPREQ_BODY_MAX : r->left) + 1);
    r->body[0] = '\0';
    r->state = r->chunked ? HTTPREQ_CHUNK_SIZE : HTTPREQ_BODY;
    r->budget = HTTPREQ_CHUNK_LINE;
    return true;
}

static size_t step_headers(struct httpreq *r, const char *data, size_t len)
{
    size_t used;
    char *line;
    if (!take_line(r, data, len, &used, &line))
        return used;
    if (*line == '\0')
        end_head(r);
    else
        read_header(r, line);
    return used;
}

/* ---- body ---- */

static size_t take_body(struct httpreq *r, const char *data, size_t len)
{
    size_t take = len < r->left ? len : r->left;
    memcpy(r->body + r->body_len, data, take);
    r->body_len += take;
    r->body[r->body_len] = '\0';
    r->left -= take;
    return take;
}

static size_t step_body(struct httpreq *r, const char *data, size_t len)
{
    size_t used = take_body(r, data, len);
    if (r->left == 0)
        r->state = HTTPREQ_DONE;
    return used;
}

/* clause 7.1: size in hex, then perhaps ";extension" */
static bool read_chunk_size(struct httpreq *r, const char *line)
{
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    const char *rest = line + digits + strspn(line + digits, " \t");
    if (digits == 0 || (*rest != '\0' && *rest != ';'))
        return bad(r, 400, "A chunk's size is not a hexadecimal number.");
    line += strspn(line, "0");
    if (strspn(line, "0123456789abcdefABCDEF") > 6)
        return bad(r, 413, "The body is longer than 65536 bytes.");
    r->left = (size_t)strtoul(line, NULL, 16);
    return r->body_len + r->left <= HTTPREQ_BODY_MAX || bad(r, 413, "The body is longer than 65536 bytes.");
}

static size_t step_chunk_size(struct httpreq *r, const char *data, size_t len)
{
    size_t used;
    char *line;
    if (!take_line(r, data, len, &used, &line) || !read_chunk_size(r, line))
        return used;
    drop_line(r, line);
    r->state = r->left > 0 ? HTTPREQ_CHUNK_DATA : HTTPREQ_TRAILERS;
    r->budget = r->left > 0 ? 2 : HTTPREQ_TRAILERS_MAX;
    return used;
}

static size_t step_chunk_data(struct httpreq *r, const char *data, size_t len)
{
    size_t used = take_body(r, data, len);
    if (r->left == 0)
        r->state = HTTPREQ_CHUNK_END;
    return used;
}

static size_t step_chunk_end(struct httpreq *r, const char *data, size_t len)
{
    (void)len;
    if (data[0] != "\r\n"[2 - r->budget]) {
        bad(r, 400, "A chunk is longer than its size says.");
    } else if (--r->budget == 0) {
        r->state = HTTPREQ_CHUNK_SIZE;
        r->budget = HTTPREQ_CHUNK_LINE;
    }
    return 1;
}

static size_t step_trailers(struct httpreq *r, const char *data, size_t len)
{
    size_t used;
    char *line;
    if (!take_line(r, data, len, &used, &line))
        return used;
    if (*line == '\0')
        r->state = HTTPREQ_DONE;
    drop_line(r, line);
    return used;
}

static size_t (*const STEPS[HTTPREQ_DONE])(struct httpreq *, const char *, size_t) = {
    [HTTPREQ_LINE] = step_line,
    [HTTPREQ_HEADERS] = step_headers,
    [HTTPREQ_BODY] = step_body,
    [HTTPREQ_CHUNK_SIZE] = step_chunk_size,
    [HTTPREQ_CHUNK_DATA] = step_chunk_data,
    [HTTPREQ_CHUNK_END] = step_chunk_end,
    [HTTPREQ_TRAILERS] = step_trailers,
};

size_t httpreq_feed(struct httpreq *r, const char *data, size_t len)
{
    size_t used = 0;
    while (used < len && r->state < HTTPREQ_DONE)
        used += STEPS[r->state](r, data + used, len - used);
    return used;
}
