// SPDX-License-Identifier: Apache-2.0
// See mount_options.h. One table, sorted by name for the binary search; a row says what kind of word it is
// and which bits it moves. The names stand alone in a second array because `features` shows them.
#include "libcontainer/rootfs/mount_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/text.h"
#include "libcontainer/rootfs/rootfs.h"

enum word_kind {
	word_kind_nothing,      // for mount(8), or the default: no bits
	word_kind_attribute,    // bits of this mount
	word_kind_recursive,    // bits of this mount and all below
	word_kind_superblock,   // a flag of the file system context: the name behind `set` bytes
	word_kind_propagation,  // set = MS_*, clear = whether it is recursive
	word_kind_feature,      // set = offset of a bool in struct mount_options
};

#define RO KERNEL_MOUNT_ATTR_RDONLY
#define NOSUID KERNEL_MOUNT_ATTR_NOSUID
#define NODEV KERNEL_MOUNT_ATTR_NODEV
#define NOEXEC KERNEL_MOUNT_ATTR_NOEXEC
#define ATIME KERNEL_MOUNT_ATTR_ATIME
#define NOATIME KERNEL_MOUNT_ATTR_NOATIME
#define STRICTATIME KERNEL_MOUNT_ATTR_STRICTATIME
#define NODIRATIME KERNEL_MOUNT_ATTR_NODIRATIME
#define NOSYMFOLLOW KERNEL_MOUNT_ATTR_NOSYMFOLLOW
#define FEATURE(member) offsetof(struct mount_options, member)

