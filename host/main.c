/* cellpostd: reads the configuration, builds the rooms in order, runs the loop. The only file that knows all
 * rooms.
 *
 *   cellpostd -c FILE        run
 *   cellpostd --check FILE   report every error of the configuration with file and line; exit 1 if there is
 * one cellpostd --options      every option, its default and its meaning cellpostd --version
 *
 * SIGHUP reloads: with an error the old configuration stays whole. SIGTERM and SIGINT stop: the API first,
 * then the lines finish what is in flight or, after STOP_MS, leave it to the next start, which listens for
 * its outcome before it writes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/daemon.h"
#include "host/notify.h"

#define STOP_MS         20000
#define HOOK_GRACE_MS   3000
#define BOARD_AWAY_S    3600
#define FILES_BESIDE    256 /* descriptors for all but API clients */
#define BALLAST         (4u << 20)
#define COMMIT_EVERY_US 1000

static void report_to_stderr(void *arg, const char *file, int line, const char *message)
{
    (void)arg;
    if (line > 0)
        fprintf(stderr, "%s:%d: %s\n", file, line, message);
    else
        fprintf(stderr, "%s: %s\n", file, message);
}

static void report_to_log(void *arg, const char *file, int line, const char *message)
{
    char text[512];
    log_event(LOG_WARN, arg, "file=%s line=%d message=%s", file, line,
              log_quote(message, strlen(message), text, sizeof text));
}

/* ---- TLS ---- */

struct tls_options daemon_tls_options(const struct conf *conf, char folder[4096])
{
    snprintf(folder, 4096, "%s/tls", conf->daemon.data_dir);
    return (struct tls_options){
        .folder = folder, .cert = conf->tls.cert, .key = conf->tls.key, .names = conf->tls.names};
}

static int daemon_open_tls(struct daemon *daemon, char error[256])
{
    char folder[4096];
    struct tls_options options = daemon_tls_options(daemon->conf, folder);
    if (daemon->conf->tls.listen[0] == NULL)
        return 0;
    int status = tls_open(&daemon->tls, daemon->loop, &options, error);
    return status != 0 ? status
                       : facade_listen_tls(daemon->facade, daemon->tls, daemon->conf->tls.listen, error);
}

/* Files that became bad since the check, or the disk: what was served goes on. */
static void daemon_reload_tls(struct daemon *daemon)
{
    char folder[4096], error[256] = "";
    struct tls_options options = daemon_tls_options(daemon->conf, folder);
    if (daemon->tls != NULL && tls_reload(daemon->tls, &options, error) != 0)
        log_event(LOG_ERROR, "reload.tls_refused", "message=\"%s\" kept=old", error);
}

/* ---- reload ---- */

static void daemon_reload(struct daemon *daemon)
{
    char error[256];
    struct conf *conf = daemon_conf_load(daemon->conf_path, report_to_log, "reload.error");
    if (conf == NULL) {
        log_event(LOG_ERROR, "reload.refused", "file=%s kept=old", daemon->conf_path);
        return;
    }
    if (directory_reload(daemon->directory, conf, error) != 0) {
        log_event(LOG_ERROR, "reload.refused", "message=\"%s\" kept=old", error);
        conf_free(conf);
        return;
    }
    int later = conf_restart_needed(daemon->conf, conf, report_to_log, "reload.restart_needed");
    struct conf *old = daemon->conf;
    conf_keep_until_restart(conf, old);
    daemon->conf = conf;
    log_open((enum log_level)conf->daemon.log_level, conf->daemon.log_mask, STDERR_FILENO);
    facade_reload(daemon->facade, conf);
    daemon_reload_tls(daemon);
    hooks_reload(daemon->hooks, conf);
    simulator_reload(daemon->simulator, conf);
    keywords_reload(daemon->keywords, conf);
    privacy_reload(daemon->privacy, conf);
    boards_sync(daemon);
    lines_sync(daemon);
    conf_free(old);
    log_event(LOG_INFO, "reload.done", "file=%s restart_needed=%d", daemon->conf_path, later);
}

static void on_hangup(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;
    (void)fd;
    (void)what;
    if (daemon->stopping)
        return;
    notify_send("RELOADING=1");
    daemon_reload(daemon);
    notify_send("READY=1");
}

