/* See peers.h. */
#include "host/facade/peers.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/base/secret.h"

void peers_init(struct peers *p)
{
    *p = (struct peers){.salt = 0};
    secret_random(&p->salt, sizeof p->salt);
}

static uint64_t key_of(const struct sockaddr *from)
{
    uint64_t key = 0;
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)from;
        return ntohl(in->sin_addr.s_addr);
    }
    if (from->sa_family != AF_INET6)
        return UINT64_MAX;
    const struct sockaddr_in6 *in6 = (const void *)from;
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
        uint32_t v4;
        memcpy(&v4, in6->sin6_addr.s6_addr + 12, sizeof v4);
        return ntohl(v4);
    }
    memcpy(&key, in6->sin6_addr.s6_addr, sizeof key);
    return key;
}

static struct peer **bucket_of(struct peers *p, uint64_t key)
{
    uint64_t mixed = (key ^ p->salt) * UINT64_C(0x9e3779b97f4a7c15);
    return &p->buckets[(mixed ^ mixed >> 32) % PEERS_BUCKETS];
}

struct peer *peers_enter(struct peers *p, const struct sockaddr *from)
{
    uint64_t key = key_of(from);
    struct peer **bucket = bucket_of(p, key), *peer = *bucket;
    while (peer != NULL && peer->key != key)
        peer = peer->next;
    if (peer == NULL) {
        peer = calloc(1, sizeof *peer);
        if (peer == NULL)
            fatal("out of memory");
        *peer = (struct peer){.key = key, .next = *bucket};
        *bucket = peer;
    }
    peer->connections++;
    return peer;
}

void peers_leave(struct peers *p, struct peer *peer)
{
    if (--peer->connections > 0)
        return;
    struct peer **at = bucket_of(p, peer->key);
    while (*at != peer)
        at = &(*at)->next;
    *at = peer->next;
    free(peer);
}
