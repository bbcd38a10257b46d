/* What the modem has received: where it lies, when it is read, erased and acknowledged (TS 27.005 clauses
 * 3.4.1, 3.4.4); what of it is taken is intake.c's. A place is erased by its index, +CMGD never gets a flag,
 * and only while its bytes are known to be the ones on disk: an erasure that was not answered by OK may have
 * been done and the place used again, so it is read anew first. What is stored for sending (stat 2, 3) is
 * left alone.
 *
 * What the store refuses stays in the modem and is offered again at the next tick. What cannot be read now is
 * tried again after a pause, then by the sweep. A stale index may mean that the modem put it elsewhere: it is
 * looked for everywhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/answer.h"
#include "host/modem/life.h"

#define ENTRIES_MAX 1024
#define TRIES_MAX   3
#define PAUSE_MS    2000
#define ACK_MS      10000 /* a module waits 15 to 30 s for +CNMA, then stops routing; some less */
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

void inbox_drop(struct modem *m, struct entry *entry)
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
        inbox_drop(m, m->inbox.entries);
    }
    memset(&m->inbox, 0, sizeof m->inbox);
    timer_stop(&m->inbox_pause);
}

void inbox_empty(struct modem *m, struct entry *entry)
{
    if (entry->stored) {
        m->up->ops->erased(m->up, entry->memory, entry->index);
    }
    if (entry->told) {
        inbox_sweep(m);
    }
    inbox_drop(m, entry);
}

/* ---- what the modem tells ---- */

/* "MT" is "ME" and "SM" under other numbers: a place that has two names would be read as two messages. */
static bool is_named_as_listed(const struct modem *m, const char *memory)
{
    bool both = strcmp(memory, "MT") == 0, lists_both = strcmp(m->inbox.main, "MT") == 0;
    return both == lists_both || strcmp(memory, "SR") == 0;
}

static void told(struct modem *m, const char *line)
{
    char memory[8];
    int index = answer_int(line, 1, -1);
    answer_field(line, 0, memory, sizeof memory);
    if (index < 0 || memory[0] == '\0' || strlen(memory) > 3 || !is_named_as_listed(m, memory)) {
        inbox_sweep(m); /* "+CMTI: ,2", "+CMTI: \"SM\",-1" are seen: look everywhere it could be */
        return;
    }
    struct entry *entry = entry_find(m, memory, index);
    if (!entry && (entry = entry_add(m, memory, index))) { /* state ENTRY_READ */
        entry->told = true;
    } else if (entry && entry->state == ENTRY_KEPT) {
        entry->state = ENTRY_READ; /* the place was used again */
        entry->tries = entry->same = 0;
    } else if (entry) {
        entry->again = entry->state == ENTRY_ERASE || entry->state == ENTRY_ERASING;
        entry->pauses = false;
    }
}

void inbox_urc(struct modem *m, enum at_urc urc, const char *line, const char *body)
{
    if (urc == AT_URC_CMTI || urc == AT_URC_CDSI) {
        told(m, line);
    } else if (urc == AT_URC_CMT || urc == AT_URC_CDS) {
        intake_direct(m, line, body);
    } else {
        inbox_sweep(m);
    }
}

/* ---- the port's turns ---- */

static struct entry *next_entry(const struct modem *m)
{
    struct entry *other = NULL;
    for (struct entry *entry = m->inbox.entries; entry; entry = entry->next) {
        if ((entry->state != ENTRY_READ && entry->state != ENTRY_ERASE) || entry->pauses) {
            continue;
        }
        if (strcmp(entry->memory, m->inbox.memory) == 0) {
            return entry;
        }
        other = other ? other : entry;
    }
    return other;
}

static void pause_entry(struct modem *m, struct entry *entry)
{
    entry->pauses = true;
    if (!timer_armed(&m->inbox_pause)) {
        timer_set(&m->inbox_pause, PAUSE_MS);
    }
}

static void on_pause_over(void *arg)
{
    struct modem *m = arg;
    for (struct entry *entry = m->inbox.entries; entry; entry = entry->next) {
        entry->pauses = false;
    }
    modem_pump(m);
}

