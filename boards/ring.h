/* Octets between an interrupt and the loop: one side puts, the other takes. */
#ifndef CELLPOST_BOARDS_RING_H
#define CELLPOST_BOARDS_RING_H

#include <stdbool.h>
#include <stdint.h>

struct ring {
    volatile uint8_t in, out; /* equal: empty; they wrap by themselves */
    volatile uint8_t octets[256];
};

static inline uint8_t ring_room(const struct ring *ring)
{
    return (uint8_t)(ring->out - ring->in - 1);
}

/* Lost where there is no room. */
static inline void ring_put(struct ring *ring, uint8_t octet)
{
    if (ring_room(ring) == 0)
        return;
    ring->octets[ring->in] = octet;
    ring->in = (uint8_t)(ring->in + 1);
}

/* -1: empty */
static inline int16_t ring_take(struct ring *ring)
{
    if (ring->out == ring->in)
        return -1;
    uint8_t octet = ring->octets[ring->out];
    ring->out = (uint8_t)(ring->out + 1);
    return octet;
}

#endif
