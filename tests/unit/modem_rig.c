#include "tests/unit/modem_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "drivers/modem/generic.h"
#include "host/base/clock.h"
#include "host/base/log.h"

/* ---- the router's side ---- */

static void hold(struct rig *r, durable_fn *fn, void *arg)
{
    assert_true(r->pending_count < RIG_RECORDS);
    r->pending[r->pending_count++] = (struct rig_pending){fn, arg};
}

static void up_in_flight(struct carrier_up *up, int64_t attempt_id, durable_fn *fn, void *arg)
{
    struct rig *r = (struct rig *)up;
    r->in_flight_count++;
    r->in_flight_id = attempt_id;
    if (r->hold_in_flight) {
        hold(r, fn, arg);
    } else {
        fn(arg, 0);
    }
}

static void up_settle(struct carrier_up *up, int64_t attempt_id, const struct settlement *s)
{
    struct rig *r = (struct rig *)up;
    assert_true(r->settled_count < RIG_RECORDS);
    for (unsigned i = 0; i < r->settled_count; i++) {
        if (r->settled[i].attempt_id == attempt_id) {
            fail_msg("attempt %lld settled twice", (long long)attempt_id);
        }
    }
    struct rig_settled *own = &r->settled[r->settled_count++];
    *own = (struct rig_settled){attempt_id,       s->outcome,        s->mr,      s->error_code,
                                s->carrier_fault, s->retry_after_ms, s->rest_ms, ""};
    snprintf(own->reason, sizeof own->reason, "%s", s->reason ? s->reason : "");
    if (r->feed > 0 && rig_state(r) == CARRIER_READY) {
        r->feed--;
        rig_submit(r, "next");
    }
}

static void record(struct rig *r, const struct pdu *pdu, const char *hex, const char *memory, int index,
                   bool report)
{
    assert_true(r->received_count < RIG_RECORDS);
    struct rig_received *own = &r->received[r->received_count++];
    own->report = report;
    own->pdu = *pdu;
    own->index = index;
    snprintf(own->hex, sizeof own->hex, "%s", hex);
    snprintf(own->memory, sizeof own->memory, "%s", memory ? memory : "");
}

static void up_received(struct carrier_up *up, const struct pdu *pdu, const char *hex, const char *memory,
                        int index, durable_fn *fn, void *arg)
{
    struct rig *r = (struct rig *)up;
    record(r, pdu, hex, memory, index, false);
    if (r->hold_received) {
        hold(r, fn, arg);
    } else {
        fn(arg, r->received_status);
    }
}

static void up_report(struct carrier_up *up, const struct pdu *pdu, const char *hex, durable_fn *fn,
                      void *arg)
{
    struct rig *r = (struct rig *)up;
    record(r, pdu, hex, NULL, -1, true);
    if (r->hold_received) {
        hold(r, fn, arg);
    } else {
        fn(arg, r->received_status);
    }
}

static void up_erased(struct carrier_up *up, const char *memory, int index)
{
    (void)memory;
    (void)index;
    ((struct rig *)up)->erased_count++;
}

static int up_sim(struct carrier_up *up, const char *iccid, const char *imsi, const char *number)
{
    struct rig *r = (struct rig *)up;
    r->sim_count++;
    snprintf(r->iccid, sizeof r->iccid, "%s", iccid);
    snprintf(r->imsi, sizeof r->imsi, "%s", imsi);
    snprintf(r->number, sizeof r->number, "%s", number);
    return r->sim_status;
}

static void up_changed(struct carrier_up *up)
{
    ((struct rig *)up)->changed_count++;
}

static const struct carrier_up_ops up_ops = {up_in_flight, up_settle, up_received, up_report,
                                             up_erased,    up_sim,    up_changed};

void rig_durable(struct rig *r, int status)
{
    struct rig_pending pending[RIG_RECORDS];
    unsigned count = r->pending_count;
    memcpy(pending, r->pending, count * sizeof pending[0]);
    r->pending_count = 0;
    for (unsigned i = 0; i < count; i++) {
        pending[i].fn(pending[i].arg, status);
    }
    rig_turns(r);
}

/* ---- life ---- */

void rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->up.ops = &up_ops;
    r->master = r->slave = r->control = -1;
    r->next_attempt = 1;
    log_open(getenv("MODEM_LOG") ? LOG_DEBUG : LOG_ERROR, true, 2);
    r->loop = loop_new();
    snprintf(r->folder, sizeof r->folder, "/tmp/modem-test-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    snprintf(r->link, sizeof r->link, "%s/m1", r->folder);
    snprintf(r->socket, sizeof r->socket, "%s/sim", r->folder);
    snprintf(r->journal, sizeof r->journal, "%s/journal", r->folder);
    snprintf(r->state_dir, sizeof r->state_dir, "%s/state", r->folder);
    assert_int_equal(mkdir(r->state_dir, 0700), 0);
}

static void remove_all(const char *folder)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

void rig_fini(struct rig *r)
{
    if (r->carrier) {
        r->carrier->ops->free(r->carrier);
    }
    rig_durable(r, -ECANCELED); /* callbacks may come after the carrier is gone */
    if (r->master >= 0) {
        close(r->master);
    }
    if (r->slave >= 0) {
        close(r->slave);
    }
    if (r->control >= 0) {
        close(r->control);
    }
    int status = 0;
    if (r->sim > 0) {
        kill(r->sim, SIGTERM);
        waitpid(r->sim, &status, 0);
    }
    loop_free(r->loop);
    remove_all(r->folder);
    clock_real();
    assert_int_equal(status, 0);
}

int rig_setup(void **state)
{
    *state = malloc(sizeof(struct rig));
    assert_non_null(*state);
    rig_init(*state);
    return 0;
}

int rig_setup_hasty(void **state)
{
    rig_setup(state);
    ((struct rig *)*state)->haste_ms = 50;
    return 0;
}

int rig_teardown(void **state)
{
    rig_fini(*state);
    free(*state);
    return 0;
}

const struct rig_settled *rig_last(const struct rig *r)
{
    assert_true(r->settled_count > 0);
    return &r->settled[r->settled_count - 1];
}

void rig_options(struct rig *r, struct modem_options *options)
{
    static char port[120];
    snprintf(port, sizeof port, "pty:%s", r->link);
    *options = (struct modem_options){
        .name = "m1",
        .port = port,
        .baud = 115200,
        .model = "",
        .slot = r->slot,
        .pin = "",
        .state_dir = r->state_dir,
        .number = "",
        .models = models,
    };
}

void rig_start(struct rig *r, const struct modem_options *options, const struct job *in_flight, size_t count)
{
    r->carrier = modem_new(r->loop, options);
    r->carrier->ops->start(r->carrier, &r->up, in_flight, count);
}

/* Packs by hand, so that the test does not lean on what it tests: 7 bits a letter, LSB first. */
struct job rig_job(int64_t attempt_id, const char *to, const char *text)
{
    struct job job = {.attempt_id = attempt_id,
                      .message_id = attempt_id,
                      .line_id = 1,
                      .seq = 1,
                      .total = 1,
                      .status_report = true};
    snprintf(job.to, sizeof job.to, "%s", to);
    job.udl = (uint8_t)strlen(text);
    for (unsigned i = 0; text[i]; i++) {
        unsigned bit = i * 7;
        unsigned value = (unsigned)(text[i] & 0x7F) << (bit % 8);
        job.ud[bit / 8] |= (uint8_t)value;
        job.ud[bit / 8 + 1] |= (uint8_t)(value >> 8);
    }
    job.ud_len = (uint8_t)((job.udl * 7 + 7) / 8);
    job.started_ms = clock_wall_ms();
    job.expires_ms = job.started_ms + 86400000;
    return job;
}

void rig_submit(struct rig *r, const char *text)
{
    struct job job = rig_job(r->next_attempt++, "+41791234567", text);
    r->carrier->ops->submit(r->carrier, &job);
}

struct carrier_status rig_status(struct rig *r)
{
    struct carrier_status status;
    r->carrier->ops->status(r->carrier, &status);
    return status;
}

enum carrier_state rig_state(struct rig *r)
{
    return rig_status(r).state;
}

/* ---- the scripted peer ---- */

