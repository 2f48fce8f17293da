// SPDX-License-Identifier: Apache-2.0
// Capabilities: from the names of the configuration to sets, and from sets to the kernel; see security.h.
//
// libcap gives the numbers of the names. The sets are put in force with the bare system calls, because all five
// are wanted at once and compared with what the kernel then says.
#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/security/security.h"

#define CAPABILITIES_MAX 64

static const char *const words[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
	NULL,
};

const char *const *capabilities_words(void)
{
	return words;
}

// In any case of letters, and without the prefix, as libcap takes them.
static int ask_library(const char *name)
{
	char wanted[48] = "cap_";
	size_t at = strncasecmp(name, "cap_", 4) == 0 ? 0 : 4;
	size_t length = strlen(name);
	if (length == 0 || at + length >= sizeof wanted)
		return -1;
	for (size_t i = 0; i <= length; i++)
		wanted[at + i] = (char)tolower((unsigned char)name[i]);
	cap_value_t value;
	if (cap_from_name(wanted, &value) < 0 || value < 0 || value >= CAPABILITIES_MAX)
		return -1;
	// libcap also takes bare numbers, and stops at what is no letter: only the whole name counts
	char *canonical = cap_to_name(value);
	bool equal = canonical && text_equal(canonical, wanted);
	cap_free(canonical);
	return equal ? value : -1;
}

// As the specification writes them they are found here, for a fraction of it: each is asked for in up to five sets.
int capabilities_from_name(const char *name)
{
	for (size_t i = 0; words[i]; i++)
		if (text_equal(words[i], name))
			return (int)i;
	return ask_library(name);
}

static uint64_t bit(int capability)
{
	return UINT64_C(1) << capability;
}

// ---- planning ------------------------------------------------------------------------------------

struct plan {
	const struct log *log;
	bool any;            // every capability of the kernel can be had
	uint64_t permitted;  // of the caller
	uint64_t checked;    // numbers whose fate is known
	uint64_t bounding, usable;
	int unknown;  // an errno: the kernel would not say which it has
};

static int read_caller(struct capabilities *caller, struct error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	if (syscall(SYS_capget, &header, data) < 0)
		return error_errno(err, "capget");
	caller->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	caller->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	caller->inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
	return 0;
}

// Once for each capability that is asked for, in whatever set.
static void find_out(struct plan *plan, int capability)
{
	if (plan->checked & bit(capability))
		return;
	plan->checked |= bit(capability);
	int known = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
	if (known < 0 && errno != EINVAL) {
		plan->unknown = errno;
		return;
	}
	if (known < 0) {
		log_warning(plan->log,
			    "process.capabilities: %s is left out: this kernel does not have it",
			    words[capability]);
		return;
	}
	if (plan->any || known == 1)
		plan->bounding |= bit(capability);
	if (plan->any || (known == 1 && (plan->permitted & bit(capability))))
		plan->usable |= bit(capability);
	else
		log_warning(plan->log,
			    "process.capabilities: %s is left out: the caller does not have it",
			    words[capability]);
}

static uint64_t read_set(struct plan *plan, const char *set, const struct spec_strings *names)
{
	uint64_t result = 0;
	for (size_t i = 0; i < names->count; i++) {
		int capability = capabilities_from_name(names->items[i]);
		if (capability < 0 || (size_t)capability >= array_size(words) - 1) {
			log_warning(
				plan->log,
				"process.capabilities.%s[%zu]: unknown capability %s is left out",
				set, i, names->items[i]);
			continue;
		}
		find_out(plan, capability);
		result |= bit(capability);
	}
	return result;
}

// What the kernel would refuse because another set lacks it.
static uint64_t within(const struct plan *plan, const char *set, uint64_t wanted, uint64_t limit,
		       const char *of)
{
	for (size_t i = 0; i < array_size(words) - 1; i++)
		if (wanted & ~limit & bit((int)i))
			log_warning(plan->log,
				    "process.capabilities.%s: %s is left out: it is not %s", set,
				    words[i], of);
	return wanted & limit;
}

static int make_plan(struct plan *plan, const struct spec_capabilities *set,
		     struct capabilities *result, struct error *err)
{
	uint64_t bounding = read_set(plan, "bounding", &set->bounding);
	uint64_t permitted = read_set(plan, "permitted", &set->permitted);
	uint64_t effective = read_set(plan, "effective", &set->effective);
	uint64_t inheritable = read_set(plan, "inheritable", &set->inheritable);
	uint64_t ambient = read_set(plan, "ambient", &set->ambient);
	result->bounding = bounding & plan->bounding;
	result->permitted = permitted & plan->usable;
	result->effective =
		within(plan, "effective", effective & plan->usable, result->permitted, "permitted");
	result->inheritable = within(plan, "inheritable", inheritable & plan->usable,
				     result->bounding, "in bounding");
	result->ambient =
		within(plan, "ambient", ambient & plan->usable,
		       result->permitted & result->inheritable, "both permitted and inheritable");
	if (plan->unknown == 0)
		return 0;
	errno = plan->unknown;
	return error_errno(err, "process.capabilities: prctl PR_CAPBSET_READ");
}