// "silent" only keeps the kernel's log quiet and fsconfig(2) has no word for it; "mand" has no meaning since
// Linux 5.15; "noiversion" is what a context starts with. A file system's own flags cannot be set on the mounts
// below: "rsync" and its kin do what is left of them. Words that undo an access time rule go
// back to the kernel's default, relatime.
// clang-format off
#define WORDS(WORD) \
	WORD("_netdev", nothing, 0, 0) \
	WORD("async", superblock, 0, 0) \
	WORD("atime", attribute, 0, ATIME) \
	WORD("auto", nothing, 0, 0) \
	WORD("bind", feature, FEATURE(bind), 0) \
	WORD("copy-symlink", feature, FEATURE(copy_symlink), 0) \
	WORD("defaults", nothing, 0, 0) \
	WORD("dest-nofollow", feature, FEATURE(target_no_follow), 0) \
	WORD("dev", attribute, 0, NODEV) \
	WORD("diratime", attribute, 0, NODIRATIME) \
	WORD("dirsync", superblock, 0, 0) \
	WORD("exec", attribute, 0, NOEXEC) \
	WORD("group", nothing, 0, 0) \
	WORD("idmap", feature, FEATURE(idmap), 0) \
	WORD("iversion", feature, FEATURE(i_version), 0) \
	WORD("lazytime", superblock, 0, 0) \
	WORD("loud", nothing, 0, 0) \
	WORD("mand", nothing, 0, 0) \
	WORD("noatime", attribute, NOATIME, ATIME) \
	WORD("noauto", nothing, 0, 0) \
	WORD("nodev", attribute, NODEV, 0) \
	WORD("nodiratime", attribute, NODIRATIME, 0) \
	WORD("noexec", attribute, NOEXEC, 0) \
	WORD("nofail", nothing, 0, 0) \
	WORD("noiversion", nothing, 0, 0) \
	WORD("nolazytime", superblock, 0, 0) \
	WORD("nomand", nothing, 0, 0) \
	WORD("norelatime", attribute, 0, ATIME) \
	WORD("nostrictatime", attribute, 0, ATIME) \
	WORD("nosuid", attribute, NOSUID, 0) \
	WORD("nosymfollow", attribute, NOSYMFOLLOW, 0) \
	WORD("nouser", nothing, 0, 0) \
	WORD("owner", nothing, 0, 0) \
	WORD("private", propagation, KERNEL_MS_PRIVATE, 0) \
	WORD("rasync", superblock, 1, 0) \
	WORD("ratime", recursive, 0, ATIME) \
	WORD("rbind", feature, FEATURE(recursive_bind), 0) \
	WORD("rdev", recursive, 0, NODEV) \
	WORD("rdiratime", recursive, 0, NODIRATIME) \
	WORD("rdirsync", superblock, 1, 0) \
	WORD("relatime", attribute, 0, ATIME) \
	WORD("remount", feature, FEATURE(remount), 0) \
	WORD("rexec", recursive, 0, NOEXEC) \
	WORD("ridmap", feature, FEATURE(recursive_idmap), 0) \
	WORD("rmand", nothing, 0, 0) \
	WORD("rnoatime", recursive, NOATIME, ATIME) \
	WORD("rnodev", recursive, NODEV, 0) \
	WORD("rnodiratime", recursive, NODIRATIME, 0) \
	WORD("rnoexec", recursive, NOEXEC, 0) \
	WORD("rnomand", nothing, 0, 0) \
	WORD("rnorelatime", recursive, 0, ATIME) \
	WORD("rnostrictatime", recursive, 0, ATIME) \
	WORD("rnosuid", recursive, NOSUID, 0) \
	WORD("rnosymfollow", recursive, NOSYMFOLLOW, 0) \
	WORD("ro", attribute, RO, 0) \
	WORD("rprivate", propagation, KERNEL_MS_PRIVATE, 1) \
	WORD("rrelatime", recursive, 0, ATIME) \
	WORD("rro", recursive, RO, 0) \
	WORD("rrw", recursive, 0, RO) \
	WORD("rshared", propagation, KERNEL_MS_SHARED, 1) \
	WORD("rslave", propagation, KERNEL_MS_SLAVE, 1) \
	WORD("rstrictatime", recursive, STRICTATIME, ATIME) \
	WORD("rsuid", recursive, 0, NOSUID) \
	WORD("rsymfollow", recursive, 0, NOSYMFOLLOW) \
	WORD("rsync", superblock, 1, 0) \
	WORD("runbindable", propagation, KERNEL_MS_UNBINDABLE, 1) \
	WORD("rw", attribute, 0, RO) \
	WORD("shared", propagation, KERNEL_MS_SHARED, 0) \
	WORD("silent", nothing, 0, 0) \
	WORD("slave", propagation, KERNEL_MS_SLAVE, 0) \
	WORD("src-nofollow", feature, FEATURE(source_no_follow), 0) \
	WORD("strictatime", attribute, STRICTATIME, ATIME) \
	WORD("suid", attribute, 0, NOSUID) \
	WORD("symfollow", attribute, 0, NOSYMFOLLOW) \
	WORD("sync", superblock, 0, 0) \
	WORD("tmpcopyup", feature, FEATURE(copy_up), 0) \
	WORD("unbindable", propagation, KERNEL_MS_UNBINDABLE, 0) \
	WORD("user", nothing, 0, 0) \
	WORD("users", nothing, 0, 0)

#define NAME(name, kind, set, clear) name,
#define EFFECT(name, kind, set, clear) {word_kind_##kind, (uint32_t)(set), (uint32_t)(clear)},
// clang-format on

static const char *const names[] = {WORDS(NAME) NULL};

static const struct effect {
	enum word_kind kind;
	uint32_t set, clear;
} effects[] = {WORDS(EFFECT)};

const char *const *rootfs_words_mount_options(void)
{
	return names;
}

