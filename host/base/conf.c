/* Reading: lines into sections and options of the table. The reader is our own because inih, as the
 * distribution builds it, cuts lines at 200 octets without a word and tells no line numbers to its handler;
 * both would break the promise of precise errors. */
#include "host/base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/conf_internal.h"
#include "host/base/log.h"

#define FILE_MAX (1u << 20)
#define BUILT_IN 0 /* the line of a section that no file began */

struct reader {
    struct conf_errors errors;
    struct conf *conf;
    const struct conf_section_info *section; /* NULL before the first, and in an unknown one */
    bool skipping; /* an unknown or repeated section: its options were reported once, by its head */
    void *object;
    size_t object_index;
    bool section_seen[SECTION_COUNT];
};

void conf_error(struct conf_errors *errors, int line, const char *fmt, ...)
{
    char message[512];
    va_list args;
    errors->count++;
    if (errors->fn == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    errors->fn(errors->arg, errors->file, line, message);
}

/* ---- objects ---- */

static void *section_object(struct conf *conf, const struct conf_section_info *info, size_t index)
{
    char *base = (char *)conf + info->offset;
    return info->named ? *(char **)base + index * info->size : base;
}

static size_t section_count(const struct conf *conf, const struct conf_section_info *info)
{
    return info->named ? *(const size_t *)((const char *)conf + info->count) : 1;
}

static void object_defaults(const struct conf_section_info *info, void *object)
{
    struct conf_errors quiet = {"", NULL, NULL, 0};
    for (const struct conf_option *option = conf_options; option->key != NULL; option++)
        if (&conf_sections[option->section] == info &&
            !conf_value_set(&quiet, 0, option, option->fallback, object) && option->fallback[0] != '\0')
            fatal("the default of %s is not valid", option->key);
}

static void *object_add(struct conf *conf, const struct conf_section_info *info, const char *name)
{
    char **array = (char **)((char *)conf + info->offset);
    size_t *count = (size_t *)((char *)conf + info->count);
    char *grown = realloc(*array, (*count + 1) * info->size);
    if (grown == NULL)
        fatal("out of memory");
    *array = grown;
    char *object = grown + *count * info->size;
    memset(object, 0, info->size);
    object_defaults(info, object);
    snprintf(object + info->name_at, CONF_NAME_MAX, "%s", name);
    (*count)++;
    return object;
}

static void *object_find(struct conf *conf, const struct conf_section_info *info, const char *name)
{
    for (size_t i = 0; i < section_count(conf, info); i++) {
        char *object = section_object(conf, info, i);
        if (strcmp(object + info->name_at, name) == 0)
            return object;
    }
    return NULL;
}

const struct conf_mark *conf_mark_of(const struct conf *conf, const void *field)
{
    for (size_t i = 0; i < conf->mark_count; i++) {
        const struct conf_mark *mark = &conf->marks[i];
        const char *base = (const char *)conf + conf_sections[mark->option->section].offset;
        if (conf_sections[mark->option->section].named)
            base = *(char *const *)base + mark->index * conf_sections[mark->option->section].size;
        if (base + mark->option->offset == (const char *)field)
            return mark;
    }
    return NULL;
}

int conf_where(const struct conf *conf, const void *field)
{
    const struct conf_mark *mark = conf_mark_of(conf, field);
    return mark != NULL ? mark->line : 0;
}

/* ---- lines ---- */

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
        text[--len] = '\0';
    return text;
}

static bool is_name(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len < CONF_NAME_MAX &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static const struct conf_section_info *section_find(const char *kind)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (strcmp(conf_sections[i].name, kind) == 0)
            return &conf_sections[i];
    return NULL;
}

static void section_unknown(struct reader *reader, int line, const char *kind)
{
    char known[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < SECTION_COUNT && len < sizeof known; i++)
        len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i > 0 ? ", " : "",
                                conf_sections[i].name);
    conf_error(&reader->errors, line, "unknown section [%s]: known are %s", kind, known);
}

static void section_begin_named(struct reader *reader, int line, const struct conf_section_info *info,
                                const char *name)
{
    if (!is_name(name)) {
        conf_error(&reader->errors, line, "[%s NAME]: a name is 1 to 32 of A-Z a-z 0-9 _ -, not '%s'",
                   info->name, name);
        return;
    }
    char *object = object_find(reader->conf, info, name);
    if (object != NULL && *(int *)(object + info->line_at) != BUILT_IN) {
        conf_error(&reader->errors, line, "[%s %s] stands twice", info->name, name);
        return;
    }
    if (object == NULL)
        object = object_add(reader->conf, info, name);
    *(int *)(object + info->line_at) = line;
    reader->object = object;
    reader->object_index = (size_t)(object - (char *)section_object(reader->conf, info, 0)) / info->size;
    reader->skipping = false;
}

