/* How messages reach the host: +CNMI, +CNMA, +CSMS (TS 27.005 3.2.1, 3.4.1, 3.4.4, 4.7). */
#include <string.h>

#include "modem.h"

static int read_cnmi(struct modem *m, const struct at_args *a)
{
    const int *c = m->v.cnmi;
    (void)a;
    at_info(m, "+CNMI: %d,%d,%d,%d,%d", c[0], c[1], c[2], c[3], c[4]);
    return AT_OK;
}

/* The TA's buffer empties into the line, or is thrown away. */
static void release_buffer(struct modem *m)
{
    if (m->v.cnmi[CNMI_MODE] == 0)
        return;
    if (m->v.cnmi[CNMI_BFR] == 0 && m->held_urcs.len > 0)
        port_write(&m->port, m->held_urcs.data, m->held_urcs.len);
    buf_clear(&m->held_urcs);
}

static int set_cnmi(struct modem *m, const struct at_args *a)
{
    int field[CNMI_FIELDS];
    if (a->n > CNMI_FIELDS)
        return AT_CMS | 303;
    for (int i = 0; i < CNMI_FIELDS; i++)
        if (!at_int(a, i, m->v.cnmi[i], 0, 3, &field[i]) ||
            strchr(m->profile->cnmi[i], '0' + field[i]) == NULL)
            return AT_CMS | 303;
    memcpy(m->v.cnmi, field, sizeof field);
    at_finish(m, AT_OK);
    release_buffer(m);
    network_pump(m);
    return AT_PENDING;
}

static int test_cnmi(struct modem *m, const struct at_args *a)
{
    struct buf b = {0};
    (void)a;
    for (int i = 0; i < CNMI_FIELDS; i++) {
        const char *values = m->profile->cnmi[i];
        buf_adds(&b, i ? ",(" : "(");
        for (const char *p = values; *p != '\0'; p++)
            buf_addf(&b, "%s%c", p > values ? "," : "", *p);
        buf_adds(&b, ")");
    }
    at_info(m, "+CNMI: %s", b.data);
    buf_fini(&b);
    return AT_OK;
}

static int acknowledge(struct modem *m, bool positive)
{
    if (m->v.csms == 0)
        return AT_CMS | 303;
    if (!network_acknowledge(m, positive))
        return AT_CMS | 340;
    at_finish(m, AT_OK);
    network_pump(m);
    return AT_PENDING;
}

static int exec_cnma(struct modem *m, const struct at_args *a)
{
    (void)a;
    return acknowledge(m, true);
}

static void entered_ack(struct modem *m, const struct buf *typed)
{
    (void)typed;
    int status = acknowledge(m, m->at.entry.stat != 2);
    if (status != AT_PENDING)
        at_finish(m, status);
}

static int set_cnma(struct modem *m, const struct at_args *a)
{
    int n, len;
    if (m->v.cmgf == 1 || !at_int(a, 0, 0, 0, 2, &n) || !at_int(a, 1, 0, 0, 164, &len))
        return AT_CMS | 303;
    if (len == 0)
        return acknowledge(m, n != 2);
    m->at.entry.stat = n;
    at_prompt(m, 0, entered_ack);
    return AT_PENDING;
}

static int read_csms(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CSMS: %d,1,1,1", m->v.csms);
    return AT_OK;
}

static int set_csms(struct modem *m, const struct at_args *a)
{
    int n;
    if (!at_int(a, 0, 0, 0, m->profile->csms ? 1 : 0, &n))
        return AT_CMS | 303;
    m->v.csms = n;
    at_info(m, "+CSMS: 1,1,1");
    return AT_OK;
}

static int test_csms(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, m->profile->csms ? "+CSMS: (0,1)" : "+CSMS: (0)");
    return AT_OK;
}

const struct at_command at_receive_commands[] = {
    {"+CNMI", .read = read_cnmi, .set = set_cnmi, .test_fn = test_cnmi},
    {"+CNMA", .exec = exec_cnma, .set = set_cnma, .test = "(0-2)"},
    {"+CSMS", .read = read_csms, .set = set_csms, .test_fn = test_csms},
    {.name = NULL},
};
