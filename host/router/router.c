/* The router keeps one seat per line: its carrier, the carrier's side of the contract (struct carrier_up),
 * and whether a claim is due.
 *
 * A carrier that turns READY, and new work in the queue, both end in seat_pump(): claim the line's next
 * segment and submit it, at once and inside the caller's turn, so that the next AT+CMGS is on the wire before
 * the last outcome is on disk. The order of the journal keeps that safe: claim, in-flight mark and outcome
 * are ops of the same store, applied in the order they were asked. While a PDU is on its way the next segment
 * is claimed ahead, so that between one result and the next AT+CMGS nothing is left to look up; but not from
 * a pool of several lines, where another may be free sooner.
 *
 * A line whose SIM or network refuses takes no job for a while: its messages keep their turn, and those of a
 * pool leave by another line.
 *
 * Within a pool (choice.h): before a line claims, the service's messages that are ready are put to the lines
 * that should have them, as far as the service wants a choice; the rest goes to the line that is free first,
 * of several the longest unused. A line that is out for STICKY_WAIT_MS, or rests for longer, is lost: what
 * was put to it goes back to the pool.
 *
 * Fails: never by itself. A refusal of the queue (-ESTALE) is passed to the carrier, which then sends
 * nothing. */
#include "host/router/router.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/router/router_internal.h"

#define RESUMABLE_MAX 8
#define SERVICES_MAX  64
#define AHEAD_MS                                                                                             \
    5 /* after a submit: its own in-flight mark is on disk by then, and its PDU still on the wire */

static bool seat_may_send(const struct seat *seat)
{
    const struct line *line = directory_line(seat->router->directory, seat->line_id);
    return !seat->stopping && line != NULL && !line->stopped && clock_mono_ms() >= seat->rests_until_ms &&
           store_open_for_work(seat->router->store);
}

/* True when there is a job to submit next. */
static bool seat_claim(struct seat *seat, bool alone)
{
    int64_t services[SERVICES_MAX], next_ms = 0;
    if (seat->has_ahead)
        return true;
    size_t count = seat_services(seat, alone, services, SERVICES_MAX);
    for (size_t i = 0; i < count && !alone; i++)
        seat_choose(seat, services[i]);
    int status = queue_claim(seat->router->queue, seat->line_id, services, count, &seat->ahead, &next_ms);
    if (status == -EAGAIN && next_ms > 0)
        timer_set(&seat->retry, next_ms - clock_wall_ms());
    seat->has_ahead = status == 0;
    if (seat->has_ahead)
        seat_took(seat, &seat->ahead, services, count);
    return seat->has_ahead;
}

static void on_settled(void *arg, int status)
{
    (void)arg;
    if (status != 0)
        log_event(LOG_WARN, "router.settle_refused", "status=%d", status);
}

/* What was claimed ahead goes back: this carrier may not come to it for long. */
static void seat_give_back(struct seat *seat, const char *reason)
{
    struct settlement settlement = {
        .outcome = OUTCOME_RETRY, .mr = -1, .reason = reason, .carrier_fault = true};
    if (!seat->has_ahead)
        return;
    seat->has_ahead = false;
    queue_settle(seat->router->queue, seat->ahead.attempt_id, &settlement, on_settled, NULL);
}

/* While it was held here. What was claimed beyond its validity (the queue does not trust the clock) still
 * goes. */
static bool seat_has_expired(const struct seat *seat)
{
    return seat->ahead.started_ms < seat->ahead.expires_ms && seat->ahead.expires_ms <= clock_wall_ms();
}

/* The line's rate lets it send now; else it is woken when it does. */
static bool seat_has_turn(struct seat *seat)
{
    int64_t wait_ms = rate_wait_ms(&seat->pace->rate, clock_mono_us());
    if (wait_ms > 0)
        timer_set(&seat->turn, wait_ms);
    return wait_ms == 0;
}

/* Asks for jobs while the carrier takes them. A carrier may settle inside submit (and so come back here): the
 * outer call goes on. */
