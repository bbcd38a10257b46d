/* From the bytes of an AT port to lines and prompts (V.250 clause 5.7.1, TS 27.005 clause 4.3). Pure: no I/O,
 * no heap, no clock.
 *
 * Promises: the same tokens however the bytes are cut; empty lines, doubled CRs and bytes that no answer may
 * hold (controls, 0x7F, 0xFF of a UART that wakes) leave no trace; a line longer than AT_LINE_MAX is one
 * AT_TOKEN_JUNK; memory is bounded whatever comes. A '>' that begins a line is a prompt at once, whether a
 * space or a line end follows or not: whether anybody waits for one is for at.h to know. The string of a
 * +CUSD may hold raw line ends (they become '\n'): it lasts until its closing quote, until a line that begins
 * with '+', or for AT_USSD_MAX bytes, so that a lost quote cannot swallow an answer. */
#ifndef CELLPOST_MODEM_AT_LEX_H
#define CELLPOST_MODEM_AT_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AT_LINE_MAX 1023
#define AT_USSD_MAX 800

enum at_token { AT_TOKEN_NONE, AT_TOKEN_LINE, AT_TOKEN_PROMPT, AT_TOKEN_JUNK };

struct at_lexer {
    char line[AT_LINE_MAX + 1];
    size_t len;
    bool too_long;
    bool emitted; /* `line` was given out: the next byte begins anew */
    size_t ussd;  /* length of the +CUSD text collected so far, 0 = none */
};

void at_lexer_init(struct at_lexer *);
/* Takes bytes until a token is whole or the bytes are used up; *used says how many. After AT_TOKEN_LINE,
 * lexer->line holds it, NUL-terminated, without blanks at either end, until the next call. */
enum at_token at_lexer_next(struct at_lexer *, const uint8_t *bytes, size_t len, size_t *used);

#endif
