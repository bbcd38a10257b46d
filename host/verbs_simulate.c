/* `cellpost simulate`: rules at run time, and what a simulated network does by itself. `cellpost record`:
 * what happens, as a file that it can replay. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/base/log.h"
#include "host/daemon.h"

#define NAME_LEN   64
#define SPEED_MOST 1000

/* A verb behind `simulate`: argv[0] is its first word. */
struct simulate_verb {
    const char *name, *arguments;
    int least, most;
    ctl_fn *fn;
};

/* ---- rules ---- */

static const struct conf_line *simulated_line(const struct daemon *daemon, const char *name)
{
    for (size_t i = 0; i < daemon->conf->line_count; i++)
        if (strcmp(daemon->conf->lines[i].name, name) == 0 &&
            strcmp(daemon->conf->lines[i].carrier, "modem") != 0)
            return &daemon->conf->lines[i];
    return NULL;
}

static void keep_first(void *arg, const char *file, int line, const char *message)
{
    char *first = arg;
    (void)file;
    (void)line;
    if (first[0] == '\0')
        snprintf(first, 256, "%s", message);
}

/* KEY=VALUE words as the section of a configuration file, so that they are read like one; without line,
 * which that text alone could not know. NULL: *error says why. */
static char *rule_section(int argc, char **argv, const char **line, char error[256])
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        fatal("out of memory");
    fputs("[simulate rule]\n", out);
    for (int i = 0; i < argc && error[0] == '\0'; i++) {
        size_t key = strspn(argv[i], "abcdefghijklmnopqrstuvwxyz_");
        if (key == 0 || argv[i][key] != '=' || strpbrk(argv[i], "\r\n") != NULL)
            snprintf(error, 256, "a rule is KEY=VALUE words such as to=+4179* outcome=reject, not '%.100s'",
                     argv[i]);
        else if (strncmp(argv[i], "line=", 5) == 0)
            *line = argv[i] + 5;
        else
            fprintf(out, "%s\n", argv[i]);
    }
    fclose(out);
    return text;
}

static void rule_add(struct daemon *daemon, struct ctl_call *call, int argc, char **argv)
{
    char error[256] = "";
    const char *line = "";
    struct conf *conf = NULL;
    struct rule rule;
    char *text = rule_section(argc, argv, &line, error);
    if (error[0] == '\0' && line[0] != '\0' && simulated_line(daemon, line) == NULL)
        snprintf(error, sizeof error, "there is no simulated line %.100s", line);
    if (error[0] == '\0')
        conf = conf_parse("rule", text, strlen(text), keep_first, error);
    free(text);
    if (conf == NULL) {
        ctl_err(call, "%s", error);
        return;
    }
    rule_read(&conf->simulates[0], &rule);
    rule.name[0] = '\0';
    snprintf(rule.line, sizeof rule.line, "%s", line);
    conf_free(conf);
    if (simulator_rule_add(daemon->simulator, &rule) != 0)
        ctl_err(call, "there are %d rules already: simulate rule clear", SIMULATOR_RULES_MAX);
    else
        ctl_ok(call);
}

static void rule_list(struct daemon *daemon, struct ctl_call *call)
{
    const struct rule *rule;
    char text[RULE_TEXT];
    for (size_t n = 0; (rule = simulator_rule_at(daemon->simulator, n)) != NULL; n++) {
        rule_text(rule, text);
        ctl_line(call, "%s", text);
    }
    ctl_ok(call);
}

static void simulate_rule(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    if (strcmp(argv[1], "add") == 0 && argc > 2) {
        rule_add(daemon, call, argc - 2, argv + 2);
    } else if (strcmp(argv[1], "list") == 0 && argc == 2) {
        rule_list(daemon, call);
    } else if (strcmp(argv[1], "clear") == 0 && argc == 2) {
        simulator_rules_clear(daemon->simulator);
        ctl_ok(call);
    } else {
        ctl_err(call, "usage: simulate rule add KEY=VALUE... | rule list | rule clear");
    }
}

/* ---- what the network does ---- */

