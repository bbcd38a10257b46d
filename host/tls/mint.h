/* Certificates made in memory: an authority of one's own, and leaves that it signs. ECDSA on P-256 with
 * SHA-256. Pure but for random numbers.
 *
 * All texts are PEM with a NUL. Errors: -EINVAL for a key or certificate that cannot be read, a name that is
 * none, or more names than fit; -EIO when mbedTLS refuses for another reason. */
#ifndef CELLPOST_TLS_MINT_H
#define CELLPOST_TLS_MINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MINT_PEM_MAX   16384
#define MINT_NAMES_MAX 4096 /* octets of all of a leaf's names in DER */

/* A DNS name, with "*." in front or not, or an IP address. */
bool mint_name_valid(const char *name);

int mint_key(char pem[MINT_PEM_MAX]);
int mint_authority(const char *key_pem, const char *common_name, int64_t from_ms, int64_t until_ms,
                   char pem[MINT_PEM_MAX]);

struct mint_leaf {
    const char *key_pem;
    const char *authority_key_pem, *authority_pem;
    char *const *names; /* ended by NULL; the first is the subject's */
    int64_t from_ms, until_ms;
};
int mint_leaf(const struct mint_leaf *, char pem[MINT_PEM_MAX]);

/* The value of the subjectAltName extension for these names, in their order: a leaf was made for just these
 * names when it holds these octets. The length, 0 when a name is none or they do not fit. */
size_t mint_names_der(char *const *names, uint8_t out[MINT_NAMES_MAX]);

/* When a certificate begins or ends, as a time of the wall clock. */
struct mbedtls_x509_time;
int64_t mint_time_ms(const struct mbedtls_x509_time *);

#endif
