/* The TLS room from buffer to buffer: a client of mbedTLS's own against a session; the local authority's
 * folder: made once, renewed in time, never replaced by accident. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/tls/authority.h"
#include "host/tls/mint.h"
#include "host/tls/tls.h"

#define T0     INT64_C(1800000000000) /* 2027-01-15 */
#define DAY_MS INT64_C(86400000)

struct world {
    char folder[64];
    struct loop *loop;
    struct tls *tls;
};

static char *none[] = {NULL};

static struct tls_options local(const struct world *w)
{
    return (struct tls_options){.folder = w->folder, .cert = "", .key = "", .names = none};
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char error[256] = "";
    log_open(LOG_ERROR, true, STDERR_FILENO);
    snprintf(w->folder, sizeof w->folder, "/tmp/test-tls-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    clock_fake(T0, 1000);
    w->loop = loop_new();
    struct tls_options options = local(w);
    if (tls_open(&w->tls, w->loop, &options, error) != 0)
        fail_msg("%s", error);
    *state = w;
    return 0;
}

static void file_path(const struct world *w, const char *name, char out[AUTHORITY_PATH_MAX])
{
    authority_path(w->folder, name, out);
}

static int teardown(void **state)
{
    static const char *const names[] = {"ca.key", "ca.pem", "server.pem", "names", "other.pem"};
    struct world *w = *state;
    char path[AUTHORITY_PATH_MAX];
    tls_close(w->tls);
    loop_free(w->loop);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        file_path(w, names[i], path);
        unlink(path);
    }
    assert_int_equal(rmdir(w->folder), 0); /* nothing else was left behind */
    free(w);
    return 0;
}

/* ---- the client ---- */

struct peer {
    mbedtls_ssl_config settings;
    mbedtls_ssl_context ssl;
    mbedtls_x509_crt authority;
    struct evbuffer *to, *from; /* the server */
    struct tls_session *session;
};

static int rng(void *arg, unsigned char *out, size_t len)
{
    (void)arg;
    secret_random(out, len);
    return 0;
}

static int peer_send(void *arg, const unsigned char *data, size_t len)
{
    evbuffer_add(((struct peer *)arg)->to, data, len);
    return (int)len;
}

static int peer_receive(void *arg, unsigned char *data, size_t len)
{
    int got = evbuffer_remove(((struct peer *)arg)->from, data, len);
    return got > 0 ? got : MBEDTLS_ERR_SSL_WANT_READ;
}

