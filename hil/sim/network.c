#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "modem.h"
#include "pins.h"
#include "sim.h"
#include "text.h"

enum verdict { TAKEN, NO_PLACE, ACK_DUE };

/* ---- lists ---- */

static void append(struct mt **list, struct mt *mt)
{
    while (*list != NULL)
        list = &(*list)->next;
    *list = mt;
    mt->next = NULL;
}

static void unlink_mt(struct mt **list, const struct mt *mt)
{
    while (*list != mt)
        list = &(*list)->next;
    *list = mt->next;
}

static int length(const struct mt *mt)
{
    int n = 0;
    for (; mt != NULL; mt = mt->next)
        n++;
    return n;
}

static void free_list(struct mt **list)
{
    while (*list != NULL) {
        struct mt *mt = *list;
        *list = mt->next;
        timer_stop(&mt->due);
        free(mt);
    }
}

int network_queued(const struct modem *m)
{
    return length(m->net.queue) + (m->net.unacked != NULL);
}

int network_on_way(const struct modem *m)
{
    return length(m->net.on_way);
}

/* ---- to the module ---- */

static const char *pdu_hex(const struct mt *mt, struct buf *hex)
{
    buf_add_hex(hex, mt->pdu, mt->len);
    return hex->data;
}

/* An indication, or in +CNMI mode 0 a note in the TA's buffer for later. */
static void indicate(struct modem *m, const char *line)
{
    if (m->v.cnmi[CNMI_MODE] == 0)
        buf_addf(&m->held_urcs, "\r\n%s\r\n", line);
    else
        at_urc(m, "%s", line);
}

static void route_direct(struct modem *m, const struct mt *mt)
{
    struct buf line = {0}, hex = {0};
    size_t len = store_tpdu_len(mt->pdu, mt->len);
    if (m->v.cmgf == 1 && text_direct(m, mt->pdu, mt->len, mt->report, &line))
        indicate(m, line.data);
    else {
        buf_addf(&line, mt->report ? "+CDS: %zu\r\n%s" : "+CMT: ,%zu\r\n%s", len, pdu_hex(mt, &hex));
        indicate(m, line.data);
    }
    buf_fini(&hex);
    buf_fini(&line);
}

static void ack_missing(void *arg)
{
    struct modem *m = arg;
    struct mt *mt = m->net.unacked;
    m->net.unacked = NULL;
    m->v.cnmi[CNMI_MT] = m->v.cnmi[CNMI_DS] = 0; /* TS 27.005 3.4.4: the module itself stops routing */
    modem_count(m, COUNT_ack_timeout);
    mt->again = true;
    mt->next = m->net.queue;
    m->net.queue = mt;
    timer_set(&m->net.retry_timer, (int64_t)m->set.redeliver_ms * 1000);
}

static enum verdict direct(struct modem *m, struct mt *mt)
{
    route_direct(m, mt);
    modem_count(m, mt->report ? COUNT_report : COUNT_mt);
    return m->v.csms == 1 ? ACK_DUE : TAKEN;
}

static void tell_full(struct modem *m)
{
    if (!m->net.told_full && m->set.full_urc[0] != '\0')
        at_urc(m, "%s", m->set.full_urc);
    m->net.told_full = true;
}

/* Stores in mem; place as the host will see it. */
static int put_away(struct modem *m, int *mem, const struct mt *mt)
{
    int order[2] = {*mem, -1};
    if (*mem == MEM_MT) {
        order[0] = STORE_ME;
        order[1] = STORE_SM;
    }
    for (int i = 0; i < 2 && order[i] >= 0; i++) {
        int place = store_add(&m->stores[order[i]], STAT_UNREAD, mt->pdu, mt->len);
        if (place >= 0) {
            *mem = order[i];
            return place + m->set.index_base;
        }
    }
    return -1;
}

static enum verdict stored(struct modem *m, struct mt *mt, int mem, bool tell)
{
    int place = put_away(m, &mem, mt);
    char line[64];
    if (place < 0) {
        tell_full(m);
        return NO_PLACE;
    }
    modem_count(m, mt->report ? COUNT_report : COUNT_mt);
    snprintf(line, sizeof line, "%s: \"%s\",%d", mt->report ? "+CDSI" : "+CMTI",
             modem_mem_name(mt->report ? STORE_SR : mem), place);
    if (tell)
        indicate(m, line);
    return TAKEN;
}

static enum verdict give_report(struct modem *m, struct mt *mt)
{
    switch (m->v.cnmi[CNMI_DS]) {
    case 1: return direct(m, mt);
    case 2: return stored(m, mt, m->set.report_astray ? STORE_ME : STORE_SR, true);
    case 0: break;
    }
    if (mt->again)
        return NO_PLACE;
    modem_count(m, COUNT_lost_report);
    return TAKEN;
}

/* TS 27.005 3.4.1, the table of <mt>: class 0 is shown, not stored, unless nothing is routed; class 2 belongs
 * to the SIM. */
static enum verdict give_message(struct modem *m, struct mt *mt)
{
    struct tpdu t;
    size_t tpdu_len = store_tpdu_len(mt->pdu, mt->len);
    bool sane = pdu_parse(mt->pdu + mt->len - tpdu_len, tpdu_len, false, &t) == 0;
    int class = sane ? pdu_class(t.dcs) : -1, route = m->v.cnmi[CNMI_MT];
    if (route != 0 && class == 0)
        return direct(m, mt);
    if (class == 2)
        return stored(m, mt, STORE_SM, route != 0);
    if (route == 2 || (route == 3 && class == 3))
        return direct(m, mt);
    return stored(m, mt, m->v.mem[2], route != 0);
}

