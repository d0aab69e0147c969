/* SPDX-License-Identifier: 0BSD
 *
 * Arm semihosting: a program in an emulator or under a debugger prints and ends through the host.
 */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

/** Print a string that ends with NUL. */
void semihosting_write(const char *text);

/** Print 32 bits as eight hexadecimal digits. */
void semihosting_write_hex(uint32_t word);

/** End the program; status 0 is success, anything else failure. */
_Noreturn void semihosting_exit(int status);

#endif
