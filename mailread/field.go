package mailread

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/policy"
)

// A given is one field as it was typed.
type given struct {
	label policy.Label
	lines []string
}

func (g given) value() string { return strings.TrimSpace(strings.Join(g.lines, "\n")) }

// shortFields are one line or list, never several paragraphs: a blank line ends
// them, so that a closing sentence does not become part of a name or a time.
var shortFields = set(
	policy.LabelTitle, policy.LabelCategory, policy.LabelSystems, policy.LabelEnvironment,
	policy.LabelImplementer, policy.LabelTester, policy.LabelWindow, policy.LabelMajor,
	policy.LabelUrgency, policy.LabelRestricted, policy.LabelFollows, policy.LabelUndoes,
	policy.LabelVersion, policy.LabelDoneAt, policy.LabelReleasedAt, policy.LabelUndoneAt,
	policy.LabelUntouched,
)

func set[T comparable](list ...T) map[T]bool {
	m := map[T]bool{}
	for _, x := range list {
		m[x] = true
	}
	return m
}

// readFields takes the fields with one of the labels out of typed lines, and
// gives what is left. A value goes on until the next label, a farewell or the
// end; blank lines within it stay.
func readFields(lines []string, labels map[policy.Label]bool) (fields []given, rest []string) {
	bare := bareLabels(lines, labels) >= fewBare
	var open *given
	for _, text := range lines {
		if label, value, ok := labeled(text, labels, bare); ok {
			fields = append(fields, given{label, []string{value}})
			open = &fields[len(fields)-1]
			continue
		}
		if open != nil && (ends(*open, text) || signsOff(text)) {
			open = nil
		}
		if open == nil {
			rest = append(rest, text)
			continue
		}
		open.lines = append(open.lines, text)
	}
	return fields, rest
}

// ends says whether a blank line ends the field.
func ends(g given, text string) bool {
	return blank(text) && shortFields[g.label] && g.value() != ""
}

// fewBare is how many labels must stand alone on their lines before one is
// taken for a label: that is a table pasted into plain text, cell by cell.
const fewBare = 3

func bareLabels(lines []string, labels map[policy.Label]bool) int {
	found := map[policy.Label]bool{}
	for _, text := range lines {
		if len(text) > longestLabel || blank(text) {
			continue
		}
		if label, ok := vocabulary.labels[foldName(unbullet(text))]; ok && labels[label] {
			found[label] = true
		}
	}
	return len(found)
}

// longestLabel bounds the label and its decoration, in bytes.
const longestLabel = 60

// labeled splits "Label: value". The colon may be full width, a tab may stand
// for it, bullets and emphasis may surround it. Rows of our own mails, set with
// spaces or marked, are none.
func labeled(text string, labels map[policy.Label]bool, bare bool) (policy.Label, string, bool) {
	text = unbullet(text)
	at, width := separatorAt(text[:min(len(text), longestLabel)])
	if at < 0 {
		if !bare || len(text) > longestLabel {
			return "", "", false
		}
		label, ok := vocabulary.labels[foldName(text)]
		return label, "", ok && labels[label]
	}
	label, ok := vocabulary.labels[foldName(text[:at])]
	if !ok || !labels[label] {
		return "", "", false
	}
	value := strings.TrimSpace(text[at+width:])
	if strings.HasPrefix(value, strings.TrimSpace(paper.Mark)) {
		return "", "", false
	}
	return label, unemphasized(text[:at], value), true
}

// separatorAt finds the first colon or tab.
func separatorAt(text string) (at, width int) {
	for i, r := range text {
		switch r {
		case ':', '\t':
			return i, 1
		case '：':
			return i, len("：")
		}
	}
	return -1, 0
}

var bullet = regexp.MustCompile(`^\s*(?:(?:[-*•·▪◦‣–]|\d{1,2}[.)])\s+)?`)

func unbullet(text string) string { return strings.TrimSpace(bullet.ReplaceAllString(text, "")) }

// unemphasized drops from the value the stars that belong to the label, as in
// "*Risk:* low" and "*Risk: low*".
func unemphasized(name, value string) string {
	name = strings.TrimSpace(name)
	open := strings.TrimLeft(name, "*_") != name && strings.TrimRight(name, "*_") == name
	switch {
	case open && strings.TrimLeft(value, "*_") != value:
		value = strings.TrimLeft(value, "*_")
	case open:
		value = strings.TrimRight(value, "*_")
	}
	return strings.TrimSpace(value)
}

// answers says whether the line begins a field or is a keyword: such a line is
// never taken for ours.
func answers(text string) bool {
	if _, _, ok := labeled(text, allLabels, false); ok {
		return true
	}
	_, _, ok := keywordLine(text)
	return ok
}

// emptyLabel says whether the line is a label whose value stands below it.
func emptyLabel(text string) bool {
	_, value, ok := labeled(text, allLabels, false)
	return ok && value == ""
}

var (
	allLabels      = set(append(append([]policy.Label{}, policy.ProposalLabels...), policy.AnswerLabels...)...)
	proposalLabels = set(policy.ProposalLabels...)
)

// form lays the fields into a form. A label given twice with different values
// is left out and said.
func form(fields []given) (policy.Form, []policy.Problem) {
	f := policy.Form{}
	twice := map[policy.Label]bool{}
	var problems []policy.Problem
	for _, g := range fields {
		value := canonical(g.label, g.value())
		before := f.Get(g.label)
		switch {
		case value == "" || twice[g.label] || oneSpace(before) == oneSpace(value):
		case before == "":
			f[g.label] = value
		default:
			twice[g.label] = true
			delete(f, g.label)
			problems = append(problems, givenTwice(g.label, before, value))
		}
	}
	return f, problems
}

func givenTwice(l policy.Label, first, second string) policy.Problem {
	return policy.Problem{
		Label: l, Code: policy.ProblemTwice, Given: first + "\n" + second,
		Text: fmt.Sprintf("%s stands there twice: once %q, once %q.", l, excerpt(first), excerpt(second)),
		Hint: fmt.Sprintf("Send one line that begins with %s, with the value you mean.", l),
	}
}

// excerpt is the beginning of a value, for a sentence.
func excerpt(s string) string {
	runes := []rune(oneSpace(s))
	if len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return string(runes)
}

// canonical gives a value of a closed list in the policy's words, and any other
// as it was typed.
func canonical(l policy.Label, value string) string {
	switch {
	case l == policy.LabelCategory:
		return categories(value)
	case worded[l]:
		return inPolicysWords(value)
	case vocabulary.phrases[foldName(value)] != "":
		return vocabulary.phrases[foldName(value)]
	}
	return value
}

// worded are the fields that begin with one of few words.
var worded = set(
	policy.LabelRisk, policy.LabelMajor, policy.LabelUrgency, policy.LabelRestricted,
	policy.LabelAlreadyDone, policy.LabelUntouched, policy.LabelDeviationAccepted,
)

var firstWord = regexp.MustCompile(`^(\pL+)(?:[\s,;:.!()–—]|$)`)

// inPolicysWords replaces the word a value begins with.
func inPolicysWords(value string) string {
	value = norm.NFC.String(value)
	m := firstWord.FindStringSubmatch(value)
	if m == nil || vocabulary.values[strings.ToLower(m[1])] == "" {
		return value
	}
	return vocabulary.values[strings.ToLower(m[1])] + value[len(m[1]):]
}
