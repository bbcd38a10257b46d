/* See tls.h: which certificate is served. */
#include "host/tls/tls.h"

#include <errno.h>
#include <mbedtls/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/tls/authority.h"
#include "host/tls/mint.h"
#include "host/tls/tls_internal.h"

#define TICKET_S       86400 /* a ticket's life and its key's */
#define CACHE_ENTRIES  1024
#define RENEW_EVERY_MS (12 * INT64_C(3600000))
#define ENDS_SOON_MS   (90 * CLOCK_DAY_MS)

static int rng(void *arg, unsigned char *out, size_t len)
{
    (void)arg;
    secret_random(out, len);
    return 0;
}

static void *allocate(size_t size)
{
    void *p = calloc(1, size);
    if (p == NULL)
        fatal("out of memory");
    return p;
}

static char *copy(const char *text)
{
    char *out = strdup(text);
    if (out == NULL)
        fatal("out of memory");
    return out;
}

/* ---- what is served ---- */

void tls_served_release(struct tls_served *served)
{
    if (served == NULL || --served->users > 0)
        return;
    mbedtls_ssl_config_free(&served->settings);
    mbedtls_x509_crt_free(&served->chain);
    mbedtls_pk_free(&served->key);
    free(served);
}

static int fault(char error[256], const char *path, int code)
{
    char text[100];
    mbedtls_strerror(code, text, sizeof text);
    snprintf(error, 256, "%.140s: %s", path, text);
    return -EINVAL;
}

/* A PEM file may hold both: the other kind is passed over. */
static int files_load(struct tls_served *served, const char *cert, const char *key, char error[256])
{
    int bad = mbedtls_x509_crt_parse_file(&served->chain, cert);
    if (bad > 0) {
        snprintf(error, 256, "%.180s: %d of its certificates cannot be read", cert, bad);
        return -EINVAL;
    }
    if (bad < 0)
        return fault(error, cert, bad);
    bad = mbedtls_pk_parse_keyfile(&served->key, key, NULL);
    if (bad != 0)
        return fault(error, key, bad);
    if (mbedtls_pk_check_pair(&served->chain.pk, &served->key) == 0)
        return 0;
    snprintf(error, 256, "%.110s is not the key of the first certificate in %.110s", key, cert);
    return -EINVAL;
}

static struct tls_served *served_new(const char *cert, const char *key, char error[256])
{
    struct tls_served *served = allocate(sizeof *served);
    served->users = 1;
    mbedtls_x509_crt_init(&served->chain);
    mbedtls_pk_init(&served->key);
    mbedtls_ssl_config_init(&served->settings);
    if (files_load(served, cert, key, error) == 0)
        return served;
    tls_served_release(served);
    return NULL;
}

int tls_check(const char *cert, const char *key, char error[256])
{
    struct tls_served *served = served_new(cert, key, error);
    tls_served_release(served);
    return served != NULL ? 0 : -EINVAL;
}

static const int ciphers[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                              MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                              MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                              MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                              MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                              MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                              0};
static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_CURVE25519,
                                              MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_NONE};
static const char *protocols[] = {"http/1.1", NULL};

