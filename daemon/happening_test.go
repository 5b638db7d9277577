package daemon_test

import (
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/policy"
)

// clock sets the clock, or moves it on: 2026-03-02T09:00Z, +24h.
func (c *conversation) clock(l line) string {
	if d, err := time.ParseDuration(l.words[1]); err == nil {
		c.stage.Clock.Advance(d)
		return ""
	}
	at, err := time.Parse("2006-01-02T15:04Z07:00", l.words[1])
	if err != nil {
		c.fatalf("%v", err)
	}
	c.stage.Clock.Set(at)
	return ""
}

// breathe lets the daemon do what there is to do, though nobody has written.
func (c *conversation) breathe(line) string {
	c.step()
	return ""
}

// companyChanges alters the directory as the indented lines say.
func (c *conversation) companyChanges(l line) string {
	for _, text := range l.body {
		if err := c.company.alter(text); err != nil {
			c.fatalf("%v", err)
		}
	}
	if c.stage == nil {
		return ""
	}
	text, err := c.company.toml()
	if err != nil {
		c.fatalf("%v", err)
	}
	if err := c.stage.Reload(c.t.Context(), text); err != nil {
		c.fatalf("%v", err)
	}
	c.step()
	return ""
}

// bounce has mail to a person refused from now on.
func (c *conversation) bounce(l line) string {
	c.stage.Refuse(address(l.words[1]))
	return ""
}

// cancel ends a change on the operator's word: CHANGE REASON.
func (c *conversation) cancel(l line) string {
	d, err := c.stage.Desk.Cancel(c.t.Context(), l.words[1], strings.Join(l.words[2:], " "))
	c.fired(d, err)
	return ""
}

// excuse takes somebody out of those a report is owed to, on the operator's word:
// CHANGE RECIPIENT REASON.
func (c *conversation) excuse(l line) string {
	d, err := c.stage.Desk.Excuse(c.t.Context(), l.words[1], l.words[2], strings.Join(l.words[3:], " "))
	c.fired(d, err)
	return ""
}

// silence lets time pass, moment by moment, until somebody's ballot is overdue
// or the change ends: CHANGE [PERSON].
func (c *conversation) silence(l line) string {
	who := policy.PersonID(append(l.words, "")[2])
	for range 50 {
		change := c.change(l.words[1])
		open := change.OpenBallots()
		if len(open) == 0 || slices.ContainsFunc(open, func(b policy.Ballot) bool { return b.Person == who && !b.Escalated.IsZero() }) {
			return ""
		}
		c.stage.Clock.Set(slices.MinFunc(open, func(a, b policy.Ballot) int { return a.Next.Compare(b.Next) }).Next)
		c.step()
	}
	c.fatalf("nothing came of the silence of %q", who)
	return ""
}

func (c *conversation) fired(d policy.Decision, err error) {
	if err != nil {
		c.fatalf("%v", err)
	}
	c.result = "done"
	if d.Refusal != nil {
		c.result = "refused: " + string(d.Refusal.Code)
	}
	c.refused(d.Refusal)
	c.step()
}

// tamper has somebody with the daemon's own database role alter the record.
func (c *conversation) tamper(l line) string {
	db, err := sql.Open("postgres", c.options.AppURL)
	if err != nil {
		c.fatalf("%v", err)
	}
	defer db.Close()
	c.result = "done"
	if _, err := db.ExecContext(c.t.Context(), strings.Join(l.words[1:], " ")); err != nil {
		c.result = "refused: " + strings.TrimPrefix(err.Error(), "pq: ")
	}
	return ""
}
