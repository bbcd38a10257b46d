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
    {"+CFUN", .read = read_cfun, .set = set_cfun, .test = "(0,1,4),(0,1)"},
    {"+CREG", .read = read_reg, .set = set_reg, .test = "(0-2)"},
    {"+CGREG", .read = read_reg, .set = set_reg, .test = "(0-2)"},
    {"+CEREG", .read = read_reg, .set = set_reg, .test = "(0-2)"},
    {"+COPS", NEED_CARD, .read = read_cops, .set = set_cops, .test_fn = test_cops},
    {"+CSQ", .exec = tell_csq, .test = "(0-31,99),(0-7,99)"},
    {"+CESQ", .exec = tell_cesq, .test = "(0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)"},
    {"+CCLK", .read = read_cclk, .set = accept, .test = ""},
    {"+CTZU", .set = accept, .test = "(0,1)"},
    {"+CTZR", .set = accept, .test = "(0,1)"},
    {"+CBC", .exec = tell_cbc, .read = tell_cbc, .test = "(0-3),(0-100)"},
    {"+CPAS", .exec = tell_cpas, .test = "(0,3,4)"},
    {"+CGATT", .read = read_cgatt, .set = accept, .test = "(0,1)"},
    {"+CLIP", .set = accept, .test = "(0,1)"},
    {"+CRC", .set = accept, .test = "(0,1)"},
    {"+CUSD", NEED_CARD, .set = set_cusd, .test = "(0-2)"},
    {"+CHUP", .exec = accept, .test = ""},
    {.name = NULL},
};
