/* SPDX-License-Identifier: MIT */
/* Sizes whose product may not fit, as on computers of 32 bits. */
#ifndef BASE_SIZE_H
#define BASE_SIZE_H

#include <stddef.h>
#include <stdint.h>

/* Returns the product; SIZE_MAX if it does not fit. */
static inline size_t size_multiply(size_t a, size_t b)
{
	size_t product;

	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

#endif
