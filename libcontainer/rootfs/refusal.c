// SPDX-License-Identifier: Apache-2.0
// Why the kernel refuses a file system of mounts[]: its own words where it has some, and ours where an error number is all
// that it says. Nothing is guessed before it has refused.
#include <errno.h>

#include "libcontainer/rootfs/plan.h"

int refusal_quote(const char *what, const struct mount_message *message, struct error *err)
{
	if (message->text[0])
		return error_set(err, errno, "mount %s: %s (%s)", what, error_text(errno),
				 message->text);
	return error_errno(err, "mount %s", what);
}

static bool is_list(const char *lowerdir)
{
	for (const char *at = lowerdir; *at; at++) {
		if (*at == ':')
			return true;
		if (*at == '\\' && at[1])
			at++;
	}
	return false;
}

// What the kernel makes nothing of, and says so in its own log only.
static bool is_one_layer(const struct mount_entry *entry)
{
	const struct mount_options *options = &entry->options;
	size_t layers = 0;
	if (!text_equal(entry->type, "overlay") || mount_options_data(options, "upperdir"))
		return false;
	for (size_t i = 0; i < options->data_count; i++) {
		const struct mount_parameter *data = &options->data[i];
		if (text_equal(data->key, "lowerdir") && data->value)
			layers = is_list(data->value) ? 2 : 1;
		else if (text_equal(data->key, "lowerdir+") || text_equal(data->key, "datadir+"))
			layers++;
	}
	return layers == 1;
}

int refusal_explain(const struct rootfs *rootfs, const struct mount_entry *entry,
		    const struct mount_parameters *parameters, const struct mount_message *message,
		    struct error *err)
{
	const struct mount_parameter *last =
		parameters->count ? &parameters->items[parameters->count - 1] : NULL;
	const bool silent = !message->text[0];
	if (errno == EINVAL && silent && is_one_layer(entry))
		return error_set(err, EINVAL,
				 "mount overlay: %s: without upperdir it needs two lowerdirs or "
				 "more (a single directory can be mounted by a bind)",
				 error_text(EINVAL));
	// SELinux says nothing about a label that its policy does not know
	if (errno == EINVAL && silent && last && last->value &&
	    last->value == rootfs->options->mount_label)
		return error_errno(err, "mount %s with %s=%s", entry->type, last->key, last->value);
	if (errno == EPERM && entry->kind == mount_kind_proc && rootfs->options->user_namespace)
		return error_set(
			err, EPERM,
			"mount proc: %s: parts of the surrounding /proc are masked, or the "
			"pid namespace belongs to somebody else",
			error_text(EPERM));
	return refusal_quote(entry->type, message, err);
}
