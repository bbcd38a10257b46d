/* Final results, V.250 5.7.1 and 6.2.5 (numeric and verbose), TS 27.007 9.2 (+CME ERROR), TS 27.005 3.2.5
 * (+CMS ERROR). */
#include "modem.h"

struct error_text {
    int code;
    const char *text;
};

static const struct error_text cme[] = {{0, "phone failure"},
                                        {3, "operation not allowed"},
                                        {4, "operation not supported"},
                                        {10, "SIM not inserted"},
                                        {11, "SIM PIN required"},
                                        {12, "SIM PUK required"},
                                        {13, "SIM failure"},
                                        {14, "SIM busy"},
                                        {16, "incorrect password"},
                                        {21, "invalid index"},
                                        {22, "not found"},
                                        {30, "no network service"},
                                        {50, "Incorrect parameters"},
                                        {100, "unknown"},
                                        {-1, "unknown"}};

static const struct error_text cms[] = {{300, "ME failure"},
                                        {302, "operation not allowed"},
                                        {303, "operation not supported"},
                                        {304, "invalid PDU mode parameter"},
                                        {305, "invalid text mode parameter"},
                                        {310, "SIM not inserted"},
                                        {311, "SIM PIN required"},
                                        {313, "SIM failure"},
                                        {314, "SIM busy"},
                                        {316, "SIM PUK required"},
                                        {321, "invalid memory index"},
                                        {322, "memory full"},
                                        {330, "SMSC address unknown"},
                                        {331, "no network service"},
                                        {332, "network timeout"},
                                        {340, "no +CNMA acknowledgement expected"},
                                        {-1, "unknown error"}};

static const char *text_of(const struct error_text *table, int code)
{
    while (table->code != code && table->code >= 0)
        table++;
    return table->text;
}

static void short_result(const struct modem *m, const char *verbose, const char *numeric, struct buf *out)
{
    if (m->v.verbose)
        buf_addf(out, "\r\n%s\r\n", verbose);
    else
        buf_addf(out, "%s\r", numeric);
}

/* +CMS ERROR keeps its number with CMEE=0 too: 27.005 3.2.5 does not let CMEE silence it. */
void at_result_text(const struct modem *m, int status, struct buf *out)
{
    int code = status & 0xFFFF;
    if (status == AT_OK)
        short_result(m, "OK", "0", out);
    else if (status == AT_ERROR || ((status & AT_CME) && m->v.cmee == 0))
        short_result(m, "ERROR", "4", out);
    else if (m->v.cmee == 2)
        buf_addf(out, "\r\n+%s ERROR: %s\r\n", status & AT_CME ? "CME" : "CMS",
                 text_of(status & AT_CME ? cme : cms, code));
    else
        buf_addf(out, "\r\n+%s ERROR: %d\r\n", status & AT_CME ? "CME" : "CMS", code);
}
