#include "host/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <mbedtls/base64.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>
#include <mbedtls/sha256.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "host/base/log.h"

#define NONCE_LEN 12
#define TAG_LEN   16

void secret_random(void *out, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t got = getrandom((char *)out + at, len - at, 0);
        if (got < 0 && errno != EINTR)
            fatal("no random numbers: %s", strerror(errno));
        if (got > 0)
            at += (size_t)got;
    }
}

void secret_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[20])
{
    if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), key, key_len, data, len, out) != 0)
        fatal("HMAC-SHA1 failed");
}

void secret_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[32])
{
    if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key, key_len, data, len, out) != 0)
        fatal("HMAC-SHA256 failed");
}

void secret_sha256(const void *data, size_t len, uint8_t out[32])
{
    if (mbedtls_sha256_ret(data, len, out, 0) != 0)
        fatal("SHA-256 failed");
}

bool secret_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
    const uint8_t *left = a, *right = b;
    uint8_t differs = a_len != b_len;
    for (size_t i = 0; i < b_len; i++) /* a index is clamped, not cut short: the time tells nothing of a */
        differs |= (uint8_t)((a_len > 0 ? left[i % a_len] : 0) ^ right[i]);
    return differs == 0;
}

void hex_encode(const void *in, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = in;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_decode(const char *in, size_t len, void *out)
{
    uint8_t *bytes = out;
    if (len % 2 != 0)
        return false;
    for (size_t i = 0; i < len; i += 2) {
        int high = nibble(in[i]), low = nibble(in[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void base64_encode(const void *in, size_t len, char *out)
{
    size_t written;
    if (mbedtls_base64_encode((unsigned char *)out, 4 * ((len + 2) / 3) + 1, &written, in, len) != 0)
        fatal("base64 failed");
    out[written] = '\0';
}

bool base64_decode(const char *in, size_t len, void *out, size_t out_size, size_t *out_len)
{
    return mbedtls_base64_decode(out, out_size, out_len, (const unsigned char *)in, len) == 0;
}

/* ---- sealing ---- */

static int key_make(const char *path, struct secret_key *key)
{
    char text[2 * sizeof key->bytes + 2];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    secret_random(key->bytes, sizeof key->bytes);
    hex_encode(key->bytes, sizeof key->bytes, text);
    text[2 * sizeof key->bytes] = '\n';
    int status = write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1 && fsync(fd) == 0 ? 0 : -EIO;
    close(fd);
    if (status != 0)
        unlink(path); /* half a key would lock every token away for good */
    return status;
}

int secret_key_load(const char *path, struct secret_key *key)
{
    char text[2 * sizeof key->bytes + 2];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? key_make(path, key) : -errno;
    ssize_t got = read(fd, text, sizeof text);
    close(fd);
    if (got < 0)
        return -EIO;
    if (got > 0 && text[got - 1] == '\n')
        got--;
    return got == 2 * (ssize_t)sizeof key->bytes && hex_decode(text, (size_t)got, key->bytes) ? 0 : -EINVAL;
}

static void gcm_start(mbedtls_gcm_context *gcm, const struct secret_key *key)
{
    mbedtls_gcm_init(gcm);
    if (mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key->bytes, 8 * sizeof key->bytes) != 0)
        fatal("AES-GCM setkey failed");
}

void secret_seal(const struct secret_key *key, const void *in, size_t len, uint8_t *out)
{
    mbedtls_gcm_context gcm;
    gcm_start(&gcm, key);
    secret_random(out, NONCE_LEN);
    if (mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, len, out, NONCE_LEN, NULL, 0, in,
                                  out + NONCE_LEN, TAG_LEN, out + NONCE_LEN + len) != 0)
        fatal("AES-GCM failed");
    mbedtls_gcm_free(&gcm);
}

bool secret_open(const struct secret_key *key, const void *in, size_t len, uint8_t *out)
{
    const uint8_t *bytes = in;
    mbedtls_gcm_context gcm;
    if (len < SECRET_SEAL_OVERHEAD)
        return false;
    size_t text_len = len - SECRET_SEAL_OVERHEAD;
    gcm_start(&gcm, key);
    int status = mbedtls_gcm_auth_decrypt(&gcm, text_len, bytes, NONCE_LEN, NULL, 0, bytes + len - TAG_LEN,
                                          TAG_LEN, bytes + NONCE_LEN, out);
    mbedtls_gcm_free(&gcm);
    return status == 0;
}
