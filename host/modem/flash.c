#include "host/modem/flash.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/modem/flash_internal.h"

#define AGAIN_MS 300
#define LOST_MS  1000

/* ---- telling, waiting, ending ---- */

void flash_say(struct flash *flash, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    flash->o.line(flash->o.arg, text);
}

static void flash_free(struct flash *flash)
{
    timer_stop(&flash->again);
    loader_free(flash->loader);
    if (flash->path[0] != '\0')
        (void)unlink(flash->path);
    free((char *)flash->o.type);
    free((char *)flash->o.loader);
    free((char *)flash->o.folder);
    free(flash->image);
    free(flash);
}

static void finish(struct flash *flash, const char *error)
{
    struct mcu *mcu = flash->mcu;
    void (*done)(void *, const char *) = flash->o.done;
    void *arg = flash->o.arg;
    mcu_forget(mcu->set, flash);
    mcu_news(mcu, error != NULL ? LOG_ERROR : LOG_INFO, "firmware", "%s", error != NULL ? error : "kept");
    mcu->flash = NULL;
    mcu_hold(mcu, false);
    flash_free(flash);
    done(arg, error);
}

void flash_done(struct flash *flash)
{
    finish(flash, NULL);
}

void flash_end(struct flash *flash, const char *fmt, ...)
{
    char error[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(error, sizeof error, fmt, args);
    va_end(args);
    finish(flash, error);
}

void flash_drop(struct flash *flash)
{
    if (flash != NULL)
        flash_end(flash, "the daemon stops, or the board is no more in its configuration");
}

static void on_again(void *arg)
{
    struct flash *flash = arg;
    flash->go(flash);
}

void flash_later(struct flash *flash, void (*go)(struct flash *), int64_t delay_ms)
{
    flash->go = go;
    timer_set(&flash->again, delay_ms);
}

void flash_deadline(struct flash *flash, int64_t ms)
{
    flash->deadline_ms = clock_mono_ms() + ms;
}

bool flash_is_late(const struct flash *flash)
{
    return clock_mono_ms() >= flash->deadline_ms;
}

/* ---- over the link ---- */

static void begin(struct flash *), send_piece(struct flash *), check(struct flash *), keep(struct flash *);

static bool is_here(const struct flash *flash)
{
    return flash->mcu->state == MCU_HERE;
}

/* The start that is known. One that follows is not always counted: after a loss of power the board may have
 * forgotten its number. */
static struct flash_start start_of(const struct mcu *mcu)
{
    return (struct flash_start){.seen = mcu->restarts + mcu->replaced,
                                .boots = mcu->hello.boots,
                                .version = mcu->hello.version,
                                .cause = mcu->hello.cause};
}

static bool has_restarted(const struct flash *flash)
{
    const struct flash_start now = start_of(flash->mcu), *then = &flash->start;
    return is_here(flash) && (now.seen != then->seen || now.boots != then->boots ||
                              now.version != then->version || now.cause != then->cause);
}

/* What was taken is dropped, an image under test is left. */
static void give_up(struct flash *flash, const char *why)
{
    const struct link_hello_answer *now = &flash->mcu->hello;
    (void)mcu_request(flash->mcu, LINK_TYPE_UPDATE_REVERT, NULL, 0, NULL, NULL);
    if (!flash->tested)
        flash_end(flash, "%s; firmware %u.%u runs on", why, now->version >> 8, now->version & 0xFF);
    else if (has_restarted(flash) && now->cause != LINK_CAUSE_UPDATE)
        flash_end(flash, "%s; the board went back to firmware %u.%u, start cause %s", why, now->version >> 8,
                  now->version & 0xFF, link_cause_name(now->cause));
    else
        flash_end(flash, "%s; the board goes back to firmware %u.%u by itself", why, flash->old_version >> 8,
                  flash->old_version & 0xFF);
}

/* Not now: tried again until the deadline. */
static void wait_for(struct flash *flash, int status, void (*go)(struct flash *))
{
    char why[128];
    if (!flash_is_late(flash)) {
        flash_later(flash, go, status < 0 ? LOST_MS : AGAIN_MS);
        return;
    }
    if (status < 0)
        snprintf(why, sizeof why, "the board does not answer");
    else
        snprintf(why, sizeof why, "the board keeps answering %s", link_status_name((unsigned)status));
    give_up(flash, why);
}

static void ask(struct flash *flash, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *fn,
                void (*again)(struct flash *))
{
    int status = mcu_request(flash->mcu, type, payload, len, fn, flash);
    if (status < 0)
        wait_for(flash, status, again);
}

static void took(struct flash *flash, uint32_t offset)
{
    unsigned percent = (unsigned)((uint64_t)offset * 100 / flash->len);
    flash->offset = offset;
    if (offset > flash->best) {
        flash->best = offset;
        flash_deadline(flash, FLASH_LOST_MS);
    }
    if (percent >= flash->percent + 10) {
        flash->percent = percent - percent % 10;
        flash_say(flash, "sent %u %%", flash->percent);
    }
    if (offset < flash->len)
        send_piece(flash);
    else
        check(flash);
}

static void on_piece(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct flash *flash = arg;
    struct link_update_data_answer answer;
    if (status == LINK_OK && link_get_update_data_answer(&answer, payload, len) &&
        answer.offset > flash->offset && answer.offset <= flash->len)
        took(flash, answer.offset);
    else if (status == LINK_BAD_IMAGE && flash->offset == 0)
        give_up(flash, "the board refuses the image");
    else if (status == LINK_LOW_SUPPLY)
        wait_for(flash, status, send_piece);
    else
        wait_for(flash, status, begin); /* it was away, and has perhaps forgotten */
}

static void send_piece(struct flash *flash)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    struct link_update_data data = {.offset = flash->offset};
    size_t left = flash->len - flash->offset;
    data.data.len = left < LINK_BLOCK_LEN ? (uint8_t)left : LINK_BLOCK_LEN;
    memcpy(data.data.octets, flash->image + flash->offset, data.data.len);
    ask(flash, LINK_TYPE_UPDATE_DATA, payload, link_put_update_data(&data, payload), on_piece, begin);
}

