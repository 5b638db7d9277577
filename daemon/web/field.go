package web

import (
	"cmp"
	"slices"
	"strings"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
)

// A field is one field of a form.
type field struct {
	Label    policy.Label
	Kind     kind
	ID       string // of its element
	Required bool
	Hint     string
	Theirs   string // the proposer's words about it
	Value    string
	Level    string // of a level or a yes or no; Value is why
	Options  []option
	Problem  string // what is wrong with it
}

// An option is one of several to choose from.
type option struct {
	Value, Text string
	Chosen      bool
}

// A kind is how a field is filled in.
type kind string

const (
	kindLine     kind = "line"
	kindText     kind = "text"
	kindChoice   kind = "choice"   // one of several
	kindSeveral  kind = "several"  // some of several
	kindLevel    kind = "level"    // one of several, and why
	kindEvidence kind = "evidence" // a text, or files
)

// kinds are those of all fields that are more than a line. What is not here is a
// line.
var kinds = map[policy.Label]kind{
	policy.LabelDescription: kindText, policy.LabelJustification: kindText, policy.LabelSecurityImpact: kindText,
	policy.LabelRollback: kindText, policy.LabelTestPlan: kindText, policy.LabelDocuments: kindText,
	policy.LabelReason: kindText, policy.LabelQuestion: kindText, policy.LabelReply: kindText, policy.LabelNotes: kindText,
	policy.LabelLeftUndone: kindText, policy.LabelLeftAs: kindText, policy.LabelChecked: kindText,
	policy.LabelDeviationAccepted: kindText, policy.LabelAlreadyDone: kindText,
	policy.LabelEvidence: kindEvidence,
	policy.LabelRisk:     kindLevel, policy.LabelMajor: kindLevel,
	policy.LabelImplementer: kindChoice, policy.LabelTester: kindChoice, policy.LabelEnvironment: kindChoice,
	policy.LabelUrgency: kindChoice, policy.LabelRestricted: kindChoice, policy.LabelUntouched: kindChoice,
	policy.LabelCategory: kindSeveral,
}

// fieldsOf makes the fields of one answer.
type fieldsOf struct {
	sheet     desk.Sheet
	directory policy.Directory
	choice    mailtmpl.Choice
	given     policy.Form // as entered before
	problems  []policy.Problem
}

func (o fieldsOf) all() (fields []field, files bool) {
	rule := o.choice.Rule
	for _, l := range slices.Concat(rule.Required, rule.Optional) {
		f := o.field(l)
		files = files || f.Kind == kindEvidence
		fields = append(fields, f)
	}
	if o.correcting() { // what is wrong stands first
		slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(min(len(b.Problem), 1), min(len(a.Problem), 1)) })
	}
	return fields, files
}

// correcting says whether the form completes a draft.
func (o fieldsOf) correcting() bool {
	return o.sheet.Ballot.Kind == policy.BallotCorrection && o.choice.Keyword == policy.NoKeyword
}

func (o fieldsOf) field(l policy.Label) field {
	f := field{Label: l, Kind: kinds[l], ID: o.id(l), Required: o.required(l), Hint: o.hint(l), Theirs: o.theirs(l), Value: o.value(l)}
	if f.Kind == "" {
		f.Kind = kindLine
	}
	if f.Kind == kindSeveral && o.choice.Keyword == policy.KeywordAlso {
		f.Kind = kindChoice
	}
	f.Options = o.options(l, f.Value)
	if f.Kind == kindLevel {
		f.Level, f.Value = apart(l, f.Value)
		choose(f.Options, f.Level)
	}
	for _, p := range o.problems {
		if p.Label == l {
			f.Problem = strings.TrimSpace(p.Text + " " + p.Hint)
		}
	}
	return f
}

// id is the field's name in the page: several forms on it have fields of the
// same label.
func (o fieldsOf) id(l policy.Label) string {
	name := string(l)
	if o.choice.Keyword != policy.NoKeyword {
		name = string(o.choice.Keyword) + "-" + name
	}
	return strings.ToLower(strings.ReplaceAll(name, " ", "-"))
}

func (o fieldsOf) required(l policy.Label) bool {
	if o.correcting() {
		return slices.Contains(policy.RequiredLabels, l)
	}
	return slices.Contains(o.choice.Rule.Required, l)
}

