#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/secret.h"
#include "host/modem/mcu_internal.h"

#define HELLO_EVERY  3 /* heartbeats: a board that was reset in between has not been silent */
#define REOPEN_EVERY 4 /* unanswered HELLOs: then the path may lead elsewhere by now */

static uint32_t now_ms(void)
{
    return (uint32_t)clock_mono_ms();
}

/* ---- the wire ---- */

static void on_step(void *arg)
{
    struct mcu *mcu = arg;
    link_client_step(&mcu->client, now_ms());
    if (mcu->client.waiting) {
        timer_set(&mcu->step, LINK_ANSWER_MS);
    }
}

static void on_answered(void *arg, uint8_t type, int status, const uint8_t *payload, uint8_t len)
{
    struct mcu *mcu = arg;
    (void)type;
    if (status == LINK_CLIENT_MUTE) {
        mcu->mutes++;
        mcu_lose(mcu, MCU_MUTE, "no answer on %s", mcu->spec);
    } else {
        mcu_calls_end(mcu, status, payload, len);
        mcu_calls_step(mcu);
    }
}

/* A frame that does not fit is lost as on a wire: it is repeated. */
static void on_send(void *arg, const uint8_t *octets, uint8_t len)
{
    struct mcu *mcu = arg;
    if (mcu->port.fd >= 0) {
        (void)!write(mcu->port.fd, octets, len);
    }
}

/* ---- lost, and back ---- */

static int64_t rest_ms(unsigned tries)
{
    int64_t ms = MCU_REST_MIN_MS;
    for (unsigned i = 0; i < tries && ms < MCU_REST_MAX_MS; i++) {
        ms *= 2;
    }
    return ms < MCU_REST_MAX_MS ? ms : MCU_REST_MAX_MS;
}

void mcu_close(struct mcu *mcu)
{
    if (mcu->readable != NULL) {
        event_free(mcu->readable);
        mcu->readable = NULL;
    }
    port_close(&mcu->port);
}

void mcu_lose(struct mcu *mcu, enum mcu_state state, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(mcu->condition, sizeof mcu->condition, fmt, args);
    va_end(args);
    bool was_here = mcu->state == MCU_HERE;
    if (mcu->state != state) {
        mcu->since_ms = clock_wall_ms();
    }
    mcu->state = state;
    timer_stop(&mcu->beat);
    timer_stop(&mcu->step);
    link_client_drop(&mcu->client);
    for (size_t i = 0; i < MCU_SLOTS_MAX; i++) {
        mcu->places[i].slot.known = mcu->places[i].sent = false;
    }
    if (was_here) {
        mcu_unrest(mcu);
    }
    if (!mcu->told_lost) {
        mcu->told_lost = true;
        mcu_news(mcu, LOG_WARN, mcu_state_text(state), "%s", mcu->condition);
    }
    timer_set(&mcu->retry, rest_ms(mcu->tries++));
    mcu_calls_end_all(mcu, -ETIMEDOUT);
    if (was_here) {
        mcu_tell(mcu, -1, MCU_WENT);
    }
}

void mcu_hold(struct mcu *mcu, bool held)
{
    if (mcu->held == held) {
        return;
    }
    mcu->held = held;
    if (held) {
        mcu_close(mcu);
        mcu_lose(mcu, MCU_ABSENT, "its firmware is being written");
        timer_stop(&mcu->retry);
    } else {
        mcu->tries = 1;
        timer_set(&mcu->retry, 0);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct mcu *mcu = arg;
    uint8_t octets[512];
    ssize_t n = read(fd, octets, sizeof octets);
    (void)what;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        mcu_close(mcu);
        mcu_lose(mcu, MCU_ABSENT, "port %s: %s", mcu->spec, n < 0 ? strerror(errno) : "hung up");
        return;
    }
    for (ssize_t i = 0; i < n && mcu->port.fd == fd; i++) {
        link_client_octet(&mcu->client, octets[i]);
    }
}

/* The path that this try takes; of a pattern each in turn. */
static int choose_port(struct mcu *mcu, char *out, size_t out_size)
{
    const char *colon = strchr(mcu->spec, ':'), *path = colon != NULL ? colon + 1 : "";
    glob_t found;
    if (strpbrk(path, "*?[") == NULL) {
        snprintf(out, out_size, "%s", mcu->spec);
        return 0;
    }
    if (glob(path, 0, NULL, &found) != 0) {
        globfree(&found);
        return -ENOENT;
    }
    snprintf(out, out_size, "%.*s%s", (int)(path - mcu->spec), mcu->spec,
             found.gl_pathv[mcu->candidate++ % found.gl_pathc]);
    globfree(&found);
    return 0;
}

