/* The messages between host and board, described once. message.h makes the structs of it, message.c the
 * encoders and decoders, describe.c docs/link-protocol.md.
 *
 * MESSAGE(NAME, name, NUMBER, "what it is for"), its fields in LINK_FIELDS_name as F(KIND, name, "meaning").
 * Kinds: U8, U16, U32, I16 (little endian), TEXT (LINK_TEXT_LEN octets, padded with NUL), BLOCK (a length
 * octet, then at most LINK_BLOCK_LEN octets; only as the last field).
 *
 * Rules of change: a field is only ever appended, a number is never used again; a reader ignores octets after
 * the fields it knows and refuses a message that lacks one. Anything else raises LINK_PROTOCOL. */
#ifndef CELLPOST_LINK_TABLE_H
#define CELLPOST_LINK_TABLE_H

#define LINK_PROTOCOL  1
#define LINK_TEXT_LEN  20
#define LINK_BLOCK_LEN 64

/* ---- enumerations: ROW(NAME, NUMBER, "meaning") ---- */

#define LINK_STATUSES(ROW)                                                                                   \
    ROW(OK, 0, "done, or accepted: for a target the slot's events tell the rest")                            \
    ROW(UNKNOWN_TYPE, 1, "this firmware does not know the message")                                          \
    ROW(BAD_LENGTH, 2, "a field is missing")                                                                 \
    ROW(BAD_VALUE, 3, "a field is out of its range")                                                         \
    ROW(BAD_VERSION, 4, "HELLO with a protocol that this firmware does not speak")                           \
    ROW(UNSUPPORTED, 5, "this board lacks the part that it takes")                                           \
    ROW(BUSY, 6, "not now; ask again")                                                                       \
    ROW(LOW_SUPPLY, 7, "not while the supply is low")                                                        \
    ROW(NV_FAILED, 8, "the board could not keep it")                                                         \
    ROW(BAD_IMAGE, 9, "the image's header, size, order or check value is wrong")

#define LINK_TARGETS(ROW)                                                                                    \
    ROW(OFF, 0, "off: ended gracefully, then without supply")                                                \
    ROW(ON, 1, "on: a running modem is left as it is")                                                       \
    ROW(CYCLE, 2, "supply cut, discharged, then on; once for each request number")                           \
    ROW(RESET, 3, "pulse on RESET, then on; once for each request number. Without a RESET pin as CYCLE")

#define LINK_PHASES(ROW)                                                                                     \
    ROW(OFF, 0, "no supply")                                                                                 \
    ROW(VBAT_RISE, 1, "supply on, not yet stable")                                                           \
    ROW(PULSE_ON, 2, "PWRKEY held to start the modem")                                                       \
    ROW(WAIT_STATUS, 3, "waiting for STATUS (without that pin: for the modem's boot time)")                  \
    ROW(UP, 4, "running")                                                                                    \
    ROW(GRACE, 5, "waiting for STATUS to fall by the host's own command")                                    \
    ROW(PULSE_OFF, 6, "PWRKEY held, or the level dropped, to end the modem")                                 \
    ROW(WAIT_OFF, 7, "waiting for STATUS to fall")                                                           \
    ROW(RESET_PULSE, 8, "RESET held")                                                                        \
    ROW(DISCHARGE, 9, "supply cut, capacitors emptying")                                                     \
    ROW(FAULT, 10, "did not start; at rest, then tried again")

#define LINK_REASONS(ROW)                                                                                    \
    ROW(NONE, 0, "nothing to tell")                                                                          \
    ROW(REQUEST, 1, "the host asked")                                                                        \
    ROW(ADOPTED, 2, "it was running when the board started")                                                 \
    ROW(NO_STATUS, 3, "STATUS did not rise in time")                                                         \
    ROW(STATUS_LOST, 4, "STATUS fell while the modem should run")                                            \
    ROW(NO_OFF, 5, "STATUS did not fall in time: the supply was cut")                                        \
    ROW(BROWN_OUT, 6, "the supply fell under the bound")                                                     \
    ROW(MIN_OFF, 7, "waiting: off for too short a time")                                                     \
    ROW(RATE, 8, "waiting: too many power sequences in the hour")                                            \
    ROW(STAGGER, 9, "waiting: another slot has just started")                                                \
    ROW(LOW_SUPPLY, 10, "waiting for the supply")                                                            \
    ROW(UNCONFIRMED, 11, "no STATUS pin: time passed, nothing confirms it")                                  \
    ROW(STATUS_SEEN, 12, "STATUS confirms it")                                                               \
    ROW(RESTING, 13, "too many failed starts: at rest")                                                      \
    ROW(WATCH, 14, "the board's own watch, while the host is away")                                          \
    ROW(TIME, 15, "the phase's time has passed")

