/* The control socket over a real Unix socket: requests, errors, held calls, watchers, garbage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/ctl/ctl.h"

struct world {
    char folder[64], path[96];
    struct loop *loop;
    struct ctl *ctl;
    struct ctl_call *held;
    unsigned taken;
};

static void verb_echo(void *arg, struct ctl_call *call, int argc, char **argv)
{
    (void)arg;
    for (int i = 1; i < argc; i++)
        ctl_line(call, "%d:%s", i, argv[i]);
    ctl_ok(call);
}

static void verb_fail(void *arg, struct ctl_call *call, int argc, char **argv)
{
    (void)arg;
    (void)argc;
    (void)argv;
    ctl_err(call, "no\nway");
}

static void verb_hold(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct world *world = arg;
    (void)argc;
    (void)argv;
    ctl_hold(call);
    world->held = call;
}

static void verb_watch(void *arg, struct ctl_call *call, int argc, char **argv)
{
    (void)arg;
    (void)argc;
    (void)argv;
    ctl_watch(call);
}

/* take N: what came behind it, and the request's own words, which must still be there. */
static void took(void *arg, struct ctl_call *call, char **argv, const uint8_t *octets, size_t len)
{
    struct world *world = arg;
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += octets[i];
    world->taken++;
    ctl_line(call, "%s %zu %u", argv[1], len, sum);
    ctl_ok(call);
}

static void verb_take(void *arg, struct ctl_call *call, int argc, char **argv)
{
    (void)argc;
    ctl_take(call, (size_t)strtoul(argv[1], NULL, 10), took, arg);
}

#define LONG 6000

static void verb_long(void *arg, struct ctl_call *call, int argc, char **argv)
{
    (void)arg;
    (void)argc;
    (void)argv;
    ctl_line(call, "%0*d", LONG, 7);
    ctl_ok(call);
}

