#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "modem.h"

static struct {
    int fd;
    char path[256];
} journal = {.fd = -1};

int journal_open(const char *path)
{
    if (path == NULL)
        return 0;
    snprintf(journal.path, sizeof journal.path, "%s", path);
    journal.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return journal.fd < 0 ? -errno : 0;
}

void journal_close(void)
{
    if (journal.fd >= 0)
        close(journal.fd);
    journal.fd = -1;
}

const char *journal_path(void)
{
    return journal.path;
}

static void begin(struct buf *b, const struct modem *m, const char *event)
{
    buf_addf(b, "{\"event\":\"%s\",\"time\":%" PRId64 ",\"mono_us\":%" PRId64 ",\"modem\":", event,
             loop_wall_ms(), loop_now_ns() / 1000);
    buf_add_json(b, m->name);
}

static void end(struct buf *b)
{
    buf_adds(b, "}\n");
    if (journal.fd >= 0 && write(journal.fd, b->data, b->len) != (ssize_t)b->len)
        perror("journal");
    buf_fini(b);
}

static void add_text(struct buf *b, const struct tpdu *t)
{
    struct buf text = {0};
    buf_adds(b, ",\"text\":");
    if (pdu_text(t, &text))
        buf_add_json(b, buf_text(&text));
    else
        buf_adds(b, "null");
    buf_fini(&text);
}

static void add_concat(struct buf *b, const struct tpdu *t)
{
    struct concat c = pdu_concat(t);
    if (c.total > 0)
        buf_addf(b, ",\"concat\":{\"ref\":%d,\"total\":%d,\"seq\":%d,\"bits\":%d}", c.ref, c.total, c.seq,
                 c.bits);
    else
        buf_adds(b, ",\"concat\":null");
}

void journal_pdu(const struct modem *m, const uint8_t *octets, size_t len, const struct tpdu *t, int mr)
{
    struct buf b = {0};
    if (journal.fd < 0)
        return;
    begin(&b, m, "pdu");
    buf_adds(&b, ",\"pdu\":\"");
    buf_add_hex(&b, octets, len);
    buf_adds(&b, "\",\"to\":");
    buf_add_json(&b, t->number);
    buf_addf(&b, ",\"mr\":%d,\"pid\":%d,\"dcs\":%d,\"srr\":%s", mr, t->pid, t->dcs,
             t->fo & FO_REPORT ? "true" : "false");
    if (t->vp_len == 1)
        buf_addf(&b, ",\"vp\":%d", t->vp[0]);
    else
        buf_adds(&b, ",\"vp\":null");
    add_text(&b, t);
    add_concat(&b, t);
    end(&b);
}

void journal_event(const struct modem *m, const char *event, const char *detail)
{
    struct buf b = {0};
    if (journal.fd < 0)
        return;
    begin(&b, m, event);
    buf_adds(&b, ",\"detail\":");
    buf_add_json(&b, detail);
    end(&b);
}
