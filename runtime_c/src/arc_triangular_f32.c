/* SPDX-License-Identifier: 0BSD */
#include "arc_triangular.h"
#include "arc_strict.h"

#define ARC_REAL float
#define ARC_TRIANGULAR_NAME(operation) arc_triangular_##operation##_f32
#include "arc_triangular_body.h"
