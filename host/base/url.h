/* The one reader of URLs (RFC 3986): whoever calls, signs or accepts one takes it apart here, so that none
 * lets pass what another cannot use. Pure but for the heap. */
#ifndef CELLPOST_BASE_URL_H
#define CELLPOST_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

#define URL_MAX      2048 /* bytes of one that a client gives; Twilio refuses longer ones with 21658 */
#define URL_HOST_MAX 253  /* bytes of a host: what DNS can hold */

struct url_span {
    const char *at; /* into the text; NULL = the part is absent, which is not: empty */
    size_t len;
};

/* Any reference, absolute or not, cut as appendix B does. The parts are without their delimiters. */
struct url_parts {
    struct url_span scheme, authority, path, query, fragment;
};
void url_cut(const char *reference, struct url_parts *);

/* An http or https URL. */
struct url {
    bool https;
    struct url_span userinfo, host, path, query, fragment; /* as written; an IPv6 host with its brackets */
    int port;                                              /* 0 = none said, or "host:" */
};

/* False unless the scheme is http or https (in any case) and the authority is [userinfo@]host[:port]: host an
 * IPv6 literal in brackets, or letters, digits, '-', '_' and single dots, at most URL_HOST_MAX of them and no
 * '-' or '.' in front (another alphabet is written as xn--, IPv4 as four decimal numbers); port 1..65535; one
 * '@' at most, as what stands before two is read differently from client to client. Path, query and fragment
 * may hold anything: url_print() encodes it. */
bool url_split(const char *text, struct url *);
bool url_of(const struct url_parts *, struct url *);

/* Put together for the wire: scheme in lower case, port as a number, IPv6 as RFC 5952 has it, an empty path
 * "/", no fragment, no empty user info; bytes that a URL may not hold (blanks, controls, non-ASCII)
 * percent-encoded; the rest untouched, because an application checks the signature over those very bytes.
 * Heap. */
char *url_print(const struct url *);

/* May a client give it as a callback? url_split(), no white space or control character anywhere, and no '_'
 * in the host (Twilio's rule). Private addresses and names that do not resolve are no matter of form. */
bool url_valid(const char *text);

#endif