static void section_begin_single(struct reader *reader, int line, const struct conf_section_info *info,
                                 const char *name)
{
    bool *seen = &reader->section_seen[info - conf_sections];
    if (name[0] != '\0') {
        conf_error(&reader->errors, line, "[%s] has no name", info->name);
    } else if (*seen) {
        conf_error(&reader->errors, line, "[%s] stands twice", info->name);
    } else {
        *seen = true;
        reader->object = section_object(reader->conf, info, 0);
        reader->object_index = 0;
        reader->skipping = false;
    }
}

static void line_section(struct reader *reader, int line, char *text)
{
    char *end = strchr(text, ']');
    reader->skipping = true;
    if (end == NULL || *trim(end + 1) != '\0') {
        conf_error(&reader->errors, line, "a section is [kind] or [kind NAME]");
        reader->section = &conf_sections[0];
        return;
    }
    *end = '\0';
    char *kind = trim(text + 1);
    char *name = kind + strcspn(kind, " \t");
    if (*name != '\0')
        *name++ = '\0';
    name = trim(name);
    reader->section = section_find(kind);
    if (reader->section == NULL) {
        section_unknown(reader, line, kind);
        reader->section = &conf_sections[0];
    } else if (reader->section->named) {
        section_begin_named(reader, line, reader->section, name);
    } else {
        section_begin_single(reader, line, reader->section, name);
    }
}

static const struct conf_option *option_find(const struct conf_section_info *section, const char *key)
{
    for (const struct conf_option *option = conf_options; option->key != NULL; option++)
        if (&conf_sections[option->section] == section && strcmp(option->key, key) == 0)
            return option;
    return NULL;
}

/* A value that other INI dialects would read otherwise than this one. */
static const char *form_fault(const char *value)
{
    size_t len = strlen(value);
    if (len > 0 && (strchr("\"'", value[0]) != NULL || strchr("\"'", value[len - 1]) != NULL))
        return "is written without quotes";
    for (const char *at = value; (at = strpbrk(at, "#;")) != NULL; at++)
        if (at > value && strchr(" \t", at[-1]) != NULL)
            return "is followed by a comment: comments have lines of their own";
    return NULL;
}

static void option_set(struct reader *reader, int line, const struct conf_option *option, const char *value)
{
    struct conf *conf = reader->conf;
    const char *fault = form_fault(value);
    if (fault != NULL)
        conf_error(&reader->errors, line, "%s %s", option->key, fault);
    bool good = fault == NULL && conf_value_set(&reader->errors, line, option, value, reader->object);
    conf->marks = realloc(conf->marks, (conf->mark_count + 1) * sizeof *conf->marks);
    if (conf->marks == NULL)
        fatal("out of memory");
    conf->marks[conf->mark_count++] = (struct conf_mark){option, reader->object_index, line, !good};
}

static void line_option(struct reader *reader, int line, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        conf_error(&reader->errors, line,
                   "a line is [section], key = value, or a comment that begins with # or ;");
        return;
    }
    *equals = '\0';
    char *key = trim(text), *value = trim(equals + 1);
    if (reader->section == NULL) {
        conf_error(&reader->errors, line, "%s stands before the first [section]", key);
        return;
    }
    if (reader->skipping)
        return;
    const struct conf_option *option = option_find(reader->section, key);
    if (option == NULL)
        conf_error(&reader->errors, line, "[%s] has no option '%s': cellpostd --options lists them",
                   reader->section->name, key);
    else if (conf_where(reader->conf, (char *)reader->object + option->offset) != 0)
        conf_error(&reader->errors, line, "%s stands twice in this section", key);
    else
        option_set(reader, line, option, value);
}

static void read_line(struct reader *reader, int line, char *text)
{
    text = trim(text);
    if (text[0] == '[')
        line_section(reader, line, text);
    else if (text[0] != '\0' && text[0] != '#' && text[0] != ';')
        line_option(reader, line, text);
}

static void read_text(struct reader *reader, const char *text, size_t len)
{
    int line = 0;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = end != NULL ? (size_t)(end - text) - at : len - at;
        char *copy = malloc(line_len + 1);
        if (copy == NULL)
            fatal("out of memory");
        memcpy(copy, text + at, line_len);
        copy[line_len] = '\0';
        line++;
        if (strlen(copy) != line_len)
            conf_error(&reader->errors, line, "holds a NUL octet");
        else
            read_line(reader, line, copy);
        explicit_bzero(copy, line_len); /* it may hold a secret */
        free(copy);
        at += line_len + 1;
    }
}

/* ---- the whole ---- */

static struct conf *conf_new(const char *file)
{
    struct conf *conf = calloc(1, sizeof *conf);
    if (conf == NULL || (conf->file = strdup(file)) == NULL)
        fatal("out of memory");
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (!conf_sections[i].named)
            object_defaults(&conf_sections[i], section_object(conf, &conf_sections[i], 0));
    object_add(conf, &conf_sections[SECTION_CLASS], "default");
    return conf;
}

