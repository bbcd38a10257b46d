/* Verbs about a modem's own state: settings, SIM, registration, stores, power, the port. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "journal.h"
#include "pins.h"
#include "sim.h"

static const char *const power_names[] = {"off", "booting", "on", "ending"};
static const char *const hang_names[HANGS] = {"none", "resync", "reopen", "cfun", "reset", "pwrkey", "power"};
static const char *const card_names[] = {"ready", "pin", "puk", "absent", "busy", "failed"};

static int name_index(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static enum verb_result list(struct request *r)
{
    buf_adds(r->reply, "[");
    for (const struct modem *m = sim_first(); m != NULL; m = m->next) {
        buf_adds(r->reply, m == sim_first() ? "{\"name\":" : ",{\"name\":");
        buf_add_json(r->reply, m->name);
        buf_adds(r->reply, ",\"link\":");
        buf_add_json(r->reply, m->link);
        buf_adds(r->reply, ",\"device\":");
        buf_add_json(r->reply, port_is_open(&m->port) ? m->port.device : "");
        buf_adds(r->reply, ",\"number\":");
        buf_add_json(r->reply, m->set.number);
        buf_addf(r->reply, ",\"power\":\"%s\"}", power_names[m->power]);
    }
    buf_adds(r->reply, "]");
    return VERB_OK;
}

static enum verb_result stats(struct request *r)
{
    const struct modem *m = r->m;
    buf_adds(r->reply, "{");
    for (int c = 0; c < COUNTER_COUNT; c++)
        buf_addf(r->reply, "\"%s\":%" PRIu64 ",", modem_counter_name((enum counter)c), m->counters[c]);
    buf_addf(r->reply, "\"rx\":%" PRIu64 ",\"tx\":%" PRIu64 ",\"commands\":{", m->port.in_bytes,
             m->port.out_bytes);
    for (const struct command_count *c = m->commands; c != NULL; c = c->next) {
        buf_add_json(r->reply, c->name);
        buf_addf(r->reply, ":%" PRIu64 "%s", c->count, c->next ? "," : "");
    }
    buf_adds(r->reply, "}}");
    return VERB_OK;
}

static enum verb_result state(struct request *r)
{
    const struct modem *m = r->m;
    const int *c = m->v.cnmi;
    buf_addf(r->reply,
             "{\"power\":\"%s\",\"hang\":\"%s\",\"sim\":\"%s\",\"cfun\":%d,\"reg\":%d,\"next_mr\":%d,",
             power_names[m->power], hang_names[m->hang], card_names[m->card], m->cfun, m->reg, m->next_mr);
    buf_addf(r->reply, "\"cnmi\":[%d,%d,%d,%d,%d],\"csms\":%d,\"cmgf\":%d,\"mem\":[\"%s\",\"%s\",\"%s\"],",
             c[0], c[1], c[2], c[3], c[4], m->v.csms, m->v.cmgf, modem_mem_name(m->v.mem[0]),
             modem_mem_name(m->v.mem[1]), modem_mem_name(m->v.mem[2]));
    buf_addf(r->reply,
             "\"running\":%s,\"entering\":%s,\"held\":%s,\"stage\":", m->at.running ? "true" : "false",
             m->at.entering ? "true" : "false", m->at.held ? "true" : "false");
    buf_add_json(r->reply, m->at.stage);
    buf_addf(r->reply,
             ",\"ME\":%d,\"SM\":%d,\"SR\":%d,\"queued\":%d,\"on_way\":%d,\"clients\":%d,\"pin_tries\":%d",
             store_used(&m->stores[STORE_ME]), store_used(&m->stores[STORE_SM]),
             store_used(&m->stores[STORE_SR]), network_queued(m), network_on_way(m), m->port.clients,
             m->set.pin_tries);
    if (pins_has(m)) {
        buf_adds(r->reply, ",\"board\":");
        pins_state(m, r->reply);
    }
    buf_adds(r->reply, "}");
    return VERB_OK;
}

static enum verb_result reset_stats(struct request *r)
{
    modem_reset_counts(r->m);
    return VERB_OK;
}

static enum verb_result set(struct request *r)
{
    struct settings tried = r->m->set;
    for (int i = 2; i < r->words->n; i++) {
        char pair[256];
        snprintf(pair, sizeof pair, "%s", r->words->v[i]);
        char *value = strchr(pair, '=');
        if (value != NULL)
            *value++ = '\0';
        if (value == NULL || settings_set(&tried, pair, value) != 0)
            return verb_fail(r, "no such key, or not a value it can have");
    }
    if (profile_find(tried.profile) == NULL)
        return verb_fail(r, "no such profile");
    if (tried.power[0] != '\0' && pmu_row_find(tried.power) == NULL)
        return verb_fail(r, "no such family of power pins");
    if (strcmp(tried.board, r->m->set.board) != 0 || tried.slot != r->m->set.slot)
        return verb_fail(r, "a modem keeps its board and slot");
    r->m->set = tried;
    modem_apply(r->m);
    return VERB_OK;
}

/* ready: a SIM that has been put in (and asks for its PIN if it has one). pin: the same, to be asked again.
 * puk: blocked. */
