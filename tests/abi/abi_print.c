/* SPDX-License-Identifier: MIT */
/* Prints what our headers say, as C assertions for another compiler and other headers. Each line
 * ends with the name of the test that it belongs to. */
#include <stddef.h>
#include <stdio.h>

#include <windows.h>
#include <lm.h>

#include "abi_list.h"
#include "abi_numbers.h" /* made by abi_against_mingw.py: ABI_NUMBERS(C), C(header, NAME) */

/* Our own prototypes, held to the list. */
#define F(name, params) NET_API_STATUS WINAPI name params;
ABI_FUNCTIONS(F)
#undef F

/* A newer number is checked here, since mingw-w64 may not have it to compare with. */
#define C(name, value) _Static_assert(name == value, #name);
ABI_NEWER_NUMBERS(C)
#undef C

/* The name comes as a string, since an inner macro would see LMSTR replaced by LPWSTR. */
#define SIZE_AND_ALIGNMENT(type, name, test)                                                      \
	printf("_Static_assert(sizeof(%s) == %zu && _Alignof(%s) == %zu, \"\"); /*@%s*/\n", name, \
	       sizeof(type), name, _Alignof(type), test);
#define SAME_TYPE(a, b, test) \
	printf("_Static_assert(__builtin_types_compatible_p(%s, %s), \"\"); /*@%s*/\n", a, b, test);

int main(void)
{
	puts("#include <windows.h>\n#include <lm.h>");

#define S(type)                                  \
	SIZE_AND_ALIGNMENT(type, #type, #type)   \
	SAME_TYPE("P" #type, #type " *", #type)  \
	SAME_TYPE("LP" #type, #type " *", #type) \
	SAME_TYPE("struct _" #type, #type, #type)
#define M(type, member, member_type)                                                               \
	_Static_assert(__builtin_types_compatible_p(__typeof__(((type *)0)->member), member_type), \
	               #member);                                                                   \
	printf("_Static_assert(__builtin_offsetof(%s, %s) == %zu, \"\"); /*@%s*/\n", #type,        \
	       #member, offsetof(type, member), #type);                                            \
	SAME_TYPE("__typeof__(((" #type " *)0)->" #member ")", #member_type, #type)
	ABI_STRUCTS(S, M)

#define I(type)                                     \
	SIZE_AND_ALIGNMENT(type, #type, "integers") \
	printf("_Static_assert(((%s)-1 < 0) == %d, \"\"); /*@integers*/\n", #type, (type) - 1 < 0);
	ABI_INTEGERS(I)

#define P(type, target)                                                      \
	_Static_assert(__builtin_types_compatible_p(type, target *), #type); \
	SIZE_AND_ALIGNMENT(type, #type, "pointers")                          \
	SAME_TYPE(#type, #target " *", "pointers")
	ABI_POINTERS(P)

	/* A second declaration that differs from the header's is an error. */
#define F(name, params) printf("NET_API_STATUS WINAPI %s%s; /*@%s*/\n", #name, #params, #name);
	ABI_FUNCTIONS(F)

#define C(header, name)                                                             \
	printf("_Static_assert((long long)(%s) == %lldLL, \"\"); /*@%s*/\n", #name, \
	       (long long)(name), header);
	ABI_NUMBERS(C)
#undef C
#define C(name, value)                                                                           \
	printf("#ifdef %s\n_Static_assert(%s == %d, \"\"); /*@newer numbers*/\n#endif\n", #name, \
	       #name, value);
	ABI_NEWER_NUMBERS(C)
	return 0;
}