static void simulate_inbound(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    unsigned parts = 0;
    (void)argc;
    ctl_hold(call);
    int status = simulator_inbound(daemon->simulator, argv[1], argv[2], argv[3], strlen(argv[3]), &parts,
                                   ctl_done, call);
    switch (status) {
    case 0: ctl_line(call, "parts %u", parts); return;
    case -ENOENT: ctl_err(call, "there is no simulated line %s", argv[1]); return;
    case -EINVAL:
        ctl_err(call, "FROM is a number like +41790000001 or a name of at most 11 characters, not '%s'",
                argv[2]);
        return;
    case -EMSGSIZE: ctl_err(call, "TEXT takes more than %d parts", SPLIT_SEGMENTS_MAX); return;
    default: ctl_err(call, "TEXT is not UTF-8"); return;
    }
}

/* -1 and the error is answered. */
static int receipt_st(struct ctl_call *call, const char *word, const char *error)
{
    if (strcmp(word, "delivered") == 0 && error == NULL)
        return 0;
    int st =
        strcmp(word, "undelivered") == 0 ? rule_st(error == NULL ? 30008 : (int)strtol(error, NULL, 10)) : -1;
    if (st < 0)
        ctl_err(call, "a receipt is delivered, or undelivered with one of 30003 to 30008 or 30017");
    return st;
}

static void simulate_receipt(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    struct sid sid;
    int st = receipt_st(call, argv[2], argc > 3 ? argv[3] : NULL);
    if (st < 0)
        return;
    if (!sid_parse(argv[1], "SM", &sid) && !sid_parse(argv[1], "MM", &sid)) {
        ctl_err(call, "SID is SM or MM and 32 hex digits, not '%s'", argv[1]);
        return;
    }
    ctl_hold(call);
    if (simulator_receipt(daemon->simulator, &sid, (uint8_t)st, ctl_done, call) != 0)
        ctl_err(call,
                "no segment of %s waits for a receipt: sent by a rule with receipt=none since the start",
                argv[1]);
}

/* ---- replay ---- */

/* data_dir/records/NAME, in heap; NULL: NAME could lead elsewhere, and the error is answered. */
static char *record_path(const struct daemon *daemon, struct ctl_call *call, const char *name)
{
    char *path;
    size_t len = strlen(name);
    if (len == 0 || len > NAME_LEN || name[0] == '.' ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != len) {
        ctl_err(call, "FILE is a name in data_dir/records: 1 to %d of A-Z a-z 0-9 . _ -, not '%.100s'",
                NAME_LEN, name);
        return NULL;
    }
    if (asprintf(&path, "%s/records/%s", daemon->conf->daemon.data_dir, name) < 0)
        fatal("out of memory");
    return path;
}