static const char *const answers[][2] = {
    {"AT+CMGS=", "\r\n> "},
    {"AT+CMEE?", "\r\n+CMEE: 1\r\n\r\nOK\r\n"},
    {"AT+CMGF?", "\r\n+CMGF: 0\r\n\r\nOK\r\n"},
    {"AT+CGMI", "\r\nAcme\r\n\r\nOK\r\n"},
    {"AT+CGMM", "\r\nModel X\r\n\r\nOK\r\n"},
    {"AT+CGMR", "\r\n1.0\r\n\r\nOK\r\n"},
    {"AT+CGSN", "\r\n490154203237518\r\n\r\nOK\r\n"},
    {"AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n"},
    {"AT+CCID", "\r\n8944200053671052499\r\n\r\nOK\r\n"},
    {"AT+CIMI", "\r\n228010000000001\r\n\r\nOK\r\n"},
    {"AT+CNUM", "\r\n+CNUM: \"\",\"+41790000001\",145\r\n\r\nOK\r\n"},
    {"AT+CFUN?", "\r\n+CFUN: 1\r\n\r\nOK\r\n"},
    {"AT+CPMS=\"SR\"", "\r\n+CMS ERROR: 302\r\n"},
    {"AT+CPMS=", "\r\n+CPMS: 0,10,0,10,0,10\r\n\r\nOK\r\n"},
    {"AT+CSCA?", "\r\n+CSCA: \"+41790009999\",145\r\n\r\nOK\r\n"},
    {"AT+CREG?", "\r\n+CREG: 2,1,\"1234\",\"001122BB\"\r\n\r\nOK\r\n"},
    {"AT+CEREG?", "\r\n+CEREG: 2,0\r\n\r\nOK\r\n"},
    {"AT+COPS?", "\r\n+COPS: 0,0,\"Simulnet\"\r\n\r\nOK\r\n"},
    {"AT+CSQ", "\r\n+CSQ: 17,99\r\n\r\nOK\r\n"},
    {"AT", "\r\nOK\r\n"},
    {NULL, NULL},
};

static const char *answer_of(const char *const (*table)[2], const char *command)
{
    for (; table && (*table)[0]; table++) {
        if (strncmp(command, (*table)[0], strlen((*table)[0])) == 0) {
            return (*table)[1];
        }
    }
    return NULL;
}

void rig_say(struct rig *r, const char *text)
{
    if (text[0] != '\0') {
        assert_int_equal(write(r->master, text, strlen(text)), (ssize_t)strlen(text));
    }
}

static void hear(struct rig *r, const char *line)
{
    if (r->heard_count == 200) {
        r->heard_count--;
        memmove(r->heard[0], r->heard[1], r->heard_count * sizeof r->heard[0]);
    }
    snprintf(r->heard[r->heard_count++], sizeof r->heard[0], "%s", line);
    bool payload = strstr(line, "^Z") != NULL;
    if (r->mute || (r->silent_cmgs && (payload || strncmp(line, "AT+CMGS=", 8) == 0))) {
        return;
    }
    const char *answer = answer_of(r->overrides, payload ? "^Z" : line);
    answer = answer ? answer : payload ? "\r\n+CMGS: 42\r\n\r\nOK\r\n" : answer_of(answers, line);
    rig_say(r, answer ? answer : "");
}

static void type(struct rig *r, char c)
{
    if (c == '\r' || c == '\x1A' || c == '\x1B') {
        snprintf(r->typed + r->typed_len, sizeof r->typed - r->typed_len, "%s", c == '\x1A' ? "^Z" : "");
        r->typed_len = 0;
        if (c == '\x1B') {
            hear(r, "ESC");
        } else if (r->typed[0] != '\0') {
            hear(r, r->typed);
        }
        return;
    }
    assert_true(r->typed_len < sizeof r->typed - 3);
    r->typed[r->typed_len++] = c;
    r->typed[r->typed_len] = '\0';
}

static bool listen_once(struct rig *r)
{
    char bytes[512];
    ssize_t n = r->master >= 0 ? read(r->master, bytes, sizeof bytes) : -1;
    for (ssize_t i = 0; i < n; i++) {
        type(r, bytes[i]);
    }
    return n > 0;
}

/* A pty passes bytes on by a kernel thread; poll() at the reading end waits for it, epoll_wait() does not. */
static void wait_for_pty(struct rig *r)
{
    struct pollfd ends[] = {{.fd = r->master, .events = POLLIN}, {.fd = r->slave, .events = POLLIN}};
    assert_true(poll(ends, 2, 0) >= 0);
}

/* Until nothing is left to do: after each turn what was written has arrived. */
void rig_turns(struct rig *r)
{
    for (int idle = 0; idle < 3; idle++) {
        wait_for_pty(r);
        loop_turn(r->loop, 0);
        wait_for_pty(r);
        if (listen_once(r)) {
            idle = -1;
        }
    }
}

void rig_pass(struct rig *r, int64_t ms)
{
    while (ms > 0) {
        int64_t step = ms > 1000 ? 1000 : ms;
        clock_advance(step);
        ms -= step;
        rig_turns(r);
    }
}

