package web

import (
	"net/http"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
)

// A minePage is what waits for the reader: what they are asked, and what they
// still owe, the worst first.
type minePage struct {
	Asked, Owed []waitingLine
	More        int // that are not listed
}

// A waitingLine is one ballot that waits for the reader.
type waitingLine struct {
	Name, Title, Link  string
	What, Since, Until string
	Late               bool
}

// mostWaiting are listed; who has more to answer begins with these.
const mostWaiting = 50

// mine shows what waits for whoever has signed in.
func (v *visit) mine() error {
	list, err := v.Store.Waiting(v.r.Context(), v.person.ID)
	if err != nil {
		return err
	}
	var p minePage
	for i, w := range list {
		if i == mostWaiting {
			p.More = len(list) - mostWaiting
			break
		}
		b, _ := w.Change.Ballot(w.Ballot)
		line := v.waiting(w.Change, b)
		if b.Duty() {
			p.Owed = append(p.Owed, line)
		} else {
			p.Asked = append(p.Asked, line)
		}
	}
	return v.show(http.StatusOK, "mine", "My ballots", p)
}

func (v *visit) waiting(c policy.Change, b policy.Ballot) waitingLine {
	d := v.Desk.About(c, v.person)
	l := waitingLine{
		Name: c.Name(), Title: heading(d), Link: ballotPath(c, b.ID),
		What: mailtmpl.Asked(d, b), Since: d.Day(b.Issued),
	}
	l.Until, l.Late = mailtmpl.Until(d, b)
	return l
}
