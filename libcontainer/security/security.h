// SPDX-License-Identifier: Apache-2.0
// What takes power away from the process: capabilities, system call filter, labels, keyring, and the
// protection of husk's own binary.
//
// What can be computed before the container exists is computed by the calling process (*_plan,
// *_compile); the new process only applies. A step that fails is fatal; what was applied is read back.
#ifndef HUSK_SECURITY_SECURITY_H
#define HUSK_SECURITY_SECURITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/attributes.h"
#include "libcontainer/base/error.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/text.h"
#include "spec/spec.h"

// ---- capabilities.c ------------------------------------------------------------------------------

// Bit n = capability number n.
struct capabilities {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

// Names ("CAP_CHOWN", any case, prefix optional) to sets. Unknown names and ones the kernel or the caller does not have
// are left out with a warning, as the specification says. set.set false (object absent) = no capability at all.
int capabilities_plan(const struct spec_capabilities *set, const struct log *log,
		      struct capabilities *capabilities, struct error *err) must_check;
// The same for a container that has a user namespace: there everything that the kernel has can be had, whatever
// the caller has.
int capabilities_plan_user_namespace(const struct spec_capabilities *set, const struct log *log,
				     struct capabilities *capabilities,
				     struct error *err) must_check;
// One name to its number, or -1.
int capabilities_from_name(const char *name);
// "CAP_CHOWN" ... NULL-terminated; for `features`.
const char *const *capabilities_words(void);
// The effective ones of the calling process, a bit each.
uint64_t capabilities_of_caller(void);

// Drops the bounding set to the wanted one, reads it back, and fails on any difference. Before the change of user, and before a filter
// of the container's that may answer in the kernel's place.
int capabilities_limit(const struct capabilities *capabilities, struct error *err) must_check;
// After the change of user (made with PR_SET_KEEPCAPS): sets the other four, reads them back, and fails on any difference.
int capabilities_apply(const struct capabilities *capabilities, struct error *err) must_check;

// ---- syscall_filter.c ----------------------------------------------------------------------------

// A compiled seccomp filter (classic BPF).
struct syscall_filter {
	void *instructions;  // owned: struct sock_filter[]; NULL = no filter is wanted
	uint16_t count;
	uint32_t
		flags;  // SECCOMP_FILTER_FLAG_*; SECCOMP_FILTER_FLAG_NEW_LISTENER when a notify action is used
};

// Compiles linux.seccomp. Semantics are libseccomp's and runc's: rules equal to the default action are skipped, two
// conditions on one argument index become alternatives, ENOSYS for system calls newer than the newest one the profile
// names (when the default action refuses). System call names unknown to libseccomp go to the log at debug level.
int syscall_filter_compile(const struct spec_seccomp *seccomp, const struct log *log,
			   struct syscall_filter *filter, struct error *err) must_check;
// filter_data.c: a filter that was compiled elsewhere, as base64 of classic BPF; no flags, no listener.
int syscall_filter_from_data(const char *text, struct syscall_filter *filter,
			     struct error *err) must_check;
// Loads it into the calling process. *listener: the notify descriptor (owned by the caller), -1 without one.
int syscall_filter_load(const struct syscall_filter *filter, int *listener,
			struct error *err) must_check;
void syscall_filter_done(struct syscall_filter *filter);
// As bytes, for the same build of husk, and back. pack: malloc'ed; NULL: not this one (none, or it has a listener).
void *syscall_filter_pack(const struct syscall_filter *filter, size_t *size) must_check;
int syscall_filter_unpack(const void *packed, size_t size,
			  struct syscall_filter *filter) must_check;
// filter_answer.c: whether it lets this system call of this architecture through. arguments: those of the call. A filter whose
// answer depends on where the caller's instructions stand is not asked about that.
bool syscall_filter_lets_pass(const struct syscall_filter *filter, long number,
			      const uint64_t arguments[6]) must_check;
// Flags of linux.seccomp.flags that this kernel has, NULL-terminated in out[] of at least 8.
void syscall_filter_supported_flags(const char *out[8]);
void syscall_filter_describe(const struct syscall_filter *filter, const char *prefix,
			     struct text *text);

// filter_cache.c: a packed filter that was kept for this text of linux.seccomp (key). -1: there is none. *value: malloc'ed.
int filter_cache_find(const void *key, size_t key_length, void **value,
		      size_t *value_length) must_check;
// Keeps one, or does not: short, long, and without a place for it.
void filter_cache_keep(const void *key, size_t key_length, const void *value, size_t value_length);

// filter_listener.c: connects to listenerPath and hands the notify descriptor over with the container process state
// (JSON text made by the caller).
int filter_listener_send(const char *path, const char *state_json, int listener,
			 struct error *err) must_check;

// ---- labels.c ------------------------------------------------------------------------------------

struct labels {
	const char *apparmor, *selinux;  // borrowed, NULL = none asked for
};
// In the calling process: asked for and absent in this kernel -> error.
int labels_check(const struct labels *labels, struct error *err) must_check;
// The same for linux.mountLabel (or NULL), which is for the mounts to apply.
int labels_check_mount(const char *label, struct error *err) must_check;
// Sets the labels of the next execve (lsm_set_self_attr, or a verified procfs file whose root descriptor is proc_fd).
int labels_apply(const struct labels *labels, int proc_fd, struct error *err) must_check;

// ---- keyring.c -----------------------------------------------------------------------------------

// The session keyring "_ses.ID", a new one if there is none. proc_fd: the host's /proc, for the label. Missing support or quota is a warning's text in *note (may be NULL), not an error.
int keyring_join(const char *id, const char *selinux_label, int proc_fd, const char **note,
		 struct error *err) must_check;

// ---- own_binary.c --------------------------------------------------------------------------------

// Makes the file behind /proc/self/exe unreachable from inside a container, for this process and those it clones: the running
// program's pages are mapped through a detached read-only mount, or copied to memory without a file, and exe_fd is pointed at an empty
// sealed memfd (PR_SET_MM_MAP); nothing is to be done when it is root's, on a read-only mount, and the caller is the host's root; else, without the
// capability for that, the program is executed again from a sealed memfd copy (argv is for that; does not return then).
// Must run before any container namespace is entered. Afterwards /proc/self/exe is of no use to husk either. CVE-2019-5736.
// later: a descriptor, owned by the caller, to close when nobody waits for it, for that takes time; unchanged if there is none. NULL:
// it is closed here.
int own_binary_protect(char *const argv[], int *later, struct error *err) must_check;

// The cheap half, for a new process in a new mount namespace: there the program's file is another one to the kernel, and
// nothing has to be copied. can_leave is asked in the calling process (path: as the new process shall open it); where it says no,
// own_binary_protect has to be called there. Only for a process that nobody hostile can see yet.
#define OWN_BINARY_PATH_SIZE 1024
struct own_binary {
	char path[OWN_BINARY_PATH_SIZE];  // "": there is nothing to leave
	dev_t device;
	ino_t inode;
};
bool own_binary_can_leave(struct own_binary *own) must_check;
// *mapped: owned by the caller, for own_binary_seal; -1 when there is nothing to seal.
int own_binary_leave(const struct own_binary *own, int *mapped, struct error *err) must_check;
// What is mapped still is the host's file, and who has CAP_CHECKPOINT_RESTORE over the host could open it by /proc/PID/map_files, to
// write to it. This makes the mount that it was opened through, one of this mount namespace, read-only; where that cannot be, the pages
// are copied. Before a process of the container can look, and before the mount namespace's root is changed.
int own_binary_seal(const struct own_binary *own, int mapped, struct error *err) must_check;

#endif
