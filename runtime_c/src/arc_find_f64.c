/* SPDX-License-Identifier: 0BSD */
#include "arc_find.h"
#include "arc_strict.h"

#define ARC_REAL double
#define ARC_FIND arc_find_f64
#define ARC_FIND_EVEN arc_find_even_f64
#define ARC_GRID(element) (element)
#include "arc_find_body.h"

#if ARC_PROGRAM_MEMORY
#define ARC_REAL double
#define ARC_FIND arc_find_table_f64
#define ARC_FIND_EVEN arc_find_even_table_f64
#define ARC_GRID(element) ARC_READ_F64(element)
#include "arc_find_body.h"
#endif
