/* A reply without `to` goes back to the sender, without `from` it comes from the number that was written to.
 * There is no MMS: one that has text goes without its media. Everything else is compose()'s to judge: a reply
 * is refused for what a request would be refused for.
 *
 * Log and notifications are told codes, not compose()'s sentences: those quote what the application wrote,
 * numbers and URLs included. */
#include "host/facade/hook_reply.h"

#include <stdio.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/hook_notice.h"

#define NO_MMS 21621 /* what compose() says of media */

/* FNV-1a; the sum makes the pair unordered. */
static uint64_t hash(const char *text)
{
    uint64_t value = 14695981039346656037u;
    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * 1099511628211u;
    return value;
}

bool hook_guard_admit(struct hook_guard *guard, const char *a, const char *b, int64_t mono_ms)
{
    uint64_t pair = hash(a) + hash(b);
    size_t kept = guard->count < GUARD_RING ? guard->count : GUARD_RING, recent = 0;
    for (size_t i = 0; i < kept; i++)
        recent += guard->ring[i].pair == pair && mono_ms - guard->ring[i].at_ms < GUARD_WINDOW_MS;
    if (recent >= GUARD_REPLIES)
        return false;
    guard->ring[guard->count % GUARD_RING].pair = pair;
    guard->ring[guard->count % GUARD_RING].at_ms = mono_ms;
    guard->count++;
    return true;
}

/* What compose() refuses, as Twilio numbers it of a Message verb. What is not here is told as it is (21610,
 * 21611 ...): nothing is wrong with the verb. */
static const struct {
    int refused, told;
} NUMBERS[] = {
    {21604, 14101}, {21211, 14101}, {21265, 14101}, {21266, 14101}, {21612, 14101},
    {21614, 14101}, {21408, 14101}, {21603, 14102}, {21212, 14102}, {21606, 14102},
    {21657, 14102}, {21602, 14103}, {21617, 14103}, {21618, 14103}, {21619, 14103},
    {21620, 14103}, {21621, 14103}, {21623, 14103}, {21609, 14105}, {21658, 14105},
};
static const struct {
    int told;
    const char *text;
} SENTENCES[] = {
    {14101, "to is no number that can be written to"},
    {14102, "from is no sender of this account"},
    {14103, "the text or its media cannot be sent"},
    {14105, "statusCallback (or action) is not a URL that can be called"},
    {HOOK_LOOP, "too many replies between two numbers: two machines seem to answer each other"},
};

static int number_of(int refused)
{
    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++)
        if (NUMBERS[i].refused == refused)
            return NUMBERS[i].told;
    return refused;
}

static const char *sentence_of(int told)
{
    for (size_t i = 0; i < sizeof SENTENCES / sizeof SENTENCES[0]; i++)
        if (SENTENCES[i].told == told)
            return SENTENCES[i].text;
    return "it was refused";
}

static void notify(const struct facade_rooms *rooms, const struct message *inbound,
                   const struct hook_notice *answer, bool warning, int code, const char *text)
{
    struct hook_notice notice = *answer;
    notice.warning = warning;
    notice.code = code;
    notice.text = text;
    hook_notice_store(rooms->queue, inbound->account_id, inbound, &notice);
}

/* reply: which Message verb of the answer, from 1. */
static void log_reply(const struct message *inbound, const char *event, size_t reply, int code)
{
    char sid[SID_TEXT];
    sid_format(&inbound->sid, inbound->mm ? "MM" : "SM", sid);
    log_event(LOG_WARN, event, "sid=%s reply=%zu code=%d", sid, reply, code);
}

static void tell_refused(const struct facade_rooms *rooms, const struct message *inbound,
                         const struct hook_reply *reply, size_t nth, int refused)
{
    char text[160];
    int told = number_of(refused);
    log_reply(inbound, "hook.reply_refused", nth, refused);
    snprintf(text, sizeof text, "Message %zu was not sent: %s", nth, sentence_of(told));
    if (refused != HOOK_LOOP)
        snprintf(text + strlen(text), sizeof text - strlen(text), " (%d)", refused);
    notify(rooms, inbound, reply->answer, false, told, text);
}

static void tell_without_media(const struct facade_rooms *rooms, const struct message *inbound,
                               const struct hook_reply *reply, size_t nth)
{
    char text[96];
    log_reply(inbound, "hook.reply_without_media", nth, NO_MMS);
    snprintf(text, sizeof text, "Message %zu was sent without its media: there is no MMS", nth);
    notify(rooms, inbound, reply->answer, true, NO_MMS, text);
}

static bool drops_media(const struct facade_rooms *rooms, const struct twiml_message *verb)
{
    return rooms->conf->http.media == CONF_MEDIA_REFUSE && verb->media_count > 0 && verb->body != NULL &&
           verb->body[0] != '\0';
}

static bool compose_one(const struct facade_rooms *rooms, struct hook_guard *guard,
                        const struct message *inbound, const struct hook_reply *reply, int64_t now_ms,
                        struct composed *out, struct refusal *refusal)
{
    const struct twiml_message *verb = &reply->message;
    struct compose_request request = {
        .account = directory_account(rooms->directory, inbound->account_id),
        .direction = MESSAGE_OUTBOUND_REPLY,
        .to = verb->to != NULL ? verb->to : inbound->from,
        .from = verb->from != NULL ? verb->from : inbound->to,
        .body = verb->body,
        .body_len = verb->body != NULL ? strlen(verb->body) : 0,
        .status_callback = reply->callback,
        .media_count = drops_media(rooms, verb) ? 0 : verb->media_count,
        .media = (const char *const *)verb->media,
        .reply_to = inbound->id,
    };
    if (!compose(rooms, &request, now_ms, out, refusal))
        return false;
    if (hook_guard_admit(guard, out->to, out->from, clock_mono_ms()))
        return true;
    compose_fini(out);
    *refusal = (struct refusal){.code = HOOK_LOOP};
    return false;
}

void hook_replies_compose(const struct facade_rooms *rooms, struct hook_guard *guard,
                          const struct message *inbound, const struct hook_reply *replies, size_t count,
                          int64_t now_ms, struct hook_replies *out)
{
    out->count = out->refused = out->without_media = 0;
    out->refused_code = 0;
    for (size_t i = 0; i < count; i++) {
        struct refusal refusal = {0};
        if (!compose_one(rooms, guard, inbound, &replies[i], now_ms, &out->composed[out->count], &refusal)) {
            tell_refused(rooms, inbound, &replies[i], i + 1, refusal.code);
            if (out->refused++ == 0)
                out->refused_code = refusal.code;
            continue;
        }
        out->count++;
        if (drops_media(rooms, &replies[i].message)) {
            tell_without_media(rooms, inbound, &replies[i], i + 1);
            out->without_media++;
        }
    }
}

void hook_replies_fini(struct hook_replies *replies)
{
    for (size_t i = 0; i < replies->count; i++)
        compose_fini(&replies->composed[i]);
    replies->count = 0;
}
