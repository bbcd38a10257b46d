#include "modem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "pins.h"

/* ---- counts ---- */

#define COUNTER_NAME(name, meaning) #name,
static const char *const counter_names[] = {COUNTERS(COUNTER_NAME)};

const char *modem_counter_name(enum counter c)
{
    return counter_names[c];
}

void modem_count(struct modem *m, enum counter c)
{
    m->counters[c]++;
}

void modem_count_command(struct modem *m, const char *name)
{
    struct command_count *c = m->commands;
    while (c != NULL && strcmp(c->name, name) != 0)
        c = c->next;
    if (c == NULL) {
        c = calloc(1, sizeof *c);
        if (c == NULL)
            abort();
        snprintf(c->name, sizeof c->name, "%s", name);
        c->next = m->commands;
        m->commands = c;
    }
    c->count++;
}

uint64_t modem_command_count(const struct modem *m, const char *name)
{
    for (const struct command_count *c = m->commands; c != NULL; c = c->next)
        if (strcmp(c->name, name) == 0)
            return c->count;
    return 0;
}

void modem_reset_counts(struct modem *m)
{
    memset(m->counters, 0, sizeof m->counters);
    m->port.in_bytes = 0;
    m->at.answer_end = 0;
    m->port.out_bytes = 0;
    while (m->commands != NULL) {
        struct command_count *c = m->commands;
        m->commands = c->next;
        free(c);
    }
}

/* ---- memories ---- */

static const char *const mem_names[] = {"ME", "SM", "SR", "MT"};

const char *modem_mem_name(int mem)
{
    return mem_names[mem];
}

int modem_mem_find(const char *name)
{
    for (int i = 0; i <= MEM_MT; i++)
        if (strcmp(mem_names[i], name) == 0)
            return i;
    return -1;
}

struct store *modem_mem_store(struct modem *m, int mem, int *place)
{
    if (mem != MEM_MT)
        return &m->stores[mem];
    if (*place < m->stores[STORE_ME].size)
        return &m->stores[STORE_ME];
    *place -= m->stores[STORE_ME].size;
    return &m->stores[STORE_SM];
}

/* ---- SIM and registration ---- */

static enum card card_now(const struct modem *m)
{
    if (m->card_state != CARD_READY)
        return (enum card)m->card_state;
    if (m->card_timer.slot != 0)
        return CARD_BUSY;
    if (m->set.pin[0] == '\0' || m->pin_given)
        return CARD_READY;
    return m->set.pin_tries > 0 ? CARD_PIN : CARD_PUK;
}

