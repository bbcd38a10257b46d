/* Names of the enumerations' values, apart from message.c so that no firmware image carries them. */
#include "firmware/link/message.h"

#define NAME_IF(name, number, text)                                                                          \
    if (value == (number))                                                                                   \
        return #name;
#define SETTING_IF(name, number, initial, least, most, text) NAME_IF(name, number, text)

#define NAMES(what, ROWS, IF)                                                                                \
    const char *link_##what##_name(unsigned value)                                                           \
    {                                                                                                        \
        ROWS(IF)                                                                                             \
        return "?";                                                                                          \
    }

NAMES(status, LINK_STATUSES, NAME_IF)
NAMES(target, LINK_TARGETS, NAME_IF)
NAMES(phase, LINK_PHASES, NAME_IF)
NAMES(reason, LINK_REASONS, NAME_IF)
NAMES(cause, LINK_CAUSES, NAME_IF)
NAMES(supply, LINK_SUPPLIES, NAME_IF)
NAMES(lease, LINK_LEASES, NAME_IF)
NAMES(module, LINK_MODULES, NAME_IF)
NAMES(log, LINK_LOG_CODES, NAME_IF)
NAMES(setting, LINK_SETTINGS, SETTING_IF)
