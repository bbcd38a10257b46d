/* The two laws under chance: a carrier, clients and an operator do what they may in any order, while the
 * power fails at any write. What was promised by a durable callback must hold afterwards: an accepted message
 * exists and comes to an end; a PDU that left is known to have left; no segment leaves twice, but for a
 * resend that was asked for. */
#include "powerfail_vfs.h"
#include "queue_world.h"

#define MESSAGES_MOST 512
#define SEGMENTS_MOST 4
#define LIVE_MOST     3 /* lines */

enum phase { IDLE, CLAIMED, MARKING, FLYING, SETTLING };
enum gone { NEVER, GONE, NOT_GONE, UNKNOWN }; /* did the latest PDU of a segment reach the network? */

struct model_message {
    int64_t id;
    bool may_repeat; /* the policy, or a verdict, allows one more */
    enum gone gone[SEGMENTS_MOST];
    int repeats[SEGMENTS_MOST];
};
struct carrier {
    enum phase phase;
    struct job job;
    enum outcome outcome;
};
struct model {
    struct world *world;
    struct model_message messages[MESSAGES_MOST];
    int count;
    struct carrier carriers[LIVE_MOST];
    uint32_t random;
    int crashes, sent_twice, lost_power_at_settle;
};

static uint32_t chance(struct model *model, uint32_t below)
{
    model->random = model->random * 1664525u + 1013904223u;
    return (model->random >> 8) % below;
}

static struct model_message *known(struct model *model, int64_t id)
{
    for (int i = 0; i < model->count; i++)
        if (model->messages[i].id == id)
            return &model->messages[i];
    return NULL;
}

/* ---- clients ---- */

struct client {
    struct model *model;
    bool may_repeat;
};

static void on_accepted(void *arg, int status, const struct submitted *result)
{
    struct client *client = arg;
    struct model *model = client->model;
    if (status == 0 && model->count < MESSAGES_MOST)
        model->messages[model->count++] =
            (struct model_message){.id = result->id, .may_repeat = client->may_repeat};
    free(client);
}

static void client_sends(struct model *model)
{
    static const char *const to[] = {ALICE, BOB, CAROL};
    char text[330];
    struct client *client = malloc(sizeof *client);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct submission s = text_to(to[chance(model, 3)], text);
    s.body_len = chance(model, 3) == 0 ? 1 + chance(model, 320) : 20; /* up to three segments */
    s.priority = (int)chance(model, 3) * 4;
    s.policy = chance(model, 2) ? UNSURE_RESEND : UNSURE_HOLD;
    s.validity_ms = 600000 + chance(model, 3000000);
    s.line_id = 1 + chance(model, LIVE_MOST);
    if (chance(model, 4) == 0) {
        s.line_id = 0;
        s.service_id = SERVICE;
    }
    *client = (struct client){model, s.policy == UNSURE_RESEND};
    if (model->count + 20 > MESSAGES_MOST || queue_submit(model->world->queue, &s, on_accepted, client) != 0)
        free(client);
}

static void client_meddles(struct model *model)
{
    if (model->count == 0)
        return;
    int64_t id = model->messages[chance(model, (uint32_t)model->count)].id;
    switch (chance(model, 3)) {
    case 0: queue_cancel(model->world->queue, id, NULL, NULL); break;
    case 1: queue_redact(model->world->queue, id, NULL, NULL); break;
    default:
        queue_verdict(model->world->queue, id, chance(model, 2) ? VERDICT_SENT : VERDICT_FAILED, NULL, NULL);
    }
}

/* ---- carriers ---- */

/* The PDU leaves now. */
static void leave(struct model *model, struct carrier *carrier)
{
    struct model_message *m = known(model, carrier->job.message_id);
    unsigned seq = carrier->job.seq - 1;
    assert_non_null(m);
    if (m->gone[seq] == GONE || (m->gone[seq] == UNKNOWN && (!m->may_repeat || m->repeats[seq]++ > 0)))
        fail_msg("message %lld segment %u leaves twice", (long long)m->id, seq + 1);
    model->sent_twice += m->gone[seq] == UNKNOWN;
    m->gone[seq] = UNKNOWN; /* until an outcome tells */
    carrier->phase = FLYING;
}

