// SPDX-License-Identifier: Apache-2.0
// The limits in words: exactly the writes that would be made, and the device rules.
#include "libcontainer/cgroup/cgroup.h"
#include "libcontainer/cgroup/settings.h"

struct description {
	const char *prefix;
	struct text *text;
};

static int describe_setting(const struct cgroup_setting *setting, void *data, struct error *err)
{
	(void)err;
	const struct description *description = data;
	text_printf(description->text, "%s%s = ", description->prefix, setting->file);
	// a value of unified may have several lines
	for (const char *p = setting->value; *p; p++)
		text_add_bytes(description->text, *p == '\n' ? " " : p, 1);
	text_printf(description->text, " (%s)\n", setting->json);
	return 0;
}

static void describe_number(const struct spec_optional_i64 *number, struct text *text)
{
	if (number->set && number->value >= 0)
		text_add_signed(text, number->value);
	else
		text_add(text, "*");
}

static void describe_rule(const struct spec_device_rule *rule, const char *prefix,
			  struct text *text)
{
	text_printf(text, "%sdevices: %s %s ", prefix, rule->allow ? "allow" : "deny",
		    rule->type == 'b'   ? "block"
		    : rule->type == 'c' ? "char"
					: "all");
	describe_number(&rule->major, text);
	text_add(text, ":");
	describe_number(&rule->minor, text);
	text_printf(text, " %s\n", rule->access ? rule->access : "rwm");
}

void cgroup_describe(const struct spec_resources *resources, const char *prefix, struct text *text)
{
	struct description description = {prefix, text};
	struct error err = {0};
	if (cgroup_settings_visit(resources, describe_setting, &description, &err) < 0)
		text_printf(text, "%serror: %s\n", prefix, err.message);
}

void cgroup_describe_devices(const struct spec_resources *resources, const char *prefix,
			     struct text *text)
{
	for (size_t i = 0; i < resources->devices_count; i++)
		describe_rule(&resources->devices[i], prefix, text);
	if (resources->devices_set)
		text_printf(text, "%sdevices: allow the default devices, and making nodes of any\n",
			    prefix);
}
