/* The router keeps one slot per line: its carrier, the carrier's side of the contract (struct carrier_up),
 * and whether a claim is due.
 *
 * A carrier that turns READY, and new work in the queue, both end in slot_pump(): claim the line's next
 * segment and submit it, at once and inside the caller's turn, so that the next AT+CMGS is on the wire before
 * the last outcome is on disk. The order of the journal keeps that safe: claim, in-flight mark and outcome
 * are ops of the same store, applied in the order they were asked. While a PDU is on its way the next segment
 * is claimed ahead, so that between one result and the next AT+CMGS nothing is left to look up.
 *
 * Fails: never by itself. A refusal of the queue (-ESTALE) is passed to the carrier, which then sends
 * nothing. */
#include "host/router/router.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"

#define RESUMABLE_MAX 8
#define SERVICES_MAX  64
#define AHEAD_MS                                                                                             \
    5 /* after a submit: its own in-flight mark is on disk by then, and its PDU still on the wire */

struct slot {
    struct carrier_up up; /* first: the carrier hands back a pointer to it */
    struct router *router;
    struct slot *next;
    struct carrier *carrier;
    int64_t line_id;
    char iccid[24];
    enum carrier_state state;
    struct timer retry; /* the next retry of this line that falls due */
    struct timer look;  /* time to claim ahead */
    struct job ahead;   /* claimed while the carrier is busy: the next to submit */
    bool has_ahead;
    bool pumping;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

struct router {
    struct loop *loop;
    struct queue *queue;
    struct directory *directory;
    struct store *store;
    struct slot *slots;
    void (*on_change)(void *arg, int64_t line_id, const struct carrier_status *);
    void *on_change_arg;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static enum carrier_state slot_state(const struct slot *slot)
{
    struct carrier_status status;
    slot->carrier->ops->status(slot->carrier, &status);
    return status.state;
}

/* Services whose pool holds the line: their messages may leave here too. */
static size_t slot_services(const struct slot *slot, int64_t *ids, size_t max)
{
    const struct line *line = directory_line(slot->router->directory, slot->line_id);
    size_t count = 0;
    const struct service *service;
    for (size_t n = 0; line != NULL &&
                       (service = directory_service_at(slot->router->directory, line->account_id, n)) != NULL;
         n++)
        for (size_t i = 0; i < service->line_count && count < max; i++)
            if (service->line_ids[i] == slot->line_id)
                ids[count++] = service->id;
    return count;
}

static bool slot_may_send(const struct slot *slot)
{
    const struct line *line = directory_line(slot->router->directory, slot->line_id);
    return !slot->stopping && line != NULL && !line->stopped && store_open_for_work(slot->router->store);
}

/* True when there is a job to submit next. */
static bool slot_claim(struct slot *slot)
{
    int64_t services[SERVICES_MAX], next_ms = 0;
    if (slot->has_ahead)
        return true;
    size_t count = slot_services(slot, services, SERVICES_MAX);
    int status = queue_claim(slot->router->queue, slot->line_id, services, count, &slot->ahead, &next_ms);
    if (status == -EAGAIN && next_ms > 0)
        timer_set(&slot->retry, next_ms - clock_wall_ms());
    slot->has_ahead = status == 0;
    return slot->has_ahead;
}

static void on_settled(void *arg, int status)
{
    (void)arg;
    if (status != 0)
        log_event(LOG_WARN, "router.settle_refused", "status=%d", status);
}

/* What was claimed ahead goes back: this carrier may not come to it for long, another line of the pool may.
 */
static void slot_give_back(struct slot *slot)
{
    struct settlement settlement = {
        .outcome = OUTCOME_RETRY, .mr = -1, .reason = "line not ready", .carrier_fault = true};
    if (!slot->has_ahead)
        return;
    slot->has_ahead = false;
    queue_settle(slot->router->queue, slot->ahead.attempt_id, &settlement, on_settled, NULL);
}

/* Asks for jobs while the carrier takes them. A carrier may settle inside submit (and so come back here): the
 * outer call goes on. */
static void slot_pump(struct slot *slot)
{
    if (slot->pumping)
        return;
    slot->pumping = true;
    while (slot_may_send(slot) && slot_state(slot) == CARRIER_READY && slot_claim(slot)) {
        struct job job = slot->ahead;
        slot->has_ahead = false;
        timer_set(&slot->look, AHEAD_MS);
        slot->carrier->ops->submit(slot->carrier, &job);
    }
    slot->pumping = false;
}

static void on_look(void *arg)
{
    struct slot *slot = arg;
    if (slot_may_send(slot) && slot_state(slot) == CARRIER_BUSY)
        slot_claim(slot);
}

static void on_retry_due(void *arg)
{
    slot_pump(arg);
}

static void on_work(void *arg)
{
    struct router *router = arg;
    for (struct slot *slot = router->slots; slot != NULL; slot = slot->next)
        slot_pump(slot);
}

static void on_store_state(void *arg, bool open)
{
    if (open)
        on_work(arg);
}

/* ---- the carrier's side ---- */

static struct slot *slot_of(struct carrier_up *up)
{
    return (struct slot *)up;
}

static void up_in_flight(struct carrier_up *up, int64_t attempt_id, durable_fn *fn, void *arg)
{
    struct slot *slot = slot_of(up);
    queue_in_flight(slot->router->queue, attempt_id, slot->iccid, fn, arg);
}

/* The next AT+CMGS first, then the book-keeping: both are in the same commit anyway. */
static void up_settle(struct carrier_up *up, int64_t attempt_id, const struct settlement *settlement)
{
    struct slot *slot = slot_of(up);
    if (slot->has_ahead && settlement->outcome == OUTCOME_SENT)
        slot_pump(slot);
    queue_settle(slot->router->queue, attempt_id, settlement, on_settled, NULL);
}

static void up_received(struct carrier_up *up, const struct pdu *pdu, const char *hex, const char *memory,
                        int index, durable_fn *fn, void *arg)
{
    struct slot *slot = slot_of(up);
    const struct line *line = directory_line(slot->router->directory, slot->line_id);
    if (line == NULL) { /* the line's row is never deleted while it has a carrier */
        fn(arg, -ENOENT);
        return;
    }
    const struct service *service = directory_service_of_line(slot->router->directory, line->id);
    struct inbound inbound = {.line_id = line->id,
                              .account_id = line->account_id,
                              .service_id = service != NULL ? service->id : 0,
                              .line_number = line->number,
                              .pdu = pdu,
                              .hex = hex,
                              .memory = memory,
                              .index = index,
                              .received_ms = clock_wall_ms()};
    queue_receive(slot->router->queue, &inbound, fn, arg);
}

static void up_report(struct carrier_up *up, const struct pdu *pdu, const char *hex, durable_fn *fn,
                      void *arg)
{
    struct slot *slot = slot_of(up);
    struct report report = {.line_id = slot->line_id,
                            .mr = pdu->mr,
                            .st = pdu->st,
                            .scts_ms = pdu->scts.valid ? pdu->scts.utc_s * 1000 : 0,
                            .discharge_ms = pdu->discharge.valid ? pdu->discharge.utc_s * 1000 : 0,
                            .hex = hex};
    size_t len = strlen(pdu->address.text);
    if (len >= sizeof report.to)
        len = sizeof report.to - 1;
    memcpy(report.to, pdu->address.text, len);
    queue_report(slot->router->queue, &report, fn, arg);
}

static void up_erased(struct carrier_up *up, const char *memory, int index)
{
    struct slot *slot = slot_of(up);
    queue_erased(slot->router->queue, slot->line_id, memory, index);
}

static int up_sim(struct carrier_up *up, const char *iccid, const char *imsi, const char *number)
{
    struct slot *slot = slot_of(up);
    (void)imsi;
    size_t len = strnlen(iccid, sizeof slot->iccid - 1);
    memcpy(slot->iccid, iccid, len);
    slot->iccid[len] = '\0';
    int status = directory_line_sim(slot->router->directory, slot->line_id, iccid, number);
    if (status != 0)
        log_event(LOG_ERROR, "line.other_sim", "line_id=%lld iccid=%s", (long long)slot->line_id,
                  slot->iccid);
    return status;
}

static void up_changed(struct carrier_up *up)
{
    struct slot *slot = slot_of(up);
    struct carrier_status status;
    slot->carrier->ops->status(slot->carrier, &status);
    if (slot->router->on_change != NULL && status.state != slot->state && status.state != CARRIER_BUSY)
        slot->router->on_change(slot->router->on_change_arg, slot->line_id, &status);
    slot->state = status.state;
    if (status.state == CARRIER_READY)
        slot_pump(slot);
    else if (status.state != CARRIER_BUSY)
        slot_give_back(slot);
}

static const struct carrier_up_ops up_ops = {up_in_flight, up_settle, up_received, up_report,
                                             up_erased,    up_sim,    up_changed};

/* ---- life ---- */

struct router *router_new(struct loop *loop, struct queue *queue, struct directory *directory,
                          struct store *store)
{
    struct router *router = calloc(1, sizeof *router);
    if (router == NULL)
        fatal("out of memory");
    router->loop = loop;
    router->queue = queue;
    router->directory = directory;
    router->store = store;
    queue_watch(queue, QUEUE_WORK, on_work, router);
    store_on_state(store, on_store_state, router);
    return router;
}

static struct slot *router_slot(struct router *router, int64_t line_id)
{
    for (struct slot *slot = router->slots; slot != NULL; slot = slot->next)
        if (slot->line_id == line_id)
            return slot;
    return NULL;
}

void router_add(struct router *router, int64_t line_id, struct carrier *carrier)
{
    struct slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL)
        fatal("out of memory");
    if (router_slot(router, line_id) != NULL)
        fatal("line %lld has a carrier already", (long long)line_id);
    slot->up.ops = &up_ops;
    slot->router = router;
    slot->carrier = carrier;
    slot->line_id = line_id;
    timer_init(&slot->retry, router->loop, on_retry_due, slot);
    timer_init(&slot->look, router->loop, on_look, slot);
    slot->next = router->slots;
    router->slots = slot;

