#include "firmware/firmware.h"

#include "firmware/fault.h"
#include "firmware/kept.h"
#include "firmware/lease.h"
#include "firmware/led.h"
#include "firmware/log.h"
#include "firmware/nv.h"
#include "firmware/sense.h"
#include "firmware/settings.h"
#include "firmware/slot.h"
#include "firmware/talk.h"
#include "firmware/tick.h"
#include "firmware/update.h"

void firmware_start(void)
{
    bool kept_whole = kept_start();
    nv_start();
    settings_start();
    log_start(kept_whole); /* counts the start */
    talk_start();
    fault_start();
    tick_start();
    sense_start();
    lease_start();
    slot_start(kept_whole);
    update_start(board_cause()); /* not fault_cause: an image under test is one, whatever the last one left */
}

/* The supply first: what it forbids must not begin in the same turn. */
void firmware_step(void)
{
    uint32_t now_ms = board_ms();
    sense_step(now_ms);
    tick_check_in(TICK_SENSE);
    slot_step(now_ms);
    tick_check_in(TICK_SLOT);
    lease_step(now_ms);
    tick_check_in(TICK_LEASE);
    talk_step(now_ms);
    tick_check_in(TICK_LINK);
    nv_step(now_ms);
    log_step(now_ms);
    tick_check_in(TICK_LOG);
    update_step(now_ms);
    led_step(now_ms);
    tick_step();
}