void rig_pty(struct rig *r)
{
    clock_fake(1790000000000, 1000000);
    r->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(r->master >= 0 && grantpt(r->master) == 0 && unlockpt(r->master) == 0);
    struct termios settings;
    assert_int_equal(tcgetattr(r->master, &settings), 0);
    cfmakeraw(&settings);
    assert_int_equal(tcsetattr(r->master, TCSANOW, &settings), 0);
    if (r->slave >= 0) {
        close(r->slave);
    }
    r->slave = open(ptsname(r->master), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    assert_true(r->slave >= 0);
    unlink(r->link);
    assert_int_equal(symlink(ptsname(r->master), r->link), 0);
    r->typed_len = 0;
}

void rig_pty_vanish(struct rig *r)
{
    unlink(r->link);
    close(r->master);
    r->master = -1;
    rig_turns(r);
}

void rig_pty_ready(struct rig *r)
{
    for (int i = 0; i < 600 && rig_state(r) != CARRIER_READY; i++) {
        rig_pass(r, 50);
    }
    assert_int_equal(rig_state(r), CARRIER_READY);
    rig_pass(r, 2000); /* the first sweep, operator and signal */
}

bool rig_heard(struct rig *r, const char *prefix)
{
    for (int64_t end = rig_real_ms() + RIG_DEADLINE_MS; rig_real_ms() < end;) {
        for (unsigned k = 0; k < r->heard_count; k++) {
            if (strncmp(r->heard[k], prefix, strlen(prefix)) == 0) {
                r->heard_count -= k;
                memmove(r->heard[0], r->heard[k], r->heard_count * sizeof r->heard[0]);
                return true;
            }
        }
        loop_turn(r->loop, 5);
        listen_once(r);
    }
    return false;
}

unsigned rig_count(struct rig *r, const char *prefix)
{
    unsigned count = 0;
    rig_turns(r);
    for (unsigned i = 0; i < r->heard_count; i++) {
        count += strncmp(r->heard[i], prefix, strlen(prefix)) == 0;
    }
    return count;
}

/* ---- real time ---- */

int64_t rig_real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* On a busy machine the simulator may be waiting for a processor or be stopped, which is not the modem's
 * silence: only when it sleeps does it wait for us. */
static bool sim_is_running(struct rig *r)
{
    char path[40], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)r->sim);
    FILE *file = r->sim > 0 ? fopen(path, "r") : NULL;
    if (file) {
        assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
        fclose(file);
    }
    return state != 0 && state != 'S';
}

bool rig_until(struct rig *r, bool (*done)(struct rig *), int ms)
{
    int64_t end = rig_real_ms() + ms;
    while (!done(r)) {
        if (rig_real_ms() > end) {
            return false;
        }
        loop_turn(r->loop, r->haste_ms > 0 ? 5 : 20);
        clock_advance(sim_is_running(r) ? 0 : r->haste_ms);
        listen_once(r);
    }
    return true;
}

static enum carrier_state wanted_state;
static unsigned wanted;

static bool state_reached(struct rig *r)
{
    return rig_state(r) == wanted_state;
}

static bool settled_reached(struct rig *r)
{
    return r->settled_count >= wanted;
}

static bool received_reached(struct rig *r)
{
    return r->received_count >= wanted;
}

static bool erased_reached(struct rig *r)
{
    return r->erased_count >= wanted;
}

void rig_until_state(struct rig *r, enum carrier_state state)
{
    wanted_state = state;
    if (!rig_until(r, state_reached, RIG_DEADLINE_MS)) {
        fail_msg("state %d is not reached: %d, %s", state, rig_state(r), rig_status(r).condition);
    }
}

void rig_until_settled(struct rig *r, unsigned count)
{
    wanted = count;
    if (!rig_until(r, settled_reached, RIG_DEADLINE_MS)) {
        fail_msg("%u of %u settled; %s", r->settled_count, count, rig_status(r).condition);
    }
}

void rig_until_received(struct rig *r, unsigned count)
{
    wanted = count;
    if (!rig_until(r, received_reached, RIG_DEADLINE_MS)) {
        fail_msg("%u of %u received", r->received_count, count);
    }
}

void rig_until_erased(struct rig *r, unsigned count)
{
    wanted = count;
    if (!rig_until(r, erased_reached, RIG_DEADLINE_MS)) {
        fail_msg("%u of %u erased", r->erased_count, count);
    }
}
