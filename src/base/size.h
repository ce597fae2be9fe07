/* SPDX-License-Identifier: MIT */
/* Sizes on a machine of 32 bits, where a product may not fit. */
#ifndef BASE_SIZE_H
#define BASE_SIZE_H

#include <stddef.h>
#include <stdint.h>

/* The product; SIZE_MAX where it does not fit. */
static inline size_t size_multiply(size_t a, size_t b)
{
	size_t product;

	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

#endif
