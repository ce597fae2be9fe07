/* SPDX-License-Identifier: MIT */
/* Whether this is a build of the sanitizers that replace functions of the C library: they read the
 * program's file for a report, stop threads by ptrace to look for leaks, and lock no memory. */
#ifndef BASE_SANITIZERS_H
#define BASE_SANITIZERS_H

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define IS_SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

#endif
