/* See routes.h. Products are told apart by their paths, not by Host: clients reach all of them at one
 * address. */
#include "host/facade/routes.h"

#define ACCOUNT      API_ROOT "/{AC}"
#define NUMBERS      ACCOUNT "/IncomingPhoneNumbers"
#define APPLICATIONS ACCOUNT "/Applications"
#define ACCOUNT      API_ROOT "/{AC}"
#define NUMBERS      ACCOUNT "/IncomingPhoneNumbers"
#define VERIFY       "/v2/Services"

const struct route routes[] = {
    {"GET", API_ROOT, accounts_list, false},
    {"POST", API_ROOT, accounts_create, false},
    {"GET", ACCOUNT, accounts_fetch, false},
    {"POST", ACCOUNT, accounts_update, false},
    {"GET", ACCOUNT "/Keys", keys_list, false},
    {"POST", ACCOUNT "/Keys", keys_create, false},
    {"GET", ACCOUNT "/Keys/{SK}", keys_fetch, false},
    {"POST", ACCOUNT "/Keys/{SK}", keys_update, false},
    {"DELETE", ACCOUNT "/Keys/{SK}", keys_delete, false},
    {"GET", ACCOUNT "/SigningKeys", keys_list, false},
    {"POST", ACCOUNT "/SigningKeys", keys_create, false},
    {"GET", ACCOUNT "/SigningKeys/{SK}", keys_fetch, false},
    {"POST", ACCOUNT "/SigningKeys/{SK}", keys_update, false},
    {"DELETE", ACCOUNT "/SigningKeys/{SK}", keys_delete, false},
    {"POST", ACCOUNT "/Messages", messages_create, false},
    {"GET", ACCOUNT "/Messages", messages_list, false},
    {"GET", ACCOUNT "/Messages/{SM}", messages_fetch, false},
    {"POST", ACCOUNT "/Messages/{SM}", messages_update, false},
    {"DELETE", ACCOUNT "/Messages/{SM}", messages_delete, false},
    {"GET", ACCOUNT "/Messages/{SM}/Media", media_list, false},
    {"GET", ACCOUNT "/Messages/{SM}/Media/{ME}", media_fetch, false},
    {"DELETE", ACCOUNT "/Messages/{SM}/Media/{ME}", media_fetch, false},
    {"POST", ACCOUNT "/Messages/{SM}/Feedback", feedback_create, false},
    {"GET", ACCOUNT "/Messages/{SM}/Feedback", feedback_fetch, false},
    {"POST", ACCOUNT "/Calls", calls_create, false},
    {"GET", NUMBERS, numbers_list, false},
    {"POST", NUMBERS, numbers_create, false},
    {"GET", NUMBERS "/Mobile", numbers_list_mobile, false},
    {"GET", NUMBERS "/Local", numbers_list_none, false},
    {"GET", NUMBERS "/TollFree", numbers_list_none, false},
    {"GET", NUMBERS "/{PN}", numbers_fetch, false},
    {"POST", NUMBERS "/{PN}", numbers_update, false},
    {"DELETE", NUMBERS "/{PN}", numbers_delete, false},
    {"GET", APPLICATIONS, applications_list, false},
    {"POST", APPLICATIONS, applications_create, false},
    {"GET", APPLICATIONS "/{AP}", applications_fetch, false},
    {"POST", APPLICATIONS "/{AP}", applications_update, false},
    {"DELETE", APPLICATIONS "/{AP}", applications_delete, false},
    {"GET", ACCOUNT "/OptOuts", optouts_list, false},
    {"POST", ACCOUNT "/OptOuts", optouts_create, false},
    {"GET", ACCOUNT "/OptOuts/{OO}", optouts_fetch, false},
    {"DELETE", ACCOUNT "/OptOuts/{OO}", optouts_delete, false},
    {"POST", "/v1/Consents/Bulk", consents_bulk, false},
    {"GET", VERIFY, verify_services_list, false},
    {"POST", VERIFY, verify_services_create, false},
    {"GET", VERIFY "/{VA}", verify_services_fetch, false},
    {"POST", VERIFY "/{VA}", verify_services_update, false},
    {"DELETE", VERIFY "/{VA}", verify_services_delete, false},
    {"GET", VERIFY "/{VA}/RateLimits", verify_limits_list, false},
    {"POST", VERIFY "/{VA}/RateLimits", verify_limits_create, false},
    {"POST", VERIFY "/{VA}/Verifications", verifications_create, false},
    {"GET", VERIFY "/{VA}/Verifications/{*}", verifications_fetch, false},
    {"POST", VERIFY "/{VA}/Verifications/{*}", verifications_update, false},
    {"POST", VERIFY "/{VA}/VerificationCheck", verification_check_create, false},
    {NULL, NULL, NULL, false},
};
