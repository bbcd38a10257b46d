/* What the modem has received. A stored message or report is read, decoded, handed up, and erased by its
 * index once it is on disk; a direct one (+CMT, +CDS) is acknowledged then (TS 27.005 clauses 3.4.1, 3.4.4).
 * What is stored for sending (stat 2, 3) is left alone, and +CMGD is never given a flag.
 *
 * A stored PDU that cannot be decoded stays where it is and is not read again while this session lasts; a
 * direct one exists nowhere else, so the log gets its hex and the network its acknowledgement (unacknowledged
 * it would block all that follow). What the store refuses stays in the modem and is offered again at the next
 * tick. A stale index is nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/modem/answer.h"
#include "host/modem/life.h"

#define ENTRIES_MAX 1024
#define TRIES_MAX   3
#define READ_MS     10000
#define ERASE_MS    30000
#define LIST_MS     20000 /* to each next line */
#define STORE_MS    30000

/* ---- entries ---- */

static struct entry *entry_find(struct modem *m, const char *memory, int index)
{
    struct entry *entry = m->inbox.entries;
    while (entry && (entry->index != index || strcmp(entry->memory, memory) != 0)) {
        entry = entry->next;
    }
    return entry;
}

static struct entry *entry_add(struct modem *m, const char *memory, int index)
{
    struct entry **link = &m->inbox.entries;
    if (m->inbox.entry_count >= ENTRIES_MAX) {
        m->inbox.again = true;
        return NULL;
    }
    while (*link) {
        link = &(*link)->next;
    }
    *link = calloc(1, sizeof **link);
    if (!*link) {
        fatal("no memory");
    }
    m->inbox.entry_count++;
    snprintf((*link)->memory, sizeof(*link)->memory, "%s", memory);
    (*link)->index = index;
    return *link;
}

static void forget_tickets(struct modem *m, const struct entry *entry)
{
    for (struct ticket *ticket = m->tickets; ticket; ticket = ticket->next) {
        if (ticket->entry == entry) {
            ticket->entry = NULL;
        }
    }
}

static void entry_drop(struct modem *m, struct entry *entry)
{
    struct entry **link = &m->inbox.entries;
    while (*link && *link != entry) {
        link = &(*link)->next;
    }
    if (*link) {
        *link = entry->next;
        m->inbox.entry_count--;
        forget_tickets(m, entry);
        free(entry);
    }
    if (m->inbox.current == entry) {
        m->inbox.current = NULL;
    }
}

void inbox_reset(struct modem *m)
{
    while (m->inbox.entries) {
        entry_drop(m, m->inbox.entries);
    }
    memset(&m->inbox, 0, sizeof m->inbox);
}

/* FNV-1a: to know a PDU again, not to defend against anybody. */
static uint64_t hash_of(const char *hex)
{
    uint64_t hash = 14695981039346656037u;
    for (; *hex; hex++) {
        hash = (hash ^ (uint8_t)*hex) * 1099511628211u;
    }
    return hash;
}

/* ---- handing up ---- */

static bool is_blank(const char *hex)
{
    return hex[strspn(hex, "Ff")] == '\0'; /* an empty record of a SIM (TS 31.102 EF_SMS) */
}

/* Some modems leave the SMSC address out: then the PDU is just as long as the header says. */
static enum pdu_error decode(const char *hex, int tpdu_len, struct pdu *pdu)
{
    size_t len = strlen(hex);
    return pdu_decode_hex(hex, len, (size_t)tpdu_len * 2 != len, false, pdu);
}

static void undecodable(const struct modem *m, const char *where, int index, enum pdu_error error,
                        const char *hex)
{
    log_event(LOG_ERROR, "modem.undecodable", "modem=%s memory=%s index=%d error=\"%s\" hex=%.400s",
              m->options.name, where, index, pdu_error_text(error), hex);
}

