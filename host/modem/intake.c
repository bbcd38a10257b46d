/* What was read from the modem, on its way to the disk. A URC or a lost byte can tear a PDU on the line; only
 * what is as long as its head says and decodes is taken at first sight. Anything else is read again, and
 * three times the same bytes are the truth:
 *
 *   decodes, length wrong       the head is wrong (many modems): taken
 *   does not decode, length so  handed up as PDU_FLAG_BROKEN; stored, it can be erased
 *   neither                     stays in the modem (ENTRY_KEPT), and is not read again in this session
 *
 * A direct one (+CMT, +CDS) cannot be read again: torn, it gets no +CNMA and the network repeats it, three
 * times at most. Without +CNMA (phase 2) nothing is repeated, and it is taken as it is. The log says how long
 * a PDU was and its hash; the PDU itself, which holds number and text, only when debugging. */
#include <inttypes.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/answer.h"
#include "host/modem/life.h"

#define SAME_READS     3
#define TORN_MAX       8 /* of one place, before it rests until the next sweep */
#define UNROUTED_TICKS 2 /* a module gives up routing 15 to 30 s after what it got no +CNMA for */

/* FNV-1a */
uint64_t intake_hash(const char *hex)
{
    uint64_t hash = 14695981039346656037u;
    for (; *hex; hex++) {
        hash = (hash ^ (uint8_t)*hex) * 1099511628211u;
    }
    return hash;
}

/* A head without hex and of no length, or an empty record of a SIM (TS 31.102 EF_SMS). */
static bool is_blank(const char *head, const char *hex)
{
    return hex[0] == '\0' ? answer_pdu_len(head) <= 0 : hex[strspn(hex, "Ff")] == '\0';
}

/* Some modems leave the SMSC address out: then the PDU is just as long as the header says. */
static enum pdu_error decode(const char *head, const char *hex, struct pdu *pdu)
{
    size_t len = strlen(hex);
    return pdu_decode_hex(hex, len, (size_t)answer_pdu_len(head) * 2 != len, false, pdu);
}

static void log_pdu(const struct modem *m, const struct entry *entry, const char *what, enum pdu_error error,
                    const char *hex)
{
    const char *memory = entry ? entry->memory : "direct";
    int index = entry ? entry->index : -1;
    log_event(LOG_ERROR, "modem.undecodable",
              "modem=%s memory=%s index=%d length=%zu hash=%016" PRIx64 " error=\"%s\" done=\"%s\"",
              m->options.name, memory, index, strlen(hex), intake_hash(hex), pdu_error_text(error), what);
    log_event(LOG_DEBUG, "modem.pdu", "modem=%s memory=%s index=%d hex=%.400s", m->options.name, memory,
              index, hex);
}

/* ---- handing up ---- */

static void on_stored(void *arg, int status)
{
    struct ticket ticket;
    struct modem *m = ticket_take(arg, &ticket);
    if (!m || !ticket.entry) {
        return;
    }
    if (status == 0) {
        ticket.entry->state = ticket.entry->doubt ? ENTRY_READ : ENTRY_ERASE;
        ticket.entry->stored = true;
        ticket.entry->stored_hash = ticket.entry->hash;
    } else {
        inbox_drop(m, ticket.entry);
        m->inbox.again = true;
    }
    modem_pump(m);
}

static void on_direct_stored(void *arg, int status)
{
    struct ticket ticket;
    struct modem *m = ticket_take(arg, &ticket);
    struct inbox *inbox = m ? &m->inbox : NULL;
    if (!m) {
        return;
    }
    if (status < 0) {
        inbox->unrouted = UNROUTED_TICKS;
    } else if (inbox->csms) {
        if (inbox->acks++ == 0 || ticket.since_ms < inbox->ack_since_ms) {
            inbox->ack_since_ms = ticket.since_ms;
        }
    }
    modem_pump(m);
}

