/* SPDX-License-Identifier: 0BSD */
/** Tables of constants: where they are kept, and how they are read.
 *
 *   ARC_TABLE static const float arc[64] = {0.0f, ...};
 *   y = ARC_READ_F32(arc[k]);
 *
 * On nearly all machines that is `y = arc[k]`. On AVR a const object is copied to RAM before main() runs, and RAM is what
 * such chips have least of; there these tables stay in program memory (flash), which an instruction of its own reads.
 *
 * The address of an element is then no address in memory: what takes a table by pointer must read it with these macros
 * (arc_find_table_f32 does). All tables of a program must lie in the first 64 KiB of program memory; linkers put them
 * there, right behind the vectors of the interrupts. To have them in RAM all the same: -DARC_PROGRAM_MEMORY=0.
 */
#ifndef ARC_TABLE_H
#define ARC_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "arc_abi.h"
#include "arc_config.h"

#if ARC_PROGRAM_MEMORY

/** Stands before every table of constants that is read with the macros below. */
#define ARC_TABLE __attribute__((__progmem__))

/* Not avr/pgmspace.h, which brings the names of all registers of the chip. */
static inline uint8_t arc_table_u8(const void *element) {
  uint8_t value;
  __asm__("lpm %0, Z" : "=r"(value) : "z"(element));
  return value;
}

static inline uint16_t arc_table_u16(const void *element) {
  uint16_t value;
  __asm__("lpm %A0, Z+\n\tlpm %B0, Z" : "=&r"(value), "+z"(element));
  return value;
}

static inline uint32_t arc_table_u32(const void *element) {
  uint32_t value;
  __asm__("lpm %A0, Z+\n\tlpm %B0, Z+\n\tlpm %C0, Z+\n\tlpm %D0, Z" : "=&r"(value), "+z"(element));
  return value;
}

static inline uint64_t arc_table_u64(const void *element) {
  const uint32_t low = arc_table_u32(element);
  return ((uint64_t)arc_table_u32((const uint8_t *)element + 4) << 32) | low;
}

static inline float arc_table_f32(const float *element) {
  float value;
  __asm__("lpm %A0, Z+\n\tlpm %B0, Z+\n\tlpm %C0, Z+\n\tlpm %D0, Z" : "=&r"(value), "+z"(element));
  return value;
}

/* Of 4 or 8 bytes: -mdouble chooses. */
static inline double arc_table_f64(const double *element) {
  double value;
#if __SIZEOF_DOUBLE__ == 8
  const uint64_t bits = arc_table_u64(element);
#else
  const uint32_t bits = arc_table_u32(element);
#endif
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

#define ARC_READ_BOOL(element) (arc_table_u8(&(element)) != 0)
#define ARC_READ_I8(element) ((int8_t)arc_table_u8(&(element)))
#define ARC_READ_U8(element) (arc_table_u8(&(element)))
#define ARC_READ_I16(element) ((int16_t)arc_table_u16(&(element)))
#define ARC_READ_U16(element) (arc_table_u16(&(element)))
#define ARC_READ_I32(element) ((int32_t)arc_table_u32(&(element)))
#define ARC_READ_U32(element) (arc_table_u32(&(element)))
#define ARC_READ_I64(element) ((int64_t)arc_table_u64(&(element)))
#define ARC_READ_F32(element) (arc_table_f32(&(element)))
#define ARC_READ_F64(element) (arc_table_f64(&(element)))

#else

#define ARC_TABLE ARC_CONST

/** An element of a table, by the type of the table: bool, int8_t, uint8_t, ..., float, double. */
#define ARC_READ_BOOL(element) (element)
#define ARC_READ_I8(element) (element)
#define ARC_READ_U8(element) (element)
#define ARC_READ_I16(element) (element)
#define ARC_READ_U16(element) (element)
#define ARC_READ_I32(element) (element)
#define ARC_READ_U32(element) (element)
#define ARC_READ_I64(element) (element)
#define ARC_READ_F32(element) (element)
#define ARC_READ_F64(element) (element)

#endif

#endif
