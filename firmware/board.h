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
#define FIRMWARE_VERSION 0x0001 /* major * 256 + minor */

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
#define BOARD_KEPT_MAX (80 + 48 * FIRMWARE_SLOTS)
void *board_kept(void);

/* NV: two pages of equal size. Erased octets read 0xFF; an octet is written once between two erases. */
uint16_t board_nv_page_len(void); /* 0: has none */
void board_nv_read(uint8_t page, uint16_t at, void *to, uint16_t len);
bool board_nv_write(uint8_t page, uint16_t at, const void *from, uint16_t len);
bool board_nv_erase(uint8_t page);

/* Images, where board_capabilities has LINK_CAP_UPDATE; else never called. The modems' pins hold meanwhile.
 */
bool board_image_begin(uint32_t size);
bool board_image_write(uint32_t offset, const uint8_t *octets, uint8_t len);
bool board_image_test(void); /* takes effect at the next reset, which the firmware makes */
bool board_image_confirm(void);
bool board_image_revert(void);

#endif
