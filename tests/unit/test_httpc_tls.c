/* The HTTP client and certificates: whom it trusts, and what it says when it does not. The server and its
 * self-signed certificate are the openssl command's. */
#include "httpc_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/wait.h>

static struct {
    char dir[64], cert[96], key[96], other[96], expired[96];
    pid_t server, old_server;
    int port, old_port;
} tls;

static pid_t openssl(const char *const *args, int out)
{
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDIN_FILENO);
        dup2(out >= 0 ? out : null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execvp("openssl", (char *const *)(uintptr_t)args);
        _exit(127);
    }
    assert_true(child > 0);
    return child;
}

static void run(const char *const *args)
{
    int status;
    pid_t child = openssl(args, -1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void make_certificate(const char *cert)
{
    const char *const args[] = {"openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "ec",
                                "-pkeyopt",
                                "ec_paramgen_curve:prime256v1",
                                "-nodes",
                                "-days",
                                "2",
                                "-subj",
                                "/CN=localhost",
                                "-addext",
                                "subjectAltName=DNS:localhost",
                                "-keyout",
                                tls.key,
                                "-out",
                                cert,
                                NULL};
    run(args);
}

/* For the key there is; good for one day in 2020. Only `openssl ca` makes such. */
static void make_expired(void)
{
    char file[4][96];
    static const char *const names[] = {"ca.cnf", "index.txt", "request.pem", "serial"};
    for (size_t i = 0; i < 4; i++)
        snprintf(file[i], sizeof file[i], "%s/%s", tls.dir, names[i]);
    FILE *conf = fopen(file[0], "w"), *index = fopen(file[1], "w");
    assert_true(conf != NULL && index != NULL);
    fprintf(conf,
            "[ca]\ndefault_ca = own\n[own]\ndatabase = %s\nnew_certs_dir = %s\ndefault_md = sha256\n"
            "serial = %s\npolicy = any\n[any]\ncommonName = supplied\n",
            file[1], tls.dir, file[3]);
    fclose(conf);
    fclose(index);
    const char *const request[] = {"openssl", "req",           "-new", "-key",  tls.key,
                                   "-subj",   "/CN=localhost", "-out", file[2], NULL};
    const char *const sign[] = {"openssl",    "ca",
                                "-config",    file[0],
                                "-selfsign",  "-batch",
                                "-notext",    "-rand_serial",
                                "-keyfile",   tls.key,
                                "-startdate", "20200101000000Z",
                                "-enddate",   "20200102000000Z",
                                "-in",        file[2],
                                "-out",       tls.expired,
                                NULL};
    run(request);
    run(sign);
}

/* "ACCEPT 127.0.0.1:41234" is said once it listens. */
static int read_port(int from)
{
    char text[512];
    size_t len = 0;
    for (;;) {
        ssize_t more = read(from, text + len, sizeof text - 1 - len);
        if (more <= 0)
            fail_msg("openssl s_server did not start");
        len += (size_t)more;
        text[len] = '\0';
        const char *accept = strstr(text, "ACCEPT "), *colon = accept != NULL ? strrchr(accept, ':') : NULL;
        if (colon != NULL && strchr(colon, '\n') != NULL)
            return (int)strtol(colon + 1, NULL, 10);
    }
}

static pid_t serve(const char *cert, int *port)
{
    int ends[2];
    const char *const args[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
                                cert,      "-key",     tls.key,   "-www",        NULL};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t server = openssl(args, ends[1]);
    close(ends[1]);
    *port = read_port(ends[0]);
    close(ends[0]);
    return server;
}

static void end_server(pid_t server)
{
    if (server <= 0)
        return;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

static int tls_setup(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    snprintf(tls.dir, sizeof tls.dir, "/tmp/cellpost-tls-XXXXXX");
    assert_non_null(mkdtemp(tls.dir));
    snprintf(tls.key, sizeof tls.key, "%s/key.pem", tls.dir);
    snprintf(tls.other, sizeof tls.other, "%s/other.pem", tls.dir);
    snprintf(tls.cert, sizeof tls.cert, "%s/cert.pem", tls.dir);
    make_certificate(tls.other); /* its key is overwritten, and not needed */
    make_certificate(tls.cert);
    snprintf(tls.expired, sizeof tls.expired, "%s/expired.pem", tls.dir);
    make_expired();
    tls.server = serve(tls.cert, &tls.port);
    tls.old_server = serve(tls.expired, &tls.old_port);
    return 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat;
    (void)type;
    (void)where;
    return remove(path);
}

static int tls_teardown(void **state)
{
    (void)state;
    end_server(tls.server);
    end_server(tls.old_server);
    return nftw(tls.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void trust(struct world *world, const char *ca_file)
{
    struct httpc_options options = {.ca_file = ca_file};
    assert_int_equal(httpc_configure(world->httpc, &options), 0);
}

static void ask_tls(struct world *world, const char *host, struct got *got)
{
    char url[128];
    snprintf(url, sizeof url, "https://%s:%d/", host, tls.port);
    ask(world, url, got);
}

/* In this order: a reload counts for the next request, whatever file was read before. */
static void test_whom_it_trusts(void **state)
{
    struct world *world = *state;
    const struct {
        const char *ca_file, *host;
        enum httpc_error error;
    } rows[] = {
        {NULL, "localhost", HTTPC_TLS_CHAIN},
        {tls.cert, "localhost", HTTPC_OK},
        {tls.cert, "127.0.0.1", HTTPC_TLS_NAME},
        {tls.other, "localhost", HTTPC_TLS_CHAIN}, /* the same name and another key */
        {tls.cert, "localhost", HTTPC_OK},
        {NULL, "localhost", HTTPC_TLS_CHAIN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct got got;
        trust(world, rows[i].ca_file);
        ask_tls(world, rows[i].host, &got);
        if (got.answer.error != rows[i].error)
            fail_msg("row %zu: error %d (%s)", i, (int)got.answer.error, got.error_text);
        assert_int_equal(got.answer.status, rows[i].error == HTTPC_OK ? 200 : 0);
    }
}

static void test_expired(void **state)
{
    struct world *world = *state;
    struct got got;
    char url[64];
    trust(world, tls.expired);
    snprintf(url, sizeof url, "https://localhost:%d/", tls.old_port);
    ask(world, url, &got);
    if (got.answer.error != HTTPC_TLS_EXPIRED)
        fail_msg("error %d (%s)", (int)got.answer.error, got.error_text);
}

/* The file is read for each connection: a certificate that was renewed needs no reload. */
static void test_renewed_file(void **state)
{
    struct world *world = *state;
    char path[96];
    struct got got;
    snprintf(path, sizeof path, "%s/current.pem", tls.dir);
    assert_int_equal(symlink(tls.other, path), 0);
    trust(world, path);
    ask_tls(world, "localhost", &got);
    assert_int_equal(got.answer.error, HTTPC_TLS_CHAIN);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(tls.cert, path), 0);
    ask_tls(world, "localhost", &got);
    assert_int_equal(got.answer.error, HTTPC_OK);
}

static void test_unusable_file(void **state)
{
    struct world *world = *state;
    struct httpc_options gone = {.ca_file = "/nowhere/ca.pem"};
    struct got got;
    trust(world, tls.cert);
    assert_int_equal(httpc_configure(world->httpc, &gone), -ENOENT);
    ask_tls(world, "localhost", &got);
    assert_int_equal(got.answer.error, HTTPC_OK); /* the old rules hold */
    trust(world, tls.key);                        /* no certificate in it */
    ask_tls(world, "localhost", &got);
    assert_int_equal(got.answer.error, HTTPC_TLS);
}

static void test_no_tls_there(void **state)
{
    struct world *world = *state;
    struct got got;
    char url[64];
    world->server.answer = "HTTP/1.1 400 Speak HTTP\r\n\r\n";
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", world->server.port);
    struct httpc_request request = get_of(url);
    request.connect_ms = 100; /* it waits for an empty line, which a handshake has not */
    ask_with(world, &request, &got);
    assert_int_equal(got.answer.error, HTTPC_CONNECT_TIMEOUT);
    world->server.greets = true;
    request.connect_ms = DEADLINE_MS;
    ask_with(world, &request, &got);
    assert_int_equal(got.answer.error, HTTPC_TLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_whom_it_trusts), CASE(test_expired),      CASE(test_renewed_file),
        CASE(test_unusable_file),  CASE(test_no_tls_there),
    };
    return cmocka_run_group_tests(tests, tls_setup, tls_teardown);
}
