/* NV in flash that takes a double word (8 octets, with their ECC) once between two erases, where the firmware
 * writes octets. So flash holds a log of pieces: where, how many, up to five octets. Memory holds what they
 * come to. Each page is two pages of the part. A double word that power cut off has a wrong ECC: its read
 * ends in the NMI, and it is passed over. */
#include "boards/stm32g030/nv.h"

#include "boards/stm32g030/chip.h"

#define PAGE_LEN     1024
#define FLASH_PAGE   2048
#define FIRST        28 /* flash pages 28 to 31, the last of 64 kB */
#define PAGES_EACH   2
#define PIECES       (PAGES_EACH * FLASH_PAGE / 8) /* the firmware's records come to 3 octets a piece and more */
#define PIECE_OCTETS 5
#define FLASH_BASE   UINT32_C(0x08000000)

/* In flash as it is here; the part is little endian. */
struct piece {
    uint16_t at;
    uint8_t len, octets[PIECE_OCTETS];
};
_Static_assert(sizeof(struct piece) == 8, "a double word");

static uint8_t mirror[2][PAGE_LEN];
static uint16_t used[2]; /* pieces */
static volatile bool torn, reading;

static volatile uint32_t *place(uint8_t page, uint16_t piece)
{
    return &REG(FLASH_BASE + (uint32_t)(FIRST + PAGES_EACH * page) * FLASH_PAGE + piece * 8u);
}

/* What FLASH_ECCR tells is not asked: after a reset in the middle of a write it may be wrong. */
bool nv_torn(void)
{
    FLASH_ECCR = FLASH_ECCR_TWO;
    torn = true;
    return reading;
}

/* ---- reading ---- */

/* False: torn. */
static bool read_words(uint32_t words[2], const volatile uint32_t *from)
{
    torn = false;
    reading = true;
    words[0] = from[0];
    words[1] = from[1];
    __asm volatile("dsb" : : : "memory");
    reading = false;
    return !torn;
}

/* False: erased. */
static bool read_piece(struct piece *piece, uint8_t page, uint16_t number)
{
    uint32_t words[2];
    bool whole = read_words(words, place(page, number));
    memcpy(piece, words, sizeof *piece);
    if (!whole)
        piece->len = 0;
    return !whole || words[0] != UINT32_MAX || words[1] != UINT32_MAX;
}

/* Never over what another piece has brought: then it is a damaged one. */
static void apply(uint8_t page, const struct piece *piece)
{
    if (piece->len > PIECE_OCTETS || piece->at + (uint32_t)piece->len > PAGE_LEN)
        return;
    for (uint8_t i = 0; i < piece->len; i++)
        if (mirror[page][piece->at + i] != 0xFF)
            return;
    memcpy(mirror[page] + piece->at, piece->octets, piece->len);
}

static void open_page(uint8_t page)
{
    struct piece piece;
    memset(mirror[page], 0xFF, PAGE_LEN);
    used[page] = 0;
    for (uint16_t i = 0; i < PIECES; i++)
        if (read_piece(&piece, page, i)) {
            apply(page, &piece);
            used[page] = (uint16_t)(i + 1);
        }
}

void nv_open(void)
{
    open_page(0);
    open_page(1);
}

/* ---- writing ---- */

/* Whether it ended well. CFGBSY may stay for as long as an error stands, so errors are cleared before it is
 * awaited. */
static bool end_operation(void)
{
    while ((FLASH_SR & FLASH_SR_BUSY) != 0)
        ;
    bool good = (FLASH_SR & FLASH_SR_ERROR) == 0;
    FLASH_SR = FLASH_SR_ERROR;
    while ((FLASH_SR & FLASH_SR_CFG) != 0)
        ;
    return good;
}

static void unlock(void)
{
    (void)end_operation(); /* the part itself leaves an error there at a reset */
    if ((FLASH_CR & FLASH_CR_LOCK) == 0)
        return;
    FLASH_KEYR = FLASH_KEY1;
    FLASH_KEYR = FLASH_KEY2;
}

static bool lock(void)
{
    bool good = end_operation();
    FLASH_CR = FLASH_CR_LOCK;
    return good;
}

static bool write_piece(uint8_t page, const struct piece *piece)
{
    uint32_t words[2], found[2];
    if (used[page] == PIECES)
        return false;
    volatile uint32_t *to = place(page, used[page]++);
    memcpy(words, piece, sizeof words);
    unlock();
    FLASH_CR = FLASH_CR_PG;
    to[0] = words[0];
    to[1] = words[1];
    if (!lock() || !read_words(found, to) || memcmp(found, words, sizeof found) != 0)
        return false;
    apply(page, piece);
    return true;
}

uint16_t board_nv_page_len(void)
{
    return PAGE_LEN;
}

void board_nv_read(uint8_t page, uint16_t at, void *to, uint16_t len)
{
    memcpy(to, mirror[page] + at, len);
}

/* One that power cut off as its write began may read as erased and take nothing: then the next one. */
bool board_nv_write(uint8_t page, uint16_t at, const void *from, uint16_t len)
{
    const uint8_t *octets = from;
    bool good = true;
    for (uint16_t done = 0; good && done < len; done = (uint16_t)(done + PIECE_OCTETS)) {
        uint16_t left = (uint16_t)(len - done);
        struct piece piece = {.at = (uint16_t)(at + done),
                              .len = (uint8_t)(left < PIECE_OCTETS ? left : PIECE_OCTETS)};
        memcpy(piece.octets, octets + done, piece.len);
        good = write_piece(page, &piece) || write_piece(page, &piece);
    }
    return good && memcmp(mirror[page] + at, from, len) == 0;
}

static bool erase(uint32_t flash_page)
{
    unlock();
    FLASH_CR = FLASH_CR_PER | flash_page << FLASH_CR_PAGE;
    FLASH_CR |= FLASH_CR_START;
    return lock();
}

bool board_nv_erase(uint8_t page)
{
    uint32_t first = FIRST + (uint32_t)PAGES_EACH * page;
    bool good = erase(first) && erase(first + 1);
    open_page(page);
    return good && used[page] == 0;
}
