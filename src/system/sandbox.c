/* SPDX-License-Identifier: MIT */
#include "system/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/sanitizers.h"

/* ---- files ---- */

/* Landlock's rights by the version of its interface that has them. Headers of Debian 12 lack the
 * later ones. */
#define RIGHTS_1     ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define RIGHT_REFER  (1ULL << 13)
#define RIGHT_TRUNC  (1ULL << 14)
#define RIGHT_IOCTL  (1ULL << 15)
#define READ_RIGHTS  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_RIGHTS (READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNC)
#define FOLDER_RIGHTS                                                   \
	(LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define RIGHTS_OF_A_FILE \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNC)

static uint64_t sandbox_find_rights(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	                       LANDLOCK_CREATE_RULESET_VERSION);

	return version < 1 ? 0
	                   : RIGHTS_1 | (version >= 2 ? RIGHT_REFER : 0) |
	                             (version >= 3 ? RIGHT_TRUNC : 0) |
	                             (version >= 5 ? RIGHT_IOCTL : 0);
}

void sandbox_begin(struct sandbox *s)
{
	struct landlock_ruleset_attr all = { .handled_access_fs = sandbox_find_rights() };

	*s = (struct sandbox){ .rules = -1, .handled = all.handled_access_fs };
	if (s->handled != 0)
		s->rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
}

void sandbox_allow(struct sandbox *s, const char *path, enum sandbox_access access)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access == SANDBOX_WRITE ? WRITE_RIGHTS | FOLDER_RIGHTS
		                                          : READ_RIGHTS,
	};
	struct stat info;

	if (s->rules < 0 || path == NULL)
		return;
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &info) == 0 && !S_ISDIR(info.st_mode))
		rule.allowed_access &= RIGHTS_OF_A_FILE;
	rule.allowed_access &= s->handled;
	(void)syscall(SYS_landlock_add_rule, s->rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

void sandbox_allow_folder_of(struct sandbox *s, const char *path, enum sandbox_access access)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : NULL;

	if (slash == NULL)
		sandbox_allow(s, path != NULL ? "." : NULL, access);
	else
		sandbox_allow(s, folder, access);
	free(folder);
}

static bool sandbox_restrict_files(struct sandbox *s)
{
	bool is_restricted = s->rules >= 0 && syscall(SYS_landlock_restrict_self, s->rules, 0) == 0;

	if (s->rules >= 0)
		close(s->rules);
	s->rules = -1;
	return is_restricted;
}

/* ---- system calls ---- */

#if defined __x86_64__ && !defined __ILP32__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __i386__
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined __aarch64__ && defined __AARCH64EL__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __arm__ && defined __ARMEL__
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined __s390x__
#define ARCHITECTURE AUDIT_ARCH_S390X
#elif defined __powerpc64__ && defined __LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined __riscv && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define ARCHITECTURE 0
#endif

/* x86-64 has each call a second time, with this bit. */
#define X32_BIT 0x40000000u

/* What no daemon here needs, and what an intruder wants: other programs, other processes, other
 * views of the file system, and parts of the kernel that have had many faults. */
static const unsigned denied_calls[] = {
	SYS_execve,
	SYS_execveat,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_unshare,
	SYS_setns,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_io_uring_setup,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_add_key,
	SYS_request_key,
	SYS_open_by_handle_at,
	SYS_open_tree,
	SYS_move_mount,
	SYS_fsopen,
	SYS_pidfd_getfd,
#if !IS_SANITIZED
	SYS_ptrace, /* the leak sanitizer stops the other threads by it */
#endif
};

/* Where the C library opens sockets by socketcall (i386), the kernel does not show the family. */
static const unsigned allowed_families[] = { AF_UNIX, AF_INET, AF_INET6 };

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof *(ARRAY))

struct call_filter {
	struct sock_filter code[2 * COUNT(denied_calls) + 2 * COUNT(allowed_families) + 16];
	unsigned short count;
};

static void call_filter_add(struct call_filter *f, unsigned short code, uint32_t value,
                            uint8_t if_true, uint8_t if_false)
{
	f->code[f->count++] = (struct sock_filter){ code, if_true, if_false, value };
}

static void call_filter_load(struct call_filter *f, size_t offset)
{
	call_filter_add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void call_filter_return(struct call_filter *f, uint32_t action)
{
	call_filter_add(f, BPF_RET | BPF_K, action, 0, 0);
}

/* Returns action where the loaded value is this one. */
static void call_filter_return_if(struct call_filter *f, uint32_t value, uint32_t action)
{
	call_filter_add(f, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	call_filter_return(f, action);
}

/* Of the first argument, which the kernel has as 64 bits. */
static size_t call_filter_argument_offset(void)
{
	return offsetof(struct seccomp_data, args) +
	       (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0);
}

static void call_filter_fill(struct call_filter *f)
{
	const uint32_t deny = SECCOMP_RET_ERRNO | EPERM;

	call_filter_load(f, offsetof(struct seccomp_data, arch));
	call_filter_add(f, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	call_filter_return(f, deny);
	call_filter_load(f, offsetof(struct seccomp_data, nr));
	if (ARCHITECTURE == AUDIT_ARCH_X86_64) {
		call_filter_add(f, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
		call_filter_return(f, deny);
	}
	for (size_t i = 0; i < COUNT(denied_calls); i++)
		call_filter_return_if(f, denied_calls[i], deny);
	call_filter_add(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0);
	call_filter_return(f, SECCOMP_RET_ALLOW);
	call_filter_load(f, call_filter_argument_offset());
	for (size_t i = 0; i < COUNT(allowed_families); i++)
		call_filter_return_if(f, allowed_families[i], SECCOMP_RET_ALLOW);
	call_filter_return(f, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
}

static bool sandbox_restrict_calls(void)
{
	struct call_filter f = { .count = 0 };
	struct sock_fprog program;

	if (ARCHITECTURE == 0)
		return false;
	call_filter_fill(&f);
	program = (struct sock_fprog){ f.count, f.code };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* Both need that no program could give the process more rights. */
struct sandbox_result sandbox_enter(struct sandbox *s)
{
	struct sandbox_result result = { false, false };

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	result.restricts_files = sandbox_restrict_files(s);
	result.restricts_calls = sandbox_restrict_calls();
	return result;
}
