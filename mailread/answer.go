package mailread

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/countersign/countersign/policy"
)

// An Answer is a typed text read as an answer.
type Answer struct {
	Keyword  policy.Keyword // NoKeyword where the first typed line is none
	Unclear  string         // why there is no keyword although something like one stands there
	Form     policy.Form
	Problems []policy.Problem
	Rest     string   // typed text that is neither keyword nor field
	Change   string   // the change number after the keyword, CHG-2026-0042
	Others   []string // other change numbers in the typed text
}

// Words is the typed text that is neither keyword nor field, without the lines
// that are keywords by themselves.
func (a Answer) Words() string {
	var words []string
	for text := range strings.SplitSeq(a.Rest, "\n") {
		if _, _, ok := keywordLine(text); !ok {
			words = append(words, text)
		}
	}
	return tidy(words)
}

// Why something like a keyword was not counted.
const (
	UnclearTwo      = "two keywords"
	UnclearSentence = "keyword inside a sentence"
	UnclearLater    = "keyword not on the first line"
	UnclearAlmost   = "not quite a keyword"
)

// ReadAnswer reads keyword and fields from what a person typed. The keyword is
// the whole first line, or there is none.
func ReadAnswer(typed string) Answer {
	lines := strings.Split(Clean(typed), "\n")
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return Answer{Form: policy.Form{}}
	}
	var a Answer
	if k, change, ok := keywordLine(lines[0]); ok {
		a.Keyword, a.Change, lines = k, change, lines[1:]
	} else if k, change, l, text, ok := keywordWithText(lines[0]); ok {
		a.Keyword, a.Change = k, change
		lines[0] = string(l) + ": " + text
	}
	fields, rest := readFields(lines, allLabels)
	a.Form, a.Problems = form(fields)
	a.Rest = tidy(rest)
	a.doubt(lines, fields, rest)
	a.Others = otherChanges(typed, a.Change)
	return a
}

// doubt takes the keyword back where the text holds another, and says why
// there is none where something like one stands.
func (a *Answer) doubt(lines []string, fields []given, rest []string) {
	if a.Keyword != policy.NoKeyword {
		another := func(k policy.Keyword) bool { return k != a.Keyword }
		if slices.ContainsFunc(keywordsIn(append(rest, below(fields)...)), another) {
			a.Keyword, a.Unclear = policy.NoKeyword, UnclearTwo
		}
		return
	}
	if !isLabelled(lines[0]) {
		a.Unclear = unclear(lines[0])
	}
	if a.Unclear == "" && len(keywordsIn(rest)) > 0 {
		a.Unclear = UnclearLater
	}
}

func isLabelled(text string) bool {
	_, _, ok := labeled(text, allLabels, false)
	return ok
}

// below lists the further lines of the fields. Evidence is exempt: people paste
// the output of tests, with PASS and FAIL in it.
func below(fields []given) []string {
	var lines []string
	for _, g := range fields {
		if g.label != policy.LabelEvidence {
			lines = append(lines, g.lines[1:]...)
		}
	}
	return lines
}

// keywordsIn lists the keywords that stand alone on a line.
func keywordsIn(lines []string) []policy.Keyword {
	var list []policy.Keyword
	for _, text := range lines {
		if k, _, ok := keywordLine(text); ok {
			list = append(list, k)
		}
	}
	return list
}

var changeNumber = regexp.MustCompile(`(?i)\bCHG-\d{4}-\d{4,6}\b`)

// keywordFold is what may surround a keyword.
const keywordFold = " \t*_\"'“”‘’„«».!,:`"

// keywordLine reads a line that is a keyword and nothing else but the change's
// number.
func keywordLine(text string) (k policy.Keyword, change string, ok bool) {
	word := strings.Trim(text, keywordFold)
	if len(word) > longestLabel {
		return policy.NoKeyword, "", false
	}
	if m := changeNumber.FindStringIndex(word); m != nil && onlyFold(word[m[1]:], "])") {
		word, change = strings.TrimRight(word[:m[0]], keywordFold+"[("), strings.ToUpper(word[m[0]:m[1]])
	}
	k, ok = vocabulary.keywords[strings.ToLower(norm.NFC.String(word))]
	if !ok {
		return policy.NoKeyword, "", false
	}
	return k, change, true
}

func onlyFold(s, also string) bool { return strings.Trim(s, keywordFold+also) == "" }

// keywordWithText reads "REJECT: too risky", where the policy lets the text be
// the field the answer needs.
func keywordWithText(text string) (k policy.Keyword, change string, l policy.Label, value string, ok bool) {
	before, value, found := strings.Cut(text, ":")
	if !found {
		return k, "", "", "", false
	}
	if k, change, ok = keywordLine(before); !ok {
		return policy.NoKeyword, "", "", "", false
	}
	if l, ok = k.TakesReason(); !ok {
		return policy.NoKeyword, "", "", "", false
	}
	return k, change, l, strings.Trim(value, " \t*_"), true
}

var letters = regexp.MustCompile(`[\pL\pN]+`)

// unclear says what on a first line that is no keyword looks like one.
func unclear(text string) string {
	found := letters.FindAllString(plainLetters(text[:min(len(text), 1000)]), -1)
	keywords := map[policy.Keyword]bool{}
	almost := false
	for i, word := range found {
		k, ok := vocabulary.keywords[word]
		if ok && (i == 0 || !slices.Contains(vocabulary.common, word)) {
			keywords[k] = true
		}
		almost = almost || slices.Contains(vocabulary.almost, word)
	}
	switch {
	case len(keywords) > 1:
		return UnclearTwo
	case len(keywords) == 0 && !almost:
		return ""
	case len(found) == 1:
		return UnclearAlmost
	}
	return UnclearSentence
}

// lookalikes are letters that pass for Latin ones; a keyword spelled with one
// is no keyword, but it is asked about.
var lookalikes = strings.NewReplacer(
	"а", "a", "в", "b", "с", "c", "е", "e", "н", "h", "і", "i", "ј", "j", "к", "k", "м", "m", "о", "o", "р", "p", "ѕ", "s", "т", "t", "у", "y", "х", "x",
	"α", "a", "β", "b", "ε", "e", "η", "h", "ι", "i", "κ", "k", "μ", "m", "ν", "n", "ο", "o", "ρ", "p", "τ", "t", "υ", "y", "χ", "x", "ζ", "z",
)

func plainLetters(s string) string {
	return lookalikes.Replace(strings.ToLower(norm.NFKC.String(s)))
}

// otherChanges lists the change numbers in the text but the one answered.
func otherChanges(typed, own string) []string {
	var list []string
	for _, n := range changeNumber.FindAllString(typed, 100) {
		if n = strings.ToUpper(n); n != own && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}
