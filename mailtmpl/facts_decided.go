package mailtmpl

import (
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
)

// What was asked, answered and decided, and who is waited for.

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
	by := d.approvers()
	if len(by) == 0 {
		return nil
	}
	return ours("Decided by", list(by, "and")+"; risk "+string(d.assessed()))
}

func (d Data) approvers() []string {
	var by []string
	for _, b := range d.approvals() {
		by = append(by, d.approver(b))
	}
	return by
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

func question(d Data) []Row {
	if q := d.Ballot().Question; q != nil {
		return row("Question", q.Text)
	}
	return nil
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
		switch {
		case b.Due.IsZero():
		case d.late(b):
			s += ", overdue since " + d.Day(b.Due)
		default:
			s += ", due " + d.Day(b.Due)
		}
		if away := d.AwayUntil(b.Person); away != "" {
			s += "; " + away + ", says an automatic reply"
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
