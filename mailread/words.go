package mailread

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/countersign/countersign/policy"
)

// A language is the words people of one language use; a new language is a new
// file with one of these, and a line in languages.
type language struct {
	keywords   map[string]policy.Keyword // whole lines, folded
	almost     []string                  // words like a keyword that are none
	common     []string                  // keywords that say nothing inside a sentence
	labels     map[string]policy.Label
	categories map[string]policy.Category
	values     map[string]string // how a value of a closed list begins, and the policy's word for it
	phrases    map[string]string // whole values with a meaning, and the policy's words for it
}

var languages = []language{english, french}

// vocabulary is all languages together.
var vocabulary = gather(languages)

func gather(languages []language) language {
	all := language{
		keywords: map[string]policy.Keyword{}, labels: map[string]policy.Label{}, categories: map[string]policy.Category{},
		values: map[string]string{}, phrases: map[string]string{},
	}
	for _, k := range policy.Keywords {
		all.keywords[strings.ToLower(string(k))] = k
	}
	for _, l := range slices.Concat(policy.ProposalLabels, policy.AnswerLabels) {
		all.labels[foldName(string(l))] = l
	}
	for _, c := range policy.Categories {
		all.categories[foldName(string(c))] = c
	}
	for _, l := range languages {
		add(all.keywords, l.keywords)
		add(all.labels, l.labels)
		add(all.categories, l.categories)
		add(all.values, l.values)
		add(all.phrases, l.phrases)
		all.almost = append(all.almost, l.almost...)
		all.common = append(all.common, l.common...)
	}
	return all
}

func add[V any](to, from map[string]V) {
	maps.Copy(to, from)
}

// unaccented adds to words with accents what they are without: capitals and
// telephones often have none.
func unaccented[V any](words map[string]V) map[string]V {
	all := maps.Clone(words)
	for word, v := range words {
		all[plain(word)] = v
	}
	return all
}

func plain(word string) string {
	marks := func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}
	return strings.ReplaceAll(strings.Map(marks, norm.NFD.String(word)), "œ", "oe")
}

// foldName makes names alike that people write differently: case, hyphens,
// "(s)", a remark in parentheses at the end.
func foldName(s string) string {
	s = strings.ToLower(strings.ReplaceAll(norm.NFC.String(s), "(s)", ""))
	if before, _, found := strings.Cut(s, "("); found && strings.HasSuffix(strings.TrimSpace(s), ")") {
		s = before
	}
	return oneSpace(decoration.Replace(s))
}

var decoration = strings.NewReplacer("-", " ", "\u2010", " ", "\u2011", " ", "*", "", "_", " ")
