/* cellpost: the operator's command. It asks the daemon over its control socket and prints the answer; `send`
 * goes through the façade's Unix socket, like any other client of the API. What it can do: usage() below.
 *
 * Exit status: 0 done; 1 refused or failed (the reason is on stderr); 2 usage. */
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/base/conf.h"
#include "host/base/form.h"
#include "host/ctl/bulk.h"
#include "host/ctl/ctl.h"

#define DEFAULT_CONF "/etc/cellpost/cellpost.ini"

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "cellpost: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

static FILE *control_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
        fail(path, fd < 0 ? strerror(errno) : "path too long for a socket");
        return NULL;
    }
    memcpy(address.sun_path, path, strlen(path));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        fail(path, errno == ENOENT || errno == ECONNREFUSED ? "cellpostd is not running" : strerror(errno));
        close(fd);
        return NULL;
    }
    return fdopen(fd, "r+");
}

/* One that is too long would be cut off by the daemon, and this program killed by its own writing. */
static bool request_write(FILE *control, int argc, char **argv)
{
    char *text = NULL;
    size_t len = 0;
    FILE *request = open_memstream(&text, &len);
    if (request == NULL)
        return false;
    for (int i = 0; i < argc; i++) {
        char *word = form_escape(argv[i]);
        fprintf(request, "%s%s", i > 0 ? " " : "", word != NULL ? word : "");
        free(word);
    }
    fputc('\n', request);
    bool ok = fclose(request) == 0 && len <= CTL_REQUEST_MAX;
    if (ok)
        ok = fwrite(text, 1, len, control) == len && fflush(control) == 0;
    else
        fprintf(stderr, "cellpost: the request has %zu octets, at most %d fit\n", len, CTL_REQUEST_MAX);
    free(text);
    return ok;
}

/* Where the daemon refuses before it has all, its answer says why. */
static void send_all(int fd, const uint8_t *octets, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, octets, len, MSG_NOSIGNAL);
        if (sent < 0)
            return;
        octets += sent;
        len -= (size_t)sent;
    }
}

/* Feeds each line of the answer to fn; the exit status by its last line. octets: what follows the request, or
 * NULL. */
static int ask_with(const char *socket_path, int argc, char **argv, const uint8_t *octets, size_t octets_len,
                    void (*fn)(void *arg, const char *line), void *arg)
{
    FILE *control = control_connect(socket_path);
    if (control == NULL)
        return EXIT_FAILURE;
    int status = -1;
    char *line = NULL;
    size_t size = 0;
    bool asked = request_write(control, argc, argv);
    if (asked)
        send_all(fileno(control), octets, octets_len);
    ssize_t len = asked ? getline(&line, &size, control) : -1;
    for (; len > 0 && status < 0; len = status < 0 ? getline(&line, &size, control) : 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == ' ')
            fn(arg, line + 1);
        else if (strcmp(line, "ok") == 0)
            status = EXIT_SUCCESS;
        else
            status = fail(argv[0], strncmp(line, "err ", 4) == 0 ? line + 4 : line);
    }
    free(line);
    fclose(control);
    return status >= 0 ? status : fail(argv[0], "cellpostd closed the connection");
}

static int ask(const char *socket_path, int argc, char **argv, void (*fn)(void *arg, const char *line),
               void *arg)
{
    return ask_with(socket_path, argc, argv, NULL, 0, fn, arg);
}

static void print_line(void *arg, const char *line)
{
    (void)arg;
    puts(line);
    fflush(stdout); /* watch is read through pipes */
}

/* ---- send ---- */

struct where {
    char account[40], from[24];
    char http[PATH_MAX];
};

static void read_where(void *arg, const char *line)
{
    struct where *where = arg;
    if (strncmp(line, "account ", 8) == 0)
        snprintf(where->account, sizeof where->account, "%s", line + 8);
    else if (strncmp(line, "from ", 5) == 0)
        snprintf(where->from, sizeof where->from, "%s", line + 5);
    else if (strncmp(line, "http ", 5) == 0)
        snprintf(where->http, sizeof where->http, "%s", line + 5);
}

static char *send_form(const char *from, const char *to, const char *body)
{
    struct form form = {NULL, 0};
    size_t len;
    form_add(&form, strncmp(from, "MG", 2) == 0 ? "MessagingServiceSid" : "From", from);
    form_add(&form, "To", to);
    form_add(&form, "Body", body);
    char *text = form_encode(&form, &len);
    form_fini(&form);
    return text;
}