static void on_begin(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct flash *flash = arg;
    struct link_update_begin_answer answer;
    if (status == LINK_OK && link_get_update_begin_answer(&answer, payload, len) &&
        answer.offset <= flash->len) {
        flash->percent = 0;
        took(flash, answer.offset);
    } else if (status == LINK_BAD_IMAGE)
        give_up(flash, "the board has no room for the image");
    else if (status == LINK_BUSY)
        flash_end(flash,
                  "the board has another image under test, or is about to start one; within five minutes "
                  "it has left it");
    else
        wait_for(flash, status, begin);
}

static void begin(struct flash *flash)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    flash->start = start_of(flash->mcu);
    const struct link_update_begin image = {
        .size = (uint32_t)flash->len, .crc32 = flash->crc32, .version = flash->header.version};
    ask(flash, LINK_TYPE_UPDATE_BEGIN, payload, link_put_update_begin(&image, payload), on_begin, begin);
}

/* ---- checked, started, kept ---- */

/* HELLO tells the start; it is said more often than the link does by itself. */
static void await_start(struct flash *flash)
{
    const struct link_hello_answer *now = &flash->mcu->hello;
    bool started = has_restarted(flash);
    if (started && now->cause == LINK_CAUSE_UPDATE && now->version == flash->header.version) {
        flash_say(flash, "firmware %u.%u has started", now->version >> 8, now->version & 0xFF);
        flash->start = start_of(flash->mcu);
        flash_deadline(flash, FLASH_KEEP_MS);
        keep(flash);
    } else if (started)
        give_up(flash, now->cause == LINK_CAUSE_UPDATE ? "the image's program tells another version"
                                                       : "the new firmware did not come up");
    else if (flash_is_late(flash))
        give_up(flash, "the new firmware was not heard of");
    else {
        if (is_here(flash) && flash->mcu->calls == NULL)
            mcu_say_hello(flash->mcu);
        flash_later(flash, await_start, AGAIN_MS);
    }
}

static void on_test(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct flash *flash = arg;
    (void)payload;
    (void)len;
    if (status > LINK_OK) {
        wait_for(flash, status, check);
        return;
    }
    flash->tested = true; /* or perhaps: what starts will tell */
    flash_say(flash, "checked by the board; it starts once no modem is on its way on or off");
    flash_deadline(flash, FLASH_START_MS);
    flash_later(flash, await_start, AGAIN_MS);
}

static void on_end(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct flash *flash = arg;
    (void)payload;
    (void)len;
    if (status == LINK_OK) {
        flash->start = start_of(flash->mcu);
        ask(flash, LINK_TYPE_UPDATE_TEST, NULL, 0, on_test, check);
    } else if (status == LINK_BAD_IMAGE && has_restarted(flash))
        wait_for(flash, status, begin); /* it has forgotten */
    else if (status == LINK_BAD_IMAGE)
        give_up(flash, "what the board has stored is not what was sent");
    else
        wait_for(flash, status, check);
}

static void check(struct flash *flash)
{
    ask(flash, LINK_TYPE_UPDATE_END, NULL, 0, on_end, check);
}

