package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

const (
	example = "../../systemd/countersign.toml"
	manual  = "../../docs/countersign.toml.5"
)

// An option as the three places tell it: program, example and manual.
type option struct {
	kind  string // "list of strings"
	value string // the default as TOML; "" where there is none
}

// options walks the program's own options.
func options() map[string]option {
	all := map[string]option{}
	walk(reflect.ValueOf(*Default()), "", all)
	return all
}

func walk(v reflect.Value, prefix string, all map[string]option) {
	for i := range v.NumField() {
		field, key := v.Field(i), prefix+v.Type().Field(i).Tag.Get("toml")
		list := field.Kind() == reflect.Slice
		switch {
		case list && tables(field.Type()):
			walk(reflect.New(field.Type().Elem()).Elem(), key+".", all)
		case field.Kind() == reflect.Struct && kinds[field.Type().Name()] == "":
			walk(field, key+".", all)
		case list:
			all[key] = option{kind: "list of " + kind(field.Type().Elem()) + "s"}
		default:
			all[key] = option{kind: kind(field.Type()), value: inTOML(field)}
		}
	}
}

func tables(list reflect.Type) bool {
	return list.Elem().Kind() == reflect.Struct && kinds[list.Elem().Name()] == ""
}

// kinds name the types that are more than they are made of.
var kinds = map[string]string{"Size": "size", "Duration": "duration", "Days": "days", "LocalDate": "date"}

func kind(t reflect.Type) string {
	if name := kinds[t.Name()]; name != "" {
		return name
	}
	return map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean"}[t.Kind()]
}

func inTOML(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Bool:
		return fmt.Sprint(v.Bool())
	case v.IsZero():
		return ""
	default:
		return fmt.Sprintf("%q", fmt.Sprint(v.Interface()))
	}
}

// commentedOut is a line of the example that shows a default: prose has a
// space after the #.
var commentedOut = regexp.MustCompile(`(?m)^#([a-z_0-9]+ = .*|\[.*\])$`)

func uncommented(text string) string { return commentedOut.ReplaceAllString(text, "$1") }

func TestExampleNamesEveryOption(t *testing.T) {
	var tree map[string]any
	if err := toml.Unmarshal([]byte(uncommented(read(t, example))), &tree); err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	gather(tree, "", named)
	all := options()
	for key := range all {
		if !named[key] {
			t.Errorf("%s is not in the example", key)
		}
	}
	for key := range named {
		if _, known := all[key]; !known {
			t.Errorf("%s is in the example, but is no option", key)
		}
	}
}

func gather(tree map[string]any, prefix string, named map[string]bool) {
	for name, value := range tree {
		switch value := value.(type) {
		case map[string]any:
			gather(value, prefix+name+".", named)
		case []any:
			for _, element := range value {
				if table, is := element.(map[string]any); is {
					gather(table, prefix+name+".", named)
				} else {
					named[prefix+name] = true
				}
			}
		default:
			named[prefix+name] = true
		}
	}
}

// What the example shows commented out is the default, so that taking the # away
// changes nothing. What has no default must be left out altogether.
func TestExampleShowsDefaults(t *testing.T) {
	var section string
	all := options()
	for line := range strings.Lines(read(t, example)) {
		if m := regexp.MustCompile(`^#?\[+([a-z0-9_.]+)\]+`).FindStringSubmatch(line); m != nil {
			section = m[1] + "."
		}
		if m := regexp.MustCompile(`^#([a-z_0-9]+) = (.*)\n`).FindStringSubmatch(line); m != nil {
			if o := all[section+m[1]]; o.value != "" && o.value != m[2] {
				t.Errorf("%s%s: the example shows %s, the default is %s", section, m[1], m[2], o.value)
			}
		}
	}
}

// The example loads as it is and with everything uncommented. Only its secrets
// are missing, and options of several providers stand side by side.
func TestExampleLoads(t *testing.T) {
	text := read(t, example)
	for name, text := range map[string]string{"as it is": text, "uncommented": uncommented(text)} {
		c, err := parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, f := range c.Check() {
			secret := strings.Contains(f.Key, "file")
			another := name == "uncommented" && (f.Key == "web" || strings.Contains(f.What, "says nothing where sender_proof is"))
			if !secret && !another {
				t.Errorf("%s: %s", name, f)
			}
		}
	}
}

var (
	manualSection = regexp.MustCompile(`^\.Ss \[+([a-z0-9_.]+)\]+`)
	manualOption  = regexp.MustCompile(`^\.It Ic (\S+) Pq (.+)`)
	manualLast    = regexp.MustCompile(`^(Required|Optional|Default: (.+))\.$`)
)

func TestManualTellsEveryOption(t *testing.T) {
	all, told := options(), map[string]bool{}
	required := requiredKeys()
	var section, key string
	for line := range strings.SplitSeq(read(t, manual), "\n") {
		if m := manualSection.FindStringSubmatch(line); m != nil {
			section = m[1] + "."
		}
		if m := manualOption.FindStringSubmatch(line); m != nil {
			key = section + m[1]
			if o := all[key]; o.kind != m[2] {
				t.Errorf("%s: the manual calls it a %q, it is a %q", key, m[2], o.kind)
			}
		}
		if m := manualLast.FindStringSubmatch(line); m != nil {
			told[key] = true
			if must := slices.Contains(required, key); must != (m[1] == "Required") {
				t.Errorf("%s: the manual says %s, required is %v", key, m[1], must)
			}
			if o := all[key]; o.value != m[2] {
				t.Errorf("%s: the manual says the default is %q, it is %q", key, m[2], o.value)
			}
		}
	}
	for key := range all {
		if !told[key] {
			t.Errorf("%s is not in the manual, or does not end in Required, Optional or Default", key)
		}
	}
}

// requiredKeys are the options that Check misses: by themselves, and in every
// table of a list.
func requiredKeys() []string {
	keys := []string{
		"operator.addresses", "tokens.keys.id", "tokens.keys.file",
		"people.id", "people.name", "people.addresses",
		"deputies.principal", "deputies.deputy", "deputies.from", "deputies.until",
	}
	for _, s := range Default().required() {
		keys = append(keys, s.key)
	}
	return keys
}
