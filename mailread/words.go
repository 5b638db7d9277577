package mailread

import (
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/policy"
)

// A language is the words people of one language use; a new language is a new
// file with one of these, and a line in languages.
type language struct {
	keywords   map[string]policy.Keyword // folded line to keyword
	almost     []string
	common     []policy.Keyword
	labels     map[string]policy.Label
	categories map[string]policy.Category
}

var languages = []language{english}

// vocabulary is all languages together.
var vocabulary = gather(languages)

func gather(languages []language) language {
	all := language{
		keywords: map[string]policy.Keyword{}, labels: map[string]policy.Label{}, categories: map[string]policy.Category{},
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
		all.almost = append(all.almost, l.almost...)
		all.common = append(all.common, l.common...)
	}
	return all
}

func add[V any](to, from map[string]V) {
	maps.Copy(to, from)
}

// foldName makes names alike that people write differently: case, hyphens,
// "(s)", a remark in parentheses at the end.
func foldName(s string) string {
	s = strings.ToLower(strings.ReplaceAll(s, "(s)", ""))
	if before, _, found := strings.Cut(s, "("); found && strings.HasSuffix(strings.TrimSpace(s), ")") {
		s = before
	}
	return oneSpace(decoration.Replace(s))
}

var decoration = strings.NewReplacer("-", " ", "\u2010", " ", "\u2011", " ", "*", "", "_", " ")
