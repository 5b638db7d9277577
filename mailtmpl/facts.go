package mailtmpl

import (
	"fmt"
	"slices"
	"strings"
	"time"

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
	"call":        func(d Data) []Row { return ours("Whom to call", d.Contact(d.doer())) },

	// What led to this mail.
	"cause":    cause,
	"problems": problems,
	"kept":     kept,
	"question": question,
	"text":     func(d Data) []Row { return row("The server said", d.Notice.Text) },
	"given":    given,
	"waiting":  waiting,
	"stands":   stands,

	// What does not depend on the change.
	"categories": categories,
	"form":       form,
	"person":     person,
}

// value is a field of the accepted proposal, or of the draft.
func (d Data) value(l policy.Label) string {
	if d.Change.Revision > 0 {
		return d.Change.Proposal.Values().Get(l)
	}
	return d.Change.Form.Get(l)
}

func or(value, otherwise string) string {
	if strings.TrimSpace(value) == "" {
		return otherwise
	}
	return value
}

func riskOf(r policy.Risk) string {
	if r.Level == "" {
		return ""
	}
	return r.String()
}

// edition names the revision and its hash: "revision 1 (9f3a 41c7)".
func (d Data) edition() string {
	return fmt.Sprintf("revision %d (%s)", d.Change.Revision, policy.ShortHash(d.Change.Hash))
}

// doer is who has the work, or is to have it.
func (d Data) doer() policy.PersonID {
	if d.Change.Implementer != "" {
		return d.Change.Implementer
	}
	return d.Change.NamedImplementer()
}

func who(d Data) []Row {
	tester := "a member of IT or Quality Assurance"
	switch {
	case d.Change.Attempt.Passed != "":
		tester = d.Name(d.Change.Attempt.Passed)
	case d.Change.NamedTester() != "":
		tester = d.Name(d.Change.NamedTester())
	}
	return ours("Who", "implemented by "+d.Name(d.doer())+", tested by "+tester)
}

func environment(d Data) []Row {
	if d.Change.Proposal.Environment != policy.ProductionWindow {
		return nil
	}
	return ours("Tested where", "in production, in its window: there is nowhere else to test it")
}

func major(d Data) []Row {
	if !d.Change.IsMajor() {
		return nil
	}
	return row("Major", strings.TrimSuffix("yes: "+flat(d.majorWhy()), ": ")+"; G7 will be told")
}

func (d Data) majorWhy() string { return or(d.Change.Proposal.MajorWhy, d.Change.Settled.MajorWhy) }

func firstRow(rows []Row) []Row { return rows[:min(1, len(rows))] }

func urgency(d Data) []Row {
	if !d.Change.Emergency() {
		return nil
	}
	return ours("Urgency", "emergency: one authorizer's own assessment suffices for now")
}

func restricted(d Data) []Row {
	if !d.Change.Proposal.Restricted {
		return nil
	}
	return ours("Restricted", "yes: only title, time and contact are told widely")
}

func links(d Data) []Row {
	p := d.Change.Proposal
	return slices.Concat(row("Follows", p.Follows), row("Undoes", p.Undoes), row("Already done", p.AlreadyDone))
}

func proposedBy(d Data) []Row {
	by := d.Name(d.Change.Proposer)
	if p, ok := d.Directory.Person(d.Change.Proposer); ok && len(p.Roles) > 0 {
		by += " (" + p.Roles[0].Title() + ")"
	}
	at := d.Change.Opened
	if n := len(d.Change.Revisions); n > 0 {
		by, at = by+", "+d.edition(), d.Change.Revisions[n-1].At
	}
	return ours("Proposed by", by+", "+d.Day(at))
}

// readable gives the fields of a proposal with people by name.
func (d Data) readable(p policy.Proposal) policy.Form {
	form := p.Values()
	for label, id := range map[policy.Label]policy.PersonID{policy.LabelImplementer: p.Implementer, policy.LabelTester: p.Tester} {
		if id != "" {
			form[label] = d.Name(id)
		}
	}
	return form
}

// understood shows every field of the proposal that has no problem.
func understood(d Data) []Row {
	if d.Change.Revision > 0 {
		return fields(d.readable(d.Change.Proposal))
	}
	wrong := wrongLabels(d.Notice.Problems)
	var rows []Row
	for _, l := range d.Change.Form.Labels() {
		if !slices.Contains(wrong, l) {
			rows = append(rows, row(string(l), d.Change.Form.Get(l))...)
		}
	}
	return rows
}

