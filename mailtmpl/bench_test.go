package mailtmpl

import (
	"maps"
	"slices"
	"testing"
)

// Every example rendered once: what a company's mails cost one after another.
func BenchmarkRender(b *testing.B) {
	list := examples()
	names := slices.Sorted(maps.Keys(list))
	b.ReportAllocs()
	for b.Loop() {
		for _, name := range names {
			if _, err := Render(list[name]); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(names)), "µs/mail")
}
