/* The image's header: vectors, and each way in which a file is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/image.h"

static uint8_t file[64];

static void make(void)
{
    struct image_header header = {.begin = 48, .version = 0x0102, .size = 16, .board = "host"};
    memset(file, 0xFF, sizeof file);
    memcpy(file + 48, "a program's text", 16);
    header.crc32 = image_crc32(0, file + 48, 16);
    image_header_put(&header, file);
}

static void crc_is_zlibs(void **state)
{
    const uint8_t *digits = (const uint8_t *)"123456789";
    (void)state;
    assert_int_equal(image_crc32(0, digits, 9), 0xCBF43926);
    assert_int_equal(image_crc32(image_crc32(0, digits, 4), digits + 4, 5), 0xCBF43926);
    assert_int_equal(image_crc32(0, digits, 0), 0);
}

static void a_header_is_read_as_written(void **state)
{
    static const uint8_t begins[] = {'C', 'P', 'I', '1', 48, 0, 2, 1, 16, 0, 0, 0};
    struct image_header header;
    (void)state;
    make();
    assert_memory_equal(file, begins, sizeof begins);
    assert_int_equal(image_check(&header, file, sizeof file, "host"), IMAGE_GOOD);
    assert_int_equal(header.version, 0x0102);
    assert_int_equal(header.begin, 48);
    assert_int_equal(image_len(&header), sizeof file);
    assert_int_equal(image_check(&header, file, sizeof file, NULL), IMAGE_GOOD);
}

static void each_fault_has_its_name(void **state)
{
    struct image_header header;
    (void)state;
    make();
    assert_int_equal(image_check(&header, file, IMAGE_HEADER_LEN - 1, "host"), IMAGE_NOT);
    assert_int_equal(image_check(&header, file, sizeof file - 1, "host"), IMAGE_SIZE);
    assert_int_equal(image_check(&header, file, sizeof file, "hos"), IMAGE_OTHER_BOARD);
    assert_int_equal(image_check(&header, file, sizeof file, "host2"), IMAGE_OTHER_BOARD);
    for (size_t i = 0; i < sizeof file; i++) {
        make();
        file[i] ^= 0x10;
        enum image_fault want = i < 4                                 ? IMAGE_NOT
                                : i < IMAGE_HEADER_LEN                ? IMAGE_HEADER
                                : i < 48 /* between them: no one's */ ? IMAGE_GOOD
                                                                      : IMAGE_DAMAGED;
        assert_int_equal(image_check(&header, file, sizeof file, "host"), want);
    }
}

static void sizes_that_do_not_fit_are_no_header(void **state)
{
    static const struct {
        uint16_t begin;
        uint32_t size;
    } rows[] = {{39, 16}, {0, 16}, {48, 0}, {48, IMAGE_MAX}, {48, UINT32_MAX}, {UINT16_MAX, UINT32_MAX - 5}};
    struct image_header header;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct image_header bad = {.begin = rows[i].begin, .size = rows[i].size, .board = "host"};
        image_header_put(&bad, file);
        assert_int_equal(image_check(&header, file, sizeof file, "host"), IMAGE_HEADER);
    }
}

static void a_name_may_fill_its_field(void **state)
{
    struct image_header header = {.begin = 48, .size = 16};
    (void)state;
    memcpy(header.board, "abcdefghijklmnopqrst", sizeof header.board);
    assert_true(image_is_for(&header, "abcdefghijklmnopqrst"));
    assert_false(image_is_for(&header, "abcdefghijklmnopqrs"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_is_zlibs), cmocka_unit_test(a_header_is_read_as_written),
        cmocka_unit_test(each_fault_has_its_name), cmocka_unit_test(sizes_that_do_not_fit_are_no_header),
        cmocka_unit_test(a_name_may_fill_its_field)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
