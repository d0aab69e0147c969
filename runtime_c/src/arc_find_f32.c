/* SPDX-License-Identifier: 0BSD */
#include "arc_find.h"
#include "arc_strict.h"

#define ARC_REAL float
#define ARC_FIND arc_find_f32
#define ARC_FIND_EVEN arc_find_even_f32
#include "arc_find_body.h"
