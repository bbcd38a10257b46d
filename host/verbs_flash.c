/* `cellpost board NAME flash SIZE`, with SIZE octets of an image behind it. The command may go away: the
 * update goes on, and its end is in the log and in `cellpost board NAME`. */
#include <stdlib.h>
#include <string.h>

#include "firmware/image.h"
#include "host/base/log.h"
#include "host/daemon.h"
#include "host/modem/flash.h"

struct update {
    struct daemon *daemon;
    struct ctl_call *call;
};

static void on_line(void *arg, const char *text)
{
    struct update *update = arg;
    ctl_line(update->call, "%s", text);
}

/* What a reload wanted of the board meanwhile. */
static void sync_soon(void *arg)
{
    boards_sync(arg);
}

static void on_done(void *arg, const char *error)
{
    struct update *update = arg;
    if (error == NULL)
        ctl_ok(update->call);
    else
        ctl_err(update->call, "%s", error);
    loop_soon(update->daemon->loop, sync_soon, update->daemon);
    free(update);
}

static const struct conf_board *board_of(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->board_count; i++)
        if (strcmp(conf->boards[i].name, name) == 0)
            return &conf->boards[i];
    return NULL;
}

static void on_image(void *arg, struct ctl_call *call, char **argv, const uint8_t *octets, size_t len)
{
    struct daemon *daemon = arg;
    char error[256];
    const struct conf_board *board = board_of(daemon->conf, argv[1]);
    struct mcu *mcu = mcu_find(daemon->boards, argv[1]);
    if (mcu == NULL || board == NULL) {
        ctl_err(call, "there is no [board %s]", argv[1]);
        return;
    }
    struct update *update = calloc(1, sizeof *update);
    if (update == NULL)
        fatal("out of memory");
    *update = (struct update){daemon, call};
    const struct flash_options options = {.loop = daemon->loop,
                                          .mcu = mcu,
                                          .type = board->type,
                                          .loader = board->loader,
                                          .folder = daemon->conf->daemon.data_dir,
                                          .line = on_line,
                                          .done = on_done,
                                          .arg = update};
    ctl_hold(call);
    if (flash_begin(&options, octets, len, error) != NULL) {
        ctl_err(call, "%s", error);
        free(update);
    }
}

void verb_flash(struct daemon *daemon, struct ctl_call *call, char **argv)
{
    int64_t size;
    if (!verb_number(argv[3], 1, IMAGE_MAX, &size))
        ctl_err(call, "the file has 1 to %u octets, not %s", (unsigned)IMAGE_MAX, argv[3]);
    else
        ctl_take(call, (size_t)size, on_image, daemon);
}