static void on_stored(void *arg, int status)
{
    struct ticket ticket;
    struct modem *m = ticket_take(arg, &ticket);
    if (!m || !ticket.entry) {
        return;
    }
    if (status == 0) {
        ticket.entry->state = ENTRY_ERASE;
    } else {
        entry_drop(m, ticket.entry);
        m->inbox.again = true;
    }
    modem_pump(m);
}

static void on_direct_stored(void *arg, int status)
{
    struct ticket ticket;
    struct modem *m = ticket_take(arg, &ticket);
    if (!m) {
        return;
    }
    if (status < 0) {
        m->chores |= CHORE_CNMI; /* unacknowledged, the modem stops routing by itself; the network repeats */
    } else if (m->inbox.csms) {
        m->inbox.acks++;
    }
    modem_pump(m);
}

static void hand_up(struct modem *m, const struct pdu *pdu, const char *hex, struct entry *entry)
{
    struct ticket *ticket = ticket_new(m);
    durable_fn *fn = entry ? on_stored : on_direct_stored;
    ticket->entry = entry;
    if (entry) {
        entry->state = ENTRY_STORING;
    }
    if (pdu->type == PDU_STATUS_REPORT) {
        m->up->ops->report(m->up, pdu, hex, fn, ticket);
    } else {
        m->up->ops->received(m->up, pdu, hex, entry ? entry->memory : NULL, entry ? entry->index : -1, fn,
                             ticket);
    }
}

/* stat 0 and 1 are received, 2 and 3 stored for sending. */
static void entry_content(struct modem *m, struct entry *entry, int stat, int tpdu_len, const char *hex)
{
    struct pdu pdu;
    if ((stat != 0 && stat != 1) || is_blank(hex)) {
        entry_drop(m, entry);
        return;
    }
    enum pdu_error error = decode(hex, tpdu_len, &pdu);
    if (error != PDU_OK) {
        undecodable(m, entry->memory, entry->index, error, hex);
        entry->state = ENTRY_KEPT;
        entry->hash = hash_of(hex);
        return;
    }
    hand_up(m, &pdu, hex, entry);
}

static void direct(struct modem *m, const char *line, const char *hex)
{
    struct pdu pdu;
    unsigned last = answer_fields(line) - 1; /* "+CMT: [<alpha>],<len>", "+CDS: <len>" */
    enum pdu_error error = decode(hex, answer_int(line, last, -1), &pdu);
    if (error == PDU_OK) {
        hand_up(m, &pdu, hex, NULL);
        return;
    }
    undecodable(m, "direct", -1, error, hex);
    m->inbox.acks += m->inbox.csms;
}

static void stored(struct modem *m, const char *line)
{
    char memory[8];
    int index = answer_int(line, 1, -1);
    answer_field(line, 0, memory, sizeof memory);
    if (index < 0 || memory[0] == '\0' || strlen(memory) > 3) {
        inbox_sweep(m, false); /* "+CMTI: ,2", "+CMTI: \"SM\",-1" are seen: look everywhere it could be */
        return;
    }
    struct entry *entry = entry_find(m, memory, index);
    if (!entry) {
        entry_add(m, memory, index); /* state ENTRY_READ */
    } else if (entry->state == ENTRY_KEPT) {
        entry->state = ENTRY_READ; /* the place was used again */
    }
}

void inbox_urc(struct modem *m, enum at_urc urc, const char *line, const char *body)
{
    if (urc == AT_URC_CMTI || urc == AT_URC_CDSI) {
        stored(m, line);
    } else if (urc == AT_URC_CMT || urc == AT_URC_CDS) {
        if (body) {
            direct(m, line, body);
        }
    } else {
        inbox_sweep(m, false);
    }
}

/* ---- the port's turns ---- */