func marks(d Data) []Row {
	var rows []Row
	for _, m := range d.Change.Marks {
		rows = append(rows, row("On the record", string(m.Kind)+": "+m.Text)...)
	}
	return rows
}

// by is the line below words of a person that says whose they are.
func (d Data) by(id policy.PersonID, t time.Time) string {
	return "\n— " + d.Name(id) + ", " + d.Day(t)
}

// history shows the questions asked about this revision and their answers.
func history(d Data) []Row {
	var rows []Row
	for _, b := range d.Change.Ballots {
		if b.Kind != policy.BallotQuestion || b.Question == nil || b.Revision != d.Change.Revision {
			continue
		}
		if b.ID == d.Notice.Ballot {
			continue // this mail asks it
		}
		rows = append(rows, row("Asked", b.Question.Text+d.by(b.Question.By, b.Issued))...)
		if b.Status == policy.BallotCast {
			rows = append(rows, row("Answered", b.Answer.Fields.Get(policy.LabelReply)+d.by(b.Person, b.Answer.At))...)
		} else if b.Open() {
			rows = append(rows, ours("Answered", "not yet")...)
		}
	}
	return rows
}

// changed shows what the reader has not yet seen of this revision, before and after.
func changed(d Data) []Row {
	if len(d.Changed) == 0 {
		return nil
	}
	var before policy.Form
	if n := len(d.Change.Revisions); n > 1 {
		before = d.readable(d.Change.Revisions[n-2].Proposal)
	}
	after := d.readable(d.Change.Proposal)
	var rows []Row
	for _, l := range d.Changed {
		rows = append(rows, row(string(l), or(after[l], "[now empty]")+"\n[before] "+or(before[l], "empty"))...)
	}
	return rows
}

func earlier(d Data) []Row {
	if d.Earlier == nil {
		return nil
	}
	return fields(d.Earlier.Fields)
}

// approvals lists who authorized this revision, with the risk they assessed.
func approvals(d Data) []Row {
	var rows []Row
	for _, b := range d.approvals() {
		rows = append(rows, row("Authorized by", d.approver(b)+"\nrisk "+b.Answer.Fields.Get(policy.LabelRisk))...)
	}
	return rows
}

// decidedBy says in one line who authorized the change, and at what risk.
func decidedBy(d Data) []Row {
	var by []string
	for _, b := range d.approvals() {
		by = append(by, d.approver(b))
	}
	if len(by) == 0 {
		return nil
	}
	return ours("Decided by", list(by, "and")+"; risk "+string(d.assessed()))
}

// assessed is the highest risk any authorizer assessed (3b).
func (d Data) assessed() policy.RiskLevel {
	levels := []policy.RiskLevel{policy.RiskLow, policy.RiskMedium, policy.RiskHigh}
	highest := 0
	for _, b := range d.approvals() {
		risk, _ := policy.ParseRisk(b.Answer.Fields.Get(policy.LabelRisk))
		highest = max(highest, slices.Index(levels, risk.Level))
	}
	return levels[highest]
}

func (d Data) approvals() []policy.Ballot {
	var list []policy.Ballot
	for _, b := range d.Change.Ballots {
		if b.Kind == policy.BallotAuthorization && b.Revision == d.Change.Revision && b.Said(policy.KeywordApprove) {
			list = append(list, b)
		}
	}
	return list
}

// approver names who approved: "Jane Doe (CTO) for John Doe, Mon 23 November".
func (d Data) approver(b policy.Ballot) string {
	s := d.Name(b.Person)
	var titles []string
	for _, r := range b.Roles {
		titles = append(titles, r.Title())
	}
	if b.CoSign {
		titles = append(titles, "co-signing")
	}
	if len(titles) > 0 {
		s += " (" + list(titles, "and") + ")"
	}
	if b.For != "" {
		s += " for " + d.Name(b.For)
	}
	return s + ", " + d.Day(b.Answer.At)
}

