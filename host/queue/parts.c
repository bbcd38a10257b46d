/* What comes in: which SMS is new, and which message it is a part of.
 *
 * New or not (SCTS has a resolution of one second, so equal SMS may be two): the same bytes in the same slot
 * before its erasure was confirmed are the same SMS; equal ones in two slots at once, or less than 8 s apart,
 * are two; a later reappearance is the network's repeat and is dropped. Parts belong together by line,
 * sender, reference, its width and the total; a part whose place is taken begins another message, and of
 * several the one nearest in time takes it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/queue/queue_internal.h"
#include "host/sms/utf8.h"

_Static_assert(MESSAGE_RECEIVING == 10 && MESSAGE_RECEIVED == 11 && MESSAGE_INBOUND == 1,
               "sql/queries/queue.sql names these");

struct receive {
    struct transition t;
    struct sid sid; /* of the message, if this begins one */
    int64_t line_id, account_id, service_id;
    char to[ADDRESS_MAX], from[ADDRESS_MAX];
    char memory[8]; /* "" = not stored on the modem */
    int slot;
    int64_t created_ms, received_ms, scts_ms, hash;
    struct pdu_udh udh;
    uint8_t dcs;
    bool broken;
    char text[PDU_TEXT_MAX];
    uint8_t ucs2[PDU_UD_MAX];
    size_t ucs2_len;
    char *hex;
};

/* ---- joining ---- */

struct text {
    char *bytes;
    size_t len, cap;
};

static char *text_room(struct text *text, size_t more)
{
    if (text->len + more + 1 > text->cap) {
        text->cap = (text->len + more + 1) * 2;
        text->bytes = realloc(text->bytes, text->cap);
        if (text->bytes == NULL)
            fatal("out of memory");
    }
    return text->bytes + text->len;
}

static void text_add(struct text *text, const void *more, size_t len)
{
    char *end = text_room(text, len);
    if (len > 0)
        memcpy(end, more, len);
    end[len] = '\0';
    text->len += len;
}

/* Decodes and empties the octets. */
static void text_add_ucs2(struct text *text, struct text *octets)
{
    bool lone = false;
    char *end = text_room(text, octets->len / 2 * 3);
    size_t len = utf8_from_utf16((const uint8_t *)octets->bytes, octets->len, end, &lone);
    end[len] = '\0';
    text->len += len;
    octets->len = 0;
}

/* The text of all parts that are there, in order. Neighbours that carry octets share a surrogate pair: they
 * are decoded in one. */
static int join_parts(struct transition *t, int64_t message_id, struct text *body)
{
    struct text octets = {0};
    int status, last = 0;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_PART_LIST);
    store_bind_int(stmt, ":message", message_id);
    text_add(body, "", 0);
    for (; (status = sql_next(t->queue->store, stmt)) > 0; last = sqlite3_column_int(stmt, 2)) {
        bool text_only = sqlite3_column_type(stmt, 1) == SQLITE_NULL;
        if (text_only || sqlite3_column_int(stmt, 2) != last + 1)
            text_add_ucs2(body, &octets);
        if (text_only)
            text_add(body, sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
        else
            text_add(&octets, sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
    }
    text_add_ucs2(body, &octets);
    free(octets.bytes);
    return status;
}

/* ---- a message is complete, or its time is over ---- */

static int become_received(struct transition *t, int64_t message_id, const char *body, int error)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_MESSAGE_ASSEMBLED);
    store_bind_int(stmt, ":message", message_id);
    store_bind_text(stmt, ":body", body);
    store_bind_int(stmt, ":error", error);
    store_bind_int(stmt, ":now", t->now_ms);
    queue_raise(t, QUEUE_INBOUND);
    return sql_run(t->queue->store, stmt);
}

static int assembled(struct transition *t, int64_t message_id, const char *body, int error, bool quiet)
{
    int status = become_received(t, message_id, body, error);
    if (status == 0)
        status = usage_count(t, message_id);
    if (status == 0)
        status = queue_note(t, message_id, error != 0 ? "partial" : "received", "%s",
                            quiet ? "ports=1 hook=none" : "");
    return status != 0 || quiet ? status : hook_add(t, message_id, MESSAGE_RECEIVED, error, 0);
}

