/* SPDX-License-Identifier: 0BSD */
/** Where requests come from: the board's serial port, or in emulators a file (ARC_VERIFY_REQUESTS, its name as a string). */
#ifndef ARC_VERIFY_LINE_H
#define ARC_VERIFY_LINE_H

#include <stdint.h>

#include "arc_board.h"

#if defined(ARC_VERIFY_REQUESTS)
#ifdef __cplusplus
extern "C" {
#endif
/** The next octet of a request. */
uint8_t arc_verify_getc(void);
#ifdef __cplusplus
}
#endif
#else
#define arc_verify_getc arc_board_getc
#endif

#endif