void inbox_setup(struct modem *m)
{
    timer_init(&m->inbox_pause, m->loop, on_pause_over, m);
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

/* The main store first; and where somebody before us, the network (class 1 and 2, TS 23.038 clause 4) or the
 * modem of its own will may have put something. */
void inbox_sweep(struct modem *m)
{
    const char *main = m->inbox.main;
    m->inbox.again = false;
    if (main[0] == '\0') {
        return;
    }
    sweep_add(m, main);
    if (strcmp(main, "MT") != 0) {
        sweep_add(m, strcmp(main, "SM") == 0 ? "ME" : "SM");
    }
    if (m->inbox.reads_sr) {
        sweep_add(m, "SR");
    }
}

void inbox_doubt(struct modem *m)
{
    for (struct entry *entry = m->inbox.entries; entry; entry = entry->next) {
        entry->doubt = true;
        if (entry->state == ENTRY_ERASE) {
            entry->state = ENTRY_READ;
        }
    }
}

static void sweep_done(struct modem *m)
{
    struct inbox *inbox = &m->inbox;
    memmove(inbox->sweeps[0], inbox->sweeps[1], sizeof inbox->sweeps - sizeof inbox->sweeps[0]);
    inbox->sweep_count--;
    inbox->routine &= inbox->sweep_count > 0;
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
    bool late = clock_mono_ms() - m->inbox.ack_since_ms > ACK_MS;
    if (result->final != AT_OK || late) { /* 340, "not expected", too: the module waits no more */
        duty_reassert(m);
    }
    modem_pump(m);
}

static bool is_in_hand(const struct entry *entry, const char *hex)
{
    return entry->state == ENTRY_STORING || entry->state == ENTRY_ERASE || entry->state == ENTRY_ERASING ||
           (entry->state == ENTRY_KEPT && entry->hash == intake_hash(hex));
}

static void on_listed(void *arg, const char *line, const char *body)
{
    struct modem *m = arg;
    int index = answer_int(line, 0, -1), stat = answer_int(line, 1, -1);
    struct entry *entry = entry_find(m, m->inbox.memory, index);
    if (index < 0 || !body) {
        m->inbox.again |= index < 0; /* a torn head */
        return;
    }
    if (entry && is_in_hand(entry, body)) {
        return;
    }
    if (!entry && stat == 0 && m->inbox.routine) {
        duty_reassert(m); /* nobody had told of it */
    }
    if (entry || (entry = entry_add(m, m->inbox.memory, index))) {
        m->inbox.again |= stat < 0;
        intake_stored(m, entry, line, stat, body);
    }
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
            inbox->again = true;
            inbox_drop(m, inbox->current); /* cannot be reached now; a sweep finds it when it can */
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
    if (entry && entry->state == ENTRY_READ) {
        intake_stored(m, entry, line, answer_int(line, 0, -1), body);
    }
}

static bool is_no_such_place(const struct at_result *result)
{
    return result->final == AT_CMS && result->code == 321;
}

/* The modem could not: once more after a pause, then when a sweep finds it. */
static void failed(struct modem *m, struct entry *entry, const struct at_result *result, const char *command)
{
    if (++entry->tries < TRIES_MAX) {
        pause_entry(m, entry);
        return;
    }
    log_event(LOG_WARN, "modem.inbox", "modem=%s memory=%s index=%d command=%s error=\"%s\"", m->options.name,
              entry->memory, entry->index, command, result->text);
    m->inbox.again = true;
    inbox_drop(m, entry);
}

static void on_read(void *arg, const struct at_result *result, const char *first)
{
    struct modem *m = arg;
    struct entry *entry = m->inbox.current;
    m->inbox.current = NULL;
    if (modem_unanswered(m, result)) {
        return;
    }
    if (entry && first[0] == '\0' && (result->final == AT_OK || is_no_such_place(result))) {
        inbox_empty(m, entry);
    } else if (entry && entry->state == ENTRY_READ && (first[0] == '\0' || result->final != AT_OK)) {
        failed(m, entry, result, "+CMGR");
    }
    modem_pump(m);
}

static void erased(struct modem *m, struct entry *entry)
{
    m->up->ops->erased(m->up, entry->memory, entry->index);
    if (!entry->again) {
        inbox_drop(m, entry);
        return;
    }
    entry->state = ENTRY_READ;
    entry->stored = entry->again = entry->told = false;
    entry->tries = entry->same = 0;
}

static void on_erased(void *arg, const struct at_result *result, const char *first)
{
    struct modem *m = arg;
    struct entry *entry = m->inbox.current;
    m->inbox.current = NULL;
    (void)first;
    if (entry) {
        entry->state = ENTRY_READ; /* done or not, and who knows what is there now */
    }
    if (modem_unanswered(m, result)) {
        return;
    }
    if (entry && (result->final == AT_OK || is_no_such_place(result))) {
        erased(m, entry);
    } else if (entry) {
        failed(m, entry, result, "+CMGD");
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
