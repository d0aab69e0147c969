/* SPDX-License-Identifier: 0BSD */
/* Slopes of tables for one element type. The including file defines ARC_REAL and ARC_AXIS (the types) and ARC_SLOPES_NAME (a
 * function's name, from the part that is its own). */
#ifndef ARC_SLOPES_NAME
#error "arc_interp_slopes_body.h is a part of arc_interp_f32.c and arc_interp_f64.c; compile those"
#endif

/* Elements of a table that are neighbours along an axis are stride apart. */
static ARC_REAL ARC_SLOPES_NAME(arc_secant)(const ARC_REAL *grid, const ARC_REAL *values, int32_t stride, int32_t k) {
  return (values[(k + 1) * stride] - values[k * stride]) / (grid[k + 1] - grid[k]);
}

/* Slope at an end of the parabola through the first, or last, three points: of the outer and the next interval. */
static ARC_REAL ARC_SLOPES_NAME(arc_end_of_parabola)(
    ARC_REAL width, ARC_REAL next_width, ARC_REAL secant, ARC_REAL next_secant) {
  return secant + (secant - next_secant) * (width / (width + next_width));
}

static void ARC_SLOPES_NAME(arc_parabola_slopes)(
    const ARC_AXIS *axis, const ARC_REAL *values, int32_t stride, ARC_REAL *slopes) {
  const ARC_REAL *const grid = axis->grid;
  const int32_t last = axis->size - 1;
  ARC_REAL width = grid[1] - grid[0];
  ARC_REAL secant = ARC_SLOPES_NAME(arc_secant)(grid, values, stride, 0);
  slopes[0] = secant;
  slopes[last * stride] = secant;
  for (int32_t k = 1; k < last; ++k) {
    const ARC_REAL before = width;
    const ARC_REAL below = secant;
    width = grid[k + 1] - grid[k];
    secant = ARC_SLOPES_NAME(arc_secant)(grid, values, stride, k);
    slopes[k * stride] = (below * width + secant * before) / (before + width);
    if (k == 1) {
      slopes[0] = ARC_SLOPES_NAME(arc_end_of_parabola)(before, width, below, secant);
    }
    if (k == last - 1) {
      slopes[last * stride] = ARC_SLOPES_NAME(arc_end_of_parabola)(width, before, secant, below);
    }
  }
}

void ARC_SLOPES_NAME(arc_cubic_slopes)(const ARC_AXIS *axis, const ARC_REAL *values, ARC_REAL *slopes) {
  ARC_SLOPES_NAME(arc_parabola_slopes)(axis, values, 1, slopes);
}

static ARC_REAL ARC_SLOPES_NAME(arc_sign)(ARC_REAL x) {
  return x > (ARC_REAL)0 ? (ARC_REAL)1 : (x < (ARC_REAL)0 ? (ARC_REAL)-1 : x);
}

static bool ARC_SLOPES_NAME(arc_turns)(ARC_REAL a, ARC_REAL b) {
  return ARC_SLOPES_NAME(arc_sign)(a) * ARC_SLOPES_NAME(arc_sign)(b) <= (ARC_REAL)0;
}

static ARC_REAL ARC_SLOPES_NAME(arc_magnitude)(ARC_REAL x) {
  return x < (ARC_REAL)0 ? -x : x;
}

/* Slope at an end, kept from overshooting. */
static ARC_REAL ARC_SLOPES_NAME(arc_monotone_end)(
    ARC_REAL width, ARC_REAL next_width, ARC_REAL secant, ARC_REAL next_secant) {
  const ARC_REAL slope =
      (((ARC_REAL)2 * width + next_width) * secant - width * next_secant) / (width + next_width);
  const ARC_REAL steepest = (ARC_REAL)3 * ARC_SLOPES_NAME(arc_magnitude)(secant);
  if (ARC_SLOPES_NAME(arc_turns)(slope, secant)) {
    return (ARC_REAL)0;
  }
  if (ARC_SLOPES_NAME(arc_turns)(secant, next_secant) && ARC_SLOPES_NAME(arc_magnitude)(slope) > steepest) {
    return (ARC_REAL)3 * secant;
  }
  return slope;
}

void ARC_SLOPES_NAME(arc_pchip_slopes)(const ARC_AXIS *axis, const ARC_REAL *values, ARC_REAL *slopes) {
  const ARC_REAL *const grid = axis->grid;
  const int32_t last = axis->size - 1;
  ARC_REAL width = grid[1] - grid[0];
  ARC_REAL secant = ARC_SLOPES_NAME(arc_secant)(grid, values, 1, 0);
  slopes[0] = secant;
  slopes[last] = secant;
  for (int32_t k = 1; k < last; ++k) {
    const ARC_REAL before = width;
    const ARC_REAL below = secant;
    width = grid[k + 1] - grid[k];
    secant = ARC_SLOPES_NAME(arc_secant)(grid, values, 1, k);
    const ARC_REAL low = (ARC_REAL)2 * width + before;
    const ARC_REAL high = width + (ARC_REAL)2 * before;
    slopes[k] = ARC_SLOPES_NAME(arc_turns)(below, secant) ? (ARC_REAL)0 : (low + high) / (low / below + high / secant);
    if (k == 1) {
      slopes[0] = ARC_SLOPES_NAME(arc_monotone_end)(before, width, below, secant);
    }
    if (k == last - 1) {
      slopes[last] = ARC_SLOPES_NAME(arc_monotone_end)(width, before, secant, below);
    }
  }
}

arc_status_t ARC_SLOPES_NAME(arc_interpn_slopes)(int32_t axes, const ARC_AXIS *axis, ARC_REAL *tables) {
  if (axes < 1 || axes > ARC_CUBIC_AXES) {
    return ARC_ERROR_BAD_SIZE;
  }
  int32_t size = 1;
  for (int32_t k = 0; k < axes; ++k) {
    size *= axis[k].size;
  }
  int32_t stride = size;
  int32_t known = 1;
  for (int32_t k = 0; k < axes; ++k) {
    stride /= axis[k].size;
    /* Along this axis of each table that there is, line by line. */
    const int32_t lines = size / axis[k].size;
    for (int32_t table = 0; table < known; ++table) {
      for (int32_t line = 0; line < lines; ++line) {
        const int32_t start = table * size + (line / stride) * stride * axis[k].size + line % stride;
        ARC_SLOPES_NAME(arc_parabola_slopes)(&axis[k], &tables[start], stride, &tables[known * size + start]);
      }
    }
    known *= 2;
  }
  return ARC_OK;
}

#undef ARC_SLOPES_NAME
