/* SPDX-License-Identifier: 0BSD */
/* Bodies of the searches for one element type and one kind of memory. The including file defines ARC_REAL (the type),
 * ARC_FIND and ARC_FIND_EVEN (the functions' names), and ARC_GRID, which reads an element of the grid. */
#ifndef ARC_FIND_EVEN
#error "arc_find_body.h is a part of arc_find_f32.c and arc_find_f64.c; compile those"
#endif

int32_t ARC_FIND(const ARC_REAL *grid, int32_t size, ARC_REAL x) {
  int32_t low = 0;
  int32_t high = size - 1;
  while (high - low > 1) {
    const int32_t middle = low + (high - low) / 2;
    if (ARC_GRID(grid[middle]) <= x) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

int32_t ARC_FIND_EVEN(const ARC_REAL *grid, int32_t size, ARC_REAL per_unit, ARC_REAL x) {
  const int32_t last = size - 2;
  const ARC_REAL guess = (x - ARC_GRID(grid[0])) * per_unit;
  int32_t interval = 0;
  if (guess >= (ARC_REAL)last) {
    interval = last;
  } else if (guess > (ARC_REAL)0) {
    interval = (int32_t)guess;
  } else {
    /* The first one; for NaN too. */
  }
  /* The guess is off by one at most; the grid decides. */
  if (interval > 0 && x < ARC_GRID(grid[interval])) {
    --interval;
  } else if (interval < last && ARC_GRID(grid[interval + 1]) <= x) {
    ++interval;
  } else {
    /* It was right. */
  }
  return interval;
}

#undef ARC_REAL
#undef ARC_FIND
#undef ARC_FIND_EVEN
#undef ARC_GRID