// answers shows fields of every answer with the keyword on ballots of a kind.
func answers(d Data, kind policy.BallotKind, keyword policy.Keyword, labels ...policy.Label) []Row {
	var rows []Row
	for _, b := range d.Change.Ballots {
		if b.Kind != kind || !b.Said(keyword) || b.Round != d.Change.Round {
			continue
		}
		for _, l := range labels {
			if value := b.Answer.Fields.Get(l); value != "" {
				rows = append(rows, row(string(l), value+d.by(b.Person, b.Answer.At))...)
			}
		}
	}
	return rows
}

// requirement says why this person is asked: an ALSO, a co-signature, a deputy.
func requirement(d Data) []Row {
	b := d.Ballot()
	var rows []Row
	if b.For != "" {
		rows = append(rows, ours("You answer for", d.Name(b.For)+"; the first of your two answers counts")...)
	}
	for _, r := range d.Change.Requirements {
		if r.By != "" && slices.Contains(b.Roles, r.Role) {
			rows = append(rows, row("Asked as well", d.Name(r.By)+" wants this authorization too: "+flat(r.Why))...)
		}
	}
	return rows
}

func implemented(d Data) []Row {
	a := d.Change.Attempt
	if a.N == 0 {
		return nil
	}
	return slices.Concat(
		row("Version", a.Version),
		row("Done", a.DoneAt+", by "+d.Name(a.By)),
		ours("Attempt", attempt(a.N)),
		row("What was done", a.Notes),
		row("Left undone", a.LeftUndone),
	)
}

func attempt(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("the %s; every earlier test is void", ordinal(n))
}

func ordinal(n int) string {
	words := []string{"", "first", "second", "third", "fourth", "fifth"}
	if n < len(words) {
		return words[n]
	}
	return fmt.Sprintf("%dth", n)
}

// tested shows who passed the present attempt, when, and on what evidence.
func tested(d Data) []Row {
	a := d.Change.Attempt
	if a.Passed == "" {
		return nil
	}
	rows := slices.Concat(ours("Tested by", d.Name(a.Passed)+", "+d.Time(a.PassedAt)), row("Evidence", a.Evidence))
	for _, b := range d.Change.Ballots {
		if b.Kind == policy.BallotTest && b.Said(policy.KeywordPass) && b.Attempt == a.N {
			rows = append(rows, files(b.Answer.Files)...)
		}
	}
	return append(rows, untested(d)...)
}

func untested(d Data) []Row {
	if d.Change.Release.Untested == 0 {
		return nil
	}
	return ours("Live untested", "for "+d.Change.Release.Untested.Round(time.Minute).String())
}

func files(list []policy.File) []Row {
	var rows []Row
	for _, f := range list {
		rows = append(rows, row("Attached", fmt.Sprintf("%s (%s)", flat(f.Name), size(f.Size)))...)
	}
	return rows
}

func size(bytes int) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1000_000:
		return fmt.Sprintf("%d kB", (bytes+500)/1000)
	default:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	}
}

func failures(d Data) []Row {
	var rows []Row
	for _, b := range d.Change.Ballots {
		if b.Kind == policy.BallotTest && b.Said(policy.KeywordFail) && !d.causedBy(b) {
			rows = append(rows, row("Failed before", b.Answer.Fields.Get(policy.LabelReason)+d.by(b.Person, b.Answer.At))...)
		}
	}
	return rows
}

// causedBy says whether the ballot's answer is what led to this mail.
func (d Data) causedBy(b policy.Ballot) bool {
	c := d.Notice.Cause
	return c != nil && b.Answer != nil && c.By == b.Answer.By && c.At.Equal(b.Answer.At)
}

func live(d Data) []Row {
	r := d.Change.Release
	if !r.Ever {
		return nil
	}
	at := or(r.ReleasedAt, d.Time(r.Since))
	if r.By != "" {
		at += ", by " + d.Name(r.By)
	}
	return slices.Concat(row("In production", at), row("Version", r.Version))
}

// deviations lists where what was done is not what was asked for.
func deviations(d Data) []Row {
	c := d.Change
	var rows []Row
	if c.Implementer != c.NamedImplementer() && c.Implementer != "" {
		rows = append(rows, ours("Otherwise", "implemented by "+d.Name(c.Implementer)+", not by "+d.Name(c.NamedImplementer()))...)
	}
	if c.NamedTester() != "" && c.Attempt.Passed != "" && c.Attempt.Passed != c.NamedTester() {
		rows = append(rows, ours("Otherwise", "tested by "+d.Name(c.Attempt.Passed)+", not by "+d.Name(c.NamedTester()))...)
	}
	rows = append(rows, row("Not done", c.Attempt.LeftUndone)...)
	return append(rows, marks(d)...)
}

