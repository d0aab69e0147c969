/* SPDX-License-Identifier: 0BSD */
#include "arc_verify.h"

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "arc_board.h"
#include "arc_selftest.h"
#include "arc_verify_line.h"

#ifndef ARC_VERIFY_COMPILER
#ifdef __VERSION__
#define ARC_VERIFY_COMPILER __VERSION__
#else
#define ARC_VERIFY_COMPILER "unknown"
#endif
#endif

/* Bytes with a meaning, as in HDLC's octet-stuffed framing (RFC 1662). */
#define FLAG 0x7eu
#define ESCAPE 0x7du
#define ESCAPED 0x20u

#define REQUEST_HELLO 0x01u
#define REQUEST_SELFTEST 0x02u
#define REQUEST_CALL 0x03u
#define REQUEST_EXIT 0x04u
#define ANSWER 0x80u
#define REFUSAL 0xffu

#define REFUSED_CRC 1u
#define REFUSED_TRUNCATED 2u
#define REFUSED_TYPE 3u
#define REFUSED_LENGTH 4u
#define REFUSED_FUNCTION 5u

#define MEASURE_STACK 0x01u
#define NOT_MEASURED UINT32_C(0xffffffff)
#define CRC_BYTES 4u
#define CALL_HEADER 4u
#define RESULT_HEADER 12u

/* A frame on its way in or out; `ended` says that the flag at its end has been read. */
typedef struct frame {
  uint32_t crc;
  uint32_t length;
  uint8_t type;
  uint8_t sequence;
  bool ended;
} frame;

/* CRC-32 of IEEE 802.3, bit by bit: a table would cost more memory than time matters here. */
static uint32_t crc_of(uint32_t crc, uint8_t byte) {
  crc ^= byte;
  for (uint8_t bit = 0; bit < 8u; ++bit) {
    crc = (crc & 1u) != 0u ? (crc >> 1) ^ UINT32_C(0xedb88320) : crc >> 1;
  }
  return crc;
}

/* The next byte of a frame; 0 from its end on. */
static uint8_t take(frame *in) {
  if (in->ended) {
    return 0;
  }
  uint8_t byte = arc_verify_getc();
  const bool escaped = byte == ESCAPE;
  if (escaped) {
    byte = arc_verify_getc();
  }
  if (byte == FLAG) {
    in->ended = true;
    return 0;
  }
  byte = escaped ? (uint8_t)(byte ^ ESCAPED) : byte;
  in->crc = crc_of(in->crc, byte);
  return byte;
}

static uint32_t take_word(frame *in, uint8_t bytes) {
  uint32_t word = 0;
  for (uint8_t k = 0; k < bytes; ++k) {
    word |= (uint32_t)take(in) << (8u * k);
  }
  return word;
}

static void send_raw(uint8_t byte) {
  if (byte == FLAG || byte == ESCAPE) {
    arc_board_putc((uint8_t)ESCAPE);
    byte = (uint8_t)(byte ^ ESCAPED);
  }
  arc_board_putc(byte);
}

static void send(frame *out, uint8_t byte) {
  out->crc = crc_of(out->crc, byte);
  send_raw(byte);
}

static void send_word(frame *out, uint32_t word, uint8_t bytes) {
  for (uint8_t k = 0; k < bytes; ++k) {
    send(out, (uint8_t)(word >> (8u * k)));
  }
}

static void begin(frame *out, uint8_t type, uint8_t sequence, uint32_t length) {
  out->crc = UINT32_C(0xffffffff);
  arc_board_putc((uint8_t)FLAG);
  send(out, type);
  send(out, sequence);
  send_word(out, length, 4);
}

static void end(const frame *out) {
  const uint32_t crc = ~out->crc;
  for (uint8_t k = 0; k < CRC_BYTES; ++k) {
    send_raw((uint8_t)(crc >> (8u * k)));
  }
  arc_board_putc((uint8_t)FLAG);
}