static int assembly_finish(struct transition *t, int64_t message_id, int error, bool quiet)
{
    struct text body = {0};
    int status = join_parts(t, message_id, &body);
    if (status == 0)
        status = assembled(t, message_id, body.bytes, error, quiet);
    free(body.bytes);
    if (status != 0)
        return status;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_ASSEMBLY_DELETE);
    store_bind_int(stmt, ":message", message_id);
    return sql_run(t->queue->store, stmt);
}

int parts_sweep(struct transition *t)
{
    for (;;) {
        sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_ASSEMBLY_OVERDUE);
        store_bind_int(stmt, ":now", t->now_ms);
        int status = sql_next(t->queue->store, stmt);
        if (status <= 0)
            return status;
        int64_t message_id = sqlite3_column_int64(stmt, 0);
        bool quiet = sqlite3_column_int(stmt, 1) != 0;
        sqlite3_reset(stmt);
        if ((status = assembly_finish(t, message_id, ERROR_MISSING_PART, quiet)) != 0)
            return status;
    }
}

/* ---- new or not ---- */

/* The same bytes in a slot that was not erased: 1. Other bytes: the slot was emptied behind our back; 0. */
static int same_in_slot(struct receive *op)
{
    struct store *store = op->t.queue->store;
    if (op->memory[0] == '\0')
        return 0;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_PART_IN_SLOT);
    store_bind_int(stmt, ":line", op->line_id);
    store_bind_text(stmt, ":memory", op->memory);
    store_bind_int(stmt, ":slot", op->slot);
    int status = sql_next(store, stmt);
    if (status <= 0)
        return status;
    bool same = sqlite3_column_int64(stmt, 1) == op->hash && sqlite3_column_int64(stmt, 2) == op->scts_ms;
    sqlite3_reset(stmt);
    if (same)
        return 1;
    stmt = store_write_stmt(store, Q_PART_ERASED);
    store_bind_int(stmt, ":line", op->line_id);
    store_bind_text(stmt, ":memory", op->memory);
    store_bind_int(stmt, ":slot", op->slot);
    return sql_run(store, stmt);
}

/* An equal SMS was here before, and long enough ago that this is the network's repeat: 1. */
static int is_repeat(struct receive *op)
{
    struct store *store = op->t.queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_PART_EQUAL);
    store_bind_int(stmt, ":line", op->line_id);
    store_bind_int(stmt, ":scts", op->scts_ms);
    store_bind_int(stmt, ":hash", op->hash);
    int status = sql_next(store, stmt);
    if (status <= 0)
        return status;
    bool any = sqlite3_column_type(stmt, 0) != SQLITE_NULL;
    int64_t last_ms = sqlite3_column_int64(stmt, 0);
    bool in_other_slot = sqlite3_column_int(stmt, 1) != 0 && op->memory[0] != '\0';
    int64_t message_id = sqlite3_column_int64(stmt, 2);
    sqlite3_reset(stmt);
    if (!any || in_other_slot || op->received_ms - last_ms < REPEAT_MS)
        return 0;
    if (message_id != 0)
        status = queue_note(&op->t, message_id, "repeat", "after_ms=%lld dropped=1",
                            (long long)(op->received_ms - last_ms));
    return status < 0 ? status : 1;
}

/* ---- storing ---- */

static int part_insert(struct receive *op, int64_t message_id, unsigned seq, const char *text)
{
    struct store *store = op->t.queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_PART_INSERT);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":line", op->line_id);
    store_bind_int(stmt, ":seq", seq);
    store_bind_int(stmt, ":hash", op->hash);
    store_bind_int(stmt, ":scts", op->scts_ms);
    store_bind_text(stmt, ":memory", op->memory);
    store_bind_int(stmt, ":slot", op->slot);
    store_bind_int(stmt, ":present", op->memory[0] != '\0');
    store_bind_int(stmt, ":received", op->received_ms);
    store_bind_text(stmt, ":text", text);
    if (op->ucs2_len > 0)
        store_bind_blob(stmt, ":ucs2", op->ucs2, op->ucs2_len);
    store_bind_text(stmt, ":hex", op->hex);
    return sql_run(store, stmt);
}

static int message_insert(struct receive *op, unsigned segments, int64_t *message_id)
{
    struct store *store = op->t.queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_MESSAGE_RECEIVE);
    store_bind_blob(stmt, ":sid", op->sid.b, sizeof op->sid.b);
    store_bind_int(stmt, ":account", op->account_id);
    store_bind_text(stmt, ":from", op->from);
    store_bind_text(stmt, ":to", op->to);
    store_bind_int(stmt, ":line", op->line_id);
    store_bind_int(stmt, ":service", op->service_id);
    store_bind_int(stmt, ":segments", segments);
    store_bind_int(stmt, ":created", op->created_ms);
    store_bind_int(stmt, ":dcs", op->dcs);
    int status = sql_run(store, stmt);
    *message_id = store_last_id(store);
    return status;
}

