package policy

import (
	"slices"
	"strings"
)

// A Label names one field of a proposal or of an answer: the word before the
// colon in mail, the field's name on a page and in the record.
type Label string

// The fields of a proposal, in the order in which they are shown and hashed.
const (
	LabelTitle          Label = "Title"
	LabelCategory       Label = "Category" // (2)
	LabelSystems        Label = "Systems"
	LabelDescription    Label = "Description"
	LabelJustification  Label = "Justification"   // (3a)
	LabelSecurityImpact Label = "Security impact" // (3a)
	LabelRisk           Label = "Risk"            // (3b)
	LabelRollback       Label = "Rollback"        // (3c)
	LabelTestPlan       Label = "Test plan"       // (6)
	LabelEnvironment    Label = "Environment"
	LabelImplementer    Label = "Implementer" // (4)
	LabelTester         Label = "Tester"      // (6)
	LabelWindow         Label = "Window"
	LabelMajor          Label = "Major" // (7c)
	LabelUrgency        Label = "Urgency"
	LabelDocuments      Label = "Documents" // (8)
	LabelRestricted     Label = "Restricted"
	LabelFollows        Label = "Follows"
	LabelUndoes         Label = "Undoes"
	LabelAlreadyDone    Label = "Already done"
)

// The further fields of answers.
const (
	LabelReason            Label = "Reason"
	LabelQuestion          Label = "Question"
	LabelReply             Label = "Reply" // the answer to a question; it needs no label in mail
	LabelVersion           Label = "Version"
	LabelDoneAt            Label = "Done at"
	LabelNotes             Label = "Notes"
	LabelLeftUndone        Label = "Left undone"
	LabelLeftAs            Label = "Left as"
	LabelEvidence          Label = "Evidence"
	LabelReleasedAt        Label = "Released at"
	LabelChecked           Label = "Checked"
	LabelDeviationAccepted Label = "Deviation accepted"
	LabelUntouched         Label = "Production untouched"
	LabelUndoneAt          Label = "Undone at"
)

// ProposalLabels lists the fields of a proposal in their canonical order.
var ProposalLabels = []Label{
	LabelTitle, LabelCategory, LabelSystems, LabelDescription, LabelJustification,
	LabelSecurityImpact, LabelRisk, LabelRollback, LabelTestPlan, LabelEnvironment,
	LabelImplementer, LabelTester, LabelWindow, LabelMajor, LabelUrgency,
	LabelDocuments, LabelRestricted, LabelFollows, LabelUndoes, LabelAlreadyDone,
}

// RequiredLabels lists the fields a proposal cannot be without.
var RequiredLabels = []Label{
	LabelTitle, LabelCategory, LabelSystems, LabelJustification, LabelSecurityImpact,
	LabelRisk, LabelRollback, LabelTestPlan, LabelImplementer,
}

// AnswerLabels lists the fields only answers have.
var AnswerLabels = []Label{
	LabelReason, LabelQuestion, LabelReply, LabelVersion, LabelDoneAt, LabelNotes,
	LabelLeftUndone, LabelLeftAs, LabelEvidence, LabelReleasedAt, LabelChecked,
	LabelDeviationAccepted, LabelUntouched, LabelUndoneAt,
}

// A Form is what a person filled in: labels and the text given for each, as
// typed, cleaned of control characters, lines joined by "\n".
type Form map[Label]string

// Get is the text given for the label, without surrounding space.
func (f Form) Get(l Label) string { return strings.TrimSpace(f[l]) }

// Labels lists the filled labels in canonical order.
func (f Form) Labels() []Label {
	var labels []Label
	for _, l := range slices.Concat(ProposalLabels, AnswerLabels) {
		if f.Get(l) != "" {
			labels = append(labels, l)
		}
	}
	return labels
}

// With is the form with the other's filled fields laid over it.
func (f Form) With(over Form) Form {
	merged := Form{}
	for _, l := range f.Labels() {
		merged[l] = f.Get(l)
	}
	for _, l := range over.Labels() {
		merged[l] = over.Get(l)
	}
	return merged
}
