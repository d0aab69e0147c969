/* SPDX-License-Identifier: 0BSD */
#include "arc_interp.h"
#include "arc_strict.h"

#include <stdbool.h>

#include "arc_find.h"
#include "arc_scalar.h"

#define ARC_REAL double
#define ARC_AXIS arc_axis_f64_t
#define ARC_SLOPES_NAME(function) function##_f64
#include "arc_interp_slopes_body.h"

#define ARC_INTERP_NAME(function) function##_f64
#define ARC_SEARCH(grid, size, x) arc_find_f64((grid), (size), (x))
#define ARC_SEARCH_EVEN(grid, size, per_unit, x) arc_find_even_f64((grid), (size), (per_unit), (x))
#define ARC_ELEMENT(element) (element)
#include "arc_interp_body.h"

#if ARC_PROGRAM_MEMORY
#define ARC_INTERP_NAME(function) function##_table_f64
#define ARC_SEARCH(grid, size, x) arc_find_table_f64((grid), (size), (x))
#define ARC_SEARCH_EVEN(grid, size, per_unit, x) arc_find_even_table_f64((grid), (size), (per_unit), (x))
#define ARC_ELEMENT(element) ARC_READ_F64(element)
#include "arc_interp_body.h"
#endif

#undef ARC_REAL
#undef ARC_AXIS