static int receive_single(struct receive *op)
{
    int64_t message_id = 0;
    int status = message_insert(op, 1, &message_id);
    if (status == 0)
        status = part_insert(op, message_id, 1, "");
    return status != 0 ? status : assembled(&op->t, message_id, op->text, 0, op->udh.has_ports);
}

/* What no program can read a person may: the PDU is kept, the modem can be rid of it. */
static int receive_broken(struct receive *op)
{
    int64_t message_id = 0;
    int status = message_insert(op, 1, &message_id);
    if (status == 0)
        status = part_insert(op, message_id, 1, "");
    if (status == 0)
        status = become_received(&op->t, message_id, "", ERROR_UNKNOWN);
    return status != 0
               ? status
               : queue_note(&op->t, message_id, "undecodable", "octets=%zu hook=none", strlen(op->hex) / 2);
}

/* The open message that lacks this part: 1, 0, -errno. */
static int assembly_find(struct receive *op, int64_t *message_id, bool *quiet)
{
    struct store *store = op->t.queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_ASSEMBLY_FIND);
    store_bind_int(stmt, ":line", op->line_id);
    store_bind_text(stmt, ":sender", op->from);
    store_bind_int(stmt, ":ref", op->udh.ref);
    store_bind_int(stmt, ":bits", op->udh.concat_bits);
    store_bind_int(stmt, ":total", op->udh.total);
    store_bind_int(stmt, ":seq", op->udh.seq);
    store_bind_int(stmt, ":scts", op->scts_ms);
    int status = sql_next(store, stmt);
    if (status <= 0)
        return status;
    *message_id = sqlite3_column_int64(stmt, 0);
    *quiet = sqlite3_column_int(stmt, 1) != 0;
    sqlite3_reset(stmt);
    return 1;
}

static int assembly_begin(struct receive *op, int64_t *message_id)
{
    struct store *store = op->t.queue->store;
    int status = message_insert(op, op->udh.total, message_id);
    if (status != 0)
        return status;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_ASSEMBLY_INSERT);
    store_bind_int(stmt, ":message", *message_id);
    store_bind_int(stmt, ":line", op->line_id);
    store_bind_text(stmt, ":sender", op->from);
    store_bind_int(stmt, ":ref", op->udh.ref);
    store_bind_int(stmt, ":bits", op->udh.concat_bits);
    store_bind_int(stmt, ":total", op->udh.total);
    store_bind_int(stmt, ":scts", op->scts_ms);
    store_bind_int(stmt, ":quiet", op->udh.has_ports);
    store_bind_int(stmt, ":due", op->t.now_ms + ASSEMBLY_MS);
    return sql_run(store, stmt);
}

static int part_count(struct receive *op, int64_t message_id, unsigned *count)
{
    sqlite3_stmt *stmt = store_write_stmt(op->t.queue->store, Q_PART_COUNT);
    store_bind_int(stmt, ":message", message_id);
    int status = sql_next(op->t.queue->store, stmt);
    if (status <= 0)
        return status;
    *count = (unsigned)sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return 0;
}

static int receive_part(struct receive *op)
{
    int64_t message_id = 0;
    unsigned count = 0;
    bool quiet = op->udh.has_ports;
    int status = assembly_find(op, &message_id, &quiet);
    if (status == 0)
        status = assembly_begin(op, &message_id);
    if (status >= 0)
        status = part_insert(op, message_id, op->udh.seq, op->text);
    if (status == 0)
        status = queue_note(&op->t, message_id, "part", "segment=%u/%u", op->udh.seq, op->udh.total);
    if (status == 0)
        status = part_count(op, message_id, &count);
    if (status != 0 || count < op->udh.total)
        return status;
    return assembly_finish(&op->t, message_id, 0, quiet);
}

