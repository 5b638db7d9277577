package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// version is set by the Makefile.
var version = ""

type versionCmd struct {
	JSON bool `name:"json" help:"Answer in JSON."`
}

// A versionAnswer is what version --json prints.
type versionAnswer struct {
	Version  string   `json:"version"`
	Go       string   `json:"go"`
	Policy   string   `json:"policy"`
	Versions []string `json:"policy_versions"`
	Schema   int      `json:"schema"`
}

// Run prints the answer.
func (v *versionCmd) Run(g *globals) error {
	answer := versionAnswer{
		Version: programVersion(), Go: runtime.Version(),
		Policy: policy.ID, Versions: policy.Versions, Schema: storage.SchemaVersion,
	}
	if v.JSON {
		return json.NewEncoder(g.stdout).Encode(answer)
	}
	_, err := fmt.Fprintf(g.stdout, "countersign %s (%s)\npolicy %s, version %s\ndatabase schema %d\n",
		answer.Version, answer.Go, answer.Policy, strings.Join(answer.Versions, ", "), answer.Schema)
	return err
}

// programVersion is what the Makefile set, or what go install knows.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
