/* TwiML of a messaging reply (Twilio: "TwiML for Programmable Messaging"), read with expat. Pure but for the
 * heap: no fetching here. */
#ifndef CELLPOST_FACADE_TWIML_H
#define CELLPOST_FACADE_TWIML_H

#include <stdbool.h>
#include <stddef.h>

#define TWIML_MESSAGES_MAX 10
#define TWIML_MEDIA_MAX    10
#define TWIML_BODY_MAX     65536 /* octets of a document */
#define TWIML_WARNINGS_MAX 4     /* one of a kind */

/* Twilio's numbers for what may be wrong with a document. */
enum twiml_error {
    TWIML_TOO_LARGE = 11750,
    TWIML_NOT_XML = 12100,     /* not well-formed, has a DTD, nested too deep */
    TWIML_XML_VERSION = 12101, /* another version than 1.0 */
    TWIML_ROOT = 12102,        /* the root is not Response */
    TWIML_SCHEMA = 12200,      /* warning: unknown attribute or child, stray text */
    TWIML_CONTENT_TYPE = 12300,
    TWIML_BODY = 14103,     /* text/plain that is not UTF-8 or holds a NUL */
    TWIML_METHOD = 14104,   /* warning: method is neither GET nor POST, so POST is used */
    TWIML_MESSAGES = 14109, /* warning: more than TWIML_MESSAGES_MAX, the first of them are taken */
    TWIML_VERB = 14110,     /* warning: a verb that a messaging reply does not have */
};

struct twiml_message {
    char *to, *from, *body; /* NULL = absent; body is trimmed */
    char *callback;         /* action or statusCallback */
    char *method;           /* of the callback: "GET" or "POST"; NULL = not said */
    char *media[TWIML_MEDIA_MAX];
    size_t media_count;
};
struct twiml_warning {
    int code;       /* 12200, 14104, 14109, 14110: something was skipped */
    char text[128]; /* about the first of its kind */
};
struct twiml {
    struct twiml_message messages[TWIML_MESSAGES_MAX];
    size_t count;
    char *redirect;                                    /* NULL = none; verbs after it are not read */
    char *redirect_method;                             /* "GET" or "POST"; NULL = not said */
    struct twiml_warning warnings[TWIML_WARNINGS_MAX]; /* in the order they came up */
    size_t warning_count;
};

/* 0, or a number of enum twiml_error that is no warning, with a sentence in error and *out empty.
 * content_type "" counts as text/xml; parameters of the type do not matter. text/plain is one message. A byte
 * order mark is skipped. An empty or blank body is nothing, whatever its type. */
int twiml_parse(const char *content_type, const char *body, size_t len, struct twiml *out, char error[160]);
void twiml_fini(struct twiml *);

#endif
