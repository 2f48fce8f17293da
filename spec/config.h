// SPDX-License-Identifier: Apache-2.0
// The tables of the configuration: one for each object that spec.c decodes.
#ifndef HUSK_SPEC_CONFIG_H
#define HUSK_SPEC_CONFIG_H

#include "spec/decode.h"

extern const struct decode_object config_document;    // struct spec
extern const struct decode_object config_mounts;      // struct spec: its mounts alone
extern const struct decode_object config_process;     // struct spec_process
extern const struct decode_object config_linux;       // struct spec_linux
extern const struct decode_object config_resources;   // struct spec_resources
extern const struct decode_object config_seccomp;     // struct spec_seccomp
extern const struct decode_object config_id_mapping;  // struct spec_id_mapping

// The largest user or group id: (uid_t)-1 means "no change" to the kernel.
#define CONFIG_MAX_ID (UINT32_MAX - 1)
// What a device number can hold (<linux/kdev_t.h>: 12 and 20 bits).
#define CONFIG_MAX_MAJOR 4095
#define CONFIG_MAX_MINOR 1048575

#endif
