/* Functionality, registration, signal, operator, clock and battery (TS 27.007 7 and 8). */
#include <string.h>

#include "modem.h"

static int read_cfun(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CFUN: %d", m->cfun);
    return AT_OK;
}

static int set_cfun(struct modem *m, const struct at_args *a)
{
    int fun, reset;
    if (!at_int(a, 0, 1, 0, 4, &fun) || fun == 2 || fun == 3 || !at_int(a, 1, 0, 0, 1, &reset))
        return AT_CME | 50;
    at_finish(m,
              AT_OK); /* the answer first: the radio tells of itself afterwards, a reset loses everything */
    if (reset)
        modem_reboot(m);
    else
        modem_set_cfun(m, fun);
    return AT_PENDING;
}

static int domain(const struct modem *m)
{
    return strcmp(m->at.name, "+CREG") == 0 ? REG_CS : strcmp(m->at.name, "+CGREG") == 0 ? REG_PS : REG_EPS;
}

static int read_reg(struct modem *m, const struct at_args *a)
{
    int n = m->v.reg_n[domain(m)];
    (void)a;
    if (n == 2 && m->reg != 0)
        at_info(m, "%s: 2,%d,\"1A2B\",\"0101CAFE\",7", m->at.name, m->reg);
    else
        at_info(m, "%s: %d,%d", m->at.name, n, m->reg);
    return AT_OK;
}

static int set_reg(struct modem *m, const struct at_args *a)
{
    return at_int(a, 0, 0, 0, 2, &m->v.reg_n[domain(m)]) ? AT_OK : AT_CME | 50;
}

static int read_cops(struct modem *m, const struct at_args *a)
{
    const char *name = m->v.cops_format == 2 ? m->set.plmn : m->set.operator;
    (void)a;
    if (modem_registered(m))
        at_info(m, "+COPS: 0,%d,\"%s\",7", m->v.cops_format, name);
    else
        at_info(m, "+COPS: 0");
    return AT_OK;
}

static int set_cops(struct modem *m, const struct at_args *a)
{
    int mode, format;
    if (!at_int(a, 0, 0, 0, 4, &mode) || !at_int(a, 1, m->v.cops_format, 0, 2, &format))
        return AT_CME | 50;
    m->v.cops_format = format;
    if (mode == 3)
        return AT_OK;
    at_finish(m, AT_OK);
    m->detached = mode == 2;
    modem_registration(m);
    return AT_PENDING;
}

static int test_cops(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+COPS: (2,\"%s\",\"%s\",\"%s\",7),,(0-4),(0-2)", m->set.operator, m->set.operator,
            m->set.plmn);
    return AT_OK;
}

static int tell_csq(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CSQ: %d,99", m->rssi);
    return AT_OK;
}

/* rsrp so that both queries mean the same field strength, 27.007 8.5 and 8.69. */
static int tell_cesq(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CESQ: 99,99,255,255,20,%d", m->rssi == 99 ? 255 : 28 + 2 * m->rssi);
    return AT_OK;
}

static int read_cclk(struct modem *m, const struct at_args *a)
{
    struct buf text = {0};
    uint8_t stamp[7];
    (void)a;
    pdu_stamp(stamp, loop_wall_ms(), m->set.zone);
    pdu_stamp_text(stamp, &text);
    at_info(m, "+CCLK: \"%s\"", text.data);
    buf_fini(&text);
    return AT_OK;
}

static int read_cgatt(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CGATT: %d", modem_registered(m));
    return AT_OK;
}

static int accept(struct modem *m, const struct at_args *a)
{
    (void)m;
    (void)a;
    return AT_OK;
}

static int tell_cbc(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CBC: 0,100,4000");
    return AT_OK;
}

static int tell_cpas(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CPAS: 0");
    return AT_OK;
}

/* Unstructured service data: the network's answer comes after the OK (27.007 7.15). */
static int set_cusd(struct modem *m, const struct at_args *a)
{
    at_finish(m, AT_OK);
    if (a->n > 1)
        at_urc(m, "+CUSD: 0,\"Balance 10.00\",15");
    return AT_PENDING;
}

const struct at_command at_radio_commands[] = {
    {"+CFUN", NEED_NOTHING, NULL, read_cfun, set_cfun, NULL, NULL, "(0,1,4),(0,1)"},
    {"+CREG", NEED_NOTHING, NULL, read_reg, set_reg, NULL, NULL, "(0-2)"},
    {"+CGREG", NEED_NOTHING, NULL, read_reg, set_reg, NULL, NULL, "(0-2)"},
    {"+CEREG", NEED_NOTHING, NULL, read_reg, set_reg, NULL, NULL, "(0-2)"},
    {"+COPS", NEED_CARD, NULL, read_cops, set_cops, test_cops, NULL, NULL},
    {"+CSQ", NEED_NOTHING, tell_csq, NULL, NULL, NULL, NULL, "(0-31,99),(0-7,99)"},
    {"+CESQ", NEED_NOTHING, tell_cesq, NULL, NULL, NULL, NULL,
     "(0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)"},
    {"+CCLK", NEED_NOTHING, NULL, read_cclk, accept, NULL, NULL, ""},
    {"+CTZU", NEED_NOTHING, NULL, NULL, accept, NULL, NULL, "(0,1)"},
    {"+CTZR", NEED_NOTHING, NULL, NULL, accept, NULL, NULL, "(0,1)"},
    {"+CBC", NEED_NOTHING, tell_cbc, tell_cbc, NULL, NULL, NULL, "(0-3),(0-100)"},
    {"+CPAS", NEED_NOTHING, tell_cpas, NULL, NULL, NULL, NULL, "(0,3,4)"},
    {"+CGATT", NEED_NOTHING, NULL, read_cgatt, accept, NULL, NULL, "(0,1)"},
    {"+CLIP", NEED_NOTHING, NULL, NULL, accept, NULL, NULL, "(0,1)"},
    {"+CRC", NEED_NOTHING, NULL, NULL, accept, NULL, NULL, "(0,1)"},
    {"+CUSD", NEED_CARD, NULL, NULL, set_cusd, NULL, NULL, "(0-2)"},
    {"+CHUP", NEED_NOTHING, accept, NULL, NULL, NULL, NULL, ""},
    {NULL, NEED_NOTHING, NULL, NULL, NULL, NULL, NULL, NULL},
};
