// SPDX-License-Identifier: Apache-2.0
//go:build tools

// Package tools names what tests/cri/build compiles, for go.mod and go.sum. critest itself is a test package (cmd/critest), which cannot be
// imported: these are the packages it is made of. After a change of version: go mod tidy.
package tools

import (
	_ "github.com/onsi/ginkgo/v2/ginkgo"
	_ "sigs.k8s.io/cri-tools/cmd/crictl"
	_ "sigs.k8s.io/cri-tools/pkg/benchmark"
	_ "sigs.k8s.io/cri-tools/pkg/validate"
)