static const struct ctl_verb verbs[] = {
    {"long", "", "", 0, 0, verb_long},   {"echo", "[A [B]]", "", 0, 2, verb_echo},
    {"fail", "", "", 0, 0, verb_fail},   {"hold", "", "", 0, 0, verb_hold},
    {"watch", "", "", 0, 0, verb_watch}, {"take", "N", "", 1, 1, verb_take},
    {NULL, NULL, NULL, 0, 0, NULL},
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char error[256];
    snprintf(world->folder, sizeof world->folder, "/tmp/cellpost-ctl-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof world->path, "%s/control", world->folder);
    world->loop = loop_new();
    assert_int_equal(ctl_open(&world->ctl, world->loop, world->path, verbs, world, error), 0);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    ctl_close(world->ctl);
    loop_free(world->loop);
    assert_int_equal(access(world->path, F_OK), -1);
    rmdir(world->folder);
    free(world);
    return 0;
}

static int dial(struct world *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memcpy(address.sun_path, world->path, strlen(world->path));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Runs the loop until `end` stands at the end of what came, or the peer has closed. */
static void await(struct world *world, int fd, const char *end, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (int turns = 0; turns < 2000; turns++) {
        loop_turn(world->loop, 5);
        ssize_t got = read(fd, out + len, size - 1 - len);
        if (got == 0)
            return;
        if (got > 0)
            out[len += (size_t)got] = '\0';
        if (len >= strlen(end) && strcmp(out + len - strlen(end), end) == 0)
            return;
    }
    fail_msg("no answer, only \"%s\"", out);
}

static void ask(struct world *world, const char *request, const char *answer)
{
    char got[8192];
    int fd = dial(world);
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    await(world, fd, "\n(never)", got, sizeof got);
    assert_string_equal(got, answer);
    close(fd);
}

static void test_answers(void **state)
{
    ask(*state, "echo\n", "ok\n");
    ask(*state, "echo one two\n", " 1:one\n 2:two\nok\n");
    ask(*state, "echo a%20b %41\n", " 1:a b\n 2:A\nok\n");
    ask(*state, "fail\n", "err no way\n");
}

static void test_refusals(void **state)
{
    ask(*state, "nothing\n", "err unknown verb 'nothing': try help\n");
    ask(*state, "echo 1 2 3\n", "err usage: echo [A [B]]\n");
    ask(*state, "\n", "err a request is VERB [ARGUMENT ...], at most 12 words, %XX for odd octets\n");
    ask(*state, "echo %zz\n", "err a request is VERB [ARGUMENT ...], at most 12 words, %XX for odd octets\n");
    ask(*state, "echo %00\n", "err a request is VERB [ARGUMENT ...], at most 12 words, %XX for odd octets\n");
}

static void test_too_long(void **state)
{
    char request[CTL_REQUEST_MAX + 10];
    memset(request, 'x', sizeof request - 1);
    request[sizeof request - 1] = '\0';
    ask(*state, request, "err request longer than 4096 octets\n");
}

static void test_socket_is_private(void **state)
{
    struct world *world = *state;
    struct stat st;
    assert_int_equal(stat(world->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_second_daemon_is_refused(void **state)
{
    struct world *world = *state;
    struct ctl *other;
    char error[256];
    assert_int_equal(ctl_open(&other, world->loop, world->path, verbs, world, error), -EADDRINUSE);
    assert_non_null(strstr(error, "another program"));
    ask(world, "echo\n", "ok\n");
}

static void test_file_in_the_way_stays(void **state)
{
    struct world *world = *state;
    struct ctl *other;
    char error[256], path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/database", world->folder);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(ctl_open(&other, world->loop, path, verbs, world, error), -EEXIST);
    assert_non_null(strstr(error, path));
    assert_int_equal(stat(path, &st), 0);
    unlink(path);
}

static void test_controls_do_not_reach_the_terminal(void **state)
{
    struct world *world = *state;
    ask(world, "echo %1B[2J%07 %C2%9B1m%7F\n", " 1: [2J \n 2:  1m \nok\n");
}

static void test_long_lines_are_whole(void **state)
{
    char expected[LONG + 8];
    snprintf(expected, sizeof expected, " %0*d\nok\n", LONG, 7);
    ask(*state, "long\n", expected);
}

static void test_held_call_outlives_its_client(void **state)
{
    struct world *world = *state;
    int fd = dial(world);
    assert_int_equal(write(fd, "hold\n", 5), 5);
    for (int turns = 0; turns < 2000 && world->held == NULL; turns++)
        loop_turn(world->loop, 5);
    assert_non_null(world->held);
    close(fd);
    for (int turns = 0; turns < 5; turns++)
        loop_turn(world->loop, 1);
    ctl_line(world->held, "too late");
    ctl_ok(world->held); /* under ASan this is the test */
    ask(world, "echo\n", "ok\n");
}

static void test_held_call_answers_later(void **state)
{
    struct world *world = *state;
    char got[256];
    int fd = dial(world);
    assert_int_equal(write(fd, "hold\n", 5), 5);
    while (world->held == NULL)
        loop_turn(world->loop, 5);
    ctl_ok(world->held);
    await(world, fd, "ok\n", got, sizeof got);
    assert_string_equal(got, "ok\n");
    close(fd);
}

static void test_octets_behind_a_request(void **state)
{
    struct world *world = *state;
    ask(world, "take 3\nabc", " 3 3 294\nok\n");
    ask(world, "take 3\nabcdefgh\necho\n", " 3 3 294\nok\n");
    ask(world, "take 0\n", " 0 0 0\nok\n");
    ask(world, "fail\nabc", "err no way\n");
}

static void test_octets_come_in_pieces_or_not(void **state)
{
    struct world *world = *state;
    static char piece[1000], got[256];
    int fd = dial(world), gone = dial(world);
    memset(piece, 1, sizeof piece);
    assert_int_equal(write(fd, "take 300000\n", 12), 12);
    assert_int_equal(write(gone, "take 10\n123456789", 17), 17);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(world->taken, 0);
        assert_int_equal(write(fd, piece, sizeof piece), sizeof piece);
        loop_turn(world->loop, 5);
        loop_turn(world->loop, 0);
    }
    await(world, fd, "ok\n", got, sizeof got);
    assert_string_equal(got, " 300000 300000 300000\nok\n");
    close(fd);
    close(gone);
    for (int turns = 0; turns < 5; turns++)
        loop_turn(world->loop, 1);
    assert_int_equal(world->taken, 1);
}

static void test_watchers_hear_and_a_deaf_one_is_cut(void **state)
{
    struct world *world = *state;
    char got[8192];
    int fd = dial(world), deaf = dial(world);
    assert_int_equal(write(fd, "watch\n", 6), 6);
    assert_int_equal(write(deaf, "watch\n", 6), 6);
    for (int turns = 0; turns < 20; turns++)
        loop_turn(world->loop, 1);
    ctl_broadcast(world->ctl, "event %d", 7);
    await(world, fd, " event 7\n", got, sizeof got);
    assert_string_equal(got, " event 7\n");
    for (int i = 0; i < 200; i++) { /* the deaf one's backlog grows past its limit; the other reads along */
        char part[65536];
        for (int k = 0; k < 10; k++)
            ctl_broadcast(world->ctl, "%01000d", i);
        loop_turn(world->loop, 0);
        while (read(fd, part, sizeof part) > 0)
            ;
    }
    ctl_broadcast(world->ctl, "last");
    await(world, fd, " last\n", got, sizeof got);
    ssize_t drained;
    while ((drained = read(deaf, got, sizeof got)) > 0)
        ;
    assert_int_equal(drained, 0); /* end of file: it was cut */
    close(fd);
    close(deaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_socket_is_private, setup, teardown),
        cmocka_unit_test_setup_teardown(test_second_daemon_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held_call_outlives_its_client, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_in_the_way_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_lines_are_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_controls_do_not_reach_the_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held_call_answers_later, setup, teardown),
        cmocka_unit_test_setup_teardown(test_octets_behind_a_request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_octets_come_in_pieces_or_not, setup, teardown),
        cmocka_unit_test_setup_teardown(test_watchers_hear_and_a_deaf_one_is_cut, setup, teardown),
    };
    log_open(LOG_ERROR, true, STDERR_FILENO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
