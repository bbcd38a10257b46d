/* A board's firmware replaced by an image (firmware/image.h), while all else goes on.
 *
 * Refused before the board hears of it: a file that is no image, is damaged, or is for another board; a board
 * that is not here, or takes no images and has no loader. One at a time on a board.
 *
 * Over the link (flash.c), where the board takes images: sent beside heartbeats and slots' requests; a link
 * that is lost is waited for, and the rest sent. The board reads it back and starts it for a test; it is kept
 * once it has said HELLO with the image's version, told of its slots and had a heartbeat. In every other case
 * the board returns to the firmware of before, by itself where the daemon is gone.
 *
 * By a tool (flash_tool.c): the loader's command writes the part while the board's port is closed; the board
 * is asked before to leave the host alone. The program goes to it as a file without the header. There is no
 * way back but to do it again. */
#ifndef CELLPOST_MODEM_FLASH_H
#define CELLPOST_MODEM_FLASH_H

#include "host/modem/mcu.h"

#define FLASH_LOST_MS 60000 /* at most without progress while it is sent and checked */
#define FLASH_START_MS                                                                                       \
    180000                   /* at most from its test to its HELLO: the board waits for slots on their way   \
                              */
#define FLASH_KEEP_MS 60000  /* at most from there until it is confirmed */
#define FLASH_TOOL_MS 600000 /* at most for the tool */
#define FLASH_BACK_MS 60000  /* at most from the tool's end to HELLO */

struct flash_options {
    struct loop *loop;
    struct mcu *mcu;
    const char *type;   /* of [board NAME], "" = anything; for a board that has never answered */
    const char *loader; /* the command, see loader_check; "" = none */
    const char *folder; /* where the tool finds the program */
    void (*line)(void *arg, const char *text);  /* what a person may watch */
    void (*done)(void *arg, const char *error); /* NULL: the new firmware runs and stays. Once */
    void *arg;
};

/* NULL or the reason why not, in `error`; then nothing was sent and done is not called. The octets are
 * copied. */
const char *flash_begin(const struct flash_options *, const uint8_t *octets, size_t len, char error[256]);

#endif
