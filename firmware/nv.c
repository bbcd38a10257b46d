#include "firmware/nv.h"

#include "firmware/kept.h"
#include "firmware/link/frame.h"

#define MAGIC    0xCE01
#define HEAD_LEN 6 /* magic, generation, CRC */
#define OVERHEAD 4 /* key, length, CRC */

static uint8_t page;
static uint16_t generation, end, errors;
static uint16_t fresh; /* `end` when a move was last thought of */
static bool settled;   /* NV_SETTLE_MS have passed since the start */
static bool held;
static uint32_t hour_ms;

/* ---- a record ---- */

struct record {
    uint8_t key, len;
    uint16_t next; /* where the one after it begins; 0: there is none */
    uint8_t octets[NV_RECORD_MAX];
};

static uint16_t crc_of(uint16_t crc, const uint8_t *octets, uint8_t len)
{
    for (uint8_t i = 0; i < len; i++)
        crc = link_crc(crc, octets[i]);
    return crc;
}

#define ANY 0 /* key of no record */

/* False at the end of the page's log. A damaged record has key 0 and is stepped over where its length is
 * sane. Of a key that is not wanted only key and length are read, and nothing is checked. */
static bool read_record(uint8_t of, uint16_t at, uint8_t wanted, struct record *record)
{
    uint8_t head[2], check[2];
    if (at + (uint16_t)OVERHEAD > board_nv_page_len())
        return false;
    board_nv_read(of, at, head, sizeof head);
    if (head[0] == 0xFF && head[1] == 0xFF)
        return false;
    record->key = head[0];
    record->len = head[1];
    record->next = (uint16_t)(at + OVERHEAD + head[1]);
    if (head[1] > NV_RECORD_MAX || record->next > board_nv_page_len()) {
        record->key = 0;
        record->next = 0; /* the rest of the page is lost: the next write moves to the other one */
        return true;
    }
    if (wanted != ANY && wanted != record->key)
        return true;
    board_nv_read(of, (uint16_t)(at + 2), record->octets, record->len);
    board_nv_read(of, (uint16_t)(record->next - 2), check, sizeof check);
    uint16_t crc = crc_of(crc_of(0xFFFF, head, 2), record->octets, record->len);
    if (check[0] != (crc & 0xFF) || check[1] != crc >> 8)
        record->key = 0;
    return true;
}

static bool write_record(uint8_t to, uint16_t at, uint8_t key, const void *from, uint8_t len)
{
    const uint8_t head[2] = {key, len};
    uint16_t crc = crc_of(crc_of(0xFFFF, head, 2), from, len);
    const uint8_t check[2] = {(uint8_t)(crc & 0xFF), (uint8_t)(crc >> 8)};
    return board_nv_write(to, at, head, 2) && board_nv_write(to, (uint16_t)(at + 2), from, len) &&
           board_nv_write(to, (uint16_t)(at + 2 + len), check, 2);
}

/* ---- a page ---- */

static bool page_good(uint8_t which, uint16_t *found)
{
    uint8_t head[HEAD_LEN];
    board_nv_read(which, 0, head, HEAD_LEN);
    uint16_t crc = crc_of(0xFFFF, head, 4);
    *found = (uint16_t)(head[2] | (uint16_t)((uint16_t)head[3] << 8));
    return head[0] == (MAGIC & 0xFF) && head[1] == MAGIC >> 8 && head[4] == (crc & 0xFF) &&
           head[5] == crc >> 8;
}

static bool page_close(uint8_t which, uint16_t number)
{
    uint8_t head[HEAD_LEN] = {MAGIC & 0xFF,           MAGIC >> 8, (uint8_t)(number & 0xFF),
                              (uint8_t)(number >> 8), 0,          0};
    uint16_t crc = crc_of(0xFFFF, head, 4);
    head[4] = (uint8_t)(crc & 0xFF);
    head[5] = (uint8_t)(crc >> 8);
    return board_nv_write(which, 0, head, HEAD_LEN);
}