static void on_confirm(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct flash *flash = arg;
    (void)payload;
    (void)len;
    if (status == LINK_OK)
        flash_done(flash);
    else
        wait_for(flash, status, keep); /* BUSY: no heartbeat yet */
}

static void keep(struct flash *flash)
{
    const struct mcu *mcu = flash->mcu;
    bool known = is_here(flash);
    for (uint8_t i = 0; i < mcu->hello.slots && i < MCU_SLOTS_MAX; i++)
        known = known && mcu->places[i].slot.known;
    if (has_restarted(flash) && mcu->hello.version == flash->header.version &&
        mcu->hello.version != flash->old_version)
        flash_done(flash); /* the answer to CONFIRM was lost with it */
    else if (has_restarted(flash))
        give_up(flash, "the new firmware did not last");
    else if (known)
        ask(flash, LINK_TYPE_UPDATE_CONFIRM, NULL, 0, on_confirm, keep);
    else
        wait_for(flash, is_here(flash) ? LINK_BUSY : -ENOTCONN, keep);
}

void flash_link_start(struct flash *flash)
{
    flash_deadline(flash, FLASH_LOST_MS);
    flash_say(flash, "sending %zu octets over the link", flash->len);
    flash_later(flash, begin, 0);
}

/* ---- begun or refused ---- */

static const char *refuse(char error[256], const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static const char *refuse(char error[256], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(error, 256, fmt, args);
    va_end(args);
    return error;
}

static const char *refuse_file(const uint8_t *octets, size_t len, const char *board,
                               struct image_header *header, char error[256])
{
    switch (image_check(header, octets, len, board)) {
    case IMAGE_GOOD: return NULL;
    case IMAGE_NOT: return refuse(error, "the file is no firmware image: a board's build makes NAME.img");
    case IMAGE_HEADER: return refuse(error, "the image is damaged: its header's check value is wrong");
    case IMAGE_OTHER_BOARD:
        return refuse(error, "the image is for a board %.*s, this one is %s", (int)sizeof header->board,
                      header->board, board);
    case IMAGE_SIZE:
        return refuse(error, "the image is damaged: it has %zu octets, its header says %u", len,
                      (unsigned)image_len(header));
    case IMAGE_DAMAGED: break;
    }
    return refuse(error, "the image is damaged: its check value is wrong");
}

static const char *refuse_board(const struct flash_options *o, bool by_link, char error[256])
{
    const struct mcu *mcu = o->mcu;
    if (mcu->flash != NULL)
        return refuse(error, "board %s is being given an image already", mcu->name);
    if (by_link || o->loader[0] != '\0')
        return NULL;
    if (mcu->state != MCU_HERE)
        return refuse(error, "board %s is %s: %s", mcu->name, mcu_state_text(mcu->state), mcu->condition);
    return refuse(error, "board %s takes no image over the link, and [board %s] has no loader", mcu->name,
                  mcu->name);
}

const char *flash_begin(const struct flash_options *o, const uint8_t *octets, size_t len, char error[256])
{
    struct mcu *mcu = o->mcu;
    struct image_header header;
    const char *board = mcu->greeted ? mcu->hello.board : o->type;
    bool by_link = mcu->state == MCU_HERE && (mcu->hello.capabilities & LINK_CAP_UPDATE) != 0;
    if (refuse_board(o, by_link, error) != NULL)
        return error;
    if (board[0] == '\0')
        return refuse(error, "board %s has never answered: say what it is by type in [board %s]", mcu->name,
                      mcu->name);
    if (refuse_file(octets, len, board, &header, error) != NULL)
        return error;
    struct flash *flash = calloc(1, sizeof *flash);
    if (flash == NULL || (flash->image = malloc(len)) == NULL)
        fatal("out of memory");
    memcpy(flash->image, octets, len);
    flash->mcu = mcu;
    flash->o = *o;
    flash->o.type = mcu_copy(o->type);
    flash->o.loader = mcu_copy(o->loader);
    flash->o.folder = mcu_copy(o->folder);
    flash->header = header;
    flash->len = len;
    flash->crc32 = image_crc32(0, octets, len);
    flash->old_version = mcu->greeted ? mcu->hello.version : 0;
    timer_init(&flash->again, o->loop, on_again, flash);
    mcu->flash = flash;
    mcu_news(mcu, LOG_WARN, "firmware", "%u.%u is to replace %u.%u, %s", header.version >> 8,
             header.version & 0xFF, flash->old_version >> 8, flash->old_version & 0xFF,
             by_link ? "over the link" : "by the loader's tool");
    (by_link ? flash_link_start : flash_tool_start)(flash);
    return NULL;
}
