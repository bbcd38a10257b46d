/* The SIM: PIN and PUK (TS 27.007 8.3), identities (5.6, 7.1), locks (7.4). */
#include <stdio.h>
#include <string.h>

#include "modem.h"

static int read_cpin(struct modem *m, const struct at_args *a)
{
    static const char *const text[] = {
        [CARD_READY] = "READY", [CARD_PIN] = "SIM PIN", [CARD_PUK] = "SIM PUK"};
    static const int code[] = {[CARD_ABSENT] = 10, [CARD_BUSY] = 14, [CARD_FAILED] = 13};
    (void)a;
    if (m->card > CARD_PUK)
        return AT_CME | code[m->card];
    at_info(m, "+CPIN: %s", text[m->card]);
    return m->profile->bare_cpin ? AT_SILENT : AT_OK;
}

static int try_pin(struct modem *m, const char *pin)
{
    if (strcmp(pin, m->set.pin) == 0) {
        m->set.pin_tries = 3;
        m->pin_given = true;
        return AT_OK;
    }
    modem_count(m, COUNT_pin_wrong);
    m->set.pin_tries--;
    return AT_CME | (m->set.pin_tries > 0 ? 16 : 12);
}

static int try_puk(struct modem *m, const char *puk, const char *new_pin)
{
    if (new_pin[0] == '\0' || strcmp(puk, m->set.puk) != 0) {
        m->set.puk_tries -= m->set.puk_tries > 0;
        return AT_CME | 16;
    }
    snprintf(m->set.pin, sizeof m->set.pin, "%s", new_pin);
    m->set.pin_tries = 3;
    m->pin_given = true;
    return AT_OK;
}

static int set_cpin(struct modem *m, const struct at_args *a)
{
    int status = AT_CME | 3;
    if (m->card == CARD_PIN)
        status = try_pin(m, a->v[0]);
    else if (m->card == CARD_PUK)
        status = try_puk(m, a->v[0], a->n > 1 ? a->v[1] : "");
    at_finish(m, status); /* the answer first, then the indications that the SIM is ready */
    modem_card_changed(m);
    return AT_PENDING;
}

static int tell_tries(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CPINR: SIM PIN,%d,3", m->set.pin_tries);
    at_info(m, "+CPINR: SIM PUK,%d,10", m->set.puk_tries);
    return AT_OK;
}

static int tell_imsi(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "%s", m->set.imsi);
    return AT_OK;
}

static int tell_iccid(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "%s: %s", m->at.name, m->set.iccid);
    return AT_OK;
}

static int tell_number(struct modem *m, const struct at_args *a)
{
    (void)a;
    if (m->set.number[0] != '\0')
        at_info(m, "+CNUM: \"\",\"%s\",%d", m->set.number, m->set.number[0] == '+' ? 145 : 129);
    return AT_OK;
}

static int set_clck(struct modem *m, const struct at_args *a)
{
    int mode;
    if (a->n < 2 || !at_int(a, 1, 0, 0, 2, &mode))
        return AT_CME | 50;
    if (mode == 2)
        at_info(m, "+CLCK: %d", strcmp(a->v[0], "SC") == 0 && m->set.pin[0] != '\0');
    return mode == 2 ? AT_OK : AT_CME | 3;
}

const struct at_command at_card_commands[] = {
    {"+CPIN", .read = read_cpin, .set = set_cpin, .test = ""},
    {"+CPINR", .exec = tell_tries, .set = tell_tries, .test = ""},
    {"+CIMI", NEED_CARD, .exec = tell_imsi, .test = ""},
    {"+CCID", NEED_CARD, .exec = tell_iccid, .read = tell_iccid, .test = ""},
    {"+ICCID", NEED_CARD, .exec = tell_iccid, .read = tell_iccid, .test = ""},
    {"+QCCID", NEED_CARD, .exec = tell_iccid, .test = ""},
    {"^ICCID", NEED_CARD, .exec = tell_iccid, .read = tell_iccid, .test = ""},
    {"+CNUM", NEED_CARD, .exec = tell_number, .test = ""},
    {"+CLCK", NEED_CARD, .set = set_clck, .test = "(\"SC\",\"FD\",\"PS\")"},
    {.name = NULL},
};
