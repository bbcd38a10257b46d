#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/modem/flash_internal.h"

#define AWAY_S  (FLASH_TOOL_MS / 1000)
#define LOOK_MS 300

static int write_program(struct flash *flash)
{
    const uint8_t *program = flash->image + flash->header.begin;
    snprintf(flash->path, sizeof flash->path, "%s/board-XXXXXX.bin", flash->o.folder);
    int fd = mkstemps(flash->path, 4);
    if (fd < 0) {
        flash->path[0] = '\0';
        return -errno;
    }
    ssize_t wrote = write(fd, program, flash->header.size);
    return close(fd) == 0 && wrote == (ssize_t)flash->header.size ? 0 : -EIO;
}

/* ---- the board is asked who it is now ---- */

static void look(struct flash *flash)
{
    struct mcu *mcu = flash->mcu;
    const struct link_hello_answer *now = &mcu->hello;
    if (mcu->state == MCU_HERE && now->version == flash->header.version && flash->tested)
        flash_done(flash);
    else if (mcu->state == MCU_HERE)
        flash_end(flash, "%s, and the board runs firmware %u.%u, not %u.%u",
                  flash->tested ? "the tool ended well" : "the tool failed", now->version >> 8,
                  now->version & 0xFF, flash->header.version >> 8, flash->header.version & 0xFF);
    else if (flash_is_late(flash))
        flash_end(flash, "%s, and the board does not answer: %s",
                  flash->tested ? "the tool ended well" : "the tool failed", mcu->condition);
    else
        flash_later(flash, look, LOOK_MS);
}

static void on_tool_line(void *arg, const char *text)
{
    flash_say(arg, "| %s", text);
}

static void on_tool_done(void *arg, int status)
{
    struct flash *flash = arg;
    flash->loader = NULL;
    flash->tested = status == 0;
    if (status == 0)
        flash_say(flash, "the tool ended well");
    else if (status > 0)
        flash_say(flash, "the tool ended with status %d", status);
    else
        flash_say(flash, "the tool was ended: %s", strerror(-status));
    mcu_hold(flash->mcu, false);
    flash_deadline(flash, FLASH_BACK_MS);
    flash_later(flash, look, LOOK_MS);
}

/* ---- the tool ---- */

static void run_tool(struct flash *flash)
{
    static const struct loader_ops ops = {on_tool_line, on_tool_done};
    struct mcu *mcu = flash->mcu;
    const char *colon = strchr(mcu->path, ':');
    mcu_hold(mcu, true);
    mcu->excused = true;
    int status = write_program(flash);
    if (status < 0) {
        flash_end(flash, "%s: %s; nothing was written", flash->o.folder, strerror(-status));
        return;
    }
    status = loader_run(&flash->loader, flash->o.loop, flash->o.loader, colon != NULL ? colon + 1 : "",
                        flash->path, FLASH_TOOL_MS, &ops, flash);
    if (status < 0)
        flash_end(flash, "%.*s: %s; nothing was written", (int)strcspn(flash->o.loader, " "), flash->o.loader,
                  strerror(-status));
}

static void on_maintenance(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    (void)status;
    (void)payload;
    (void)len;
    run_tool(arg);
}

/* Asked first: a host that is silent for so long would be cut off. */
void flash_tool_start(struct flash *flash)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_maintenance away = {.seconds = AWAY_S};
    flash_say(flash, "writing %u octets by %.*s", (unsigned)flash->header.size,
              (int)strcspn(flash->o.loader, " "), flash->o.loader);
    if (flash->mcu->state == MCU_HERE) /* mcu_send: however much waits for a slow board */
        mcu_send(flash->mcu, LINK_TYPE_MAINTENANCE, payload, link_put_maintenance(&away, payload),
                 on_maintenance, flash);
    else
        flash_later(flash, run_tool, 0);
}
