/* SPDX-License-Identifier: 0BSD */
/** What a board offers to the programs that measure and verify generated code on it. Generated code itself needs none of
 * this. To bring up a board of your own, define these functions; the files beside this one do it for the boards that
 * emulators have, and may be taken apart for that.
 */
#ifndef ARC_BOARD_H
#define ARC_BOARD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Makes ready what the functions below use; the start-up code calls it before main(). */
void arc_board_init(void);

/** Sends a byte over the serial port, waiting for room. */
void arc_board_putc(uint8_t byte);

/** The next byte from the serial port, waiting for it. */
uint8_t arc_board_getc(void);

/** Ends the program: an emulator exits with this code (0 to 255), a chip stands still. Does not return.
 * When main() returns, the start-up code calls it with main's value.
 */
void arc_board_exit(int code);

/** A free-running counter that wraps at 2^32; what it counts is the target's [counter] (docs/targets.md).
 * The difference of two readings holds the cost of one reading: subtract that of two readings in a row.
 */
uint32_t arc_board_ticks(void);

/** Fills the unused stack below the caller with a pattern. */
void arc_board_paint_stack(void);

/** Bytes below the frame of the function that painted the stack which have been overwritten since. */
uint32_t arc_board_stack_used(void);

/** The control and status register of the FPU (FPSCR, fcsr); 0 where there is none. */
uint32_t arc_board_float_control(void);

/** Writes it; nothing where there is none. */
void arc_board_set_float_control(uint32_t value);

#ifdef __cplusplus
}
#endif

#endif
