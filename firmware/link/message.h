/* The messages of table.h as structs, and their encoders and decoders. Pure; no heap; an int of 16 bits is
 * enough.
 *
 * link_put_x(struct link_x const *, octets) writes a payload and returns its length, at most
 * LINK_PAYLOAD_MAX. link_get_x(struct link_x *, octets, len) is false when a field is missing; octets after
 * the last are ignored. Answers are struct link_x_answer; their status octet is the server's affair and not
 * among the fields. Texts of a decoded message end with NUL, blocks are at most LINK_BLOCK_LEN. Values are
 * not judged here. */
#ifndef CELLPOST_LINK_MESSAGE_H
#define CELLPOST_LINK_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/link/table.h"

#define LINK_PAYLOAD_MAX 80 /* the longest request, answer (with its status) or event */
#define LINK_ANSWER      0x80
#define LINK_EVENT_FIRST 0x40 /* types from here to LINK_ANSWER - 1 are the board's events */

struct link_block {
    uint8_t len;
    uint8_t octets[LINK_BLOCK_LEN];
};

#define LINK_ENUM_ROW(prefix, name, number)                         prefix##name = number,
#define LINK_STATUS_ENUM(name, number, text)                        LINK_ENUM_ROW(LINK_, name, number)
#define LINK_TARGET_ENUM(name, number, text)                        LINK_ENUM_ROW(LINK_TARGET_, name, number)
#define LINK_PHASE_ENUM(name, number, text)                         LINK_ENUM_ROW(LINK_PHASE_, name, number)
#define LINK_REASON_ENUM(name, number, text)                        LINK_ENUM_ROW(LINK_REASON_, name, number)
#define LINK_CAUSE_ENUM(name, number, text)                         LINK_ENUM_ROW(LINK_CAUSE_, name, number)
#define LINK_SUPPLY_ENUM(name, number, text)                        LINK_ENUM_ROW(LINK_SUPPLY_, name, number)
#define LINK_LEASE_ENUM(name, number, text)                         LINK_ENUM_ROW(LINK_LEASE_, name, number)
#define LINK_KIND_ENUM(name, number, text)                          LINK_ENUM_ROW(LINK_KIND_, name, number)
#define LINK_MODULE_ENUM(name, number, text)                        LINK_ENUM_ROW(LINK_MODULE_, name, number)
#define LINK_LOG_ENUM(name, number, text)                           LINK_ENUM_ROW(LINK_LOG_, name, number)
#define LINK_CAP_ENUM(name, number, text)                           LINK_CAP_##name = 1u << number,
#define LINK_SETTING_ENUM(name, number, initial, least, most, text) LINK_ENUM_ROW(LINK_SETTING_, name, number)
#define LINK_TYPE_ENUM(NAME, name, number, text)                    LINK_TYPE_##NAME = number,

enum link_status { LINK_STATUSES(LINK_STATUS_ENUM) };
enum link_target { LINK_TARGETS(LINK_TARGET_ENUM) };
enum link_phase { LINK_PHASES(LINK_PHASE_ENUM) LINK_PHASE_COUNT };
enum link_reason { LINK_REASONS(LINK_REASON_ENUM) };
enum link_cause { LINK_CAUSES(LINK_CAUSE_ENUM) };
enum link_supply { LINK_SUPPLIES(LINK_SUPPLY_ENUM) };
enum link_lease { LINK_LEASES(LINK_LEASE_ENUM) };
enum link_kind { LINK_KINDS(LINK_KIND_ENUM) LINK_KIND_COUNT };
enum link_module { LINK_MODULES(LINK_MODULE_ENUM) LINK_MODULE_COUNT };
enum link_log { LINK_LOG_CODES(LINK_LOG_ENUM) };
enum link_cap { LINK_CAPS(LINK_CAP_ENUM) };
enum link_setting { LINK_SETTINGS(LINK_SETTING_ENUM) LINK_SETTING_COUNT };
enum link_type { LINK_REQUESTS(LINK_TYPE_ENUM) LINK_EVENTS(LINK_TYPE_ENUM) };

#define LINK_MEMBER_U8(name)          uint8_t name;
#define LINK_MEMBER_U16(name)         uint16_t name;
#define LINK_MEMBER_U32(name)         uint32_t name;
#define LINK_MEMBER_I16(name)         int16_t name;
#define LINK_MEMBER_TEXT(name)        char name[LINK_TEXT_LEN + 1];
#define LINK_MEMBER_BLOCK(name)       struct link_block name;
#define LINK_MEMBER(kind, name, text) LINK_MEMBER_##kind(name)

/* A message without fields has a struct all the same: one octet that nobody reads. */
#define LINK_REQUEST_STRUCT(NAME, name, number, text)                                                        \
    struct link_##name {                                                                                     \
        LINK_FIELDS_##name(LINK_MEMBER) uint8_t unused;                                                      \
    };                                                                                                       \
    struct link_##name##_answer {                                                                            \
        LINK_ANSWERS_##name(LINK_MEMBER) uint8_t unused;                                                     \
    };                                                                                                       \
    uint8_t link_put_##name(const struct link_##name *, uint8_t *out);                                       \
    bool link_get_##name(struct link_##name *, const uint8_t *in, uint8_t len);                              \
    uint8_t link_put_##name##_answer(const struct link_##name##_answer *, uint8_t *out);                     \
    bool link_get_##name##_answer(struct link_##name##_answer *, const uint8_t *in, uint8_t len);
#define LINK_EVENT_STRUCT(NAME, name, number_, text)                                                         \
    struct link_##name {                                                                                     \
        LINK_FIELDS_##name(LINK_MEMBER) uint8_t unused;                                                      \
    };                                                                                                       \
    uint8_t link_put_##name(const struct link_##name *, uint8_t *out);                                       \
    bool link_get_##name(struct link_##name *, const uint8_t *in, uint8_t len);

LINK_REQUESTS(LINK_REQUEST_STRUCT)
LINK_EVENTS(LINK_EVENT_STRUCT)
LINK_EVENT_STRUCT(EVENT_ACK, event_ack, 0, "")

/* The value's name, as in table.h, or "?". For the host and for tests. */
const char *link_status_name(unsigned);
const char *link_target_name(unsigned);
const char *link_phase_name(unsigned);
const char *link_reason_name(unsigned);
const char *link_cause_name(unsigned);
const char *link_supply_name(unsigned);
const char *link_lease_name(unsigned);
const char *link_module_name(unsigned);
const char *link_log_name(unsigned);
const char *link_setting_name(unsigned);

#endif
