/* What an identity in the network looks like: + and 7 to 15 digits, the first not 0 (ITU-T E.164). Numbers
 * that people write are read by host/sms/number; this one is for what must be exact already. */
#ifndef CELLPOST_BASE_E164_H
#define CELLPOST_BASE_E164_H

#include <stdbool.h>

bool is_e164(const char *text);

#endif
