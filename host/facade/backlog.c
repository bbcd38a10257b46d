/* See backlog.h. */
#include "host/facade/backlog.h"

#include <string.h>

#define WAIT_MOST_S 3600

/* What the lines that may send a message take together. */
struct room {
    int64_t most;  /* unsettled messages */
    int64_t per_s; /* 0 = no limit */
};

static void room_add(const struct facade_rooms *rooms, int64_t line_id, struct room *room)
{
    const struct line *line = directory_line(rooms->directory, line_id);
    for (size_t i = 0; line != NULL && i < rooms->conf->line_count; i++) {
        const struct conf_line *conf = &rooms->conf->lines[i];
        if (strcmp(conf->name, line->name) != 0)
            continue;
        room->most += conf->queue_max;
        room->per_s += conf->rate;
    }
}

/* Until a tenth of the room is free, at the rate of the lines. */
static int wait_s(const struct room *room, int64_t depth)
{
    int64_t over = depth - room->most + room->most / 10 + 1;
    int64_t s = room->per_s > 0 ? (over + room->per_s - 1) / room->per_s : 0;
    return s > WAIT_MOST_S ? WAIT_MOST_S : (int)s;
}

static bool line_admits(const struct facade_rooms *rooms, const struct submission *s, struct refusal *refusal)
{
    const struct service *service =
        s->line_id == 0 ? directory_service(rooms->directory, s->service_id) : NULL;
    struct room room = {0};
    if (s->line_id != 0)
        room_add(rooms, s->line_id, &room);
    for (size_t i = 0; service != NULL && i < service->line_count; i++)
        room_add(rooms, service->line_ids[i], &room);
    int64_t depth = queue_lane_depth(rooms->queue, s->line_id != 0 ? s->line_id : -s->service_id);
    if (depth < room.most)
        return true;
    refuse(refusal, 429, 21611, "SMS queue is full.");
    refusal->retry_after_s = wait_s(&room, depth);
    return false;
}

bool backlog_admits(const struct facade_rooms *rooms, const struct submission *s, struct refusal *refusal)
{
    if (s->send_at_ms != 0)
        return true;
    if (queue_depth(rooms->queue, s->account_id) >= rooms->conf->http.queue_max)
        return refuse(refusal, 429, 20429, "Too Many Requests");
    return line_admits(rooms, s, refusal);
}
