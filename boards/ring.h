/* Octets between an interrupt and the loop: one side puts, the other takes. A part with little memory defines
 * RING_LEN before it includes this. */
#ifndef CELLPOST_BOARDS_RING_H
#define CELLPOST_BOARDS_RING_H

#include <stdint.h>

#ifndef RING_LEN
#define RING_LEN 256 /* a power of two, at most that; one octet of it stays free */
#endif

struct ring {
    volatile uint8_t in, out;          /* equal: empty; each side writes one of them only */
    volatile uint8_t octets[RING_LEN]; /* in their place before the index that tells of them */
};

static inline uint8_t ring_room(const struct ring *ring)
{
    return (uint8_t)((unsigned)(ring->out - ring->in - 1) % RING_LEN);
}

/* Lost where there is no room. */
static inline void ring_put(struct ring *ring, uint8_t octet)
{
    if (ring_room(ring) == 0)
        return;
    ring->octets[ring->in] = octet;
    ring->in = (uint8_t)((ring->in + 1u) % RING_LEN);
}

/* -1: empty */
static inline int16_t ring_take(struct ring *ring)
{
    if (ring->out == ring->in)
        return -1;
    uint8_t octet = ring->octets[ring->out];
    ring->out = (uint8_t)((ring->out + 1u) % RING_LEN);
    return octet;
}

#endif
