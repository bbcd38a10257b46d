/* What httpc's two files share. */
#ifndef CELLPOST_BASE_HTTPC_INTERNAL_H
#define CELLPOST_BASE_HTTPC_INTERNAL_H

#include <sys/socket.h>

#include "host/base/httpc.h"

struct httpc_policy {
    struct httpc_range *allow, *deny;
    size_t allow_count, deny_count;
};
bool httpc_policy_allows(const struct httpc_policy *, const struct sockaddr *);

#endif
