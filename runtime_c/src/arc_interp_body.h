/* SPDX-License-Identifier: 0BSD */
/* Lookups for one element type and one kind of memory. The including file defines ARC_REAL and ARC_AXIS (the types),
 * ARC_INTERP_NAME (a function's name, from the part that is its own), ARC_SEARCH and ARC_SEARCH_EVEN (the searches) and
 * ARC_ELEMENT, which reads an element of a grid or table. */
#ifndef ARC_ELEMENT
#error "arc_interp_body.h is a part of arc_interp_f32.c and arc_interp_f64.c; compile those"
#endif

arc_status_t ARC_INTERP_NAME(arc_axis)(int32_t size, const ARC_REAL *grid, ARC_AXIS *axis) {
  if (size < 2) {
    return ARC_ERROR_BAD_SIZE;
  }
  for (int32_t k = 0; k < size; ++k) {
    const ARC_REAL point = ARC_ELEMENT(grid[k]);
    if (!(point - point == (ARC_REAL)0)) {
      return ARC_ERROR_NOT_FINITE;
    }
    if (k > 0 && !(ARC_ELEMENT(grid[k - 1]) < point)) {
      return ARC_ERROR_OUT_OF_RANGE;
    }
  }
  const ARC_REAL first = ARC_ELEMENT(grid[0]);
  const ARC_REAL width = ARC_ELEMENT(grid[size - 1]) - first;
  const int32_t intervals = size - 1;
  const ARC_REAL per_unit = (ARC_REAL)intervals / width;
  /* Up to five points, bisection takes no more than two comparisons. */
  bool even = size > 5 && per_unit > (ARC_REAL)0 && per_unit - per_unit == (ARC_REAL)0;
  for (int32_t k = 0; k < size; ++k) {
    const ARC_REAL off = (ARC_ELEMENT(grid[k]) - first) * per_unit - (ARC_REAL)k;
    even = even && off <= (ARC_REAL)0.25 && off >= (ARC_REAL)-0.25;
  }
  axis->grid = grid;
  axis->size = size;
  axis->per_unit = even ? per_unit : (ARC_REAL)0;
  return ARC_OK;
}

static int32_t ARC_INTERP_NAME(arc_interval)(const ARC_AXIS *axis, ARC_REAL x) {
  if (axis->per_unit > (ARC_REAL)0) {
    return ARC_SEARCH_EVEN(axis->grid, axis->size, axis->per_unit, x);
  }
  return ARC_SEARCH(axis->grid, axis->size, x);
}

/* What a table is where its polynomials do not count. */
static ARC_REAL ARC_INTERP_NAME(arc_beyond)(const ARC_AXIS *axis, const ARC_REAL *values, ARC_REAL x) {
  if (x != x) {
    return x;
  }
  return x < ARC_ELEMENT(axis->grid[0]) ? ARC_ELEMENT(values[0]) : ARC_ELEMENT(values[axis->size - 1]);
}

static bool ARC_INTERP_NAME(arc_is_beyond)(const ARC_AXIS *axis, arc_outside_t outside, ARC_REAL x) {
  const bool inside = x >= ARC_ELEMENT(axis->grid[0]) && x < ARC_ELEMENT(axis->grid[axis->size - 1]);
  return outside != ARC_EXTRAPOLATE && !inside;
}

ARC_REAL ARC_INTERP_NAME(arc_interp_linear)(
    const ARC_AXIS *axis, const ARC_REAL *values, arc_outside_t outside, ARC_REAL x) {
  if (ARC_INTERP_NAME(arc_is_beyond)(axis, outside, x)) {
    return ARC_INTERP_NAME(arc_beyond)(axis, values, x);
  }
  const int32_t k = ARC_INTERP_NAME(arc_interval)(axis, x);
  const ARC_REAL start = ARC_ELEMENT(axis->grid[k]);
  const ARC_REAL low = ARC_ELEMENT(values[k]);
  const ARC_REAL width = ARC_ELEMENT(axis->grid[k + 1]) - start;
  return low + (x - start) * ((ARC_ELEMENT(values[k + 1]) - low) / width);
}

ARC_REAL ARC_INTERP_NAME(arc_interp_cubic)(
    const ARC_AXIS *axis, const ARC_REAL *values, const ARC_REAL *slopes, arc_outside_t outside, ARC_REAL x) {
  if (ARC_INTERP_NAME(arc_is_beyond)(axis, outside, x)) {
    return ARC_INTERP_NAME(arc_beyond)(axis, values, x);
  }
  const int32_t k = ARC_INTERP_NAME(arc_interval)(axis, x);
  const ARC_REAL start = ARC_ELEMENT(axis->grid[k]);
  const ARC_REAL low = ARC_ELEMENT(values[k]);
  const ARC_REAL slope = ARC_ELEMENT(slopes[k]);
  const ARC_REAL next_slope = ARC_ELEMENT(slopes[k + 1]);
  const ARC_REAL width = ARC_ELEMENT(axis->grid[k + 1]) - start;
  const ARC_REAL secant = (ARC_ELEMENT(values[k + 1]) - low) / width;
  const ARC_REAL square = ((ARC_REAL)3 * secant - (ARC_REAL)2 * slope - next_slope) / width;
  const ARC_REAL cube = (slope + next_slope - (ARC_REAL)2 * secant) / (width * width);
  const ARC_REAL distance = x - start;
  return low + distance * (slope + distance * (square + distance * cube));
}

