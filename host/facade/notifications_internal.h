/* What the two ways to read notifications share: api v2010's Notifications and Monitor's Alerts. */
#ifndef CELLPOST_FACADE_NOTIFICATIONS_INTERNAL_H
#define CELLPOST_FACADE_NOTIFICATIONS_INTERNAL_H

#include "host/facade/api.h"
#include "host/queue/notification.h"

#define NOTIFICATION_MORE_INFO "https://www.twilio.com/docs/errors/%d"

typedef json_t *notification_render(const struct api_call *, const struct notification *);

/* Fills a page with what the filter holds (its keys and limit are set here). */
void notifications_page(const struct api_call *, struct notification_filter *, notification_render *,
                        struct page_fill *);
/* The one that the path names; NULL, and the call has ended, where there is none. */
json_t *notifications_one(struct api_call *, notification_render *);

#endif
