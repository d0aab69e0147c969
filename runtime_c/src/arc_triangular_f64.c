/* SPDX-License-Identifier: 0BSD */
#include "arc_triangular.h"
#include "arc_strict.h"

#define ARC_REAL double
#define ARC_TRIANGULAR_NAME(operation) arc_triangular_##operation##_f64
#include "arc_triangular_body.h"