/* The whole file, in heap; NULL with errno. */
static char *read_whole(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (file == NULL)
        return NULL;
    char *text = malloc(FLOW_FILE_MAX + 1); /* one more: then flow_read says that it is too large */
    if (text == NULL)
        fatal("out of memory");
    errno = 0;
    *len = fread(text, 1, FLOW_FILE_MAX + 1, file);
    if (ferror(file)) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static void replay_start(struct daemon *daemon, struct ctl_call *call, char **argv, int speed)
{
    char error[256];
    struct flow flow;
    size_t len;
    char *path = record_path(daemon, call, argv[3]);
    if (path == NULL)
        return;
    char *text = read_whole(path, &len);
    if (text == NULL) {
        ctl_err(call, "%s: %s", path, strerror(errno));
    } else if (flow_read(text, len, &flow, error) != 0) {
        ctl_err(call, "%s: %s", path, error);
    } else {
        ctl_line(call, "texts %zu tries %zu", flow.text_count, flow.try_count);
        if (simulator_replay(daemon->simulator, argv[2], &flow, speed) == 0)
            ctl_ok(call);
        else
            ctl_err(call, "there is no simulated line %s", argv[2]);
        flow_fini(&flow);
    }
    free(text);
    free(path);
}

static void simulate_replay(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    size_t texts, tries;
    int64_t speed = 1;
    int status = -ENOENT;
    if (strcmp(argv[1], "start") == 0 && argc > 3) {
        if (argc > 4 && !verb_number(argv[4], 1, SPEED_MOST, &speed))
            ctl_err(call, "SPEED is a number from 1 to %d, not '%s'", SPEED_MOST, argv[4]);
        else
            replay_start(daemon, call, argv, (int)speed);
        return;
    }
    if (strcmp(argv[1], "stop") == 0 && argc == 3) {
        status = simulator_replay_stop(daemon->simulator, argv[2]);
    } else if (strcmp(argv[1], "show") == 0 && argc == 3) {
        status = simulator_replay_left(daemon->simulator, argv[2], &texts, &tries);
        ctl_line(call, "left texts %zu tries %zu", texts, tries);
    } else {
        ctl_err(call, "usage: simulate replay start LINE FILE [SPEED] | replay stop LINE | replay show LINE");
        return;
    }
    if (status == 0)
        ctl_ok(call);
    else
        ctl_err(call, "there is no simulated line %s", argv[2]);
}

static const struct simulate_verb verbs[] = {
    {"rule", "add KEY=VALUE... | list | clear", 1, 10, simulate_rule},
    {"inbound", "LINE FROM TEXT", 3, 3, simulate_inbound},
    {"receipt", "SID delivered|undelivered [ERROR]", 2, 3, simulate_receipt},
    {"replay", "start LINE FILE [SPEED] | stop LINE | show LINE", 2, 4, simulate_replay},
};

void verb_simulate(void *arg, struct ctl_call *call, int argc, char **argv)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].name) != 0)
            continue;
        if (argc - 2 < verbs[i].least || argc - 2 > verbs[i].most)
            ctl_err(call, "usage: simulate %s %s", verbs[i].name, verbs[i].arguments);
        else
            verbs[i].fn(arg, call, argc - 1, argv + 1);
        return;
    }
    ctl_err(call, "simulate rule, inbound, receipt or replay, not '%s'", argv[1]);
}

/* ---- record ---- */

/* "numbers=full" and the like; false: the error is answered. */
static bool record_option(struct ctl_call *call, const char *word, struct record_options *options)
{
    static const struct {
        const char *word;
        size_t member;
        bool value;
    } words[] = {
        {"numbers=masked", offsetof(struct record_options, full_numbers), false},
        {"numbers=full", offsetof(struct record_options, full_numbers), true},
        {"bodies=no", offsetof(struct record_options, bodies), false},
        {"bodies=yes", offsetof(struct record_options, bodies), true},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i].word) == 0) {
            memcpy((char *)options + words[i].member, &words[i].value, sizeof words[i].value);
            return true;
        }
    ctl_err(call, "numbers=masked or numbers=full, bodies=no or bodies=yes, not '%s'", word);
    return false;
}

static void record_begin(struct daemon *daemon, struct ctl_call *call, int argc, char **argv)
{
    char error[256], *folder;
    struct record_options options = {0};
    for (int i = 3; i < argc; i++)
        if (!record_option(call, argv[i], &options))
            return;
    char *path = record_path(daemon, call, argv[2]);
    if (path == NULL)
        return;
    if (asprintf(&folder, "%s/records", daemon->conf->daemon.data_dir) < 0)
        fatal("out of memory");
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        log_event(LOG_ERROR, "record.folder", "why=\"%s\"", strerror(errno));
    options.path = path;
    daemon->record = record_start(&options, error);
    if (daemon->record == NULL) {
        ctl_err(call, "%s", error);
    } else {
        ctl_line(call, "file %s", path);
        ctl_ok(call);
    }
    free(folder);
    free(path);
}

void verb_record(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    bool start = strcmp(argv[1], "start") == 0 && argc > 2, stop = strcmp(argv[1], "stop") == 0 && argc == 2;
    if (start && daemon->record == NULL) {
        record_begin(daemon, call, argc, argv);
    } else if (stop && daemon->record != NULL) {
        ctl_line(call, "events %zu", record_stop(daemon->record));
        daemon->record = NULL;
        ctl_ok(call);
    } else if (start || stop) {
        ctl_err(call, start ? "a recording is under way: record stop" : "nothing is being recorded");
    } else {
        ctl_err(call, "usage: record start FILE [numbers=full] [bodies=yes] | record stop");
    }
}