func undone(d Data) []Row {
	r := d.Change.Release
	if r.UndoneAt == "" {
		return nil
	}
	return row("Taken out", r.UndoneAt+", by "+d.Name(r.UndoneBy))
}

func held(d Data) []Row {
	h := d.Change.Held
	if h.Why == "" {
		return nil
	}
	why := h.Why
	if h.By != "" {
		why += "\n— " + d.Name(h.By)
	}
	return slices.Concat(row("Why", why), row("Left as", h.LeftAs), ours("It was", standings[h.From]))
}

// cause shows the fields of the answer or act that led to this mail.
func cause(d Data) []Row {
	c := d.Notice.Cause
	switch {
	case c == nil:
		return row("Reason", d.Notice.Text)
	case d.Notice.Receipt != nil && c.By == d.Reader.ID:
		return nil // the receipt shows it
	}
	return append(fields(c.Fields), files(c.Files)...)
}

// notes shows what the implementer has to say about the release.
func notes(d Data) []Row {
	if c := d.Notice.Cause; c != nil {
		return row("Notes", c.Fields.Get(policy.LabelNotes))
	}
	return nil
}

func problems(d Data) []Row {
	var rows []Row
	for _, p := range d.Notice.Problems {
		name := or(string(p.Label), "Your mail")
		switch {
		case p.Label == policy.LabelCategory && p.Code != policy.ProblemNobody:
			rows = append(rows, whichCategory(p))
		case p.Code == policy.ProblemMissing && p.Hint != "":
			rows = append(rows, ours(name, p.Hint)...)
		default:
			rows = append(rows, ours(name, p.Text+" "+p.Hint)...)
		}
	}
	return rows
}

// kept shows what is kept of an incomplete answer.
func kept(d Data) []Row {
	if p := d.Ballot().Partial; p != nil {
		return append(fields(p.Fields), files(p.Files)...)
	}
	return nil
}

func question(d Data) []Row {
	if q := d.Ballot().Question; q != nil {
		return row("Question", q.Text)
	}
	return nil
}

// whyUndone shows the last word that had the change undone: an UNDO, a FAIL in
// production, a REJECT of what was done already, or the notes of the UNDONE.
func whyUndone(d Data) []Row {
	var last *policy.Answer
	for _, b := range d.Change.Ballots {
		for _, k := range []policy.Keyword{policy.KeywordUndo, policy.KeywordFail, policy.KeywordReject} {
			if b.Said(k) && (last == nil || b.Answer.At.After(last.At)) {
				last = b.Answer
			}
		}
	}
	if last == nil {
		return notes(d)
	}
	return append(row("Reason", last.Fields.Get(policy.LabelReason)+d.by(last.By, last.At)), notes(d)...)
}

func given(d Data) []Row {
	var received string
	if !d.Given.At.IsZero() {
		received = d.Time(d.Given.At)
	}
	return slices.Concat(row("From", d.Given.From), ours("Received", received), row("Its subject", d.Given.Subject), row("It was read as", d.Given.Excerpt))
}

var errandOfBallot = map[policy.BallotKind]string{
	policy.BallotCorrection: "to complete the proposal", policy.BallotAuthorization: "to authorize it",
	policy.BallotQuestion: "to answer a question", policy.BallotRatification: "to ratify it",
	policy.BallotOffer: "to take the work", policy.BallotImplementation: "to implement it",
	policy.BallotTest: "to test it", policy.BallotRelease: "to put it into production",
	policy.BallotCheck: "to check it", policy.BallotDocuments: "to report the documents",
	policy.BallotDecision: "to decide what becomes of it", policy.BallotUndo: "to undo it",
}

// waiting lists who is waited for, for what, and since when.
func waiting(d Data) []Row {
	var rows []Row
	for _, b := range d.Change.OpenBallots() {
		s := d.Name(b.Person) + " " + errandOfBallot[b.Kind] + ", since " + d.Day(b.Issued)
		if !b.Due.IsZero() {
			s += ", due " + d.Day(b.Due)
		}
		rows = append(rows, ours("Waiting for", s)...)
	}
	return rows
}

