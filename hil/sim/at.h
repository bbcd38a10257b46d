/* The AT interpreter of one modem: V.250 command lines in, results out; the commands themselves are rows of
 * tables in at_*.c. A command that takes time answers AT_PENDING and ends later with at_finish. What the host
 * types meanwhile waits, and is a violation (V.250 5.6.1). */
#ifndef MODEMSIM_AT_H
#define MODEMSIM_AT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "loop.h"

struct modem;

/* What a command ends with. AT_CME and AT_CMS carry their number. */
enum at_status { AT_OK, AT_ERROR, AT_PENDING, AT_SILENT, AT_PROMPT, AT_CME = 0x10000, AT_CMS = 0x20000 };

enum { AT_ARGS = 12 };
struct at_args {
    char text[600];
    const char *v[AT_ARGS]; /* unquoted; "" when left out */
    int n;
    const char *raw; /* all of it, as written */
};

enum at_need { NEED_NOTHING, NEED_CARD, NEED_CARD_SMS }; /* without the SIM: +CME ERROR, +CMS ERROR */

struct at_command {
    const char *name;
    enum at_need need;
    int (*exec)(struct modem *, const struct at_args *);
    int (*read)(struct modem *, const struct at_args *);
    int (*set)(struct modem *, const struct at_args *);
    int (*test_fn)(struct modem *, const struct at_args *);
    const char *stage; /* name for faults of the set form, if not the command's own */
    const char *test;  /* without test_fn, what follows "+NAME: "; "" = only OK; NULL = ERROR */
};

/* Ended by a row without a name. */
extern const struct at_command at_base_commands[], at_card_commands[], at_radio_commands[],
    at_send_commands[], at_memory_commands[], at_receive_commands[], at_text_commands[], at_book_commands[],
    at_power_commands[];

struct at {
    bool running;           /* a command has begun and its final result is not out */
    bool entering;          /* the prompt is out, PDU or text is being typed */
    bool held;              /* the final result waits for `release` */
    bool violated;          /* counted already for this command */
    struct buf line, early; /* being typed; typed too soon */
    struct buf chain;       /* the command line being worked on */
    size_t chain_at;
    struct buf answer;
    bool info_open; /* the empty line before information is out */
    const char *stage;
    char operation[3]; /* "" execute, "?" read, "=?" test, "=" set */
    char name[32];     /* of the command being worked on */
    int status;
    uint64_t answer_end;  /* port's output count when the last answer will be out */
    struct timer done;    /* the command's own delay */
    struct timer release; /* a delay put on the result by a fault */
    void (*entered)(struct modem *, const struct buf *typed);
    struct { /* what the prompt was asked for with */
        int len, stat;
        char number[32];
    } entry;
};

void at_init(struct modem *);
void at_fini(struct modem *);
void at_reset(struct modem *); /* boot: forgets what runs and what was typed */
void at_byte(struct modem *, unsigned char byte);
bool at_idle(const struct modem *);

/* For commands. */
void at_info(struct modem *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void at_finish(struct modem *, int status);
void at_finish_raw(struct modem *, const char *text); /* the whole answer as it stands */
void at_finish_after(struct modem *, int ms, int status);
void at_prompt(struct modem *, int after_ms, void (*entered)(struct modem *, const struct buf *typed));
bool at_spoiled(struct modem *); /* a fault has ended the command in its own way */
void at_release(struct modem *); /* a held result goes out */
void at_urc(struct modem *, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool at_int(const struct at_args *, int i, int missing, int min, int max,
            int *out); /* false: not a number, or out of bounds */

void at_result_text(const struct modem *, int status, struct buf *out); /* at_errors.c */

#endif
