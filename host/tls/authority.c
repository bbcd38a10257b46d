/* See authority.h. */
#include "host/tls/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/tls/mint.h"

#define CA_MS        (3652 * CLOCK_DAY_MS) /* ten years */
#define LEAF_MS      (365 * CLOCK_DAY_MS)
#define RENEW_MS     (30 * CLOCK_DAY_MS)
#define SKEW_MS      CLOCK_DAY_MS           /* clients whose clock is behind */
#define LEAST_NOW_MS INT64_C(1767225600000) /* 2026: a clock before it is not set */
#define FILE_MAX     (2 * MINT_PEM_MAX)

static int fault(char error[256], const char *path, int status)
{
    snprintf(error, 256, "%.200s: %s", path, strerror(-status));
    return status;
}

void authority_path(const char *folder, const char *name, char out[AUTHORITY_PATH_MAX])
{
    snprintf(out, AUTHORITY_PATH_MAX, "%s/%s", folder, name);
}

/* ---- files ---- */

/* The text with a NUL, or NULL with errno. */
static char *file_read(const char *path)
{
    char *text = calloc(1, FILE_MAX + 1);
    if (text == NULL)
        fatal("out of memory");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, FILE_MAX);
    int status = errno;
    if (fd >= 0)
        close(fd);
    if (got >= 0)
        return text;
    free(text);
    errno = status;
    return NULL;
}

static int fd_write(int fd, const char *text)
{
    size_t len = strlen(text);
    ssize_t put = write(fd, text, len);
    if (put < 0)
        return -errno;
    return put == (ssize_t)len ? 0 : -ENOSPC;
}

static int folder_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 || fsync(fd) != 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return status;
}

static int file_write(const char *folder, const char *name, const char *text, char error[256])
{
    char path[AUTHORITY_PATH_MAX], beside[AUTHORITY_PATH_MAX + 8];
    authority_path(folder, name, path);
    snprintf(beside, sizeof beside, "%s.new", path);
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int status = fd < 0 ? -errno : fd_write(fd, text);
    if (status == 0 && fsync(fd) != 0)
        status = -errno;
    if (fd >= 0)
        close(fd);
    if (status == 0 && rename(beside, path) != 0)
        status = -errno;
    if (status == 0)
        status = folder_sync(folder);
    return status == 0 ? 0 : fault(error, path, status);
}

static int folder_make(const char *folder, char error[256])
{
    return mkdir(folder, 0700) == 0 || errno == EEXIST ? 0 : fault(error, folder, -errno);
}

/* ---- the authority ---- */

struct authority {
    char *key, *pem;
    mbedtls_x509_crt cert;
};

static void authority_fini(struct authority *a)
{
    if (a->key != NULL)
        explicit_bzero(a->key, strlen(a->key));
    free(a->key);
    free(a->pem);
    mbedtls_x509_crt_free(&a->cert);
}

static int64_t now_ms(void)
{
    int64_t now = clock_wall_ms();
    return now < LEAST_NOW_MS ? LEAST_NOW_MS : now;
}

static char *pem_room(void)
{
    char *pem = calloc(1, MINT_PEM_MAX);
    if (pem == NULL)
        fatal("out of memory");
    return pem;
}

static int authority_make(const char *folder, struct authority *a, char error[256])
{
    char host[65] = "", name[96];
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "Cellpost CA %.50s", mint_name_valid(host) ? host : "");
    int status = 0;
    if (a->key == NULL) {
        a->key = pem_room();
        status = mint_key(a->key);
        if (status != 0)
            return fault(error, "key of the local authority", status);
        status = file_write(folder, "ca.key", a->key, error);
    }
    if (status != 0)
        return status;
    a->pem = pem_room();
    status = mint_authority(a->key, name, now_ms() - SKEW_MS, now_ms() + CA_MS, a->pem);
    if (status != 0)
        return fault(error, "ca.key of the local authority", status);
    log_event(LOG_INFO, "tls.authority_made", "folder=%s", folder);
    return file_write(folder, "ca.pem", a->pem, error);
}

static bool key_fits(const mbedtls_x509_crt *cert, const char *key_pem)
{
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    bool fits =
        mbedtls_pk_parse_key(&key, (const unsigned char *)key_pem, strlen(key_pem) + 1, NULL, 0) == 0 &&
        mbedtls_pk_check_pair(&cert->pk, &key) == 0;
    mbedtls_pk_free(&key);
    return fits;
}

