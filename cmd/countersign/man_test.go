package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Every verb stands in countersign(8), with every flag that is its own; and the
// page has no verb and no flag that the program has not.
func TestManualPage(t *testing.T) {
	text := page(t, "countersign.8")
	parser, err := kong.New(&cli{}, kong.Name("countersign"))
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]bool{"help": true}
	verbs := map[string]bool{}
	for _, f := range parser.Model.Flags {
		flags[f.Name] = true
	}
	for _, verb := range parser.Model.Leaves(true) {
		name := verb.Name
		if above := verb.Parent; above.Type == kong.CommandNode {
			name = above.Name + " " + name
			verbs[above.Name] = true
		}
		verbs[name] = true
		if !strings.Contains(text, "\n.Nm\n.Cm "+name) {
			t.Errorf("the synopsis lacks %s", name)
		}
		if !regexp.MustCompile(`(?m)^\.It Cm ` + name + `\b`).MatchString(text) {
			t.Errorf("%s is not described", name)
		}
		for _, f := range verb.Flags {
			flags[f.Name] = true
			if !strings.Contains(synopsis(text, name), "-"+f.Name) {
				t.Errorf("the synopsis of %s lacks --%s", name, f.Name)
			}
		}
	}
	for _, m := range regexp.MustCompile(` -([a-z][a-z-]+)`).FindAllStringSubmatch(text, -1) {
		if name := m[1]; !flags[name] && name != "literal" && name != "offset" && name != "tag" && name != "width" {
			t.Errorf("the page has a flag --%s, which the program has not", name)
		}
	}
	for f := range flags {
		if !regexp.MustCompile(`(?m)^(\.It .*|\.Fl )-` + f + `\b`).MatchString(text) {
			t.Errorf("--%s is not described", f)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\.It Cm ([a-z]+)`).FindAllStringSubmatch(text, -1) {
		if !verbs[m[1]] {
			t.Errorf("the page describes %s, which is no verb", m[1])
		}
	}
}

// synopsis is what stands of the verb under SYNOPSIS.
func synopsis(text, verb string) string {
	_, after, _ := strings.Cut(text, "\n.Nm\n.Cm "+verb+"\n")
	own, _, _ := strings.Cut(after, "\n.Nm")
	own, _, _ = strings.Cut(own, "\n.Sh")
	return own
}
