/* Address ranges: parsing, and the list of what is refused unless allowed. All addresses are compared as
 * IPv6; an IPv4 one as ::ffff:a.b.c.d, so that a mapped form cannot lead around a rule. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/httpc_internal.h"

static void map_v4(const uint8_t v4[4], uint8_t out[16])
{
    memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    memcpy(out + 12, v4, 4);
}

bool httpc_range_parse(const char *text, struct httpc_range *range)
{
    char address[64];
    uint8_t v4[4];
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (len == 0 || len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    range->v6 = inet_pton(AF_INET, address, v4) != 1;
    if (!range->v6)
        map_v4(v4, range->addr);
    else if (inet_pton(AF_INET6, address, range->addr) != 1)
        return false;
    long most = range->v6 ? 128 : 32, bits = most;
    if (slash != NULL) {
        size_t digits = strspn(slash + 1, "0123456789");
        bits = digits > 0 && digits <= 3 && slash[1 + digits] == '\0' ? strtol(slash + 1, NULL, 10) : -1;
        if (bits < 0 || bits > most)
            return false;
    }
    range->bits = (uint8_t)(range->v6 ? bits : bits + 96);
    return true;
}

static bool range_holds(const struct httpc_range *range, const uint8_t address[16])
{
    unsigned whole = range->bits / 8, rest = range->bits % 8;
    if (memcmp(range->addr, address, whole) != 0)
        return false;
    return rest == 0 || ((range->addr[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static bool any_holds(const struct httpc_range *ranges, size_t count, const uint8_t address[16])
{
    for (size_t i = 0; i < count; i++)
        if (range_holds(&ranges[i], address))
            return true;
    return false;
}

static bool refused_by_default(const uint8_t address[16])
{
    static const char *const texts[] = {
        "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "::/128",
        "fe80::/10", "ff00::/8",       "fec0::/10",   "fd00:ec2::254/128",  "100.100.100.200/32"};
    struct httpc_range range;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (httpc_range_parse(texts[i], &range) && range_holds(&range, address))
            return true;
    return false;
}

/* NAT64, 6to4 and IPv4-compatible addresses carry an IPv4 address inside: judged as that one too. :: and ::1
 * stand for themselves. */
static bool embedded_v4(const uint8_t a[16], uint8_t out[16])
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}, zeros[15];
    if (memcmp(a, nat64, sizeof nat64) == 0 ||
        (memcmp(a, zeros, 12) == 0 && memcmp(a, zeros, sizeof zeros) != 0))
        map_v4(a + 12, out);
    else if (a[0] == 0x20 && a[1] == 0x02)
        map_v4(a + 2, out);
    else
        return false;
    return true;
}

static bool address_refused(const struct httpc_policy *policy, const uint8_t address[16])
{
    if (any_holds(policy->deny, policy->deny_count, address))
        return true;
    return refused_by_default(address) && !any_holds(policy->allow, policy->allow_count, address);
}

bool httpc_policy_allows(const struct httpc_policy *policy, const struct sockaddr *address)
{
    uint8_t bytes[16], inner[16];
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        map_v4((const uint8_t *)&v4->sin_addr, bytes);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        memcpy(bytes, &v6->sin6_addr, sizeof bytes);
    } else {
        return false;
    }
    return !address_refused(policy, bytes) && !(embedded_v4(bytes, inner) && address_refused(policy, inner));
}
