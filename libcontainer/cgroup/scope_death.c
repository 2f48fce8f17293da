// SPDX-License-Identifier: Apache-2.0
// Why the first process of a new unit may have been killed. The unit is gone by then, and systemd keeps no reason for one that it has
// forgotten; so what is named is what the configuration asks for and what can have such an end.
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "libcontainer/base/text.h"
#include "libcontainer/cgroup/scope.h"
#include "libcontainer/cgroup/scope_properties.h"
#include "libcontainer/cgroup/settings.h"

static void add_cause(struct text *text, const char *name, const char *key, const char *value)
{
	text_printf(text, "%s%s[\"%.128s\"] = %.64s", text->length ? ", " : "", name, key, value);
}

// The memory is what the kernel kills for (SIGKILL); everything else is systemd's doing.
static bool can_be_it(int number, const char *property)
{
	return text_has_prefix(property, "Memory") == (number == SIGKILL);
}

static void add_memory(struct text *text, const struct spec_resources *resources)
{
	static const char *const files[] = {"memory.max", "memory.high"};
	if (resources->memory.limit.value > 0)
		text_printf(text, "linux.resources.memory.limit = %" PRId64,
			    resources->memory.limit.value);
	for (size_t i = 0; i < array_size(files); i++) {
		const char *value = cgroup_settings_unified(resources, files[i]);
		if (value)
			add_cause(text, "linux.resources.unified", files[i], value);
	}
}

void scope_name_causes(int number, const char *config, size_t length, struct text *text)
{
	const struct spec *spec = NULL;
	struct spec_error why;
	if (spec_parse(config, length, &spec, &why) < 0)
		return;
	if (number == SIGKILL)
		add_memory(text, &spec->linux_.resources);
	for (size_t i = 0; i < spec->annotations.count; i++) {
		const struct spec_string_pair *pair = &spec->annotations.items[i];
		if (text_has_prefix(pair->key, SCOPE_PROPERTY_PREFIX) &&
		    can_be_it(number, pair->key + strlen(SCOPE_PROPERTY_PREFIX)))
			add_cause(text, "annotations", pair->key, pair->value);
	}
	spec_free(spec);
}
