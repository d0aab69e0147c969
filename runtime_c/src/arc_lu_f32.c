/* SPDX-License-Identifier: 0BSD */
#include "arc_lu.h"
#include "arc_strict.h"

#include <stdbool.h>

#define ARC_REAL float
#define ARC_LU_NAME(operation) arc_lu_##operation##_f32
#include "arc_lu_body.h"
