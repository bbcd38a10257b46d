/* A child process that writes a part's flash: a command without a shell, its output line by line, its end. */
#ifndef CELLPOST_MODEM_LOADER_H
#define CELLPOST_MODEM_LOADER_H

#include "host/base/loop.h"

#define LOADER_WORDS_MAX 32

/* A command: words between blanks; in them %p is the port's path, %f the file, %% a '%'. NULL, or what is
 * wrong: it must name the file, and has at most LOADER_WORDS_MAX words. */
const char *loader_check(const char *command);

struct loader;
struct loader_ops {
    void (*line)(void *arg, const char *text); /* of stdout or stderr, without its end, cut at 200 octets */
    /* status: what it exited with, -EINTR by a signal, -ETIMEDOUT after deadline_ms: it was killed then.
     * Once, never inside; the loader is gone. */
    void (*done)(void *arg, int status);
};

/* The program is looked up in PATH; it gets stdin from /dev/null, no other descriptor and a process group of
 * its own. 0 or -errno: it was not started, done is not called. */
int loader_run(struct loader **, struct loop *, const char *command, const char *port, const char *file,
               int64_t deadline_ms, const struct loader_ops *, void *arg);
void loader_free(struct loader *); /* kills it; done is not called */

#endif
