/* SPDX-License-Identifier: MIT */
/* What all enumerations have in common: a union of containers, each a count and an array. It is
 * [in, out], so a caller sends one along. */
#ifndef SRVSVC_ENUM_CONTAINER_H
#define SRVSVC_ENUM_CONTAINER_H

#include "wire/ndr_reader.h"

/* The pointer to a container and, where it is not NULL, the container, which must be empty: none
 * is known to send entries along, and they would mean nothing. */
void enum_container_decode_empty(struct wire_reader *r);

#endif