/* ---- stop ---- */

static void on_boards_told(void *arg)
{
    struct daemon *daemon = arg;
    loop_stop(daemon->loop);
}

/* A planned stop is no dead host: boards that would cut its power are told to leave it alone. */
static void on_all_stopped(void *arg)
{
    struct daemon *daemon = arg;
    mcu_set_maintain(daemon->boards, BOARD_AWAY_S, on_boards_told, daemon);
}

/* Nobody asks and nobody sends any more: no new hooks. */
static void on_side_stopped(void *arg)
{
    struct daemon *daemon = arg;
    if (--daemon->sides_running == 0)
        hooks_stop(daemon->hooks, HOOK_GRACE_MS, on_all_stopped, daemon);
}

static void on_stop_deadline(void *arg)
{
    struct daemon *daemon = arg;
    log_event(LOG_WARN, "stop.parked", "reason=\"still in flight: the next start listens for the outcome\"");
    on_all_stopped(daemon);
}

static void on_terminate(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;
    (void)fd;
    (void)what;
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    notify_send("STOPPING=1");
    log_event(LOG_INFO, "daemon.stopping", "pid=%d", getpid());
    timer_set(&daemon->stop_deadline, STOP_MS);
    daemon->sides_running = 2;
    facade_stop(daemon->facade, on_side_stopped, daemon);
    router_stop(daemon->router, on_side_stopped, daemon);
}

static void on_watchdog(void *arg)
{
    struct daemon *daemon = arg;
    notify_send("WATCHDOG=1");
    timer_set(&daemon->watchdog, daemon->watchdog_ms);
}

/* ---- building ---- */

/* Soft limits are low for the sake of programs that use select(2), which this one does not. */
static void files_limit_raise(const struct conf *conf)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < (rlim_t)conf->http.connections + FILES_BESIDE)
        log_event(LOG_WARN, "daemon.few_files", "limit=%llu connections=%d",
                  (unsigned long long)files.rlim_cur, conf->http.connections);
}

static int data_dir_make(const char *path, char error[256])
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    int status = -errno;
    snprintf(error, 256, "data_dir %s: %s", path, strerror(errno));
    return status;
}

static int daemon_open_rooms(struct daemon *daemon, char error[256])
{
    const struct conf *conf = daemon->conf;
    char path[4096];
    snprintf(path, sizeof path, "%s/cellpost.db", conf->daemon.data_dir);
    struct store_options options = {
        .path = path, .ballast_bytes = BALLAST, .commit_every_us = COMMIT_EVERY_US};
    int status = data_dir_make(conf->daemon.data_dir, error);
    if (status == 0)
        status = store_open(&daemon->store, daemon->loop, &options, error);
    if (status == 0)
        status = directory_open(&daemon->directory, daemon->store, conf, error);
    if (status != 0)
        return status;
    if ((status = queue_open(&daemon->queue, daemon->store, daemon->loop)) != 0) {
        snprintf(error, 256, "queue: %s", strerror(-status));
        return status;
    }
    mark_key_init(&daemon->mark_key, directory_secret(daemon->directory));
    daemon->optout = optout_open(daemon->store, &daemon->mark_key);
    daemon->verify = verify_open(daemon->store, daemon->loop, directory_secret(daemon->directory));
    struct facade_rooms rooms = {daemon->loop, daemon->store,  daemon->queue, daemon->directory,
                                 conf,         daemon->optout, daemon->verify};
    daemon->router = router_new(daemon->loop, daemon->queue, daemon->directory, daemon->store);
    daemon->simulator = simulator_new(daemon->loop, conf);
    boards_open(daemon);
    daemon->hooks = hooks_new(&rooms);
    daemon->keywords = keywords_new(&rooms);
    daemon->privacy = privacy_open(
        &(struct privacy_rooms){daemon->loop, daemon->store, daemon->queue, conf, &daemon->mark_key});
    status = ctl_open(&daemon->ctl, daemon->loop, conf->daemon.control_socket, daemon_verbs, daemon, error);
    if (status == 0)
        status = facade_open(&daemon->facade, &rooms, error);
    return status != 0 ? status : daemon_open_tls(daemon, error);
}