static void refuse(uint8_t sequence, uint8_t reason) {
  frame out = {0, 0, 0, 0, false};
  begin(&out, (uint8_t)REFUSAL, sequence, 1);
  send(&out, reason);
  end(&out);
}

/* Reads the rest of a frame: whether it was all there, unharmed. What is wrong is answered here. */
static bool is_complete(frame *in, uint32_t left) {
  while (left > 0u && !in->ended) {
    (void)take(in);
    --left;
  }
  const uint32_t expected = ~in->crc;
  const uint32_t found = take_word(in, CRC_BYTES);
  const bool cut = in->ended;
  const bool fits = !cut && found == expected;
  bool longer = false;
  while (!in->ended) {
    (void)take(in);
    longer = longer || !in->ended;
  }
  if (cut) {
    refuse(in->sequence, REFUSED_TRUNCATED);
  } else if (!fits || longer) {
    refuse(in->sequence, REFUSED_CRC);
  }
  return fits && !longer;
}

/* Numbers travel with their low byte first, whatever the machine's own order is. */
static bool is_big_endian(void) {
  const uint16_t one = 1;
  uint8_t first;
  memcpy(&first, &one, 1);
  return first == 0;
}

static void take_leaf(frame *in, const arc_verify_leaf *leaf) {
  unsigned char *const bytes = (unsigned char *)leaf->address;
  const uint8_t reverse = is_big_endian() ? (uint8_t)(leaf->size - 1u) : 0u;
  size_t at = 0;
  for (uint32_t element = 0; element < leaf->count; ++element) {
    for (uint8_t k = 0; k < leaf->size; ++k) {
      bytes[at + (size_t)(k ^ reverse)] = take(in);
    }
    at += leaf->size;
  }
}

static void send_leaf(frame *out, const arc_verify_leaf *leaf) {
  const unsigned char *const bytes = (const unsigned char *)leaf->address;
  const uint8_t reverse = is_big_endian() ? (uint8_t)(leaf->size - 1u) : 0u;
  size_t at = 0;
  for (uint32_t element = 0; element < leaf->count; ++element) {
    for (uint8_t k = 0; k < leaf->size; ++k) {
      send(out, bytes[at + (size_t)(k ^ reverse)]);
    }
    at += leaf->size;
  }
}

static uint32_t bytes_of(const arc_verify_leaf *leaves, uint16_t count) {
  uint32_t bytes = 0;
  for (uint16_t k = 0; k < count; ++k) {
    bytes += leaves[k].count * leaves[k].size;
  }
  return bytes;
}

static int32_t nothing(void) {
  return 0;
}

/* What a call of nothing costs: it is taken off each measurement. Through a volatile pointer, as calls are through a
 * pointer that the compiler does not know. */
static uint32_t ticks_of_nothing(void) {
  int32_t (*volatile const call)(void) = nothing;
  uint32_t least = NOT_MEASURED;
  for (uint8_t k = 0; k < 4u; ++k) {
    const uint32_t start = arc_board_ticks();
    (void)call();
    const uint32_t ticks = arc_board_ticks() - start;
    least = ticks < least ? ticks : least;
  }
  return least;
}

static void answer_hello(const frame *in, const arc_verify_program *program) {
  static const char compiler[] = ARC_VERIFY_COMPILER;
  const uint32_t text = (uint32_t)(sizeof compiler - 1u);
  frame out = {0, 0, 0, 0, false};
  begin(&out, (uint8_t)(ANSWER | REQUEST_HELLO), in->sequence, 14u + text);
  send(&out, ARC_VERIFY_PROTOCOL);
  send(&out, is_big_endian() ? 1u : 0u);
  send(&out, FLT_MANT_DIG);
  send(&out, DBL_MANT_DIG);
  send_word(&out, program->count, 2);
  send_word(&out, program->digest, 4);
  send_word(&out, ticks_of_nothing(), 4);
  for (uint32_t k = 0; k < text; ++k) {
    send(&out, (uint8_t)compiler[k]);
  }
  end(&out);
}

