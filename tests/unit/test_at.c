/* One AT conversation over a socket pair and the fake clock. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/answer.h"
#include "host/modem/at.h"

struct peer {
    struct loop *loop;
    struct at at;
    int fds[2]; /* ours, the modem's */
    char sent[4096];
    size_t sent_len;

    unsigned done, lines, urcs, strays, prompts, gone, synced;
    int sync_status;
    struct at_result result;
    char first[256], last_line[256], last_body[512], last_urc[256], last_urc_body[512], last_stray[256];
    enum at_urc urc;
    void (*in_done)(struct peer *);
};

static void text_copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

static void on_urc(void *arg, enum at_urc urc, const char *line, const char *body)
{
    struct peer *p = arg;
    p->urcs++;
    p->urc = urc;
    text_copy(p->last_urc, sizeof p->last_urc, line);
    text_copy(p->last_urc_body, sizeof p->last_urc_body, body);
}

static void on_stray(void *arg, const char *line)
{
    struct peer *p = arg;
    p->strays++;
    text_copy(p->last_stray, sizeof p->last_stray, line);
}

static void on_gone(void *arg, int error)
{
    struct peer *p = arg;
    (void)error;
    p->gone++;
}

static void on_line(void *arg, const char *line, const char *body)
{
    struct peer *p = arg;
    p->lines++;
    text_copy(p->last_line, sizeof p->last_line, line);
    text_copy(p->last_body, sizeof p->last_body, body);
}

static void on_prompt(void *arg)
{
    ((struct peer *)arg)->prompts++;
}

static void on_done(void *arg, const struct at_result *result, const char *first)
{
    struct peer *p = arg;
    p->done++;
    p->result = *result;
    text_copy(p->first, sizeof p->first, first);
    if (p->in_done) {
        p->in_done(p);
    }
}

static void on_synced(void *arg, int status)
{
    struct peer *p = arg;
    p->synced++;
    p->sync_status = status;
}

static const struct at_events events = {on_urc, on_stray, on_gone};

static void turn(struct peer *p)
{
    loop_turn(p->loop, 0);
}

static void turns(struct peer *p)
{
    for (int i = 0; i < 4; i++) {
        turn(p);
    }
}

/* What the host has written since the last look. */
static const char *sent(struct peer *p)
{
    ssize_t n = recv(p->fds[1], p->sent, sizeof p->sent - 1, MSG_DONTWAIT);
    p->sent[n > 0 ? n : 0] = '\0';
    return p->sent;
}

static void say_len(struct peer *p, const char *bytes, size_t len)
{
    assert_int_equal(send(p->fds[1], bytes, len, 0), (ssize_t)len);
    turns(p);
}

static void say(struct peer *p, const char *text)
{
    say_len(p, text, strlen(text));
}

static void wait_ms(struct peer *p, int64_t ms)
{
    clock_advance(ms);
    turns(p);
}

/* A modem that answers probes at once; how many it got. */
static unsigned answer_sync(struct peer *p)
{
    unsigned asked = 0;
    for (int i = 0; i < 200 && p->at.sync.phase != AT_SYNC_NONE; i++) {
        const char *text = sent(p);
        if (strstr(text, "+CMEE?")) {
            say(p, "\r\n+CMEE: 1\r\n\r\nOK\r\n");
            asked++;
        } else if (strstr(text, "+CMGF?")) {
            say(p, "\r\n+CMGF: 0\r\n\r\nOK\r\n");
            asked++;
        } else if (strstr(text, "AT\r")) {
            say(p, "\r\nOK\r\n");
        } else {
            wait_ms(p, 50);
        }
    }
    return asked;
}

static int setup(void **state)
{
    struct peer *p = calloc(1, sizeof *p);
    clock_fake(1790000000000, 1000);
    log_open(LOG_ERROR, true, 2);
    p->loop = loop_new();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fds), 0);
    at_init(&p->at, p->loop, &events, p);
    at_attach(&p->at, p->fds[0]);
    *state = p;
    return 0;
}

