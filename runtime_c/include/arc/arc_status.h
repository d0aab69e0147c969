/* SPDX-License-Identifier: 0BSD */
/** What functions return that can fail: 0, or a negative error, whose number never changes. */
#ifndef ARC_STATUS_H
#define ARC_STATUS_H

#include "arc_abi.h"

/** Result of a call.
 *
 * After any error, states (parameters that are both read and written) are as before the call. Outputs are so too
 * where an input was refused; where the arithmetic failed they hold parts of results: do not use them.
 */
typedef enum arc_status_t {
  /** Everything that the function writes has been written. */
  ARC_OK = 0,
  /** An input is NaN or infinite. Nothing was written. */
  ARC_ERROR_NOT_FINITE = -1,
  /** An input lies outside the bounds that its documentation states. Nothing was written. */
  ARC_ERROR_OUT_OF_RANGE = -2,
  /** A linear system has no single solution: its matrix is singular. */
  ARC_ERROR_SINGULAR = -3,
  /** A matrix that must be symmetric positive definite is not, or holds NaN. */
  ARC_ERROR_NOT_POSITIVE_DEFINITE = -4,
  /** No such number of rows or columns. Nothing was written. */
  ARC_ERROR_BAD_SIZE = -5
} arc_status_t;

#endif
