/* See magic.h. Each table ends with what holds for every other value. */
#include "host/facade/magic.h"

#include <string.h>

#define OTHERS "" /* no value of a parameter is empty here */
#define FINE   0, NULL, NULL

struct magic {
    const char *value;
    int code; /* 0 = fine */
    const char *before, *after;
};

static const struct magic message_to[] = {
    {"+15005550001", 21211, "The 'To' number ", " is not a valid phone number."},
    {"+15005550002", 21612, "The 'To' phone number: ", ", is not currently reachable via SMS."},
    {"+15005550003", 21408,
     "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: ", "."},
    {"+15005550004", 21610, "Attempt to send to unsubscribed recipient ", ""},
    {"+15005550009", 21614, "To number: ", ", is not a mobile number"},
    {OTHERS, FINE},
};
static const struct magic message_from[] = {
    {"+15005550001", 21212, "The 'From' number ",
     " is not a valid phone number, shortcode, or alphanumeric sender ID."},
    {"+15005550006", FINE},
    {"+15005550008", 21611, "SMS queue is full for ", "."},
    {OTHERS, 21606, "The From phone number ",
     " is not a valid, SMS-capable inbound phone number or short code for your account."},
};
static const struct magic call_to[] = {
    {"+15005550001", 21217, "Phone number does not appear to be valid: ", ""},
    {"+15005550002", 21214, "'To' phone number cannot be reached: ", ""},
    {"+15005550003", 21215, "Account not authorized to call ", ""},
    {"+15005550004", 21216, "Account not allowed to call ", ""},
    {OTHERS, FINE},
};
static const struct magic call_from[] = {
    {"+15005550001", 21212, "Invalid 'From' Phone Number: ", ""},
    {"+15005550006", FINE},
    {OTHERS, 21210, "'From' phone number not verified: ", ""},
};
static const struct magic number_bought[] = {
    {"+15005550000", 21422, "The phone number ", " is not available."},
    {"+15005550001", 21421, "The phone number ", " is invalid."},
    {"+15005550006", FINE},
    {OTHERS, 21422, "The phone number ", " is not available."},
};
static const struct magic area_bought[] = {
    {"500", FINE},
    {OTHERS, 21452, "No phone numbers found in area code ", "."},
};

static bool magic_allows(const struct magic *row, const char *value, struct refusal *refusal)
{
    while (row->value[0] != '\0' && strcmp(row->value, value) != 0)
        row++;
    return row->code == 0 || refuse(refusal, 400, row->code, "%s%.48s%s", row->before, value, row->after);
}

bool magic_serves(api_handler *handler)
{
    return handler == messages_create || handler == numbers_create || handler == calls_create;
}

bool magic_message(const char *to, const char *from, struct refusal *refusal)
{
    return magic_allows(message_to, to, refusal) &&
           (from == NULL || magic_allows(message_from, from, refusal));
}

bool magic_call(const char *to, const char *from, struct refusal *refusal)
{
    return magic_allows(call_to, to, refusal) && magic_allows(call_from, from, refusal);
}

bool magic_number(const struct form *form, const char **number, struct refusal *refusal)
{
    const char *area = form_get(form, "AreaCode");
    *number = form_get(form, "PhoneNumber");
    if (*number != NULL)
        return magic_allows(number_bought, *number, refusal);
    if (area == NULL)
        return refuse(refusal, 400, 21421, "PhoneNumber or AreaCode is required.");
    *number = "+15005550006";
    return magic_allows(area_bought, area, refusal);
}
