package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// placeholders are texts that say nothing; a required field that holds one is
// missing.
var placeholders = []string{
	"", "-", "--", "---", ".", "..", "...", "?", "x", "xx", "xxx", "n/a", "na", "n.a", "not applicable",
	"ok", "okay", "yes", "no", "none", "nil", "nothing", "tbd", "tba", "tbc", "todo", "to do", "later",
	"same", "idem", "ditto", "see above", "as above", "good", "fine", "done",
}

// Placeholder says whether a text is too empty to count as a value.
func Placeholder(text string) bool {
	return slices.Contains(placeholders, strings.Trim(strings.ToLower(strings.TrimSpace(text)), ".!, "))
}

// affirmed says whether a text is a placeholder that says yes.
func affirmed(text string) bool {
	return Placeholder(text) && slices.Contains([]string{"yes", "ok", "okay", "done", "good", "fine"}, strings.Trim(strings.ToLower(text), ".!, "))
}

// asProposed says whether an authorizer takes over the proposer's own words.
func asProposed(text string) bool {
	return slices.Contains([]string{"as proposed", "as in the proposal"}, strings.Trim(strings.ToLower(text), ".! "))
}

var riskForm = regexp.MustCompile(`(?is)^\s*(low|medium|high)\b[\s,;:.!()–—-]*(.*?)\)?\s*$`)

var (
	riskBecause = regexp.MustCompile(`(?i)^(because|since|as)(\s+|$)`)
	riskLevels  = regexp.MustCompile(`(?i)^((/|to\b|or\b|and\b)\s*(low|medium|high)\b|(low|medium|high)\W*$)`)
)

// ParseRisk reads "medium, because …": a level, then a reason (3b).
func ParseRisk(text string) (Risk, *Problem) {
	m := riskForm.FindStringSubmatch(text)
	if m == nil {
		return Risk{}, &Problem{
			Label: LabelRisk, Code: ProblemUnknown, Given: text,
			Text: "The risk has no level.", Hint: "Begin with low, medium or high, then say why (POL-005, 3b).",
		}
	}
	if riskLevels.MatchString(m[2]) {
		return Risk{}, &Problem{
			Label: LabelRisk, Code: ProblemUnknown, Given: text,
			Text: "The risk has two levels.", Hint: "Begin with one of low, medium and high, then say why (POL-005, 3b).",
		}
	}
	reason := riskBecause.ReplaceAllString(m[2], "")
	if Placeholder(reason) || asProposed(m[2]) {
		return Risk{}, &Problem{
			Label: LabelRisk, Code: ProblemReason, Given: text,
			Text: fmt.Sprintf("The risk is said to be %s, but not why.", strings.ToLower(m[1])), Hint: "Add the reason after the level (POL-005, 3b).",
		}
	}
	return Risk{Level: RiskLevel(strings.ToLower(m[1])), Reason: reason}, nil
}

var yesNoForm = regexp.MustCompile(`(?is)^\s*(yes|no)\b[\s,;:.!()–—-]*(.*?)\)?\s*$`)

// ParseYesNo reads "yes", "no" or "yes, because …".
func ParseYesNo(text string) (yes bool, why string, ok bool) {
	m := yesNoForm.FindStringSubmatch(text)
	if m == nil {
		return false, "", false
	}
	return strings.EqualFold(m[1], "yes"), m[2], true
}

var numberForm = regexp.MustCompile(`(?i)^CHG-\d{4}-\d{4,}$`)

// sameVersion compares versions as people type them.
func sameVersion(a, b string) bool {
	fold := func(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }
	return fold(a) == fold(b)
}

// listNames writes names as a sentence does: "A, B and C".
func listNames(names []string) string {
	switch n := len(names); n {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// names writes people as a sentence does.
func (d Directory) names(ids []PersonID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = d.Name(id)
	}
	return listNames(names)
}