#define LINK_CAUSES(ROW)                                                                                     \
    ROW(UNKNOWN, 0, "not told by the part")                                                                  \
    ROW(POWER, 1, "power came")                                                                              \
    ROW(PIN, 2, "reset pin")                                                                                 \
    ROW(BROWN_OUT, 3, "the part's brown-out detector")                                                       \
    ROW(WATCHDOG, 4, "the hardware watchdog bit")                                                            \
    ROW(FAULT, 5, "fault(): see the fault text")                                                             \
    ROW(UPDATE, 6, "start of a new image")

#define LINK_SUPPLIES(ROW)                                                                                   \
    ROW(UNKNOWN, 0, "not measured yet: nothing is switched on")                                              \
    ROW(GOOD, 1, "all is allowed")                                                                           \
    ROW(WARN, 2, "low: told, nothing else")                                                                  \
    ROW(NO_SEND, 3, "the host should send nothing new")                                                      \
    ROW(SHUT, 4, "modems are ended gracefully")                                                              \
    ROW(CUT, 5, "modems are cut off")                                                                        \
    ROW(RECOVERING, 6, "good again, but not yet for long enough")

#define LINK_LEASES(ROW)                                                                                     \
    ROW(BOOT, 0, "no heartbeat since the board's start or since the host was cut: hold-off")                 \
    ROW(HELD, 1, "heartbeats with progress arrive")                                                          \
    ROW(MAINTENANCE, 2, "the host asked to be left alone")                                                   \
    ROW(CUTTING, 3, "the host's supply is off")                                                              \
    ROW(REST, 4, "cut too often without a heartbeat: left alone for an hour")                                \
    ROW(WATCHLESS, 5, "this board cannot cut the host, or it is not asked to")

#define LINK_KINDS(ROW)                                                                                      \
    ROW(PULSE, 0, "PWRKEY pulse toggles")                                                                    \
    ROW(LEVEL, 1, "on while PWRKEY's line is held active")                                                   \
    ROW(AUTO, 2, "starts with its supply")

#define LINK_MODULES(ROW)                                                                                    \
    ROW(NONE, 0, "the slot is empty: its supply stays off")                                                  \
    ROW(SIM800, 1, "SIM800 family")                                                                          \
    ROW(SIM7600, 2, "SIM7500, SIM7600")                                                                      \
    ROW(A7670, 3, "A7670, A7672, SIM7670")                                                                   \
    ROW(EC25, 4, "EC21, EC25, EG25, EG91")                                                                   \
    ROW(BG95, 5, "BG95, BG77")                                                                               \
    ROW(SARA_R4, 6, "SARA-R4")                                                                               \
    ROW(SARA_R5, 7, "SARA-R5")                                                                               \
    ROW(LE910, 8, "LE910")                                                                                   \
    ROW(NRF91, 9, "nRF9160, nRF9161")                                                                        \
    ROW(M2, 10, "M.2 card with FULL_CARD_POWER_OFF")                                                         \
    ROW(CUSTOM, 11, "the slot's own row, set by TIMING_SET")

/* The capabilities of a board, bits of HELLO's `capabilities`. */
#define LINK_CAPS(ROW)                                                                                       \
    ROW(STATUS, 0, "STATUS pin of every slot")                                                               \
    ROW(RESET, 1, "RESET pin of every slot")                                                                 \
    ROW(HOST_CUT, 2, "can cut the host's supply")                                                            \
    ROW(SUPPLY, 3, "measures the supply")                                                                    \
    ROW(RAIL, 4, "measures each slot's rail")                                                                \
    ROW(CURRENT, 5, "measures each slot's current")                                                          \
    ROW(TEMPERATURE, 6, "measures the temperature")                                                          \
    ROW(NV, 7, "keeps counters, settings and log")                                                           \
    ROW(UPDATE, 8, "takes an image over the link")                                                           \
    ROW(WDT_CAUSE, 9, "knows that its watchdog bit")

