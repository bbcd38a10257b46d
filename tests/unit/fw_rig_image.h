/* The rig's two places for images, as board.h asks: power may go at any octet, and the decision at a reset.
 */
#ifndef CELLPOST_TEST_FW_RIG_IMAGE_H
#define CELLPOST_TEST_FW_RIG_IMAGE_H

#include "fw_rig.h"

#define RIG_IMAGE_MAX 1024

struct rig_image {
    uint8_t places[2][RIG_IMAGE_MAX];
    uint8_t running; /* which place */
    bool marked, testing;
    long power;     /* changes until power goes; -1: never */
    long bad_octet; /* offset of a cell that does not hold what is written; -1: none */
};

extern struct rig_image rig_image;

void rig_image_init(void);                       /* version 1 runs in place 0 */
enum link_cause rig_image_boot(enum link_cause); /* at each reset; the cause that the image is told */
uint16_t rig_image_version(void);                /* of the one that runs; aborts when it is not whole */
/* An image of `len` octets in all for this board; returns its CRC. */
uint32_t rig_image_make(uint8_t *to, uint16_t len, uint16_t version, const char *board);

#endif