static struct entry *next_entry(const struct modem *m)
{
    struct entry *other = NULL;
    for (struct entry *entry = m->inbox.entries; entry; entry = entry->next) {
        if (entry->state != ENTRY_READ && entry->state != ENTRY_ERASE) {
            continue;
        }
        if (strcmp(entry->memory, m->inbox.memory) == 0) {
            return entry;
        }
        other = other ? other : entry;
    }
    return other;
}

bool inbox_waits(const struct modem *m)
{
    return m->inbox.acks > 0 || m->inbox.sweep_count > 0 || next_entry(m);
}

static void sweep_add(struct modem *m, const char *memory)
{
    struct inbox *inbox = &m->inbox;
    for (unsigned i = 0; i < inbox->sweep_count; i++) {
        if (strcmp(inbox->sweeps[i], memory) == 0) {
            return;
        }
    }
    if (inbox->sweep_count < SWEEPS_MAX) {
        snprintf(inbox->sweeps[inbox->sweep_count++], sizeof inbox->sweeps[0], "%s", memory);
    }
}

/* everywhere: also where somebody before us, or the modem of its own will, may have put something. */
void inbox_sweep(struct modem *m, bool everywhere)
{
    m->inbox.again = false;
    if (m->inbox.main[0] == '\0') {
        return;
    }
    sweep_add(m, m->inbox.main);
    if (everywhere) {
        sweep_add(m, strcmp(m->inbox.main, "MT") == 0 ? "MT" : "SM");
        if (m->inbox.reads_sr) {
            sweep_add(m, "SR");
        }
    }
}

static void sweep_done(struct modem *m)
{
    struct inbox *inbox = &m->inbox;
    memmove(inbox->sweeps[0], inbox->sweeps[1], sizeof inbox->sweeps - sizeof inbox->sweeps[0]);
    inbox->sweep_count--;
}

static void ask(struct modem *m, const struct at_command *command)
{
    if (at_command(&m->at, command) < 0) {
        fatal("modem %s: the port was not free", m->options.name);
    }
}

static void on_acked(void *arg, const struct at_result *result, const char *first)
{
    struct modem *m = arg;
    (void)first;
    if (modem_unanswered(m, result)) {
        return;
    }
    if (m->inbox.acks > 0) {
        m->inbox.acks--;
    }
    if (result->final != AT_OK && !(result->final == AT_CMS && result->code == 340)) {
        m->chores |= CHORE_CNMI;
    }
    modem_pump(m);
}

static void on_listed(void *arg, const char *line, const char *body)
{
    struct modem *m = arg;
    int index = answer_int(line, 0, -1);
    if (index < 0 || !body) {
        return;
    }
    struct entry *entry = entry_find(m, m->inbox.memory, index);
    bool known = entry && (entry->state == ENTRY_STORING || entry->state == ENTRY_ERASE ||
                           entry->state == ENTRY_ERASING ||
                           (entry->state == ENTRY_KEPT && entry->hash == hash_of(body)));
    if (known || (!entry && !(entry = entry_add(m, m->inbox.memory, index)))) {
        return;
    }
    entry_content(m, entry, answer_int(line, 1, -1), answer_int(line, answer_fields(line) - 1, -1), body);
}

static void on_list_done(void *arg, const struct at_result *result, const char *first)
{
    struct modem *m = arg;
    (void)first;
    if (m->inbox.sweep_count > 0) {
        sweep_done(m);
    }
    if (!modem_unanswered(m, result)) {
        modem_pump(m);
    }
}

static void on_memory(void *arg, const struct at_result *result, const char *first)
{
    struct modem *m = arg;
    struct inbox *inbox = &m->inbox;
    (void)first;
    if (modem_unanswered(m, result)) {
        inbox->memory[0] = '\0';
        return;
    }
    if (result->final != AT_OK) {
        inbox->memory[0] = '\0';
        if (inbox->current) {
            entry_drop(m, inbox->current); /* cannot be reached now; a sweep finds it when it can */
        } else if (inbox->sweep_count > 0) {
            sweep_done(m);
        }
    }
    modem_pump(m);
}