static int receive_run(struct transition *t)
{
    struct receive *op = (struct receive *)t;
    int status = same_in_slot(op);
    if (status == 0)
        status = is_repeat(op);
    if (status < 0)
        return status;
    if (status > 0) {
        log_event(LOG_INFO, "queue.sms_known", "line_id=%lld memory=%s slot=%d", (long long)op->line_id,
                  op->memory, op->slot);
        return 0;
    }
    if (op->broken)
        return receive_broken(op);
    return op->udh.has_concat && op->udh.total > 1 ? receive_part(op) : receive_single(op);
}

/* ---- taking it in ---- */

static int64_t hash_key(const void *octets, size_t len)
{
    uint8_t hash[32];
    int64_t key;
    secret_sha256(octets, len, hash);
    memcpy(&key, hash, sizeof key);
    return key;
}

/* What makes two SMS equal. Not the service centre's address, nor "more messages to send": a repeat may
 * differ in those. */
static int64_t sms_hash(const struct pdu *pdu)
{
    uint8_t octets[7 + sizeof pdu->address.text + 3 + PDU_UD_MAX] = {0};
    memcpy(octets, pdu->scts.raw, 7);
    memcpy(octets + 7, pdu->address.text, strnlen(pdu->address.text, sizeof pdu->address.text));
    uint8_t *rest = octets + 7 + sizeof pdu->address.text;
    rest[0] = pdu->pid;
    rest[1] = pdu->dcs;
    rest[2] = pdu->udl;
    memcpy(rest + 3, pdu->ud, pdu->ud_len);
    return hash_key(octets, sizeof octets);
}

/* Half a surrogate pair at an edge: the octets are kept too, its other half is in the next part. */
static void keep_octets(struct receive *op, const struct pdu *pdu)
{
    if (pdu->alphabet != PDU_UCS2 || !(pdu->flags & PDU_FLAG_LONE_SURROGATE))
        return;
    const uint8_t *text = pdu_ucs2(pdu, &op->ucs2_len);
    memcpy(op->ucs2, text, op->ucs2_len);
}

static void receive_fini(struct transition *t)
{
    free(((struct receive *)t)->hex);
}

void queue_receive(struct queue *queue, const struct inbound *in, durable_fn *fn, void *arg)
{
    struct receive *op = transition_new(queue, sizeof *op, receive_run, fn, arg);
    const struct pdu *pdu = in->pdu;
    op->t.fini = receive_fini;
    sid_new(&op->sid, op->t.now_ms);
    if (op->t.now_ms > queue->last_ms)
        queue->last_ms = op->t.now_ms;
    op->created_ms = queue->last_ms;
    op->line_id = in->line_id;
    op->account_id = in->account_id;
    op->service_id = in->service_id;
    snprintf(op->to, sizeof op->to, "%s", in->line_number != NULL ? in->line_number : "");
    snprintf(op->from, sizeof op->from, "%s", pdu->address.text);
    snprintf(op->memory, sizeof op->memory, "%s", in->memory != NULL ? in->memory : "");
    op->slot = in->index;
    op->received_ms = in->received_ms != 0 ? in->received_ms : op->t.now_ms;
    op->scts_ms = pdu->scts.valid ? pdu->scts.utc_s * 1000 : 0;
    op->hex = strdup(in->hex != NULL ? in->hex : "");
    if (op->hex == NULL)
        fatal("out of memory");
    op->broken = pdu->flags & PDU_FLAG_BROKEN;
    op->hash = op->broken ? hash_key(op->hex, strlen(op->hex)) : sms_hash(pdu);
    op->udh = pdu->udh;
    op->dcs = pdu->dcs;
    memcpy(op->text, pdu->text, sizeof op->text);
    op->text[sizeof op->text - 1] = '\0';
    keep_octets(op, pdu);
    transition_submit(&op->t);
}

/* ---- the modem has erased it ---- */

struct erased {
    struct transition t;
    int64_t line_id;
    char memory[8];
    int slot;
};

static int erased_run(struct transition *t)
{
    struct erased *op = (struct erased *)t;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_PART_ERASED);
    store_bind_int(stmt, ":line", op->line_id);
    store_bind_text(stmt, ":memory", op->memory);
    store_bind_int(stmt, ":slot", op->slot);
    return sql_run(t->queue->store, stmt);
}

void queue_erased(struct queue *queue, int64_t line_id, const char *memory, int index)
{
    struct erased *op = transition_new(queue, sizeof *op, erased_run, NULL, NULL);
    op->line_id = line_id;
    op->slot = index;
    snprintf(op->memory, sizeof op->memory, "%s", memory != NULL ? memory : "");
    transition_submit(&op->t);
}