// hint is what the field is to hold. A correction's fields need it only where
// something is wrong, which then stands there.
func (o fieldsOf) hint(l policy.Label) string {
	switch {
	case l == policy.LabelReply:
		return "Write your answer in your own words."
	case l == policy.LabelEvidence:
		return "Say what was tested and what came out, or add the report below."
	case slices.Contains([]policy.Label{policy.LabelRisk, policy.LabelImplementer, policy.LabelTester, policy.LabelCategory}, l):
		return ""
	}
	hint := policy.Hint(l)
	if o.sheet.Ballot.Kind == policy.BallotAuthorization && o.theirs(l) != "" && slices.Contains([]policy.Label{policy.LabelJustification, policy.LabelRollback}, l) {
		hint += " You may write: as proposed."
	}
	return hint
}

// assessed are the fields of an assessment, beside which the proposer's own words
// stand (3).
var assessed = []policy.Label{policy.LabelJustification, policy.LabelSecurityImpact, policy.LabelRisk, policy.LabelRollback, policy.LabelMajor}

func (o fieldsOf) theirs(l policy.Label) string {
	switch {
	case o.choice.Keyword == policy.KeywordApprove && slices.Contains(assessed, l):
		return o.sheet.Change.Proposal.Values().Get(l)
	case l == policy.LabelDeviationAccepted:
		return o.sheet.Change.Attempt.LeftUndone
	case l == policy.LabelDocuments && o.sheet.Ballot.Kind != policy.BallotCorrection:
		return o.sheet.Change.Proposal.Documents
	}
	return ""
}

// value is what stands in the field at first: what was entered just now, what is
// kept of an incomplete answer by mail, what they answered to an earlier
// revision, what the draft says, or the version that is asked about.
func (o fieldsOf) value(l policy.Label) string {
	b, c := o.sheet.Ballot, o.sheet.Change
	switch {
	case o.given != nil:
		return o.given.Get(l)
	case b.Partial != nil && b.Partial.Keyword == o.choice.Keyword:
		return b.Partial.Fields.Get(l)
	case o.choice.Keyword == policy.KeywordApprove && o.sheet.Data.Earlier != nil && o.sheet.Data.Earlier.Keyword == policy.KeywordApprove:
		return o.sheet.Data.Earlier.Fields.Get(l)
	case b.Kind == policy.BallotCorrection || o.choice.Keyword == policy.KeywordAmend:
		return c.Form.Get(l)
	case l == policy.LabelVersion && slices.Contains([]policy.BallotKind{policy.BallotTest, policy.BallotRelease}, b.Kind):
		return c.Attempt.Version
	}
	return ""
}

// options are what a field can be, where it is not anything.
func (o fieldsOf) options(l policy.Label, value string) []option {
	var all []option
	add := func(value, text string) { all = append(all, option{Value: value, Text: text}) }
	switch l {
	case policy.LabelImplementer:
		o.people(add, policy.IT, policy.Development)
	case policy.LabelTester:
		o.people(add, policy.IT, policy.QA)
	case policy.LabelCategory:
		for _, c := range policy.Categories {
			add(string(c), string(c)+" ("+c.Authorizer().Title()+")")
		}
	default:
		for _, v := range fixed[l] {
			add(v, v)
		}
	}
	return choose(all, values(l, value)...)
}

// fixed are the fields with a few values.
var fixed = map[policy.Label][]string{
	policy.LabelRisk:        {string(policy.RiskLow), string(policy.RiskMedium), string(policy.RiskHigh)},
	policy.LabelMajor:       {"no", "yes"},
	policy.LabelRestricted:  {"no", "yes"},
	policy.LabelUntouched:   {"no", "yes"},
	policy.LabelEnvironment: {string(policy.TestFirst), string(policy.ProductionWindow)},
	policy.LabelUrgency:     {string(policy.UrgencyNormal), string(policy.UrgencyEmergency)},
}

func (o fieldsOf) people(add func(value, text string), teams ...policy.Team) {
	for _, id := range o.directory.Members(teams...) {
		add(string(id), o.directory.Name(id))
	}
}

// values are the values in a field's text.
func values(l policy.Label, text string) []string {
	if l != policy.LabelCategory {
		return []string{strings.TrimSpace(text)}
	}
	var all []string
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\n", r) }) {
		if c, ok := policy.ParseCategory(name); ok {
			all = append(all, string(c))
		}
	}
	return all
}

func choose(all []option, values ...string) []option {
	for i := range all {
		all[i].Chosen = slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, all[i].Value) })
	}
	return all
}

// apart takes a level, or a yes or no, from its reason.
func apart(l policy.Label, text string) (level, why string) {
	if text == "" {
		return "", ""
	}
	if l == policy.LabelRisk {
		if risk, problem := policy.ParseRisk(text); risk.Level != "" || problem == nil {
			return string(risk.Level), risk.Reason
		}
		return "", text
	}
	yes, why, ok := policy.ParseYesNo(text)
	switch {
	case !ok:
		return "", text
	case yes:
		return "yes", why
	default:
		return "no", why
	}
}