int capabilities_plan(const struct spec_capabilities *set, const struct log *log,
		      struct capabilities *capabilities, struct error *err)
{
	*capabilities = (struct capabilities){0};
	if (!set->set)
		return 0;
	struct capabilities caller = {0};
	if (read_caller(&caller, err) < 0)
		return -1;
	struct plan plan = {.log = log, .permitted = caller.permitted};
	// who has not this one cannot make a container but in a new user namespace, where all are his
	plan.any = (caller.effective & bit(CAP_SYS_ADMIN)) == 0;
	return make_plan(&plan, set, capabilities, err);
}

int capabilities_plan_user_namespace(const struct spec_capabilities *set, const struct log *log,
				     struct capabilities *capabilities, struct error *err)
{
	*capabilities = (struct capabilities){0};
	if (!set->set)
		return 0;
	struct plan plan = {.log = log, .any = true};
	return make_plan(&plan, set, capabilities, err);
}

// ---- applying ------------------------------------------------------------------------------------

static int compare(const char *set, uint64_t wanted, uint64_t got, struct error *err)
{
	if (wanted == got)
		return 0;
	return error_set(err, EPERM, "process.capabilities.%s: wanted %#llx, the kernel has %#llx",
			 set, (unsigned long long)wanted, (unsigned long long)got);
}

int capabilities_limit(const struct capabilities *capabilities, struct error *err)
{
	uint64_t now = 0;
	for (int i = 0; i < CAPABILITIES_MAX; i++) {
		bool wanted = (capabilities->bounding & bit(i)) != 0;
		int dropping = wanted || prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0 ? 0 : errno;
		int has = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
		// the kernel has no more; those of 5.9 every kernel has that husk runs on
		if (has < 0 && errno == EINVAL && i > CAP_CHECKPOINT_RESTORE)
			break;
		if (has < 0)
			return error_errno(err, "process.capabilities.bounding: read capability %d",
					   i);
		errno = dropping;
		if (has > 0 && dropping != 0)
			return error_errno(err, "process.capabilities.bounding: drop capability %d",
					   i);
		now |= has > 0 ? bit(i) : 0;
	}
	return compare("bounding", capabilities->bounding, now, err);
}

static int set_three(const struct capabilities *c, struct error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{(uint32_t)c->effective, (uint32_t)c->permitted, (uint32_t)c->inheritable},
		{(uint32_t)(c->effective >> 32), (uint32_t)(c->permitted >> 32),
		 (uint32_t)(c->inheritable >> 32)},
	};
	if (syscall(SYS_capset, &header, data) < 0)
		return error_errno(err, "process.capabilities: capset");
	return 0;
}

static int set_ambient(uint64_t ambient, struct error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_errno(err, "process.capabilities.ambient: clear");
	for (int i = 0; i < CAPABILITIES_MAX; i++)
		if ((ambient & bit(i)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return error_errno(err, "process.capabilities.ambient: raise capability %d",
					   i);
	return 0;
}

// Only what is both permitted and inheritable can be ambient.
static int read_ambient(struct capabilities *now, struct error *err)
{
	uint64_t possible = now->permitted & now->inheritable;
	for (int i = 0; i < CAPABILITIES_MAX; i++) {
		if (!(possible & bit(i)))
			continue;
		int ambient = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0);
		if (ambient < 0)
			return error_errno(err, "process.capabilities.ambient: read back");
		now->ambient |= ambient ? bit(i) : 0;
	}
	return 0;
}

int capabilities_apply(const struct capabilities *capabilities, struct error *err)
{
	struct capabilities now = {0};
	if (set_three(capabilities, err) < 0 || set_ambient(capabilities->ambient, err) < 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return error_errno(err, "prctl PR_SET_KEEPCAPS");
	if (read_caller(&now, err) < 0 || read_ambient(&now, err) < 0)
		return -1;
	if (compare("effective", capabilities->effective, now.effective, err) < 0 ||
	    compare("inheritable", capabilities->inheritable, now.inheritable, err) < 0 ||
	    compare("permitted", capabilities->permitted, now.permitted, err) < 0)
		return -1;
	return compare("ambient", capabilities->ambient, now.ambient, err);
}

uint64_t capabilities_of_caller(void)
{
	struct capabilities caller = {0};
	struct error ignored;
	return read_caller(&caller, &ignored) < 0 ? 0 : caller.effective;
}
