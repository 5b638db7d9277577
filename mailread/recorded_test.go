package mailread

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRecordedReplies holds what real mail programs sent against what was typed
// into them ("make recordings"). They are scored by themselves, and the score
// stands in docs/reading.md.
func TestRecordedReplies(t *testing.T) {
	mails, err := filepath.Glob("testdata/clients/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	if len(mails) < 40 {
		t.Fatalf("%d recordings, want at least 40", len(mails))
	}
	score := map[string][3]int{}
	for _, path := range mails {
		base := strings.TrimSuffix(path, ".eml")
		client := regexp.MustCompile(`^\d+-(mutt|neomutt|s-nail|alpine|claws-mail|thunderbird|evolution)-`).FindStringSubmatch(filepath.Base(base))
		if client == nil {
			t.Fatalf("%s: of which program?", base)
		}
		out, why := recorded(t, base)
		if out == wrong {
			t.Errorf("%s: %s", base, why)
		}
		tally := score[client[1]]
		tally[out]++
		score[client[1]] = tally
	}
	var table strings.Builder
	table.WriteString("| program | right | asked back | wrong |\n|---|---:|---:|---:|\n")
	for _, client := range slices.Sorted(maps.Keys(score)) {
		fmt.Fprintf(&table, "| %s | %d | %d | %d |\n", client, score[client][right], score[client][askedBack], score[client][wrong])
	}
	page(t, "reading.md", "recordings", table.String())
}

// recorded judges one recording. What is no vote as it was typed is right if it is
// none.
func recorded(t *testing.T, base string) (outcome, string) {
	t.Helper()
	raw, err := os.ReadFile(base + ".eml")
	if err != nil {
		t.Fatal(err)
	}
	typed, err := os.ReadFile(base + ".typed")
	if err != nil {
		t.Fatal(err)
	}
	own := ownOf(t, base)
	meant := ReadAnswer(string(typed))
	if len(own) != 1 {
		t.Fatalf("%s: which ballot?", base)
	}
	out, why := judge(raw, own[0], ballotAnswer{keyword: meant.Keyword, form: meant.Form})
	if meant.Keyword == "" && out == askedBack {
		return right, why
	}
	return out, why
}
