/* See pattern.h. */
#include "host/numbering/pattern.h"

#include <string.h>

#define OPERAND_MASK ((1U << PATTERN_OPERAND_BITS) - 1)
#define ABSENT       0xFF

struct run {
    const char *digits;
    bool whole;
    struct pattern_groups groups;
};

/* One way through the program. A branch tries its first way with groups of its own choice, which are
 * forgotten when that way fails. Depth: the branches that are open at once, which are few. */
static bool follow(struct run *run, const uint16_t *code, size_t at)
{
    for (;; code++) {
        const unsigned operand = *code & OPERAND_MASK;
        switch ((enum pattern_operation)(*code >> PATTERN_OPERAND_BITS)) {
        case PATTERN_MATCH: run->groups.at[0][1] = (uint8_t)at; return !run->whole || run->digits[at] == '\0';
        case PATTERN_SET: {
            const char digit = run->digits[at++];
            if (digit < '0' || digit > '9' || (operand >> (digit - '0') & 1) == 0)
                return false;
            break;
        }
        case PATTERN_SPLIT: {
            const struct pattern_groups before = run->groups;
            if (follow(run, code + 1, at))
                return true;
            run->groups = before;
            code += operand - 1;
            break;
        }
        case PATTERN_JUMP: code += operand - 1; break;
        case PATTERN_SAVE: run->groups.at[operand / 2][operand % 2] = (uint8_t)at; break;
        case PATTERN_END:
            if (run->digits[at] != '\0')
                return false;
            break;
        }
    }
}

bool pattern_match(const uint16_t *program, const char *digits, bool whole, struct pattern_groups *groups)
{
    struct run run = {.digits = digits, .whole = whole};
    for (size_t i = 0; i < PATTERN_GROUPS; i++)
        run.groups.at[i][1] = ABSENT;
    if (!follow(&run, program, 0))
        return false;
    if (groups != NULL)
        *groups = run.groups;
    return true;
}

struct text {
    char *out;
    size_t size, len;
};

static bool append(struct text *text, const char *from, size_t len)
{
    if (len >= text->size - text->len)
        return false;
    memcpy(text->out + text->len, from, len);
    text->len += len;
    text->out[text->len] = '\0';
    return true;
}

static bool append_group(struct text *text, const char *digits, const uint8_t group[2])
{
    return group[1] == ABSENT || append(text, digits + group[0], (size_t)(group[1] - group[0]));
}

bool pattern_expand(const char *template, const char *digits, const struct pattern_groups *groups, char *out,
                    size_t size)
{
    struct text text = {out, size, 0};
    out[0] = '\0';
    for (; *template != '\0'; template ++) {
        bool is_group = template[0] == '$' && template[1] >= '1' && template[1] <= '9';
        if (is_group ? !append_group(&text, digits, groups->at[*++template - '0'])
                     : !append(&text, template, 1))
            return false;
    }
    const char *rest = digits + groups->at[0][1];
    return append(&text, rest, strlen(rest));
}
