/* What is wrong with a modem: rules for the answers of single commands, text put into the next answer at a
 * byte, and accidents that happen at a byte. A rule names a stage: a command such as "+CSQ", "prompt" for
 * AT+CMGS up to its prompt, "+CMGS" for the PDU and its result, "*" for any. "+CPIN=", "+CPIN?" and "+CPIN=?"
 * are the forms of one command. */
#ifndef MODEMSIM_FAULT_H
#define MODEMSIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>

struct modem;

enum fault_kind {
    FAULT_ERROR,       /* instead of the command: this final result */
    FAULT_ANSWER,      /* instead of the command: this raw text */
    FAULT_SWALLOW,     /* instead of the command: nothing */
    FAULT_HOLD,        /* the command is done, its answer held until release */
    FAULT_DELAY,       /* the same for some milliseconds */
    FAULT_DROP,        /* the same for ever: the answer is lost, the port goes on */
    FAULT_ERROR_AFTER, /* the command is done, but this final result is told */
    FAULT_GARBLE,      /* the answer comes with flipped bits */
    FAULT_TEAR,        /* the answer comes with a line put into it */
    FAULT_LOSE,        /* the answer comes without some bytes of its middle */
    FAULT_KINDS
};
#define FAULT_BEFORE (1u << FAULT_ERROR | 1u << FAULT_ANSWER | 1u << FAULT_SWALLOW)
#define FAULT_AFTER                                                                                          \
    (1u << FAULT_HOLD | 1u << FAULT_DELAY | 1u << FAULT_DROP | 1u << FAULT_ERROR_AFTER |                     \
     1u << FAULT_GARBLE | 1u << FAULT_TEAR | 1u << FAULT_LOSE)

struct fault {
    struct fault *next;
    enum fault_kind kind;
    char stage[32];
    int left;   /* times to come; < 0: until cleared */
    int number; /* milliseconds, or bytes */
    char text[256];
};

enum accident { ACCIDENT_VANISH, ACCIDENT_REBOOT, ACCIDENT_HANG, ACCIDENT_OFF };
enum accident_when { WHEN_PDU_BYTE, WHEN_ANSWER_BYTE, WHEN_ACCEPTED, WHEN_NEVER };

/* Text that goes into a stream after so many of its bytes. */
struct tap {
    struct tap *next;
    size_t after;
    bool at_line_end;
    char text[512];
};

enum stream { STREAM_ANSWERS, STREAM_URCS, STREAMS };
struct taps {
    struct tap *first;  /* soonest first */
    char last_bytes[2]; /* of the stream, to know a line's end */
};

struct faults {
    struct fault *rules;
    struct taps taps[STREAMS];
    enum accident accident;
    enum accident_when when;
    size_t accident_after;
};

void fault_add(struct modem *, const struct fault *);
bool fault_take(struct modem *, unsigned kinds,
                struct fault *out); /* at the modem's stage; uses up one time */
void fault_clear(struct modem *);
void fault_tap(struct modem *, enum stream, size_t after, bool at_line_end, const char *text);
void fault_accident(struct modem *, enum accident, enum accident_when, size_t after);
bool fault_happens(struct modem *,
                   enum accident_when); /* one more byte, or the moment: true when it struck */
void fault_write(struct modem *, enum stream, const char *data,
                 size_t len); /* to the port, through taps and accidents */

#endif
