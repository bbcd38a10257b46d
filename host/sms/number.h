/* Telephone numbers and senders: E.164, short codes, alphanumeric sender identities. Pure. */
#ifndef CELLPOST_SMS_NUMBER_H
#define CELLPOST_SMS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define NUMBER_MAX 20 /* '+', 15 digits, NUL; alphanumeric 11 and NUL */

enum number_kind { NUMBER_INVALID, NUMBER_E164, NUMBER_SHORT, NUMBER_ALPHA };

/* The plan by which local forms are read: country calling code and trunk prefix, e.g. { "41", "0" }. */
struct number_plan {
    const char *country; /* "41"; NULL or "": local forms are refused */
    const char *trunk;   /* "0"; "" = none */
};

/* Strips spaces, '-', '.', '(', ')', '/'; "00" becomes '+'; a local form goes through the plan. The result is
 * "+" and 7..15 digits beginning 1..9 (NUMBER_E164), 3..6 digits (NUMBER_SHORT), or 1..11 of [A-Za-z0-9 &_-]
 * with at least one letter (NUMBER_ALPHA). Channel prefixes ("whatsapp:") and all else: NUMBER_INVALID, out
 * is "". plan may be NULL. */
enum number_kind number_parse(const char *in, const struct number_plan *plan, char out[NUMBER_MAX]);

/* Same subscriber? Equal after dropping '+', or equal in the last `digits` digits when both have that many (a
 * report may name national what was sent international). digits 0 = 8, or all 7 of a national number that has
 * no more: what status reports are matched with. Short codes (up to 6 digits) and alpha: equal only. */
bool number_match(const char *a, const char *b, unsigned digits);

#endif
