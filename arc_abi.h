/* SPDX-License-Identifier: 0BSD */
#ifndef ARC_ABI_H
#define ARC_ABI_H

/** Version of the interface between generated code and this runtime; generated code checks it. */
#define ARC_ABI_VERSION 2

#endif
