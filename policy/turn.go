package policy

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A turn is one decision in the making: the change as the events so far left
// it, and what is to be told.
type turn struct {
	change  Change
	dir     Directory
	cmd     Command
	now     time.Time
	events  []Event
	notices []Notice
	cause   *Answer // the answer or act being decided
	why     string  // why ballots close in this turn
	status  BallotStatus
	asked   []BallotID // asked in this turn, in order
}

func (t *turn) emit(e Event) {
	t.change = Apply(t.change, e)
	t.events = append(t.events, e)
}

// answer is what the command says, as it is recorded.
func (t *turn) answer(form Form, files []File) Answer {
	return Answer{
		Keyword: t.cmd.Keyword, Fields: form, Files: files, By: t.cmd.By, At: t.now,
		Proof: t.cmd.Proof, Mail: t.cmd.Mail,
	}
}

// roles and teams the person has now, for the record.
func (t *turn) roles(id PersonID) []Role { p, _ := t.dir.Person(id); return p.Roles }
func (t *turn) teams(id PersonID) []Team { p, _ := t.dir.Person(id); return p.Teams }

// cast counts the answer on the ballot and gives its receipt.
func (t *turn) cast(b Ballot, a Answer) {
	t.emit(&Cast{Ballot: b.ID, Answer: a, Roles: t.roles(a.By), Teams: t.teams(a.By)})
	t.receipt(b.Kind, a)
}

func (t *turn) receipt(kind BallotKind, a Answer) {
	t.notify(Notice{
		Kind: ReceiptCounted, To: a.By, Receipt: &a, ReceiptOf: kind,
		Why: "You answered, and this is how it was read.",
	})
}

func (t *turn) move(to State, why string) {
	t.emit(&Moved{To: to, By: t.cmd.By, Why: why, At: t.now})
}

func (t *turn) mark(kind MarkKind, text string, args ...any) {
	if !t.change.Marked(kind) {
		t.emit(&Marked{Mark: Mark{Kind: kind, Text: fmt.Sprintf(text, args...), At: t.now}})
	}
}

func (t *turn) hold(h Hold) {
	t.emit(&HeldUp{Hold: h, At: t.now})
	t.tell(NoticeHeldUp, "You have a part in this change.", t.change.Involved()...)
}

// notify adds a notice, unless its reader has left the directory since.
func (t *turn) notify(n Notice) {
	if n.To == "" || len(known(t.dir, n.To)) > 0 {
		t.notices = append(t.notices, n)
	}
}

// tell adds a notice for each of the people.
func (t *turn) tell(kind NoticeKind, why string, people ...PersonID) {
	for _, id := range unique(people) {
		t.notify(Notice{Kind: kind, To: id, Cause: t.cause, Text: t.cmd.Text, Why: why})
	}
}

// settle brings the change to rest: steps that follow by themselves are taken,
// ballots no longer wanted are voided, missing ones issued. What nobody could
// answer any more is held up, and said.
func (t *turn) settle() {
	t.advance()
	t.reconcile()
	if why, stuck := t.stuck(); stuck {
		t.hold(Hold{From: t.change.State, Why: why})
		t.reconcile()
	}
	t.sayNobody()
}

func (t *turn) reconcile() {
	want := wanted(t.change, t.dir, t.now)
	for _, b := range t.change.OpenBallots() {
		if !slices.ContainsFunc(want, b.covers) {
			t.void(b)
		}
	}
	for _, b := range want {
		if !slices.ContainsFunc(t.change.OpenBallots(), func(open Ballot) bool { return open.covers(b) }) {
			t.issue(b)
		}
	}
}

func (t *turn) void(b Ballot) {
	status, why := t.status, t.why
	if status == "" {
		status = BallotVoided
	}
	if why == "" {
		why = "It is no longer asked."
	}
	t.emit(&Voided{Ballot: b.ID, Status: status, Why: why, At: t.now})
	t.notify(Notice{
		Kind: NoticeVoided, To: b.Person, Cause: t.cause, Text: why, ReceiptOf: b.Kind,
		Why: "You were asked about this change.",
	})
}

func (t *turn) issue(b Ballot) {
	b.ID = t.ballotID(b)
	b.Issued, b.Status = t.asks(), BallotOpen
	b.Due = t.dir.Calendar.due(b.Kind, t.change.Emergency(), b.Issued)
	b.Next = t.timetable(b).next()
	t.emit(&Issued{Ballot: b})
	t.asked = append(t.asked, b.ID)
	t.notify(Notice{
		Kind: AskOf(b.Kind), To: b.Person, Ballot: b.ID, Cause: t.cause, Problems: t.problemsFor(b),
		Text: t.cmd.Text, Why: t.whyAsked(b),
	})
}

// asks is when those asked in this turn hear of it: later than what they are
// asked for happened, where the daemon was down meanwhile.
func (t *turn) asks() time.Time {
	if t.cmd.Asked.After(t.now) {
		return t.cmd.Asked
	}
	return t.now
}

