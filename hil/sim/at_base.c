/* The commands of V.250 and of identification (TS 27.007 5). */
#include <string.h>

#include "modem.h"

static int ok(struct modem *m, const struct at_args *a)
{
    (void)m;
    (void)a;
    return AT_OK;
}

static int set_switch(const struct at_args *a, bool *out)
{
    int n;
    if (!at_int(a, 0, 0, 0, 1, &n))
        return AT_ERROR;
    *out = n == 1;
    return AT_OK;
}

static int set_echo(struct modem *m, const struct at_args *a)
{
    return set_switch(a, &m->v.echo);
}

static int set_verbose(struct modem *m, const struct at_args *a)
{
    return set_switch(a, &m->v.verbose);
}

static int set_quiet(struct modem *m, const struct at_args *a)
{
    return set_switch(a, &m->v.quiet);
}

static int factory(struct modem *m, const struct at_args *a)
{
    (void)a;
    modem_factory(m);
    return AT_OK;
}

static const char *or_profile(const char *own, const char *profile)
{
    return own[0] != '\0' ? own : profile;
}

static const char *maker(const struct modem *m)
{
    return or_profile(m->set.maker, m->profile->maker);
}

static const char *model(const struct modem *m)
{
    return or_profile(m->set.model, m->profile->model);
}

static const char *revision(const struct modem *m)
{
    return or_profile(m->set.revision, m->profile->revision);
}

static int identify(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "Manufacturer: %s", maker(m));
    at_info(m, "Model: %s", model(m));
    at_info(m, "Revision: %s", revision(m));
    at_info(m, "IMEI: %s", m->set.imei);
    at_info(m, "+GCAP: +CGSM,+DS,+ES");
    return AT_OK;
}

static int tell_maker(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "%s", maker(m));
    return AT_OK;
}

static int tell_model(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "%s", model(m));
    return AT_OK;
}

static int tell_revision(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "%s", revision(m));
    return AT_OK;
}

static int tell_imei(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, m->profile->gsn_quoted ? "+CGSN: \"%s\"" : "%s", m->set.imei);
    return AT_OK;
}

static int tell_gcap(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+GCAP: +CGSM,+DS,+ES");
    return AT_OK;
}

static int read_cmee(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CMEE: %d", m->v.cmee);
    return AT_OK;
}

static int set_cmee(struct modem *m, const struct at_args *a)
{
    return at_int(a, 0, 0, 0, 2, &m->v.cmee) ? AT_OK : AT_CME | 50;
}

static int read_cscs(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+CSCS: \"%s\"", m->v.cscs);
    return AT_OK;
}

static int set_cscs(struct modem *m, const struct at_args *a)
{
    static const char *const known[] = {"GSM", "IRA", "UCS2", "HEX"};
    for (int i = 0; i < 4; i++)
        if (strcmp(a->v[0], known[i]) == 0) {
            memcpy(m->v.cscs, known[i], strlen(known[i]) + 1);
            return AT_OK;
        }
    return AT_CME | 50;
}

static int read_ipr(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "+IPR: %d", m->set.baud);
    return AT_OK;
}

static int read_s_register(struct modem *m, const struct at_args *a)
{
    (void)a;
    at_info(m, "000");
    return AT_OK;
}

const struct at_command at_base_commands[] = {
    {"E", NEED_NOTHING, set_echo, NULL, set_echo, NULL, NULL, NULL},
    {"V", NEED_NOTHING, set_verbose, NULL, set_verbose, NULL, NULL, NULL},
    {"Q", NEED_NOTHING, set_quiet, NULL, set_quiet, NULL, NULL, NULL},
    {"Z", NEED_NOTHING, factory, NULL, factory, NULL, NULL, NULL},
    {"&F", NEED_NOTHING, factory, NULL, factory, NULL, NULL, NULL},
    {"&C", NEED_NOTHING, ok, NULL, ok, NULL, NULL, NULL},
    {"&D", NEED_NOTHING, ok, NULL, ok, NULL, NULL, NULL},
    {"&K", NEED_NOTHING, ok, NULL, ok, NULL, NULL, NULL},
    {"&S", NEED_NOTHING, ok, NULL, ok, NULL, NULL, NULL},
    {"&W", NEED_NOTHING, ok, NULL, ok, NULL, NULL, NULL},
    {"X", NEED_NOTHING, ok, NULL, ok, NULL, NULL, NULL},
    {"H", NEED_NOTHING, ok, NULL, ok, NULL, NULL, NULL},
    {"L", NEED_NOTHING, ok, NULL, ok, NULL, NULL, NULL},
    {"M", NEED_NOTHING, ok, NULL, ok, NULL, NULL, NULL},
    {"S0", NEED_NOTHING, NULL, read_s_register, ok, NULL, NULL, NULL},
    {"S3", NEED_NOTHING, NULL, read_s_register, ok, NULL, NULL, NULL},
    {"S4", NEED_NOTHING, NULL, read_s_register, ok, NULL, NULL, NULL},
    {"S5", NEED_NOTHING, NULL, read_s_register, ok, NULL, NULL, NULL},
    {"S7", NEED_NOTHING, NULL, read_s_register, ok, NULL, NULL, NULL},
    {"I", NEED_NOTHING, identify, NULL, identify, NULL, NULL, NULL},
    {"+CGMI", NEED_NOTHING, tell_maker, NULL, NULL, NULL, NULL, ""},
    {"+GMI", NEED_NOTHING, tell_maker, NULL, NULL, NULL, NULL, ""},
    {"+CGMM", NEED_NOTHING, tell_model, NULL, NULL, NULL, NULL, ""},
    {"+GMM", NEED_NOTHING, tell_model, NULL, NULL, NULL, NULL, ""},
    {"+CGMR", NEED_NOTHING, tell_revision, NULL, NULL, NULL, NULL, ""},
    {"+GMR", NEED_NOTHING, tell_revision, NULL, NULL, NULL, NULL, ""},
    {"+CGSN", NEED_NOTHING, tell_imei, NULL, NULL, NULL, NULL, ""},
    {"+GSN", NEED_NOTHING, tell_imei, NULL, NULL, NULL, NULL, ""},
    {"+GCAP", NEED_NOTHING, tell_gcap, NULL, NULL, NULL, NULL, ""},
    {"+CMEE", NEED_NOTHING, NULL, read_cmee, set_cmee, NULL, NULL, "(0-2)"},
    {"+CSCS", NEED_NOTHING, NULL, read_cscs, set_cscs, NULL, NULL, "(\"GSM\",\"IRA\",\"UCS2\",\"HEX\")"},
    {"+IPR", NEED_NOTHING, NULL, read_ipr, ok, NULL, NULL, "(0,9600,19200,38400,57600,115200)"},
    {"+IFC", NEED_NOTHING, NULL, NULL, ok, NULL, NULL, "(0,2),(0,2)"},
    {"+ICF", NEED_NOTHING, NULL, NULL, ok, NULL, NULL, "(3),(4)"},
    {NULL, NEED_NOTHING, NULL, NULL, NULL, NULL, NULL, NULL},
};
