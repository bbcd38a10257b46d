/* The BUS as its clients see it: lines both ways, lock-step with several steppers, and those that go away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "hil/bus/bus.h"

static struct bus bus;
static char path[64], seen[1024];
static bool reset_wanted;

static bool on_said(void *arg, const struct line_said *said)
{
    size_t len = strlen(seen);
    (void)arg;
    snprintf(seen + len, sizeof seen - len, "%d/%d/%d ", said->word, said->slot, said->value);
    reset_wanted = said->word == LINE_NRST;
    return !reset_wanted;
}

static void begin(bool lockstep)
{
    seen[0] = '\0';
    snprintf(path, sizeof path, "/tmp/cellpost-test-bus-%d", (int)getpid());
    assert_int_equal(bus_open(&bus, path, "adc hang", 2, lockstep), 0);
    bus_bind(&bus, on_said, NULL);
}

static int client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* What has come to a client since the last look. */
static const char *hear(int fd)
{
    static char got[65536];
    ssize_t len = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    got[len > 0 ? len : 0] = '\0';
    return got;
}

/* Runs until the board stands at this TICK, whose grants must have come already. */
static void run_to(uint64_t ms)
{
    while (bus.now_ms < ms) {
        assert_true(bus_tick(&bus));
        bus.now_ms++;
    }
}

/* ---- lines ---- */