func (t *turn) problemsFor(b Ballot) []Problem {
	if b.Kind == BallotCorrection {
		return t.change.Problems
	}
	return nil
}

// ballotID derives an id from what caused the ballot, so that deciding the
// same mail again after a restore gives the same ids.
func (t *turn) ballotID(b Ballot) BallotID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %d", t.cmd.Seed, t.change.ID.Mail(), b.Kind, b.Person, b.For, len(t.asked)))
	return BallotID(t.change.ID.Day() + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10])))
}

// whyAsked is the sentence that tells a person why a ballot came to them.
func (t *turn) whyAsked(b Ballot) string {
	switch {
	case b.For != "":
		return fmt.Sprintf("You stand in for %s.", t.dir.Name(b.For))
	case b.CoSign && b.Kind == BallotAuthorization:
		return "Somebody who neither proposed nor implements the change must authorize it too (four eyes)."
	case b.CoSign && b.Kind == BallotDecision:
		return "Somebody who neither proposed nor implements the change must decide on it too (four eyes)."
	case b.Pool:
		return "You are one of several people asked; the first answer counts."
	}
	switch b.Kind {
	case BallotCorrection, BallotQuestion:
		return "You proposed this change."
	case BallotAuthorization, BallotDecision:
		var titles []string
		for _, r := range b.Roles {
			titles = append(titles, r.Title())
		}
		return fmt.Sprintf("You are asked as %s (POL-005, 2).", listNames(titles))
	case BallotRatification:
		return "The change went on without a second pair of eyes; yours are asked for now."
	case BallotTest:
		return "You are named as the tester (POL-005, 6)."
	case BallotCheck:
		return "You authorized this change and are responsible for checking it (POL-005, 5)."
	case BallotDocuments:
		return "You authorized this change and are responsible for its documents (POL-005, 8)."
	default:
		return "You are named as the implementer (POL-005, 4)."
	}
}

// workers names the ballot without which a change under way stands still, and
// what is said then.
var workers = map[State]struct {
	ballot BallotKind
	why    string
}{
	StateAuthorized:  {BallotOffer, "Nobody is left who could implement it."},
	StateInProgress:  {BallotImplementation, "Its implementer can no longer do it."},
	StateImplemented: {BallotTest, "Nobody is left who could test it."},
	StateTested:      {BallotRelease, "Nobody is left who could release it."},
	StateUndoing:     {BallotUndo, "Nobody is left who could undo it."},
}

// stuck says why a change that is under way has nobody left to act.
func (t *turn) stuck() (why string, stuck bool) {
	needed, ok := workers[t.change.State]
	asked := slices.ContainsFunc(t.change.OpenBallots(), func(b Ballot) bool { return b.Kind == needed.ballot })
	return needed.why, ok && !asked
}

// decision closes the turn. One person gets one mail where one says it all: a
// receipt rides on whatever else leaves to them, and who is asked anew is not
// told separately what happened.
func (t *turn) decision() Decision {
	return Decision{Change: t.change, Events: t.events, Notices: merge(t.notices)}
}

// merge leaves each person the mails that say most, and lets a receipt ride on
// the first of them.
func merge(notices []Notice) []Notice {
	var kept []Notice
	for i, n := range notices {
		if n.To == "" {
			kept = append(kept, n)
			continue
		}
		if weight(n) > lightest(notices, n.To) || saidBefore(notices[:i], n) {
			continue
		}
		kept = append(kept, n)
	}
	for _, n := range notices {
		if n.Receipt == nil {
			continue
		}
		if at := slices.IndexFunc(kept, func(k Notice) bool { return k.To == n.To }); kept[at].Receipt == nil {
			kept[at].Receipt, kept[at].ReceiptOf = n.Receipt, n.ReceiptOf
		}
	}
	return kept
}

func lightest(notices []Notice, to PersonID) int {
	least := len(weights)
	for _, n := range notices {
		if n.To == to {
			least = min(least, weight(n))
		}
	}
	return least
}

func saidBefore(earlier []Notice, n Notice) bool {
	return slices.ContainsFunc(earlier, func(e Notice) bool { return e.To == n.To && e.Kind == n.Kind && e.Ballot == n.Ballot })
}

// weights order mails by how much they say: what is asked or must be told
// first, then what happened, then a receipt, then that nothing is left to do.
var weights = [][]NoticeKind{
	{AskMissing, ReceiptProposed, ToldReleased, ToldUndone, ToldG7Released, ToldG7Undone, NoticeNobody, NoticeAnswered},
	nil, // every other notice
	{ReceiptCounted},
	{NoticeVoided},
}

func weight(n Notice) int {
	if n.Ballot != "" {
		return 0
	}
	for w, kinds := range weights {
		if slices.Contains(kinds, n.Kind) {
			return w
		}
	}
	return 1
}
