/* Resources that an SMS gateway does not have and that programs ask for all the same: their lists are there
 * and empty, nothing can be made, and each item is 404 like any path that is not known.
 *
 * X(path below the account, array key of the list). Calls are not among them: their list is as empty, but
 * they have a POST of their own (calls.c). */
#ifndef CELLPOST_FACADE_EMPTIES_H
#define CELLPOST_FACADE_EMPTIES_H

#define EMPTY_LISTS(X)                                                                                       \
    X("/Addresses", "addresses")                                                                             \
    X("/AuthorizedConnectApps", "authorized_connect_apps")                                                   \
    X("/AvailablePhoneNumbers", "countries")                                                                 \
    X("/AvailablePhoneNumbers/{*}/Local", "available_phone_numbers")                                         \
    X("/AvailablePhoneNumbers/{*}/MachineToMachine", "available_phone_numbers")                              \
    X("/AvailablePhoneNumbers/{*}/Mobile", "available_phone_numbers")                                        \
    X("/AvailablePhoneNumbers/{*}/National", "available_phone_numbers")                                      \
    X("/AvailablePhoneNumbers/{*}/SharedCost", "available_phone_numbers")                                    \
    X("/AvailablePhoneNumbers/{*}/TollFree", "available_phone_numbers")                                      \
    X("/AvailablePhoneNumbers/{*}/Voip", "available_phone_numbers")                                          \
    X("/Conferences", "conferences")                                                                         \
    X("/ConnectApps", "connect_apps")                                                                        \
    X("/OutgoingCallerIds", "outgoing_caller_ids")                                                           \
    X("/Queues", "queues")                                                                                   \
    X("/Recordings", "recordings")                                                                           \
    X("/SIP/CredentialLists", "credential_lists")                                                            \
    X("/SIP/Domains", "domains")                                                                             \
    X("/SIP/IpAccessControlLists", "ip_access_control_lists")                                                \
    X("/SMS/ShortCodes", "short_codes")                                                                      \
    X("/Transcriptions", "transcriptions")                                                                   \
    X("/Usage/Triggers", "usage_triggers")

#endif
