/* Requests to the API over its Unix socket, a bounded number at once, their answers in the order of the
 * requests. A refusal for now (429) is waited out as long as it says, and asked again. */
#ifndef CELLPOST_CTL_CALLS_H
#define CELLPOST_CTL_CALLS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct calls_request {
    char *path;   /* heap, from "/2010-04-01" on */
    char *form;   /* heap; NULL = GET */
    char key[80]; /* Idempotency-Key, "" = none */
};
struct calls_answer {
    long http;         /* 0: there was no answer, and why: */
    const char *fault; /* the connection's; NULL with an answer */
    json_t *json;      /* NULL when it was none; borrowed */
};

/* The next request; its texts are taken. False: there are no more. */
typedef bool calls_next_fn(void *arg, struct calls_request *);
typedef void calls_answer_fn(void *arg, const struct calls_answer *);
/* Each 429, before it is waited out. */
typedef void calls_wait_fn(void *arg, int wait_s);

struct calls_sink {
    calls_next_fn *next;
    calls_answer_fn *answer;
    calls_wait_fn *wait; /* may be NULL */
    void *arg;
};
/* 0 once all are answered. -EIO: one had no answer, or a 5xx: that one and those before it are told, the rest
 * was not asked, or is not told. */
int calls_run(const char *socket_path, const struct calls_sink *);

#endif
