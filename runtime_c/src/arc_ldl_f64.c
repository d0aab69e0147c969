/* SPDX-License-Identifier: 0BSD */
#include "arc_ldl.h"
#include "arc_strict.h"

#define ARC_REAL double
#define ARC_LDL_NAME(operation) arc_ldl_##operation##_f64
#include "arc_ldl_body.h"
