/* TwiML of a messaging reply (Twilio: "TwiML for Programmable Messaging"), read with expat. Pure but for the heap: no fetching here. */
#ifndef CELLPOST_FACADE_TWIML_H
#define CELLPOST_FACADE_TWIML_H

#include <stdbool.h>
#include <stddef.h>

#define TWIML_MESSAGES_MAX 10
#define TWIML_MEDIA_MAX    10
#define TWIML_BODY_MAX     65536 /* octets of a document */

struct twiml_message {
    char *to, *from, *body; /* NULL = absent; body is trimmed */
    char *callback;         /* action or statusCallback */
    char *method;           /* of the callback, "POST" unless GET */
    char *media[TWIML_MEDIA_MAX];
    size_t media_count;
};
struct twiml {
    struct twiml_message messages[TWIML_MESSAGES_MAX];
    size_t count;
    char *redirect;         /* NULL = none; verbs after it are not read */
    char *redirect_method;
    int warning;            /* last of 12200, 14110 ...: what was skipped; 0 */
    char warning_text[128];
};

/* 0, or the Twilio error number: 12100 (not XML, has a DTD), 12102 (root is not Response), 14109 (too many messages), 11750 (too
 * large), 12300 (content type). content_type "" counts as text/xml. text/plain is one message. Empty or blank body: nothing. */
int twiml_parse(const char *content_type, const char *body, size_t len, struct twiml *out, char error[160]);
void twiml_fini(struct twiml *);

#endif