static void seat_pump(struct seat *seat)
{
    if (seat->pumping)
        return;
    seat->pumping = true;
    while (seat_may_send(seat) && seat_state(seat) == CARRIER_READY && seat_has_turn(seat) &&
           seat_claim(seat, false)) {
        struct job job = seat->ahead;
        if (seat_has_expired(seat)) {
            seat_give_back(seat, "validity is over");
            continue;
        }
        seat->has_ahead = false;
        rate_take(&seat->pace->rate, clock_mono_us());
        timer_set(&seat->look, AHEAD_MS);
        seat->carrier->ops->submit(seat->carrier, &job);
    }
    seat->pumping = false;
}

static void on_look(void *arg)
{
    struct seat *seat = arg;
    bool soon = rate_wait_ms(&seat->pace->rate, clock_mono_us()) == 0; /* else another may have the message */
    if (soon && seat_may_send(seat) && seat_state(seat) == CARRIER_BUSY)
        seat_claim(seat, true);
}

static void on_rested(void *arg)
{
    struct seat *seat = arg;
    log_event(LOG_INFO, "router.rested", "line_id=%lld", (long long)seat->line_id);
    seat_watch(seat);
    seat_pump(seat);
}

static void seat_rest(struct seat *seat, const struct settlement *settlement)
{
    const char *reason = settlement->reason != NULL ? settlement->reason : "";
    seat->rests_until_ms = clock_mono_ms() + settlement->rest_ms;
    snprintf(seat->rests_for, sizeof seat->rests_for, "%s", reason);
    timer_set(&seat->rest, settlement->rest_ms);
    log_event(LOG_WARN, "router.rests", "line_id=%lld ms=%lld reason=\"%s\"", (long long)seat->line_id,
              (long long)settlement->rest_ms, seat->rests_for);
    seat_give_back(seat, "line rests");
    seat_watch(seat);
}

static void on_retry_due(void *arg)
{
    seat_pump(arg);
}

static void on_turn(void *arg)
{
    seat_pump(arg);
}

/* The longest unused first, so that the lines of a pool take turns. */
static void on_work(void *arg)
{
    struct router *router = arg;
    uint64_t round = ++router->count;
    for (;;) {
        struct seat *next = NULL;
        for (struct seat *seat = router->seats; seat != NULL; seat = seat->next)
            if (seat->round < round && (next == NULL || seat->used < next->used))
                next = seat;
        if (next == NULL)
            return;
        next->round = round;
        seat_pump(next);
    }
}

static void on_store_state(void *arg, bool open)
{
    if (open)
        on_work(arg);
}

/* ---- the carrier's side ---- */

static struct seat *seat_of(struct carrier_up *up)
{
    return (struct seat *)up;
}

static void up_in_flight(struct carrier_up *up, int64_t attempt_id, durable_fn *fn, void *arg)
{
    struct seat *seat = seat_of(up);
    queue_in_flight(seat->router->queue, attempt_id, seat->iccid, fn, arg);
}

/* The next AT+CMGS first, then the book-keeping: both are in the same commit anyway. */
static void up_settle(struct carrier_up *up, int64_t attempt_id, const struct settlement *settlement)
{
    struct seat *seat = seat_of(up);
    if (settlement->rest_ms > 0)
        seat_rest(seat, settlement);
    if (seat->has_ahead && settlement->outcome == OUTCOME_SENT)
        seat_pump(seat);
    queue_settle(seat->router->queue, attempt_id, settlement, on_settled, NULL);
}

static void up_received(struct carrier_up *up, const struct pdu *pdu, const char *hex, const char *memory,
                        int index, durable_fn *fn, void *arg)
{
    struct seat *seat = seat_of(up);
    const struct line *line = directory_line(seat->router->directory, seat->line_id);
    if (line == NULL) { /* the line's row is never deleted while it has a carrier */
        fn(arg, -ENOENT);
        return;
    }
    const struct service *service = directory_service_of_line(seat->router->directory, line->id);
    struct inbound inbound = {.line_id = line->id,
                              .account_id = line->account_id,
                              .service_id = service != NULL ? service->id : 0,
                              .line_number = line->number,
                              .pdu = pdu,
                              .hex = hex,
                              .memory = memory,
                              .index = index,
                              .received_ms = clock_wall_ms()};
    queue_receive(seat->router->queue, &inbound, fn, arg);
}

