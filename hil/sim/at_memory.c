/* Stored messages: +CPMS, +CMGL, +CMGR, +CMGD (TS 27.005 3.2.2, 3.4.2, 3.4.3, 3.5.4). */
#include <string.h>

#include "modem.h"
#include "text.h"

static int places(const struct modem *m, int mem)
{
    return mem == MEM_MT ? m->stores[STORE_ME].size + m->stores[STORE_SM].size : m->stores[mem].size;
}

static int used(const struct modem *m, int mem)
{
    return mem == MEM_MT ? store_used(&m->stores[STORE_ME]) + store_used(&m->stores[STORE_SM])
                         : store_used(&m->stores[mem]);
}

static struct slot *slot_at(struct modem *m, int place)
{
    return store_at(modem_mem_store(m, m->v.mem[0], &place), place);
}

static int read_cpms(struct modem *m, const struct at_args *a)
{
    struct buf b = {0};
    (void)a;
    for (int i = 0; i < 3; i++)
        buf_addf(&b, "%s\"%s\",%d,%d", i ? "," : "", modem_mem_name(m->v.mem[i]), used(m, m->v.mem[i]),
                 places(m, m->v.mem[i]));
    at_info(m, "+CPMS: %s", b.data);
    buf_fini(&b);
    return AT_OK;
}

static int set_cpms(struct modem *m, const struct at_args *a)
{
    int mem[3];
    struct buf b = {0};
    for (int i = 0; i < 3; i++) {
        mem[i] = i < a->n && a->v[i][0] != '\0' ? modem_mem_find(a->v[i]) : m->v.mem[i];
        if (mem[i] < 0 || strstr(m->profile->stores[i], modem_mem_name(mem[i])) == NULL)
            return AT_CMS | 302;
    }
    memcpy(m->v.mem, mem, sizeof mem);
    for (int i = 0; i < 3; i++)
        buf_addf(&b, "%s%d,%d", i ? "," : "", used(m, mem[i]), places(m, mem[i]));
    at_info(m, "+CPMS: %s", b.data);
    buf_fini(&b);
    at_finish(m, AT_OK);
    network_pump(m); /* mem3 may have room where the old one had none */
    return AT_PENDING;
}

static int test_cpms(struct modem *m, const struct at_args *a)
{
    struct buf b = {0};
    (void)a;
    for (int i = 0; i < 3; i++) {
        buf_adds(&b, i ? ",(\"" : "(\"");
        for (const char *p = m->profile->stores[i]; *p != '\0'; p++)
            buf_add(&b, *p == ' ' ? "\",\"" : p, *p == ' ' ? 3 : 1);
        buf_adds(&b, "\")");
    }
    at_info(m, "+CPMS: %s", b.data);
    buf_fini(&b);
    return AT_OK;
}

/* One message under its head: index < 0 for +CMGR, which does not name it. Reading marks it as read. */
static void show(struct modem *m, struct slot *slot, int index)
{
    struct buf b = {0}, hex = {0};
    if (m->v.cmgf == 0 || !text_stored(m, slot, index, &b)) {
        buf_clear(&b);
        buf_add_hex(&hex, slot->pdu, slot->len);
        if (index >= 0)
            buf_addf(&b, "%d,", index);
        buf_addf(&b, "%d,,%zu\r\n%s", slot->stat, store_tpdu_len(slot->pdu, slot->len), buf_text(&hex));
    }
    at_info(m, "%s: %s", m->at.name, b.data);
    buf_fini(&b);
    buf_fini(&hex);
    modem_count(m, COUNT_read);
    if (slot->stat == STAT_UNREAD)
        slot->stat = STAT_READ;
}