/* The newest record of the key in the page; false: none. */
static bool newest(uint8_t of, uint8_t key, struct record *found)
{
    struct record record;
    bool any = false;
    for (uint16_t at = HEAD_LEN; at != 0 && read_record(of, at, key, &record); at = record.next)
        if (record.key == key) {
            *found = record;
            any = true;
        }
    return any;
}

static uint8_t log_count(uint8_t of)
{
    struct record record;
    uint8_t count = 0;
    for (uint16_t at = HEAD_LEN; at != 0 && read_record(of, at, NV_LOG, &record); at = record.next)
        count = (uint8_t)(count + (record.key == NV_LOG && count < UINT8_MAX));
    return count;
}

/* ---- the move: the living records go to the other page, which counts once its head is written ----
 *
 * A record to a step, in the order in which they lie, so that one appended meanwhile is reached too; until
 * the head the page in use is whole. */

static struct {
    bool on;
    uint16_t from, to; /* next record; where it goes */
    uint8_t skip;      /* entries of the log that are left behind */
} moving;

static uint8_t other(void)
{
    return (uint8_t)(page ^ 1);
}

static void leave_old_log(void)
{
    uint8_t keep = board_nv_page_len() < NV_SMALL ? NV_LOG_KEEP / 2 : NV_LOG_KEEP, have = log_count(page);
    moving.skip = have > keep ? (uint8_t)(have - keep) : 0;
}

static bool move_begin(void)
{
    fresh = end; /* another try, should this one fail, waits for more records */
    moving.on = board_nv_erase(other());
    moving.from = moving.to = HEAD_LEN;
    leave_old_log();
    return moving.on;
}

/* Nothing newer of its key; of the log's entries all live but the oldest. */
static bool living(const struct record *record)
{
    struct record later;
    if (record->key == 0)
        return false;
    if (record->key == NV_LOG)
        return moving.skip == 0 || moving.skip-- == 0;
    for (uint16_t at = record->next; at != 0 && read_record(page, at, record->key, &later); at = later.next)
        if (later.key == record->key)
            return false;
    return true;
}

static bool copy(const struct record *record)
{
    uint16_t room = (uint16_t)(board_nv_page_len() - moving.to);
    if (record->key == NV_LOG && room < 2u * (OVERHEAD + NV_RECORD_MAX))
        return true; /* room for the next record goes before old entries of the log */
    if (room < OVERHEAD + (uint16_t)record->len)
        return false;
    bool good = write_record(other(), moving.to, record->key, record->octets, record->len);
    moving.to = (uint16_t)(moving.to + OVERHEAD + record->len);
    return good;
}

static bool move_end(void)
{
    moving.on = false;
    if (!page_close(other(), (uint16_t)(generation + 1)))
        return false;
    page = other();
    generation++;
    end = fresh = moving.to;
    return true;
}

/* False: it failed, and is given up; the page in use is as it was. */
static bool move_step(void)
{
    struct record record;
    if (moving.from == 0 || !read_record(page, moving.from, ANY, &record))
        return move_end();
    moving.from = record.next;
    moving.on = !living(&record) || copy(&record);
    return moving.on;
}

/* At once: there is no room for the next record. */
static bool move(void)
{
    uint16_t number = generation;
    if (!moving.on && !move_begin())
        return false;
    while (moving.on)
        if (!move_step())
            return false;
    return generation != number;
}

/* ---- for the others ---- */

/* Each damaged record is counted once: what was seen at an earlier start is known, in kept memory or, where
 * that is lost, because the counters were saved behind it. */
static void find_end(void)
{
    struct record record;
    uint16_t all = 0, behind = 0;
    end = HEAD_LEN;
    while (end < board_nv_page_len() && read_record(page, end, ANY, &record)) {
        all = (uint16_t)(all + (record.key == 0));
        behind = record.key == NV_COUNTERS ? 0 : (uint16_t)(behind + (record.key == 0));
        end = record.next != 0 ? record.next : board_nv_page_len();
    }
    bool known = kept->nv_generation == generation && kept->nv_damaged <= all;
    errors = (uint16_t)(errors + (known ? all - kept->nv_damaged : behind));
    kept->nv_generation = generation;
    kept->nv_damaged = all;
    kept_close();
}

