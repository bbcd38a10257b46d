/* Sending and writing: +CMGS, +CMSS, +CMGW (TS 27.005 3.5, 4.3, 4.4) and the settings that belong to it. */
#include <stdio.h>
#include <string.h>

#include "modem.h"
#include "text.h"

enum { TPDU_MIN = 7, TPDU_MAX = 164 };

static void submit(struct modem *m, const uint8_t *tpdu, size_t len)
{
    int mr;
    if (at_spoiled(m)) {
        modem_count(m, COUNT_rejected);
        return;
    }
    int cms = network_submit(m, tpdu, len, &mr);
    if (cms != 0) {
        modem_count(m, COUNT_rejected);
        at_finish_after(m, m->set.latency_ms, AT_CMS | cms);
        return;
    }
    if (fault_happens(m, WHEN_ACCEPTED))
        return;
    at_info(m, "%s: %d", m->at.name, mr);
    at_finish_after(m, m->set.latency_ms, AT_OK);
}

static void keep(struct modem *m, const uint8_t *pdu, size_t len)
{
    int mem = m->v.mem[1], place = -1;
    int order[2] = {mem == MEM_MT ? STORE_ME : mem, mem == MEM_MT ? STORE_SM : -1};
    for (int i = 0; i < 2 && order[i] >= 0 && place < 0; i++)
        place = store_add(&m->stores[order[i]], (enum store_stat)m->at.entry.stat, pdu, len);
    if (place >= 0)
        at_info(m, "+CMGW: %d", place + m->set.index_base);
    at_finish(m, place >= 0 ? AT_OK : AT_CMS | 322);
}

/* The octets typed in PDU mode; 0 when they are no PDU of the announced length. */
static size_t typed_pdu(const struct modem *m, const struct buf *typed, uint8_t pdu[PDU_MAX],
                        size_t *tpdu_len)
{
    struct buf hex = {0};
    for (size_t i = 0; i < typed->len; i++)
        if (strchr("\r\n ", typed->data[i]) == NULL)
            buf_add(&hex, typed->data + i, 1);
    int len = pdu_unhex(buf_text(&hex), hex.len, pdu, PDU_MAX);
    buf_fini(&hex);
    if (len < 2 || pdu[0] + 1 >= len)
        return 0;
    *tpdu_len = (size_t)len - pdu[0] - 1;
    return (int)*tpdu_len == m->at.entry.len ? (size_t)len : 0;
}

/* What was typed as service centre address and TPDU, in either mode; 0 and the error otherwise. */
static size_t typed_message(struct modem *m, const struct buf *typed, uint8_t pdu[PDU_MAX], size_t *tpdu_len,
                            int *error)
{
    struct tpdu t;
    *error = m->v.cmgf == 1 ? AT_CMS | 305 : AT_CMS | 304;
    if (m->v.cmgf == 0)
        return typed_pdu(m, typed, pdu, tpdu_len);
    if (!text_submit(m, m->at.entry.number, buf_text(typed), &t))
        return 0;
    pdu[0] = 0;
    *tpdu_len = pdu_build(&t, true, pdu + 1);
    return *tpdu_len + 1;
}

static void entered(struct modem *m, const struct buf *typed,
                    void (*use)(struct modem *, const uint8_t *pdu, size_t len, size_t tpdu_len))
{
    uint8_t pdu[PDU_MAX];
    size_t tpdu_len = 0;
    int error;
    size_t len = typed_message(m, typed, pdu, &tpdu_len, &error);
    if (len == 0) {
        modem_count(m, COUNT_rejected);
        at_finish(m, error);
        return;
    }
    use(m, pdu, len, tpdu_len);
}

static void use_send(struct modem *m, const uint8_t *pdu, size_t len, size_t tpdu_len)
{
    submit(m, pdu + len - tpdu_len, tpdu_len);
}

static void use_keep(struct modem *m, const uint8_t *pdu, size_t len, size_t tpdu_len)
{
    (void)tpdu_len;
    keep(m, pdu, len);
}

static void entered_send(struct modem *m, const struct buf *typed)
{
    entered(m, typed, use_send);
}

static void entered_keep(struct modem *m, const struct buf *typed)
{
    entered(m, typed, use_keep);
}

