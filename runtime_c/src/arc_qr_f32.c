/* SPDX-License-Identifier: 0BSD */
#include "arc_qr.h"
#include "arc_math.h"
#include "arc_strict.h"

#define ARC_ROOT(x) arc_sqrtf(x)
#define ARC_REAL float
#define ARC_QR_NAME(operation) arc_qr_##operation##_f32
#include "arc_qr_body.h"