static void on_marked(void *arg, int status)
{
    struct carrier *carrier = arg;
    if (carrier->phase != MARKING)
        return;
    if (status == 0)
        carrier->outcome = 0;
    carrier->phase = status == 0 ? FLYING : IDLE;
}

static void on_settled(void *arg, int status)
{
    struct carrier *carrier = arg;
    if (status == 0)
        carrier->phase = IDLE;
}

static void note_outcome(struct model *model, const struct carrier *carrier)
{
    static const enum gone gone[] = {[OUTCOME_SENT] = GONE,
                                     [OUTCOME_RETRY] = NOT_GONE,
                                     [OUTCOME_REJECT] = NOT_GONE,
                                     [OUTCOME_UNSURE] = UNKNOWN};
    struct model_message *m = known(model, carrier->job.message_id);
    if (m->gone[carrier->job.seq - 1] != GONE)
        m->gone[carrier->job.seq - 1] = gone[carrier->outcome];
}

static void carrier_settles(struct model *model, struct carrier *carrier, enum outcome outcome)
{
    struct settlement s = {.outcome = outcome, .mr = (int)chance(model, 8), .reason = "chance"};
    carrier->outcome = outcome;
    carrier->phase = SETTLING;
    queue_settle(model->world->queue, carrier->job.attempt_id, &s, on_settled, carrier);
}

static void carrier_acts(struct model *model, int n)
{
    static const enum outcome outcomes[] = {OUTCOME_SENT,  OUTCOME_SENT,   OUTCOME_SENT,
                                            OUTCOME_RETRY, OUTCOME_REJECT, OUTCOME_UNSURE};
    struct carrier *carrier = &model->carriers[n];
    switch (carrier->phase) {
    case IDLE:
        if (claim_on(model->world, n + 1, &carrier->job) == 0)
            carrier->phase = CLAIMED;
        break;
    case CLAIMED:
        carrier->phase = MARKING;
        queue_in_flight(model->world->queue, carrier->job.attempt_id, "8941", on_marked, carrier);
        break;
    case FLYING: carrier_settles(model, carrier, outcomes[chance(model, 6)]); break;
    case MARKING:
    case SETTLING: break;
    }
}

static void network_reports(struct model *model)
{
    static const char *const to[] = {ALICE, BOB, CAROL};
    static const uint8_t st[] = {0x00, 0x00, 0x30, 0x46};
    struct report report = {.line_id = 1 + chance(model, LIVE_MOST),
                            .mr = (int)chance(model, 8),
                            .st = st[chance(model, 4)],
                            .scts_ms = clock_wall_ms() - chance(model, 20000),
                            .hex = ""};
    snprintf(report.to, sizeof report.to, "%s", to[chance(model, 3)]);
    queue_report(model->world->queue, &report, NULL, NULL);
}

/* ---- a turn, and what it made durable ---- */

static void turn(struct model *model)
{
    enum phase before[LIVE_MOST];
    for (int n = 0; n < LIVE_MOST; n++)
        before[n] = model->carriers[n].phase;
    loop_turn(model->world->loop, 0);
    for (int n = 0; n < LIVE_MOST; n++) {
        struct carrier *carrier = &model->carriers[n];
        if (before[n] == MARKING && carrier->phase == FLYING)
            leave(model, carrier);
        if (before[n] == SETTLING && carrier->phase == IDLE)
            note_outcome(model, carrier);
    }
}

/* ---- the power fails ---- */

static void carrier_resumes(struct model *model, int n)
{
    struct carrier *carrier = &model->carriers[n];
    struct job job;
    size_t count = queue_resumable(model->world->queue, n + 1, &job, 1);
    bool same = count > 0 && job.attempt_id == carrier->job.attempt_id;
    enum phase was = carrier->phase;
    if (was == FLYING && !same)
        fail_msg("attempt %lld left and is not known to have", (long long)carrier->job.attempt_id);
    if (count > 0 && was != FLYING && was != MARKING && was != SETTLING)
        fail_msg("attempt %lld never left", (long long)job.attempt_id);
    if (was == SETTLING && !same) {
        model->lost_power_at_settle++;
        note_outcome(model, carrier); /* it was stored, only not yet said */
    }
    carrier->phase = IDLE;
    if (same)
        carrier_settles(model, carrier, was == MARKING ? OUTCOME_RETRY : OUTCOME_UNSURE);
}

