/* The router's side of the choice within a pool: which lines there are and how they are, what their services
 * want, and how long a message waits for the line that its recipient knows. choice.c decides; the queue keeps
 * what was decided (queue_prefer) until the line has it or is lost (queue_release). */
#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/router/choice.h"
#include "host/router/router_internal.h"

#define STICKY_WAIT_MS 30000 /* how long messages wait for the line that their recipient knows */

enum carrier_state seat_state(const struct seat *seat)
{
    struct carrier_status status;
    seat->carrier->ops->status(seat->carrier, &status);
    return status.state;
}

static bool in_pool(const struct service *service, int64_t line_id)
{
    for (size_t i = 0; i < service->line_count; i++)
        if (service->line_ids[i] == line_id)
            return true;
    return false;
}

/* Services whose pool holds the line: their messages may leave here too; the live ones come first. Alone:
 * those of no other line. */
size_t seat_services(const struct seat *seat, bool alone, int64_t *ids, size_t max)
{
    struct directory *directory = seat->router->directory;
    const struct line *line = directory_line(directory, seat->line_id);
    const struct service *service;
    size_t count = 0;
    if (line == NULL)
        return 0;
    for (int live = 1; live >= 0; live--)
        for (size_t n = 0; (service = directory_service_at(directory, line->account_id, n)) != NULL; n++)
            if (service->live == live && count < max && !(alone && service->line_count > 1) &&
                in_pool(service, seat->line_id))
                ids[count++] = service->id;
    return count;
}

struct seat *router_seat(struct router *router, int64_t line_id)
{
    for (struct seat *seat = router->seats; seat != NULL; seat = seat->next)
        if (seat->line_id == line_id)
            return seat;
    return NULL;
}

static bool seat_is_up(const struct seat *seat)
{
    const struct line *line = directory_line(seat->router->directory, seat->line_id);
    enum carrier_state state = seat_state(seat);
    return !seat->stopping && line != NULL && !line->stopped && clock_mono_ms() >= seat->rests_until_ms &&
           (state == CARRIER_READY || state == CARRIER_BUSY);
}

struct choosing {
    struct router *router;
    int64_t asks;
};

/* A line without a carrier is not there. */
static size_t pool_lines(struct router *router, const struct service *service, struct choice_line *lines)
{
    size_t count = 0;
    for (size_t i = 0; i < service->line_count && count < POOL_MAX; i++) {
        const struct seat *seat = router_seat(router, service->line_ids[i]);
        const struct line *line = directory_line(router->directory, service->line_ids[i]);
        if (seat == NULL || line == NULL || !line->configured)
            continue;
        bool up = seat_is_up(seat);
        lines[count++] = (struct choice_line){.line_id = line->id,
                                              .number = line->number,
                                              .state = up                             ? CHOICE_UP
                                                       : seat->lost || seat->stopping ? CHOICE_LOST
                                                                                      : CHOICE_DOWN,
                                              .idle = up && seat_state(seat) == CARRIER_READY,
                                              .used = seat->used};
    }
    return count;
}

/* Inside the queue's op. */
static int64_t choose(void *arg, int64_t service_id, const char *to)
{
    const struct choosing *choosing = arg;
    struct router *router = choosing->router;
    struct choice_line lines[POOL_MAX];
    const struct service *service = directory_service(router->directory, service_id);
    if (service == NULL)
        return 0;
    int64_t sticky = service->sticky_sender ? sticky_line(router->sticky, service_id, to) : 0;
    return choose_line(lines, pool_lines(router, service, lines), sticky, service->area_code_geomatch, to,
                       choosing->asks);
}

void seat_choose(struct seat *seat, int64_t service_id)
{
    const struct service *service = directory_service(seat->router->directory, service_id);
    struct choosing choosing = {seat->router, seat->line_id};
    int moved = 0;
    if (service == NULL || service->line_count < 2 ||
        !(service->sticky_sender || service->area_code_geomatch))
        return;
    do {
        moved = queue_prefer(seat->router->queue, seat->line_id, service_id, choose, &choosing);
        if (moved > 0)
            timer_set(&seat->router->work, 0);
    } while (moved == PREFER_MOST);
}

/* What was put to the line is for the whole pool again. */
static void seat_release(struct seat *seat)
{
    int64_t services[SERVICES_MAX];
    size_t count = seat_services(seat, false, services, SERVICES_MAX);
    for (size_t i = 0; i < count; i++)
        queue_release(seat->router->queue, services[i], seat->line_id);
}

void seat_lose(void *arg)
{
    struct seat *seat = arg;
    seat->lost = true;
    log_event(LOG_WARN, "router.line_lost", "line_id=%lld", (long long)seat->line_id);
    seat_release(seat);
    timer_set(&seat->router->work, 0);
}

/* Whenever it may have gone out or come back. */
void seat_watch(struct seat *seat)
{
    bool was_out = seat->out;
    int64_t rests_ms = seat->rests_until_ms - clock_mono_ms();
    seat->out = !seat_is_up(seat);
    if (!seat->out) {
        seat->lost = false;
        timer_stop(&seat->lose);
    } else if (rests_ms > STICKY_WAIT_MS && !seat->lost) {
        timer_set(&seat->lose, 0);
    } else if (!was_out) {
        timer_set(&seat->lose, STICKY_WAIT_MS);
    }
}

/* Pools, or what their services want, have changed. */
void router_services_changed(void *arg)
{
    struct router *router = arg;
    const struct service *service;
    for (size_t n = 0; (service = directory_service_at(router->directory, 0, n)) != NULL; n++)
        queue_release(router->queue, service->id, 0);
    timer_set(&router->work, 0);
}

/* The service's messages remember it; a message of several segments once. */
void seat_took(struct seat *seat, const struct job *job, const int64_t *services, size_t count)
{
    seat->used = ++seat->router->count;
    for (size_t i = 0; i < count && job->seq == 1; i++)
        if (directory_service(seat->router->directory, services[i])->sticky_sender) {
            sticky_note(seat->router->sticky, job->message_id, seat->line_id);
            return;
        }
}
