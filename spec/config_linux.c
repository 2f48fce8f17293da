// SPDX-License-Identifier: Apache-2.0
// The linux object (config-linux.md) but for resources and seccomp, which have files of their own.
#include <sys/stat.h>

#include "spec/checks.h"
#include "spec/config.h"

// ---- namespaces -----------------------------------------------------------------------------------

struct namespace_entry {
	int type;
	const char *path;
};

static const struct decode_row namespace_rows[] = {
	WORD("type", struct namespace_entry, type, int, &words_namespaces, .required = true),
	STRING("path", struct namespace_entry, path, .empty_is_absent = true,
	       .check = checks_absolute),
};
static const struct decode_object namespace_object = {DECODE_ROWS(namespace_rows)};

static int read_namespace(struct decode *decode, const struct tree_node *node,
			  struct spec_linux *config)
{
	struct namespace_entry entry = {.type = 0};
	if (decode_object(decode, &namespace_object, node, &entry) < 0)
		return -1;
	struct spec_namespace *slot = &config->namespaces[entry.type];
	if (slot->listed)
		return decode_fail_key(decode, "type", "duplicate '%s'",
				       spec_namespace_name((enum spec_namespace_type)entry.type));
	*slot = (struct spec_namespace){.listed = true, .path = entry.path};
	return 0;
}

// The array of the document becomes a slot for each type.
static int read_namespaces(struct decode *decode, const struct decode_row *row,
			   const struct tree_node *node, void *target)
{
	size_t index = 0;
	(void)row;
	if (node->kind != tree_kind_array)
		return decode_fail_type(decode, "an array", node);
	const struct tree_node *end = node + tree_span(node);
	for (const struct tree_node *at = node + 1; at < end; at += tree_span(at), index++) {
		decode_enter_index(decode, index);
		if (read_namespace(decode, at, target) < 0)
			return -1;
		decode_leave(decode);
	}
	return 0;
}

// ---- id mappings and time offsets -----------------------------------------------------------------

static const struct decode_row id_mapping_rows[] = {
	U32("containerID", struct spec_id_mapping, container_id, 0, CONFIG_MAX_ID,
	    .required = true),
	U32("hostID", struct spec_id_mapping, host_id, 0, CONFIG_MAX_ID, .required = true),
	U32("size", struct spec_id_mapping, size, 1, UINT32_MAX, .required = true),
};

static int finish_id_mapping(struct decode *decode, void *target)
{
	const struct spec_id_mapping *mapping = target;
	if (mapping->size > UINT32_MAX - mapping->container_id ||
	    mapping->size > UINT32_MAX - mapping->host_id)
		return decode_fail_key(decode, "size", "%u ids reach beyond the largest one",
				       mapping->size);
	return 0;
}

const struct decode_object config_id_mapping = {DECODE_ROWS(id_mapping_rows),
						.size = sizeof(struct spec_id_mapping),
						.finish = finish_id_mapping};

static const struct decode_row time_offset_rows[] = {
	I64("secs", struct spec_time_offset, secs, INT64_MIN, INT64_MAX),
	U32("nanosecs", struct spec_time_offset, nanosecs, 0, 999999999),
};
static const struct decode_object time_offset = {DECODE_ROWS(time_offset_rows), .marks_set = true};

static const struct decode_row time_offsets_rows[] = {
	OBJECT("monotonic", struct spec_linux, monotonic, struct spec_time_offset, &time_offset),
	OBJECT("boottime", struct spec_linux, boottime, struct spec_time_offset, &time_offset),
};
static const struct decode_object time_offsets = {DECODE_ROWS(time_offsets_rows), .closed = true};

// ---- devices --------------------------------------------------------------------------------------

static int read_device_type(struct decode *decode, const struct decode_row *row,
			    const struct tree_node *node, void *target)
{
	struct spec_device *device = target;
	const char *type = NULL;
	if (decode_read_string(decode, row, node, &type) < 0)
		return -1;
	if (type[0] == '\0' || type[1] != '\0' ||
	    (type[0] != 'c' && type[0] != 'b' && type[0] != 'u' && type[0] != 'p'))
		return decode_fail(decode, "unknown value '%.16s'", type);
	device->type = type[0] == 'u' ? 'c' : type[0];
	return 0;
}

static decode_reader read_file_mode;

// Numbers are required of all but pipes; -1 stands for one that is absent.
static const struct decode_row device_rows[] = {
	CUSTOM("type", read_device_type, .required = true),
	STRING("path", struct spec_device, path, .required = true, .check = checks_absolute),
	I64("major", struct spec_device, major, 0, CONFIG_MAX_MAJOR),
	I64("minor", struct spec_device, minor, 0, CONFIG_MAX_MINOR),
	CUSTOM("fileMode", read_file_mode, .max = UINT32_MAX),
	OPTIONAL_U64("uid", struct spec_device, uid, CONFIG_MAX_ID),
	OPTIONAL_U64("gid", struct spec_device, gid, CONFIG_MAX_ID),
};

static void start_device(void *target)
{
	struct spec_device *device = target;
	device->major = -1;
	device->minor = -1;
}

static int finish_device(struct decode *decode, void *target)
{
	struct spec_device *device = target;
	if (device->type == 'p') {
		device->major = 0;
		device->minor = 0;
	}
	if (device->major < 0)
		return decode_fail_key(decode, "major", "is required");
	if (device->minor < 0)
		return decode_fail_key(decode, "minor", "is required");
	return 0;
}