/* SETTING(NAME, NUMBER, default, least, most, "meaning") */
#define LINK_SETTINGS(SETTING)                                                                               \
    SETTING(MODULE_0, 0, 0, 0, 11, "module of slot 0")                                                       \
    SETTING(MODULE_1, 1, 0, 0, 11, "module of slot 1")                                                       \
    SETTING(MODULE_2, 2, 0, 0, 11, "module of slot 2")                                                       \
    SETTING(MODULE_3, 3, 0, 0, 11, "module of slot 3")                                                       \
    SETTING(WARN_MV, 4, 3600, 0, 60000, "supply under which WARN is told; mV. 0: the supply is not judged")  \
    SETTING(NO_SEND_MV, 5, 3500, 0, 60000, "supply under which nothing new should be sent; mV")              \
    SETTING(SHUT_MV, 6, 3400, 0, 60000, "supply under which modems are ended; mV")                           \
    SETTING(CUT_MV, 7, 3300, 0, 60000, "supply under which modems are cut off; mV")                          \
    SETTING(START_MV, 8, 3700, 0, 60000, "supply from which a modem may be started again; mV")               \
    SETTING(START_S, 9, 30, 0, 3600, "for how long it must have been so; s")                                 \
    SETTING(LEASE_S, 10, 90, 0, 3600, "heartbeat's absence after which the host is cut; s. 0: never")        \
    SETTING(PROGRESS_S, 11, 300, 30, 3600,                                                                   \
            "heartbeats without progress after which they no longer count; s")                               \
    SETTING(BOOT_S, 12, 180, 60, 3600, "hold-off while the host boots; s")                                   \
    SETTING(HOST_OFF_MS, 13, 10000, 1000, 60000, "how long the host's supply is cut; ms")                    \
    SETTING(HOST_CYCLES, 14, 3, 1, 10, "host cuts without a heartbeat before the rest of an hour")           \
    SETTING(PULSES_HOUR, 15, 12, 1, 60, "power sequences a slot may have in an hour")                        \
    SETTING(STAGGER_MS, 16, 2000, 0, 60000, "between the starts of two slots; ms")                           \
    SETTING(REST_S, 17, 60, 1, 3600,                                                                         \
            "first rest after failed starts, doubled each time, at most an hour; s")                         \
    SETTING(WATCH_S, 18, 60, 5, 3600, "how long STATUS is down before the board starts a modem itself; s")

/* Counters: since the board's first start, kept in NV, saturating. */
#define LINK_COUNTERS(F)                                                                                     \
    F(U32, boots, "starts of the firmware")                                                                  \
    F(U32, watchdog_bites, "of these after a bite of the hardware watchdog")                                 \
    F(U32, faults, "of these after fault()")                                                                 \
    F(U32, brown_outs, "supply fell under SHUT_MV")                                                          \
    F(U32, host_cuts, "host cut off")                                                                        \
    F(U32, host_rests, "host left alone after too many cuts")                                                \
    F(U32, updates, "images started for a test")                                                             \
    F(U32, nv_errors, "NV records found damaged")

#define LINK_SLOT_COUNTERS(F)                                                                                \
    F(U32, starts, "power-on sequences begun")                                                               \
    F(U32, start_failures, "of these without STATUS")                                                        \
    F(U32, resets, "RESET pulses")                                                                           \
    F(U32, graceful_offs, "ended with STATUS low before the cut")                                            \
    F(U32, hard_cuts, "cut while running")                                                                   \
    F(U32, status_losses, "STATUS fell by itself")                                                           \
    F(U32, adopted, "found running at the board's start")

/* ---- messages ---- */