static void daemon_signals(struct daemon *daemon)
{
    static const struct {
        int number;
        event_callback_fn fn;
    } rows[] = {{SIGHUP, on_hangup}, {SIGTERM, on_terminate}, {SIGINT, on_terminate}};
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        daemon->signals[i] = evsignal_new(loop_base(daemon->loop), rows[i].number, rows[i].fn, daemon);
        if (daemon->signals[i] == NULL || event_add(daemon->signals[i], NULL) != 0)
            fatal("signal %d", rows[i].number);
    }
}

static void daemon_run(struct daemon *daemon)
{
    timer_init(&daemon->watchdog, daemon->loop, on_watchdog, daemon);
    timer_init(&daemon->stop_deadline, daemon->loop, on_stop_deadline, daemon);
    daemon_signals(daemon);
    verbs_observe(daemon);
    boards_sync(daemon);
    lines_sync(daemon);
    daemon->watchdog_ms = notify_watchdog_ms();
    if (daemon->watchdog_ms > 0)
        on_watchdog(daemon);
    log_event(LOG_INFO, "daemon.ready", "version=%s pid=%d port=%d", CELLPOST_VERSION, getpid(),
              facade_port(daemon->facade));
    notify_send("READY=1");
    loop_run(daemon->loop);
}

/* In the reverse order of building; each room accepts NULL for one that was never opened. */
static void daemon_close(struct daemon *daemon)
{
    for (size_t i = 0; i < sizeof daemon->signals / sizeof daemon->signals[0]; i++)
        if (daemon->signals[i] != NULL)
            event_free(daemon->signals[i]);
    privacy_stop(daemon->privacy);
    facade_close(daemon->facade);
    tls_close(daemon->tls);
    keywords_free(daemon->keywords);
    hooks_free(daemon->hooks);
    router_free(daemon->router);
    simulator_free(daemon->simulator);
    record_stop(daemon->record);
    daemon->record = NULL;
    lines_free(daemon);
    mcu_set_free(daemon->boards);
    queue_close(daemon->queue);
    store_close(daemon->store); /* last commit: its durable callbacks may still look into the directory */
    privacy_close(daemon->privacy);
    optout_close(daemon->optout);
    verify_close(daemon->verify);
    directory_close(daemon->directory);
    ctl_close(daemon->ctl);
    loop_free(daemon->loop);
    conf_free(daemon->conf);
}

static int daemon_main(const char *conf_path)
{
    char error[256] = "";
    struct daemon daemon = {.conf_path = conf_path};
    daemon.conf = daemon_conf_load(conf_path, report_to_stderr, NULL);
    if (daemon.conf == NULL)
        return EXIT_FAILURE;
    log_open((enum log_level)daemon.conf->daemon.log_level, daemon.conf->daemon.log_mask, STDERR_FILENO);
    files_limit_raise(daemon.conf);
    daemon.loop = loop_new();
    daemon.started_ms = clock_mono_ms();
    int status = daemon_open_rooms(&daemon, error);
    if (status == 0)
        daemon_run(&daemon);
    else
        fprintf(stderr, "cellpostd: %s\n", error);
    bool stopped_well = status == 0;
    daemon_close(&daemon);
    if (stopped_well)
        log_event(LOG_INFO, "daemon.stopped", "pid=%d", getpid());
    return stopped_well ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int check_main(const char *conf_path)
{
    struct conf *conf = daemon_conf_load(conf_path, report_to_stderr, NULL);
    if (conf == NULL)
        return EXIT_FAILURE;
    printf("%s: ok, %zu line(s), %zu modem(s), %zu service(s)\n", conf_path, conf->line_count,
           conf->modem_count, conf->service_count);
    conf_free(conf);
    return EXIT_SUCCESS;
}

static int usage(void)
{
    fputs("usage: cellpostd -c FILE | --check FILE | --options | --version\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("cellpostd " CELLPOST_VERSION);
        return EXIT_SUCCESS;
    }
    if (argc == 2 && strcmp(argv[1], "--options") == 0) {
        conf_manual(stdout);
        return EXIT_SUCCESS;
    }
    if (argc == 3 && strcmp(argv[1], "--check") == 0)
        return check_main(argv[2]);
    if (argc == 3 && strcmp(argv[1], "-c") == 0)
        return daemon_main(argv[2]);
    return usage();
}
