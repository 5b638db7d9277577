package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// count writes a number and what it counts.
func count(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// at writes a time as the organization's clocks show it.
func at(t time.Time, location *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(location).Format("Mon 2 Jan 2006 15:04")
}

// orElse is the text, or what to say where there is none.
func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// some is the list, which in JSON is never null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