static int setup_clean(void **state)
{
    setup(state);
    struct peer *p = *state;
    at_sync(&p->at, true, 5, on_synced);
    answer_sync(p);
    p->urcs = p->strays = 0;
    return p->synced == 1 && p->sync_status == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    struct peer *p = *state;
    at_detach(&p->at);
    close(p->fds[0]);
    close(p->fds[1]);
    loop_free(p->loop);
    free(p);
    clock_real();
    return 0;
}

static int ask(struct peer *p, const char *text, const char *expect)
{
    return at_command(
        &p->at,
        &(struct at_command){
            .text = text, .expect = expect, .deadline_ms = 5000, .on_line = on_line, .on_done = on_done});
}

/* ---- answers ---- */

static void test_fresh_is_dirty(void **state)
{
    struct peer *p = *state;
    assert_int_equal(ask(p, "AT", NULL), -EPROTO);
    assert_string_equal(sent(p), "");
    at_sync(&p->at, true, 5, on_synced);
    assert_string_equal(sent(p), "\x1B");
    assert_int_equal(answer_sync(p), 4); /* whoever had the port, and two for ESC: A, A, A, B */
    assert_int_equal(p->sync_status, 0);
    assert_int_equal(ask(p, "AT", NULL), 0);
    assert_int_equal(ask(p, "AT", NULL), -EBUSY);
}

static void test_answer(void **state)
{
    struct peer *p = *state;
    ask(p, "AT+CSQ", "+CSQ:");
    assert_string_equal(sent(p), "AT+CSQ\r");
    say(p, "\r\n+CSQ: 17,99\r\n");
    assert_int_equal(p->done, 0);
    say(p, "\r\nOK\r\n");
    assert_int_equal(p->done, 1);
    assert_int_equal(p->result.final, AT_OK);
    assert_string_equal(p->first, "+CSQ: 17,99");
}

static void test_urc_inside_answer(void **state)
{
    struct peer *p = *state;
    at_command(&p->at, &(struct at_command){.text = "AT+CMGL=4",
                                            .expect = "+CMGL:",
                                            .body = true,
                                            .deadline_ms = 5000,
                                            .on_line = on_line,
                                            .on_done = on_done});
    say(p, "\r\n+CMTI: \"SM\",4\r\n\r\n+CMGL: 1,0,,24\r\n\r\nRING\r\n");
    assert_int_equal(p->urcs, 2);
    assert_int_equal(p->lines, 0);
    say(p, "\r\n+CDS: 24\r\nAABB\r\n");
    assert_int_equal(p->urcs, 3);
    assert_string_equal(p->last_urc_body, "AABB");
    say(p, "07914400\r\n");
    assert_int_equal(p->lines, 1);
    assert_string_equal(p->last_body, "07914400");
    say(p, "\r\n+CMGL: 2,1,,24\r\n0011\r\n^RSSI: 12\r\n\r\nOK\r\n");
    assert_int_equal(p->lines, 2);
    assert_int_equal(p->urcs, 4);
    assert_int_equal(p->done, 1);
}

/* Between the two lines of a +CMT or +CDS a few others may come, but none of their kind. */
static void test_inside_two_line_urc(void **state)
{
    static const char *const between[] = {"RING\r\n", "\r\nRING\r\n\r\n+CMTI: \"SM\",4\r\n",
                                          "\r\n^DSFLOW: 1,2\r\n", "\r\n+CSQ: 17,99\r\n"};
    struct peer *p = *state;
    for (size_t i = 0; i < sizeof between / sizeof between[0]; i++) {
        ask(p, "AT+CSQ", "+CSQ:");
        p->last_urc_body[0] = '\0';
        say(p, "\r\n+CMT: ,4\r\n");
        say(p, between[i]);
        say(p, "00DEADBEEF\r\n");
        assert_int_equal(p->urc, AT_URC_CMT);
        assert_string_equal(p->last_urc, "+CMT: ,4");
        assert_string_equal(p->last_urc_body, "00DEADBEEF");
        say(p, "\r\nOK\r\n");
        assert_int_equal(p->done, i + 1);
    }
}

