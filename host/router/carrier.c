#include "host/router/carrier.h"

const char *carrier_state_text(enum carrier_state state)
{
    switch (state) {
    case CARRIER_STARTING: return "starting";
    case CARRIER_READY: return "ready";
    case CARRIER_BUSY: return "busy";
    case CARRIER_SUSPECT: return "suspect";
    case CARRIER_RECOVERY: return "recovery";
    case CARRIER_QUARANTINED: return "quarantined";
    case CARRIER_STOPPED: return "stopped";
    }
    return "?";
}
