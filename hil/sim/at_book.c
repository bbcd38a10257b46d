/* A phonebook that is always empty (TS 27.007 8.11 to 8.14): clients ask for it while they look around. */
#include <stdio.h>
#include <string.h>

#include "modem.h"

static int read_cpbs(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CPBS: \"%s\",0,100", m->v.cpbs);
    return AT_OK;
}

static int set_cpbs(struct modem *m, const struct at_args *a)
{
    if (strcmp(a->v[0], "SM") != 0 && strcmp(a->v[0], "ME") != 0)
        return AT_CME | 3;
    snprintf(m->v.cpbs, sizeof m->v.cpbs, "%.2s", a->v[0]);
    return AT_OK;
}

static int set_cpbr(struct modem *m, const struct at_args *a)
{
    int first;
    (void)m;
    return at_int(a, 0, -1, 1, 100, &first) && first > 0 ? AT_CME | 22 : AT_CME | 21;
}

const struct at_command at_book_commands[] = {
    {"+CPBS", NEED_CARD, .read = read_cpbs, .set = set_cpbs, .test = "(\"SM\",\"ME\")"},
    {"+CPBR", NEED_CARD, .set = set_cpbr, .test = "(1-100),20,16"},
    {.name = NULL},
};
