#include "tests/unit/modem_rig.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "drivers/modem/generic.h"

/* ---- the simulator ---- */

static int connect_control(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void rig_sim(struct rig *r, const char *keys)
{
    char modem[400];
    snprintf(modem, sizeof modem, "m1=%s%s%s", r->link, keys[0] ? "," : "", keys);
    snprintf(r->slot, sizeof r->slot, "sim:%s:m1", r->socket);
    r->sim = fork();
    if (r->sim == 0) {
        execl(MODEMSIM, "modemsim", "--modem", modem, "--control", r->socket, "--journal", r->journal,
              (char *)NULL);
        _exit(127);
    }
    int64_t end = rig_real_ms() + RIG_DEADLINE_MS;
    while ((r->control = connect_control(r->socket)) < 0) {
        assert_true(rig_real_ms() < end);
        poll(NULL, 0, 5);
    }
}

/* Runs the modem while the simulator thinks. */
static const char *control_answer(struct rig *r, int fd)
{
    static char answer[65536];
    size_t len = 0;
    int64_t end = rig_real_ms() + RIG_DEADLINE_MS + 5000;
    while (len == 0 || answer[len - 1] != '\n') {
        if (rig_real_ms() > end) {
            fail_msg("the simulator does not answer");
        }
        loop_turn(r->loop, 2);
        ssize_t n = recv(fd, answer + len, sizeof answer - 1 - len, MSG_DONTWAIT);
        assert_true(n != 0);
        len += n > 0 ? (size_t)n : 0;
    }
    answer[len - 1] = '\0';
    if (strncmp(answer, "ok", 2) != 0) {
        fail_msg("simulator: %s", answer);
    }
    return answer + (answer[2] == ' ' ? 3 : 2);
}

const char *rig_cmd(struct rig *r, const char *line)
{
    char text[2000];
    int len = snprintf(text, sizeof text, "%s\n", line);
    assert_int_equal(send(r->control, text, (size_t)len, MSG_NOSIGNAL), len);
    return control_answer(r, r->control);
}

void rig_sim_wait(struct rig *r, const char *what)
{
    char text[200];
    snprintf(text, sizeof text, "wait m1 %s %d", what, RIG_DEADLINE_MS);
    rig_cmd(r, text);
}

unsigned rig_accepted(struct rig *r)
{
    char line[4096];
    unsigned count = 0;
    FILE *file = fopen(r->journal, "r");
    while (file && fgets(line, sizeof line, file)) {
        count += strstr(line, "\"event\":\"pdu\"") || strstr(line, "\"event\": \"pdu\"");
    }
    if (file) {
        fclose(file);
    }
    return count;
}

/* The generic family with little patience: a ladder that can be climbed in a test's time. */
static const struct model_rung quick_ladder[] = {
    {RUNG_RESYNC, 0, 1},        {RUNG_REOPEN, 50, 1},    {RUNG_CFUN_RESET, 300, 1},
    {RUNG_POWER_CYCLE, 300, 2}, {RUNG_QUARANTINE, 0, 0},
};
static struct model quick;
static const struct model *const quick_models[] = {&quick, NULL};

void rig_begin(struct rig *r, const char *pin, const struct job *in_flight, size_t count)
{
    struct modem_options options;
    quick = model_generic;
    quick.ladder = quick_ladder;
    quick.prompt_ms = 1000;
    quick.send_result_ms = 2000;
    rig_options(r, &options);
    options.pin = pin;
    options.models = quick_models;
    rig_start(r, &options, in_flight, count);
}

void rig_up(struct rig *r, const char *keys)
{
    rig_sim(r, keys);
    rig_begin(r, "", NULL, 0);
    rig_until_state(r, CARRIER_READY);
    rig_sim_wait(r, "cmd +CSQ"); /* the last of what a modem that became ready is asked */
    rig_sim_wait(r, "quiet");
    rig_turns(r);
}

void rig_crash(struct rig *r)
{
    r->carrier->ops->free(r->carrier);
    r->carrier = NULL;
}

int rig_number(const char *json, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(json, quoted);
    return at ? (int)strtol(at + strlen(quoted), NULL, 10) : -1;
}
