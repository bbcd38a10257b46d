#include "text.h"

#include <stdio.h>
#include <string.h>

#include "gsm7.h"

static const char *const stats[] = {"REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL"};

int text_stat(const char *name)
{
    for (int i = 0; i < 5; i++)
        if (strcmp(stats[i], name) == 0)
            return i;
    return -1;
}

/* Text in the host's character set: +CSCS="UCS2" writes it as hexadecimal UTF-16. */
static void add_in_charset(const struct modem *m, const char *utf8, struct buf *out)
{
    uint32_t cp;
    if (strcmp(m->v.cscs, "UCS2") != 0) {
        buf_adds(out, utf8);
        return;
    }
    while ((cp = utf8_next(&utf8)) != 0) {
        if (cp > 0xFFFF)
            buf_addf(out, "%04X%04X", 0xD800 + ((cp - 0x10000) >> 10), 0xDC00 + ((cp - 0x10000) & 0x3FF));
        else
            buf_addf(out, "%04X", cp);
    }
}

static void from_charset(const struct modem *m, const char *typed, struct buf *utf8)
{
    uint8_t octets[512];
    int n = strcmp(m->v.cscs, "UCS2") == 0 ? pdu_unhex(typed, strlen(typed), octets, sizeof octets) : -1;
    if (n < 0) {
        buf_adds(utf8, typed);
        return;
    }
    for (int i = 0; i + 1 < n; i += 2)
        utf8_put(utf8, (uint32_t)octets[i] << 8 | octets[i + 1]);
}

static void add_body(const struct modem *m, const struct tpdu *t, struct buf *out)
{
    struct buf text = {0};
    if (pdu_text(t, &text))
        add_in_charset(m, buf_text(&text), out);
    else
        buf_add_hex(out, t->ud, t->ud_len);
    buf_fini(&text);
}

static void add_number(const struct modem *m, const struct tpdu *t, struct buf *out)
{
    buf_adds(out, "\"");
    add_in_charset(m, t->number, out);
    buf_adds(out, "\"");
}

/* <fo>,<mr>,[<ra>],[<tora>],<scts>,<dt>,<st> */
static void add_report(const struct modem *m, const struct tpdu *t, struct buf *out)
{
    buf_addf(out, "%d,%d,", t->fo, t->mr);
    add_number(m, t, out);
    buf_addf(out, ",%d,\"", t->toa);
    pdu_stamp_text(t->scts, out);
    buf_adds(out, "\",\"");
    pdu_stamp_text(t->discharge, out);
    buf_addf(out, "\",%d", t->st);
}

/* <oa>,[<alpha>],<scts> and with +CSDH=1 the rest. */
static void add_deliver(const struct modem *m, const struct tpdu *t, struct buf *out)
{
    add_number(m, t, out);
    buf_adds(out, ",,\"");
    pdu_stamp_text(t->scts, out);
    buf_adds(out, "\"");
    if (m->v.csdh == 1)
        buf_addf(out, ",%d,%d,%d,%d,\"%s\",145,%d", t->toa, t->fo, t->pid, t->dcs, m->set.smsc, t->udl);
    buf_adds(out, "\r\n");
    add_body(m, t, out);
}

static void add_submit(const struct modem *m, const struct tpdu *t, struct buf *out)
{
    add_number(m, t, out);
    buf_adds(out, ",");
    if (m->v.csdh == 1)
        buf_addf(out, ",%d,%d,%d,%d,%d,\"%s\",145,%d", t->toa, t->fo, t->pid, t->dcs, t->vp[0], m->set.smsc,
                 t->udl);
    buf_adds(out, "\r\n");
    add_body(m, t, out);
}

bool text_direct(const struct modem *m, const uint8_t *pdu, size_t len, bool report, struct buf *out)
{
    struct tpdu t;
    size_t tpdu_len = store_tpdu_len(pdu, len);
    if (pdu_parse(pdu + len - tpdu_len, tpdu_len, false, &t) != 0)
        return false;
    buf_adds(out, report ? "+CDS: " : "+CMT: ");
    if (report)
        add_report(m, &t, out);
    else
        add_deliver(m, &t, out);
    return true;
}

bool text_stored(const struct modem *m, const struct slot *slot, int index, struct buf *out)
{
    struct tpdu t;
    bool from_mobile = slot->stat >= STAT_UNSENT;
    size_t len = store_tpdu_len(slot->pdu, slot->len);
    if (pdu_parse(slot->pdu + slot->len - len, len, from_mobile, &t) != 0)
        return false;
    if (index >= 0)
        buf_addf(out, "%d,", index);
    buf_addf(out, "\"%s\",", stats[slot->stat]);
    if (from_mobile)
        add_submit(m, &t, out);
    else if ((t.fo & 3) == MTI_REPORT)
        add_report(m, &t, out);
    else
        add_deliver(m, &t, out);
    return true;
}

bool text_submit(const struct modem *m, const char *number, const char *typed, struct tpdu *t)
{
    struct buf text = {0};
    const int *smp = m->v.csmp; /* fo, vp, pid, dcs */
    from_charset(m, typed, &text);
    *t = (struct tpdu){.fo = (uint8_t)smp[0], .pid = (uint8_t)smp[2], .vp = {(uint8_t)smp[1]}};
    t->vp_len = (t->fo & 0x18) == 0x10 ? 1 : 0;
    snprintf(t->number, sizeof t->number, "%.31s", number);
    int used = pdu_set_text(t, buf_text(&text), smp[3] != 0 ? smp[3] : -1, NULL);
    bool fits = used >= 0 && (size_t)used == text.len;
    buf_fini(&text);
    return fits;
}

static int read_csmp(struct modem *m, const struct at_args *a)
{
    const int *p = m->v.csmp;
    (void)a;
    at_info(m, "+CSMP: %d,%d,%d,%d", p[0], p[1], p[2], p[3]);
    return AT_OK;
}

static int set_csmp(struct modem *m, const struct at_args *a)
{
    int field[4];
    for (int i = 0; i < 4; i++)
        if (!at_int(a, i, m->v.csmp[i], 0, 255, &field[i]))
            return AT_CMS | 305;
    memcpy(m->v.csmp, field, sizeof field);
    return AT_OK;
}

static int read_csdh(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CSDH: %d", m->v.csdh);
    return AT_OK;
}

static int set_csdh(struct modem *m, const struct at_args *a)
{
    return at_int(a, 0, 0, 0, 1, &m->v.csdh) ? AT_OK : AT_CMS | 305;
}

const struct at_command at_text_commands[] = {
    {"+CSMP", .read = read_csmp, .set = set_csmp, .test = ""},
    {"+CSDH", .read = read_csdh, .set = set_csdh, .test = "(0,1)"},
    {.name = NULL},
};
