/* From [board] sections to boards; what they tell goes to the watchers. */
#include <stdlib.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/daemon.h"

/* The lease hangs on what the daemon gets done, not on a timer. */
static void on_progress(void *arg, struct link_heartbeat *beat)
{
    const struct daemon *daemon = arg;
    struct store_stats stats;
    store_stats(daemon->store, &stats);
    beat->turn = (uint32_t)loop_turns(daemon->loop);
    beat->commit = (uint32_t)stats.commits;
}

static void on_told(void *arg, const char *board, const char *kind, const char *text)
{
    struct daemon *daemon = arg;
    char at[25];
    clock_format(clock_wall_ms(), at);
    ctl_broadcast(daemon->ctl, "%s board name=%s kind=%s text=\"%s\"", at, board, kind, text);
}

void boards_open(struct daemon *daemon)
{
    daemon->boards = mcu_set_new(daemon->loop, on_progress, on_told, daemon);
}

void boards_sync(struct daemon *daemon)
{
    const struct conf *conf = daemon->conf;
    struct mcu_options *options = calloc(conf->board_count + 1, sizeof *options);
    if (options == NULL)
        fatal("out of memory");
    for (size_t i = 0; i < conf->board_count; i++) {
        const struct conf_board *board = &conf->boards[i];
        options[i] = (struct mcu_options){
            .name = board->name, .port = board->port, .baud = board->baud, .type = board->type};
    }
    mcu_set_sync(daemon->boards, options, conf->board_count);
    free(options);
}
