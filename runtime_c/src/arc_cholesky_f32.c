/* SPDX-License-Identifier: 0BSD */
#include "arc_cholesky.h"
#include "arc_math.h"
#include "arc_strict.h"

#define ARC_ROOT(x) arc_sqrtf(x)
#define ARC_REAL float
#define ARC_CHOLESKY_NAME(operation) arc_cholesky_##operation##_f32
#include "arc_cholesky_body.h"
