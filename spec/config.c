// SPDX-License-Identifier: Apache-2.0
// config.json as a whole (config.md: Root, Mounts, Hostname, Domainname, POSIX-platform Hooks,
// Annotations). The tables read like the specification; rules between fields are in validate.c.
#include "spec/config.h"

#include "spec/checks.h"

// ---- root -----------------------------------------------------------------------------------------

static const struct decode_row root_rows[] = {
	STRING("path", struct spec, root_path, .required = true, .check = checks_not_empty),
	BOOLEAN("readonly", struct spec, root_readonly),
};
static const struct decode_object root = {DECODE_ROWS(root_rows)};

// ---- mounts ---------------------------------------------------------------------------------------

static const struct decode_row mount_rows[] = {
	STRING("destination", struct spec_mount, destination, .required = true,
	       .check = checks_not_empty),  // relative ones are deprecated, not forbidden
	STRING("type", struct spec_mount, type, .empty_is_absent = true),
	STRING("source", struct spec_mount, source, .empty_is_absent = true),
	STRINGS("options", struct spec_mount, options),
	LIST("uidMappings", struct spec_mount, uid_mappings.items, uid_mappings.count,
	     struct spec_id_mapping, &config_id_mapping),
	LIST("gidMappings", struct spec_mount, gid_mappings.items, gid_mappings.count,
	     struct spec_id_mapping, &config_id_mapping),
};
static const struct decode_object mount = {DECODE_ROWS(mount_rows),
					   .size = sizeof(struct spec_mount)};

// A file for `mounts`: the list in an object, or alone (spec.c).
static const struct decode_row mounts_rows[] = {
	LIST("mounts", struct spec, mounts, mounts_count, struct spec_mount, &mount,
	     .required = true),
};
const struct decode_object config_mounts = {DECODE_ROWS(mounts_rows)};

// ---- hooks ----------------------------------------------------------------------------------------

static decode_reader read_hook_env;

static const struct decode_row hook_rows[] = {
	STRING("path", struct spec_hook, path, .required = true, .check = checks_absolute),
	STRINGS("args", struct spec_hook, args),
	CUSTOM("env", read_hook_env),
	OPTIONAL_I64("timeout", struct spec_hook, timeout, 1, INT32_MAX),
};
static const struct decode_object hook = {DECODE_ROWS(hook_rows), .size = sizeof(struct spec_hook)};

static int read_hook_env(struct decode *decode, const struct decode_row *row,
			 const struct tree_node *node, void *target)
{
	struct spec_hook *owner = target;
	owner->env_set = true;
	return decode_read_strings(decode, row, node, &owner->env);
}

#define HOOKS(key_, kind_)                                                                         \
	LIST(key_, struct spec, hooks[spec_hook_kind_##kind_].items,                               \
	     hooks[spec_hook_kind_##kind_].count, struct spec_hook, &hook)

static const struct decode_row hooks_rows[] = {
	HOOKS("prestart", prestart),
	HOOKS("createRuntime", create_runtime),
	HOOKS("createContainer", create_container),
	HOOKS("startContainer", start_container),
	HOOKS("poststart", poststart),
	HOOKS("poststop", poststop),
};
static const struct decode_object hooks = {DECODE_ROWS(hooks_rows)};

// ---- the document ---------------------------------------------------------------------------------

static const struct decode_row document_rows[] = {
	STRING("ociVersion", struct spec, oci_version, .required = true, .check = checks_version),
	INLINE("root", &root, .required = true),
	STRING("hostname", struct spec, hostname, .empty_is_absent = true),
	STRING("domainname", struct spec, domainname, .empty_is_absent = true),
	OBJECT("process", struct spec, process, struct spec_process, &config_process),
	LIST("mounts", struct spec, mounts, mounts_count, struct spec_mount, &mount),
	INLINE("hooks", &hooks),
	STRING_MAP("annotations", struct spec, annotations, checks_not_empty),
	OBJECT("linux", struct spec, linux_, struct spec_linux, &config_linux),
};
const struct decode_object config_document = {DECODE_ROWS(document_rows)};
