/* The requests that wait for a board: what is asked, in which order, how each ends (mcu.h says how many). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/modem/mcu_internal.h"

/* What the host's power hangs on does not wait behind the rest. */
static bool is_urgent(uint8_t type)
{
    return type == LINK_TYPE_HEARTBEAT || type == LINK_TYPE_MAINTENANCE;
}

void mcu_calls_step(struct mcu *mcu)
{
    const struct mcu_call *call = mcu->calls;
    if (call == NULL || mcu->client.waiting) {
        return;
    }
    link_client_request(&mcu->client, call->type, call->payload, call->len, (uint32_t)clock_mono_ms());
    timer_set(&mcu->step, LINK_ANSWER_MS);
}

static struct mcu_call *take(struct mcu_call **link)
{
    struct mcu_call *call = *link;
    *link = call->next;
    return call;
}

static void end(struct mcu_call *call, int status, const uint8_t *payload, uint8_t len)
{
    if (call->fn != NULL) {
        call->fn(call->arg, status, payload, len);
    }
    free(call);
}

void mcu_calls_end(struct mcu *mcu, int status, const uint8_t *payload, uint8_t len)
{
    mcu->call_count--;
    end(take(&mcu->calls), status, payload, len);
}

static void on_overtaken(void *arg)
{
    struct mcu *mcu = arg;
    while (mcu->overtaken != NULL) {
        end(take(&mcu->overtaken), -ECANCELED, NULL, 0);
    }
}

void mcu_calls_end_all(struct mcu *mcu, int status)
{
    while (mcu->calls != NULL) {
        mcu_calls_end(mcu, status, NULL, 0);
    }
    timer_stop(&mcu->overtaking);
    on_overtaken(mcu);
}

void mcu_calls_init(struct mcu *mcu)
{
    timer_init(&mcu->overtaking, mcu->set->loop, on_overtaken, mcu);
}

/* ---- in ---- */

static void set_payload(struct mcu_call *call, const uint8_t *payload, uint8_t len)
{
    if (len > sizeof call->payload) {
        fatal("board request of %u octets", len);
    }
    call->len = len;
    if (len > 0) {
        memcpy(call->payload, payload, len);
    }
}

/* The place of the first that waits: the one on the wire may have reached the board already. */
static struct mcu_call **waiting(struct mcu *mcu)
{
    return mcu->calls != NULL && mcu->client.waiting ? &mcu->calls->next : &mcu->calls;
}

static void put(struct mcu *mcu, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *fn, void *arg)
{
    struct mcu_call *call = calloc(1, sizeof *call), **at = waiting(mcu);
    if (call == NULL) {
        fatal("no memory");
    }
    *call = (struct mcu_call){.type = type, .fn = fn, .arg = arg};
    set_payload(call, payload, len);
    while (*at != NULL && (!is_urgent(type) || is_urgent((*at)->type))) {
        at = &(*at)->next;
    }
    call->next = *at;
    *at = call;
    mcu->call_count++;
    mcu_calls_step(mcu);
}

/* A slot has one target: an older one that has not left yet never does. Its owner hears of it later: nobody
 * is called from inside another's request. */
static void overtake_target(struct mcu *mcu, uint8_t slot)
{
    struct mcu_call **at = waiting(mcu);
    while (*at != NULL && ((*at)->type != LINK_TYPE_SLOT_TARGET || (*at)->payload[0] != slot)) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        return;
    }
    struct mcu_call *old = take(at);
    mcu->call_count--;
    old->next = mcu->overtaken;
    mcu->overtaken = old;
    timer_set(&mcu->overtaking, 0);
}

void mcu_send(struct mcu *mcu, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *fn, void *arg)
{
    struct mcu_call *like = *waiting(mcu);
    if (type == LINK_TYPE_SLOT_TARGET) {
        overtake_target(mcu, payload[0]);
    } else {
        while (like != NULL && (like->type != type || like->fn != fn || like->arg != arg)) {
            like = like->next;
        }
        if (like != NULL) {
            set_payload(like, payload, len);
            return;
        }
    }
    put(mcu, type, payload, len, fn, arg);
}

int mcu_request(struct mcu *mcu, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *fn, void *arg)
{
    if (mcu->state != MCU_HERE) {
        return -ENOTCONN;
    }
    if (type == LINK_TYPE_SLOT_TARGET) {
        overtake_target(mcu, payload[0]);
    } else if (mcu->call_count >= MCU_CALLS_MAX) {
        return -EBUSY;
    }
    put(mcu, type, payload, len, fn, arg);
    return 0;
}

static void forget(struct mcu_call *call, const void *arg)
{
    for (; call != NULL; call = call->next) {
        if (call->arg == arg) {
            call->fn = NULL;
        }
    }
}

void mcu_calls_forget(struct mcu *mcu, const void *arg)
{
    forget(mcu->calls, arg);
    forget(mcu->overtaken, arg);
}
