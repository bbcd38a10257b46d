/* Whether a PIN may be tried. A wrong one costs a try, the third locks the SIM: so
 *
 *   - never with fewer than 2 tries left, as the SIM tells; never a PUK;
 *   - never again once the SIM refused it. Only who takes the record away allows it again;
 *   - never again once it was tried here and its answer is not known, unless the SIM tells all 3 tries: then
 *     nothing was lost by it. What is tried is written down before, durable, so that a crash in the middle is
 *     such a case; struck out when the PIN was accepted. A try less than all tells that it was refused;
 *   - where the tries left are not told, only what was never tried.
 *
 * Records: <state_dir>/pin/<sha-256 of SIM and PIN in hex>, and the same with ".refused"; empty files. One
 * for the ICCID and one for the IMEI, whichever is known: either counts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/modem/life.h"

#define TRIES_ALL 3
#define PATH_SIZE 512

static const char TRIED[] = "", REFUSED[] = ".refused";

static bool record_path(const struct modem *m, const char *what, const char *kind, const char *id,
                        char path[PATH_SIZE])
{
    uint8_t digest[32];
    char text[128], hex[65];
    if (id[0] == '\0') {
        return false;
    }
    int len = snprintf(text, sizeof text, "%s:%s:%s", kind, id, m->options.pin);
    secret_sha256(text, (size_t)len, digest);
    explicit_bzero(text, sizeof text);
    hex_encode(digest, sizeof digest, hex);
    return snprintf(path, PATH_SIZE, "%s/pin/%s%s", m->options.state_dir, hex, what) < PATH_SIZE;
}

/* Anything but a plain "there is none" counts as recorded. */
static bool is_there(const struct modem *m, const char *what, const char *kind, const char *id)
{
    char path[PATH_SIZE];
    return record_path(m, what, kind, id, path) && (access(path, F_OK) == 0 || errno != ENOENT);
}

static bool is_recorded(const struct modem *m, const char *what)
{
    return is_there(m, what, "iccid", m->status.iccid) || is_there(m, what, "imei", m->status.imei);
}

bool pin_may_try(const struct modem *m, int tries, const char **why_not)
{
    if (m->options.pin[0] == '\0') {
        *why_not = "none is configured";
    } else if (tries >= 0 && tries < 2) {
        *why_not = "too few tries left to risk one";
    } else if (m->status.iccid[0] == '\0' && m->status.imei[0] == '\0') {
        *why_not = "neither SIM nor modem can be told apart";
    } else if (is_recorded(m, REFUSED)) {
        *why_not = "the SIM refused the configured one before; see pin/ in state_dir";
    } else if (tries < TRIES_ALL && is_recorded(m, TRIED)) {
        *why_not = "the configured one was tried before and not accepted";
    } else {
        return true;
    }
    return false;
}

bool pin_cost_a_try(const struct modem *m, int tries)
{
    return tries >= 0 && tries < TRIES_ALL && is_recorded(m, TRIED);
}

static int sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

static int write_record(const struct modem *m, const char *what, const char *kind, const char *id)
{
    char path[PATH_SIZE];
    if (!record_path(m, what, kind, id, path)) {
        return 0;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int status = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

static int record(const struct modem *m, const char *what)
{
    char directory[PATH_SIZE];
    if (snprintf(directory, sizeof directory, "%s/pin", m->options.state_dir) >= PATH_SIZE) {
        return -ENAMETOOLONG;
    }
    if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
        return -errno;
    }
    int status = sync_directory(m->options.state_dir);
    status = status < 0 ? status : write_record(m, what, "iccid", m->status.iccid);
    status = status < 0 ? status : write_record(m, what, "imei", m->status.imei);
    return status < 0 ? status : sync_directory(directory);
}

int pin_remember(const struct modem *m)
{
    return record(m, TRIED);
}

int pin_refused(const struct modem *m)
{
    return record(m, REFUSED);
}

static void forget(const struct modem *m, const char *kind, const char *id)
{
    char path[PATH_SIZE];
    if (record_path(m, TRIED, kind, id, path)) {
        unlink(path);
    }
}

void pin_forget(const struct modem *m)
{
    forget(m, "iccid", m->status.iccid);
    forget(m, "imei", m->status.imei);
}
