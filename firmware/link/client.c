#include "firmware/link/client.h"

#include <string.h>

void link_client_init(struct link_client *client, const struct link_client_ops *ops, void *arg, uint8_t seq)
{
    memset(client, 0, sizeof *client);
    client->ops = ops;
    client->arg = arg;
    client->seq = seq;
}

bool link_client_request(struct link_client *client, uint8_t type, const uint8_t *payload, uint8_t len,
                         uint32_t now_ms)
{
    if (client->waiting)
        return false;
    client->waiting = true;
    client->type = type;
    client->seq++;
    client->tries = 1;
    client->sent_ms = now_ms;
    client->wire_len = link_encode(type, client->seq, payload, len, client->wire);
    client->ops->send(client->arg, client->wire, client->wire_len);
    return true;
}

void link_client_step(struct link_client *client, uint32_t now_ms)
{
    if (!client->waiting || now_ms - client->sent_ms < LINK_ANSWER_MS)
        return;
    if (client->tries == LINK_TRIES) {
        client->waiting = false;
        client->ops->answered(client->arg, client->type, LINK_CLIENT_MUTE, NULL, 0);
        return;
    }
    client->tries++;
    client->sent_ms = now_ms;
    client->ops->send(client->arg, client->wire, client->wire_len);
}

static void take_answer(struct link_client *client)
{
    const struct link_frame *frame = &client->frame;
    if (!client->waiting || frame->seq != client->seq || frame->type != (client->type | LINK_ANSWER) ||
        frame->len == 0)
        return;
    client->waiting = false;
    client->ops->answered(client->arg, client->type, frame->payload[0], frame->payload + 1,
                          (uint8_t)(frame->len - 1));
}

static bool told_before(struct link_client *client, uint8_t type, uint16_t number)
{
    const uint8_t places = sizeof client->told / sizeof client->told[0];
    for (uint8_t i = 0; i < places; i++)
        if (client->told[i].type == type && client->told[i].number == number)
            return true;
    client->told[client->told_next].type = type;
    client->told[client->told_next].number = number;
    client->told_next = (uint8_t)((client->told_next + 1) % places);
    return false;
}

/* Every event begins with its number. */
static void take_event(struct link_client *client)
{
    const struct link_frame *frame = &client->frame;
    struct link_event_ack ack;
    uint8_t payload[LINK_PAYLOAD_MAX], wire[LINK_WIRE_MAX];
    if (!link_get_event_ack(&ack, frame->payload, frame->len))
        return;
    bool again = told_before(client, frame->type, ack.number);
    uint8_t len = link_put_event_ack(&ack, payload);
    client->ops->send(client->arg, wire,
                      link_encode((uint8_t)(frame->type | LINK_ANSWER), frame->seq, payload, len, wire));
    if (!again)
        client->ops->event(client->arg, frame->type, frame->payload, frame->len);
}

void link_client_octet(struct link_client *client, uint8_t octet)
{
    if (!link_decode(&client->decoder, octet, &client->frame))
        return;
    if ((client->frame.type & LINK_ANSWER) != 0)
        take_answer(client);
    else if (client->frame.type >= LINK_EVENT_FIRST)
        take_event(client);
}

void link_client_drop(struct link_client *client)
{
    client->waiting = false;
}

void link_client_forget(struct link_client *client)
{
    memset(client->told, 0, sizeof client->told);
}