static enum verb_result sim(struct request *r)
{
    struct modem *m = r->m;
    int card = name_index(card_names, 6, r->words->v[2]);
    if (card < 0)
        return verb_fail(r, "usage: sim M ready|pin|puk|absent|busy|failed");
    m->card_state = card == CARD_PIN || card == CARD_PUK ? CARD_READY : card;
    if (card == CARD_PIN || card == CARD_PUK)
        m->pin_given = false;
    if (card == CARD_PUK)
        m->set.pin_tries = 0;
    if (card == CARD_PUK || card == CARD_PIN)
        settings_set(&m->set, "pin", m->set.pin[0] ? m->set.pin : "1234");
    modem_card_changed(m);
    return VERB_OK;
}

static bool third_number(const struct request *r, int min, int max, int *out)
{
    return words_number(r->words->v[2], out) && *out >= min && *out <= max;
}

static enum verb_result creg(struct request *r)
{
    if (!third_number(r, 0, 11, &r->m->reg_stat))
        return verb_fail(r, "usage: creg M 0..11");
    modem_registration(r->m);
    return VERB_OK;
}

static enum verb_result signal_strength(struct request *r)
{
    return third_number(r, 0, 99, &r->m->rssi) ? VERB_OK : verb_fail(r, "usage: signal M 0..31|99");
}

static enum verb_result mr(struct request *r)
{
    return third_number(r, 0, 255, &r->m->next_mr) ? VERB_OK : verb_fail(r, "usage: mr M 0..255");
}

/* store M ME size N | wipe | fill N: fill puts in old messages that only take up room. */
static enum verb_result store(struct request *r)
{
    static const char usage[] = "usage: store M ME|SM|SR size N | wipe | fill N";
    static const uint8_t old[] = {0x00, 0x04, 0x04, 0x81, 0x21, 0x43, 0x00, 0x00, 0x52,
                                  0x10, 0x10, 0x21, 0x00, 0x00, 0x00, 0x01, 0x61};
    int mem = modem_mem_find(r->words->v[2]), n = 0;
    const char *what = r->words->v[3];
    if (mem < 0 || mem >= STORES || (r->words->n > 4 && !words_number(r->words->v[4], &n)) || n < 0 ||
        n > 1000)
        return verb_fail(r, usage);
    if (strcmp(what, "size") == 0) {
        int *const size[STORES] = {&r->m->set.me_size, &r->m->set.sm_size, &r->m->set.sr_size};
        *size[mem] = n;
        modem_apply(r->m);
    } else if (strcmp(what, "wipe") == 0) {
        store_wipe(&r->m->stores[mem]);
        network_pump(r->m);
    } else if (strcmp(what, "fill") == 0) {
        while (n-- > 0 && store_add(&r->m->stores[mem], STAT_READ, old, sizeof old) >= 0)
            continue;
    } else {
        return verb_fail(r, usage);
    }
    return VERB_OK;
}

