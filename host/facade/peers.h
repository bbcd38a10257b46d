/* How many connections each client address has. IPv4 by the whole address; IPv6 by its first 64 bits, which
 * is what one customer of a network has. Memory: one entry per address that is connected. */
#ifndef CELLPOST_FACADE_PEERS_H
#define CELLPOST_FACADE_PEERS_H

#include <stdint.h>
#include <sys/socket.h>

#define PEERS_BUCKETS 1024

struct peer {
    struct peer *next;
    uint64_t key;
    int connections;
    int spare; /* of these, how many could be given up */
};

struct peers {
    struct peer *buckets[PEERS_BUCKETS];
    uint64_t salt; /* nobody outside chooses the bucket */
};

void peers_init(struct peers *);
/* The entry of an address, made when absent. All Unix sockets are one. Lent until peers_leave has taken its
 * last connection. */
struct peer *peers_enter(struct peers *, const struct sockaddr *); /* counts one more */
void peers_leave(struct peers *, struct peer *);                   /* one less */

#endif