static size_t take_answer(char *data, size_t size, size_t count, void *arg)
{
    FILE *answer = arg;
    return fwrite(data, size, count, answer);
}

/* The message's SID and status; or the API's own words. */
static int send_report(long http, const char *answer)
{
    json_t *json = json_loads(answer, 0, NULL);
    const char *sid = json_string_value(json_object_get(json, "sid"));
    const char *status = json_string_value(json_object_get(json, "status"));
    const char *message = json_string_value(json_object_get(json, "message"));
    char reason[512];
    int exit_status = EXIT_SUCCESS;
    if (http == 201 && sid != NULL && status != NULL) {
        printf("%s %s\n", sid, status);
    } else {
        snprintf(reason, sizeof reason, "%" JSON_INTEGER_FORMAT ": %s",
                 json_integer_value(json_object_get(json, "code")), message != NULL ? message : answer);
        exit_status = fail("send", reason);
    }
    json_decref(json);
    return exit_status;
}

static int send_post(const struct where *where, const char *body)
{
    char url[256], reason[CURL_ERROR_SIZE] = "", *answer = NULL;
    size_t len = 0;
    long http = 0;
    CURL *curl = curl_easy_init();
    FILE *taken = open_memstream(&answer, &len);
    if (curl == NULL || taken == NULL)
        return fail("send", "out of memory");
    snprintf(url, sizeof url, "http://cellpost/2010-04-01/Accounts/%s/Messages.json", where->account);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, where->http);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, taken);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_cleanup(curl);
    fclose(taken);
    int status = code == CURLE_OK ? send_report(http, answer) : fail("send", reason);
    free(answer);
    return status;
}

static int usage(void)
{
    fputs(
        "usage: cellpost [-c FILE | -s SOCKET] status | lines | messages [N] | show SID | watch | backup "
        "FILE |\n"
        "                settle SID sent|failed|resend | account show|create NAME|rotate AC|retention AC |\n"
        "                forget NUMBER [--account AC] [--wait] | forget --check [NUMBER] |\n"
        "                simulate ... | record ... | hooks ... | optouts list|add|remove|import FILE |\n"
        "                tls ca|status|issue NAME...|recipe [LANGUAGE] | board [NAME ...] | help\n"
        "       cellpost [-c FILE | -s SOCKET] board NAME flash FILE.img\n"
        "       cellpost [-c FILE | -s SOCKET] send [--from NUMBER|MG...] TO TEXT | -f FILE.csv\n"
        "       cellpost [-c FILE | -s SOCKET] messages --sids -\n",
        stderr);
    return 2;
}

/* Many at once: see bulk.h. file NULL: statuses. */
static int bulk_main(const char *socket_path, const char *from, const char *file)
{
    struct where where = {"", "", ""};
    char *verb[] = {"where"};
    int status = ask(socket_path, 1, verb, read_where, &where);
    if (status != EXIT_SUCCESS)
        return status;
    const struct bulk_where bulk = {where.http, where.account, from != NULL ? from : where.from};
    return file != NULL ? bulk_send(&bulk, file) : bulk_statuses(&bulk);
}

static int send_main(const char *socket_path, int argc, char **argv)
{
    struct where where = {"", "", ""};
    char *verb[] = {"where"};
    const char *from = NULL;
    if (argc == 5 && strcmp(argv[1], "--from") == 0) {
        from = argv[2];
        argv += 2;
        argc -= 2;
    }
    if (argc != 3)
        return usage();
    if (strcmp(argv[1], "-f") == 0)
        return bulk_main(socket_path, from, argv[2]);
    int status = ask(socket_path, 1, verb, read_where, &where);
    if (status != EXIT_SUCCESS)
        return status;
    if (from == NULL && where.from[0] == '\0')
        return fail("send",
                    "there is not just one line with a number: say which with --from NUMBER or --from MG...");
    char *body = send_form(from != NULL ? from : where.from, argv[1], argv[2]);
    if (body == NULL)
        return fail("send", "out of memory");
    status = send_post(&where, body);
    free(body);
    return status;
}

