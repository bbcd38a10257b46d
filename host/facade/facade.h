/* The façade: Twilio's REST API over HTTP/1.1, on a TCP listener and on a Unix socket. A request is parsed
 * (http), matched (api), admitted (auth) and served by its resource's file. Nothing is answered before what
 * it promises is on disk. */
#ifndef CELLPOST_FACADE_FACADE_H
#define CELLPOST_FACADE_FACADE_H

#include "host/base/conf.h"
#include "host/base/loop.h"
#include "host/directory/directory.h"
#include "host/queue/queue.h"
#include "host/store/store.h"
#include "host/tls/tls.h"
#include "host/verify/verify.h"

struct facade;
struct optout;

/* What every room behind the API needs; lent for the façade's life. */
struct facade_rooms {
    struct loop *loop;
    struct store *store;
    struct queue *queue;
    struct directory *directory;
    const struct conf *conf; /* replaced by facade_reload */
    struct optout *optout;
    struct verify *verify;
};

/* Ends what waits of accounts that are not active: at the start, which facade_open does, and after each
 * change of a status from outside the API. */
void accounts_resume(const struct facade_rooms *);

/* Listens. 0 or -errno with a sentence that names the address. */
int facade_open(struct facade **, const struct facade_rooms *, char error[256]);
/* And on these (ended by NULL) through TLS; tls is lent until facade_close. */
int facade_listen_tls(struct facade *, struct tls *, char *const *addresses, char error[256]);
void facade_reload(struct facade *, const struct conf *); /* limits and defaults; the listeners stay */
/* No new connections, idle ones closed, requests under way answered; then fn. */
void facade_stop(struct facade *, void (*fn)(void *arg), void *arg);
void facade_close(struct facade *);
/* The port really bound (listen = "127.0.0.1:0" in tests). */
int facade_port(const struct facade *);
int facade_tls_port(const struct facade *, int n); /* of the nth TLS address, 0 = none */

struct gate_counts; /* gate.h */
void facade_gate_counts(const struct facade *, struct gate_counts *);

#endif
