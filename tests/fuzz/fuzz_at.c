/* A modem that says anything: the tokeniser, the tables and the readers of information lines, on the input
 * whole and cut at each byte. The tokens must be the same, nothing may be read past its end, and no line is
 * ever taken for two things. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/modem/answer.h"
#include "host/modem/at_lex.h"
#include "host/modem/at_words.h"

struct digest {
    uint64_t hash;
    size_t tokens;
};

static void mix(struct digest *digest, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        digest->hash = (digest->hash ^ (uint8_t)text[i]) * 1099511628211u;
    }
    digest->tokens++;
}

static void read_line(const char *line)
{
    char text[32], iccid[24];
    struct at_result result;
    if (at_final_parse(line, &result) && at_urc_find(line) != AT_URC_NONE) {
        abort();
    }
    unsigned fields = answer_fields(line);
    for (unsigned i = 0; i < fields && i < 8; i++) {
        if (!answer_field(line, i, text, sizeof text)) {
            abort();
        }
        answer_int(line, i, -1);
    }
    int stat = answer_registration(line);
    if (stat < -1 || stat > 11) {
        abort();
    }
    int tries = answer_pin_tries(line);
    if (tries < -1 || tries > 15) {
        abort();
    }
    answer_signal_dbm(line);
    answer_value(line, text, sizeof text);
    answer_own_number(line, text, sizeof text);
    if ((answer_pdu_length(line, line) == PDU_FITS) != answer_pdu_fits(line, line) ||
        answer_pdu_len(line) < -1 || (answer_pdu_fits("+CMT: ,99", line) && strlen(line) < 198)) {
        abort();
    }
    if (answer_iccid(line, iccid) && strncmp(iccid, "89", 2) != 0) {
        abort();
    }
}

static void feed(struct at_lexer *lexer, struct digest *digest, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0, used; at < len; at += used) {
        enum at_token token = at_lexer_next(lexer, bytes + at, len - at, &used);
        if (used == 0 && token == AT_TOKEN_NONE) {
            abort();
        }
        if (token == AT_TOKEN_LINE) {
            if (lexer->len > AT_LINE_MAX || strlen(lexer->line) != lexer->len) {
                abort();
            }
            mix(digest, lexer->line, lexer->len);
            read_line(lexer->line);
        } else if (token != AT_TOKEN_NONE) {
            mix(digest, token == AT_TOKEN_PROMPT ? "\x01" : "\x02", 1);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_lexer whole, cut;
    struct digest a = {0}, b = {0};
    at_lexer_init(&whole);
    at_lexer_init(&cut);
    feed(&whole, &a, data, size);
    for (size_t i = 0; i < size; i++) {
        feed(&cut, &b, data + i, 1);
    }
    if (a.hash != b.hash || a.tokens != b.tokens) {
        abort();
    }
    return 0;
}