/* What was stored, only not yet said. */
static void adopt(struct model *model)
{
    sqlite3_stmt *stmt =
        store_read_prepare(model->world->store, "SELECT id, policy FROM message ORDER BY id");
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (known(model, id) == NULL && model->count < MESSAGES_MOST)
            model->messages[model->count++] =
                (struct model_message){.id = id, .may_repeat = sqlite3_column_int(stmt, 1) == UNSURE_RESEND};
    }
    sqlite3_finalize(stmt);
}

static void power_cycle(struct model *model)
{
    struct world *world = model->world;
    struct carrier carriers[LIVE_MOST];
    memcpy(carriers, model->carriers, sizeof carriers); /* what it says while dying is not heard */
    int count = model->count;
    world_shut(world);
    memcpy(model->carriers, carriers, sizeof carriers);
    model->count = count;
    powerfail_return(chance(model, 4) < 2 ? chance(model, 2) : 2 + chance(model, 1000000));
    model->crashes++;
    world_open(world);
    adopt(model);
    for (int n = 0; n < LIVE_MOST; n++)
        carrier_resumes(model, n);
    for (int i = 0; i < 4; i++)
        turn(model);
    check_invariants(world);
    for (int i = 0; i < model->count; i++)
        if (strcmp(status_of(world, model->messages[i].id), "gone") == 0)
            fail_msg("message %lld was accepted and is lost", (long long)model->messages[i].id);
}

static void act(struct model *model)
{
    switch (chance(model, 16)) {
    case 0:
    case 1:
    case 2: client_sends(model); break;
    case 3: client_meddles(model); break;
    case 4: network_reports(model); break;
    case 5: clock_advance(chance(model, 4) == 0 ? 20000 : 500); break;
    case 6:
    case 7:
    case 8: turn(model); break;
    default: carrier_acts(model, (int)chance(model, LIVE_MOST));
    }
}

/* Everything comes to an end once the carriers only say SENT. */
static void drain(struct model *model)
{
    for (int i = 0; i < 20000 && world_int(model->world, "SELECT count(*) FROM work") > 0; i++) {
        for (int n = 0; n < LIVE_MOST; n++) {
            if (model->carriers[n].phase == FLYING)
                carrier_settles(model, &model->carriers[n], OUTCOME_SENT);
            else
                carrier_acts(model, n);
        }
        turn(model);
        clock_advance(1000);
    }
    assert_int_equal(world_int(model->world, "SELECT count(*) FROM work"), 0);
    assert_int_equal(
        world_int(model->world, "SELECT count(*) FROM message WHERE status NOT IN (5, 6, 7, 8, 9)"), 0);
    check_invariants(model->world);
}

static int setup(void **state)
{
    log_open(LOG_ERROR + 1, true, 2);
    powerfail_reset();
    return world_make(state, POWERFAIL_VFS, 40);
}

static void run(struct world *world, uint32_t seed, bool power)
{
    static struct model model;
    memset(&model, 0, sizeof model);
    model.world = world;
    model.random = seed;
    for (int step = 0; step < 1500; step++) {
        if (power && step % 100 == 50)
            powerfail_cut_at(1 + (long)chance(&model, 120));
        act(&model);
        if (powerfail_is_cut())
            power_cycle(&model);
        else if (step % 10 == 0) {
            turn(&model);
            if (!powerfail_is_cut())
                check_invariants(world);
        }
    }
    powerfail_cut_at(0);
    if (powerfail_is_cut())
        power_cycle(&model);
    drain(&model);
    assert_true(model.count > 100);
    if (power)
        assert_true(model.crashes > 5 && model.lost_power_at_settle + model.sent_twice > 0);
}

static void test_chance(void **state)
{
    run(*state, 1, false);
}

static void test_chance_and_power_loss(void **state)
{
    struct world *world = *state;
    for (uint32_t seed = 1; seed <= 12; seed++) {
        run(world, seed * 7919, true);
        world_shut(world);
        world->files++;
        world_open(world);
        settle_down(world);
    }
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, world_drop)
    const struct CMUnitTest tests[] = {
        CASE(test_chance),
        CASE(test_chance_and_power_loss),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