static void dump_store(const struct modem *m, const struct store *s, struct buf *out)
{
    for (int i = 0; i < s->size; i++) {
        const struct slot *slot = &s->slots[i];
        if (!slot->used)
            continue;
        buf_addf(out, "%s{\"mem\":\"%s\",\"index\":%d,\"stat\":%d,\"pdu\":\"", out->len > 1 ? "," : "",
                 s->name, i + m->set.index_base, slot->stat);
        buf_add_hex(out, slot->pdu, slot->len);
        buf_adds(out, "\"}");
    }
}

static enum verb_result messages(struct request *r)
{
    buf_adds(r->reply, "[");
    for (int i = 0; i < STORES; i++)
        dump_store(r->m, &r->m->stores[i], r->reply);
    buf_adds(r->reply, "]");
    return VERB_OK;
}

static enum verb_result power(struct request *r)
{
    static const char *const what[] = {"off", "on", "cycle"};
    int i = name_index(what, 3, r->words->v[2]);
    if (i < 0)
        return verb_fail(r, "usage: power M on|off|cycle");
    if (pins_has(r->m))
        return verb_fail(r, "its power is its board's pins");
    if (i != 1)
        modem_power(r->m, false);
    if (i != 0)
        modem_power(r->m, true);
    return VERB_OK;
}

static enum verb_result reboot(struct request *r)
{
    modem_reboot(r->m);
    return VERB_OK;
}

static enum verb_result hang(struct request *r)
{
    int level = r->words->n > 2 ? name_index(hang_names, HANGS, r->words->v[2]) : HANG_POWER;
    if (level < 0)
        return verb_fail(r, "usage: hang M [none|resync|reopen|cfun|reset|pwrkey|power]");
    modem_hang(r->m, (enum hang)level);
    return VERB_OK;
}

static enum verb_result sag(struct request *r)
{
    int mv, ms;
    if (!third_number(r, 0, 20000, &mv) || !words_number(r->words->v[3], &ms) || ms < 1 || ms > 3600000)
        return verb_fail(r, "usage: sag M MV MS");
    if (!pins_has(r->m))
        return verb_fail(r, "only the supply of a modem on a board can sag");
    pins_sag(r->m, mv, ms);
    return VERB_OK;
}

static enum verb_result vanish(struct request *r)
{
    modem_vanish(r->m);
    return VERB_OK;
}

static enum verb_result come_back(struct request *r)
{
    if (modem_return(r->m) != 0)
        return verb_fail(r, "cannot open a pty");
    buf_adds(r->reply, r->m->port.device);
    return VERB_OK;
}

static enum verb_result journal(struct request *r)
{
    buf_adds(r->reply, journal_path());
    return VERB_OK;
}

const struct verb verbs_modem[] = {
    {"list", false, 1, "list", list},
    {"stats", true, 2, "stats M", stats},
    {"state", true, 2, "state M", state},
    {"reset-stats", true, 2, "reset-stats M", reset_stats},
    {"set", true, 3, "set M KEY=VALUE...", set},
    {"sim", true, 3, "sim M ready|pin|puk|absent|busy|failed", sim},
    {"creg", true, 3, "creg M STAT", creg},
    {"signal", true, 3, "signal M RSSI", signal_strength},
    {"mr", true, 3, "mr M N", mr},
    {"store", true, 4, "store M ME|SM|SR size N | wipe | fill N", store},
    {"messages", true, 2, "messages M", messages},
    {"power", true, 3, "power M on|off|cycle", power},
    {"reboot", true, 2, "reboot M", reboot},
    {"hang", true, 2, "hang M [none|resync|reopen|cfun|reset|pwrkey|power]", hang},
    {"sag", true, 4, "sag M MV MS", sag},
    {"vanish", true, 2, "vanish M", vanish},
    {"return", true, 2, "return M", come_back},
    {"journal", false, 1, "journal", journal},
    {.name = NULL},
};