static void settings_make(struct tls *tls, struct tls_served *served)
{
    mbedtls_ssl_config *c = &served->settings;
    if (mbedtls_ssl_config_defaults(c, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_own_cert(c, &served->chain, &served->key) != 0 ||
        mbedtls_ssl_conf_alpn_protocols(c, protocols) != 0)
        fatal("out of memory");
    mbedtls_ssl_conf_min_version(c, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3); /* TLS 1.2 */
    mbedtls_ssl_conf_ciphersuites(c, ciphers);
    mbedtls_ssl_conf_curves(c, curves);
    mbedtls_ssl_conf_renegotiation(c, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_rng(c, rng, NULL);
    mbedtls_ssl_conf_session_tickets_cb(c, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &tls->tickets);
    mbedtls_ssl_conf_session_cache(c, &tls->cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
}

/* ---- options ---- */

static char **list_copy(char *const *list)
{
    size_t count = 0;
    while (list[count] != NULL)
        count++;
    char **out = allocate((count + 1) * sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = copy(list[i]);
    return out;
}

static void options_drop(struct tls *tls)
{
    free(tls->folder);
    free(tls->cert);
    free(tls->key);
    authority_names_free(tls->configured);
}

static void options_keep(struct tls *tls, const struct tls_options *options)
{
    struct tls old = *tls; /* options may be the ones that are kept */
    tls->folder = copy(options->folder);
    tls->cert = copy(options->cert);
    tls->key = copy(options->key);
    tls->configured = list_copy(options->names);
    options_drop(&old);
}

static struct tls_options options_of(const struct tls *tls)
{
    return (struct tls_options){tls->folder, tls->cert, tls->key, tls->configured};
}

/* ---- life ---- */

static void serve(struct tls *tls, struct tls_served *served, const char *path, char **names)
{
    settings_make(tls, served);
    tls_served_release(tls->served);
    tls->served = served;
    authority_names_free(tls->names);
    tls->names = names;
    snprintf(tls->path, sizeof tls->path, "%s", path);
    int64_t left_ms = mint_time_ms(&served->chain.valid_to) - clock_wall_ms();
    if (left_ms < 14 * CLOCK_DAY_MS)
        log_event(LOG_WARN, "tls.certificate_ends", "file=%s days=%lld", path,
                  (long long)(left_ms / CLOCK_DAY_MS));
}

static int load_local(struct tls *tls, const struct tls_options *options, char error[256])
{
    char path[AUTHORITY_PATH_MAX], **names;
    int64_t until_ms = 0;
    int status = authority_names(options->folder, options->names, &names, error);
    if (status != 0)
        return status;
    status = authority_ensure(options->folder, names, &until_ms, error);
    authority_path(options->folder, "server.pem", path);
    struct tls_served *served = status == 0 ? served_new(path, path, error) : NULL;
    if (served == NULL) {
        authority_names_free(names);
        return status != 0 ? status : -EINVAL;
    }
    serve(tls, served, path, names);
    tls->authority_until_ms = until_ms;
    return 0;
}

int tls_reload(struct tls *tls, const struct tls_options *options, char error[256])
{
    int status = 0;
    if (options->cert[0] == '\0') {
        status = load_local(tls, options, error);
    } else {
        struct tls_served *served = served_new(options->cert, options->key, error);
        status = served != NULL ? 0 : -EINVAL;
        if (served != NULL) {
            serve(tls, served, options->cert, NULL);
            tls->authority_until_ms = 0;
        }
    }
    if (status == 0)
        options_keep(tls, options);
    return status;
}

/* Every machine that trusts the local authority needs the next one before: nobody else says so. */
static void on_day(void *arg)
{
    struct tls *tls = arg;
    int64_t left_ms = tls->authority_until_ms - clock_wall_ms();
    if (tls->authority_until_ms != 0 && left_ms < ENDS_SOON_MS)
        log_event(LOG_WARN, "tls.authority_ends", "folder=%s days=%lld", tls->folder,
                  (long long)(left_ms / CLOCK_DAY_MS));
    timer_set(&tls->day, CLOCK_DAY_MS);
}

/* The local leaf is looked at twice a day: its end is months away, a disk that is full may take days. */
static void on_renew(void *arg)
{
    struct tls *tls = arg;
    struct tls_options options = options_of(tls);
    char error[256] = "";
    if (tls->names != NULL && tls_reload(tls, &options, error) != 0)
        log_event(LOG_ERROR, "tls.renewal_failed", "why=\"%s\"", error);
    timer_set(&tls->renew, RENEW_EVERY_MS);
}

int tls_open(struct tls **out, struct loop *loop, const struct tls_options *options, char error[256])
{
    struct tls *tls = allocate(sizeof *tls);
    tls->loop = loop;
    timer_init(&tls->renew, loop, on_renew, tls);
    timer_init(&tls->day, loop, on_day, tls);
    mbedtls_ssl_ticket_init(&tls->tickets);
    mbedtls_ssl_cache_init(&tls->cache);
    mbedtls_ssl_cache_set_max_entries(&tls->cache, CACHE_ENTRIES);
    if (mbedtls_ssl_ticket_setup(&tls->tickets, rng, NULL, MBEDTLS_CIPHER_AES_256_GCM, TICKET_S) != 0)
        fatal("TLS tickets: no AES-256-GCM");
    int status = tls_reload(tls, options, error);
    if (status != 0) {
        tls_close(tls);
        return status;
    }
    timer_set(&tls->renew, RENEW_EVERY_MS);
    on_day(tls);
    *out = tls;
    return 0;
}

void tls_close(struct tls *tls)
{
    if (tls == NULL)
        return;
    timer_stop(&tls->renew);
    timer_stop(&tls->day);
    tls_served_release(tls->served);
    mbedtls_ssl_ticket_free(&tls->tickets);
    mbedtls_ssl_cache_free(&tls->cache);
    authority_names_free(tls->names);
    options_drop(tls);
    free(tls);
}

int tls_issue(struct tls *tls, char *const *names, char error[256])
{
    struct tls_options options = options_of(tls);
    if (tls->names == NULL) {
        snprintf(error, 256, "[tls] cert is the operator's own: names are added where it was issued");
        return -ENOTSUP;
    }
    int status = authority_issue(tls->folder, tls->configured, names, error);
    return status == 0 ? tls_reload(tls, &options, error) : status;
}

/* ---- what an operator asks ---- */

static void fingerprint_of(const mbedtls_x509_crt *cert, char out[96])
{
    static const char hex[] = "0123456789ABCDEF";
    uint8_t hash[32];
    secret_sha256(cert->raw.p, cert->raw.len, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        out[3 * i] = hex[hash[i] >> 4];
        out[3 * i + 1] = hex[hash[i] & 15];
        out[3 * i + 2] = i + 1 < sizeof hash ? ':' : '\0';
    }
}

void tls_status(const struct tls *tls, struct tls_status *out)
{
    const mbedtls_x509_crt *cert = &tls->served->chain;
    *out = (struct tls_status){.local = tls->names != NULL,
                               .from_ms = mint_time_ms(&cert->valid_from),
                               .until_ms = mint_time_ms(&cert->valid_to),
                               .authority_until_ms = tls->authority_until_ms,
                               .names = tls->names,
                               .path = tls->path};
    if (mbedtls_x509_dn_gets(out->subject, sizeof out->subject, &cert->subject) < 0)
        snprintf(out->subject, sizeof out->subject, "(long)");
    if (mbedtls_x509_dn_gets(out->issuer, sizeof out->issuer, &cert->issuer) < 0)
        snprintf(out->issuer, sizeof out->issuer, "(long)");
    fingerprint_of(cert, out->fingerprint);
}

char *tls_authority_pem(const struct tls *tls, char fingerprint[96])
{
    char path[AUTHORITY_PATH_MAX];
    mbedtls_x509_crt cert;
    unsigned char *text = NULL;
    size_t len;
    if (tls->names == NULL)
        return NULL;
    authority_path(tls->folder, "ca.pem", path);
    mbedtls_x509_crt_init(&cert);
    if (mbedtls_pk_load_file(path, &text, &len) != 0 || mbedtls_x509_crt_parse(&cert, text, len) != 0) {
        free(text);
        text = NULL;
    } else {
        fingerprint_of(&cert, fingerprint);
    }
    mbedtls_x509_crt_free(&cert);
    return (char *)text;
}