/* The daemon's working folder is another: a relative FILE means ours. */
static int backup_main(const char *socket_path, int argc, char **argv)
{
    char here[PATH_MAX], path[PATH_MAX];
    if (argc != 2)
        return usage();
    if (argv[1][0] != '/') {
        if (getcwd(here, sizeof here) == NULL)
            return fail("backup", strerror(errno));
        if ((size_t)snprintf(path, sizeof path, "%s/%s", here, argv[1]) >= sizeof path)
            return fail(argv[1], "path too long");
        argv[1] = path;
    }
    return ask(socket_path, argc, argv, print_line, NULL);
}

/* ---- board NAME flash FILE ---- */

#define FLASH_MAX (2u << 20) /* what the daemon takes */

/* Read here: the daemon may not be allowed to. */
static int flash_main(const char *socket_path, char **argv)
{
    char size[24], *words[] = {argv[0], argv[1], argv[2], size};
    FILE *file = fopen(argv[3], "rb");
    uint8_t *octets = malloc(FLASH_MAX + 1);
    if (file == NULL || octets == NULL)
        return fail(argv[3], strerror(errno));
    size_t len = fread(octets, 1, FLASH_MAX + 1, file);
    int status = EXIT_FAILURE;
    if (ferror(file) != 0)
        fail(argv[3], "cannot be read");
    else if (len == 0 || len > FLASH_MAX)
        fail(argv[3], "is empty, or has more than 2 MiB");
    else {
        snprintf(size, sizeof size, "%zu", len);
        status = ask_with(socket_path, 4, words, octets, len, print_line, NULL);
    }
    fclose(file);
    free(octets);
    return status;
}

/* ---- optouts import ---- */

/* "SENDER NUMBER", and whatever stands behind: a line of `optouts list`. True when it was taken, or is empty
 * or a comment. */
static bool import_line(const char *socket_path, char *line)
{
    static const char BLANKS[] = " \t\r\n,;";
    char *rest, verb[] = "optouts", add[] = "add";
    char *sender = strtok_r(line, BLANKS, &rest), *number = strtok_r(NULL, BLANKS, &rest);
    if (sender == NULL || sender[0] == '#')
        return true;
    if (number == NULL)
        return fail("optouts", "a line is SENDER NUMBER") == EXIT_SUCCESS;
    char *argv[] = {verb, add, sender, number};
    return ask(socket_path, 4, argv, print_line, NULL) == EXIT_SUCCESS;
}

/* All lines are tried; those that were refused are named. */
static int import_main(const char *socket_path, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    unsigned number = 0, refused = 0;
    if (file == NULL)
        return fail(path, strerror(errno));
    while (getline(&line, &size, file) >= 0) {
        number++;
        if (!import_line(socket_path, line)) {
            fprintf(stderr, "%s:%u: not imported\n", path, number);
            refused++;
        }
    }
    free(line);
    if (file != stdin)
        fclose(file);
    return refused == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void report_error(void *arg, const char *file, int line, const char *message)
{
    (void)arg;
    fprintf(stderr, "%s:%d: %s\n", file, line, message);
}

static int verb_main(const char *socket_path, int argc, char **argv)
{
    if (strcmp(argv[0], "send") == 0)
        return send_main(socket_path, argc, argv);
    if (argc == 3 && strcmp(argv[0], "messages") == 0 && strcmp(argv[1], "--sids") == 0)
        return strcmp(argv[2], "-") == 0 ? bulk_main(socket_path, NULL, NULL) : usage();
    if (argc == 3 && strcmp(argv[0], "optouts") == 0 && strcmp(argv[1], "import") == 0)
        return import_main(socket_path, argv[2]);
    if (argc == 4 && strcmp(argv[0], "board") == 0 && strcmp(argv[2], "flash") == 0)
        return flash_main(socket_path, argv);
    if (strcmp(argv[0], "backup") == 0)
        return backup_main(socket_path, argc, argv);
    return ask(socket_path, argc, argv, print_line, NULL);
}

int main(int argc, char **argv)
{
    const char *conf_path = DEFAULT_CONF, *socket_path = NULL;
    int option;
    while ((option = getopt(argc, argv, "+c:s:")) != -1) {
        if (option == 'c')
            conf_path = optarg;
        else if (option == 's')
            socket_path = optarg;
        else
            return usage();
    }
    if (optind == argc)
        return usage();
    if (socket_path != NULL)
        return verb_main(socket_path, argc - optind, argv + optind);
    struct conf *conf = conf_load(conf_path, report_error, NULL);
    if (conf == NULL)
        return EXIT_FAILURE;
    int status = verb_main(conf->daemon.control_socket, argc - optind, argv + optind);
    conf_free(conf);
    return status;
}
