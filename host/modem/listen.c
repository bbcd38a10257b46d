/* After a restart with an attempt in flight: its PDU may be on its way, and the modem may yet say so. Nothing
 * is written on the port until that is known: a command would abort it, or its answer would be taken for the
 * message's.
 *
 *   "+CMGS: <mr>"                           SENT
 *   a prompt, an OK or an error without it  UNSURE, at once: the line is free, but these may belong to what
 * was asked after an outcome that the crash kept from the disk, a prompt even to the next message (ESC comes
 * with the sync that follows) restart of the module, port gone, or attempt start + the model's deadline:
 * UNSURE
 *
 * The line can tell of one attempt only: of several, the last; the others are UNSURE. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/life.h"
#include "host/modem/send.h"

static void settle_all(struct modem *m, const struct settlement *last)
{
    struct job *jobs = m->listen;
    size_t count = m->listen_count;
    struct settlement unsure = send_plain(OUTCOME_UNSURE, last->reason);
    m->listen = NULL;
    m->listen_count = 0;
    timer_stop(&m->listen_timer);
    for (size_t i = 0; i < count; i++) {
        const struct settlement *s = i + 1 == count ? last : &unsure;
        send_log(m, s, jobs[i].attempt_id);
        m->up->ops->settle(m->up, jobs[i].attempt_id, s);
    }
    free(jobs);
    if (m->port.fd >= 0) {
        modem_event(m, EVENT_HEARD, last->reason);
    }
}

void listen_end(struct modem *m, const char *reason)
{
    if (m->listen_count > 0) {
        struct settlement s = send_plain(OUTCOME_UNSURE, reason);
        m->no_escape = true;
        settle_all(m, &s);
    }
}

void listen_line(struct modem *m, const char *line)
{
    struct at_result result;
    struct settlement s;
    if (strncasecmp(line, "+CMGS:", 6) == 0) {
        s = send_plain(OUTCOME_SENT, "heard after restart");
        s.mr = send_reference(line);
    } else if (strcmp(line, ">") == 0) {
        s = send_plain(OUTCOME_UNSURE, "a prompt after the restart: whose is not known");
    } else if (at_final_parse(line, &result)) {
        s = send_plain(OUTCOME_UNSURE, "a result after the restart without +CMGS: whose is not known");
    } else {
        return;
    }
    settle_all(m, &s);
}

static void on_listen_over(void *arg)
{
    listen_end(arg, "no result since before the restart");
}

void listen_begin(struct modem *m, const struct job *jobs, size_t count)
{
    m->listen = malloc(count * sizeof *jobs);
    if (!m->listen) {
        fatal("no memory");
    }
    memcpy(m->listen, jobs, count * sizeof *jobs);
    m->listen_count = count;
    int64_t rest_ms = jobs[count - 1].started_ms + m->model->send_result_ms - clock_wall_ms();
    int64_t most_ms = m->model->send_result_ms; /* a wall clock that was set meanwhile */
    timer_set(&m->listen_timer, rest_ms < 0 ? 0 : rest_ms > most_ms ? most_ms : rest_ms);
}

void listen_setup(struct modem *m)
{
    timer_init(&m->listen_timer, m->loop, on_listen_over, m);
}
