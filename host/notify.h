/* systemd's readiness and watchdog protocol (sd_notify(3)), spoken directly: one datagram, no library. */
#ifndef CELLPOST_NOTIFY_H
#define CELLPOST_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1" and the like to $NOTIFY_SOCKET; nothing without it. */
void notify_send(const char *state);
/* Half of $WATCHDOG_USEC in milliseconds, 0 when systemd does not watch this process. */
int64_t notify_watchdog_ms(void);

#endif