/* mem1 is what +CMGR, +CMGL and +CMGD go to; it is set only when it is another. */
static bool in_memory(struct modem *m, const char *memory)
{
    if (strcmp(m->inbox.memory, memory) == 0) {
        return true;
    }
    char text[32];
    snprintf(text, sizeof text, "AT+CPMS=\"%s\"", memory);
    snprintf(m->inbox.memory, sizeof m->inbox.memory, "%s", memory);
    ask(m, &(struct at_command){
               .text = text, .expect = "+CPMS:", .deadline_ms = STORE_MS, .on_done = on_memory});
    return false;
}

static void on_content(void *arg, const char *line, const char *body)
{
    struct modem *m = arg;
    struct entry *entry = m->inbox.current;
    if (entry && entry->state == ENTRY_READ && body) {
        entry_content(m, entry, answer_int(line, 0, -1), answer_int(line, answer_fields(line) - 1, -1), body);
    }
}

static void on_read(void *arg, const struct at_result *result, const char *first)
{
    struct modem *m = arg;
    struct entry *entry = m->inbox.current;
    m->inbox.current = NULL;
    (void)first;
    if (modem_unanswered(m, result)) {
        return;
    }
    /* Still to be read: the place was empty, or the modem could not. */
    bool busy = result->final != AT_OK && !(result->final == AT_CMS && result->code == 321);
    if (entry && entry->state == ENTRY_READ && (!busy || ++entry->tries >= TRIES_MAX)) {
        m->inbox.again |= busy;
        entry_drop(m, entry);
    }
    modem_pump(m);
}

static void on_erased(void *arg, const struct at_result *result, const char *first)
{
    struct modem *m = arg;
    struct entry *entry = m->inbox.current;
    m->inbox.current = NULL;
    (void)first;
    if (entry) {
        entry->state = ENTRY_ERASE;
    }
    if (modem_unanswered(m, result) || !entry) {
        return;
    }
    if (result->final == AT_OK || (result->final == AT_CMS && result->code == 321)) {
        m->up->ops->erased(m->up, entry->memory, entry->index);
        entry_drop(m, entry);
    } else if (++entry->tries >= TRIES_MAX) {
        log_event(LOG_WARN, "modem.erase", "modem=%s memory=%s index=%d error=\"%s\"", m->options.name,
                  entry->memory, entry->index, result->text);
        entry_drop(m, entry);
    }
    modem_pump(m);
}

static void work_on_entry(struct modem *m, struct entry *entry)
{
    char text[32];
    m->inbox.current = entry;
    if (!in_memory(m, entry->memory)) {
        return;
    }
    if (entry->state == ENTRY_READ) {
        snprintf(text, sizeof text, "AT+CMGR=%d", entry->index);
        ask(m, &(struct at_command){.text = text,
                                    .expect = "+CMGR:",
                                    .body = true,
                                    .deadline_ms = READ_MS,
                                    .on_line = on_content,
                                    .on_done = on_read});
    } else {
        entry->state = ENTRY_ERASING;
        snprintf(text, sizeof text, "AT+CMGD=%d", entry->index);
        ask(m, &(struct at_command){.text = text, .deadline_ms = ERASE_MS, .on_done = on_erased});
    }
}

void inbox_work(struct modem *m)
{
    struct entry *entry = next_entry(m);
    m->inbox.current = NULL;
    if (m->inbox.acks > 0) {
        ask(m, &(struct at_command){.text = "AT+CNMA", .deadline_ms = READ_MS, .on_done = on_acked});
    } else if (entry) {
        work_on_entry(m, entry);
    } else if (in_memory(m, m->inbox.sweeps[0])) {
        ask(m, &(struct at_command){.text = "AT+CMGL=4",
                                    .expect = "+CMGL:",
                                    .body = true,
                                    .deadline_ms = LIST_MS,
                                    .on_line = on_listed,
                                    .on_done = on_list_done});
    }
}