/* Host to board; the answer has the number | 0x80 and the same sequence number. */
#define LINK_REQUESTS(MESSAGE)                                                                               \
    MESSAGE(HELLO, hello, 0x01, "who are you; first on every connection, and after each silence")            \
    MESSAGE(SLOT_TARGET, slot_target, 0x02, "the state a slot should have; the board owns the way there")    \
    MESSAGE(SLOT_READ, slot_read, 0x03, "the slot's state now")                                              \
    MESSAGE(HEARTBEAT, heartbeat, 0x04, "renews the lease, each 1 to 5 s")                                   \
    MESSAGE(MAINTENANCE, maintenance, 0x05, "leave the host alone for a while; 0 ends it")                   \
    MESSAGE(SENSE, sense, 0x06, "measurements")                                                              \
    MESSAGE(BURST, burst, 0x07, "a transmission begins: watch the minimum")                                  \
    MESSAGE(TIMING_SET, timing_set, 0x08, "a slot's own row of times, kept in NV; used with module CUSTOM")  \
    MESSAGE(TIMING_READ, timing_read, 0x09, "the row of times in use")                                       \
    MESSAGE(SETTING_SET, setting_set, 0x0A, "changes a setting, kept in NV")                                 \
    MESSAGE(SETTING_READ, setting_read, 0x0B, "reads a setting")                                             \
    MESSAGE(COUNTERS, counters, 0x0C, "the board's counters")                                                \
    MESSAGE(SLOT_COUNTERS, slot_counters, 0x0D, "a slot's counters")                                         \
    MESSAGE(LOG_READ, log_read, 0x0E, "the first log entry with this number or a later one")                 \
    MESSAGE(UPDATE_BEGIN, update_begin, 0x10, "an image will follow; the same again goes on where it stood") \
    MESSAGE(UPDATE_DATA, update_data, 0x11,                                                                  \
            "a piece of it, in order; the image's header is whole in the first")                             \
    MESSAGE(UPDATE_END, update_end, 0x12,                                                                    \
            "all was sent: it is read back and checked; BUSY until that is done: ask again")                 \
    MESSAGE(UPDATE_TEST, update_test, 0x13,                                                                  \
            "start it; without UPDATE_CONFIRM the next start takes the old one")                             \
    MESSAGE(UPDATE_CONFIRM, update_confirm, 0x14, "keep the running image; BUSY until a heartbeat has come") \
    MESSAGE(UPDATE_REVERT, update_revert, 0x15,                                                              \
            "drop what was sent; or leave the image under test, by a reset")

/* Board to host; repeated until the host answers with number | 0x80, the same sequence number and EVENT_ACK's
 * fields, or until a newer event of the same type and slot takes its place. */
#define LINK_EVENTS(MESSAGE)                                                                                 \
    MESSAGE(SLOT_STATE, slot_state, 0x40, "a slot's phase or reason changed")                                \
    MESSAGE(SUPPLY_STATE, supply_state, 0x41, "the supply's state changed; SHUT and CUT are the last gasp")  \
    MESSAGE(LEASE_STATE, lease_state, 0x42, "the lease's state changed")                                     \
    MESSAGE(FAULT, fault, 0x43, "the board started after a fault or a bite of its watchdog")

#define LINK_FIELDS_hello(F)                                                                                 \
    F(U8, protocol, "the host's protocol version")                                                           \
    F(U32, session, "drawn anew at each start of the host")
#define LINK_FIELDS_slot_target(F)                                                                           \
    F(U8, slot, "from 0")                                                                                    \
    F(U8, target, "target")                                                                                  \
    F(U16, request, "the wish's number, not 0: CYCLE and RESET act once for each")                           \
    F(U8, grace_s, "OFF: seconds that the modem has to end by the host's own command before PWRKEY is used")
#define LINK_FIELDS_slot_read(F) F(U8, slot, "from 0")
#define LINK_FIELDS_heartbeat(F)                                                                             \
    F(U32, turn, "turns of the host's loop: progress when it changed")                                       \
    F(U32, commit, "the last commit: told in the log of a cut")
#define LINK_FIELDS_maintenance(F) F(U16, seconds, "at most 3600; 0 ends it")
#define LINK_FIELDS_sense(F)       F(U8, slot, "from 0")
#define LINK_FIELDS_burst(F)                                                                                 \
    F(U8, slot, "from 0")                                                                                    \
    F(U16, ms, "how long the window stays open")
