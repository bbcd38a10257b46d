/* `cellpost tls`: the local authority's certificate, what is served, more names, and how clients are pointed
 * here. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/verbs_tls.h"

static void tls_ca(struct daemon *daemon, struct ctl_call *call, char **words)
{
    char fingerprint[96];
    char *pem = tls_authority_pem(daemon->tls, fingerprint), *next;
    (void)words;
    if (pem == NULL) {
        ctl_err(call, "[tls] cert is the operator's own: its issuer has the certificate that clients need");
        return;
    }
    ctl_line(call, "SHA-256 %s", fingerprint); /* what stands outside of BEGIN and END is no part of PEM */
    for (char *line = pem; *line != '\0'; line = next) {
        next = line + strcspn(line, "\n");
        if (*next != '\0')
            *next++ = '\0';
        ctl_line(call, "%s", line);
    }
    free(pem);
    ctl_ok(call);
}

int64_t tls_days_left(int64_t until_ms)
{
    return (until_ms - clock_wall_ms()) / CLOCK_DAY_MS;
}

static void tls_show(struct daemon *daemon, struct ctl_call *call, char **words)
{
    struct tls_status status;
    char from[25], until[25];
    (void)words;
    tls_status(daemon->tls, &status);
    clock_format(status.from_ms, from);
    clock_format(status.until_ms, until);
    for (int n = 0; daemon->conf->tls.listen[n] != NULL; n++)
        ctl_line(call, "listen %s (port %d)", daemon->conf->tls.listen[n],
                 facade_tls_port(daemon->facade, n));
    ctl_line(call, "file %s", status.path);
    ctl_line(call, "subject %s", status.subject);
    ctl_line(call, "issuer %s%s", status.issuer, status.local ? " (the local authority)" : "");
    ctl_line(call, "from %s", from);
    ctl_line(call, "until %s (%" PRId64 " days)", until, tls_days_left(status.until_ms));
    if (status.local) {
        clock_format(status.authority_until_ms, until);
        ctl_line(call, "authority_until %s (%" PRId64 " days)", until,
                 tls_days_left(status.authority_until_ms));
    }
    ctl_line(call, "fingerprint %s", status.fingerprint);
    for (char *const *name = status.names; name != NULL && *name != NULL; name++)
        ctl_line(call, "name %s", *name);
    ctl_ok(call);
}

static void tls_issue_names(struct daemon *daemon, struct ctl_call *call, char **words)
{
    char error[256];
    if (words[0] == NULL)
        ctl_err(call, "usage: tls issue NAME...");
    else if (tls_issue(daemon->tls, words, error) != 0)
        ctl_err(call, "%s", error);
    else
        tls_show(daemon, call, words);
}

void verb_tls(void *arg, struct ctl_call *call, int argc, char **argv)
{
    static const struct {
        const char *word;
        void (*fn)(struct daemon *, struct ctl_call *, char **words);
    } rows[] = {{"ca", tls_ca}, {"status", tls_show}, {"issue", tls_issue_names}, {"recipe", tls_recipe}};
    struct daemon *daemon = arg;
    char *words[CTL_ARGS_MAX + 1] = {NULL};
    if (daemon->tls == NULL) {
        ctl_err(call, "[tls] listen is not set: the API is not served through TLS");
        return;
    }
    for (int i = 2; i < argc; i++)
        words[i - 2] = argv[i];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(argv[1], rows[i].word) == 0) {
            rows[i].fn(daemon, call, words);
            return;
        }
    ctl_err(call, "tls ca, tls status, tls issue NAME... or tls recipe [LANGUAGE], not tls %s", argv[1]);
}
