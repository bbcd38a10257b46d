#include "firmware/log.h"

#include "firmware/kept.h"
#include "firmware/nv.h"

static struct link_log_read_answer ram[LOG_RAM];
static uint8_t ram_count; /* entries not yet in NV, the oldest first */
static uint16_t last;
static uint32_t saved_ms;
static bool saved;

#define ENTRY_LEN (2 + 2 + 4 + 1 + 1 + 2)

static bool nv_entry(uint8_t i, struct link_log_read_answer *entry)
{
    uint8_t octets[ENTRY_LEN];
    return nv_log_at(i, octets, ENTRY_LEN) && link_get_log_read_answer(entry, octets, ENTRY_LEN);
}

void log_start(bool kept_whole)
{
    struct link_log_read_answer entry;
    ram_count = 0;
    last = 0;
    saved = false;
    for (uint8_t i = 0; nv_entry(i, &entry); i++)
        last = entry.number;
    if (!kept_whole) {
        (void)nv_get(NV_COUNTERS, &kept->counters, sizeof kept->counters);
        for (uint8_t slot = 0; slot < FIRMWARE_SLOTS; slot++)
            (void)nv_get((uint8_t)(NV_SLOT_COUNTERS + slot), &kept->slots[slot].counters,
                         sizeof kept->slots[slot].counters);
    }
    kept_count(&kept->counters.boots);
    for (uint16_t i = 0; i < nv_errors(); i++)
        kept_count(&kept->counters.nv_errors);
}

void log_put(enum link_log code, uint8_t slot, uint16_t value)
{
    if (ram_count == LOG_RAM) {
        memmove(ram, ram + 1, sizeof ram - sizeof ram[0]);
        ram_count--;
    }
    last = (uint16_t)(last != UINT16_MAX ? last + 1u : 1u); /* 0 asks for the oldest */
    ram[ram_count++] = (struct link_log_read_answer){.number = last,
                                                     .boot = (uint16_t)(kept->counters.boots & 0xFFFF),
                                                     .uptime_ms = board_ms(),
                                                     .code = (uint8_t)code,
                                                     .slot = slot,
                                                     .value = value};
}

static bool reaches(const struct link_log_read_answer *entry, uint16_t number)
{
    return number == 0 || (uint16_t)(entry->number - number) < 0x8000;
}

bool log_get(uint16_t number, struct link_log_read_answer *entry)
{
    for (uint8_t i = 0; nv_entry(i, entry); i++)
        if (reaches(entry, number))
            return true;
    for (uint8_t i = 0; i < ram_count; i++)
        if (reaches(&ram[i], number)) {
            *entry = ram[i];
            return true;
        }
    return false;
}

static bool save_entry(void)
{
    uint8_t octets[ENTRY_LEN];
    (void)link_put_log_read_answer(&ram[0], octets);
    if (!nv_put(NV_LOG, octets, ENTRY_LEN, false))
        return false;
    ram_count--;
    memmove(ram, ram + 1, ram_count * sizeof ram[0]);
    return true;
}

static void save_counters(void)
{
    bool good = nv_put(NV_COUNTERS, &kept->counters, sizeof kept->counters, false);
    for (uint8_t slot = 0; slot < FIRMWARE_SLOTS; slot++)
        good = nv_put((uint8_t)(NV_SLOT_COUNTERS + slot), &kept->slots[slot].counters,
                      sizeof kept->slots[slot].counters, false) &&
               good;
    if (good)
        kept_clean();
}

/* One record a step at most, besides the counters, and none while one is on its way: a write may take
 * milliseconds, and waiting for it a hundred times that. */
void log_step(uint32_t now_ms)
{
    if ((!saved && now_ms < LOG_SETTLE_MS) || board_nv_busy())
        return;
    if (!saved || (kept_dirty() && now_ms - saved_ms >= LOG_SAVE_MS)) {
        saved = true;
        saved_ms = now_ms;
        save_counters();
    } else if (ram_count > 0 && board_nv_page_len() != 0)
        (void)save_entry();
}
