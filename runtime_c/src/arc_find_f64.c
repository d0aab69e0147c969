/* SPDX-License-Identifier: 0BSD */
#include "arc_find.h"
#include "arc_strict.h"

#define ARC_REAL double
#define ARC_FIND arc_find_f64
#define ARC_FIND_EVEN arc_find_even_f64
#include "arc_find_body.h"
