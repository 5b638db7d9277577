package play

import (
	"context"
	"fmt"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// An asked is an open ballot and its change.
type asked struct {
	change policy.Change
	ballot policy.Ballot
}

// open are the ballots that wait for somebody.
func (p *Play) open(ctx context.Context) (all []asked, err error) {
	list, err := p.stage.Store.List(ctx, storage.Filter{Open: true})
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		c, err := p.stage.Store.Change(ctx, s.Name())
		if err != nil {
			return nil, err
		}
		for _, b := range c.OpenBallots() {
			all = append(all, asked{c, b})
		}
	}
	return all, nil
}

func ballots(all []asked) (bs []policy.Ballot) {
	for _, a := range all {
		bs = append(bs, a.ballot)
	}
	return bs
}

// A hint is what one could do next.
type hint struct{ Says, To, Link string }

// todo are what could be done next: for each open ballot that its person answers;
// and if nobody is asked anything, to propose something.
func (p *Play) todo(open []asked) (hints []hint) {
	d := p.stage.Configured()
	for _, a := range open {
		person, ok := d.Person(a.ballot.Person)
		if !ok {
			continue
		}
		hints = append(hints, hint{
			Says: fmt.Sprintf("%s is asked %s: %s, %s.", person.Name, asks[a.ballot.Kind], a.change.Name(), a.change.Title()),
			To:   "Open their mailbox", Link: "/m/" + person.Addresses[0],
		})
	}
	if len(hints) == 0 {
		hints = append(hints, hint{
			Says: "Nobody is asked anything. Somebody could propose a change: Lena Gagnon leads the development team.",
			To:   "Write her proposal", Link: "/write?from=lead@example.com&sample=1",
		})
	}
	return hints
}

var asks = map[policy.BallotKind]string{
	policy.BallotCorrection: "to complete a proposal", policy.BallotAuthorization: "to authorize a change", policy.BallotQuestion: "a question",
	policy.BallotRatification: "to ratify a change", policy.BallotOffer: "to take the work", policy.BallotImplementation: "to do the work",
	policy.BallotTest: "to test it", policy.BallotRelease: "to put it into production", policy.BallotCheck: "to check it",
	policy.BallotDocuments: "for its documents", policy.BallotDecision: "what becomes of it", policy.BallotUndo: "to undo it",
}

// sample is a proposal ready to send.
const sample = `Title: Upgrade PostgreSQL 15 to 17 on the billing cluster
Category: software technology
Systems: billing-db-1, billing-db-2
Justification: 15 leaves support in November 2027; 17 halves our vacuum windows
Security impact: none new; TLS settings carried over
Risk: medium, because replication is rebuilt
Rollback: promote the old standby, 20 minutes
Test plan: restore last night's dump, run the billing suite, compare totals
Implementer: dev1@example.com
Tester: qa1@example.com
Major: yes, it is our billing backend
`
