/* See mint.h. mbedTLS 2.28 writes neither alternative names nor extended key usage by itself: their DER is
 * made here. */
#include "host/tls/mint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/base/secret.h"

#define SERIAL_LEN  16
#define DNS_MAX     253
#define LABEL_MAX   63
#define SUBJECT_MAX 64 /* RFC 5280's limit of a common name */

static int rng(void *arg, unsigned char *out, size_t len)
{
    (void)arg;
    secret_random(out, len);
    return 0;
}

/* ---- names ---- */

static bool is_dns_name(const char *name)
{
    size_t label = 0;
    if (strncmp(name, "*.", 2) == 0)
        name += 2;
    if (strlen(name) > DNS_MAX)
        return false;
    for (const char *at = name;; at++) {
        if (*at == '.' || *at == '\0') {
            if (label == 0 || at[-1] == '-' || at[-(ptrdiff_t)label] == '-')
                return false;
            if (*at == '\0')
                return true;
            label = 0;
        } else if ((!isalnum((unsigned char)*at) && *at != '-' && *at != '_') || ++label > LABEL_MAX) {
            return false;
        }
    }
}

/* The address in network order; its length, 0 when the name is none. */
static size_t address_of(const char *name, uint8_t out[16])
{
    if (inet_pton(AF_INET, name, out) == 1)
        return 4;
    return inet_pton(AF_INET6, name, out) == 1 ? 16 : 0;
}

/* All digits and dots is an address that is wrong, not a name. */
bool mint_name_valid(const char *name)
{
    uint8_t address[16];
    return address_of(name, address) > 0 ||
           (is_dns_name(name) && strspn(name, "0123456789.") != strlen(name));
}

/* Tag, length of one or of three octets, value; returns octets written, 0 = no room. */
static size_t der_put(uint8_t *out, size_t room, uint8_t tag, const void *value, size_t len)
{
    size_t head = len < 128 ? 2 : 4;
    if (len > 0xffff || head + len > room)
        return 0;
    memmove(out + head, value, len); /* value may lie in out */
    out[0] = tag;
    if (head == 2) {
        out[1] = (uint8_t)len;
    } else {
        out[1] = 0x82;
        out[2] = (uint8_t)(len >> 8);
        out[3] = (uint8_t)len;
    }
    return head + len;
}

static size_t name_put(const char *name, uint8_t *out, size_t room)
{
    enum { DNS_NAME = 0x82, IP_ADDRESS = 0x87 }; /* RFC 5280 clause 4.2.1.6 */
    uint8_t address[16];
    size_t len = address_of(name, address);
    if (!mint_name_valid(name))
        return 0;
    return len > 0 ? der_put(out, room, IP_ADDRESS, address, len)
                   : der_put(out, room, DNS_NAME, name, strlen(name));
}

size_t mint_names_der(char *const *names, uint8_t out[MINT_NAMES_MAX])
{
    size_t len = 0;
    for (; *names != NULL; names++) {
        size_t more = name_put(*names, out + len, MINT_NAMES_MAX - len);
        if (more == 0)
            return 0;
        len += more;
    }
    return der_put(out, MINT_NAMES_MAX, MBEDTLS_ASN1_SEQUENCE | MBEDTLS_ASN1_CONSTRUCTED, out, len);
}

/* ---- keys ---- */

static int key_read(mbedtls_pk_context *key, const char *pem)
{
    int bad = mbedtls_pk_parse_key(key, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0);
    return bad == 0 ? 0 : -EINVAL;
}

int mint_key(char pem[MINT_PEM_MAX])
{
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int bad = mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (bad == 0)
        bad = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key), rng, NULL);
    if (bad == 0)
        bad = mbedtls_pk_write_key_pem(&key, (unsigned char *)pem, MINT_PEM_MAX);
    mbedtls_pk_free(&key);
    return bad == 0 ? 0 : -EIO;
}

/* ---- certificates ---- */

static void time_text(int64_t ms, char out[16])
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    if (strftime(out, 16, "%Y%m%d%H%M%S", &tm) == 0)
        out[0] = '\0'; /* mbedTLS refuses it */
}

