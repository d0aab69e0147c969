/* SPDX-License-Identifier: 0BSD */
/** The chip's side of `arc-codegen verify`: calls functions with inputs that come over a serial line, and sends back
 * the bits of their outputs, what a call cost, and how the machine computes.
 *
 * A board needs what arc_board.h declares, at the least a blocking arc_board_getc and an arc_board_putc. There is no
 * heap and no buffer: arguments are received in place. The protocol is in docs/verify-protocol.md.
 *
 * Macros, all optional:
 *   ARC_VERIFY_COMPILER   text that names the compiler in the report; by default what the compiler says of itself
 *   ARC_VERIFY_NO_MAIN    the harness has no main(): yours calls arc_verify_run()
 */
#ifndef ARC_VERIFY_H
#define ARC_VERIFY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the protocol; a host that speaks another refuses to go on. */
#define ARC_VERIFY_PROTOCOL 1

/** An argument, or a member of a struct: `count` numbers of `size` bytes each, one behind the other. */
typedef struct arc_verify_leaf {
  void *address;
  uint32_t count;
  uint8_t size;
} arc_verify_leaf;

/** A function to verify. `call` calls it with its arguments, and returns its status or 0. */
typedef struct arc_verify_function {
  int32_t (*call)(void);
  const arc_verify_leaf *inputs;
  const arc_verify_leaf *outputs;
  uint16_t input_count;
  uint16_t output_count;
} arc_verify_function;

/** All functions of a program; `digest` tells the host whether they are those that it knows. */
typedef struct arc_verify_program {
  const arc_verify_function *functions;
  uint32_t digest;
  uint16_t count;
} arc_verify_program;

/** Answers requests until the host says that it is done. */
void arc_verify_serve(const arc_verify_program *program);

/** The same with the functions of the harness, which defines it. */
void arc_verify_run(void);

#ifdef __cplusplus
}
#endif

#endif
