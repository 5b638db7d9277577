package storage

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/policy"
)

// A projection is a change as rows. It says nothing the change does not say.
type projection struct {
	change   changeRow
	ballots  []ballotRow
	hands    []handRow
	register registerRow
	said     string // what it is found by in the register
}

type changeRow struct {
	ID           policy.ChangeID `db:"id"`
	Draft        string          `db:"draft"`
	Number       *string         `db:"number"`
	State        policy.State    `db:"state"`
	Revision     int             `db:"revision"`
	Hash         *string         `db:"hash"`
	Proposer     policy.PersonID `db:"proposer"`
	Implementer  policy.PersonID `db:"implementer"`
	Attempt      int             `db:"attempt"`
	PassedBy     policy.PersonID `db:"passed_by"`
	Told         bool            `db:"told"`
	Live         bool            `db:"live"`
	EverLive     bool            `db:"ever_live"`
	HeldFrom     policy.State    `db:"held_from"`
	OpenBallots  int             `db:"open_ballots"`
	Title        string          `db:"title"`
	Major        bool            `db:"major"`
	Restricted   bool            `db:"restricted"`
	OpenedAt     time.Time       `db:"opened_at"`
	EndedAt      *time.Time      `db:"ended_at"`
	UpdatedSeq   int64           `db:"updated_seq"`
	ChangeAsJSON string          `db:"body"`
}

type ballotRow struct {
	ID         policy.BallotID     `db:"id"`
	Change     policy.ChangeID     `db:"change"`
	Kind       policy.BallotKind   `db:"kind"`
	Person     policy.PersonID     `db:"person"`
	Revision   int                 `db:"revision"`
	Attempt    int                 `db:"attempt"`
	Status     policy.BallotStatus `db:"status"`
	Keyword    *policy.Keyword     `db:"keyword"`
	IssuedAt   time.Time           `db:"issued_at"`
	DueAt      *time.Time          `db:"due_at"`
	NextAt     *time.Time          `db:"next_at"`
	AnsweredAt *time.Time          `db:"answered_at"`
}

type handRow struct {
	Change policy.ChangeID `db:"change"`
	Person policy.PersonID `db:"person"`
	Part   string          `db:"part"`
}

const (
	partImplemented = "implemented"
	partPassed      = "passed"
)

// project gives the change's rows.
func project(c policy.Change) (projection, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return projection{}, fmt.Errorf("encoding change %s: %w", c.ID, err)
	}
	p := projection{change: changeRow{
		ID: c.ID, Draft: c.Draft, Number: orNil(c.Number), State: c.State,
		Revision: c.Revision, Hash: orNil(c.Hash), Proposer: c.Proposer, Implementer: c.Implementer,
		Attempt: c.Attempt.N, PassedBy: c.Attempt.Passed,
		Told: c.Release.Told, Live: c.Release.Live, EverLive: c.Release.Ever, HeldFrom: c.Held.From,
		OpenBallots: len(c.OpenBallots()), Title: c.Title(), Major: c.IsMajor(), Restricted: c.Proposal.Restricted,
		OpenedAt: micro(c.Opened), EndedAt: microOrNil(c.Ended), ChangeAsJSON: string(body),
	}}
	for _, b := range c.Ballots {
		p.ballots = append(p.ballots, projectBallot(c.ID, b))
	}
	p.hands = projectHands(c)
	p.register, p.said = projectRegister(c), saidOf(c)
	return p, nil
}

func projectBallot(change policy.ChangeID, b policy.Ballot) ballotRow {
	row := ballotRow{
		ID: b.ID, Change: change, Kind: b.Kind, Person: b.Person, Revision: b.Revision,
		Attempt: b.Attempt, Status: b.Status, IssuedAt: micro(b.Issued), DueAt: microOrNil(b.Due),
	}
	if b.Open() {
		row.NextAt = microOrNil(b.Next)
	}
	if b.Answer != nil {
		row.Keyword, row.AnsweredAt = &b.Answer.Keyword, microOrNil(b.Answer.At)
	}
	return row
}

// passCounts lists the states that stand on the current attempt's pass. In the
// others it is history: whoever passed an attempt that was sent back may well
// implement the next one.
var passCounts = []policy.State{policy.StateTested, policy.StateReleased, policy.StateClosed}

func projectHands(c policy.Change) []handRow {
	var rows []handRow
	for _, person := range c.Hands {
		rows = append(rows, handRow{Change: c.ID, Person: person, Part: partImplemented})
	}
	if c.Attempt.Passed != "" && slices.Contains(passCounts, c.State) {
		rows = append(rows, handRow{Change: c.ID, Person: c.Attempt.Passed, Part: partPassed})
	}
	return rows
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
