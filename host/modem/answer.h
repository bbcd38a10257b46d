/* What information lines say (TS 27.005, TS 27.007). Pure. Broken quoting never crashes: fields after the
 * break may be unknown. */
#ifndef CELLPOST_MODEM_ANSWER_H
#define CELLPOST_MODEM_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

/* Field `index` (0-based) of the list after the colon, without quotes and blanks around it. False when there
 * are fewer. */
bool answer_field(const char *line, unsigned index, char *out, size_t out_size);
/* The same as a decimal number; `missing` when absent or not one. */
int answer_int(const char *line, unsigned index, int missing);
unsigned answer_fields(const char *line);

/* A line of hex digits only, two at least. */
bool answer_is_hex(const char *line);
/* <len> of "+CMGR: <stat>,[<alpha>],<len>", "+CMGL: ...", "+CMT: [<alpha>],<len>", "+CDS: <len>": octets of
 * the TPDU; -1 = it does not say. */
int answer_pdu_len(const char *head);
/* The hex against what its head says, with the SMSC address in front or without. What a line loses makes it
 * short; a head that is wrong may make it long, too. */
enum pdu_length { PDU_FITS, PDU_SHORT, PDU_LONG };
enum pdu_length answer_pdu_length(const char *head, const char *hex);
bool answer_pdu_fits(const char *head, const char *hex);

/* The value of a line that comes with or without a prefix and quotes: "+CGSN: \"123\"", "123". */
void answer_value(const char *line, char *out, size_t out_size);

/* stat of +CREG and its kin, in the answer's form (n, stat, ...) or the URC's (stat, ...); -1 = neither. */
int answer_registration(const char *line);
/* Is it the answer's form? */
bool answer_registration_is_reply(const char *line);
/* SMS can be sent with this stat (TS 27.007 clause 7.2): home, roaming, and their SMS-only and CSFB kin. */
bool answer_registered(int stat);

/* +CSQ (clause 8.5) in dBm, 0 = unknown. */
int answer_signal_dbm(const char *line);

/* ICCID from an answer in any of the usual forms: plain or with swapped digits, F-filled, quoted, with a
 * prefix. 18 to 20 characters that begin with 89 (E.118); out "" and false otherwise. */
bool answer_iccid(const char *line, char out[24]);

/* PIN tries left from an answer to a query of the model's list: "+CPINR: SIM PIN,3,3", "+QPINC: \"SC\",3,10",
 * "+CSIM: 8,\"000063C3\"", "#PCT: 3",
 * "^CPIN: READY,,10,3,10,3". -1 = it does not say. */
int answer_pin_tries(const char *line);

/* The number of a +CNUM line, "+" before an international one (type 145); "" when it has none. */
void answer_own_number(const char *line, char *out, size_t out_size);

#endif
