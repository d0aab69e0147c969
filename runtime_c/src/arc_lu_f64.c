/* SPDX-License-Identifier: 0BSD */
#include "arc_lu.h"
#include "arc_strict.h"

#include <stdbool.h>

#define ARC_REAL double
#define ARC_LU_NAME(operation) arc_lu_##operation##_f64
#include "arc_lu_body.h"
