package mailread

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

// scored is how many replies of each client in each language are read for the
// table.
const scored = 50

// TestDocsReading writes the table of docs/reading.md: how replies of each
// client in each language come out. Wrong must be none.
func TestDocsReading(t *testing.T) {
	unraced(t)
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

// TestDocsWords writes the words of every language into docs/reading.md.
func TestDocsWords(t *testing.T) {
	keywords := map[string][]string{}
	for word, k := range vocabulary.keywords {
		if word != strings.ToLower(string(k)) {
			keywords[string(k)] = append(keywords[string(k)], word)
		}
	}
	var order []string
	for _, k := range policy.Keywords {
		order = append(order, string(k))
	}
	page(t, "reading.md", "keywords", synonyms("keyword", order, keywords))

	labels := map[string][]string{}
	for name, l := range vocabulary.labels {
		if name != foldName(string(l)) {
			labels[string(l)] = append(labels[string(l)], name)
		}
	}
	order = nil
	for _, l := range slices.Concat(policy.ProposalLabels, policy.AnswerLabels) {
		order = append(order, string(l))
	}
	page(t, "reading.md", "labels", synonyms("field", order, labels))
}

// synonyms is a table of what else is understood; what differs by accents alone
// stands there once.
func synonyms(of string, order []string, also map[string][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | also |\n|---|---|\n", of)
	for _, name := range order {
		accented := map[string]bool{}
		for _, word := range also[name] {
			accented[plain(word)] = accented[plain(word)] || word != plain(word)
		}
		list := slices.DeleteFunc(also[name], func(word string) bool { return word == plain(word) && accented[word] || strings.Contains(word, "’") })
		slices.Sort(list)
		fmt.Fprintf(&b, "| %s | %s |\n", name, strings.Join(list, ", "))
	}
	return b.String()
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
