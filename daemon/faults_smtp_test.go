package daemon_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/fault"
)

// The server takes no mail for the CTO for a while.
func TestSubmissionRefusedForNow(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{})
	o.mail.Refuse("lead@example.com", 451, 4)
	o.mail.Refuse("cto@example.com", 421, 3)
	o.meanwhile()
	o.isOver()
}

// One of the recipients is refused for good: everybody else gets their mail, and
// the operators are told of each that was not delivered.
func TestSubmissionRefusedForGood(t *testing.T) {
	t.Parallel()
	for _, code := range []int{550, 554} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			o := midst(t, setting{})
			o.bad = "dev1@example.com"
			o.mail.Refuse(o.bad, code, 0)
			o.meanwhile()
			o.isOver()
		})
	}
}

// Every recipient's first mail is refused for the time being.
func TestSubmissionGreylisted(t *testing.T) {
	t.Parallel()
	o := begin(t, setting{})
	o.mail.Greylist()
	o.proposes(2)
	o.settles()
	o.meanwhile()
	o.isOver()
}

// The server says nothing after a mail, and has not taken it.
func TestSubmissionSilent(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{})
	o.mail.Mute(2)
	o.meanwhile()
	o.isOver()
}

// The server has taken a mail, and its answer is lost: the same mail is sent
// again, with the same Message-ID.
func TestSubmissionAnswerLost(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{})
	o.again = 3
	o.mail.LoseAnswers(3)
	o.meanwhile()
	o.isOver()
	if n := o.repeated(); n != 3 {
		t.Errorf("%d mails came again, want 3", n)
	}
}

// The server is away for a week. Nothing is given up.
func TestSubmissionAway(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{})
	o.log.turn()
	o.smtp.Refuse(true)
	o.smtp.Cut()
	o.meanwhile()
	for range 2 { // the pauses grow
		o.says("outbox interrupted")
		o.log.turn()
		o.clock.advance(4 * 24 * time.Hour)
	}
	o.smtp.Refuse(false)
	o.isOver()
}

// The line to the server stalls, and so does every new one.
func TestSubmissionStalled(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{})
	o.log.turn()
	o.smtp.Stall()
	o.meanwhile()
	o.says("outbox interrupted")
	o.smtp.Resume()
	o.isOver()
}

// The lines to the server are cut, each a little later than the one before.
func TestSubmissionCut(t *testing.T) {
	t.Parallel()
	o := midst(t, setting{})
	first := o.smtp.Connections()
	o.smtp.Script(func(conn int) fault.Plan {
		n := conn - first
		if n > 6 {
			return fault.Plan{}
		}
		return fault.Plan{Direction: fault.ToServer, CutAfter: int64(100 + 200*n*n)}
	})
	o.smtp.Cut() // one may be kept for later
	o.meanwhile()
	o.isOver()
	if o.smtp.Struck() < 5 {
		t.Errorf("%d lines were cut", o.smtp.Struck())
	}
}
