/* See rate.h. */
#include "host/router/rate.h"

#define SECOND_US 1000000

static int64_t interval_us(const struct rate *rate)
{
    return rate->per_s > 0 ? (SECOND_US + rate->per_s - 1) / rate->per_s : 0;
}

void rate_set(struct rate *rate, int per_s, int64_t now_us)
{
    rate->per_s = per_s;
    rate->next_us = now_us + interval_us(rate);
}

int64_t rate_wait_ms(const struct rate *rate, int64_t now_us)
{
    return rate->per_s > 0 && rate->next_us > now_us ? (rate->next_us - now_us + 999) / 1000 : 0;
}

void rate_take(struct rate *rate, int64_t now_us)
{
    rate->next_us = now_us + interval_us(rate);
}
