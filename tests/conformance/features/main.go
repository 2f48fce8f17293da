// SPDX-License-Identifier: Apache-2.0

// Decodes what a runtime's `features` prints (standard input) into the struct of the runtime-spec module, which is what containerd,
// CRI-O, podman and dockerd decode it into, and asks what these ask. A key that the struct does not have is an error, too.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go/features"
)

func main() {
	var f features.Features
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		fmt.Fprintln(os.Stderr, "features:", err)
		os.Exit(1)
	}
	on := func(b *bool) bool { return b != nil && *b }
	l := f.Linux
	if l == nil || l.Cgroup == nil || l.Seccomp == nil || l.Apparmor == nil || l.Selinux == nil || l.IntelRdt == nil ||
		l.MemoryPolicy == nil || l.MountExtensions == nil || l.MountExtensions.IDMap == nil || l.NetDevices == nil {
		fmt.Fprintln(os.Stderr, "features: a part of linux is missing")
		os.Exit(1)
	}
	bad := 0
	for what, is := range map[string]bool{
		"ociVersionMin, ociVersionMax":           f.OCIVersionMin != "" && f.OCIVersionMax != "",
		"six hooks":                              len(f.Hooks) == 6,
		"recursive read-only mounts":             slices.Contains(f.MountOptions, "rro"),
		"idmapped mounts":                        on(l.MountExtensions.IDMap.Enabled),
		"user namespaces":                        slices.Contains(l.Namespaces, "user"),
		"capabilities":                           slices.Contains(l.Capabilities, "CAP_SYS_ADMIN"),
		"cgroup v2 alone":                        on(l.Cgroup.V2) && l.Cgroup.V1 != nil && !*l.Cgroup.V1,
		"cgroup rdma":                            on(l.Cgroup.Rdma),
		"seccomp":                                on(l.Seccomp.Enabled) && slices.Contains(l.Seccomp.Actions, "SCMP_ACT_NOTIFY") && len(l.Seccomp.KnownFlags) == 4,
		"AppArmor, SELinux":                      on(l.Apparmor.Enabled) && on(l.Selinux.Enabled),
		"intelRdt, with schemata and monitoring": on(l.IntelRdt.Enabled) && on(l.IntelRdt.Schemata) && on(l.IntelRdt.Monitoring),
		"memory policies":                        len(l.MemoryPolicy.Modes) == 7 && len(l.MemoryPolicy.Flags) == 3,
		"network devices":                        on(l.NetDevices.Enabled),
		"annotations that are not for everybody": len(f.PotentiallyUnsafeConfigAnnotations) > 0,
		"that there is no checkpointing":         f.Annotations["org.opencontainers.runc.checkpoint.enabled"] == "false",
	} {
		if !is {
			fmt.Fprintln(os.Stderr, "features: does not say:", what)
			bad = 1
		}
	}
	os.Exit(bad)
}
