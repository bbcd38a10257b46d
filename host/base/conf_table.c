/* Every option, once: where it stands, how it is read, its default and its limits, whether a reload applies
 * it, and its line in the manual. */
#include "host/base/conf_internal.h"

#define D(field) offsetof(struct conf_daemon, field)
#define H(field) offsetof(struct conf_http, field)
#define T(field) offsetof(struct conf_tls, field)
#define K(field) offsetof(struct conf_hooks, field)
#define V(field) offsetof(struct conf_verify, field)
#define P(field) offsetof(struct conf_retention, field)
#define L(field) offsetof(struct conf_line, field)
#define M(field) offsetof(struct conf_modem, field)
#define B(field) offsetof(struct conf_board, field)
#define C(field) offsetof(struct conf_class, field)
#define S(field) offsetof(struct conf_service, field)
#define R(field) offsetof(struct conf_simulate, field)
#define O(field) offsetof(struct conf_optout, field)

const struct conf_section_info conf_sections[SECTION_COUNT] = {
    [SECTION_DAEMON] = {"daemon", false, sizeof(struct conf_daemon), offsetof(struct conf, daemon), 0, 0, 0},
    [SECTION_HTTP] = {"http", false, sizeof(struct conf_http), offsetof(struct conf, http), 0, 0, 0},
    [SECTION_TLS] = {"tls", false, sizeof(struct conf_tls), offsetof(struct conf, tls), 0, 0, 0},
    [SECTION_HOOKS] = {"hooks", false, sizeof(struct conf_hooks), offsetof(struct conf, hooks), 0, 0, 0},
    [SECTION_VERIFY] = {"verify", false, sizeof(struct conf_verify), offsetof(struct conf, verify), 0, 0, 0},
    [SECTION_RETENTION] = {"retention", false, sizeof(struct conf_retention),
                           offsetof(struct conf, retention), 0, 0, 0},
    [SECTION_LINE] = {"line", true, sizeof(struct conf_line), offsetof(struct conf, lines),
                      offsetof(struct conf, line_count), L(name), L(line_no)},
    [SECTION_MODEM] = {"modem", true, sizeof(struct conf_modem), offsetof(struct conf, modems),
                       offsetof(struct conf, modem_count), M(name), M(line_no)},
    [SECTION_BOARD] = {"board", true, sizeof(struct conf_board), offsetof(struct conf, boards),
                       offsetof(struct conf, board_count), B(name), B(line_no)},
    [SECTION_CLASS] = {"class", true, sizeof(struct conf_class), offsetof(struct conf, classes),
                       offsetof(struct conf, class_count), C(name), C(line_no)},
    [SECTION_SERVICE] = {"service", true, sizeof(struct conf_service), offsetof(struct conf, services),
                         offsetof(struct conf, service_count), S(name), S(line_no)},
    [SECTION_SIMULATE] = {"simulate", true, sizeof(struct conf_simulate), offsetof(struct conf, simulates),
                          offsetof(struct conf, simulate_count), R(name), R(line_no)},
    [SECTION_OPTOUT] = {"optout", true, sizeof(struct conf_optout), offsetof(struct conf, optouts),
                        offsetof(struct conf, optout_count), O(name), O(line_no)},
};

