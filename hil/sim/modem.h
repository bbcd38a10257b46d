/* One simulated modem: its power, its SIM, its registration, its stores and what the host has set. modem.c is
 * its life; at*.c its AT port; network.c its radio; fault.c what is wrong with it. */
#ifndef MODEMSIM_MODEM_H
#define MODEMSIM_MODEM_H

#include "at.h"
#include "fault.h"
#include "network.h"
#include "pmu.h"
#include "port.h"
#include "profile.h"
#include "settings.h"
#include "store.h"

enum power { POWER_OFF, POWER_BOOTING, POWER_ON, POWER_ENDING };
/* Named by what cures it: RESET, PWRKEY and the supply are the pins of a board. */
enum hang { HANG_NONE, HANG_RESYNC, HANG_REOPEN, HANG_CFUN, HANG_RESET, HANG_PWRKEY, HANG_POWER, HANGS };
enum card { CARD_READY, CARD_PIN, CARD_PUK, CARD_ABSENT, CARD_BUSY, CARD_FAILED };
enum { STORE_ME, STORE_SM, STORE_SR, STORES };
enum { MEM_MT = STORES }; /* both ME and SM, one after the other */
enum { CNMI_MODE, CNMI_MT, CNMI_BM, CNMI_DS, CNMI_BFR, CNMI_FIELDS };
enum { REG_CS, REG_PS, REG_EPS, REG_DOMAINS }; /* +CREG, +CGREG, +CEREG */

/* What is counted; each can be waited for by its name. */
#define COUNTERS(X)                                                                                          \
    X(pdu, "PDUs accepted by the network")                                                                   \
    X(rejected, "PDUs refused")                                                                              \
    X(violation, "characters typed while a command ran; once for each command")                              \
    X(prompt, "prompts shown")                                                                               \
    X(escape, "prompts left by ESC")                                                                         \
    X(mt, "messages delivered to the module")                                                                \
    X(report, "status reports delivered to the module")                                                      \
    X(lost_report, "status reports the module had no place for (ds=0)")                                      \
    X(read, "messages read by +CMGR or +CMGL")                                                               \
    X(deleted, "messages deleted")                                                                           \
    X(ack, "+CNMA accepted")                                                                                 \
    X(nack, "+CNMA=2 accepted")                                                                              \
    X(ack_timeout, "+CMT or +CDS left without +CNMA")                                                        \
    X(pin_wrong, "wrong PINs given")                                                                         \
    X(open, "clients that opened the port")                                                                  \
    X(close, "clients that closed it")                                                                       \
    X(boot, "boots completed")                                                                               \
    X(command, "commands begun")                                                                             \
    X(urc, "unsolicited results sent")                                                                       \
    PMU_COUNTERS(X)
#define COUNTER_ENUM(name, meaning) COUNT_##name,
enum counter { COUNTERS(COUNTER_ENUM) COUNTER_COUNT };

struct command_count {
    struct command_count *next;
    uint64_t count;
    char name[32];
};

/* Everything a boot sets back (AT&F too, but for the CNMI buffer). */
struct at_settings {
    bool echo, verbose, quiet;
    int cmee, cmgf, csms, csdh, cmms, cgsms, cops_format, clip;
    int cnmi[CNMI_FIELDS];
    int reg_n[REG_DOMAINS];
    int mem[3]; /* STORE_ME, STORE_SM, STORE_SR or MEM_MT */
    int csmp[4];
    char cscs[16], cpbs[4];
};

struct modem {
    struct modem *next;
    char name[32], link[256];
    struct settings set;
    const struct profile *profile;
    struct port port;

    struct board *board; /* whose pins are its power; NULL: none */
    struct pmu pmu;

    enum power power;
    enum hang hang;
    enum card card;
    int card_state; /* what `sim` made of the card: READY, ABSENT, BUSY or FAILED */
    bool pin_given;
    bool detached;                 /* by +COPS=2 */
    int cfun, reg, reg_stat, rssi; /* reg: now; reg_stat: what the network grants */
    int next_mr;
    struct timer boot_timer, card_timer, reg_timer;

    struct at_settings v;
    struct at at;
    struct buf held_urcs; /* +CNMI mode 0 keeps indications in the TA */
    struct store stores[STORES];
    struct network net;
    struct faults faults;
    uint64_t counters[COUNTER_COUNT];
    struct command_count *commands;
};

struct modem *modem_new(const char *name, const char *link, const struct settings *);
/* Opens the port, is on and booted at once; with a board it is without supply and waits for it. -errno */
int modem_start(struct modem *);
void modem_free(struct modem *);
void modem_apply(struct modem *); /* after a change of settings: sizes, speed, profile */

void modem_count(struct modem *, enum counter);
const char *modem_counter_name(enum counter);
void modem_count_command(struct modem *, const char *name);
uint64_t modem_command_count(const struct modem *, const char *name);
void modem_reset_counts(struct modem *);

void modem_power(struct modem *, bool on); /* with a board: off means that it dies, on nothing */
void modem_reboot(struct modem *);
void modem_vanish(struct modem *);
int modem_return(struct modem *);
void modem_hang(struct modem *, enum hang);
bool modem_cure(struct modem *, enum hang by); /* true when the modem hangs no longer */

/* What a board's pins lead to. */
void modem_booted(struct modem *); /* the port is there */
void modem_ending(struct modem *); /* leaves the network, takes no command any more */
void modem_off(struct modem *);    /* at once, the port too */
void modem_stop(struct modem *);   /* what runs is lost; the port stays unless it is USB */

void modem_factory(struct modem *); /* AT&F, ATZ */
void modem_card_changed(struct modem *);
void modem_registration(struct modem *); /* looks anew whether it is registered, tells by URC */
void modem_set_cfun(struct modem *, int cfun);
bool modem_reachable(const struct modem *); /* the network can deliver to it now */
bool modem_registered(const struct modem *);

struct store *modem_mem_store(struct modem *, int mem,
                              int *place); /* place counted from 0; MT: ME's places, then SM's */
const char *modem_mem_name(int mem);
int modem_mem_find(const char *name); /* -1 */

#endif