void nv_start(void)
{
    uint16_t found[2];
    held = false;
    errors = 0;
    hour_ms = board_ms();
    if (board_nv_page_len() == 0)
        return;
    bool good[2] = {page_good(0, &found[0]), page_good(1, &found[1])};
    if (!good[0] && !good[1]) {
        page = 0;
        generation = 1;
        if (!board_nv_erase(0) || !page_close(0, 1))
            errors++;
    } else {
        page = good[1] && (!good[0] || (uint16_t)(found[1] - found[0]) < 0x8000) ? 1 : 0;
        generation = found[page];
    }
    find_end();
    fresh = HEAD_LEN;
    settled = moving.on = false;
}

bool nv_get(uint8_t key, void *to, uint8_t len)
{
    struct record record;
    if (board_nv_page_len() == 0 || !newest(page, key, &record) || record.len != len)
        return false;
    memcpy(to, record.octets, len);
    return true;
}

bool nv_put(uint8_t key, const void *from, uint8_t len, bool asked)
{
    uint16_t page_len = board_nv_page_len();
    if (page_len == 0 || held || len > NV_RECORD_MAX || (!asked && kept->nv_written >= NV_WRITES_HOUR))
        return false;
    if (!asked) {
        kept->nv_written++;
        kept_close();
    }
    if (end + (uint16_t)OVERHEAD + len > page_len && !move())
        return false;
    if (end + (uint16_t)OVERHEAD + len > page_len)
        return false;
    bool good = write_record(page, end, key, from, len);
    end = good ? (uint16_t)(end + OVERHEAD + len) : page_len; /* behind a hole nothing is found */
    if (asked)
        board_nv_flush(); /* told as kept only once it is */
    return good;
}

bool nv_log_at(uint8_t i, void *to, uint8_t len)
{
    struct record record;
    if (board_nv_page_len() == 0)
        return false;
    for (uint16_t at = HEAD_LEN; at != 0 && read_record(page, at, NV_LOG, &record); at = record.next)
        if (record.key == NV_LOG && record.len == len && i-- == 0) {
            memcpy(to, record.octets, len);
            return true;
        }
    return false;
}

void nv_hold(bool hold)
{
    held = hold;
}

__attribute__((weak)) bool board_nv_busy(void)
{
    return false;
}

__attribute__((weak)) void board_nv_flush(void) {}

/* What lives leaves room enough on another page. */
static bool move_pays(void)
{
    struct record record;
    uint16_t lives = HEAD_LEN;
    leave_old_log();
    for (uint16_t at = HEAD_LEN; at != 0 && read_record(page, at, ANY, &record); at = record.next)
        if (living(&record))
            lives = (uint16_t)(lives + OVERHEAD + record.len);
    return lives + (uint16_t)NV_ROOM <= board_nv_page_len();
}

/* Begun early, the move keeps no caller of nv_put waiting; not for a few octets, nor by a loop of starts,
 * lest it wear the page out. */
static bool move_due(void)
{
    if (!settled || board_nv_page_len() - end >= NV_ROOM || end - fresh < NV_ROOM / 2)
        return false;
    fresh = end;
    return move_pays();
}

void nv_step(uint32_t now_ms)
{
    settled = settled || now_ms - hour_ms >= NV_SETTLE_MS;
    if (now_ms - hour_ms >= 3600000) {
        hour_ms = now_ms;
        kept->nv_written = 0;
        kept_close();
    }
    if (board_nv_page_len() == 0 || held || board_nv_busy())
        return;
    if (moving.on)
        (void)move_step();
    else if (move_due())
        (void)move_begin();
}

uint16_t nv_errors(void)
{
    return errors;
}
