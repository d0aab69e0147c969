/* SPDX-License-Identifier: 0BSD
 *
 * The counter of an MPS board behind arc_board_ticks().
 */
#ifndef MPS_COUNTER_H
#define MPS_COUNTER_H

void mps_counter_start(void);

#endif