static void up_report(struct carrier_up *up, const struct pdu *pdu, const char *hex, durable_fn *fn,
                      void *arg)
{
    struct seat *seat = seat_of(up);
    struct report report = {.line_id = seat->line_id,
                            .mr = pdu->mr,
                            .st = pdu->st,
                            .scts_ms = pdu->scts.valid ? pdu->scts.utc_s * 1000 : 0,
                            .discharge_ms = pdu->discharge.valid ? pdu->discharge.utc_s * 1000 : 0,
                            .hex = hex};
    size_t len = strlen(pdu->address.text);
    if (len >= sizeof report.to)
        len = sizeof report.to - 1;
    memcpy(report.to, pdu->address.text, len);
    queue_report(seat->router->queue, &report, fn, arg);
}

static void up_erased(struct carrier_up *up, const char *memory, int index)
{
    struct seat *seat = seat_of(up);
    queue_erased(seat->router->queue, seat->line_id, memory, index);
}

static int up_sim(struct carrier_up *up, const char *iccid, const char *imsi, const char *number)
{
    struct seat *seat = seat_of(up);
    (void)imsi;
    size_t len = strnlen(iccid, sizeof seat->iccid - 1);
    memcpy(seat->iccid, iccid, len);
    seat->iccid[len] = '\0';
    int status = directory_line_sim(seat->router->directory, seat->line_id, iccid, number);
    if (status != 0)
        log_event(LOG_ERROR, "line.other_sim", "line_id=%lld iccid=%s", (long long)seat->line_id,
                  seat->iccid);
    return status;
}

static void up_changed(struct carrier_up *up)
{
    struct seat *seat = seat_of(up);
    struct carrier_status status;
    seat->carrier->ops->status(seat->carrier, &status);
    if (seat->router->on_change != NULL && status.state != seat->state && status.state != CARRIER_BUSY)
        seat->router->on_change(seat->router->on_change_arg, seat->line_id, &status);
    seat->state = status.state;
    seat_watch(seat);
    if (status.state == CARRIER_READY)
        seat_pump(seat);
    else if (status.state != CARRIER_BUSY)
        seat_give_back(seat, "line not ready");
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
    router->sticky = sticky_new(store, STICKY_MOST);
    timer_init(&router->work, loop, on_work, router);
    queue_watch(queue, QUEUE_WORK, on_work, router);
    directory_on_services(directory, router_services_changed, router);
    router_services_changed(router); /* which lines there are now is not what it was before */
    store_on_state(store, on_store_state, router);
    return router;
}

static struct pace *router_pace(struct router *router, int64_t line_id)
{
    struct pace *pace = router->paces;
    while (pace != NULL && pace->line_id != line_id)
        pace = pace->next;
    if (pace != NULL)
        return pace;
    if ((pace = calloc(1, sizeof *pace)) == NULL)
        fatal("out of memory");
    *pace = (struct pace){.next = router->paces, .line_id = line_id};
    return router->paces = pace;
}

void router_rate(struct router *router, int64_t line_id, int per_s)
{
    struct pace *pace = router_pace(router, line_id);
    struct seat *seat = router_seat(router, line_id);
    if (pace->rate.per_s == per_s)
        return;
    rate_set(&pace->rate, per_s, clock_mono_us());
    if (seat != NULL)
        seat_pump(seat);
}

void router_add(struct router *router, int64_t line_id, struct carrier *carrier)
{
    struct seat *seat = calloc(1, sizeof *seat);
    if (seat == NULL)
        fatal("out of memory");
    if (router_seat(router, line_id) != NULL)
        fatal("line %lld has a carrier already", (long long)line_id);
    seat->up.ops = &up_ops;
    seat->router = router;
    seat->carrier = carrier;
    seat->line_id = line_id;
    timer_init(&seat->retry, router->loop, on_retry_due, seat);
    timer_init(&seat->look, router->loop, on_look, seat);
    timer_init(&seat->rest, router->loop, on_rested, seat);
    timer_init(&seat->lose, router->loop, seat_lose, seat);
    timer_init(&seat->turn, router->loop, on_turn, seat);
    seat->pace = router_pace(router, line_id);
    seat->next = router->seats;
    router->seats = seat;

    struct job jobs[RESUMABLE_MAX];
    store_flush(router->store); /* what the line's last carrier settled is in flight no more */
    size_t count = queue_resumable(router->queue, line_id, jobs, RESUMABLE_MAX);
    carrier->ops->start(carrier, &seat->up, jobs, count);
    seat_watch(seat);
}