static void path_default(char **path, const char *folder, const char *name)
{
    char *made;
    if ((*path)[0] != '\0')
        return;
    if (asprintf(&made, "%s/%s", folder, name) < 0)
        fatal("out of memory");
    free(*path);
    *path = made;
}

static void report_counted(void *arg, const char *file, int line, const char *message)
{
    (void)file;
    conf_error(arg, line, "%s", message);
}

static struct conf *parse(const char *file, const char *text, size_t len, conf_check_fn *also,
                          conf_report_fn *fn, void *arg)
{
    struct reader reader = {.errors = {file, fn, arg, 0}, .conf = conf_new(file)};
    read_text(&reader, text, len);
    path_default(&reader.conf->daemon.control_socket, reader.conf->daemon.data_dir, "control");
    path_default(&reader.conf->http.unix_socket, reader.conf->daemon.data_dir, "http");
    conf_check(&reader.errors, reader.conf);
    if (also != NULL)
        also(reader.conf, report_counted, &reader.errors);
    if (reader.errors.count == 0)
        return reader.conf;
    conf_free(reader.conf);
    return NULL;
}

struct conf *conf_parse(const char *file, const char *text, size_t len, conf_report_fn *fn, void *arg)
{
    return parse(file, text, len, NULL, fn, arg);
}

struct conf *conf_load(const char *path, conf_report_fn *fn, void *arg)
{
    return conf_load_checked(path, NULL, fn, arg);
}

struct conf *conf_load_checked(const char *path, conf_check_fn *also, conf_report_fn *fn, void *arg)
{
    struct conf_errors errors = {path, fn, arg, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        conf_error(&errors, 0, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    char *text = malloc(FILE_MAX + 1);
    if (text == NULL)
        fatal("out of memory");
    size_t len = fread(text, 1, FILE_MAX + 1, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    struct conf *conf = NULL;
    if (failed || len > FILE_MAX)
        conf_error(&errors, 0, failed ? "cannot be read" : "is larger than 1 MiB");
    else
        conf = parse(path, text, len, also, fn, arg);
    explicit_bzero(text, len);
    free(text);
    return conf;
}

void conf_free(struct conf *conf)
{
    if (conf == NULL)
        return;
    for (const struct conf_option *option = conf_options; option->key != NULL; option++) {
        const struct conf_section_info *info = &conf_sections[option->section];
        for (size_t i = 0; i < section_count(conf, info); i++)
            conf_value_free(option, section_object(conf, info, i));
    }
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (conf_sections[i].named)
            free(*(void **)((char *)conf + conf_sections[i].offset));
    free(conf->marks);
    free(conf->file);
    free(conf);
}

const struct conf_class *conf_find_class(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->class_count; i++)
        if (strcmp(conf->classes[i].name, name) == 0)
            return &conf->classes[i];
    return NULL;
}

int conf_restart_needed(const struct conf *before, const struct conf *after, conf_report_fn *fn, void *arg)
{
    struct conf_errors report = {after->file, fn, arg, 0};
    for (const struct conf_option *option = conf_options; option->key != NULL; option++) {
        const struct conf_section_info *info = &conf_sections[option->section];
        if (!info->named && !option->reload &&
            !conf_value_equal(option, (const char *)before + info->offset,
                              (const char *)after + info->offset))
            conf_error(&report, conf_where(after, (const char *)after + info->offset + option->offset),
                       "%s.%s changed: it takes effect at the next start", info->name, option->key);
    }
    return (int)report.count;
}

void conf_keep_until_restart(struct conf *after, struct conf *before)
{
    for (const struct conf_option *option = conf_options; option->key != NULL; option++) {
        const struct conf_section_info *info = &conf_sections[option->section];
        if (!info->named && !option->reload)
            conf_value_swap(option, (char *)after + info->offset, (char *)before + info->offset);
    }
}

void conf_manual(FILE *out)
{
    enum conf_section section = SECTION_COUNT;
    for (const struct conf_option *option = conf_options; option->key != NULL; option++) {
        if (option->section != section) {
            section = option->section;
            fprintf(out, "%s[%s%s]\n", option == conf_options ? "" : "\n", conf_sections[section].name,
                    conf_sections[section].named ? " NAME" : "");
        }
        fprintf(out, "  %-29s %s\n", option->key, option->doc);
        fprintf(out, "  %-29s default: %s%s%s%s\n", "",
                option->fallback[0] != '\0' ? option->fallback : "(empty)",
                option->type == CONF_WORD || option->type == CONF_BOOL ? "; one of: " : "",
                option->words != NULL && (option->type == CONF_WORD || option->type == CONF_BOOL)
                    ? option->words
                : option->type == CONF_BOOL ? "yes no"
                                            : "",
                option->reload ? "" : "; needs a restart");
    }
}
