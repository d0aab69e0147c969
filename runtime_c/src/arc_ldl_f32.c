/* SPDX-License-Identifier: 0BSD */
#include "arc_ldl.h"
#include "arc_strict.h"

#define ARC_REAL float
#define ARC_LDL_NAME(operation) arc_ldl_##operation##_f32
#include "arc_ldl_body.h"