static const struct effect *find(const char *word)
{
	size_t low = 0, high = array_size(effects);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(word, names[middle]);
		if (order == 0)
			return &effects[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

// A later word wins over an earlier one about the same bits.
static void move_bits(uint64_t *set, uint64_t *clear, const struct effect *effect)
{
	*set = (*set & ~(uint64_t)effect->clear) | effect->set;
	*clear = (*clear & ~(uint64_t)effect->set) | effect->clear;
	if (*clear & ATIME)
		*clear |= ATIME;
}

static void apply(struct mount_options *options, const char *name, const struct effect *effect)
{
	switch (effect->kind) {
	case word_kind_nothing:
		break;
	case word_kind_attribute:
		move_bits(&options->set, &options->clear, effect);
		options->read_write = options->read_write || effect->clear == RO;
		break;
	case word_kind_recursive:
		move_bits(&options->recursive_set, &options->recursive_clear, effect);
		options->read_write = options->read_write || effect->clear == RO;
		break;
	case word_kind_superblock:
		options->superblock[options->superblock_count++] =
			(struct mount_parameter){name + effect->set, NULL};
		break;
	case word_kind_propagation:
		options->propagations[options->propagations_count++] =
			(struct mount_propagation){effect->set, effect->clear != 0};
		break;
	case word_kind_feature:
		*(bool *)((char *)options + effect->set) = true;
		break;
	}
}

// Words with a value that are for mount(8) or its helpers.
static bool is_foreign(const char *word)
{
	return text_has_prefix(word, "x-") || text_has_prefix(word, "X-") ||
	       text_has_prefix(word, "comment=");
}

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "options: %s", error_text(ENOMEM));
}

// A comma separates parameters, but not inside of double quotes and not behind a backslash.
static size_t parameter_length(const char *text)
{
	bool quoted = false;
	size_t i = 0;
	for (; text[i] && (quoted || text[i] != ','); i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '\\' && text[i + 1])
			i++;
	}
	return i;
}

// mount(8) quotes security contexts that hold commas; the kernel wants them bare here.
static char *unquote(char *value)
{
	size_t length = strlen(value);
	if (length < 2 || value[0] != '"' || value[length - 1] != '"')
		return value;
	value[length - 1] = '\0';
	return value + 1;
}

static int add_data(struct mount_options *options, const char *word, struct arena *arena,
		    struct error *err)
{
	size_t parts = 1;
	for (const char *p = word; *p; p++)
		parts += *p == ',';
	struct mount_parameter *data =
		arena_array(arena, options->data_count + parts, sizeof *options->data);
	if (!data)
		return no_memory(err);
	if (options->data_count)
		memcpy(data, options->data, options->data_count * sizeof *data);
	options->data = data;
	while (*word) {
		size_t length = parameter_length(word);
		char *key = arena_copy(arena, word, length);
		if (!key)
			return no_memory(err);
		word += length;
		word += *word == ',';
		char *value = strchr(key, '=');
		if (value)
			*value++ = '\0';
		if (value == key + 1)
			return error_set(err, EINVAL, "options: a value without a name: '=%s'",
					 value);
		if (*key)
			data[options->data_count++] =
				(struct mount_parameter){key, value ? unquote(value) : NULL};
	}
	return 0;
}

static int parse_word(struct mount_options *options, const char *word, struct arena *arena,
		      struct error *err)
{
	const struct effect *effect = find(word);
	if (effect) {
		apply(options, names[effect - effects], effect);
		return 0;
	}
	if (is_foreign(word))
		return 0;
	bool recursive = text_has_prefix(word, "ridmap=");
	if (recursive || text_has_prefix(word, "idmap=")) {
		options->idmap_inline = strchr(word, '=') + 1;
		options->idmap = options->idmap || !recursive;
		options->recursive_idmap = options->recursive_idmap || recursive;
		return 0;
	}
	return add_data(options, word, arena, err);
}

int mount_options_parse(const struct spec_strings *words, struct arena *arena,
			struct mount_options *options, struct error *err)
{
	*options = (struct mount_options){0};
	if (words->count == 0)
		return 0;
	options->propagations = arena_array(arena, words->count, sizeof *options->propagations);
	options->superblock = arena_array(arena, words->count, sizeof *options->superblock);
	if (!options->propagations || !options->superblock)
		return no_memory(err);
	for (size_t i = 0; i < words->count; i++)
		if (parse_word(options, words->items[i], arena, err) < 0)
			return -1;
	return 0;
}

const char *mount_options_data(const struct mount_options *options, const char *key)
{
	for (size_t i = options->data_count; i > 0; i--)
		if (text_equal(options->data[i - 1].key, key))
			return options->data[i - 1].value ? options->data[i - 1].value : "";
	return NULL;
}