/* What all certificates of ours have. 0 or an mbedTLS error. */
static int cert_begin(mbedtls_x509write_cert *cert, int64_t from_ms, int64_t until_ms)
{
    char from[16], until[16];
    uint8_t serial[SERIAL_LEN];
    mbedtls_mpi number;
    secret_random(serial, sizeof serial);
    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and of full length */
    time_text(from_ms, from);
    time_text(until_ms, until);
    mbedtls_mpi_init(&number);
    mbedtls_x509write_crt_set_version(cert, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(cert, MBEDTLS_MD_SHA256);
    int bad = mbedtls_mpi_read_binary(&number, serial, sizeof serial);
    if (bad == 0)
        bad = mbedtls_x509write_crt_set_serial(cert, &number);
    if (bad == 0)
        bad = mbedtls_x509write_crt_set_validity(cert, from, until);
    mbedtls_mpi_free(&number);
    return bad;
}

static int constraints_set(mbedtls_x509write_cert *cert, bool authority)
{
    static const uint8_t ca[] = {0x30, 6, 0x01, 1, 0xff, 0x02, 1, 0}; /* CA, no CA below it */
    static const uint8_t leaf[] = {0x30, 0};
    return mbedtls_x509write_crt_set_extension(cert, MBEDTLS_OID_BASIC_CONSTRAINTS,
                                               MBEDTLS_OID_SIZE(MBEDTLS_OID_BASIC_CONSTRAINTS), 1,
                                               authority ? ca : leaf, authority ? sizeof ca : sizeof leaf);
}

int mint_authority(const char *key_pem, const char *common_name, int64_t from_ms, int64_t until_ms,
                   char pem[MINT_PEM_MAX])
{
    mbedtls_x509write_cert cert;
    mbedtls_pk_context key;
    char subject[SUBJECT_MAX + 32];
    snprintf(subject, sizeof subject, "O=Cellpost,CN=%.*s", SUBJECT_MAX, common_name);
    mbedtls_x509write_crt_init(&cert);
    mbedtls_pk_init(&key);
    int status = key_read(&key, key_pem);
    if (status == 0) {
        mbedtls_x509write_crt_set_subject_key(&cert, &key);
        mbedtls_x509write_crt_set_issuer_key(&cert, &key);
        bool good = cert_begin(&cert, from_ms, until_ms) == 0 &&
                    mbedtls_x509write_crt_set_subject_name(&cert, subject) == 0 &&
                    mbedtls_x509write_crt_set_issuer_name(&cert, subject) == 0 &&
                    constraints_set(&cert, true) == 0 &&
                    mbedtls_x509write_crt_set_subject_key_identifier(&cert) == 0 &&
                    mbedtls_x509write_crt_set_key_usage(&cert, MBEDTLS_X509_KU_KEY_CERT_SIGN |
                                                                   MBEDTLS_X509_KU_CRL_SIGN) == 0 &&
                    mbedtls_x509write_crt_pem(&cert, (unsigned char *)pem, MINT_PEM_MAX, rng, NULL) == 0;
        status = good ? 0 : -EIO;
    }
    mbedtls_pk_free(&key);
    mbedtls_x509write_crt_free(&cert);
    return status;
}

static int leaf_extensions(mbedtls_x509write_cert *cert, const uint8_t *names, size_t names_len)
{
    static const uint8_t server_auth[] = {0x30, 10, 0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1};
    int bad = constraints_set(cert, false);
    if (bad == 0)
        bad = mbedtls_x509write_crt_set_key_usage(cert, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
    if (bad == 0)
        bad = mbedtls_x509write_crt_set_subject_key_identifier(cert);
    if (bad == 0)
        bad = mbedtls_x509write_crt_set_authority_key_identifier(cert);
    if (bad == 0)
        bad = mbedtls_x509write_crt_set_extension(cert, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                                                  MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0,
                                                  server_auth, sizeof server_auth);
    if (bad == 0)
        bad = mbedtls_x509write_crt_set_extension(cert, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                                  MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, names,
                                                  names_len);
    return bad;
}

/* A name too long for a common name stands among the alternative ones all the same. */
static int leaf_names(mbedtls_x509write_cert *cert, const struct mint_leaf *leaf,
                      const mbedtls_x509_crt *authority)
{
    char subject[SUBJECT_MAX + 32], issuer[512];
    const char *name = strlen(leaf->names[0]) <= SUBJECT_MAX ? leaf->names[0] : "server";
    snprintf(subject, sizeof subject, "O=Cellpost,CN=%s", name);
    int len = mbedtls_x509_dn_gets(issuer, sizeof issuer, &authority->subject);
    int bad = len < 0 ? len : mbedtls_x509write_crt_set_subject_name(cert, subject);
    return bad != 0 ? bad : mbedtls_x509write_crt_set_issuer_name(cert, issuer);
}

int mint_leaf(const struct mint_leaf *leaf, char pem[MINT_PEM_MAX])
{
    uint8_t names[MINT_NAMES_MAX];
    mbedtls_x509write_cert cert;
    mbedtls_pk_context key, signer;
    mbedtls_x509_crt authority;
    size_t names_len = leaf->names[0] != NULL ? mint_names_der(leaf->names, names) : 0;
    mbedtls_x509write_crt_init(&cert);
    mbedtls_pk_init(&key);
    mbedtls_pk_init(&signer);
    mbedtls_x509_crt_init(&authority);
    int status = names_len > 0 ? key_read(&key, leaf->key_pem) : -EINVAL;
    if (status == 0)
        status = key_read(&signer, leaf->authority_key_pem);
    if (status == 0 && mbedtls_x509_crt_parse(&authority, (const unsigned char *)leaf->authority_pem,
                                              strlen(leaf->authority_pem) + 1) != 0)
        status = -EINVAL;
    if (status == 0) {
        mbedtls_x509write_crt_set_subject_key(&cert, &key);
        mbedtls_x509write_crt_set_issuer_key(&cert, &signer);
        bool good = cert_begin(&cert, leaf->from_ms, leaf->until_ms) == 0 &&
                    leaf_names(&cert, leaf, &authority) == 0 &&
                    leaf_extensions(&cert, names, names_len) == 0 &&
                    mbedtls_x509write_crt_pem(&cert, (unsigned char *)pem, MINT_PEM_MAX, rng, NULL) == 0;
        status = good ? 0 : -EIO;
    }
    mbedtls_x509_crt_free(&authority);
    mbedtls_pk_free(&signer);
    mbedtls_pk_free(&key);
    mbedtls_x509write_crt_free(&cert);
    return status;
}

int64_t mint_time_ms(const struct mbedtls_x509_time *t)
{
    struct tm tm = {.tm_year = t->year - 1900,
                    .tm_mon = t->mon - 1,
                    .tm_mday = t->day,
                    .tm_hour = t->hour,
                    .tm_min = t->min,
                    .tm_sec = t->sec};
    return (int64_t)timegm(&tm) * 1000;
}
