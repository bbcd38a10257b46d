/* Any octets as a TPDU. The first octet: bit 0 an SMSC is in front, bit 1 stored by the module, bit 2 the
 * rest is hex text. What is decoded keeps the promises of pdu.h; a SUBMIT that can be written again says the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/sms/pdu.h"
#include "host/sms/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);
    require(end != NULL && utf8_valid(text, (size_t)(end - text)));
}

static void check_time(const struct pdu_time *time)
{
    require(time->valid || (time->utc_s == 0 && time->tz_quarters == 0));
    require(time->tz_quarters >= -79 && time->tz_quarters <= 79);
}

static void check_header(const struct pdu *pdu)
{
    const struct pdu_udh *udh = &pdu->udh;
    require(udh->len == 0 || (udh->len < pdu->ud_len && pdu->first_octet & 0x40));
    require(!udh->has_concat || (udh->seq >= 1 && udh->seq <= udh->total &&
                                 (udh->concat_bits == 16 || (udh->concat_bits == 8 && udh->ref < 256))));
    require(!udh->has_ports || udh->port_bits == 16 ||
            (udh->port_bits == 8 && udh->port_dest < 256 && udh->port_source < 256));
    require(!(pdu->flags & PDU_FLAG_BAD_UDH) || (udh->len == 0 && !udh->has_concat && !udh->has_ports));
}

static void check(const struct pdu *pdu, size_t octets)
{
    check_text(pdu->text, sizeof pdu->text);
    check_text(pdu->address.text, sizeof pdu->address.text);
    check_text(pdu->smsc.text, sizeof pdu->smsc.text);
    check_time(&pdu->scts);
    check_time(&pdu->discharge);
    check_header(pdu);
    require(pdu->ud_len <= PDU_UD_MAX && pdu->ud_len <= octets);
    require(pdu->message_class >= -1 && pdu->message_class <= 3);
    require(!(pdu->flags & PDU_FLAG_COMPRESSED) || pdu->text[0] == '\0');
}

static bool is_number(const struct pdu_address *address)
{
    return address->toa == (address->text[0] == '+' ? 0x91 : 0x81);
}

static void write_again(const struct pdu *pdu)
{
    const struct pdu_submit submit = {.smsc = pdu->smsc.text,
                                      .to = pdu->address.text,
                                      .mr = pdu->mr,
                                      .status_report = pdu->first_octet & 0x20,
                                      .reject_duplicates = pdu->first_octet & 0x04,
                                      .udhi = pdu->first_octet & 0x40,
                                      .vp_relative = pdu->vpf == 2 ? pdu->vp[0] : -1,
                                      .pid = pdu->pid,
                                      .dcs = pdu->dcs,
                                      .udl = pdu->udl,
                                      .ud = pdu->ud,
                                      .ud_len = pdu->ud_len};
    char hex[PDU_HEX_MAX];
    size_t tpdu_len;
    struct pdu again;
    require(pdu_encode_submit(&submit, hex, &tpdu_len) == PDU_OK);
    require(pdu_decode_hex(hex, strlen(hex), true, true, &again) == PDU_OK);
    require(again.tpdu_len == tpdu_len && again.flags == (pdu->flags & ~(unsigned)PDU_FLAG_TAIL));
    require(strcmp(again.text, pdu->text) == 0 && strcmp(again.address.text, pdu->address.text) == 0);
    require(again.ud_len == pdu->ud_len && memcmp(again.ud, pdu->ud, pdu->ud_len) == 0);
    require(again.mr == pdu->mr && again.pid == pdu->pid && again.dcs == pdu->dcs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pdu pdu;
    if (size == 0)
        return 0;
    bool has_smsc = data[0] & 1, stored = data[0] & 2, hex = data[0] & 4;
    enum pdu_error error = hex ? pdu_decode_hex((const char *)data + 1, size - 1, has_smsc, stored, &pdu)
                               : pdu_decode(data + 1, size - 1, has_smsc, stored, &pdu);
    require(pdu_error_text(error)[0] != '?');
    check(&pdu, size - 1);
    require((error != PDU_OK) == (pdu.flags & PDU_FLAG_BROKEN ? 1 : 0));
    if (error != PDU_OK) {
        require(pdu.text[0] == '\0' && pdu.ud_len == 0 && !(pdu.flags & PDU_FLAG_TAIL));
        return 0;
    }
    if (pdu.type == PDU_SUBMIT && (pdu.vpf == 0 || pdu.vpf == 2) && pdu.address.text[0] != '\0' &&
        is_number(&pdu.address) && (pdu.smsc.text[0] == '\0' || is_number(&pdu.smsc)) &&
        !(pdu.flags & PDU_FLAG_UDL_CLAMPED))
        write_again(&pdu);
    return 0;
}