/* clang-format off */
const struct conf_option conf_options[] = {
    {SECTION_DAEMON, "data_dir", CONF_PATH, D(data_dir), "/var/lib/cellpost", 0, 0, NULL, false, false, "folder of database, key and credentials"},
    {SECTION_DAEMON, "control_socket", CONF_PATH, D(control_socket), "", 0, 0, NULL, false, false, "where cellpost asks; default: control in data_dir"},
    {SECTION_DAEMON, "log_level", CONF_WORD, D(log_level), "info", 0, 0, "debug info warn error", false, true, "least level that is logged"},
    {SECTION_DAEMON, "log_numbers", CONF_BOOL, D(log_mask), "masked", 0, 0, "full masked", false, true, "telephone numbers in the log"},
    {SECTION_DAEMON, "country", CONF_TEXT, D(country), "", 0, 0, NULL, false, true, "calling code by which local numbers are read, e.g. 41; empty: they are refused"},
    {SECTION_DAEMON, "trunk", CONF_TEXT, D(trunk), "0", 0, 0, NULL, false, true, "trunk prefix of local numbers"},
    {SECTION_DAEMON, "key_file", CONF_PATH, D(key_file), "", 0, 0, NULL, false, false, "key that seals the auth tokens, 64 hex digits; default: key in data_dir. A systemd credential cellpost.key goes before it"},
    {SECTION_DAEMON, "account_sid", CONF_HEX_SID, D(account_sid), "", 0, 0, "AC", false, false, "fixes the first account's SID (with auth_token); for CI"},
    {SECTION_DAEMON, "auth_token", CONF_TOKEN, D(auth_token), "", 0, 0, NULL, false, false, "fixes the first account's token"},

    {SECTION_HTTP, "listen", CONF_LISTEN, H(listen), "127.0.0.1:8080", 0, 0, NULL, false, false, "ADDRESS:PORT of the API"},
    {SECTION_HTTP, "unix_socket", CONF_PATH, H(unix_socket), "", 0, 0, NULL, false, false, "the API for cellpost send; default: http in data_dir"},
    {SECTION_HTTP, "connections", CONF_INT, H(connections), "512", 1, 10000, NULL, false, true, "clients at once"},
    {SECTION_HTTP, "per_address", CONF_INT, H(per_address), "256", 1, 10000, NULL, false, true, "of these from one client address (IPv6: one /64)"},
    {SECTION_HTTP, "plain_anywhere", CONF_BOOL, H(plain_anywhere), "no", 0, 0, NULL, false, false, "listen may be an address that others reach: tokens and texts then cross the network in the clear"},
    {SECTION_HTTP, "idle", CONF_DURATION, H(idle_ms), "75s", 100, 3600000, NULL, false, true, "a kept connection without a request is closed"},
    {SECTION_HTTP, "request", CONF_DURATION, H(request_ms), "20s", 100, 600000, NULL, false, true, "a request must have arrived whole"},
    {SECTION_HTTP, "account_rate", CONF_INT, H(account_rate), "10", 0, 100000, NULL, false, true, "requests a second of an account; above: 429. 0: any number"},
    {SECTION_HTTP, "account_burst", CONF_INT, H(account_burst), "30", 1, 1000000, NULL, false, true, "that many at once after a rest"},
    {SECTION_HTTP, "address_rate", CONF_INT, H(address_rate), "50", 0, 100000, NULL, false, true, "requests a second from a client's address (of IPv6: its /64), whoever asks; above: 429. 0: any number"},
    {SECTION_HTTP, "address_burst", CONF_INT, H(address_burst), "200", 1, 1000000, NULL, false, true, "that many at once after a rest"},
    {SECTION_HTTP, "failed_logins", CONF_INT, H(failed_logins), "5", 0, 1000, NULL, false, true, "with so many, an address's next one waits, each longer than the last. 0: never"},
    {SECTION_HTTP, "queue_max", CONF_INT, H(queue_max), "100000", 1, 100000000, NULL, false, true, "unsettled messages of an account; above: 429"},
    {SECTION_HTTP, "scheduled_max", CONF_INT, H(scheduled_max), "500000", 0, 100000000, NULL, false, true, "messages of an account that wait for their SendAt; above: 35125"},
    {SECTION_HTTP, "schedule_without_service", CONF_BOOL, H(schedule_without_service), "no", 0, 0, NULL, false, true, "SendAt is allowed without a messaging service, which Twilio refuses"},
    {SECTION_HTTP, "media", CONF_WORD, H(media), "refuse", 0, 0, "refuse append", false, true, "MediaUrl: refuse (21621), or append the URLs to the text, one a line"},
    {SECTION_HTTP, "to_allow", CONF_PREFIXES, H(to_allow), "", 0, 0, NULL, false, true, "recipients that may be written to, by prefix: +41 +4930; empty: all"},
    {SECTION_HTTP, "to_deny", CONF_PREFIXES, H(to_deny), "", 0, 0, NULL, false, true, "recipients that may not; of to_allow and to_deny the longest prefix decides, of equal ones to_deny"},

    {SECTION_TLS, "listen", CONF_LISTENS, T(listen), "", 0, 0, NULL, false, false, "ADDRESS:PORT of the API through TLS, up to 8 of them; empty: none"},
    {SECTION_TLS, "cert", CONF_PATH, T(cert), "", 0, 0, NULL, false, true, "PEM file of the certificate and its chain; empty: a local authority in data_dir/tls makes one"},
    {SECTION_TLS, "key", CONF_PATH, T(key), "", 0, 0, NULL, false, true, "PEM file of its key"},
    {SECTION_TLS, "names", CONF_LIST, T(names), "", 0, 0, NULL, false, true, "names and addresses in the local authority's certificate, besides the machine's, localhost and *.onprem.lan.twilio.com"},
    {SECTION_TLS, "handshake", CONF_DURATION, T(handshake_ms), "10s", 100, 600000, NULL, false, true, "a handshake must be over"},

    {SECTION_HOOKS, "ca_file", CONF_PATH, K(ca_file), "", 0, 0, NULL, false, true, "readable file of certificates that webhooks are checked with; default: the system's"},
    {SECTION_HOOKS, "allow", CONF_RANGES, K(allow), "", 0, 0, NULL, false, true, "address ranges that are allowed though refused by default (link-local, metadata ...)"},
    {SECTION_HOOKS, "deny", CONF_RANGES, K(deny), "", 0, 0, NULL, false, true, "address ranges that are refused besides"},
    {SECTION_HOOKS, "retry", CONF_BOOL, K(retry), "yes", 0, 0, NULL, false, true, "try again until answered; no: Twilio's single try"},
    {SECTION_HOOKS, "url_allow", CONF_URLS, K(url_allow), "", 0, 0, NULL, false, true, "what webhook URLs may be: beginnings (https://app.example/hooks/) or hosts (app.example, *.app.example, 10.0.0.5:8080); empty: any"},
    {SECTION_HOOKS, "sending", CONF_BOOL, K(sending), "no", 0, 0, NULL, false, true, "status callbacks for the change to sending too, which Twilio leaves out"},
    {SECTION_HOOKS, "breaker", CONF_BOOL, K(breaker), "yes", 0, 0, NULL, false, true, "after 5 failures in a row an endpoint is left alone for 30 s, then probed"},
    {SECTION_HOOKS, "parallel", CONF_INT, K(parallel), "400", 1, 1000, NULL, false, true, "webhook requests at once"},
    {SECTION_HOOKS, "connect", CONF_DURATION, K(connect_ms), "5s", 100, 10000, NULL, false, true, "time to connect"},
    {SECTION_HOOKS, "read", CONF_DURATION, K(read_ms), "15s", 100, 15000, NULL, false, true, "time without an octet of the answer"},
    {SECTION_HOOKS, "total", CONF_DURATION, K(total_ms), "15s", 100, 15000, NULL, false, true, "time for one request"},

    {SECTION_VERIFY, "from", CONF_TEXT, V(from), "", 0, 0, NULL, false, true, "who sends codes: a [line], or the SID (MG...) of a messaging service; empty, or another account's: the account's first line"},

    {SECTION_RETENTION, "messages", CONF_SECONDS, P(messages_s), "0", 0, 2147000000, NULL, false, true, "that long after its last change a message that is final goes, with its history; 0: never"},
    {SECTION_RETENTION, "bodies", CONF_SECONDS, P(bodies_s), "0", 0, 2147000000, NULL, false, true, "that long after it its text goes; 0: with the message"},
    {SECTION_RETENTION, "sent", CONF_SECONDS, P(sent_s), "0", 0, 2147000000, NULL, false, true, "the same for messages that are sent; 0: as messages"},
    {SECTION_RETENTION, "delivered", CONF_SECONDS, P(delivered_s), "0", 0, 2147000000, NULL, false, true, "the same for messages that are delivered; 0: as messages"},
    {SECTION_RETENTION, "undelivered", CONF_SECONDS, P(undelivered_s), "0", 0, 2147000000, NULL, false, true, "the same for messages that are undelivered; 0: as messages"},
    {SECTION_RETENTION, "failed", CONF_SECONDS, P(failed_s), "0", 0, 2147000000, NULL, false, true, "the same for messages that are failed; 0: as messages"},
    {SECTION_RETENTION, "canceled", CONF_SECONDS, P(canceled_s), "0", 0, 2147000000, NULL, false, true, "the same for messages that are canceled; 0: as messages"},
    {SECTION_RETENTION, "received", CONF_SECONDS, P(received_s), "0", 0, 2147000000, NULL, false, true, "the same for messages that are received; 0: as messages"},

    {SECTION_LINE, "number", CONF_NUMBER, L(number), "", 0, 0, NULL, false, true, "its telephone number, +E.164; empty: asked from the SIM"},
    {SECTION_LINE, "iccid", CONF_ICCID, L(iccid), "", 0, 0, NULL, false, true, "its SIM; empty: the first that is seen"},
    {SECTION_LINE, "modem", CONF_NAME_REF, L(modem), "", 0, 0, "modem", false, true, "[modem] that holds the SIM"},
    {SECTION_LINE, "carrier", CONF_WORD, L(carrier), "modem", 0, 0, "modem simulator loopback", true, true, "simulator: no modem, [simulate] rules say what becomes of a message, without any it is delivered at once; loopback means the same"},
    {SECTION_LINE, "account", CONF_TEXT, L(account), "", 0, 0, NULL, false, true, "whose it is: an account's SID, or its name where only one has it; empty: the first account. For a new line only: afterwards AccountSid of IncomingPhoneNumbers moves it"},
    {SECTION_LINE, "class", CONF_NAME_REF, L(class_name), "default", 0, 0, "class", false, true, "[class] of its messages unless Tags name another"},
    {SECTION_LINE, "pin", CONF_PIN, L(pin), "", 0, 0, NULL, false, true, "SIM PIN; entered only while two tries are left, never twice when wrong"},
    {SECTION_LINE, "sms_url", CONF_URL, L(sms_url), "", 0, 0, NULL, false, true, "inbound webhook; for a new line only: afterwards IncomingPhoneNumbers of the API owns it"},
    {SECTION_LINE, "sms_method", CONF_WORD, L(sms_method), "POST", 0, 0, "POST GET", true, true, "its method; for a new line only"},
    {SECTION_LINE, "sms_fallback_url", CONF_URL, L(sms_fallback_url), "", 0, 0, NULL, false, true, "asked when sms_url fails; for a new line only"},
    {SECTION_LINE, "sms_fallback_method", CONF_WORD, L(sms_fallback_method), "POST", 0, 0, "POST GET", true, true, "its method; for a new line only"},
    {SECTION_LINE, "status_callback", CONF_URL, L(status_callback), "", 0, 0, NULL, false, true, "status callbacks of messages that name none; for a new line only"},
    {SECTION_LINE, "status_reports", CONF_BOOL, L(status_reports), "yes", 0, 0, NULL, false, true, "ask the network for delivery reports"},
    {SECTION_LINE, "rate", CONF_INT, L(rate), "1", 0, 1000, NULL, false, true, "segments a second that leave by it at most; 0: any number, the default where there is no modem"},
    {SECTION_LINE, "queue_max", CONF_INT, L(queue_max), "1000", 1, 100000000, NULL, false, true, "unsettled messages of the line; above: 429 with code 21611"},
    {SECTION_LINE, "optout", CONF_LIST, L(optout), "en", 0, 0, NULL, false, true, "sets of STOP, START and HELP words that count: de en es fr it nl pt, an [optout NAME], or off"},

    {SECTION_MODEM, "port", CONF_PORT, M(port), "", 0, 0, NULL, false, true, "serial:PATH (best under /dev/serial/by-id) or pty:PATH"},
    {SECTION_MODEM, "baud", CONF_INT, M(baud), "115200", 1200, 4000000, NULL, false, true, "rate of a serial port"},
    {SECTION_MODEM, "model", CONF_TEXT, M(model), "", 0, 0, NULL, false, true, "forces a model; empty: by what the modem says of itself"},
    {SECTION_MODEM, "slot", CONF_SLOT, M(slot), "", 0, 0, NULL, false, true, "its power switch: BOARD:N, slot N (from 0) of a [board]; sim:SOCKET:NAME; empty: none"},
    {SECTION_MODEM, "module", CONF_TEXT, M(module), "", 0, 0, NULL, false, true, "what sits in the board's slot: SIM800 SIM7600 A7670 EC25 BG95 SARA_R4 SARA_R5 LE910 NRF91 M2, or CUSTOM with timing; empty: as the board has it"},
    {SECTION_MODEM, "timing", CONF_TEXT, M(timing), "", 0, 0, NULL, false, true, "times of module CUSTOM: PULSE, LEVEL or AUTO, then rise= on= off= reset= up_max= down_max= settle= min_off= in ms"},

    {SECTION_BOARD, "port", CONF_PORT, B(port), "", 0, 0, NULL, false, true, "serial:PATH or pty:PATH of a modem board's link; the path may be a pattern, serial:/dev/cellpost-board-*: the first that answers and fits"},
    {SECTION_BOARD, "baud", CONF_INT, B(baud), "115200", 1200, 4000000, NULL, false, true, "the link's rate: see the board's page"},
    {SECTION_BOARD, "type", CONF_TEXT, B(type), "", 0, 0, NULL, false, true, "what the board must call itself (cellpost board); empty: anything"},
    {SECTION_BOARD, "loader", CONF_TEXT, B(loader), "", 0, 0, NULL, false, true, "for a board that takes no firmware over the link: the tool that writes it, without a shell; %p is the port's path, %f the file"},

    {SECTION_CLASS, "unsure", CONF_WORD, C(unsure), "hold", 0, 0, "hold resend", false, true, "a message whose outcome is unknown: hold (never twice) or resend (once)"},
    {SECTION_CLASS, "priority", CONF_INT, C(priority), "5", 0, 9, NULL, false, true, "9 leaves first"},
    {SECTION_CLASS, "validity", CONF_SECONDS, C(validity_s), "10h", 1, 36000, NULL, false, true, "how long a message may wait and be tried"},

    {SECTION_SERVICE, "sid", CONF_HEX_SID, S(sid), "", 0, 0, "MG", false, true, "its SID; empty: made up, and kept while the section has this name"},
    {SECTION_SERVICE, "lines", CONF_LIST, S(lines), "", 0, 0, "line", false, true, "[line]s of its pool"},
    {SECTION_SERVICE, "inbound_request_url", CONF_URL, S(inbound_request_url), "", 0, 0, NULL, false, true, "inbound webhook of its lines"},
    {SECTION_SERVICE, "inbound_method", CONF_WORD, S(inbound_method), "POST", 0, 0, "POST GET", true, true, "its method"},
    {SECTION_SERVICE, "fallback_url", CONF_URL, S(fallback_url), "", 0, 0, NULL, false, true, "asked when that fails"},
    {SECTION_SERVICE, "fallback_method", CONF_WORD, S(fallback_method), "POST", 0, 0, "POST GET", true, true, "its method"},
    {SECTION_SERVICE, "status_callback", CONF_URL, S(status_callback), "", 0, 0, NULL, false, true, "status callbacks of its messages"},
    {SECTION_SERVICE, "sticky_sender", CONF_BOOL, S(sticky_sender), "no", 0, 0, NULL, false, true, "a recipient keeps the line that wrote to it first"},
    {SECTION_SERVICE, "area_code_geomatch", CONF_BOOL, S(area_code_geomatch), "no", 0, 0, NULL, false, true, "prefer the line whose number is most like the recipient's"},
    {SECTION_SERVICE, "smart_encoding", CONF_BOOL, S(smart_encoding), "no", 0, 0, NULL, false, true, "replace look-alikes so that GSM 7-bit fits"},
    {SECTION_SERVICE, "use_inbound_webhook_on_number", CONF_BOOL, S(use_inbound_webhook_on_number), "no", 0, 0, NULL, false, true, "inbound goes to the line's own sms_url"},
    {SECTION_SERVICE, "validity", CONF_SECONDS, S(validity_s), "10h", 1, 36000, NULL, false, true, "validity of its messages"},

    {SECTION_SIMULATE, "line", CONF_NAME_REF, R(line), "", 0, 0, "line", false, true, "a simulated [line]; empty: all of them"},
    {SECTION_SIMULATE, "to", CONF_PATTERN, R(to), "", 0, 0, NULL, false, true, "recipient: +41791234567, or with * for any digits, +4179*; empty: everybody"},
    {SECTION_SIMULATE, "outcome", CONF_WORD, R(outcome), "sent", 0, 0, "sent reject retry unsure", false, true, "what the line answers: failed for good is reject, tried again is retry, unknown is unsure"},
    {SECTION_SIMULATE, "error", CONF_INT, R(error), "30008", 30001, 30999, NULL, false, true, "ErrorCode of reject, and of retry once the validity is over"},
    {SECTION_SIMULATE, "after", CONF_DURATION, R(after_ms), "100ms", 0, 86400000, NULL, false, true, "time until that answer; the line is busy meanwhile"},
    {SECTION_SIMULATE, "receipt", CONF_WORD, R(receipt), "auto", 0, 0, "auto delivered undelivered none", false, true, "delivery report; auto: delivered after sent, else none; none: cellpost simulate receipt may give it"},
    {SECTION_SIMULATE, "receipt_error", CONF_INT, R(receipt_error), "30008", 30003, 30017, NULL, false, true, "ErrorCode of undelivered: 30003 to 30008 or 30017"},
    {SECTION_SIMULATE, "receipt_after", CONF_DURATION, R(receipt_after_ms), "200ms", 0, 86400000, NULL, false, true, "time from the answer to the report"},
    {SECTION_SIMULATE, "times", CONF_INT, R(times), "0", 0, 1000000000, NULL, false, true, "only so many attempts, then the next rule that fits; 0: always"},
    {SECTION_SERVICE, "optout", CONF_LIST, S(optout), "", 0, 0, NULL, false, true, "the same for its messages; empty: as the line that they come in on"},

    {SECTION_OPTOUT, "stop", CONF_LIST, O(stop), "", 0, 0, NULL, false, true, "words that end messages; a set of a built-in name replaces it whole"},
    {SECTION_OPTOUT, "start", CONF_LIST, O(start), "", 0, 0, NULL, false, true, "words that begin them again"},
    {SECTION_OPTOUT, "help", CONF_LIST, O(help), "", 0, 0, NULL, false, true, "words that ask how"},
    {SECTION_OPTOUT, "stop_reply", CONF_TEXT, O(stop_reply), "", 0, 0, NULL, false, true, "what is answered to a stop word; empty: nothing"},
    {SECTION_OPTOUT, "start_reply", CONF_TEXT, O(start_reply), "", 0, 0, NULL, false, true, "to a start word"},
    {SECTION_OPTOUT, "help_reply", CONF_TEXT, O(help_reply), "", 0, 0, NULL, false, true, "to a help word"},

    {SECTION_COUNT, NULL, CONF_TEXT, 0, NULL, 0, 0, NULL, false, false, NULL},
};
/* clang-format on */
