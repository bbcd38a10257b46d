/* What tls.c and session.c share. */
#ifndef CELLPOST_TLS_TLS_INTERNAL_H
#define CELLPOST_TLS_TLS_INTERNAL_H

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

#include "host/tls/tls.h"

/* A certificate, its key and the settings made of them: lives until its last session has gone. */
struct tls_served {
    unsigned users;
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
    mbedtls_ssl_config settings;
};

struct tls {
    struct loop *loop;
    struct timer renew, day;
    int64_t authority_until_ms; /* of the local one, else 0 */
    struct tls_served *served;
    mbedtls_ssl_ticket_context tickets;
    mbedtls_ssl_cache_context cache;
    char *folder, *cert, *key;
    char **configured, **names; /* names: the local leaf's, NULL with the operator's files */
    char path[4096];
};

void tls_served_release(struct tls_served *); /* NULL: nothing */

#endif
