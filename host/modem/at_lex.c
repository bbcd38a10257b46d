#include "host/modem/at_lex.h"

#include <string.h>
#include <strings.h>

void at_lexer_init(struct at_lexer *lexer)
{
    memset(lexer, 0, sizeof *lexer);
}

static void clear(struct at_lexer *lexer)
{
    lexer->len = 0;
    lexer->ussd = 0;
    lexer->too_long = false;
    lexer->emitted = false;
}

/* An open quote in a +CUSD: the network's text goes on over the line end. */
static bool string_is_open(const struct at_lexer *lexer)
{
    bool open = false;
    if (lexer->len < 6 || lexer->len > AT_USSD_MAX || strncasecmp(lexer->line, "+CUSD:", 6) != 0) {
        return false;
    }
    for (size_t i = 0; i < lexer->len; i++) {
        open ^= lexer->line[i] == '"';
    }
    return open;
}

static enum at_token give(struct at_lexer *lexer)
{
    while (lexer->len > 0 && lexer->line[lexer->len - 1] == ' ') {
        lexer->len--;
    }
    lexer->line[lexer->len] = '\0';
    lexer->emitted = true;
    return AT_TOKEN_LINE;
}

static enum at_token line_end(struct at_lexer *lexer)
{
    if (lexer->too_long) {
        clear(lexer);
        return AT_TOKEN_JUNK;
    }
    if (lexer->len == 0) {
        return AT_TOKEN_NONE;
    }
    if (string_is_open(lexer)) {
        if (lexer->line[lexer->len - 1] != '\n') {
            lexer->line[lexer->len++] = '\n';
        }
        lexer->ussd = lexer->len;
        return AT_TOKEN_NONE;
    }
    return give(lexer);
}

static bool is_noise(uint8_t byte)
{
    return byte < ' ' || byte == 0x7F || byte == 0xFF;
}

/* One byte. *again: the byte has ended a text that went before it and is still to be taken. */
static enum at_token take(struct at_lexer *lexer, uint8_t byte, bool *again)
{
    if (byte == '\r' || byte == '\n') {
        return line_end(lexer);
    }
    if (is_noise(byte)) {
        return AT_TOKEN_NONE;
    }
    if (lexer->ussd == lexer->len && lexer->ussd > 0 && (byte == '+' || byte == '>')) {
        lexer->len--;
        *again = true;
        return give(lexer);
    }
    if (lexer->len == 0 && byte == ' ') {
        return AT_TOKEN_NONE;
    }
    if (lexer->len == 0 && byte == '>' && !lexer->too_long) {
        return AT_TOKEN_PROMPT;
    }
    if (lexer->len >= AT_LINE_MAX) {
        lexer->too_long = true;
        return AT_TOKEN_NONE;
    }
    lexer->line[lexer->len++] = (char)byte;
    return AT_TOKEN_NONE;
}

enum at_token at_lexer_next(struct at_lexer *lexer, const uint8_t *bytes, size_t len, size_t *used)
{
    for (size_t i = 0; i < len; i++) {
        bool again = false;
        if (lexer->emitted) {
            clear(lexer);
        }
        enum at_token token = take(lexer, bytes[i], &again);
        if (token != AT_TOKEN_NONE) {
            *used = again ? i : i + 1;
            return token;
        }
    }
    *used = len;
    return AT_TOKEN_NONE;
}
