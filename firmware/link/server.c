#include "firmware/link/server.h"

#include <string.h>

void link_server_init(struct link_server *server, const struct link_server_ops *ops, void *arg)
{
    memset(server, 0, sizeof *server);
    server->ops = ops;
    server->arg = arg;
}

/* ---- requests ---- */

static uint16_t frame_crc(const struct link_frame *frame)
{
    uint16_t crc = 0xFFFF;
    for (uint8_t i = 0; i < frame->len; i++)
        crc = link_crc(crc, frame->payload[i]);
    return crc;
}

static void answer(struct link_server *server)
{
    const struct link_frame *frame = &server->frame;
    uint8_t payload[LINK_PAYLOAD_MAX];
    enum link_status status = LINK_OK;
    uint16_t crc = frame_crc(frame);
    if (!server->cached || server->cached_seq != frame->seq || server->cached_type != frame->type ||
        server->cached_crc != crc) {
        uint8_t len = server->ops->request(server->arg, frame, payload + 1, &status);
        payload[0] = (uint8_t)status;
        server->cached = true;
        server->cached_type = frame->type;
        server->cached_seq = frame->seq;
        server->cached_crc = crc;
        server->cached_len = link_encode((uint8_t)(frame->type | LINK_ANSWER), frame->seq, payload,
                                         (uint8_t)(len + 1), server->cached_wire);
    }
    (void)server->ops->send(server->arg, server->cached_wire, server->cached_len);
}

static void acknowledge(struct link_server *server)
{
    struct link_event_ack ack;
    if (!link_get_event_ack(&ack, server->frame.payload, server->frame.len))
        return;
    for (uint8_t i = 0; i < LINK_EVENTS_MAX; i++) {
        struct link_event *event = &server->events[i];
        if (event->pending && event->sent && event->number == ack.number &&
            (event->type | LINK_ANSWER) == server->frame.type && event->seq == server->frame.seq)
            event->pending = false;
    }
}

void link_server_octet(struct link_server *server, uint8_t octet)
{
    if (!link_decode(&server->decoder, octet, &server->frame))
        return;
    if ((server->frame.type & LINK_ANSWER) != 0)
        acknowledge(server);
    else
        answer(server);
}

/* ---- events ---- */

static struct link_event *place_of(struct link_server *server, uint8_t type, uint8_t index)
{
    struct link_event *free_place = NULL;
    for (uint8_t i = 0; i < LINK_EVENTS_MAX; i++) {
        struct link_event *event = &server->events[i];
        if (event->type == type && event->index == index)
            return event;
        if (event->type == 0 && free_place == NULL)
            free_place = event;
    }
    return free_place;
}

bool link_server_raise(struct link_server *server, uint8_t type, uint8_t index)
{
    struct link_event *event = place_of(server, type, index);
    if (event == NULL)
        return false;
    event->type = type;
    event->index = index;
    event->seq = ++server->seq;
    event->number = (uint16_t)((uint16_t)server->life << 8 | event->seq);
    event->pending = true;
    event->sent = false;
    event->repeat_ms = LINK_REPEAT_MS;
    return true;
}

static bool send_event(struct link_server *server, struct link_event *event)
{
    uint8_t payload[LINK_PAYLOAD_MAX], wire[LINK_WIRE_MAX];
    uint8_t len = server->ops->render(server->arg, event->type, event->index, event->number, payload);
    return server->ops->send(server->arg, wire, link_encode(event->type, event->seq, payload, len, wire));
}

void link_server_step(struct link_server *server, uint32_t now_ms)
{
    struct link_event *due = NULL;
    for (uint8_t i = 0; i < LINK_EVENTS_MAX; i++) {
        struct link_event *event = &server->events[i];
        if (event->pending && (!event->sent || now_ms - event->sent_ms >= event->repeat_ms) &&
            (due == NULL || (uint8_t)(due->seq - event->seq) < 0x80))
            due = event;
    }
    if (due == NULL || !send_event(server, due))
        return;
    if (due->sent && due->repeat_ms < LINK_REPEAT_MAX_MS)
        due->repeat_ms = (uint16_t)(due->repeat_ms * 2u);
    due->sent = true;
    due->sent_ms = now_ms;
}

void link_server_greet(struct link_server *server)
{
    for (uint8_t i = 0; i < LINK_EVENTS_MAX; i++) {
        server->events[i].sent = false;
        server->events[i].repeat_ms = LINK_REPEAT_MS;
    }
}

uint8_t link_server_pending(const struct link_server *server)
{
    uint8_t count = 0;
    for (uint8_t i = 0; i < LINK_EVENTS_MAX; i++)
        count = (uint8_t)(count + (server->events[i].pending ? 1 : 0));
    return count;
}