static void await_ack(struct modem *m, struct mt *mt)
{
    m->net.unacked = mt;
    timer_set(&m->net.ack_timer, (int64_t)m->set.cnma_ms * 1000);
}

void network_pump(struct modem *m)
{
    struct mt *mt, *next;
    for (mt = m->net.queue; mt != NULL && m->net.unacked == NULL && modem_reachable(m); mt = next) {
        next = mt->next;
        enum verdict verdict = mt->report ? give_report(m, mt) : give_message(m, mt);
        if (verdict == NO_PLACE)
            continue;
        unlink_mt(&m->net.queue, mt);
        m->net.told_full = false;
        if (verdict == ACK_DUE)
            await_ack(m, mt);
        else
            free(mt);
    }
}

bool network_acknowledge(struct modem *m, bool positive)
{
    struct mt *mt = m->net.unacked;
    if (mt == NULL)
        return false;
    timer_stop(&m->net.ack_timer);
    m->net.unacked = NULL;
    modem_count(m, positive ? COUNT_ack : COUNT_nack);
    if (positive) {
        free(mt);
        return true;
    }
    mt->again = true;
    append(&m->net.queue, mt);
    timer_set(&m->net.retry_timer, (int64_t)m->set.redeliver_ms * 1000);
    return true;
}

void network_unacked_lost(struct modem *m)
{
    struct mt *mt = m->net.unacked;
    timer_stop(&m->net.ack_timer);
    m->net.unacked = NULL;
    if (mt == NULL)
        return;
    mt->again = true;
    mt->next = m->net.queue;
    m->net.queue = mt;
}

static void arrive(void *arg)
{
    struct mt *mt = arg;
    unlink_mt(&mt->to->net.on_way, mt);
    append(&mt->to->net.queue, mt);
    network_pump(mt->to);
}

void network_send(struct modem *m, const uint8_t *pdu, size_t len, bool report, int delay_ms)
{
    struct mt *mt = calloc(1, sizeof *mt);
    if (mt == NULL)
        abort();
    mt->to = m;
    mt->due = (struct timer){.fn = arrive, .arg = mt};
    mt->report = report;
    mt->len = len;
    memcpy(mt->pdu, pdu, len);
    append(&m->net.on_way, mt);
    if (delay_ms > 0)
        timer_set(&mt->due, (int64_t)delay_ms * 1000);
    else
        arrive(mt);
}

void network_send_tpdu(struct modem *m, const struct tpdu *t, int delay_ms)
{
    uint8_t pdu[PDU_MAX + 16];
    size_t len = pdu_sca(m->set.smsc, pdu);
    len += pdu_build(t, false, pdu + len);
    network_send(m, pdu, len, (t->fo & 3) == MTI_REPORT, delay_ms);
}

/* ---- from the module ---- */

static void schedule_report(struct modem *m, const struct tpdu *sent, int mr, const uint8_t scts[7])
{
    struct tpdu report = {.fo = MTI_REPORT | FO_MORE_NONE,
                          .mr = (uint8_t)mr,
                          .toa = sent->toa,
                          .st = (uint8_t)m->set.report_st};
    int delay_ms = m->set.report_before_cmgs ? 0 : m->set.latency_ms + m->set.report_ms;
    memcpy(report.number, sent->number, sizeof report.number);
    memcpy(report.scts, scts, 7);
    pdu_stamp(report.discharge, loop_wall_ms() + delay_ms, m->set.zone);
    if (m->set.report_before_cmgs)
        network_send_tpdu(m, &report, 0);
    else
        network_send_tpdu(m, &report, delay_ms > 0 ? delay_ms : 1);
}

/* A message to one of our own numbers comes back in as a DELIVER. */
static void loop_back(const struct modem *from, const struct tpdu *sent, const uint8_t scts[7])
{
    struct modem *to = sim_by_number(sent->number);
    struct tpdu deliver = *sent;
    if (to == NULL || !from->set.loop)
        return;
    deliver.fo = (uint8_t)(MTI_DELIVER | FO_MORE_NONE | (sent->fo & FO_UDHI));
    deliver.toa = 0;
    snprintf(deliver.number, sizeof deliver.number, "%.31s", from->set.number);
    memcpy(deliver.scts, scts, 7);
    network_send_tpdu(to, &deliver, from->set.latency_ms > 0 ? from->set.latency_ms : 1);
}

int network_submit(struct modem *m, const uint8_t *octets, size_t len, int *mr)
{
    struct tpdu t;
    uint8_t scts[7];
    if (pdu_parse(octets, len, true, &t) != 0 || t.number[0] == '\0')
        return 304;
    if (!modem_registered(m))
        return 331;
    if (m->set.smsc[0] == '\0')
        return 330;
    *mr = m->next_mr;
    m->next_mr = (m->next_mr + 1) % 256;
    pdu_stamp(scts, loop_wall_ms(), m->set.zone);
    journal_pdu(m, octets, len, &t, *mr);
    modem_count(m, COUNT_pdu);
    if (pins_has(m))
        pins_burst(m);
    loop_back(m, &t, scts);
    if ((t.fo & FO_REPORT) && m->set.reports)
        schedule_report(m, &t, *mr, scts);
    return 0;
}

/* ---- life ---- */

static void on_retry(void *arg)
{
    network_pump(arg);
}

void network_init(struct modem *m)
{
    m->net.ack_timer = (struct timer){.fn = ack_missing, .arg = m};
    m->net.retry_timer = (struct timer){.fn = on_retry, .arg = m};
}

void network_fini(struct modem *m)
{
    network_unacked_lost(m);
    timer_stop(&m->net.retry_timer);
    free_list(&m->net.queue);
    free_list(&m->net.on_way);
}
