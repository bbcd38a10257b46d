/* Refusals in Twilio's words, and the JSON body that every answer outside 2xx has. */
#ifndef CELLPOST_FACADE_ERROR_H
#define CELLPOST_FACADE_ERROR_H

#include <stdbool.h>

/* A refusal in Twilio's words. code 0 = none. */
struct refusal {
    int code; /* 21211 ... */
    int http; /* 400, 404, 409 ... */
    char message[256];
    int retry_after_s; /* with 429: when to try again; 0 = not known */
};

/* Fills it in (a longer message is cut at a character) and returns false, for `return refuse(...)`. */
bool refuse(struct refusal *, int http, int code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* {"code":..,"message":..,"more_info":..,"status":..}: numbers are numbers, never keys type or title (SDKs
 * take those for another format). Heap, caller frees. */
char *refusal_body(const struct refusal *);

/* The code of an HTTP status that has no reason of its own: 20001 for 400, else 20000 + status, as Twilio
 * numbers them. */
int refusal_code(int http);

/* Title of an asynchronous failure for Message.error_message; NULL when the code is not known. */
const char *error_title(int code);

#endif