static const struct decode_object device_object = {DECODE_ROWS(device_rows),
						   .size = sizeof(struct spec_device),
						   .start = start_device, .finish = finish_device};

// Some callers put the type bits of stat in as well.
static int read_file_mode(struct decode *decode, const struct decode_row *row,
			  const struct tree_node *node, void *target)
{
	struct spec_device *owner = target;
	if (decode_read_optional_u64(decode, row, node, &owner->file_mode) < 0)
		return -1;
	owner->file_mode.value &= ~(uint64_t)S_IFMT;
	if (owner->file_mode.value > 07777)
		return decode_fail(decode, "has bits that are no permissions");
	return 0;
}

static const struct decode_row net_device_rows[] = {
	STRING("name", struct spec_net_device, name, .empty_is_absent = true,
	       .check = checks_interface),
};
static const struct decode_object net_device = {DECODE_ROWS(net_device_rows),
						.size = sizeof(struct spec_net_device)};
_Static_assert(offsetof(struct spec_net_device, host_name) == 0, "takes the key of the map");

// ---- the rest -------------------------------------------------------------------------------------

static const struct decode_row intel_rdt_rows[] = {
	STRING("closID", struct spec_intel_rdt, clos_id, .empty_is_absent = true,
	       .check = checks_clos_id),
	STRING("l3CacheSchema", struct spec_intel_rdt, l3_cache_schema, .empty_is_absent = true),
	STRING("memBwSchema", struct spec_intel_rdt, mem_bw_schema, .empty_is_absent = true,
	       .check = checks_bandwidth_schema),
	STRINGS("schemata", struct spec_intel_rdt, schemata),
	BOOLEAN("enableMonitoring", struct spec_intel_rdt, enable_monitoring),
};
static const struct decode_object intel_rdt = {DECODE_ROWS(intel_rdt_rows), .marks_set = true};

static int read_memory_flags(struct decode *decode, const struct decode_row *row,
			     const struct tree_node *node, void *target)
{
	struct spec_memory_policy *policy = target;
	uint64_t bits = 0;
	if (decode_read_bits(decode, row, node, &bits) < 0)
		return -1;
	policy->flags = (unsigned)bits;
	return 0;
}

static const struct decode_row memory_policy_rows[] = {
	WORD("mode", struct spec_memory_policy, mode, int, &words_memory_modes, .required = true),
	STRING("nodes", struct spec_memory_policy, nodes, .empty_is_absent = true,
	       .check = checks_number_list),
	CUSTOM("flags", read_memory_flags, .words = &words_memory_flags),
};
static const struct decode_object memory_policy = {DECODE_ROWS(memory_policy_rows),
						   .marks_set = true};

// The specification defines no flags yet, so any is an unknown value.
static int read_personality_flags(struct decode *decode, const struct decode_row *row,
				  const struct tree_node *node, void *target)
{
	(void)row;
	(void)target;
	if (node->kind != tree_kind_array)
		return decode_fail_type(decode, "an array", node);
	return decode_count(node) == 0 ? 0 : decode_fail(decode, "no flags are defined");
}

static const struct decode_row personality_rows[] = {
	WORD("domain", struct spec_linux, personality, enum spec_personality, &words_personalities,
	     .required = true),
	CUSTOM("flags", read_personality_flags),
};
static const struct decode_object personality = {DECODE_ROWS(personality_rows)};

static const struct decode_row linux_rows[] = {
	CUSTOM("namespaces", read_namespaces, .nested = true, .object = &namespace_object),
	LIST("uidMappings", struct spec_linux, uid_mappings.items, uid_mappings.count,
	     struct spec_id_mapping, &config_id_mapping),
	LIST("gidMappings", struct spec_linux, gid_mappings.items, gid_mappings.count,
	     struct spec_id_mapping, &config_id_mapping),
	INLINE("timeOffsets", &time_offsets),
	LIST("devices", struct spec_linux, devices, devices_count, struct spec_device,
	     &device_object),
	OBJECT_MAP("netDevices", struct spec_linux, net_devices, net_devices_count,
		   struct spec_net_device, &net_device, checks_interface),
	STRING("cgroupsPath", struct spec_linux, cgroups_path, .empty_is_absent = true),
	OBJECT("resources", struct spec_linux, resources, struct spec_resources, &config_resources),
	WORD("rootfsPropagation", struct spec_linux, rootfs_propagation, enum spec_propagation,
	     &words_propagations),
	OBJECT("seccomp", struct spec_linux, seccomp, struct spec_seccomp, &config_seccomp),
	STRING_MAP("sysctl", struct spec_linux, sysctl, checks_not_empty),
	STRINGS("maskedPaths", struct spec_linux, masked_paths, .check = checks_absolute),
	STRINGS("readonlyPaths", struct spec_linux, readonly_paths, .check = checks_absolute),
	STRING("mountLabel", struct spec_linux, mount_label, .empty_is_absent = true),
	OBJECT("intelRdt", struct spec_linux, intel_rdt, struct spec_intel_rdt, &intel_rdt),
	OBJECT("memoryPolicy", struct spec_linux, memory_policy, struct spec_memory_policy,
	       &memory_policy),
	INLINE("personality", &personality),
};
const struct decode_object config_linux = {DECODE_ROWS(linux_rows)};