/* A head whose hex does not come is told without it. */
static void test_two_line_urc_torn(void **state)
{
    struct peer *p = *state;
    ask(p, "AT+CSQ", "+CSQ:");
    say(p, "\r\n+CMT: ,24\r\n\r\nOK\r\n"); /* the OK is the command's */
    assert_int_equal(p->done, 1);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(p->urcs, 0);
        say(p, "\r\nwhat\r\n");
    }
    say(p, "\r\nwhat\r\n");
    assert_int_equal(p->urcs, 1);
    assert_string_equal(p->last_urc, "+CMT: ,24");
    assert_string_equal(p->last_urc_body, "");
    say(p, "AABB\r\n");
    assert_int_equal(p->urcs, 1);
    say(p, "\r\n+CMT: ,25\r\n\r\n+CDS: 26\r\nAABB\r\n");
    assert_int_equal(p->urcs, 3);
    assert_string_equal(p->last_urc, "+CDS: 26");
    assert_string_equal(p->last_urc_body, "AABB");
}

/* Two heads wait for their hex: each line goes to the head whose length it has, else to the newer one. */
static void test_two_heads(void **state)
{
    static const struct {
        const char *said, *of_urc, *of_answer;
    } rows[] = {
        {"+CMGR: 1,,4\r\n+CMT: ,4\r\n00AABBCCDD\r\n0011223344\r\n", "00AABBCCDD", "0011223344"},
        {"+CMT: ,4\r\n+CMGR: 1,,4\r\n0011223344\r\n00AABBCCDD\r\n", "00AABBCCDD", "0011223344"},
        {"+CMGR: 1,,4\r\n+CMT: ,6\r\n0011223344\r\n00AABBCCDDEEFF\r\n", "00AABBCCDDEEFF", "0011223344"},
        {"+CMT: ,6\r\n+CMGR: 1,,4\r\n00AABBCCDDEEFF\r\n0011223344\r\n", "00AABBCCDDEEFF", "0011223344"},
        {"+CMT: ,2\r\n+CMGR: 1,,4\r\nAABB\r\n11223344\r\n", "AABB", "11223344"}, /* without SMSC */
    };
    struct peer *p = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        at_command(&p->at, &(struct at_command){.text = "AT+CMGR=1",
                                                .expect = "+CMGR:",
                                                .body = true,
                                                .deadline_ms = 5000,
                                                .on_line = on_line,
                                                .on_done = on_done});
        say(p, rows[i].said);
        assert_string_equal(p->last_urc_body, rows[i].of_urc);
        assert_string_equal(p->last_body, rows[i].of_answer);
        say(p, "\r\nOK\r\n");
    }
}

static void test_registration_answer_and_urc(void **state)
{
    struct peer *p = *state;
    at_command(&p->at, &(struct at_command){.text = "AT+CREG?",
                                            .expect = "+CREG:",
                                            .accepts = answer_registration_is_reply,
                                            .deadline_ms = 5000,
                                            .on_line = on_line,
                                            .on_done = on_done});
    say(p, "\r\n+CREG: 5\r\n\r\n+CREG: 1,\"84CD\",\"00D30156\"\r\n");
    assert_int_equal(p->urcs, 2);
    assert_int_equal(p->lines, 0);
    say(p, "\r\n+CREG: 2,1,\"84CD\",\"00D30156\"\r\n\r\nOK\r\n");
    assert_int_equal(p->lines, 1);
    assert_string_equal(p->first, "+CREG: 2,1,\"84CD\",\"00D30156\"");
}

static void test_bare_answer(void **state)
{
    struct peer *p = *state;
    at_command(&p->at, &(struct at_command){.text = "AT+CGMI",
                                            .expect = "+CGMI:",
                                            .bare = AT_BARE_TEXT,
                                            .deadline_ms = 5000,
                                            .on_done = on_done});
    say(p, "\r\nAT+CGMI\r\r\nRING\r\nQuectel\r\nNO CARRIER\r\n\r\nOK\r\n");
    assert_string_equal(p->first, "Quectel");
    at_command(&p->at, &(struct at_command){.text = "AT+CGSN",
                                            .expect = "+CGSN:",
                                            .bare = AT_BARE_DIGITS,
                                            .deadline_ms = 5000,
                                            .on_done = on_done});
    say(p, "\r\ncruft\r\n490154203237518\r\n\r\nOK\r\n");
    assert_string_equal(p->first, "490154203237518");
}