static void answer_selftest(const frame *in) {
  frame out = {0, 0, 0, 0, false};
  begin(&out, (uint8_t)(ANSWER | REQUEST_SELFTEST), in->sequence, 8);
  send_word(&out, arc_selftest_checks(), 4);
  send_word(&out, arc_selftest(), 4);
  end(&out);
}

static void call(frame *in, const arc_verify_program *program) {
  const uint16_t number = (uint16_t)take_word(in, 2);
  const uint8_t options = take(in);
  const uint8_t poison = take(in);
  if (number >= program->count) {
    if (is_complete(in, in->length < CALL_HEADER ? 0u : in->length - CALL_HEADER)) {
      refuse(in->sequence, REFUSED_FUNCTION);
    }
    return;
  }
  const arc_verify_function *const function = &program->functions[number];
  const uint32_t expected = CALL_HEADER + bytes_of(function->inputs, function->input_count);
  if (in->length != expected) {
    if (is_complete(in, in->length < CALL_HEADER ? 0u : in->length - CALL_HEADER)) {
      refuse(in->sequence, REFUSED_LENGTH);
    }
    return;
  }
  /* An output that is not written keeps this value, which the host chooses. A state is input and output. */
  for (uint16_t k = 0; k < function->output_count; ++k) {
    memset(function->outputs[k].address, poison, (size_t)function->outputs[k].count * function->outputs[k].size);
  }
  for (uint16_t k = 0; k < function->input_count; ++k) {
    take_leaf(in, &function->inputs[k]);
  }
  if (!is_complete(in, 0)) {
    return;
  }
  if ((options & MEASURE_STACK) != 0u) {
    arc_board_paint_stack();
  }
  const uint32_t start = arc_board_ticks();
  const int32_t status = function->call();
  const uint32_t ticks = arc_board_ticks() - start;
  const uint32_t stack = (options & MEASURE_STACK) != 0u ? (uint32_t)arc_board_stack_used() : NOT_MEASURED;
  frame out = {0, 0, 0, 0, false};
  begin(&out, (uint8_t)(ANSWER | REQUEST_CALL), in->sequence,
      RESULT_HEADER + bytes_of(function->outputs, function->output_count));
  send_word(&out, (uint32_t)status, 4);
  send_word(&out, ticks, 4);
  send_word(&out, stack, 4);
  for (uint16_t k = 0; k < function->output_count; ++k) {
    send_leaf(&out, &function->outputs[k]);
  }
  end(&out);
}

/* Answers one request; false once there will be no more. */
static bool answer(frame *in, const arc_verify_program *program) {
  switch (in->type) {
  case REQUEST_HELLO:
    if (is_complete(in, in->length)) {
      answer_hello(in, program);
    }
    return true;
  case REQUEST_SELFTEST:
    if (is_complete(in, in->length)) {
      answer_selftest(in);
    }
    return true;
  case REQUEST_CALL:
    call(in, program);
    return true;
  case REQUEST_EXIT:
    if (is_complete(in, in->length)) {
      frame out = {0, 0, 0, 0, false};
      begin(&out, (uint8_t)(ANSWER | REQUEST_EXIT), in->sequence, 0);
      end(&out);
      return false;
    }
    return true;
  default:
    if (is_complete(in, in->length)) {
      refuse(in->sequence, REFUSED_TYPE);
    }
    return true;
  }
}

void arc_verify_serve(const arc_verify_program *program) {
  bool at_flag = false;
  for (;;) {
    /* Whatever comes before a flag is no frame: what a boot loader prints, or the rest of a damaged one. */
    while (!at_flag) {
      at_flag = arc_verify_getc() == FLAG;
    }
    frame in = {UINT32_C(0xffffffff), 0, 0, 0, false};
    in.type = take(&in);
    if (in.ended) {
      continue; /* Two flags in a row: the second begins the frame. */
    }
    in.sequence = take(&in);
    in.length = take_word(&in, 4);
    if (in.ended) {
      refuse(in.sequence, REFUSED_TRUNCATED);
      continue;
    }
    if (!answer(&in, program)) {
      return;
    }
    at_flag = in.ended;
  }
}