static int authority_load(const char *folder, struct authority *a, char error[256])
{
    char path[AUTHORITY_PATH_MAX];
    authority_path(folder, "ca.key", path);
    a->key = file_read(path);
    if (a->key == NULL && errno != ENOENT)
        return fault(error, path, -errno);
    authority_path(folder, "ca.pem", path);
    a->pem = file_read(path);
    if (a->pem == NULL && errno != ENOENT)
        return fault(error, path, -errno);
    if (a->pem == NULL) {
        int status = authority_make(folder, a, error);
        if (status != 0)
            return status;
    }
    if (mbedtls_x509_crt_parse(&a->cert, (const unsigned char *)a->pem, strlen(a->pem) + 1) != 0) {
        snprintf(error, 256, "%.200s is no certificate", path);
        return -EINVAL;
    }
    if (a->key == NULL || !key_fits(&a->cert, a->key)) {
        snprintf(error, 256,
                 "%.150s: its ca.key is %s; put it back, or remove ca.pem to begin a new authority", path,
                 a->key == NULL ? "missing" : "another one's");
        return -EINVAL;
    }
    return 0;
}

/* ---- the leaf ---- */

static bool is_signed_by(mbedtls_x509_crt *leaf, mbedtls_x509_crt *authority)
{
    uint32_t flags = 0;
    int status = mbedtls_x509_crt_verify(leaf, authority, NULL, NULL, &flags, NULL, NULL);
    /* its dates are looked at by the clock that tests drive */
    flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    return (status == 0 || status == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) && flags == 0;
}

/* One that ends with its authority is kept: another would end then too. */
static bool leaf_lasts(const mbedtls_x509_crt *leaf, const struct authority *a, int64_t now)
{
    int64_t until_ms = mint_time_ms(&leaf->valid_to);
    return now < until_ms - RENEW_MS || until_ms >= mint_time_ms(&a->cert.valid_to);
}

static bool leaf_serves(const char *pem, struct authority *a, char *const *names)
{
    uint8_t wanted[MINT_NAMES_MAX];
    size_t len = mint_names_der(names, wanted);
    mbedtls_x509_crt leaf;
    mbedtls_x509_crt_init(&leaf);
    int64_t now = now_ms();
    bool serves = mbedtls_x509_crt_parse(&leaf, (const unsigned char *)pem, strlen(pem) + 1) == 0 &&
                  len > 0 && memmem(leaf.v3_ext.p, leaf.v3_ext.len, wanted, len) != NULL &&
                  key_fits(&leaf, pem) && is_signed_by(&leaf, &a->cert) &&
                  mint_time_ms(&leaf.valid_from) <= now && leaf_lasts(&leaf, a, now);
    mbedtls_x509_crt_free(&leaf);
    return serves;
}

static int leaf_write(const char *folder, const char *cert, const char *key, char error[256])
{
    char *both;
    if (asprintf(&both, "%s%s", cert, key) < 0)
        fatal("out of memory");
    int status = file_write(folder, "server.pem", both, error);
    explicit_bzero(both, strlen(both));
    free(both);
    return status;
}

/* No leaf outlives its authority: clients would refuse it. */
static int leaf_make(const char *folder, const struct authority *a, char *const *names, char error[256])
{
    char *key = pem_room(), *cert = pem_room();
    int64_t end_ms = mint_time_ms(&a->cert.valid_to), until_ms = now_ms() + LEAF_MS;
    struct mint_leaf leaf = {.key_pem = key,
                             .authority_key_pem = a->key,
                             .authority_pem = a->pem,
                             .names = names,
                             .from_ms = now_ms() - SKEW_MS,
                             .until_ms = until_ms < end_ms ? until_ms : end_ms};
    int status = mint_key(key);
    if (status == 0)
        status = mint_leaf(&leaf, cert);
    status = status == 0 ? leaf_write(folder, cert, key, error)
                         : fault(error, "certificate of the local authority", status);
    if (status == 0)
        log_event(LOG_INFO, "tls.leaf_made", "folder=%s days=%lld", folder,
                  (long long)((leaf.until_ms - now_ms()) / CLOCK_DAY_MS));
    explicit_bzero(key, MINT_PEM_MAX);
    free(key);
    free(cert);
    return status;
}

int authority_ensure(const char *folder, char *const *names, int64_t *until_ms, char error[256])
{
    char path[AUTHORITY_PATH_MAX];
    struct authority a = {NULL, NULL, {0}};
    mbedtls_x509_crt_init(&a.cert);
    int status = folder_make(folder, error);
    if (status == 0)
        status = authority_load(folder, &a, error);
    authority_path(folder, "server.pem", path);
    char *leaf = status == 0 ? file_read(path) : NULL;
    if (status == 0 && (leaf == NULL || !leaf_serves(leaf, &a, names)))
        status = leaf_make(folder, &a, names, error);
    if (status == 0)
        *until_ms = mint_time_ms(&a.cert.valid_to);
    if (leaf != NULL)
        explicit_bzero(leaf, strlen(leaf));
    free(leaf);
    authority_fini(&a);
    return status;
}

