/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdint.h>
#include <lmcons.h>
#include <lmerr.h>

/* Room for a line of configuration with its path, its value and the values that are allowed. */
enum { ERR_TEXT_BYTES = 640 };

/* How something failed: the one error channel of the tree. All zero means that nothing failed. The
 * text is part of the struct, so an error is copied by assignment and needs no freeing. */
struct err {
	NET_API_STATUS status;     /* what a Net* caller sees */
	uint32_t nt_status;        /* NTSTATUS from the peer; 0: the peer gave none */
	const char *step;          /* the step that failed: "TREE_CONNECT IPC$"; static text */
	const char *advice;        /* what to do, static text; NULL: the status says it all */
	char text[ERR_TEXT_BYTES]; /* what was found, in UTF-8; "": the status says it all */
};

/* Records a failure unless e holds one already, because the first failure is the cause. Copies
 * text, which may be NULL, and cuts it at a character where it does not fit. Returns e's status. */
NET_API_STATUS err_set(struct err *e, NET_API_STATUS status, const char *step, const char *text);

/* The same with a text that is formatted as by printf. */
__attribute__((format(printf, 4, 5))) NET_API_STATUS err_format(struct err *e,
                                                                NET_API_STATUS status,
                                                                const char *step,
                                                                const char *format, ...);

/* The same for functions that take a format themselves. */
__attribute__((format(printf, 4, 0))) NET_API_STATUS err_vformat(struct err *e,
                                                                 NET_API_STATUS status,
                                                                 const char *step,
                                                                 const char *format,
                                                                 va_list arguments);

/* Adds what to do about the failure that was just recorded, a static text that replaces the general
 * advice of its status. Advice that e has already stands. Returns e's status. */
NET_API_STATUS err_advise(struct err *e, const char *advice);

/* Records what errno says of the file or folder at path. Returns e's status. */
NET_API_STATUS err_set_errno(struct err *e, const char *step, const char *path);

/* The text to show: that of e, or for want of one "out of memory" or "failed". */
const char *err_text(const struct err *e);

#endif