#define LINK_FIELDS_timing_row(F)                                                                            \
    F(U8, kind, "kind")                                                                                      \
    F(U16, rise_ms, "supply on until PWRKEY")                                                                \
    F(U16, on_ms, "PWRKEY to start")                                                                         \
    F(U16, off_ms, "PWRKEY to end; 0: cannot be ended by it")                                                \
    F(U16, reset_ms, "RESET; 0: has none")                                                                   \
    F(U16, up_max_ms, "end of the pulse until STATUS, at most")                                              \
    F(U16, down_max_ms, "end of the off pulse until STATUS is low, at most; then the supply is cut")         \
    F(U16, settle_ms, "STATUS low until the supply may go")                                                  \
    F(U16, min_off_ms, "supply off until on again, at least")
#define LINK_FIELDS_timing_set(F)                                                                            \
    F(U8, slot, "from 0")                                                                                    \
    LINK_FIELDS_timing_row(F)
#define LINK_FIELDS_timing_read(F) F(U8, slot, "from 0")
#define LINK_FIELDS_setting_set(F)                                                                           \
    F(U8, setting, "setting")                                                                                \
    F(U16, value, "in the setting's range")
#define LINK_FIELDS_setting_read(F) F(U8, setting, "setting")
#define LINK_FIELDS_counters(F)
#define LINK_FIELDS_slot_counters(F) F(U8, slot, "from 0")
#define LINK_FIELDS_log_read(F)      F(U16, number, "0: the oldest")
#define LINK_FIELDS_update_begin(F)                                                                          \
    F(U32, size, "octets, header and program")                                                               \
    F(U32, crc32, "IEEE, of the whole image")                                                                \
    F(U16, version, "major * 256 + minor, as in its header")
#define LINK_FIELDS_update_data(F)                                                                           \
    F(U32, offset, "of its first octet")                                                                     \
    F(BLOCK, data, "the octets")
#define LINK_FIELDS_update_end(F)
#define LINK_FIELDS_update_test(F)
#define LINK_FIELDS_update_confirm(F)
#define LINK_FIELDS_update_revert(F)

/* Answers; each begins with the status, and where that is not OK nothing else follows. */
#define LINK_ANSWERS_hello(F)                                                                                \
    F(U8, protocol, "the board's protocol version; told with BAD_VERSION too")                               \
    F(U16, version, "of the firmware: major * 256 + minor")                                                  \
    F(TEXT, board, "name")                                                                                   \
    F(U16, capabilities, "capability bits")                                                                  \
    F(U8, slots, "how many")                                                                                 \
    F(U8, cause, "cause of the last reset")                                                                  \
    F(TEXT, fault, "the text of the last fault(), empty when none")                                          \
    F(U32, uptime_ms, "since the start; wraps")                                                              \
    F(U32, boots, "counter")                                                                                 \
    F(U16, watchdog_bites, "counter, at most 65535")                                                         \
    F(U16, brown_outs, "counter, at most 65535")                                                             \
    F(U16, host_cuts, "counter, at most 65535")
#define LINK_ANSWERS_slot_target(F) F(U8, phase, "phase now")
#define LINK_FIELDS_slot_row(F)                                                                              \
    F(U8, slot, "from 0")                                                                                    \
    F(U8, phase, "phase")                                                                                    \
    F(U8, target, "OFF or ON: CYCLE and RESET end as ON")                                                    \
    F(U8, reason, "reason of the phase, or of the wait")                                                     \
    F(U16, request, "the last request that acted")                                                           \
    F(U32, took_ms, "how long the phase before this one took")                                               \
    F(U32, start_ms, "of the last start: PWRKEY's pulse begun until STATUS seen; 0: none yet")               \
    F(U16, rail_min_mv, "least rail (or supply) since the last start; 0: not measured")
#define LINK_ANSWERS_slot_read(F) LINK_FIELDS_slot_row(F)
#define LINK_ANSWERS_heartbeat(F)                                                                            \
    F(U8, lease, "lease")                                                                                    \
    F(U8, supply, "supply")                                                                                  \
    F(U8, pending, "events not yet acknowledged")
