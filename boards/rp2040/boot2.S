/* The first 256 octets of flash, with the CRC-32 that the boot ROM wants put in by uf2_make.py. The ROM copies
 * them to 20041F00 and jumps there: plain serial reads (03h) that any flash part knows, then the boot stage.
 * Slow is fast enough: the firmware runs from RAM. */
        .syntax unified
        .cpu cortex-m0plus
        .thumb
        .section .boot2, "ax"
        .global boot2
        .thumb_func
boot2:
        ldr     r3, ssi
        movs    r0, #0
        str     r0, [r3, #0x08]         /* SSIENR: off, to be set up */
        movs    r0, #2
        str     r0, [r3, #0x14]         /* BAUDR: clk_sys / 2 */
        ldr     r0, ctrlr0
        str     r0, [r3, #0x00]
        movs    r0, #0
        str     r0, [r3, #0x04]         /* CTRLR1: one frame */
        ldr     r0, spi_ctrlr0
        ldr     r2, spi_ctrlr0_at
        str     r0, [r2]
        movs    r0, #1
        str     r0, [r3, #0x08]         /* on */
        ldr     r0, stage
        ldr     r1, vtor
        str     r0, [r1]
        ldm     r0!, {r1, r2}
        msr     msp, r1
        bx      r2
        .align  2
ssi:            .word 0x18000000
ctrlr0:         .word 0x001F0300        /* frames of 32 bits, EEPROM read, one line */
spi_ctrlr0:     .word 0x03000218        /* command 03h of 8 bits, address of 24 */
spi_ctrlr0_at:  .word 0x180000F4
stage:          .word 0x10000100
vtor:           .word 0xE000ED08
