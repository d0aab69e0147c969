/* SPDX-License-Identifier: 0BSD */
#include "arc_cholesky.h"
#include "arc_strict.h"

#include <math.h>

#define ARC_ROOT(x) sqrt(x)
#define ARC_REAL double
#define ARC_CHOLESKY_NAME(operation) arc_cholesky_##operation##_f64
#include "arc_cholesky_body.h"
