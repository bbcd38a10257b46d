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
    {"E", .exec = set_echo, .set = set_echo},
    {"V", .exec = set_verbose, .set = set_verbose},
    {"Q", .exec = set_quiet, .set = set_quiet},
    {"Z", .exec = factory, .set = factory},
    {"&F", .exec = factory, .set = factory},
    {"&C", .exec = ok, .set = ok},
    {"&D", .exec = ok, .set = ok},
    {"&K", .exec = ok, .set = ok},
    {"&S", .exec = ok, .set = ok},
    {"&W", .exec = ok, .set = ok},
    {"X", .exec = ok, .set = ok},
    {"H", .exec = ok, .set = ok},
    {"L", .exec = ok, .set = ok},
    {"M", .exec = ok, .set = ok},
    {"S0", .read = read_s_register, .set = ok},
    {"S3", .read = read_s_register, .set = ok},
    {"S4", .read = read_s_register, .set = ok},
    {"S5", .read = read_s_register, .set = ok},
    {"S7", .read = read_s_register, .set = ok},
    {"I", .exec = identify, .set = identify},
    {"+CGMI", .exec = tell_maker, .test = ""},
    {"+GMI", .exec = tell_maker, .test = ""},
    {"+CGMM", .exec = tell_model, .test = ""},
    {"+GMM", .exec = tell_model, .test = ""},
    {"+CGMR", .exec = tell_revision, .test = ""},
    {"+GMR", .exec = tell_revision, .test = ""},
    {"+CGSN", .exec = tell_imei, .test = ""},
    {"+GSN", .exec = tell_imei, .test = ""},
    {"+GCAP", .exec = tell_gcap, .test = ""},
    {"+CMEE", .read = read_cmee, .set = set_cmee, .test = "(0-2)"},
    {"+CSCS", .read = read_cscs, .set = set_cscs, .test = "(\"GSM\",\"IRA\",\"UCS2\",\"HEX\")"},
    {"+IPR", .read = read_ipr, .set = ok, .test = "(0,9600,19200,38400,57600,115200)"},
    {"+IFC", .set = ok, .test = "(0,2),(0,2)"},
    {"+ICF", .set = ok, .test = "(3),(4)"},
    {.name = NULL},
};
