/* SPDX-License-Identifier: 0BSD */
#include "arc_qr.h"
#include "arc_strict.h"

#include <math.h>

#define ARC_ROOT(x) sqrt(x)
#define ARC_REAL double
#define ARC_QR_NAME(operation) arc_qr_##operation##_f64
#include "arc_qr_body.h"