static void seat_unlink(struct seat *seat)
{
    struct seat **link = &seat->router->seats;
    while (*link != seat)
        link = &(*link)->next;
    *link = seat->next;
}

/* All of it but its own memory. */
static void seat_end(struct seat *seat)
{
    seat->carrier->ops->free(seat->carrier);
    timer_stop(&seat->retry);
    timer_stop(&seat->look);
    timer_stop(&seat->rest);
    timer_stop(&seat->lose);
    timer_stop(&seat->turn);
    seat_unlink(seat);
}

static void seat_free_soon(void *arg)
{
    struct seat *seat = arg;
    struct router *router = seat->router;
    seat_end(seat);
    if (seat->stopped != NULL)
        seat->stopped(seat->stopped_arg);
    free(seat);
    if (router->stopping && router->seats == NULL && router->stopped != NULL)
        router->stopped(router->stopped_arg);
}

/* The carrier calls this from inside its own code: it may only be freed after that. */
static void on_carrier_stopped(void *arg)
{
    struct seat *seat = arg;
    loop_soon(seat->router->loop, seat_free_soon, seat);
}

static void seat_stop(struct seat *seat, void (*fn)(void *arg), void *arg)
{
    if (fn != NULL) { /* the latest wish counts: a line dropped and configured again comes back */
        seat->stopped = fn;
        seat->stopped_arg = arg;
    }
    if (seat->stopping)
        return;
    seat->stopping = true;
    seat_give_back(seat, "line stops");
    if (!seat->router->stopping)
        seat_lose(seat);
    seat->carrier->ops->stop(seat->carrier, on_carrier_stopped, seat);
}

void router_remove(struct router *router, int64_t line_id, void (*fn)(void *arg), void *arg)
{
    struct seat *seat = router_seat(router, line_id);
    if (seat != NULL)
        seat_stop(seat, fn, arg);
    else if (fn != NULL)
        fn(arg);
}

void router_stop(struct router *router, void (*fn)(void *arg), void *arg)
{
    router->stopping = true;
    router->stopped = fn;
    router->stopped_arg = arg;
    if (router->seats == NULL) {
        if (fn != NULL)
            fn(arg);
        return;
    }
    for (struct seat *seat = router->seats; seat != NULL; seat = seat->next)
        seat_stop(seat, NULL, NULL);
}

void router_free(struct router *router)
{
    if (router == NULL)
        return;
    queue_watch(router->queue, QUEUE_WORK, NULL, NULL);
    store_on_state(router->store, NULL, NULL);
    directory_on_services(router->directory, NULL, NULL);
    timer_stop(&router->work);
    while (router->seats != NULL) {
        struct seat *seat = router->seats;
        seat_end(seat);
        free(seat);
    }
    while (router->paces != NULL) {
        struct pace *pace = router->paces;
        router->paces = pace->next;
        free(pace);
    }
    sticky_free(router->sticky);
    free(router);
}

bool router_line_status(struct router *router, int64_t line_id, struct carrier_status *status)
{
    struct seat *seat = router_seat(router, line_id);
    if (seat == NULL)
        return false;
    seat->carrier->ops->status(seat->carrier, status);
    int64_t left_ms = seat->rests_until_ms - clock_mono_ms();
    if (left_ms > 0 && status->condition[0] == '\0')
        snprintf(status->condition, sizeof status->condition, "no jobs for %lld s: %s",
                 (long long)(left_ms + 999) / 1000, seat->rests_for);
    return true;
}

void router_on_change(struct router *router,
                      void (*fn)(void *arg, int64_t line_id, const struct carrier_status *), void *arg)
{
    router->on_change = fn;
    router->on_change_arg = arg;
}