static void lines_of_clients(void **state)
{
    static const struct {
        const char *line;
        int word, slot, value;
    } good[] = {{"STATUS 1", LINE_STATUS, 0, 1},
                {"STATUS3 0", LINE_STATUS, 3, 0},
                {"ADC0 3700", LINE_ADC0, 0, 3700},
                {"RAIL1 0", LINE_RAIL, 1, 0},
                {"CURRENT2 2000", LINE_CURRENT, 2, 2000},
                {"TEMP -105", LINE_TEMP, 0, -105},
                {"NRST", LINE_NRST, 0, 0},
                {"GO", LINE_GO, 0, 1},
                {"GO 600000", LINE_GO, 0, 600000},
                {"HANG", LINE_HANG, 0, 0}};
    static const char *const bad[] = {
        "",         "STATUS", "STATUS 2", "STATUS4 1", "STATUS 1 ", "STATUS  1",
        "status 1", "ADC1 1", "ADC0 -1",  "ADC0 1e3",  "GO 0",      "GO -1",
        "GO 2 3",   "GO1",    "NRST 1",   "NRSTX",     "TEMP",      "RAIL 99999999999999999999",
        "RAIL +5"};
    struct line_said said;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_null(line_said_parse(good[i].line, 4, &said));
        assert_int_equal(said.word, good[i].word);
        assert_int_equal(said.slot, good[i].slot);
        assert_int_equal(said.value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_non_null(line_said_parse(bad[i], 4, &said));
}

static void lines_of_the_board(void **state)
{
    static const char *const bad[] = {"",
                                      "PIN",
                                      "PIN LED1 1 t=3",
                                      "PIN PWRKEY 2 t=3",
                                      "PIN PWRKEY 1",
                                      "PIN RESET4 1 t=1",
                                      "RESET COLD t=1",
                                      "TICK",
                                      "TICK -1",
                                      "CAPS",
                                      "CAPS slots=9",
                                      "TICK 5 "};
    struct line_told told;
    (void)state;
    assert_true(line_told_parse("CAPS adc lockstep slots=3", &told));
    assert_true(told.kind == LINE_IS_CAPS && told.lockstep && told.slots == 3);
    assert_true(line_told_parse("PIN RESET2 1 t=4294967301", &told));
    assert_true(told.kind == LINE_IS_PIN && told.pin == LINE_RESET && told.slot == 2 && told.asserted);
    assert_true(told.ms == 4294967301);
    assert_true(line_told_parse("RESET WATCHDOG t=7", &told));
    assert_true(told.kind == LINE_IS_RESET && told.cause == LINE_WATCHDOG && told.ms == 7);
    assert_true(line_told_parse("TICK 12", &told) && told.kind == LINE_IS_TICK && told.ms == 12);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(line_told_parse(bad[i], &told));
}

/* ---- real time ---- */

static void first_what_is_then_what_changes(void **state)
{
    (void)state;
    begin(false);
    bus_pin(&bus, LINE_VBAT_EN, 1, true);
    int a = client();
    bus.now_ms = 7;
    assert_true(bus_serve(&bus, 0, -1));
    assert_string_equal(hear(a),
                        "CAPS adc hang slots=2\n"
                        "PIN VBAT_EN 0 t=7\nPIN VBAT_EN1 1 t=7\nPIN PWRKEY 0 t=7\nPIN PWRKEY1 0 t=7\n"
                        "PIN RESET 0 t=7\nPIN RESET1 0 t=7\nPIN HOST_CUT 0 t=7\nPIN LED 0 t=7\n");
    int b = client();
    say(a, "STATUS1 1\nGO\nNONSENSE \x01\nADC0 3600\nHANG\n");
    bus_pin(&bus, LINE_PWRKEY, 0, true);
    bus_pin(&bus, LINE_PWRKEY, 0, true); /* no change */
    assert_true(bus_serve(&bus, 0, -1));
    assert_string_equal(seen, "0/1/1 1/0/3600 7/0/0 ");
    const char *got = hear(a);
    assert_non_null(strstr(got, "PIN PWRKEY 1 t=7\nERR this board runs in real time: GO\nERR STATUS[SLOT],"));
    assert_non_null(strstr(got, "expected: NONSENSE ?\n"));
    assert_non_null(strstr(hear(b), "PIN PWRKEY 1 t=7\nPIN PWRKEY1 0"));
    bus_reset(&bus, LINE_SOFT);
    assert_true(bus_serve(&bus, 0, -1));
    assert_string_equal(hear(b), "PIN PWRKEY 0 t=7\nRESET SOFT t=7\n");
    bus_reset(&bus, LINE_POWER);
    assert_true(bus_serve(&bus, 0, -1));
    assert_string_equal(hear(b), "PIN VBAT_EN1 0 t=7\nRESET POWER t=7\n");
    close(a);
    close(b);
    bus_close(&bus);
}

static void a_long_line_is_refused_once(void **state)
{
    char line[700];
    (void)state;
    begin(false);
    int a = client();
    assert_true(bus_serve(&bus, 0, -1));
    hear(a);
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    say(a, line);
    assert_true(bus_serve(&bus, 0, -1));
    say(a, line);
    say(a, "\nSTATUS 1\n");
    assert_true(bus_serve(&bus, 0, -1));
    assert_string_equal(hear(a), "ERR a line has at most 127 octets\n");
    assert_string_equal(seen, "0/0/1 ");
    close(a);
    bus_close(&bus);
}

static void who_does_not_read_is_cut_off_in_real_time(void **state)
{
    (void)state;
    begin(false);
    int a = client(), b = client();
    assert_true(bus_serve(&bus, 0, -1));
    for (int i = 0; i < 40000; i++) {
        bus_pin(&bus, LINE_LED, 0, i % 2 == 0);
        assert_true(bus_serve(&bus, 0, -1));
        hear(b);
    }
    assert_int_equal(bus.clients[0].fd, -1);
    assert_true(bus.clients[1].fd >= 0);
    close(a);
    close(b);
    bus_close(&bus);
}

static void nine_are_one_too_many(void **state)
{
    int fds[BUS_CLIENTS + 1];
    (void)state;
    begin(false);
    for (size_t i = 0; i <= BUS_CLIENTS; i++) {
        fds[i] = client();
        assert_true(bus_serve(&bus, 0, -1));
    }
    assert_string_equal(hear(fds[BUS_CLIENTS]), "ERR too many clients\n");
    close(fds[2]);
    close(fds[BUS_CLIENTS]);
    assert_true(bus_serve(&bus, 0, -1));
    fds[2] = client();
    assert_true(bus_serve(&bus, 0, -1));
    assert_non_null(strstr(hear(fds[2]), "CAPS"));
    for (size_t i = 0; i < BUS_CLIENTS; i++)
        close(fds[i]);
    bus_close(&bus);
}

static void a_socket_in_use_is_not_taken(void **state)
{
    struct bus *other = malloc(sizeof *other);
    (void)state;
    begin(false);
    assert_true(bus_open(other, path, "", 1, false) < 0);
    close(bus.listener); /* as after a crash: the file stays */
    assert_int_equal(bus_open(other, path, "", 1, false), 0);
    bus_close(other);
    free(other);
}

/* ---- lock-step ---- */

static void the_least_grant_counts(void **state)
{
    (void)state;
    begin(true);
    int a = client(), b = client(), watcher = client();
    say(a, "GO 10\nGO 7\n");
    say(b, "GO 4\nGO 100\n");
    run_to(4);
    hear(a);
    assert_true(bus_tick(&bus)); /* tells TICK 4, takes the next grants: 7 and 100 from 4 */
    assert_string_equal(hear(a), "TICK 4\n");
    bus.now_ms++;
    run_to(11);
    say(a, "GO\n");
    say(b, "GO 1\n");
    assert_true(bus_tick(&bus));
    assert_string_equal(hear(b) + strlen(hear(b)), "");
    assert_non_null(strstr(hear(watcher), "TICK 0\nTICK 4\nTICK 11\n"));
    close(a);
    close(b);
    close(watcher);
    bus_close(&bus);
}

static void a_changed_pin_ends_the_run(void **state)
{
    (void)state;
    begin(true);
    int a = client();
    say(a, "GO 1000\n");
    run_to(20);
    bus_pin(&bus, LINE_LED, 0, true); /* does not count */
    run_to(30);
    bus_pin(&bus, LINE_PWRKEY, 1, true);
    hear(a);
    say(a, "STATUS1 1\nGO 5\nSTATUS1 0\nGO\n");
    run_to(35);
    assert_string_equal(hear(a), "PIN LED 1 t=20\nPIN PWRKEY1 1 t=30\nTICK 30\n");
    assert_string_equal(seen, "0/1/1 ");
    run_to(36);
    assert_string_equal(seen, "0/1/1 0/1/0 ");
    close(a);
    bus_close(&bus);
}

static void an_order_gives_no_time(void **state)
{
    (void)state;
    begin(true);
    int a = client();
    bus_pin(&bus, LINE_PWRKEY, 0, true);
    say(a, "GO 1\n");
    run_to(1);
    hear(a);
    say(a, "NRST\nGO 50\n");
    assert_false(bus_tick(&bus));
    assert_true(reset_wanted);
    bus_reset(&bus, LINE_PIN);
    run_to(2);
    say(a, "GO\n");
    run_to(3); /* the change ended the run of 50 after its millisecond */
    assert_string_equal(hear(a), "TICK 1\nPIN PWRKEY 0 t=1\nRESET PIN t=1\nTICK 2\n");
    close(a);
    bus_close(&bus);
}

static void who_leaves_is_not_waited_for(void **state)
{
    (void)state;
    begin(true);
    int a = client(), b = client();
    say(a, "GO 1\nGO 9\n");
    say(b, "GO 1\n");
    run_to(1);
    say(b, "CURRENT 80\n");
    close(b);
    run_to(10);
    assert_string_equal(seen, "3/0/80 ");
    int late = client();
    say(a, "GO\n");
    run_to(11);
    assert_non_null(strstr(hear(late), "LED 0 t=10\nTICK 10\n"));
    close(a);
    close(late);
    bus_close(&bus);
}

static void on_alarm(int number)
{
    (void)number;
}

static void who_does_not_read_holds_time_up(void **state)
{
    static char filler[4096];
    const struct itimerval soon = {.it_interval = {0, 20000}, .it_value = {0, 20000}},
                           never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_alarm};
    (void)state;
    begin(true);
    int a = client(), watcher = client();
    say(a, "GO\n");
    run_to(1);
    while (send(bus.clients[1].fd, filler, sizeof filler, MSG_DONTWAIT) > 0)
        continue;
    say(a, "GO\n");
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    assert_false(bus_tick(&bus)); /* by the signal, not by the grant */
    setitimer(ITIMER_REAL, &never, NULL);
    while (recv(watcher, filler, sizeof filler, MSG_DONTWAIT) > 0)
        continue;
    assert_true(bus_tick(&bus));
    close(a);
    close(watcher);
    bus_close(&bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_clients),
        cmocka_unit_test(lines_of_the_board),
        cmocka_unit_test(first_what_is_then_what_changes),
        cmocka_unit_test(a_long_line_is_refused_once),
        cmocka_unit_test(who_does_not_read_is_cut_off_in_real_time),
        cmocka_unit_test(nine_are_one_too_many),
        cmocka_unit_test(a_socket_in_use_is_not_taken),
        cmocka_unit_test(the_least_grant_counts),
        cmocka_unit_test(a_changed_pin_ends_the_run),
        cmocka_unit_test(an_order_gives_no_time),
        cmocka_unit_test(who_leaves_is_not_waited_for),
        cmocka_unit_test(who_does_not_read_holds_time_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
