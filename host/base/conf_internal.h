/* The option table's row, shared by conf.c (reading), conf_table.c (the rows) and conf_check.c (what one
 * option alone cannot show). */
#ifndef CELLPOST_BASE_CONF_INTERNAL_H
#define CELLPOST_BASE_CONF_INTERNAL_H

#include "host/base/conf.h"

enum conf_type {
    CONF_TEXT,     /* any text */
    CONF_PATH,     /* relative to the configuration file */
    CONF_INT,      /* least..most */
    CONF_DURATION, /* "200ms" "5s" "2m" "1h", kept in milliseconds */
    CONF_SECONDS,  /* the same, kept in seconds */
    CONF_BOOL,     /* yes no true false on off 1 0, or its two `words`, the one for false first */
    CONF_WORD,     /* one of `words`; an enum is its place in the list */
    CONF_NAME_REF, /* a section's name */
    CONF_URL,      /* http(s)://host..., or empty */
    CONF_NUMBER,   /* +E.164, or empty */
    CONF_HEX_SID,  /* two letters of `words` and 32 hex digits, or empty */
    CONF_TOKEN,    /* 32 hex digits, or empty; secret */
    CONF_PIN,      /* 4 to 8 digits, or empty; secret */
    CONF_ICCID,    /* as a modem tells it, or empty */
    CONF_PORT,     /* serial:/... or pty:/... */
    CONF_SLOT,     /* BOARD:N, sim:/SOCKET:NAME, or empty */
    CONF_LISTEN,   /* ADDRESS:PORT, or empty */
    CONF_LISTENS,  /* a list of them */
    CONF_PATTERN,  /* a number whose digits may be '*', or empty */
    CONF_LIST,     /* separated by commas or blanks */
    CONF_RANGES,   /* a list of address ranges */
    CONF_PREFIXES, /* a list of how +E.164 numbers begin */
    CONF_URLS      /* a list of URL patterns */
};

enum conf_section {
    SECTION_DAEMON,
    SECTION_HTTP,
    SECTION_TLS,
    SECTION_HOOKS,
    SECTION_VERIFY,
    SECTION_RETENTION,
    SECTION_LINE,
    SECTION_MODEM,
    SECTION_BOARD,
    SECTION_CLASS,
    SECTION_SERVICE,
    SECTION_SIMULATE,
    SECTION_OPTOUT,
    SECTION_COUNT
};

struct conf_option {
    enum conf_section section;
    const char *key;
    enum conf_type type;
    size_t offset;        /* in the section's struct */
    const char *fallback; /* default, in the file's own form */
    int64_t least, most;  /* CONF_INT, and durations in their unit */
    const char *words;    /* CONF_WORD: "masked full"; CONF_HEX_SID: "AC" */
    bool as_text;         /* CONF_WORD: kept as the word itself */
    bool reload;          /* applied by a reload; else it needs a restart */
    const char *doc;
};
extern const struct conf_option conf_options[]; /* ended by key NULL */

/* Where a section's structs live in struct conf. */
struct conf_section_info {
    const char *name;
    bool named;     /* [line NAME], any number */
    size_t size;    /* of its struct */
    size_t offset;  /* of the struct, or of the array pointer */
    size_t count;   /* named: offset of the array's count */
    size_t name_at; /* named: offset of name */
    size_t line_at; /* named: offset of line_no */
};
extern const struct conf_section_info conf_sections[SECTION_COUNT];

struct conf_mark {
    const struct conf_option *option;
    size_t index; /* of its section's object */
    int line;
    bool refused; /* the value was an error: reported, and the field is at its default */
};
const struct conf_mark *conf_mark_of(const struct conf *, const void *field); /* NULL = not in the file */

#define CONF_SOCKET_MAX 107 /* octets of a Unix socket's path, unix(7) */

struct conf_errors {
    const char *file;
    conf_report_fn *fn;
    void *arg;
    unsigned count;
};
void conf_error(struct conf_errors *, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* conf_value.c: reads value into the field. False after an error was reported. */
bool conf_value_set(struct conf_errors *, int line, const struct conf_option *, const char *value,
                    void *object);
void conf_value_free(const struct conf_option *, void *object);
void conf_value_swap(const struct conf_option *, void *a, void *b);
bool conf_value_equal(const struct conf_option *, const void *a, const void *b);

/* conf_check.c: references between sections, and what must not stand twice. */
void conf_check(struct conf_errors *, struct conf *);

#endif