static void each_line(struct modem *m, const char *lines)
{
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");
        at_urc(m, "%.*s", (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

void modem_card_changed(struct modem *m)
{
    enum card before = m->card;
    m->card = card_now(m);
    if (m->card == before)
        return;
    if (m->card == CARD_READY)
        each_line(m, m->profile->sms_ready);
    if (m->card == CARD_ABSENT)
        at_urc(m, "+CPIN: NOT INSERTED");
    modem_registration(m);
}

static void on_card(void *arg)
{
    modem_card_changed(arg);
}

bool modem_registered(const struct modem *m)
{
    static const bool good[] = {[1] = true, [5] = true, [6] = true, [7] = true, [9] = true, [10] = true};
    return m->reg >= 0 && m->reg < (int)sizeof good && good[m->reg];
}

bool modem_reachable(const struct modem *m)
{
    return m->power == POWER_ON && m->hang == HANG_NONE && m->card == CARD_READY && modem_registered(m);
}

static int reg_now(const struct modem *m)
{
    bool radio = m->power == POWER_ON && m->cfun == 1 && !m->detached && m->card == CARD_READY &&
                 m->reg_timer.slot == 0;
    return radio ? m->reg_stat : 0;
}

void modem_registration(struct modem *m)
{
    static const char *const names[] = {"+CREG", "+CGREG", "+CEREG"};
    int now = reg_now(m);
    bool changed = now != m->reg;
    m->reg = now;
    for (int i = 0; i < REG_DOMAINS && changed; i++) {
        if (m->v.reg_n[i] == 1 || (m->v.reg_n[i] == 2 && now == 0))
            at_urc(m, "%s: %d", names[i], now);
        else if (m->v.reg_n[i] == 2)
            at_urc(m, "%s: %d,\"1A2B\",\"0101CAFE\",7", names[i], now);
    }
    network_pump(m);
}

static void on_reg(void *arg)
{
    modem_registration(arg);
}

static void search_network(struct modem *m)
{
    if (m->set.reg_ms > 0)
        timer_set(&m->reg_timer, (int64_t)m->set.reg_ms * 1000);
    modem_registration(m);
}

void modem_set_cfun(struct modem *m, int cfun)
{
    bool on = cfun == 1 && m->cfun != 1;
    m->cfun = cfun;
    if (on)
        search_network(m);
    else
        modem_registration(m);
}

/* ---- power ---- */

void modem_factory(struct modem *m)
{
    m->v = (struct at_settings){.echo = true,
                                .verbose = true,
                                .cscs = "GSM",
                                .cpbs = "SM",
                                .csmp = {17, 167, 0, 0},
                                .cgsms = 3,
                                .cnmi = {2}};
    for (int i = 0; i < 3; i++)
        m->v.mem[i] = modem_mem_find(m->profile->start_mem);
}

static void boot(struct modem *m)
{
    m->power = POWER_ON;
    m->hang = HANG_NONE;
    m->cfun = 1;
    m->pin_given = m->detached = false;
    m->card = CARD_ABSENT; /* until it has been looked at */
    m->reg = 0;
    modem_factory(m);
    buf_clear(&m->held_urcs);
    at_reset(m);
    if (m->set.mr_restart)
        m->next_mr = 0;
    modem_count(m, COUNT_boot);
    if (m->set.sim_busy_ms > 0)
        timer_set(&m->card_timer, (int64_t)m->set.sim_busy_ms * 1000);
}

void modem_booted(struct modem *m)
{
    (void)modem_return(m);
    boot(m);
    journal_event(m, "boot", "");
    each_line(m, m->profile->boot_urcs);
    modem_card_changed(m);
    search_network(m);
}

static void on_boot(void *arg)
{
    modem_booted(arg);
}

void modem_stop(struct modem *m)
{
    timer_stop(&m->boot_timer);
    timer_stop(&m->card_timer);
    timer_stop(&m->reg_timer);
    at_reset(m);
    network_unacked_lost(m);
    port_discard(&m->port);
    m->hang = HANG_NONE;
    m->reg = 0;
    if (m->set.usb)
        modem_vanish(m);
}

void modem_off(struct modem *m)
{
    m->power = POWER_OFF;
    modem_stop(m);
    modem_vanish(m);
}

void modem_ending(struct modem *m)
{
    m->power = POWER_ENDING;
    at_reset(m);
    modem_registration(m);
}

static void start_boot(struct modem *m)
{
    m->power = POWER_BOOTING;
    timer_set(&m->boot_timer, (int64_t)m->set.boot_ms * 1000);
}

void modem_power(struct modem *m, bool on)
{
    if (pins_has(m)) {
        if (!on)
            pins_die(m);
    } else if (!on) {
        m->power = POWER_OFF;
        modem_stop(m);
    } else if (m->power == POWER_OFF) {
        start_boot(m);
    }
}

void modem_reboot(struct modem *m)
{
    if (pins_has(m)) {
        pins_reboot(m);
        return;
    }
    modem_stop(m);
    start_boot(m);
}

void modem_hang(struct modem *m, enum hang hang)
{
    m->hang = hang;
    at_reset(m);
    port_discard(&m->port);
    if (pins_has(m))
        pins_hang(m);
}

bool modem_cure(struct modem *m, enum hang by)
{
    if (m->hang == HANG_NONE || by < m->hang)
        return false;
    m->hang = HANG_NONE;
    network_pump(m);
    return true;
}

void modem_vanish(struct modem *m)
{
    if (!port_is_open(&m->port))
        return;
    if (!m->set.runs_on)
        at_reset(m);
    port_close(&m->port);
}

int modem_return(struct modem *m)
{
    return port_is_open(&m->port) ? 0 : port_open(&m->port);
}

/* ---- port ---- */

static void on_byte(void *arg, unsigned char byte)
{
    at_byte(arg, byte);
}

static void on_open(void *arg)
{
    modem_count(arg, COUNT_open);
}

static void on_close(void *arg)
{
    struct modem *m = arg;
    modem_count(m, COUNT_close);
    if (m->port.clients == 0)
        modem_cure(m, HANG_REOPEN);
}

static const struct port_events port_events = {.byte = on_byte, .opened = on_open, .closed = on_close};

/* ---- life ---- */

void modem_apply(struct modem *m)
{
    const struct profile *profile = profile_find(m->set.profile);
    const int sizes[STORES] = {m->set.me_size, m->set.sm_size, m->set.sr_size};
    if (profile != NULL)
        m->profile = profile;
    m->port.baud = m->set.baud;
    m->port.keep_when_closed = m->set.keep_when_closed;
    for (int i = 0; i < STORES; i++)
        if (m->stores[i].size != sizes[i] || m->stores[i].slots == NULL)
            store_resize(&m->stores[i], sizes[i]);
    if (pins_has(m))
        pins_supply(m);
    modem_card_changed(m);
    network_pump(m);
}

struct modem *modem_new(const char *name, const char *link, const struct settings *set)
{
    struct modem *m = calloc(1, sizeof *m);
    if (m == NULL)
        abort();
    snprintf(m->name, sizeof m->name, "%s", name);
    snprintf(m->link, sizeof m->link, "%s", link);
    m->set = *set;
    m->reg_stat = 1;
    m->rssi = 20;
    m->next_mr = 1;
    m->boot_timer = (struct timer){.fn = on_boot, .arg = m};
    m->card_timer = (struct timer){.fn = on_card, .arg = m};
    m->reg_timer = (struct timer){.fn = on_reg, .arg = m};
    m->port = (struct port){
        .link = m->link, .fragment_gap_us = 1000, .on = &port_events, .arg = m, .master = -1, .slave = -1};
    m->faults.when = WHEN_NEVER;
    for (int i = 0; i < STORES; i++)
        m->stores[i].name = mem_names[i];
    at_init(m);
    network_init(m);
    modem_apply(m);
    pins_init(m);
    return m;
}

int modem_start(struct modem *m)
{
    if (m->set.board[0] != '\0') {
        pins_join(m);
        return 0;
    }
    boot(m);
    m->card = card_now(m);
    search_network(m);
    return port_open(&m->port);
}

void modem_free(struct modem *m)
{
    modem_stop(m);
    modem_vanish(m);
    pins_leave(m);
    fault_clear(m);
    network_fini(m);
    at_fini(m);
    modem_reset_counts(m);
    for (int i = 0; i < STORES; i++)
        store_fini(&m->stores[i]);
    buf_fini(&m->held_urcs);
    buf_fini(&m->port.in);
    buf_fini(&m->port.out);
    free(m);
}
