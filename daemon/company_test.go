package daemon_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/countersign/countersign/internal/testkit/stage"
)

// A company is the policy section and the people of a play, as TOML has them.
type company map[string]any

func newCompany() (company, error) {
	c := company{}
	return c, toml.Unmarshal([]byte(stage.Company), &c)
}

func (c company) toml() (string, error) {
	text, err := toml.Marshal(c)
	return string(text), err
}

// alter applies one line of a company command:
//
//	lead roles=cto,dev-lead teams=development
//	it2 gone
//	policy four_eyes=as-written
//	lists g7=board@example.com
//	archive strangers="64 KiB"
//	deputy principal=cto deputy=lead from=2026-03-02 until=2026-03-06
func (c company) alter(text string) error {
	words := wordsOf(text)
	if len(words) == 0 {
		return nil
	}
	values, err := settings(words[1:])
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	switch words[0] {
	case "policy":
		c.set("policy", values)
	case "archive":
		c.set("archive", values)
	case "lists":
		c.set("distribution", values)
	case "deputy":
		list, _ := c["deputies"].([]any)
		c["deputies"] = append(list, values)
	case "deputies":
		delete(c, "deputies")
	default:
		c.person(words[0], values)
	}
	return nil
}

func (c company) set(section string, values map[string]any) {
	old, _ := c[section].(map[string]any)
	if old == nil {
		old = map[string]any{}
	}
	maps.Copy(old, values)
	c[section] = old
}

func (c company) person(id string, values map[string]any) {
	people, _ := c["people"].([]any)
	at := slices.IndexFunc(people, func(p any) bool { return p.(map[string]any)["id"] == id })
	_, gone := values["gone"]
	switch {
	case gone && at >= 0:
		c["people"] = slices.Delete(slices.Clone(people), at, at+1)
	case gone:
	case at >= 0:
		maps.Copy(people[at].(map[string]any), values)
	default:
		values["id"] = id
		if values["addresses"] == nil {
			values["addresses"] = []string{address(id)}
		}
		c["people"] = append(people, values)
	}
}

// settings reads key=value words: lists are parted by commas, days are days.
func settings(words []string) (map[string]any, error) {
	values := map[string]any{}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "roles", "teams", "addresses", "co_signers", "g7", "it", "development":
			values[key] = slices.DeleteFunc(strings.Split(value, ","), func(s string) bool { return s == "" })
		case "from", "until", "next_review":
			var day toml.LocalDate
			if err := day.UnmarshalText([]byte(value)); err != nil {
				return nil, err
			}
			values[key] = day
		case "production_window":
			values[key] = value == "true"
		default:
			values[key] = value
		}
	}
	return values, nil
}