var standings = map[policy.State]string{
	policy.StateDraft: "a draft; something is missing in the proposal", policy.StateProposed: "proposed, waiting to be authorized",
	policy.StateAuthorized: "authorized, waiting for its implementer", policy.StateInProgress: "being implemented",
	policy.StateImplemented: "implemented, waiting to be tested", policy.StateTested: "tested, waiting to be put into production",
	policy.StateReleased: "in production, waiting to be checked", policy.StateChecked: "checked, waiting for its documents",
	policy.StateHeldUp: "held up, waiting for its authorizers", policy.StateUndoing: "being taken out of production",
	policy.StateUndone: "out of production again, waiting to be checked", policy.StateClosed: "closed",
	policy.StateRolledBack: "rolled back", policy.StateRejected: "rejected", policy.StateWithdrawn: "withdrawn",
	policy.StateExpired: "expired", policy.StateCanceled: "canceled",
}

func stands(d Data) []Row {
	if d.Change.State == "" {
		return nil
	}
	rows := ours("It is", d.Standing())
	if !d.Change.Ended.IsZero() {
		rows = append(rows, ours("Since", d.Time(d.Change.Ended))...)
	}
	return rows
}

// halves are the two halves of the categories, by who authorizes them (2).
func halves() (roles []policy.Role, names map[policy.Role][]string) {
	names = map[policy.Role][]string{}
	for _, c := range policy.Categories {
		r := c.Authorizer()
		if names[r] == nil {
			roles = append(roles, r)
		}
		names[r] = append(names[r], string(c))
	}
	return roles, names
}

func categories(Data) []Row {
	var rows []Row
	roles, names := halves()
	for _, r := range roles {
		rows = append(rows, ours(r.Title(), strings.Join(names[r], ", "))...)
	}
	return rows
}

// whichCategory offers the categories there are in place of the one given.
func whichCategory(p policy.Problem) Row {
	r := Row{Name: string(p.Label), Lines: []string{guard(glue(flat(p.Text + " Which of these is it?")))}, Ours: true}
	roles, names := halves()
	for _, role := range roles {
		r.Lines = append(r.Lines, strings.Join(names[role], ", ")+" ("+role.Title()+")")
	}
	return r
}

// form says what each line of a proposal holds.
func form(Data) []Row {
	var rows []Row
	for _, l := range policy.ProposalLabels {
		if says, ok := formHints[l]; ok {
			rows = append(rows, ours(string(l), says)...)
		}
	}
	return rows
}

var formHints = map[policy.Label]string{
	policy.LabelTitle:          "in a few words, what is changed",
	policy.LabelCategory:       "one or several of the six below",
	policy.LabelSystems:        "which systems are touched",
	policy.LabelJustification:  "why the business needs it",
	policy.LabelSecurityImpact: "what could get less secure, or why nothing does",
	policy.LabelRisk:           "low, medium or high, and why",
	policy.LabelRollback:       "what is done if it fails, and how long that takes",
	policy.LabelTestPlan:       "how it is tested before it goes into production",
	policy.LabelImplementer:    "a member of the IT Team or the Development Team",
	policy.LabelTester:         "a member of IT or Quality Assurance; may be left out",
	policy.LabelWindow:         "when it is to be done; may be left out",
	policy.LabelMajor:          "yes and why, if it is a major change to backend or infrastructure; may be left out",
}

func person(d Data) []Row {
	r := d.Reader
	roles, teams := make([]string, len(r.Roles)), make([]string, len(r.Teams))
	for i, x := range r.Roles {
		roles[i] = x.Title()
	}
	for i, x := range r.Teams {
		teams[i] = teamNames[x]
	}
	return slices.Concat(
		ours("Name", said(r.Name)), ours("Addresses", strings.Join(r.Addresses, ", ")),
		ours("Roles", or(list(roles, "and"), "none")), ours("Teams", or(list(teams, "and"), "none")),
	)
}

var teamNames = map[policy.Team]string{
	policy.IT: "IT", policy.Development: "Development", policy.QA: "Quality Assurance", policy.G7: "G7",
}
