/* Any octets, to both ends: no reading or writing out of bounds, no frame longer than its bound, every answer
 * well formed; what a message's decoder accepts is encoded to the same octets again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/link/client.h"
#include "firmware/link/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

#define ROUND(name)                                                                                          \
    {                                                                                                        \
        struct link_##name m;                                                                                \
        if (link_get_##name(&m, in, len)) {                                                                  \
            struct link_##name again;                                                                        \
            uint8_t out_len = link_put_##name(&m, out);                                                      \
            require(out_len <= LINK_PAYLOAD_MAX && link_get_##name(&again, out, out_len));                   \
            require(link_put_##name(&again, twice) == out_len && memcmp(out, twice, out_len) == 0);          \
        }                                                                                                    \
    }
#define ROUND_REQUEST(NAME, name, number, text) ROUND(name) ROUND(name##_answer)
#define ROUND_EVENT(NAME, name, number, text)   ROUND(name)

static void messages(const uint8_t *in, uint8_t len)
{
    uint8_t out[LINK_PAYLOAD_MAX], twice[LINK_PAYLOAD_MAX];
    LINK_REQUESTS(ROUND_REQUEST)
    LINK_EVENTS(ROUND_EVENT)
}

static void well_formed(const uint8_t *octets, uint8_t len)
{
    struct link_decoder decoder;
    struct link_frame frame;
    unsigned frames = 0;
    require(len >= 3 && len <= LINK_WIRE_MAX);
    link_decoder_init(&decoder);
    for (uint8_t i = 0; i < len; i++)
        frames += link_decode(&decoder, octets[i], &frame);
    require(frames == 1);
}

static bool server_send(void *arg, const uint8_t *octets, uint8_t len)
{
    (void)arg;
    well_formed(octets, len);
    return true;
}

static void client_send(void *arg, const uint8_t *octets, uint8_t len)
{
    (void)arg;
    well_formed(octets, len);
}

static uint8_t request(void *arg, const struct link_frame *frame, uint8_t *out, enum link_status *status)
{
    (void)arg;
    *status = LINK_OK;
    messages(frame->payload, frame->len);
    memset(out, 0, LINK_PAYLOAD_MAX - 1);
    return LINK_PAYLOAD_MAX - 1;
}

static uint8_t render(void *arg, uint8_t type, uint8_t index, uint16_t number, uint8_t *out)
{
    (void)arg;
    (void)type;
    (void)index;
    return link_put_fault(&(struct link_fault){.number = number}, out);
}

static void answered(void *arg, uint8_t type, int status, const uint8_t *payload, uint8_t len)
{
    (void)arg;
    (void)type;
    (void)status;
    messages(payload, len);
}

static void event(void *arg, uint8_t type, const uint8_t *payload, uint8_t len)
{
    (void)arg;
    (void)type;
    messages(payload, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct link_server_ops server_ops = {request, render, server_send};
    static const struct link_client_ops client_ops = {client_send, answered, event};
    struct link_server server;
    struct link_client client;
    link_server_init(&server, &server_ops, NULL);
    link_client_init(&client, &client_ops, NULL, 0);
    (void)link_client_request(&client, LINK_TYPE_HELLO, NULL, 0, 0);
    require(link_server_raise(&server, LINK_TYPE_FAULT, 0));
    link_server_step(&server, 0);
    for (size_t i = 0; i < size; i++) {
        link_server_octet(&server, data[i]);
        link_client_octet(&client, data[i]);
    }
    if (size <= LINK_PAYLOAD_MAX)
        messages(data, (uint8_t)size);
    return 0;
}
