/* SPDX-License-Identifier: 0BSD */
/** What functions return that can fail: 0, or a negative error, which does not change from version to version. */
#ifndef ARC_STATUS_H
#define ARC_STATUS_H

#include "arc_abi.h"

/** Result of a call. After an error, outputs and states are as they were before it. */
typedef enum arc_status_t {
  /** Everything that the function writes has been written. */
  ARC_OK = 0,
  /** An input is NaN or infinite. */
  ARC_ERROR_NOT_FINITE = -1,
  /** An input lies outside the bounds that its documentation states. */
  ARC_ERROR_OUT_OF_RANGE = -2
} arc_status_t;

#endif
