/* One HTTP/1.1 request, read strictly and incrementally (RFC 9112). Pure but for the heap.
 *
 * Promises: the same bytes give the same result however they are cut into pieces; no more is kept than the
 * limits below; bytes after the request are left alone (pipelining). Refuses (state HTTPREQ_BAD with an HTTP
 * status and a sentence): bare LF or CR, folded headers, control characters, white space before
 * ':', a request target that is not ASCII or not a path (or an absolute http URL, or "*" for OPTIONS), a
 * missing Host, one that is no name or address with a port, a second one of those headers that may come once,
 * even when equal, Content-Length together with Transfer-Encoding, codings other than chunked, anything over
 * a limit. What is tolerated: HTTP/1.0, empty lines before the request, chunk extensions and trailers
 * (dropped). */
#ifndef CELLPOST_FACADE_HTTPREQ_H
#define CELLPOST_FACADE_HTTPREQ_H

#include <stdbool.h>
#include <stddef.h>

#define HTTPREQ_LINE_MAX     8192  /* request line with CRLF; more: 414 */
#define HTTPREQ_HEAD_MAX     16384 /* all headers; more: 431 */
#define HTTPREQ_HOST_MAX     255   /* more: 400 */
#define HTTPREQ_HEADERS_MAX  64    /* their number; more: 431 */
#define HTTPREQ_BODY_MAX     65536 /* more: 413 */
#define HTTPREQ_TRAILERS_MAX 4096  /* of a chunked body, dropped; more: 431 */
#define HTTPREQ_CHUNK_LINE   256   /* a chunk's size line with extensions; more: 400 */

enum httpreq_state {
    HTTPREQ_LINE, /* nothing but empty lines, or part of the request line */
    HTTPREQ_HEADERS,
    HTTPREQ_BODY,
    HTTPREQ_CHUNK_SIZE,
    HTTPREQ_CHUNK_DATA,
    HTTPREQ_CHUNK_END,
    HTTPREQ_TRAILERS,
    HTTPREQ_DONE,
    HTTPREQ_BAD
};

struct httpreq_header {
    const char *name, *value;
};

struct httpreq {
    enum httpreq_state state;
    int status;      /* BAD: 400, 413, 414, 417, 431, 501, 505 */
    const char *why; /* BAD: a sentence, static */

    /* whole from HTTPREQ_BODY on; texts live until httpreq_fini */
    const char *method, *path,
        *query; /* path as sent, begins with '/' (or is "*"); query without '?', "" = none */
    int minor;  /* HTTP/1.minor */
    struct httpreq_header headers[HTTPREQ_HEADERS_MAX];
    size_t header_count;
    bool keep_alive;
    bool expect_continue; /* the client waits for 100 before it sends the body */

    char *body; /* NUL-terminated; NULL when there is none */
    size_t body_len;

    /* the reader's own */
    char *head;
    size_t head_len, line_at; /* bytes kept; where the line under way begins */
    size_t budget;            /* bytes that the present section may still take */
    size_t left;              /* of the body or chunk */
    unsigned seen;            /* headers that may come once */
    bool chunked, close;
};

void httpreq_init(struct httpreq *);
void httpreq_fini(struct httpreq *);

/* Takes what belongs to this request; returns how many bytes that was. Look at state afterwards. After BAD
 * where the next request begins is not known: the connection must end. */
size_t httpreq_feed(struct httpreq *, const char *data, size_t len);

/* True once a byte of the request itself was seen: a deadline begins. */
bool httpreq_begun(const struct httpreq *);

/* First value of a header, NULL when absent. name in any case. */
const char *httpreq_header(const struct httpreq *, const char *name);

#endif