    struct job jobs[RESUMABLE_MAX];
    size_t count = queue_resumable(router->queue, line_id, jobs, RESUMABLE_MAX);
    carrier->ops->start(carrier, &slot->up, jobs, count);
}

static void slot_unlink(struct slot *slot)
{
    struct slot **link = &slot->router->slots;
    while (*link != slot)
        link = &(*link)->next;
    *link = slot->next;
}

static void slot_free_soon(void *arg)
{
    struct slot *slot = arg;
    struct router *router = slot->router;
    slot->carrier->ops->free(slot->carrier);
    timer_stop(&slot->retry);
    timer_stop(&slot->look);
    slot_unlink(slot);
    if (slot->stopped != NULL)
        slot->stopped(slot->stopped_arg);
    free(slot);
    if (router->stopping && router->slots == NULL && router->stopped != NULL)
        router->stopped(router->stopped_arg);
}

/* The carrier calls this from inside its own code: it may only be freed after that. */
static void on_carrier_stopped(void *arg)
{
    struct slot *slot = arg;
    loop_soon(slot->router->loop, slot_free_soon, slot);
}

static void slot_stop(struct slot *slot, void (*fn)(void *arg), void *arg)
{
    if (fn != NULL) { /* the latest wish counts: a line dropped and configured again comes back */
        slot->stopped = fn;
        slot->stopped_arg = arg;
    }
    if (slot->stopping)
        return;
    slot->stopping = true;
    slot_give_back(slot);
    slot->carrier->ops->stop(slot->carrier, on_carrier_stopped, slot);
}

void router_remove(struct router *router, int64_t line_id, void (*fn)(void *arg), void *arg)
{
    struct slot *slot = router_slot(router, line_id);
    if (slot != NULL)
        slot_stop(slot, fn, arg);
    else if (fn != NULL)
        fn(arg);
}

void router_stop(struct router *router, void (*fn)(void *arg), void *arg)
{
    router->stopping = true;
    router->stopped = fn;
    router->stopped_arg = arg;
    if (router->slots == NULL) {
        if (fn != NULL)
            fn(arg);
        return;
    }
    for (struct slot *slot = router->slots; slot != NULL; slot = slot->next)
        slot_stop(slot, NULL, NULL);
}

void router_free(struct router *router)
{
    if (router == NULL)
        return;
    queue_watch(router->queue, QUEUE_WORK, NULL, NULL);
    store_on_state(router->store, NULL, NULL);
    while (router->slots != NULL) {
        struct slot *slot = router->slots;
        slot->carrier->ops->free(slot->carrier);
        timer_stop(&slot->retry);
        timer_stop(&slot->look);
        slot_unlink(slot);
        free(slot);
    }
    free(router);
}

bool router_line_status(struct router *router, int64_t line_id, struct carrier_status *status)
{
    struct slot *slot = router_slot(router, line_id);
    if (slot == NULL)
        return false;
    slot->carrier->ops->status(slot->carrier, status);
    return true;
}

void router_on_change(struct router *router,
                      void (*fn)(void *arg, int64_t line_id, const struct carrier_status *), void *arg)
{
    router->on_change = fn;
    router->on_change_arg = arg;
}