static void test_echo(void **state)
{
    struct peer *p = *state;
    ask(p, "AT+CSQ", "+CSQ:");
    say(p, "AT+CSQ\r\r\n+CSQ: 1,99\r\n\r\nOK\r\n");
    assert_int_equal(p->urcs, 0);
    assert_int_equal(p->at.echoes, 1);
    p->at.echo_off = true;
    ask(p, "AT+CSQ", "+CSQ:");
    say(p, "AT+CSQ\r");
    assert_int_equal(p->urc, AT_URC_ECHO);
    say(p, "\r\n+CSQ: 1,99\r\n\r\nOK\r\n");
    assert_int_equal(p->done, 2);
}

static void test_prompt_and_payload(void **state)
{
    struct peer *p = *state;
    at_command(&p->at, &(struct at_command){.text = "AT+CMGS=23",
                                            .expect = "+CMGS:",
                                            .prompt = true,
                                            .deadline_ms = 5000,
                                            .on_line = on_line,
                                            .on_prompt = on_prompt,
                                            .on_done = on_done});
    sent(p);
    say(p, "\r\n+CMTI: \"SM\",1\r\n\r\n> ");
    assert_int_equal(p->prompts, 1);
    wait_ms(p, 60000); /* the prompt has come: its deadline is over, ours has not begun */
    assert_int_equal(p->done, 0);
    at_payload(&p->at, "0011\x1A", 5, 180000);
    assert_string_equal(sent(p), "0011\x1A");
    wait_ms(p, 179999);
    assert_int_equal(p->done, 0);
    say(p, "\r\n+CMTI: \"SM\",2\r\n\r\n+CMGS: 42\r\n\r\nOK\r\n");
    assert_int_equal(p->done, 1);
    assert_string_equal(p->last_line, "+CMGS: 42");
    assert_int_equal(p->urcs, 2);
}

static void test_gap(void **state)
{
    struct peer *p = *state;
    p->at.gap_ms = 50;
    ask(p, "AT", NULL);
    say(p, "\r\nOK\r\n");
    sent(p);
    ask(p, "AT+CSQ", "+CSQ:");
    assert_string_equal(sent(p), "");
    wait_ms(p, 49);
    assert_string_equal(sent(p), "");
    wait_ms(p, 1);
    assert_string_equal(sent(p), "AT+CSQ\r");
}

/* ---- silence ---- */

static void test_deadline_makes_dirty(void **state)
{
    struct peer *p = *state;
    ask(p, "AT+CSQ", "+CSQ:");
    wait_ms(p, 4999);
    assert_int_equal(p->done, 0);
    wait_ms(p, 1);
    assert_int_equal(p->result.final, AT_TIMEOUT);
    assert_int_equal(ask(p, "AT", NULL), -EPROTO);
    say(p, "\r\n+CSQ: 3,99\r\n\r\nOK\r\n");
    assert_int_equal(p->done, 1);
    assert_int_equal(p->strays, 2);
}

static void test_sync_gives_up(void **state)
{
    struct peer *p = *state;
    at_sync(&p->at, true, 3, on_synced);
    for (int i = 0; i < 100 && p->synced == 0; i++) {
        wait_ms(p, 100);
    }
    assert_int_equal(p->sync_status, -ETIMEDOUT);
    assert_int_equal(ask(p, "AT", NULL), -EPROTO);
}

static void test_sync_without_escape(void **state)
{
    struct peer *p = *state;
    at_sync(&p->at, false, 3, on_synced);
    for (int i = 0; i < 100 && p->synced == 0; i++) {
        wait_ms(p, 100);
        assert_null(strchr(sent(p), '\x1B'));
    }
}

