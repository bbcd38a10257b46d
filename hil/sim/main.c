/* modemsim: any number of simulated GSM modems on ptys. See docs/simulator.md. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "control.h"
#include "journal.h"
#include "sim.h"
#include "wait.h"

struct options {
    const char *specs[1024];
    int count;
    const char *control, *journal;
    int baud;
};

static int usage(int status)
{
    struct buf keys = {0};
    settings_describe(&keys);
    fprintf(status ? stderr : stdout,
            "usage: modemsim --modem NAME=LINKPATH[,key=value...] [--modem ...] --control SOCKET\n"
            "                [--journal FILE] [--baud N]\n\nkeys, defaults, meanings:\n%s\nprofiles:",
            keys.data);
    for (int i = 0; profile_at(i) != NULL; i++)
        fprintf(status ? stderr : stdout, " %s", profile_at(i)->name);
    fprintf(status ? stderr : stdout, "\npower:");
    for (int i = 0; pmu_row_at(i) != NULL; i++)
        fprintf(status ? stderr : stdout, " %s", pmu_row_at(i)->name);
    fprintf(status ? stderr : stdout, "\n");
    buf_fini(&keys);
    return status;
}

/* 0: go on; > 0: usage was wrong; < 0: help was asked for. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"modem", required_argument, NULL, 'm'},   {"control", required_argument, NULL, 'c'},
        {"journal", required_argument, NULL, 'j'}, {"baud", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 'm' && o->count < 1024)
            o->specs[o->count++] = optarg;
        else if (c == 'c')
            o->control = optarg;
        else if (c == 'j')
            o->journal = optarg;
        else if (c == 'h')
            return -1;
        else if (c != 'b' || !words_number(optarg, &o->baud) || o->baud < 0)
            return 1;
    }
    return o->count == 0 || o->control == NULL || optind != argc;
}

static void on_signal(void *arg, uint32_t events)
{
    (void)arg;
    (void)events;
    loop_quit();
}

static void watch_signals(struct watch *w)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *w = (struct watch){
        .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .events = EPOLLIN, .fn = on_signal};
    watch_start(w);
}

static int complain(const char *what, int rc)
{
    if (rc != 0)
        fprintf(stderr, "modemsim: %s: %s\n", what, strerror(-rc));
    return rc;
}

static int start(const struct options *o)
{
    if (complain("event loop", loop_init()) != 0 || complain("inotify", port_init()) != 0 ||
        complain(o->journal, journal_open(o->journal)) != 0)
        return -1;
    for (int i = 0; i < o->count; i++)
        if (sim_add(o->specs[i], o->baud) != 0)
            return -1;
    if (sim_start() != 0)
        return -1;
    return complain(o->control, control_open(o->control)); /* last: a socket means that all ports are there */
}

static void turn(void *arg)
{
    (void)arg;
    wait_check();
}

int main(int argc, char **argv)
{
    static struct options o;
    struct watch signals;
    int wrong = parse(argc, argv, &o);
    if (wrong != 0)
        return usage(wrong > 0 ? 2 : 0);
    prctl(PR_SET_TIMERSLACK, 1000UL); /* 1 microsecond: the default of 50 is half a byte at 115200 */
    if (start(&o) != 0) {
        sim_free();
        return 1;
    }
    watch_signals(&signals);
    int rc = complain("event loop", loop_run(turn, NULL));
    close(signals.fd);
    control_close();
    sim_free();
    journal_close();
    port_fini();
    loop_fini();
    return rc == 0 ? 0 : 1;
}
