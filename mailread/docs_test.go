package mailread

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// scored is how many replies of each client in each language are read for the
// table.
const scored = 50

// TestDocsReading writes the table of docs/reading.md: how replies of each
// client in each language come out. Wrong must be none.
func TestDocsReading(t *testing.T) {
	ballots, err := ballotMails()
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| client | languages | right | asked back | wrong |\n|---|---|---:|---:|---:|\n")
	for n, c := range clients {
		byResult := map[[3]int][]string{}
		for i, language := range slices.Sorted(maps.Keys(c.languages)) {
			result := score(t, ballots, c, language, n*10_000+i*100)
			byResult[result] = append(byResult[result], language)
		}
		for _, result := range slices.SortedFunc(maps.Keys(byResult), func(a, b [3]int) int { return slices.Compare(b[:], a[:]) }) {
			fmt.Fprintf(&table, "| %s | %s | %d | %d | %d |\n", c.name, strings.Join(byResult[result], ", "), result[right], result[askedBack], result[wrong])
		}
	}
	page(t, "reading.md", "clients", table.String())
}

// score counts how replies by the client in one language come out.
func score(t *testing.T, ballots []ballotMail, c client, language string, seed int) (tally [3]int) {
	for n := range scored {
		s := replies(ballots, c, language).Example(seed + n)
		out, why := judge(s.raw, s.own, s.meant)
		if tally[out]++; out == wrong && tally[wrong] == 1 {
			t.Errorf("%s in %s, typed:\n%s\n\nread: %s", c.name, language, s.meant.typed, why)
		}
		if out == askedBack && testing.Verbose() {
			t.Logf("%s in %s, typed:\n%s\n\nasked back: %s", c.name, language, s.meant.typed, why)
		}
	}
	return tally
}

// page holds the part of a page of docs between two marks against what it should
// be, or writes it with -update.
func page(t *testing.T, name, mark, want string) {
	t.Helper()
	path := "../docs/" + name
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+mark+" -->\n", "<!-- end of "+mark+" -->"
	before, rest, found := strings.Cut(string(b), begin)
	is, after, ended := strings.Cut(rest, end)
	switch {
	case !found || !ended:
		t.Fatalf("%s has no place for %s", path, mark)
	case *update:
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case is != want:
		t.Errorf("%s is not what is so now; run make docs:\n%s", path, want)
	}
}
