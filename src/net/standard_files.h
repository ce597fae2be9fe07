/* SPDX-License-Identifier: MIT */
/* The standard files of a process: standard input, output and error. */
#ifndef NET_STANDARD_FILES_H
#define NET_STANDARD_FILES_H

/* Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed, as it is after ">&-" in a
 * shell. The next socket or file would get its number otherwise: a message on standard error would
 * then go to a server, and libuv ends a program that has a descriptor of its own there. Reading and
 * writing still fail with EBADF, as they do on a closed descriptor. net_loop_new and
 * net_loop_new_on do this. A program that opens files before its loop calls it first. */
void net_standard_files_open(void);

#endif
