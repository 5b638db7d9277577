package browser

import _ "embed"

//go:embed legible.js
var legible string

// Faults are what keeps the page from being read: what is wider than the screen,
// text without contrast (WCAG 2.2, 1.4.3), pictures that are missing or say
// nothing.
func (b *Browser) Faults() ([]string, error) { return Evaluate[[]string](b, legible) }
