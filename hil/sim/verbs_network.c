/* Verbs about what the network sends to a modem: messages, parts, reports. */
#include <stdio.h>
#include <string.h>

#include "control.h"

enum { PARTS_MAX = 255 };

/* The fields every injected message can have. Returns false when one of them makes no sense. */
static bool take_head(const struct request *r, struct tpdu *t, int *dcs, int *delay_ms)
{
    int pid;
    const char *scts = words_get(r->words, "scts", NULL);
    *t = (struct tpdu){.fo = MTI_DELIVER | FO_MORE_NONE};
    snprintf(t->number, sizeof t->number, "%.31s", words_get(r->words, "from", "+41790000000"));
    pdu_stamp(t->scts, loop_wall_ms(), r->m->set.zone);
    if (!words_get_number(r->words, "dcs", -1, dcs) || !words_get_number(r->words, "delay", 0, delay_ms) ||
        !words_get_number(r->words, "pid", 0, &pid) || (scts != NULL && !pdu_unstamp(scts, t->scts)))
        return false;
    t->pid = (uint8_t)pid;
    return true;
}

static bool has_word(const struct words *w, const char *word)
{
    for (int i = 2; i < w->n; i++)
        if (strcmp(w->v[i], word) == 0)
            return true;
    return false;
}

static bool take_concat(const struct request *r, struct concat *c)
{
    return words_get_number(r->words, "ref", 0, &c->ref) &&
           words_get_number(r->words, "total", 0, &c->total) &&
           words_get_number(r->words, "seq", 1, &c->seq) && words_get_number(r->words, "bits", 8, &c->bits);
}

static enum verb_result inject(struct request *r)
{
    struct tpdu t;
    struct concat c;
    int dcs, delay_ms;
    const char *text = words_get(r->words, "text", "");
    if (!take_head(r, &t, &dcs, &delay_ms) || !take_concat(r, &c))
        return verb_fail(r, "a field is not what it should be");
    int used = pdu_set_text(&t, text, dcs, &c);
    if (used < 0 || (size_t)used != strlen(text))
        return verb_fail(r, "the text does not fit one message: see inject-multipart");
    if (has_word(r->words, "class0"))
        t.dcs |= 0x10;
    network_send_tpdu(r->m, &t, delay_ms);
    return VERB_OK;
}

static enum verb_result inject_pdu(struct request *r)
{
    uint8_t pdu[PDU_MAX];
    int delay_ms, len = pdu_unhex(r->words->v[2], strlen(r->words->v[2]), pdu, sizeof pdu);
    if (len < 1 || !words_get_number(r->words, "delay", 0, &delay_ms))
        return verb_fail(r, "usage: inject-pdu M HEX [report] [delay=MS]");
    network_send(r->m, pdu, (size_t)len, has_word(r->words, "report"), delay_ms);
    return VERB_OK;
}

/* Cuts text into parts; their number, 0 when it cannot be done. */
static int cut(struct tpdu parts[PARTS_MAX], const struct tpdu *head, const char *text, int dcs,
               struct concat c)
{
    int n = 0;
    struct tpdu whole = *head;
    c.total = 1; /* any: it only makes room for the header */
    if (dcs < 0) {
        pdu_set_text(&whole, text, -1, NULL);
        dcs = whole.dcs; /* all parts in the alphabet of the whole */
    }
    while (*text != '\0') {
        if (n == PARTS_MAX)
            return 0;
        parts[n] = *head;
        c.seq = n + 1;
        int used = pdu_set_text(&parts[n++], text, dcs, &c);
        if (used <= 0)
            return 0;
        text += used;
    }
    for (int i = 0; i < n; i++)
        parts[i].ud[c.bits == 16 ? 5 : 4] = (uint8_t)n; /* the total, now that it is known */
    return n;
}

static bool send_parts(struct request *r, const struct tpdu *parts, int n, const char *order, int dup)
{
    while (*order != '\0') {
        char number[8];
        size_t len = strcspn(order, ",");
        int seq = 0;
        snprintf(number, sizeof number, "%.*s", (int)(len < 7 ? len : 7), order);
        if (!words_number(number, &seq) || seq < 1 || seq > n)
            return false;
        network_send_tpdu(r->m, &parts[seq - 1], 0);
        if (seq == dup)
            network_send_tpdu(r->m, &parts[seq - 1], 0);
        order += len + (order[len] == ',');
    }
    return true;
}

/* order names the parts in the order of their arrival; a part left out never comes; dup names one that comes
 * twice. */
static enum verb_result inject_multipart(struct request *r)
{
    static struct tpdu parts[PARTS_MAX];
    struct tpdu head;
    struct concat c;
    struct buf natural = {0};
    int dcs, delay_ms, dup;
    if (!take_head(r, &head, &dcs, &delay_ms) || !take_concat(r, &c) ||
        !words_get_number(r->words, "dup", 0, &dup))
        return verb_fail(r, "a field is not what it should be");
    int n = cut(parts, &head, words_get(r->words, "text", ""), dcs, c);
    for (int i = 1; i <= n; i++)
        buf_addf(&natural, "%s%d", i > 1 ? "," : "", i);
    bool good = n > 0 && send_parts(r, parts, n, words_get(r->words, "order", buf_text(&natural)), dup);
    buf_fini(&natural);
    buf_addf(r->reply, "%d", n);
    return good ? VERB_OK : verb_fail(r, "bad order, or no text");
}

static enum verb_result report(struct request *r)
{
    struct tpdu t = {.fo = MTI_REPORT | FO_MORE_NONE};
    int mr, st, delay_ms;
    const char *scts = words_get(r->words, "scts", NULL);
    if (!words_get_number(r->words, "mr", 0, &mr) || !words_get_number(r->words, "st", 0, &st) ||
        !words_get_number(r->words, "delay", 0, &delay_ms))
        return verb_fail(r, "a field is not a number");
    snprintf(t.number, sizeof t.number, "%.31s", words_get(r->words, "to", "+41790000000"));
    t.mr = (uint8_t)mr;
    t.st = (uint8_t)st;
    pdu_stamp(t.scts, loop_wall_ms(), r->m->set.zone);
    pdu_stamp(t.discharge, loop_wall_ms() + delay_ms, r->m->set.zone);
    if (scts != NULL && !pdu_unstamp(scts, t.scts))
        return verb_fail(r, "scts is yy/MM/dd,hh:mm:ss+zz");
    network_send_tpdu(r->m, &t, delay_ms);
    return VERB_OK;
}

const struct verb verbs_network[] = {
    {"inject", true, 3,
     "inject M from=N text=T [ref= total= seq= bits=8|16] [dcs=] [pid=] [scts=yy/MM/dd,hh:mm:ss+zz] "
     "[delay=MS] [class0]",
     inject},
    {"inject-pdu", true, 3, "inject-pdu M HEX [report] [delay=MS]", inject_pdu},
    {"inject-multipart", true, 3,
     "inject-multipart M from=N text=T [ref=] [bits=] [dcs=] [order=3,1,2] [dup=2]", inject_multipart},
    {"report", true, 3, "report M mr=N to=N st=N [scts=] [delay=MS]", report},
    {.name = NULL},
};
