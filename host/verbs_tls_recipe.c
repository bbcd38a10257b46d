/* `cellpost tls recipe [LANGUAGE]`: how a program with an unchanged SDK is pointed at this gateway. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/verbs_tls.h"

static const char *const common[] = {
    "SDKs always use port 443: one address of [tls] listen should have it.",
    "1. On the application's machine: cellpost tls ca > /etc/ssl/cellpost-ca.pem (or copy that file there).",
    "2. Names, one way of the two:",
    "   A. A zone of its own (best; the real Twilio stays reachable). In the internal DNS or /etc/hosts:",
    "        ADDRESS-OF-THE-GATEWAY api.onprem.lan.twilio.com messaging.onprem.lan.twilio.com",
    "        ADDRESS-OF-THE-GATEWAY lookups.onprem.lan.twilio.com verify.onprem.lan.twilio.com",
    "        ADDRESS-OF-THE-GATEWAY content.onprem.lan.twilio.com",
    "      and edge `onprem`, region `lan` for the SDK (below).",
    "   B. The real names: ADDRESS-OF-THE-GATEWAY api.twilio.com messaging.twilio.com ..., and once",
    "        cellpost tls issue '*.twilio.com'",
    "      Nothing on that machine reaches the real Twilio any more.",
    "3. The account: `cellpost account show`; the token is the one that its creation printed.",
};

static const struct {
    const char *language;
    const char *lines[6];
} recipes[] = {
    {"python",
     {"A: export TWILIO_EDGE=onprem TWILIO_REGION=lan",
      "CA: twilio 9: export REQUESTS_CA_BUNDLE=/etc/ssl/cellpost-ca.pem",
      "    twilio 6 and 7 do not read that variable: put the file into the system's store",
      "    (/usr/local/share/ca-certificates/cellpost.crt, then update-ca-certificates; Debian's requests "
      "use it),",
      "    or in code: http_client = TwilioHttpClient(); http_client.session.verify = "
      "'/etc/ssl/cellpost-ca.pem'"}},
    {"node",
     {"A: export TWILIO_EDGE=onprem TWILIO_REGION=lan",
      "CA: export NODE_EXTRA_CA_CERTS=/etc/ssl/cellpost-ca.pem"}},
    {"php",
     {"A: TWILIO_EDGE=onprem and TWILIO_REGION=lan in the environment of PHP",
      "CA: php.ini: curl.cainfo = /etc/ssl/cellpost-ca.pem (SSL_CERT_FILE is not read)"}},
    {"ruby",
     {"A: Twilio.configure { |c| c.edge = 'onprem'; c.region = 'lan' }",
      "CA: export SSL_CERT_FILE=/etc/ssl/cellpost-ca.pem"}},
    {"go",
     {"A: export TWILIO_EDGE=onprem TWILIO_REGION=lan", "CA: export SSL_CERT_FILE=/etc/ssl/cellpost-ca.pem"}},
    {"java",
     {"A: export TWILIO_EDGE=onprem TWILIO_REGION=lan, or .edge(\"onprem\").region(\"lan\") of the client's "
      "builder",
      "CA: keytool -importcert -noprompt -alias cellpost -file /etc/ssl/cellpost-ca.pem -keystore "
      "cellpost.jks "
      "-storepass changeit",
      "    java -Djavax.net.ssl.trustStore=cellpost.jks -Djavax.net.ssl.trustStorePassword=changeit ..."}},
    {"csharp",
     {"A: new TwilioRestClient(sid, token, region: \"lan\", edge: \"onprem\")",
      "CA: the system's store: /usr/local/share/ca-certificates/cellpost.crt, then update-ca-certificates;",
      "    on Windows: certutil -addstore Root cellpost-ca.pem"}},
};
#define RECIPES (sizeof recipes / sizeof recipes[0])

static void recipe_print(struct ctl_call *call, size_t n)
{
    ctl_line(call, "[%s]", recipes[n].language);
    for (size_t i = 0; i < sizeof recipes[n].lines / sizeof recipes[n].lines[0]; i++)
        if (recipes[n].lines[i] != NULL)
            ctl_line(call, "  %s", recipes[n].lines[i]);
}

static void here_print(struct daemon *daemon, struct ctl_call *call)
{
    char host[254] = "";
    gethostname(host, sizeof host - 1);
    ctl_line(call, "This gateway: %s, TLS port %d", host, facade_tls_port(daemon->facade, 0));
}

void tls_recipe(struct daemon *daemon, struct ctl_call *call, char **words)
{
    bool found = false;
    here_print(daemon, call);
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        ctl_line(call, "%s", common[i]);
    for (size_t n = 0; n < RECIPES; n++) {
        if (words[0] != NULL && strcmp(words[0], recipes[n].language) != 0)
            continue;
        recipe_print(call, n);
        found = true;
    }
    if (found)
        ctl_ok(call);
    else
        ctl_err(call, "LANGUAGE is python, node, php, ruby, go, java or csharp, not '%s'", words[0]);
}
