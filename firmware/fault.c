#include "firmware/fault.h"

#include "firmware/kept.h"
#include "firmware/log.h"
#include "firmware/slot.h"
#include "firmware/talk.h"
#include "firmware/tick.h"

static enum link_cause cause;

_Noreturn void fault(const char *reason)
{
    uint8_t i = 0;
    if (kept == NULL)
        board_reset(); /* in the board's own start: there is nowhere to keep it yet, and every pin is let go
                        */
    for (char c; i < LINK_TEXT_LEN && (c = board_text_octet(reason, i)) != '\0'; i++)
        kept->fault[i] = c;
    kept->fault[i] = '\0';
    kept->fault_pending = 1;
    kept_close();
    slot_pins_safe();
    board_pin(BOARD_HOST_CUT, 0, false);
    board_reset();
}

/* Which task stood when the watchdog bit. */
static void name_late(void)
{
    const char *text = tick_name(kept->late);
    uint8_t i = 0;
    for (char c; i < LINK_TEXT_LEN && (c = board_text_octet(text, i)) != '\0'; i++)
        kept->fault[i] = c;
    kept->fault[i] = '\0';
}

void fault_start(void)
{
    cause = board_cause();
    if (kept->fault_pending != 0) {
        cause = LINK_CAUSE_FAULT;
        kept->fault_pending = 0;
        kept_count(&kept->counters.faults);
        log_put(LINK_LOG_FAULT, LOG_BOARD, (uint16_t)(kept->counters.faults & 0xFFFF));
    } else if (cause == LINK_CAUSE_WATCHDOG) {
        name_late();
        kept_count(&kept->counters.watchdog_bites);
    }
    kept_close();
    log_put(LINK_LOG_BOOT, LOG_BOARD, (uint16_t)cause);
    if (cause == LINK_CAUSE_FAULT || cause == LINK_CAUSE_WATCHDOG)
        talk_raise(LINK_TYPE_FAULT, 0);
}

enum link_cause fault_cause(void)
{
    return cause;
}

void fault_text(char text[LINK_TEXT_LEN + 1])
{
    memcpy(text, kept->fault, LINK_TEXT_LEN + 1);
}
