/* SPDX-License-Identifier: 0BSD
 *
 * Arm semihosting: a program in an emulator or under a debugger prints and ends through the host.
 */
#ifndef CORTEX_M_SEMIHOSTING_H
#define CORTEX_M_SEMIHOSTING_H

/** Prints a string that ends with NUL on the host's standard error. */
void cortex_m_semihosting_write(const char *text);

#endif