/* A modem that refuses some of the probes, whichever: another pair is found. */
static void sync_refusing(struct peer *p, unsigned refused)
{
    static const char *const forms[][2] = {{"+CMEE?", "\r\n+CMEE: 1\r\n\r\nOK\r\n"},
                                           {"+CMGF?", "\r\n+CMGF: 0\r\n\r\nOK\r\n"},
                                           {"+CSCS?", "\r\n+CSCS: \"GSM\"\r\n\r\nOK\r\n"},
                                           {"+CFUN?", "\r\n+CFUN: 1\r\n\r\nOK\r\n"},
                                           {"AT\r", "\r\nOK\r\n"}};
    p->synced = 0;
    at_sync(&p->at, true, 6, on_synced);
    for (int i = 0; i < 900 && p->synced == 0; i++) {
        const char *text = sent(p);
        unsigned form = 0;
        while (form < 5 && !strstr(text, forms[form][0])) {
            form++;
        }
        if (form == 5) {
            wait_ms(p, 50);
        } else {
            say(p, refused & 1u << form ? "\r\nERROR\r\n" : forms[form][1]);
        }
    }
    if (p->synced != 1 || p->sync_status != 0) {
        fail_msg("refused 0x%X: not synced", refused);
    }
}

static void test_sync_other_probes(void **state)
{
    for (unsigned refused = 0; refused < 16; refused++) {
        bool two_are_left = refused != 7 && refused != 11 && refused != 13 && refused != 14 && refused != 15;
        if (two_are_left) {
            sync_refusing(*state, refused);
        }
    }
}

/* ---- the proof of at.h by experiment: a modem that answers in order, but when it likes ---- */

#define PENDING_MAX 64
struct slow_modem {
    char pending[PENDING_MAX][64]; /* commands not yet answered, oldest first */
    unsigned count;
    char typed[256];
    size_t typed_len;
    unsigned seed;
};

static unsigned roll(struct slow_modem *m, unsigned sides)
{
    m->seed = m->seed * 1103515245u + 12345u;
    return (m->seed >> 16) % sides;
}

static void slow_hear(struct slow_modem *m, const char *text)
{
    for (; *text; text++) {
        if (*text == '\r' && m->typed_len > 0) {
            m->typed[m->typed_len] = '\0';
            assert_true(m->count < PENDING_MAX);
            snprintf(m->pending[m->count++], 64, "%s", m->typed);
            m->typed_len = 0;
        } else if (*text == '\x1B') {
            m->typed_len = 0;
        } else if (*text != '\r') {
            m->typed[m->typed_len++] = *text;
        }
    }
}

static void slow_answer(struct slow_modem *m, struct peer *p)
{
    char text[128] = "\r\nOK\r\n";
    const char *command = m->pending[0];
    unsigned n;
    if (strchr(command, '?')) {
        snprintf(text, sizeof text, "\r\n%.*s: 1\r\n\r\nOK\r\n", (int)strcspn(command, "?") - 2, command + 2);
    } else if (sscanf(command, "AT+ASK=%u", &n) == 1) {
        snprintf(text, sizeof text, "\r\n+ASK: %u\r\n\r\nOK\r\n", n);
    }
    m->count--;
    memmove(m->pending[0], m->pending[1], m->count * sizeof m->pending[0]);
    say(p, text);
}

/* Until `flag`: time passes, or an answer comes, as the dice will. */
static void slow_until(struct slow_modem *m, struct peer *p, const unsigned *flag, unsigned before,
                       unsigned lazy)
{
    for (int i = 0; i < 5000 && *flag == before; i++) {
        slow_hear(m, sent(p));
        if (m->count > 9 || (m->count > 0 && roll(m, lazy) == 0)) { /* fewer than the sync counts to */
            slow_answer(m, p);
        } else {
            wait_ms(p, 1 + roll(m, 900));
        }
    }
}

static void test_late_answers_never_answer(void **state)
{
    struct peer *p = *state;
    struct slow_modem modem = {.seed = 1};
    unsigned silences = 0, answers = 0, n = 0;
    sent(p);
    for (int round = 0; round < 3000; round++) {
        char text[32], want[32];
        unsigned lazy = 1 + roll(&modem, 40);
        snprintf(text, sizeof text, "AT+ASK=%u", ++n);
        snprintf(want, sizeof want, "+ASK: %u", n);
        unsigned before = p->done;
        assert_int_equal(ask(p, text, "+ASK:"), 0);
        slow_until(&modem, p, &p->done, before, lazy);
        assert_int_equal(p->done, before + 1);
        if (p->result.final == AT_OK) {
            answers++;
            assert_string_equal(p->first, want);
            continue;
        }
        silences++;
        do {
            before = p->synced;
            at_sync(&p->at, roll(&modem, 2), 4, on_synced);
            slow_until(&modem, p, &p->synced, before, 1 + roll(&modem, 12));
        } while (p->sync_status < 0);
        assert_int_equal(modem.count, 0); /* nothing is owed any more */
    }
    assert_true(silences > 300);
    assert_true(answers > 300);
}