/* The interval of a coordinate; which part of it lies below the coordinate; its width. */
static int32_t ARC_INTERP_NAME(arc_place)(
    const ARC_AXIS *axis, arc_outside_t outside, ARC_REAL x, ARC_REAL *part, ARC_REAL *width) {
  const ARC_REAL first = ARC_ELEMENT(axis->grid[0]);
  const ARC_REAL last = ARC_ELEMENT(axis->grid[axis->size - 1]);
  ARC_REAL place = x;
  if (outside != ARC_EXTRAPOLATE) {
    place = x < first ? first : (x > last ? last : x);
  }
  const int32_t k = ARC_INTERP_NAME(arc_interval)(axis, place);
  const ARC_REAL start = ARC_ELEMENT(axis->grid[k]);
  *width = ARC_ELEMENT(axis->grid[k + 1]) - start;
  *part = (place - start) / *width;
  return k;
}

ARC_REAL ARC_INTERP_NAME(arc_interpn_linear)(
    int32_t axes, const ARC_AXIS *axis, const ARC_REAL *values, arc_outside_t outside, const ARC_REAL *x) {
  ARC_REAL corners[64]; /* 2 for each axis */
  ARC_REAL parts[ARC_LINEAR_AXES];
  int32_t steps[ARC_LINEAR_AXES];
  int32_t offset = 0;
  int32_t stride = 1;
  int32_t count = 1;
  if (axes < 1 || axes > ARC_LINEAR_AXES) {
    return (ARC_REAL)ARC_NAN;
  }
  for (int32_t k = axes - 1; k >= 0; --k) {
    ARC_REAL width;
    offset += stride * ARC_INTERP_NAME(arc_place)(&axis[k], outside, x[k], &parts[k], &width);
    steps[k] = stride;
    stride *= axis[k].size;
    count *= 2;
  }
  for (int32_t corner = 0; corner < count; ++corner) {
    int32_t position = offset;
    int32_t ends = corner;
    for (int32_t k = axes - 1; k >= 0; --k) {
      position += (ends % 2) * steps[k];
      ends /= 2;
    }
    corners[corner] = ARC_ELEMENT(values[position]);
  }
  /* The last axis first. */
  for (int32_t k = axes - 1; k >= 0; --k) {
    count /= 2;
    for (int32_t i = 0; i < count; ++i) {
      const ARC_REAL low = corners[2 * i];
      corners[i] = low + parts[k] * (corners[2 * i + 1] - low);
    }
  }
  return corners[0];
}

ARC_REAL ARC_INTERP_NAME(arc_interpn_cubic)(
    int32_t axes, const ARC_AXIS *axis, const ARC_REAL *tables, arc_outside_t outside, const ARC_REAL *x) {
  /* At each of four: the value at the lower end, at the upper one, and the slopes there. */
  ARC_REAL corners[64];
  ARC_REAL parts[ARC_CUBIC_AXES];
  ARC_REAL widths[ARC_CUBIC_AXES];
  int32_t steps[ARC_CUBIC_AXES];
  int32_t sloped_steps[ARC_CUBIC_AXES];
  int32_t offset = 0;
  int32_t size = 1;
  int32_t count = 1;
  if (axes < 1 || axes > ARC_CUBIC_AXES) {
    return (ARC_REAL)ARC_NAN;
  }
  for (int32_t k = axes - 1; k >= 0; --k) {
    offset += size * ARC_INTERP_NAME(arc_place)(&axis[k], outside, x[k], &parts[k], &widths[k]);
    steps[k] = size;
    size *= axis[k].size;
    count *= 4;
  }
  int32_t sloped = size;
  for (int32_t k = 0; k < axes; ++k) {
    sloped_steps[k] = sloped;
    sloped *= 2;
  }
  for (int32_t corner = 0; corner < count; ++corner) {
    int32_t position = offset;
    int32_t fours = corner;
    for (int32_t k = axes - 1; k >= 0; --k) {
      position += (fours % 2) * steps[k] + ((fours / 2) % 2) * sloped_steps[k];
      fours /= 4;
    }
    corners[corner] = ARC_ELEMENT(tables[position]);
  }
  for (int32_t k = axes - 1; k >= 0; --k) {
    const ARC_REAL part = parts[k];
    const ARC_REAL rest = (ARC_REAL)1 - part;
    const ARC_REAL step = part * part * ((ARC_REAL)3 - (ARC_REAL)2 * part);
    const ARC_REAL first = widths[k] * (part * rest * rest);
    const ARC_REAL second = widths[k] * (part * part * rest);
    count /= 4;
    for (int32_t i = 0; i < count; ++i) {
      const ARC_REAL low = corners[4 * i];
      const ARC_REAL rise = step * (corners[4 * i + 1] - low);
      corners[i] = low + rise + (first * corners[4 * i + 2] - second * corners[4 * i + 3]);
    }
  }
  return corners[0];
}

#undef ARC_INTERP_NAME
#undef ARC_SEARCH
#undef ARC_SEARCH_EVEN
#undef ARC_ELEMENT