#define LINK_ANSWERS_maintenance(F)                                                                          \
    F(U16, seconds, "granted: until a heartbeat with progress, all ends an hour after the first")
#define LINK_ANSWERS_sense(F)                                                                                \
    F(U8, supply, "supply")                                                                                  \
    F(U16, supply_mv, "now; 0: not measured, here and below")                                                \
    F(U16, supply_min_mv, "least in the burst window, or since the one before was closed")                   \
    F(U16, rail_mv, "the slot's rail")                                                                       \
    F(U16, rail_min_mv, "least, as above")                                                                   \
    F(U16, current_ma, "the slot's current")                                                                 \
    F(I16, temperature_dc, "tenths of a degree Celsius; -32768: not measured")
#define LINK_ANSWERS_burst(F)
#define LINK_ANSWERS_timing_set(F)
#define LINK_ANSWERS_timing_read(F)                                                                          \
    F(U8, module, "module")                                                                                  \
    LINK_FIELDS_timing_row(F)
#define LINK_ANSWERS_setting_set(F)
#define LINK_ANSWERS_setting_read(F)  F(U16, value, "now")
#define LINK_ANSWERS_counters(F)      LINK_COUNTERS(F)
#define LINK_ANSWERS_slot_counters(F) LINK_SLOT_COUNTERS(F)
#define LINK_ANSWERS_log_read(F)                                                                             \
    F(U16, number, "of the entry; 0: there is none")                                                         \
    F(U16, boot, "starts of the firmware until then, modulo 65536")                                          \
    F(U32, uptime_ms, "when")                                                                                \
    F(U8, code, "log code")                                                                                  \
    F(U8, slot, "from 0; 255: none")                                                                         \
    F(U16, value, "see the code")
#define LINK_ANSWERS_update_begin(F) F(U32, offset, "expected next")
#define LINK_ANSWERS_update_data(F)  F(U32, offset, "expected next")
#define LINK_ANSWERS_update_end(F)
#define LINK_ANSWERS_update_test(F)
#define LINK_ANSWERS_update_confirm(F)
#define LINK_ANSWERS_update_revert(F)

#define LINK_FIELDS_slot_state(F)                                                                            \
    F(U16, number, "of the event")                                                                           \
    LINK_FIELDS_slot_row(F)
#define LINK_FIELDS_supply_state(F)                                                                          \
    F(U16, number, "of the event")                                                                           \
    F(U8, supply, "supply")                                                                                  \
    F(U16, supply_mv, "when it changed")                                                                     \
    F(U16, supply_min_mv, "least since the change before")
#define LINK_FIELDS_lease_state(F)                                                                           \
    F(U16, number, "of the event")                                                                           \
    F(U8, lease, "lease")                                                                                    \
    F(U8, cycles, "host cuts since the last heartbeat")                                                      \
    F(U32, commit, "of the last heartbeat")
#define LINK_FIELDS_fault(F)                                                                                 \
    F(U16, number, "of the event")                                                                           \
    F(U8, cause, "cause")                                                                                    \
    F(TEXT, text, "of fault(), or the task that did not check in")
#define LINK_FIELDS_event_ack(F) F(U16, number, "of the event")

#define LINK_LOG_CODES(ROW)                                                                                  \
    ROW(BOOT, 1, "start of the firmware; value: cause")                                                      \
    ROW(FAULT, 2, "fault() before this start; value: its number in the order of faults")                     \
    ROW(NO_STATUS, 3, "a start without STATUS; value: failures in a row")                                    \
    ROW(STATUS_LOST, 4, "STATUS fell by itself; value: least rail, mV")                                      \
    ROW(HARD_CUT, 5, "cut while running; value: reason")                                                     \
    ROW(SUPPLY, 6, "SHUT or CUT; value: supply, mV")                                                         \
    ROW(HOST_CUT, 7, "host cut off; value: cuts since the last heartbeat")                                   \
    ROW(HOST_REST, 8, "host left alone; value: cuts")                                                        \
    ROW(UPDATE, 9, "image started; value: its version")                                                      \
    ROW(RESET, 10, "RESET pulse; value: request")                                                            \
    ROW(CYCLE, 11, "supply cut by request; value: request")

#endif