static int cmgl(struct modem *m, const struct at_args *a)
{
    int stat = STAT_UNREAD;
    if (m->v.cmgf == 1 && a->v[0][0] != '\0')
        stat = text_stat(a->v[0]);
    else if (!at_int(a, 0, STAT_UNREAD, 0, 4, &stat))
        stat = -1;
    if (stat < 0)
        return AT_CMS | 302;
    for (int i = 0; i < places(m, m->v.mem[0]); i++) {
        struct slot *slot = slot_at(m, i);
        if (slot->used && (stat == 4 || (int)slot->stat == stat))
            show(m, slot, i + m->set.index_base);
    }
    return AT_OK;
}

static int test_cmgl(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, m->v.cmgf ? "+CMGL: (\"REC UNREAD\",\"REC READ\",\"STO UNSENT\",\"STO SENT\",\"ALL\")"
                         : "+CMGL: (0-4)");
    return AT_OK;
}

static int show_empty(struct modem *m)
{
    char hex[2 * 176 + 1]; /* a record of EF_SMS, TS 31.102 4.2.25 */
    if (m->set.empty_place == 0)
        return AT_CMS | 321;
    memset(hex, 'F', sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    if (m->set.empty_place == 2)
        at_info(m, "+CMGR: 0,,0\r\n%s", hex);
    return AT_OK;
}

static int set_cmgr(struct modem *m, const struct at_args *a)
{
    int index;
    if (!at_int(a, 0, -1, 0, 10000, &index))
        return AT_CMS | 321;
    struct slot *slot = slot_at(m, index - m->set.index_base);
    if (slot == NULL)
        return AT_CMS | 321;
    if (!slot->used)
        return show_empty(m);
    show(m, slot, -1);
    return AT_OK;
}

/* <delflag> 1 read, 2 and sent, 3 and unsent, 4 all. */
static bool flag_covers(int flag, enum store_stat stat)
{
    static const int from_flag[] = {[STAT_UNREAD] = 4, [STAT_READ] = 1, [STAT_UNSENT] = 3, [STAT_SENT] = 2};
    return flag >= from_flag[stat];
}

static void erase(struct modem *m, struct slot *slot)
{
    if (slot->used)
        modem_count(m, COUNT_deleted);
    slot->used = false;
}

static int set_cmgd(struct modem *m, const struct at_args *a)
{
    int index, flag;
    if (!at_int(a, 0, -1, 0, 10000, &index) || !at_int(a, 1, 0, 0, 4, &flag))
        return AT_CMS | 321;
    struct slot *slot = slot_at(m, index - m->set.index_base);
    if (flag == 0 && slot == NULL)
        return AT_CMS | 321;
    if (flag == 0)
        erase(m, slot);
    for (int i = 0; flag > 0 && i < places(m, m->v.mem[0]); i++)
        if (flag_covers(flag, slot_at(m, i)->stat))
            erase(m, slot_at(m, i));
    at_finish(m, AT_OK);
    network_pump(m); /* the module tells the network that there is room again (RP-SMMA, 24.011 7.3.2) */
    return AT_PENDING;
}

static int test_cmgd(struct modem *m, const struct at_args *a)
{
    struct buf b = {0};
    (void)a;
    for (int i = 0; i < places(m, m->v.mem[0]); i++)
        if (slot_at(m, i)->used)
            buf_addf(&b, "%s%d", b.len ? "," : "", i + m->set.index_base);
    at_info(m, "+CMGD: (%s),(0-4)", buf_text(&b));
    buf_fini(&b);
    return AT_OK;
}

const struct at_command at_memory_commands[] = {
    {"+CPMS", NEED_CARD_SMS, .read = read_cpms, .set = set_cpms, .test_fn = test_cpms},
    {"+CMGL", NEED_CARD_SMS, .exec = cmgl, .set = cmgl, .test_fn = test_cmgl},
    {"+CMGR", NEED_CARD_SMS, .set = set_cmgr, .test = ""},
    {"+CMGD", NEED_CARD_SMS, .set = set_cmgd, .test_fn = test_cmgd},
    {.name = NULL},
};
