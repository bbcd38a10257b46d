/* A board's firmware as a file: a header, then the program. One format for the build, the operator's command,
 * the link and the boards. Pure.
 *
 * The header is IMAGE_HEADER_LEN octets, little endian, and guards itself by a CRC; the program begins at
 * `begin`, so that a part may put it at an address its vectors allow (what lies between is 0xFF), and ends
 * with the file. struct image_header lies in memory as it does in the file wherever the part is little
 * endian; image_header_get reads it anywhere. Refused is what is not whole, what is for another board, and
 * what is longer or shorter than its header says. A CRC is no signature: who may write to the board's port
 * may run what he likes on it. */
#ifndef CELLPOST_FIRMWARE_IMAGE_H
#define CELLPOST_FIRMWARE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/link/table.h"

#define IMAGE_MAGIC      UINT32_C(0x31495043) /* "CPI1" */
#define IMAGE_HEADER_LEN 40
#define IMAGE_MAX        (UINT32_C(2) << 20) /* octets of header and program */

struct image_header {
    uint32_t magic;
    uint16_t begin;            /* of the program, from the header's first octet; at least IMAGE_HEADER_LEN */
    uint16_t version;          /* major * 256 + minor */
    uint32_t size;             /* of the program, octets; not 0 */
    uint32_t crc32;            /* IEEE, of the program */
    char board[LINK_TEXT_LEN]; /* board_name(), padded with NUL */
    uint32_t header_crc32;     /* of all before it */
};
_Static_assert(sizeof(struct image_header) == IMAGE_HEADER_LEN,
               "the header in memory is the header in the file");

enum image_fault {
    IMAGE_GOOD,
    IMAGE_NOT,         /* no magic: something else */
    IMAGE_HEADER,      /* header damaged */
    IMAGE_OTHER_BOARD, /* whole, for another board */
    IMAGE_SIZE,        /* shorter or longer than the header says */
    IMAGE_DAMAGED,     /* the program's CRC */
};

/* CRC-32 as zlib's: begin with 0, feed any number of pieces. */
uint32_t image_crc32(uint32_t crc, const uint8_t *octets, size_t len);
/* IMAGE_GOOD, IMAGE_NOT or IMAGE_HEADER. *header is filled only where it is good. */
enum image_fault image_header_get(struct image_header *header, const uint8_t octets[IMAGE_HEADER_LEN]);
/* Fills magic and header_crc32 too. */
void image_header_put(struct image_header *header, uint8_t octets[IMAGE_HEADER_LEN]);
/* board: NUL-ended, or LINK_TEXT_LEN octets. */
bool image_is_for(const struct image_header *header, const char *board);
uint32_t image_len(const struct image_header *header); /* of header and program */

/* A whole file in memory; board NULL: whatever it is for. */
enum image_fault image_check(struct image_header *header, const uint8_t *octets, size_t len,
                             const char *board);

#endif
