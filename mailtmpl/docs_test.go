package mailtmpl

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/templates.md lists what there is, and nothing else.
func TestTheManualListsWhatATemplateSees(t *testing.T) {
	text, err := os.ReadFile("../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.SplitSeq(string(text), "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			listed = append(listed, regexp.MustCompile("`([.a-z][A-Za-z-]*)[^`]*`").FindAllString(cells[1], -1)...)
		}
	}
	for i, name := range listed {
		listed[i], _, _ = strings.Cut(strings.Trim(name, "`"), " ")
	}
	there := []string{"subject", "lead", "note", "facts", "acts"}
	there = slices.Concat(there, slices.Collect(maps.Keys(facts)), slices.Collect(maps.Keys(tables)), slices.Collect(maps.Keys(pictures)))
	for _, name := range append(fieldsOf[Data](), methodsOf[Data]()...) {
		there = append(there, "."+name)
	}
	for _, name := range there {
		if !slices.Contains(listed, name) {
			t.Errorf("docs/templates.md does not list %s", name)
		}
	}
	for _, name := range listed {
		if !slices.Contains(there, name) {
			t.Errorf("docs/templates.md lists %s, which there is not", name)
		}
	}
	inner := map[string][]string{".Org.": fieldsOf[Organization](), ".Thread.": fieldsOf[Thread](), ".Given.": fieldsOf[Given]()}
	for prefix, names := range inner {
		for _, name := range names {
			if !strings.Contains(string(text), "`"+prefix+name+"`") {
				t.Errorf("docs/templates.md does not list %s%s", prefix, name)
			}
		}
	}
}

func fieldsOf[T any]() []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		names = append(names, f.Name)
	}
	return names
}

func methodsOf[T any]() []string {
	var names []string
	for method := range reflect.TypeFor[T]().Methods() {
		names = append(names, method.Name)
	}
	return names
}
