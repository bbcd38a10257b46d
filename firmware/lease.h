/* The host's watch. The host's supply is cut only when its heartbeat, or its progress, is lost: never because
 * a modem is bad, never while the supply is low. After HOST_CYCLES cuts without a heartbeat it is left alone
 * for an hour. */
#ifndef CELLPOST_FIRMWARE_LEASE_H
#define CELLPOST_FIRMWARE_LEASE_H

#include "firmware/board.h"

#define LEASE_REST_S        3600
#define LEASE_MAINTENANCE_S 3600

void lease_start(void);
void lease_step(uint32_t now_ms); /* raises LINK_TYPE_LEASE_STATE at a change */
void lease_heartbeat(const struct link_heartbeat *, uint32_t now_ms);
/* Leaves the host alone; 0 ends it. Until a heartbeat with progress comes, all that is asked for ends an hour
 * after the first of it: a host that hangs cannot hold the watch off for ever. *seconds becomes what is
 * granted, which may be none. False: more than an hour. */
bool lease_maintenance(uint16_t *seconds, uint32_t now_ms);
enum link_lease lease_state(void);
uint8_t lease_cycles(void);
uint32_t lease_commit(void);
bool lease_heard(void);      /* a heartbeat since the start */
bool lease_host_there(void); /* a heartbeat within the lease, or maintenance */

#endif