/* ---- names ---- */

void authority_names_free(char **names)
{
    for (char **name = names; name != NULL && *name != NULL; name++)
        free(*name);
    free(names);
}

static void names_add(char **names, const char *name)
{
    size_t count = 0;
    for (; names[count] != NULL; count++)
        if (strcasecmp(names[count], name) == 0)
            return;
    if (count == AUTHORITY_NAMES_MAX)
        return; /* authority_names tells */
    if ((names[count] = strdup(name)) == NULL)
        fatal("out of memory");
}

/* Each line of the file; a line that is no name (an editor's hand) is an error. */
static int issued_add(const char *folder, char **names, char error[256])
{
    char path[AUTHORITY_PATH_MAX];
    authority_path(folder, "names", path);
    char *text = file_read(path);
    int status = text == NULL && errno != ENOENT ? fault(error, path, -errno) : 0;
    for (char *line = text, *next; line != NULL && *line != '\0' && status == 0; line = next) {
        next = line + strcspn(line, "\n");
        if (*next != '\0')
            *next++ = '\0';
        if (mint_name_valid(line)) {
            names_add(names, line);
            continue;
        }
        snprintf(error, 256, "%.150s: '%.64s' is no name", path, line);
        status = -EINVAL;
    }
    free(text);
    return status;
}

static char **names_new(void)
{
    char **names = calloc(AUTHORITY_NAMES_MAX + 1, sizeof *names);
    if (names == NULL)
        fatal("out of memory");
    return names;
}

/* All that one certificate is to be for; refused when it cannot hold them. */
static int names_together(char *const *configured, char *const *issued, char ***out, char error[256])
{
    static const char *const always[] = {"localhost", "127.0.0.1", "::1", "*.onprem.lan.twilio.com"};
    char host[254] = "", **names = names_new();
    uint8_t der[MINT_NAMES_MAX];
    gethostname(host, sizeof host - 1);
    if (mint_name_valid(host))
        names_add(names, host);
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        names_add(names, always[i]);
    for (; *configured != NULL; configured++)
        names_add(names, *configured);
    for (; *issued != NULL; issued++)
        names_add(names, *issued);
    if (names[AUTHORITY_NAMES_MAX - 1] == NULL && mint_names_der(names, der) > 0) {
        *out = names;
        return 0;
    }
    snprintf(
        error, 256,
        "the names are too many for one certificate: at most %d, and %d octets with two to four for each",
        AUTHORITY_NAMES_MAX - 1, MINT_NAMES_MAX);
    authority_names_free(names);
    return -E2BIG;
}

int authority_names(const char *folder, char *const *configured, char ***out, char error[256])
{
    char **issued = names_new();
    int status = issued_add(folder, issued, error);
    if (status == 0)
        status = names_together(configured, issued, out, error);
    authority_names_free(issued);
    return status;
}

static int names_check(char *const *names, char error[256])
{
    for (; *names != NULL; names++)
        if (!mint_name_valid(*names)) {
            snprintf(error, 256, "'%.100s' is no name: a DNS name, *.DNS name or address", *names);
            return -EINVAL;
        }
    return 0;
}

static int names_write(const char *folder, char *const *names, char error[256])
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    if (to == NULL)
        fatal("out of memory");
    for (; *names != NULL; names++)
        fprintf(to, "%s\n", *names);
    fclose(to);
    int status = file_write(folder, "names", text, error);
    free(text);
    return status;
}

/* What the certificate could not hold is not written: the next start would fail of it. */
int authority_issue(const char *folder, char *const *configured, char *const *more, char error[256])
{
    char **issued = names_new(), **all = NULL;
    int status = names_check(more, error);
    if (status == 0)
        status = folder_make(folder, error);
    if (status == 0)
        status = issued_add(folder, issued, error);
    for (; *more != NULL && status == 0; more++)
        names_add(issued, *more);
    if (status == 0 && issued[AUTHORITY_ISSUED_MAX] != NULL) {
        snprintf(error, 256, "more than %d issued names", AUTHORITY_ISSUED_MAX);
        status = -E2BIG;
    }
    if (status == 0)
        status = names_together(configured, issued, &all, error);
    if (status == 0)
        status = names_write(folder, issued, error);
    authority_names_free(all);
    authority_names_free(issued);
    return status;
}
