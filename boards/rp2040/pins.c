#include "boards/rp2040/pins.h"

#define SLOTS     4
#define OF_SLOTS  UINT32_C(0x1111) /* the same GPIO of each slot */
#define PWRKEYS   (OF_SLOTS << 3)
#define RESETS    (OF_SLOTS << 4)
#define BANK      (RESET_IO_BANK0 | RESET_PADS_BANK0)
#define OPEN      (PWRKEYS | RESETS)
#define PAD_PLAIN (PAD_SCHMITT | PAD_DRIVE_4MA | PAD_INPUT)

_Static_assert(GPIO_PWRKEY(0) == 3 && GPIO_RESET(0) == 4 && GPIO_STATUS(SLOTS - 1) == 17, "the masks above");

void pins_release(void)
{
    SIO_GPIO_OE_CLR = OPEN;
    SIO_GPIO_OUT_CLR = BIT(GPIO_HOST_CUT) | BIT(GPIO_LED);
}

/* The level is set before the pin is driven. */
static void start_output(uint32_t gpio)
{
    PAD(gpio) = PAD_PLAIN;
    SIO_GPIO_OE_SET = BIT(gpio);
    IO_CTRL(gpio) = IO_FUNCTION_SIO;
}

/* Until now the latch alone holds it, or this pin since before the reset: a pull would fight the latch. */
static void start_vbat_en(uint32_t gpio)
{
    PAD(gpio) = PAD_PLAIN;
    if ((SIO_GPIO_IN & BIT(gpio)) != 0)
        SIO_GPIO_OUT_SET = BIT(gpio);
    else
        SIO_GPIO_OUT_CLR = BIT(gpio);
    start_output(gpio);
}

static void start_slot(uint32_t slot)
{
    start_vbat_en(GPIO_VBAT_EN(slot));
    PAD(GPIO_PWRKEY(slot)) = PAD(GPIO_RESET(slot)) = PAD_PLAIN;
    IO_CTRL(GPIO_PWRKEY(slot)) = IO_CTRL(GPIO_RESET(slot)) = IO_FUNCTION_SIO;
    PAD(GPIO_STATUS(slot)) = PAD_PLAIN | PAD_PULL_UP;
    IO_CTRL(GPIO_STATUS(slot)) = IO_FUNCTION_SIO;
}

void pins_start(void)
{
    chip_unreset(BANK);
    SIO_GPIO_OUT_CLR = OPEN; /* open drain: driven low or not at all */
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        start_slot(slot);
    start_output(GPIO_HOST_CUT);
    start_output(GPIO_LED);
    start_output(GPIO_SUPERVISOR);
    start_output(GPIO_MUX_A);
    start_output(GPIO_MUX_B);
    for (uint32_t gpio = GPIO_ADC_SUPPLY; gpio <= GPIO_ADC_CURRENT; gpio++) {
        PAD(gpio) = PAD_OUTPUT_DISABLE;
        IO_CTRL(gpio) = IO_FUNCTION_NONE;
    }
    PAD(GPIO_UART_RX) = PAD_PLAIN | PAD_PULL_UP;
    IO_CTRL(GPIO_UART_TX) = IO_CTRL(GPIO_UART_RX) = IO_FUNCTION_UART;
}