static bool take_target(struct modem *m, const struct at_args *a)
{
    if (m->v.cmgf == 0)
        return at_int(a, 0, 0, TPDU_MIN, TPDU_MAX, &m->at.entry.len) && m->at.entry.len > 0;
    snprintf(m->at.entry.number, sizeof m->at.entry.number, "%.31s", a->v[0]);
    return a->v[0][0] != '\0' || strcmp(m->at.name, "+CMGW") == 0;
}

static int set_cmgs(struct modem *m, const struct at_args *a)
{
    if (!take_target(m, a))
        return m->v.cmgf == 0 ? AT_CMS | 304 : AT_CMS | 305;
    at_prompt(m, m->set.prompt_ms, entered_send);
    return AT_PENDING;
}

static int set_cmgw(struct modem *m, const struct at_args *a)
{
    int stat = STAT_UNSENT;
    if (!take_target(m, a) || (m->v.cmgf == 0 && !at_int(a, 1, STAT_UNSENT, 0, 3, &stat)))
        return AT_CMS | 304;
    m->at.entry.stat = stat;
    at_prompt(m, 0, entered_keep);
    return AT_PENDING;
}

static int exec_cmgw(struct modem *m, const struct at_args *a)
{
    (void)a;
    m->at.entry.stat = STAT_UNSENT;
    m->at.entry.number[0] = '\0';
    at_prompt(m, 0, entered_keep);
    return AT_PENDING;
}

static int set_cmss(struct modem *m, const struct at_args *a)
{
    int index;
    struct tpdu t;
    uint8_t out[PDU_MAX];
    if (!at_int(a, 0, -1, 0, 10000, &index) || index < 0)
        return AT_CMS | 321;
    int place = index - m->set.index_base;
    struct slot *slot = store_at(modem_mem_store(m, m->v.mem[1], &place), place);
    if (slot == NULL || !slot->used || slot->stat < STAT_UNSENT)
        return AT_CMS | 321;
    size_t len = store_tpdu_len(slot->pdu, slot->len);
    if (pdu_parse(slot->pdu + slot->len - len, len, true, &t) != 0)
        return AT_CMS | 304;
    if (a->n > 1 && a->v[1][0] != '\0') {
        snprintf(t.number, sizeof t.number, "%.20s", a->v[1]);
        t.toa = 0;
    }
    slot->stat = STAT_SENT;
    submit(m, out, pdu_build(&t, true, out));
    return AT_PENDING;
}

static int read_csca(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CSCA: \"%s\",%d", m->set.smsc, m->set.smsc[0] == '+' ? 145 : 129);
    return AT_OK;
}

static int set_csca(struct modem *m, const struct at_args *a)
{
    if (strlen(a->v[0]) > 21)
        return AT_CMS | 304;
    snprintf(m->set.smsc, sizeof m->set.smsc, "%s", a->v[0]);
    return AT_OK;
}

static int read_cmgf(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CMGF: %d", m->v.cmgf);
    return AT_OK;
}

static int set_cmgf(struct modem *m, const struct at_args *a)
{
    return at_int(a, 0, 0, 0, 1, &m->v.cmgf) ? AT_OK : AT_CMS | 303;
}

static int read_cmms(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CMMS: %d", m->v.cmms);
    return AT_OK;
}

static int set_cmms(struct modem *m, const struct at_args *a)
{
    return at_int(a, 0, 0, 0, 2, &m->v.cmms) ? AT_OK : AT_CMS | 303;
}

static int read_cgsms(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CGSMS: %d", m->v.cgsms);
    return AT_OK;
}

static int set_cgsms(struct modem *m, const struct at_args *a)
{
    return at_int(a, 0, 3, 0, 3, &m->v.cgsms) ? AT_OK : AT_CME | 50;
}

const struct at_command at_send_commands[] = {
    {"+CMGS", NEED_CARD_SMS, .set = set_cmgs, .stage = "prompt", .test = ""},
    {"+CMGW", NEED_CARD_SMS, .exec = exec_cmgw, .set = set_cmgw, .test = ""},
    {"+CMSS", NEED_CARD_SMS, .set = set_cmss, .test = ""},
    {"+CSCA", NEED_CARD_SMS, .read = read_csca, .set = set_csca, .test = ""},
    {"+CMGF", .read = read_cmgf, .set = set_cmgf, .test = "(0,1)"},
    {"+CMMS", .read = read_cmms, .set = set_cmms, .test = "(0-2)"},
    {"+CGSMS", .read = read_cgsms, .set = set_cgsms, .test = "(0-3)"},
    {.name = NULL},
};
