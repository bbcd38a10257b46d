#include "firmware/tick.h"

#include "firmware/kept.h"

static uint8_t in;

void tick_start(void)
{
    in = 0;
    kept->late = TICK_ALL;
}

void tick_check_in(enum tick_task task)
{
    in = (uint8_t)(in | task);
    kept->late = (uint8_t)(TICK_ALL & ~in);
}

void tick_step(void)
{
    if (in != TICK_ALL)
        return;
    board_watchdog_feed();
    in = 0;
    kept->late = TICK_ALL;
}

const char *tick_name(uint8_t late)
{
    /* in the order of firmware_step: the first that is missing is where it stood */
    if (late & TICK_SENSE)
        return BOARD_TEXT("late: sense");
    if (late & TICK_SLOT)
        return BOARD_TEXT("late: slot");
    if (late & TICK_LEASE)
        return BOARD_TEXT("late: lease");
    if (late & TICK_LINK)
        return BOARD_TEXT("late: link");
    return late & TICK_LOG ? BOARD_TEXT("late: log") : BOARD_TEXT("late: none");
}