static void peer_open(struct peer *p, struct world *w)
{
    char path[AUTHORITY_PATH_MAX];
    memset(p, 0, sizeof *p);
    mbedtls_ssl_config_init(&p->settings);
    mbedtls_ssl_init(&p->ssl);
    mbedtls_x509_crt_init(&p->authority);
    file_path(w, "ca.pem", path);
    assert_int_equal(mbedtls_x509_crt_parse_file(&p->authority, path), 0);
    assert_int_equal(mbedtls_ssl_config_defaults(&p->settings, MBEDTLS_SSL_IS_CLIENT,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_ca_chain(&p->settings, &p->authority, NULL);
    mbedtls_ssl_conf_authmode(&p->settings, MBEDTLS_SSL_VERIFY_OPTIONAL); /* the test looks at the flags */
    mbedtls_ssl_conf_rng(&p->settings, rng, NULL);
    mbedtls_ssl_conf_renegotiation(&p->settings, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
    p->to = evbuffer_new();
    p->from = evbuffer_new();
    p->session = tls_session_new(w->tls, p->to, p->from);
}

static void peer_begin(struct peer *p, const char *name)
{
    assert_int_equal(mbedtls_ssl_setup(&p->ssl, &p->settings), 0);
    assert_int_equal(mbedtls_ssl_set_hostname(&p->ssl, name), 0);
    mbedtls_ssl_set_bio(&p->ssl, p, peer_send, peer_receive, NULL);
}

static void peer_close(struct peer *p)
{
    tls_session_free(p->session);
    mbedtls_ssl_free(&p->ssl);
    mbedtls_ssl_config_free(&p->settings);
    mbedtls_x509_crt_free(&p->authority);
    evbuffer_free(p->to);
    evbuffer_free(p->from);
}

/* The server's last result. */
static enum tls_result shake(struct peer *p)
{
    enum tls_result result = TLS_MORE;
    for (int i = 0; i < 10 && result == TLS_MORE; i++) {
        mbedtls_ssl_handshake(&p->ssl);
        result = tls_session_shake(p->session);
    }
    mbedtls_ssl_handshake(&p->ssl);
    return result;
}

/* What is wrong with the certificate, but for dates: mbedTLS looks at the real clock. */
static uint32_t faults(const struct peer *p)
{
    return mbedtls_ssl_get_verify_result(&p->ssl) &
           ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
}

static void visit(struct world *w, const char *name, uint32_t expected)
{
    struct peer p;
    peer_open(&p, w);
    peer_begin(&p, name);
    assert_int_equal(shake(&p), TLS_DONE);
    assert_int_equal(faults(&p), expected);
    peer_close(&p);
}

static void test_names(void **state)
{
    struct world *w = *state;
    visit(w, "localhost", 0);
    visit(w, "api.onprem.lan.twilio.com", 0);
    visit(w, "verify.onprem.lan.twilio.com", 0);
    visit(w, "api.twilio.com", MBEDTLS_X509_BADCERT_CN_MISMATCH);
}

static void test_text_both_ways(void **state)
{
    struct world *w = *state;
    struct peer p;
    struct evbuffer *text = evbuffer_new();
    size_t big = 100000, got = 0;
    unsigned char *block = malloc(big);
    peer_open(&p, w);
    peer_begin(&p, "localhost");
    assert_int_equal(shake(&p), TLS_DONE);
    assert_int_equal(tls_session_read(p.session, text), TLS_MORE);
    assert_int_equal(mbedtls_ssl_write(&p.ssl, (const unsigned char *)"hello", 5), 5);
    assert_int_equal(tls_session_read(p.session, text), TLS_DONE);
    assert_int_equal(evbuffer_get_length(text), 5);
    evbuffer_drain(text, 5);
    secret_random(block, big);
    evbuffer_add(text, block, big);
    assert_int_equal(tls_session_write(p.session, text), TLS_DONE);
    assert_int_equal(evbuffer_get_length(text), 0);
    while (got < big) {
        unsigned char piece[20000];
        int n = mbedtls_ssl_read(&p.ssl, piece, sizeof piece);
        assert_true(n > 0 && got + (size_t)n <= big);
        assert_memory_equal(piece, block + got, (size_t)n);
        got += (size_t)n;
    }
    mbedtls_ssl_close_notify(&p.ssl);
    assert_int_equal(tls_session_read(p.session, text), TLS_ENDED);
    peer_close(&p);
    evbuffer_free(text);
    free(block);
}

/* A resumed handshake sends no certificate: it is short. */
static size_t resume(struct world *w, bool tickets)
{
    struct peer first, second;
    mbedtls_ssl_session saved;
    size_t len;
    mbedtls_ssl_session_init(&saved);
    peer_open(&first, w);
    mbedtls_ssl_conf_session_tickets(&first.settings, tickets);
    peer_begin(&first, "localhost");
    assert_int_equal(shake(&first), TLS_DONE);
    assert_int_equal(mbedtls_ssl_get_session(&first.ssl, &saved), 0);
    assert_int_equal(saved.ticket_len > 0, tickets);
    peer_close(&first);
    peer_open(&second, w);
    mbedtls_ssl_conf_session_tickets(&second.settings, tickets);
    peer_begin(&second, "localhost");
    assert_int_equal(mbedtls_ssl_set_session(&second.ssl, &saved), 0);
    mbedtls_ssl_handshake(&second.ssl);
    assert_int_equal(tls_session_shake(second.session), TLS_MORE);
    len = evbuffer_get_length(second.from);
    assert_int_equal(shake(&second), TLS_DONE);
    peer_close(&second);
    mbedtls_ssl_session_free(&saved);
    return len;
}

static void test_resumed_by_ticket_and_by_cache(void **state)
{
    assert_true(resume(*state, true) < 450);
    assert_true(resume(*state, false) < 250);
}

static void test_renegotiation_ends_it(void **state)
{
    struct world *w = *state;
    struct peer p;
    struct evbuffer *text = evbuffer_new();
    peer_open(&p, w);
    peer_begin(&p, "localhost");
    assert_int_equal(shake(&p), TLS_DONE);
    mbedtls_ssl_renegotiate(&p.ssl);
    assert_int_equal(tls_session_read(p.session, text), TLS_FAILED);
    assert_non_null(strstr(tls_session_why(p.session), "renegotiation"));
    peer_close(&p);
    evbuffer_free(text);
}

/* No RSA key exchange, no CBC; nothing before TLS 1.2. */
static void test_old_clients_are_refused(void **state)
{
    static const int weak[] = {MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256,
                               MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
                               MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, 0};
    struct peer p;
    peer_open(&p, *state);
    mbedtls_ssl_conf_ciphersuites(&p.settings, weak);
    peer_begin(&p, "localhost");
    assert_int_equal(shake(&p), TLS_FAILED);
    assert_true(strlen(tls_session_why(p.session)) > 0);
    peer_close(&p);
    peer_open(&p, *state);
    mbedtls_ssl_conf_max_version(&p.settings, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_2);
    peer_begin(&p, "localhost");
    assert_int_equal(shake(&p), TLS_FAILED);
    peer_close(&p);
}

static void test_garbage(void **state)
{
    static const char *const rows[] = {"\x16\x03\x01\x00\x05hello", "\x16\x03\x03\xff\xff",
                                       "\x17\x03\x03\x00\x01x", "rubbish, rubbish"};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct evbuffer *in = evbuffer_new(), *out = evbuffer_new();
        struct tls_session *s = tls_session_new(w->tls, in, out);
        evbuffer_add(in, rows[i], i == 0 ? 10 : i == 1 ? 5 : i == 2 ? 6 : 16);
        assert_int_equal(tls_session_shake(s), TLS_FAILED);
        tls_session_free(s);
        evbuffer_free(in);
        evbuffer_free(out);
    }
}

/* ---- the authority ---- */

static char *file_text(const struct world *w, const char *name)
{
    char path[AUTHORITY_PATH_MAX], *text = calloc(1, 32768);
    file_path(w, name, path);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_true(read(fd, text, 32767) > 0);
    close(fd);
    return text;
}

static void file_put(const struct world *w, const char *name, const char *text)
{
    char path[AUTHORITY_PATH_MAX];
    file_path(w, name, path);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

static void test_files_are_private(void **state)
{
    static const char *const names[] = {"ca.key", "ca.pem", "server.pem"};
    struct world *w = *state;
    struct stat st;
    char path[AUTHORITY_PATH_MAX];
    for (size_t i = 0; i < 3; i++) {
        file_path(w, names[i], path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void reopen(struct world *w)
{
    char error[256] = "";
    struct tls_options options = local(w);
    tls_close(w->tls);
    w->tls = NULL;
    if (tls_open(&w->tls, w->loop, &options, error) != 0)
        fail_msg("%s", error);
}

static void test_made_once(void **state)
{
    struct world *w = *state;
    char *ca = file_text(w, "ca.pem"), *leaf = file_text(w, "server.pem");
    reopen(w);
    char *ca2 = file_text(w, "ca.pem"), *leaf2 = file_text(w, "server.pem");
    assert_string_equal(ca, ca2);
    assert_string_equal(leaf, leaf2);
    free(ca);
    free(leaf);
    free(ca2);
    free(leaf2);
}

static void test_leaf_is_renewed_in_time(void **state)
{
    struct world *w = *state;
    struct tls_status before, after;
    tls_status(w->tls, &before);
    assert_int_equal((before.until_ms - T0) / DAY_MS, 365);
    clock_advance(334 * DAY_MS);
    loop_turn(w->loop, 0);
    tls_status(w->tls, &after);
    assert_string_equal(before.fingerprint, after.fingerprint);
    clock_advance(2 * DAY_MS); /* less than 30 days are left */
    loop_turn(w->loop, 0);
    tls_status(w->tls, &after);
    assert_string_not_equal(before.fingerprint, after.fingerprint);
    assert_int_equal((after.until_ms - clock_wall_ms()) / DAY_MS, 365);
    visit(w, "localhost", 0);
}

/* How often the log said that the authority ends. */
static unsigned warnings(int log)
{
    char text[65536] = "";
    unsigned count = 0;
    assert_true(pread(log, text, sizeof text - 1, 0) >= 0);
    for (const char *at = text; (at = strstr(at, "tls.authority_ends")) != NULL; at++)
        count++;
    return count;
}

static int64_t authority_days(const struct world *w)
{
    struct tls_status status;
    tls_status(w->tls, &status);
    return (status.authority_until_ms - clock_wall_ms()) / DAY_MS;
}

static void pass_days(struct world *w, int64_t days)
{
    for (int64_t i = 0; i < days; i++) {
        clock_advance(DAY_MS);
        loop_turn(w->loop, 0);
    }
}

static void test_authority_s_end_is_told_each_day(void **state)
{
    struct world *w = *state;
    int log = memfd_create("log", MFD_CLOEXEC);
    assert_true(log >= 0);
    log_open(LOG_INFO, true, log);
    assert_int_equal(authority_days(w), 3652);
    clock_advance((3652 - 91) * DAY_MS);
    loop_turn(w->loop, 0);
    assert_int_equal(authority_days(w), 91);
    assert_int_equal(warnings(log), 0);
    pass_days(w, 12);
    assert_in_range(warnings(log), 10, 12);
    char *leaf = file_text(w, "server.pem");
    pass_days(w, 70); /* none that would end later can be made, and none is tried each time */
    assert_in_range(warnings(log), 80, 82);
    pass_days(w, 20); /* nor after its end */
    char *later = file_text(w, "server.pem");
    assert_string_equal(leaf, later);
    assert_in_range(warnings(log), 100, 102);
    unsigned before = warnings(log);
    reopen(w); /* a start tells it too */
    assert_int_equal(warnings(log), before + 1);
    log_open(LOG_ERROR, true, 2);
    close(log);
    free(leaf);
    free(later);
}

/* An operator's certificate that cannot be used changes nothing: the local authority serves on, and its end
 * is told. */
static void test_authority_s_end_outlives_a_failed_reload(void **state)
{
    struct world *w = *state;
    char error[256];
    const struct tls_options wrong = {
        .folder = w->folder, .cert = "/nonexistent.pem", .key = "/nonexistent.key", .names = none};
    assert_true(tls_reload(w->tls, &wrong, error) < 0);
    assert_int_equal(authority_days(w), 3652);
    visit(w, "localhost", 0);
}

/* ca.pem taken away, ca.key kept: clients with either go on. */
static void test_next_authority_of_the_same_key(void **state)
{
    struct world *w = *state;
    char path[AUTHORITY_PATH_MAX], error[256];
    const struct tls_options options = local(w);
    char *old = file_text(w, "ca.pem");
    clock_advance(3600 * DAY_MS);
    loop_turn(w->loop, 0);
    file_path(w, "ca.pem", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(tls_reload(w->tls, &options, error), 0);
    assert_int_equal(authority_days(w), 3652);
    char *next = file_text(w, "ca.pem");
    assert_string_not_equal(old, next);
    visit(w, "localhost", 0);
    file_put(w, "ca.pem", old); /* what this client trusts */
    visit(w, "localhost", 0);
    file_put(w, "ca.pem", next);
    pass_days(w, 40); /* past the old leaf */
    visit(w, "localhost", 0);
    file_put(w, "ca.pem", old);
    visit(w, "localhost", 0);
    free(old);
    free(next);
}

/* Clients that hold a conversation keep the certificate that it began with. */
static void test_issue_adds_names_for_good(void **state)
{
    struct world *w = *state;
    char *names[] = {"*.twilio.com", "192.168.7.7", NULL}, *bad[] = {"fine.example", "not a name", NULL};
    char error[256] = "";
    struct peer open;
    struct evbuffer *text = evbuffer_new();
    peer_open(&open, w);
    peer_begin(&open, "localhost");
    assert_int_equal(shake(&open), TLS_DONE);
    visit(w, "api.twilio.com", MBEDTLS_X509_BADCERT_CN_MISMATCH);
    assert_int_equal(tls_issue(w->tls, names, error), 0);
    visit(w, "api.twilio.com", 0);
    assert_int_equal(tls_issue(w->tls, bad, error), -EINVAL);
    assert_non_null(strstr(error, "not a name"));
    visit(w, "fine.example", MBEDTLS_X509_BADCERT_CN_MISMATCH); /* all or nothing */
    reopen(w);
    visit(w, "api.twilio.com", 0);
    evbuffer_free(text);
    peer_close(&open);
}

/* A name that no certificate has room for must not stop the next start. */
static void test_issue_beyond_a_certificate_adds_nothing(void **state)
{
    struct world *w = *state;
    char name[256], label[61] = "", error[256] = "", *names[] = {name, NULL};
    int status = 0, count = 0;
    memset(label, 'a', sizeof label - 1);
    for (; status == 0 && count < AUTHORITY_ISSUED_MAX; count++) {
        snprintf(name, sizeof name, "%s.%s.%s.n%d.example", label, label, label, count);
        status = tls_issue(w->tls, names, error);
    }
    assert_int_equal(status, -E2BIG);
    assert_true(count > 10);
    reopen(w);
    visit(w, "localhost", 0);
}

static void open_fails(struct world *w, const char *word)
{
    struct tls *other = NULL;
    char error[256] = "";
    struct tls_options options = local(w);
    assert_int_not_equal(tls_open(&other, w->loop, &options, error), 0);
    if (strstr(error, word) == NULL)
        fail_msg("'%s' does not say '%s'", error, word);
}

static void test_broken_authority_is_not_replaced(void **state)
{
    struct world *w = *state;
    char *key = file_text(w, "ca.key"), *ca = file_text(w, "ca.pem"), path[AUTHORITY_PATH_MAX];
    char other[MINT_PEM_MAX];
    file_path(w, "ca.key", path);
    unlink(path);
    open_fails(w, "missing");
    assert_int_equal(mint_key(other), 0);
    file_put(w, "ca.key", other);
    open_fails(w, "another one's");
    file_put(w, "ca.key", key);
    file_put(w, "ca.pem", "rubbish");
    open_fails(w, "no certificate");
    file_put(w, "ca.pem", ca);
    file_put(w, "server.pem", "half a le"); /* this one can be made again */
    reopen(w);
    visit(w, "localhost", 0);
    file_put(w, "names", "fine.example\n-bad-\n");
    open_fails(w, "-bad-");
    free(key);
    free(ca);
}

static void test_bad_files_keep_the_old(void **state)
{
    struct world *w = *state;
    char leaf[AUTHORITY_PATH_MAX], ca[AUTHORITY_PATH_MAX], error[256] = "";
    struct tls_status before, after;
    file_path(w, "server.pem", leaf);
    file_path(w, "ca.pem", ca);
    const struct {
        const char *cert, *key, *word;
    } rows[] = {
        {"/none.pem", leaf, "/none.pem"}, {leaf, "/none.pem", "/none.pem"}, {ca, leaf, "not the key"}};
    tls_status(w->tls, &before);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_options options = {w->folder, rows[i].cert, rows[i].key, none};
        assert_int_not_equal(tls_reload(w->tls, &options, error), 0);
        assert_non_null(strstr(error, rows[i].word));
        assert_int_not_equal(tls_check(rows[i].cert, rows[i].key, error), 0);
        tls_status(w->tls, &after);
        assert_string_equal(before.fingerprint, after.fingerprint);
        visit(w, "localhost", 0);
    }
    struct tls_options own = {w->folder, leaf, leaf, none};
    assert_int_equal(tls_reload(w->tls, &own, error), 0);
    tls_status(w->tls, &after);
    assert_false(after.local);
    assert_int_equal(tls_issue(w->tls, none, error), -ENOTSUP);
}

static void test_names_valid(void **state)
{
    static const char *const good[] = {"a",   "a.b",     "*.a.b", "a-b.c1",   "127.0.0.1",
                                       "::1", "fd00::7", "a_b.c", "1.example"};
    static const char *const bad[] = {"",      ".",   "a..b", "-a",        "a-",     "a.b.", "*",  "*.",
                                      "a.*.b", "a b", "a/b",  "300.1.1.1", "a,CN=b", "a\nb", "1.2"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!mint_name_valid(good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mint_name_valid(bad[i]))
            fail_msg("'%s'", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resumed_by_ticket_and_by_cache, setup, teardown),
        cmocka_unit_test_setup_teardown(test_renegotiation_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_clients_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_are_private, setup, teardown),
        cmocka_unit_test_setup_teardown(test_made_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leaf_is_renewed_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_authority_s_end_is_told_each_day, setup, teardown),
        cmocka_unit_test_setup_teardown(test_authority_s_end_outlives_a_failed_reload, setup, teardown),
        cmocka_unit_test_setup_teardown(test_next_authority_of_the_same_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_issue_adds_names_for_good, setup, teardown),
        cmocka_unit_test_setup_teardown(test_issue_beyond_a_certificate_adds_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_authority_is_not_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_files_keep_the_old, setup, teardown),
        cmocka_unit_test(test_names_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
