package daemon_test

import (
	"slices"
	"testing"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// The token key is changed with the old one kept beside it: what was asked before
// can still be answered, and what is asked afterwards, too.
func TestTokenKeyIsChanged(t *testing.T) {
	o := newOffice(t)
	before := o.asks("Before")
	o.do(func() error { return o.Rotate(t.Context(), "2", "1") })
	after := o.asks("After")
	for _, asked := range []stage.Received{before, after} {
		if got := o.answers(asked); got != "counted" {
			t.Errorf("the answer to %q is %s", asked.Subject, got)
		}
	}
	if n := o.count(`select count(distinct kid) from tokens`); n != 2 {
		t.Errorf("there are tokens of %d keys, want 2", n)
	}
}

// The key leaked and is taken out of the configuration: a ballot made with it opens
// nothing any more, and check says so. Once the ballots are reissued, each can be
// answered; a mail that waited for the key leaves as well.
func TestTokenKeyIsTakenAway(t *testing.T) {
	o := newOffice(t)
	old := o.asks("Leaked")
	o.uid = 1000 // beyond those of the inbox
	o.do(func() error { _, err := o.Desk.Receive(t.Context(), o.arrive(proposes("Waits"))[0]); return err })
	o.do(func() error { return o.Rotate(t.Context(), "2") })
	if sent := o.steps(); len(sent) > 0 {
		t.Errorf("%d mails left without a key", len(sent))
	}
	o.keyless(2)
	if got := o.answers(old); got != "answered" {
		t.Errorf("the answer with a token of the old key is %s", got)
	}
	did, err := o.Desk.Reissue(t.Context())
	if want := (desk.Reissued{Ballots: 2, Changes: 2, Mails: 1}); err != nil || did != want {
		t.Errorf("reissued: %+v, want %+v; %v", did, want, err)
	}
	o.keyless(0)
	o.steps()
	for _, asked := range o.All("cto@example.com", policy.AskAuthorization)[1:] {
		if got := o.answers(asked); got != "counted" {
			t.Errorf("the answer to %q, reissued, is %s", asked.Subject, got)
		}
	}
	if n := len(o.All("lead@example.com", policy.ReceiptProposed)); n != 2 {
		t.Errorf("%d proposals were acknowledged, want 2", n)
	}
	o.agrees()
}

// asks has a change proposed, and gives what the CTO is asked.
func (o *office) asks(title string) stage.Received {
	o.t.Helper()
	o.do(func() error { return o.Write(proposes(title)) })
	sent := o.steps()
	i := slices.IndexFunc(sent, func(r stage.Received) bool { return r.Notice == policy.AskAuthorization })
	if i < 0 {
		o.t.Fatalf("nobody is asked about %s", title)
	}
	return sent[i]
}

func (o *office) steps() []stage.Received {
	o.t.Helper()
	sent, err := o.Step(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return sent
}

// answers has the CTO approve, and says what became of it.
func (o *office) answers(asked stage.Received) string {
	o.t.Helper()
	o.do(func() error { return o.Write(stage.Letter{From: "cto@example.com", Body: yes}.Reply(asked)) })
	o.steps()
	var became string
	if err := o.owner.QueryRow(`select disposition from messages order by id desc limit 1`).Scan(&became); err != nil {
		o.t.Fatal(err)
	}
	return became
}

func (o *office) keyless(want int) {
	o.t.Helper()
	if n, err := o.Desk.Keyless(o.t.Context()); err != nil || n != want {
		o.t.Errorf("%d open ballots have no token that counts, want %d; %v", n, want, err)
	}
}
