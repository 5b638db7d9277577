package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Proposal is a form understood: every field has its type and nothing
// required is missing. Only [ReadProposal] makes one.
type Proposal struct {
	Title          string      `json:"title"`
	Categories     []Category  `json:"categories"`
	Systems        string      `json:"systems"`
	Description    string      `json:"description,omitempty"`
	Justification  string      `json:"justification"`
	SecurityImpact string      `json:"security_impact"`
	Risk           Risk        `json:"risk"`
	Rollback       string      `json:"rollback"`
	TestPlan       string      `json:"test_plan"`
	Environment    Environment `json:"environment"`
	Implementer    PersonID    `json:"implementer"`
	Tester         PersonID    `json:"tester,omitempty"`
	Window         string      `json:"window,omitempty"`
	Major          bool        `json:"major,omitempty"`
	MajorWhy       string      `json:"major_why,omitempty"`
	Urgency        Urgency     `json:"urgency"`
	Documents      string      `json:"documents,omitempty"`
	Restricted     bool        `json:"restricted,omitempty"`
	Follows        string      `json:"follows,omitempty"`
	Undoes         string      `json:"undoes,omitempty"`
	AlreadyDone    string      `json:"already_done,omitempty"`
}

// An Environment says where the change is tested.
type Environment string

// Where a change can be tested.
const (
	TestFirst        Environment = "test first"
	ProductionWindow Environment = "production window" // there is nowhere else to test it
)

// Urgency says how fast a change is needed.
type Urgency string

// The two urgencies.
const (
	UrgencyNormal    Urgency = "normal"
	UrgencyEmergency Urgency = "emergency"
)

// A RiskLevel is the outcome of a risk assessment (3b).
type RiskLevel string

// The three levels.
const (
	RiskLow    RiskLevel = "low"
	RiskMedium RiskLevel = "medium"
	RiskHigh   RiskLevel = "high"
)

// A Risk is a level and the reason for it (3b).
type Risk struct {
	Level  RiskLevel `json:"level"`
	Reason string    `json:"reason"`
}

func (r Risk) String() string { return fmt.Sprintf("%s: %s", r.Level, r.Reason) }

// Values gives the proposal's fields as text, defaults included.
func (p Proposal) Values() Form {
	names := make([]string, len(p.Categories))
	for i, c := range p.Categories {
		names[i] = string(c)
	}
	f := Form{
		LabelTitle: p.Title, LabelCategory: strings.Join(names, "; "), LabelSystems: p.Systems,
		LabelDescription: p.Description, LabelJustification: p.Justification,
		LabelSecurityImpact: p.SecurityImpact, LabelRisk: p.Risk.String(), LabelRollback: p.Rollback,
		LabelTestPlan: p.TestPlan, LabelEnvironment: string(p.Environment),
		LabelImplementer: string(p.Implementer), LabelTester: string(p.Tester), LabelWindow: p.Window,
		LabelMajor: yesNo(p.Major, p.MajorWhy), LabelUrgency: string(p.Urgency),
		LabelDocuments: p.Documents, LabelRestricted: yesNo(p.Restricted, ""),
		LabelFollows: p.Follows, LabelUndoes: p.Undoes, LabelAlreadyDone: p.AlreadyDone,
	}
	for l, v := range f {
		if v == "" {
			delete(f, l)
		}
	}
	return f
}

// Canonical is the text a revision's hash is taken over: a version line, then
// one line for each field in the order of [ProposalLabels], label, ": ", value,
// with "\" written "\\" and line feeds written "\n". Fields without a value
// are left out. The format is final: hashes in old records depend on it.
func (p Proposal) Canonical() string {
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	values := p.Values()
	var b strings.Builder
	b.WriteString("countersign proposal 1\n")
	for _, l := range values.Labels() {
		fmt.Fprintf(&b, "%s: %s\n", l, escape.Replace(values[l]))
	}
	return b.String()
}

// Hash is the SHA-256 of the canonical proposal, in hex.
func (p Proposal) Hash() string {
	sum := sha256.Sum256([]byte(p.Canonical()))
	return hex.EncodeToString(sum[:])
}

// ShortHash is a hash as people see it: "9f3a 41c7".
func ShortHash(hash string) string {
	if len(hash) < 8 {
		return hash
	}
	return hash[:4] + " " + hash[4:8]
}

// Changed lists the fields in which two revisions differ.
func Changed(before, after Proposal) []Label {
	a, b := before.Values(), after.Values()
	var labels []Label
	for _, l := range ProposalLabels {
		if a.Get(l) != b.Get(l) {
			labels = append(labels, l)
		}
	}
	return labels
}

func yesNo(yes bool, why string) string {
	switch {
	case yes && why != "":
		return "yes: " + why
	case yes:
		return "yes"
	default:
		return ""
	}
}