/* ---- the fd ---- */

static void test_gone(void **state)
{
    struct peer *p = *state;
    ask(p, "AT+CSQ", "+CSQ:");
    close(p->fds[1]);
    turns(p);
    assert_int_equal(p->done, 1);
    assert_int_equal(p->result.final, AT_GONE);
    assert_int_equal(p->gone, 1);
    assert_int_equal(ask(p, "AT", NULL), -ENOTCONN);
    p->fds[1] = dup(0);
}

static void test_stalled_write(void **state)
{
    struct peer *p = *state;
    char junk[4096];
    memset(junk, 'x', sizeof junk);
    while (write(p->fds[0], junk, sizeof junk) > 0) {
    }
    ask(p, "AT+CSQ", "+CSQ:");
    assert_false(at_written(&p->at));
    wait_ms(p, 4999);
    assert_int_equal(p->gone, 0);
    wait_ms(p, 6000);
    assert_int_equal(p->gone, 1);
}

static void test_write_resumes(void **state)
{
    struct peer *p = *state;
    char junk[65536];
    memset(junk, 'x', sizeof junk);
    while (write(p->fds[0], junk, sizeof junk) > 0) {
    }
    while (write(p->fds[0], junk, 1) > 0) {
    }
    ask(p, "AT+CSQ", "+CSQ:");
    assert_false(at_written(&p->at));
    while (recv(p->fds[1], junk, sizeof junk, MSG_DONTWAIT) > 0) {
    }
    turns(p);
    assert_true(at_written(&p->at));
    assert_string_equal(sent(p), "AT+CSQ\r");
    wait_ms(p, 4000);
    assert_int_equal(p->gone, 0);
}

static void ask_again(struct peer *p)
{
    p->in_done = NULL;
    assert_int_equal(ask(p, "AT+CSQ", "+CSQ:"), 0);
}

static void detach(struct peer *p)
{
    at_detach(&p->at);
}

static void test_next_from_inside(void **state)
{
    struct peer *p = *state;
    p->in_done = ask_again;
    ask(p, "AT", NULL);
    sent(p);
    say(p, "\r\nOK\r\n\r\nRING\r\n");
    assert_string_equal(sent(p), "AT+CSQ\r");
    assert_int_equal(p->done, 1);
    say(p, "\r\n+CSQ: 1,1\r\n\r\nOK\r\n");
    assert_int_equal(p->done, 2);
}

static void test_detach_from_inside(void **state)
{
    struct peer *p = *state;
    p->in_done = detach;
    ask(p, "AT", NULL);
    say(p, "\r\nOK\r\n\r\nRING\r\n\r\nRING\r\n");
    assert_int_equal(p->done, 1);
    assert_int_equal(p->urcs, 0);
}

int main(void)
{
#define CLEAN(test) cmocka_unit_test_setup_teardown(test, setup_clean, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fresh_is_dirty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sync_gives_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sync_without_escape, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sync_other_probes, setup, teardown),
        CLEAN(test_answer),
        CLEAN(test_urc_inside_answer),
        CLEAN(test_two_line_urc_torn),
        CLEAN(test_inside_two_line_urc),
        CLEAN(test_two_heads),
        CLEAN(test_registration_answer_and_urc),
        CLEAN(test_bare_answer),
        CLEAN(test_echo),
        CLEAN(test_prompt_and_payload),
        CLEAN(test_gap),
        CLEAN(test_deadline_makes_dirty),
        CLEAN(test_late_answers_never_answer),
        CLEAN(test_gone),
        CLEAN(test_stalled_write),
        CLEAN(test_write_resumes),
        CLEAN(test_next_from_inside),
        CLEAN(test_detach_from_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