static int open_port(struct mcu *mcu)
{
    int status = choose_port(mcu, mcu->path, sizeof mcu->path);
    if (status == 0) {
        status = port_open(&mcu->port, mcu->path, mcu->baud);
    }
    if (status < 0) {
        return status;
    }
    mcu->readable =
        event_new(loop_base(mcu->set->loop), mcu->port.fd, EV_READ | EV_PERSIST, on_readable, mcu);
    if (mcu->readable == NULL || event_add(mcu->readable, NULL) != 0) {
        fatal("board %s: no event", mcu->name);
    }
    return 0;
}

void mcu_say_hello(struct mcu *mcu)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_hello hello = {.protocol = LINK_PROTOCOL, .session = mcu->set->session};
    mcu_send(mcu, LINK_TYPE_HELLO, payload, link_put_hello(&hello, payload), mcu_on_hello, mcu);
}

static void on_retry(void *arg)
{
    struct mcu *mcu = arg;
    if (mcu->tries % REOPEN_EVERY == 0) {
        mcu_close(mcu);
    }
    int status = mcu->port.fd >= 0 ? 0 : open_port(mcu);
    if (status < 0) {
        mcu_lose(mcu, MCU_ABSENT, "port %s: %s", mcu->spec, strerror(-status));
    } else {
        mcu->state = MCU_GREETING;
        mcu_say_hello(mcu);
    }
}

static void on_beat(void *arg)
{
    struct mcu *mcu = arg;
    uint8_t payload[LINK_PAYLOAD_MAX];
    struct link_heartbeat beat = {.turn = 0};
    mcu->set->progress(mcu->set->arg, &beat);
    mcu_send(mcu, LINK_TYPE_HEARTBEAT, payload, link_put_heartbeat(&beat, payload), mcu_on_heartbeat, mcu);
    if (++mcu->beats % HELLO_EVERY == 0) {
        mcu_say_hello(mcu);
    }
    timer_set(&mcu->beat, MCU_BEAT_MS);
}

/* ---- making ---- */

char *mcu_copy(const char *text)
{
    char *own = strdup(text);
    if (own == NULL) {
        fatal("no memory");
    }
    return own;
}

struct mcu *mcu_new(struct mcu_set *set, const struct mcu_options *options)
{
    static const struct link_client_ops ops = {on_send, on_answered, mcu_on_event};
    struct mcu *mcu = calloc(1, sizeof *mcu);
    uint8_t seq;
    if (mcu == NULL) {
        fatal("no memory");
    }
    secret_random(&seq, sizeof seq);
    mcu->set = set;
    mcu->name = mcu_copy(options->name);
    mcu->spec = mcu_copy(options->port);
    mcu->type = mcu_copy(options->type);
    mcu->baud = options->baud;
    mcu->port.fd = -1;
    mcu->since_ms = clock_wall_ms();
    for (uint8_t i = 0; i < MCU_SLOTS_MAX; i++) {
        mcu->places[i].mcu = mcu;
        mcu->places[i].number = i;
    }
    link_client_init(&mcu->client, &ops, mcu, seq);
    mcu_calls_init(mcu);
    mcu_news_init(mcu);
    timer_init(&mcu->step, set->loop, on_step, mcu);
    timer_init(&mcu->beat, set->loop, on_beat, mcu);
    timer_init(&mcu->retry, set->loop, on_retry, mcu);
    mcu->tries = 1; /* 0 would close a port */
    timer_set(&mcu->retry, 0);
    return mcu;
}

void mcu_free(struct mcu *mcu)
{
    mcu->state = MCU_ABSENT;
    timer_stop(&mcu->step);
    timer_stop(&mcu->beat);
    timer_stop(&mcu->retry);
    timer_stop(&mcu->calm);
    mcu_calls_end_all(mcu, -ENOTCONN);
    mcu_tell(mcu, -1, MCU_WENT);
    mcu_close(mcu);
    free(mcu->name);
    free(mcu->spec);
    free(mcu->type);
    free(mcu);
}
