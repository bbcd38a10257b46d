/* Ports: by symlink and again by where it points now, against a second opener, by libserialport (under
 * tests/system/serialport_shim.c, in a child of its own, because a preload must be there from the start). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/modem/port.h"

struct world {
    char folder[64], link[96], spec[120], log[96];
    int master;
};

static int new_pty(struct world *w)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    unlink(w->link);
    assert_int_equal(symlink(ptsname(master), w->link), 0);
    return master;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    snprintf(w->folder, sizeof w->folder, "/tmp/port-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->link, sizeof w->link, "%s/gsm", w->folder);
    snprintf(w->log, sizeof w->log, "%s/log", w->folder);
    snprintf(w->spec, sizeof w->spec, "pty:%s", w->link);
    w->master = new_pty(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    close(w->master);
    unlink(w->link);
    unlink(w->log);
    rmdir(w->folder);
    free(w);
    return 0;
}

static void assert_passes(int from, int to)
{
    char byte = 0;
    assert_int_equal(write(from, "\n", 1), 1); /* cooked, it would come as CR LF, or be eaten */
    struct pollfd readable = {.fd = to, .events = POLLIN};
    assert_int_equal(poll(&readable, 1, 60000), 1);
    assert_int_equal(read(to, &byte, 1), 1);
    assert_int_equal(byte, '\n');
}

static void test_pty(void **state)
{
    struct world *w = *state;
    struct port port;
    assert_int_equal(port_open(&port, w->spec, 115200), 0);
    assert_passes(port.fd, w->master);
    assert_passes(w->master, port.fd);
    assert_int_equal(fcntl(port.fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_int_equal(fcntl(port.fd, F_GETFD), FD_CLOEXEC);
    port_close(&port);
    assert_int_equal(port.fd, -1);
    port_close(&port);
}

static void test_link_is_resolved_again(void **state)
{
    struct world *w = *state;
    struct port port;
    assert_int_equal(port_open(&port, w->spec, 115200), 0);
    port_close(&port);
    int other = new_pty(w);
    assert_int_equal(port_open(&port, w->spec, 115200), 0);
    assert_passes(port.fd, other);
    port_close(&port);
    close(other);
}

static void test_second_opener(void **state)
{
    struct world *w = *state;
    struct port port, second;
    assert_int_equal(port_open(&port, w->spec, 115200), 0);
    assert_int_equal(port_open(&second, w->spec, 115200), -EBUSY);
    assert_int_equal(second.fd, -1);
    port_close(&port);
    assert_int_equal(port_open(&second, w->spec, 115200), 0);
    port_close(&second);
}

static void test_refusals(void **state)
{
    struct world *w = *state;
    struct port port;
    char missing[140];
    assert_int_equal(port_check("serial:/dev/ttyUSB0"), 0);
    assert_int_equal(port_check("pty:/x"), 0);
    assert_int_equal(port_check("pty:x"), -EINVAL);
    assert_int_equal(port_check("/dev/ttyUSB0"), -EINVAL);
    assert_int_equal(port_check(""), -EINVAL);
    snprintf(missing, sizeof missing, "%s-not", w->spec);
    assert_int_equal(port_open(&port, missing, 115200), -ENOENT);
    snprintf(missing, sizeof missing, "serial:%s-not", w->link);
    assert_int_equal(port_open(&port, missing, 115200), -ENOENT);
    assert_int_equal(port_open(&port, "tcp:1", 115200), -EINVAL);
    assert_int_equal(port_open(&port, "pty:/dev/null", 115200), -ENOTTY);
}

/* The child: opens the given port by libserialport. Its exit status says which step failed. */
static int serial_child(const char *spec)
{
    struct port port, second;
    struct termios settings;
    if (port_open(&port, spec, 57600) != 0) {
        return 10;
    }
    if (tcgetattr(port.fd, &settings) != 0 || cfgetospeed(&settings) != B57600 ||
        (settings.c_cflag & CSIZE) != CS8 || (settings.c_cflag & (PARENB | CSTOPB | CRTSCTS | HUPCL)) != 0 ||
        (settings.c_lflag & (ICANON | ECHO)) != 0) {
        return 11;
    }
    if (port_open(&second, spec, 57600) >= 0) {
        return 12;
    }
    struct pollfd readable = {.fd = port.fd, .events = POLLIN};
    char answer = 0;
    if (write(port.fd, "hello", 5) != 5 || !(fcntl(port.fd, F_GETFL) & O_NONBLOCK)) {
        return 13;
    }
    /* closing drops what the other side has not read yet, and a pty has no drain: it says when it has */
    if (poll(&readable, 1, 60000) != 1 || read(port.fd, &answer, 1) != 1 || answer != '!') {
        return 14;
    }
    port_close(&port);
    return 0;
}

static void assert_reads(int fd, const char *expected)
{
    char bytes[16] = "";
    size_t length = strlen(expected);
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    for (size_t have = 0; have < length;) {
        assert_int_equal(poll(&readable, 1, 60000), 1);
        ssize_t got = read(fd, bytes + have, length - have);
        assert_true(got > 0 || errno == EAGAIN);
        have += got > 0 ? (size_t)got : 0;
    }
    assert_string_equal(bytes, expected);
}

static void test_serial(void **state)
{
    struct world *w = *state;
    char spec[140], text[256] = "";
    snprintf(spec, sizeof spec, "serial:%s", w->link);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("LD_PRELOAD", SHIM, 1);
        setenv("SHIM_LOG", w->log, 1);
        setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
        execl("/proc/self/exe", "test_port", spec, (char *)NULL);
        _exit(127);
    }
    int status;
    assert_reads(w->master, "hello");
    assert_int_equal(write(w->master, "!", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    FILE *log = fopen(w->log, "r");
    assert_non_null(log);
    assert_true(fread(text, 1, sizeof text - 1, log) > 0);
    fclose(log);
    assert_non_null(strstr(text, "DTR"));
    assert_non_null(strstr(text, "RTS"));
    assert_non_null(strstr(text, "exclusive"));
}

int main(int argc, char **argv)
{
#define PORT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        PORT(test_pty),    PORT(test_link_is_resolved_again), PORT(test_second_opener), PORT(test_refusals),
        PORT(test_serial),
    };
    if (argc > 1) {
        return serial_child(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
