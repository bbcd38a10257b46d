/* Any octets as an image's file: no reading out of bounds; what is called good has a program within the file,
 * and its header is written to the same octets again. Then the same with a mended header, so that what lies
 * behind its CRC is reached. */
#include <stdlib.h>
#include <string.h>

#include "firmware/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void try_file(const uint8_t *file, size_t len)
{
    struct image_header header;
    uint8_t octets[IMAGE_HEADER_LEN];
    if (image_check(&header, file, len, NULL) != IMAGE_GOOD)
        return;
    require(header.begin >= IMAGE_HEADER_LEN && header.size > 0 && image_len(&header) == len);
    image_header_put(&header, octets);
    require(memcmp(octets, file, IMAGE_HEADER_LEN) == 0);
    require(image_is_for(&header, header.board));
}

/* An exact copy, so that a sanitizer sees the first octet behind it. */
static void try_copy(const uint8_t *data, size_t size, bool mend)
{
    struct image_header header;
    uint8_t *file = malloc(size > 0 ? size : 1);
    if (file == NULL)
        abort();
    memcpy(file, data, size);
    if (mend && size >= IMAGE_HEADER_LEN) {
        memcpy(&header, file, sizeof header);
        if (header.begin < size && header.size == size - header.begin)
            header.crc32 = image_crc32(0, file + header.begin, header.size);
        image_header_put(&header, file);
    }
    try_file(file, size);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_copy(data, size, false);
    try_copy(data, size, true);
    return 0;
}
