package mailtmpl

import (
	"slices"

	"github.com/countersign/countersign/policy"
)

// facts are what the templates name in "facts": each gives the rows it has to
// show, none when there is nothing to say.
var facts = map[string]func(Data) []Row{
	// The proposal.
	"what":        func(d Data) []Row { return row("What", d.Change.Title()) },
	"category":    func(d Data) []Row { return row("Category", d.value(policy.LabelCategory)) },
	"systems":     func(d Data) []Row { return row("Systems", d.Change.Proposal.Systems) },
	"description": func(d Data) []Row { return row("In detail", d.Change.Proposal.Description) },
	"why":         func(d Data) []Row { return row("Why", d.Change.Proposal.Justification) },
	"security":    func(d Data) []Row { return row("Security impact", d.Change.Proposal.SecurityImpact) },
	"risk":        func(d Data) []Row { return row("Their risk", riskOf(d.Change.Proposal.Risk)) },
	"rollback":    func(d Data) []Row { return row("Rollback", d.Change.Proposal.Rollback) },
	"test-plan":   func(d Data) []Row { return row("Test plan", d.Change.Proposal.TestPlan) },
	"when":        func(d Data) []Row { return row("When", or(d.Change.Window(), "no time is set")) },
	"who":         who,
	"environment": environment,
	"major":       major,
	"urgency":     urgency,
	"documents":   func(d Data) []Row { return row("Documents", d.Change.Proposal.Documents) },
	"restricted":  restricted,
	"links":       links,
	"proposed-by": proposedBy,
	"understood":  understood,
	"marks":       marks,

	// What was decided.
	"history":    history,
	"changed":    changed,
	"earlier":    earlier,
	"approvals":  approvals,
	"decided-by": decidedBy,
	"checks": func(d Data) []Row {
		return answers(d, policy.BallotCheck, policy.KeywordConfirm, policy.LabelChecked, policy.LabelDeviationAccepted)
	},
	"documented": func(d Data) []Row {
		return slices.Concat(answers(d, policy.BallotDocuments, policy.KeywordDocumented, policy.LabelDocuments), answers(d, policy.BallotCheck, policy.KeywordConfirm, policy.LabelDocuments))
	},
	"requirement": requirement,
	"notes":       notes,
	"tested-by":   func(d Data) []Row { return firstRow(tested(d)) },
	"judged":      judged,
	"plainly":     plainly,
	"if-it-fails": func(d Data) []Row { return row("If it fails", d.Change.Proposal.Rollback) },
	"benefit":     func(d Data) []Row { return row("What for", d.Change.Proposal.Justification) },
	"major-why":   func(d Data) []Row { return row("Why major", d.majorWhy()) },
	"why-undone":  whyUndone,

	// What was done.
	"implemented": implemented,
	"tested":      tested,
	"failures":    failures,
	"live":        live,
	"deviations":  deviations,
	"undone":      undone,
	"held":        held,
	"operation":   inOperation,
	"call":        func(d Data) []Row { return ours("Whom to call", d.Contact(d.doer())) },
	"call-owner":  callOwner,
	"ask-owner":   askOwner,

	// What led to this mail.
	"cause":    cause,
	"problems": problems,
	"kept":     kept,
	"question": question,
	"text":     func(d Data) []Row { return row("Undelivered", d.Notice.Text) },
	"details":  func(d Data) []Row { return row("In detail", d.Notice.Details) },
	"left-out": func(d Data) []Row { return row("Left out", d.Notice.Text) },
	"owed":     owed,
	"given":    given,
	"entered":  entered,
	"waiting":  waiting,
	"stands":   stands,

	// What does not depend on the change.
	"categories": categories,
	"form":       form,
	"person":     person,
	"directory":  func(d Data) []Row { return row("Now", d.Notice.Text) },

	// The digest.
	"digest-attention": attention,
	"digest-unusual":   unusual,
	"digest-refused":   refusedInMonth,
	"digest-directory": reloads,
	"digest-majors":    majors,
	"digest-record":    chainHead,
}
