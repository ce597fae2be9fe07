/* SPDX-License-Identifier: MIT */
#ifndef SYSTEM_DESCRIPTORS_H
#define SYSTEM_DESCRIPTORS_H

#include <stdint.h>

/* Has this process have as many descriptors as the system lets it, and warns where those are fewer
 * than are wanted: by what, a text such as "--max-pipes wants". */
void descriptors_raise(uint64_t wanted, const char *what);

#endif
