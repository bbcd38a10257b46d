#include "host/modem/loader.h"

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/log.h"

#define LINE_MAX_OCTETS 200
#define KEPT_OCTETS     4096 /* of a line without an end */

struct loader {
    pid_t pid;
    int output, handle; /* its output; its pidfd */
    struct event *readable, *ended;
    struct evbuffer *text;
    struct timer deadline;
    bool late;
    const struct loader_ops *ops;
    void *arg;
};

/* ---- the command ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

const char *loader_check(const char *command)
{
    size_t words = 0;
    bool file = false;
    for (const char *at = command; *at != '\0'; at++) {
        words += !is_blank(*at) && (at == command || is_blank(at[-1]));
        if (*at != '%')
            continue;
        at++;
        if (*at == '\0' || strchr("pf%", *at) == NULL)
            return "after % comes p (the port), f (the file) or %";
        file = file || *at == 'f';
    }
    if (words > LOADER_WORDS_MAX)
        return "it has more than 32 words";
    return file ? NULL : "%f, the file, is not in it";
}

/* The next word with its %s replaced, at *at; NULL at the end. */
static char *next_word(const char **at, const char *port, const char *file)
{
    char *word = NULL;
    size_t len = 0;
    while (is_blank(**at))
        (*at)++;
    if (**at == '\0')
        return NULL;
    FILE *out = open_memstream(&word, &len);
    if (out == NULL)
        fatal("out of memory");
    for (; **at != '\0' && !is_blank(**at); (*at)++) {
        if (**at != '%') {
            fputc(**at, out);
            continue;
        }
        (*at)++;
        fputs(**at == 'p' ? port : **at == 'f' ? file : "%", out);
    }
    if (fclose(out) != 0)
        fatal("out of memory");
    return word;
}

static int spawn(pid_t *pid, char **words, int output)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&files) != 0 || posix_spawnattr_init(&attributes) != 0)
        fatal("out of memory");
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, 1);
    posix_spawn_file_actions_adddup2(&files, output, 2);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int status = words[0] != NULL ? posix_spawnp(pid, words[0], &files, &attributes, words, environ) : ENOENT;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return -status;
}

static int spawn_command(pid_t *pid, const char *command, const char *port, const char *file, int output)
{
    char *words[LOADER_WORDS_MAX + 1] = {NULL};
    size_t count = 0;
    while (count < LOADER_WORDS_MAX && (words[count] = next_word(&command, port, file)) != NULL)
        count++;
    int status = spawn(pid, words, output);
    while (count > 0)
        free(words[--count]);
    return status;
}

/* ---- its life ---- */

static void tell(struct loader *loader, char *line)
{
    if (strlen(line) > LINE_MAX_OCTETS)
        line[LINE_MAX_OCTETS] = '\0';
    if (line[0] != '\0')
        loader->ops->line(loader->arg, line);
    free(line);
}

/* Such tools draw bars with carriage returns: any of both ends a line. */
static void tell_lines(struct loader *loader, bool rest)
{
    char *line;
    while ((line = evbuffer_readln(loader->text, NULL, EVBUFFER_EOL_ANY)) != NULL)
        tell(loader, line);
    size_t len = evbuffer_get_length(loader->text);
    if (len == 0 || (!rest && len < KEPT_OCTETS))
        return;
    line = calloc(1, len + 1);
    if (line == NULL)
        fatal("out of memory");
    evbuffer_remove(loader->text, line, len);
    tell(loader, line);
}

static void on_output(evutil_socket_t fd, short what, void *arg)
{
    struct loader *loader = arg;
    (void)what;
    int n = evbuffer_read(loader->text, fd, 4096);
    if (n > 0)
        tell_lines(loader, false);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        event_del(loader->readable);
}

void loader_free(struct loader *loader)
{
    int status;
    if (loader == NULL)
        return;
    if (loader->pid > 0) {
        kill(-loader->pid, SIGKILL);
        (void)waitpid(loader->pid, &status, 0);
    }
    timer_stop(&loader->deadline);
    event_free(loader->readable);
    event_free(loader->ended);
    evbuffer_free(loader->text);
    close(loader->output);
    close(loader->handle);
    free(loader);
}

static void on_ended(evutil_socket_t fd, short what, void *arg)
{
    struct loader *loader = arg;
    const struct loader_ops *ops = loader->ops;
    void *owner = loader->arg;
    int status = 0;
    (void)fd;
    (void)what;
    kill(-loader->pid, SIGKILL); /* what it left running would still hold the port */
    (void)waitpid(loader->pid, &status, 0);
    loader->pid = 0;
    while (evbuffer_read(loader->text, loader->output, 4096) > 0)
        continue;
    tell_lines(loader, true);
    int result = loader->late ? -ETIMEDOUT : WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
    loader_free(loader);
    ops->done(owner, result);
}

static void on_late(void *arg)
{
    struct loader *loader = arg;
    loader->late = true;
    kill(-loader->pid, SIGKILL);
}

int loader_run(struct loader **out, struct loop *loop, const char *command, const char *port,
               const char *file, int64_t deadline_ms, const struct loader_ops *ops, void *arg)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    struct loader *loader = calloc(1, sizeof *loader);
    if (loader == NULL || (loader->text = evbuffer_new()) == NULL)
        fatal("out of memory");
    int status = spawn_command(&loader->pid, command, port, file, ends[1]);
    close(ends[1]);
    loader->handle = status == 0 ? pidfd_open(loader->pid, 0) : -1;
    if (status != 0) {
        close(ends[0]);
        evbuffer_free(loader->text);
        free(loader);
        return status;
    }
    loader->output = ends[0];
    loader->ops = ops;
    loader->arg = arg;
    (void)fcntl(loader->output, F_SETFL, O_NONBLOCK);
    loader->readable = event_new(loop_base(loop), loader->output, EV_READ | EV_PERSIST, on_output, loader);
    loader->ended = event_new(loop_base(loop), loader->handle, EV_READ | EV_PERSIST, on_ended, loader);
    if (loader->handle < 0 || loader->readable == NULL || loader->ended == NULL ||
        event_add(loader->readable, NULL) != 0 || event_add(loader->ended, NULL) != 0)
        fatal("loader: no event");
    timer_init(&loader->deadline, loop, on_late, loader);
    timer_set(&loader->deadline, deadline_ms);
    *out = loader;
    return 0;
}
