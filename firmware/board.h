/* What a board owes the firmware. All is called from one loop; nothing blocks longer than a millisecond
 * except an erase of NV. "Asserted" is what the modem or the host feels: which level that takes is the
 * board's affair, and so are open drains, back-powering (with VBAT off no line to the modem is driven high)
 * and pulls that keep the present state while the part is in reset. */
#ifndef CELLPOST_FIRMWARE_BOARD_H
#define CELLPOST_FIRMWARE_BOARD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "firmware/link/message.h"

#ifndef FIRMWARE_SLOTS
#define FIRMWARE_SLOTS 2 /* 1 to 4; the board's build says */
#endif
#ifndef FIRMWARE_VERSION
#define FIRMWARE_VERSION 0x0001 /* major * 256 + minor */
#endif

/* Constants of a part whose pointers do not reach its flash. BOARD_TEXT("...") is only good for
 * board_text_copy, a BOARD_CONST object only for board_const_copy. */
#ifdef __AVR__
#include <avr/pgmspace.h>
#define BOARD_TEXT(text)                PSTR(text)
#define BOARD_CONST                     PROGMEM
#define board_const_copy(to, from, len) memcpy_P(to, from, len)
#define board_text_octet(text, i)       ((char)pgm_read_byte((text) + (i)))
#else
#define BOARD_TEXT(text) (text)
#define BOARD_CONST
#define board_const_copy(to, from, len) memcpy(to, from, len)
#define board_text_octet(text, i)       ((text)[i])
#endif

enum board_pin { BOARD_VBAT_EN, BOARD_PWRKEY, BOARD_RESET, BOARD_HOST_CUT, BOARD_LED };
enum board_measure { BOARD_SUPPLY_MV, BOARD_RAIL_MV, BOARD_CURRENT_MA, BOARD_TEMPERATURE_DC };
#define BOARD_NOT_MEASURED INT32_MIN

uint32_t board_ms(void);                                     /* since the start; wraps */
const char *board_name(void);                                /* BOARD_TEXT, at most LINK_TEXT_LEN octets */
uint16_t board_capabilities(void);                           /* enum link_cap */
enum link_cause board_cause(void);                           /* of the last reset, the same at every call */
void board_pin(enum board_pin, uint8_t slot, bool asserted); /* slot is 0 where the pin is the board's */
bool board_status(uint8_t slot);                             /* STATUS, V_INT, PWRMON ...: the modem runs */
int32_t board_measure(enum board_measure, uint8_t slot);
int16_t board_uart_get(void);                            /* an octet, or -1 */
bool board_uart_put(const uint8_t *octets, uint8_t len); /* the whole frame, or false and nothing */
void board_watchdog_feed(void);                          /* the hardware watchdog; its time is 1 to 8 s */
_Noreturn void board_reset(void);                        /* a reset of the part; board_kept survives it */

/* Memory that survives every reset but a loss of power; its contents need not be sane. */
#define BOARD_KEPT_MAX (2 * (72 + 44 * FIRMWARE_SLOTS))
void *board_kept(void);

/* NV: two pages of equal size. Erased octets read 0xFF; an octet is written once between two erases. */
uint16_t board_nv_page_len(void); /* 0: has none */
void board_nv_read(uint8_t page, uint16_t at, void *to, uint16_t len);
bool board_nv_write(uint8_t page, uint16_t at, const void *from, uint16_t len);
bool board_nv_erase(uint8_t page);
/* For slow cells; a board where nothing is left to do when a write or an erase returns need not have these.
 * busy: something is still on its way to its cells (reads see it already), and one more may have to wait.
 * flush: waits until what was written is there; an erase may go on. */
bool board_nv_busy(void);
void board_nv_flush(void);

/* Images (image.h), where board_capabilities has LINK_CAP_UPDATE; else never called. There is a place for one
 * image beside the running one. The modems' pins hold meanwhile, and over the resets. Power may go at any
 * octet: until board_image_test the place beside is only written to; test and confirm are each there or not.
 *
 * At every reset the board decides: a marked image, whole by its header and CRCs, is started once with
 * LINK_CAUSE_UPDATE; one that was started so and not confirmed is left, whatever the reset's cause, and the
 * old one started. */
bool board_image_begin(uint32_t size); /* false: does not fit. Erasing may be left to the writes */
bool board_image_write(uint32_t offset, const uint8_t *octets, uint8_t len); /* in order, without a gap */
bool board_image_read(uint32_t offset, uint8_t *octets, uint8_t len);        /* as it lies there */
bool board_image_test(void);    /* marks it; the firmware makes the reset */
bool board_image_confirm(void); /* the running image is kept; the one before it may be lost */
bool board_image_revert(void);  /* takes board_image_test back, before the reset */

#endif
