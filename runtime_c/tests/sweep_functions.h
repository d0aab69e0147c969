/* SPDX-License-Identifier: 0BSD */
/* The functions of arc_math, for tests: UNARY(name, rounding) and BINARY(name, rounding). The truth is the C library's
 * function of the same name for double. EXACT functions have to give the truth rounded to nearest, bit for bit. */
UNARY(sin, CLOSE)
UNARY(cos, CLOSE)
UNARY(sqrt, EXACT)
UNARY(floor, EXACT)
UNARY(ceil, EXACT)
UNARY(rint, EXACT)
UNARY(trunc, EXACT)
UNARY(atan, CLOSE)
BINARY(atan2, CLOSE)
BINARY(fmod, EXACT)
BINARY(remainder, EXACT)
UNARY(tan, CLOSE)
