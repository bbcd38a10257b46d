/* See gate.h. */
#include "host/facade/gate.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/failed.h"
#include "host/facade/quota.h"

#define ADDRESSES 8192 /* remembered */
#define ACCOUNTS  4096

struct gate {
    struct quota *addresses, *accounts;
    struct failed *failed;
    struct gate_counts counts;
};

struct gate *gate_new(void)
{
    struct gate *gate = calloc(1, sizeof *gate);
    if (gate == NULL)
        fatal("out of memory");
    gate->addresses = quota_new(ADDRESSES);
    gate->accounts = quota_new(ACCOUNTS);
    gate->failed = failed_new(ADDRESSES);
    return gate;
}

void gate_free(struct gate *gate)
{
    if (gate == NULL)
        return;
    quota_free(gate->addresses);
    quota_free(gate->accounts);
    failed_free(gate->failed);
    free(gate);
}

/* A network gives each of its hosts as many IPv6 addresses as it likes, all of one /64. */
static struct name address_name(const struct http_call *call)
{
    static const uint8_t MAPPED[12] = {[10] = 0xFF, 0xFF};
    struct name name = {{0}};
    const uint8_t *peer = http_peer(call);
    memcpy(name.bytes, peer, memcmp(peer, MAPPED, sizeof MAPPED) == 0 ? 16 : 8);
    return name;
}

static bool too_many(struct refusal *refusal, int64_t *count, int wait_s)
{
    if (wait_s == 0)
        return true;
    ++*count;
    refuse(refusal, 429, 20429, "Too Many Requests");
    refusal->retry_after_s = wait_s;
    return false;
}

bool gate_enter(struct gate *gate, const struct conf_http *conf, const struct http_call *call,
                struct refusal *refusal)
{
    const struct quota_limit limit = {conf->address_rate, conf->address_burst};
    const struct name name = address_name(call);
    return http_trusted(call) || too_many(refusal, &gate->counts.limited,
                                          quota_take(gate->addresses, &name, &limit, clock_mono_ms()));
}

bool gate_account(struct gate *gate, const struct conf_http *conf, const struct http_call *call,
                  int64_t account_id, struct refusal *refusal)
{
    const struct quota_limit limit = {conf->account_rate, conf->account_burst};
    struct name name = {{0}};
    memcpy(name.bytes, &account_id, sizeof account_id);
    return http_trusted(call) || too_many(refusal, &gate->counts.limited,
                                          quota_take(gate->accounts, &name, &limit, clock_mono_ms()));
}

bool gate_may_login(struct gate *gate, const struct http_call *call, struct refusal *refusal)
{
    const struct name name = address_name(call);
    return http_trusted(call) ||
           too_many(refusal, &gate->counts.slowed, failed_wait(gate->failed, &name, clock_mono_ms()));
}

void gate_login(struct gate *gate, const struct conf_http *conf, const struct http_call *call, bool good)
{
    const struct name name = address_name(call);
    char address[INET6_ADDRSTRLEN] = "";
    if (good) {
        failed_forgive(gate->failed, &name);
        return;
    }
    gate->counts.failed++;
    if (http_trusted(call) || !failed_note(gate->failed, &name, conf->failed_logins, clock_mono_ms()))
        return;
    inet_ntop(AF_INET6, http_peer(call), address, sizeof address);
    log_event(LOG_WARN, "http.logins_failed", "address=%s failures=%d message=\"it has to wait from now on\"",
              address, conf->failed_logins);
}

void gate_counts(const struct gate *gate, struct gate_counts *counts)
{
    *counts = gate->counts;
}
