package mailread

import (
	"regexp"
	"slices"
	"strings"

	"github.com/countersign/countersign/policy"
)

// longestList is longer than any list of categories, in bytes.
const longestList = 2000

var (
	listBreak = regexp.MustCompile(`\s*[\n;,]\s*`)
	listWord  = regexp.MustCompile(`(?i)\s+and\s+|\s*&\s*|\s*/\s*|\s+\+\s+`)
)

// categories gives a list of categories in the policy's words, joined by "; ".
// A name nobody knows stays as it was written: policy asks about it.
func categories(value string) string {
	if len(value) > longestList {
		return value
	}
	var names []string
	for _, piece := range listBreak.Split(value, -1) {
		piece = strings.TrimRight(unbullet(piece), ".")
		if blank(piece) {
			continue
		}
		for _, name := range categoriesIn(piece) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, "; ")
}

// categoriesIn splits at "and", "&" and "/", but not within a name: "3rd-party
// tools and services" is one.
func categoriesIn(piece string) []string {
	cuts := listWord.FindAllStringIndex(piece, 20)
	var names []string
	start := 0
	for next := 0; next <= len(cuts); {
		end, skip, known := longestKnown(piece, start, cuts, next)
		names = append(names, known)
		if end == len(piece) {
			break
		}
		start, next = skip, next+cutsBefore(cuts[next:], skip)
	}
	return names
}

// longestKnown takes the longest known name at start, or the piece up to the
// next cut as it is.
func longestKnown(piece string, start int, cuts [][]int, next int) (end, skip int, name string) {
	for i := len(cuts); i >= next; i-- {
		end, skip = len(piece), len(piece)
		if i < len(cuts) {
			end, skip = cuts[i][0], cuts[i][1]
		}
		if c, ok := category(piece[start:end]); ok {
			return end, skip, string(c)
		}
	}
	return end, skip, strings.TrimSpace(piece[start:end])
}

func cutsBefore(cuts [][]int, at int) int {
	n := 0
	for n < len(cuts) && cuts[n][1] <= at {
		n++
	}
	return n
}

func category(name string) (policy.Category, bool) {
	if len(name) > longestLabel {
		return "", false
	}
	c, ok := vocabulary.categories[strings.ReplaceAll(foldName(name), " & ", " and ")]
	return c, ok
}
