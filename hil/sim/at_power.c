/* Off by command, as each family has it: the row of its pmu says which, how it is answered and what comes
 * before it is off. */
#include <string.h>

#include "modem.h"
#include "pins.h"

/* Without a board nobody waits for STATUS: it is off at once. */
static void end(struct modem *m, bool urgent)
{
    if (pins_has(m)) {
        pins_end(m, urgent);
        return;
    }
    if (m->pmu.row->farewell[0] != '\0')
        at_urc(m, "%s", m->pmu.row->farewell);
    modem_power(m, false);
}

static int off(struct modem *m, const struct at_args *a)
{
    const struct pmu_row *row = m->pmu.row;
    int normal;
    if (row->command == NULL || strcmp(row->command, m->at.name) != 0)
        return AT_ERROR;
    if (!at_int(a, 0, 1, 0, 1, &normal))
        return AT_CME | 50;
    at_finish(m, row->command_ok ? AT_OK : AT_SILENT); /* first: the end takes all that runs */
    end(m, normal == 0);
    return AT_PENDING;
}

const struct at_command at_power_commands[] = {
    {"+CPOWD", .set = off, .test = "(0,1)"}, {"+QPOWD", .exec = off, .set = off, .test = "(0,1)"},
    {"+CPOF", .exec = off, .test = ""},      {"+CPWROFF", .exec = off, .test = ""},
    {"#SHDN", .exec = off, .test = ""},      {.name = NULL},
};
