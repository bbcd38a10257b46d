/* image-make BOARD MAJOR.MINOR BEGIN PROGRAM IMAGE: puts firmware/image.h's header before a program, for the
 * builds of boards. BEGIN: where in the image the program begins, decimal. Exit status 1 with a sentence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/image.h"

static int fail(const char *what)
{
    fprintf(stderr, "image-make: %s\n", what);
    return EXIT_FAILURE;
}

static bool read_version(const char *text, uint16_t *version)
{
    unsigned major, minor;
    char rest;
    if (sscanf(text, "%3u.%3u%c", &major, &minor, &rest) != 2 || major > 255 || minor > 255)
        return false;
    *version = (uint16_t)(major << 8 | minor);
    return true;
}

/* The program behind `begin` octets of 0xFF. */
static uint8_t *read_program(const char *path, struct image_header *header)
{
    uint8_t *image = malloc(IMAGE_MAX + 1);
    FILE *file = fopen(path, "rb");
    if (image != NULL && file != NULL) {
        memset(image, 0xFF, header->begin);
        header->size = (uint32_t)fread(image + header->begin, 1, IMAGE_MAX + 1 - header->begin, file);
    }
    bool good = image != NULL && file != NULL && ferror(file) == 0;
    if (file != NULL)
        fclose(file);
    if (good)
        return image;
    free(image);
    return NULL;
}

static bool write_image(const char *path, const uint8_t *image, size_t len)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    bool good = fwrite(image, 1, len, file) == len;
    return fclose(file) == 0 && good;
}

int main(int argc, char **argv)
{
    struct image_header header = {.magic = IMAGE_MAGIC};
    if (argc != 6)
        return fail("usage: image-make BOARD MAJOR.MINOR BEGIN PROGRAM IMAGE");
    unsigned long begin = strtoul(argv[3], NULL, 10);
    if (strlen(argv[1]) == 0 || strlen(argv[1]) > sizeof header.board)
        return fail("BOARD has 1 to 20 letters");
    memcpy(header.board, argv[1], strlen(argv[1]));
    if (!read_version(argv[2], &header.version))
        return fail("version is MAJOR.MINOR, each 0 to 255");
    if (begin < IMAGE_HEADER_LEN || begin > UINT16_MAX)
        return fail("BEGIN is 40 to 65535");
    header.begin = (uint16_t)begin;
    uint8_t *image = read_program(argv[4], &header);
    if (image == NULL)
        return fail("PROGRAM cannot be read");
    header.crc32 = image_crc32(0, image + header.begin, header.size);
    image_header_put(&header, image);
    bool sized = header.size > 0 && image_len(&header) <= IMAGE_MAX;
    bool good = sized && write_image(argv[5], image, image_len(&header));
    free(image);
    return good ? EXIT_SUCCESS : fail(sized ? "IMAGE cannot be written" : "PROGRAM is empty or over 2 MiB");
}