static void hand_up(struct modem *m, const struct pdu *pdu, const char *hex, struct entry *entry)
{
    struct ticket *ticket = ticket_new(m);
    durable_fn *fn = entry ? on_stored : on_direct_stored;
    ticket->entry = entry;
    ticket->since_ms = clock_mono_ms();
    if (entry) {
        entry->state = ENTRY_STORING;
    }
    if (pdu->type == PDU_STATUS_REPORT && !(pdu->flags & PDU_FLAG_BROKEN)) {
        m->up->ops->report(m->up, pdu, hex, fn, ticket);
    } else {
        m->up->ops->received(m->up, pdu, hex, entry ? entry->memory : NULL, entry ? entry->index : -1, fn,
                             ticket);
    }
}

/* ---- stored ---- */

/* Three readings that agree are what is there; too many that do not, and it is left for a sweep. */
static void read_again(struct modem *m, struct entry *entry)
{
    entry->state = ENTRY_READ;
    if (++entry->tries >= TORN_MAX) {
        m->inbox.again = true;
        inbox_drop(m, entry);
    }
}

static void take(struct modem *m, struct entry *entry, const struct pdu *pdu, const char *hex)
{
    if (entry->stored) { /* its erasure was not answered: it was done, and the place used again */
        entry->stored = false;
        m->up->ops->erased(m->up, entry->memory, entry->index);
    }
    entry->tries = 0;
    hand_up(m, pdu, hex, entry);
}

/* stat 0 and 1 are received, 2 and 3 stored for sending. */
void intake_stored(struct modem *m, struct entry *entry, const char *head, int stat, const char *body)
{
    struct pdu pdu;
    const char *hex = body ? body : "";
    uint64_t hash = intake_hash(hex);
    if (stat == 2 || stat == 3 || is_blank(head, hex)) {
        inbox_empty(m, entry);
        return;
    }
    entry->told = entry->again = entry->doubt = false;
    entry->same = hash == entry->hash ? entry->same + 1 : 1;
    entry->hash = hash;
    if (entry->stored && hash == entry->stored_hash) {
        entry->state = ENTRY_ERASE;
        return;
    }
    enum pdu_error error = decode(head, hex, &pdu);
    bool fits = answer_pdu_fits(head, hex) && stat >= 0;
    if (hex[0] == '\0' || ((error != PDU_OK || !fits) && entry->same < SAME_READS)) {
        read_again(m, entry);
    } else if (error != PDU_OK && !fits) {
        log_pdu(m, entry, "left in the modem", error, hex);
        entry->state = ENTRY_KEPT;
    } else {
        if (error != PDU_OK) {
            log_pdu(m, entry, "stored as it is", error, hex);
        }
        take(m, entry, &pdu, hex);
    }
}

/* ---- direct ---- */

static bool is_torn(struct inbox *inbox, const char *head, const char *hex, enum pdu_error error)
{
    uint64_t hash = intake_hash(hex);
    enum pdu_length length = answer_pdu_length(head, hex);
    if (!inbox->csms || length == PDU_FITS || (length == PDU_LONG && error == PDU_OK)) {
        return false;
    }
    inbox->direct_same = hash == inbox->direct_hash ? inbox->direct_same + 1 : 1;
    inbox->direct_hash = hash;
    return inbox->direct_same < SAME_READS;
}

void intake_direct(struct modem *m, const char *head, const char *hex)
{
    struct pdu pdu;
    enum pdu_error error = hex ? decode(head, hex, &pdu) : PDU_BAD_HEX;
    if (!hex || is_torn(&m->inbox, head, hex, error)) {
        log_event(LOG_WARN, "modem.torn", "modem=%s length=%zu awaited=%d done=\"not acknowledged\"",
                  m->options.name, hex ? strlen(hex) : 0, answer_pdu_len(head));
        m->inbox.unrouted = UNROUTED_TICKS;
        return;
    }
    if (error != PDU_OK) {
        log_pdu(m, NULL, "stored as it is", error, hex);
    }
    hand_up(m, &pdu, hex, NULL);
}
