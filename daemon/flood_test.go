package daemon_test

import (
	"bytes"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// newCompanyAt is a company of its own with its change mailbox at the address,
// where the other one's mailbox is on file as that of a person.
func newCompanyAt(t *testing.T, mailbox, other string) *stage.Stage {
	t.Helper()
	o := stage.Options{Start: start, Mailbox: mailbox}
	o.OwnerURL, o.AppURL = pgtest.Test(t)
	o.Company = stage.Company + fmt.Sprintf("\n[[people]]\nid = \"other\"\nname = \"Other Company\"\naddresses = [%q]\nteams = [\"it\"]\n", other)
	s, err := stage.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const here, there = "changes@example.com", "changes@example.net"

// exchange carries what either company writes to the other's mailbox, changed on
// the way, until nothing more comes or a hundred mails were carried.
func exchange(t *testing.T, companies map[string]*stage.Stage, carried func(raw []byte) []byte) (n int) {
	t.Helper()
	seen := map[string]int{}
	for quiet := false; !quiet && n < 100; {
		quiet = true
		for from, to := range map[string]string{here: there, there: here} {
			if _, err := companies[from].Step(t.Context()); err != nil {
				t.Fatal(err)
			}
			sent := companies[from].Provider.Sent()
			for _, m := range sent[seen[from]:] {
				if m.To != to {
					continue
				}
				if err := companies[to].Deliver(carried(m.Raw)); err != nil {
					t.Fatal(err)
				}
				quiet, n = false, n+1
			}
			seen[from] = len(sent)
		}
	}
	return n
}

// Two companies have each other's change mailbox in their directories, and
// somebody sets them off. What a program wrote is not answered; where a gateway
// takes away all signs of it, they come to an end all the same.
func TestTwoDaemonsAnswerEachOther(t *testing.T) {
	for _, c := range []struct {
		name    string
		carried func([]byte) []byte
		most    int
	}{
		{"as they are", slices.Clone[[]byte], 1},
		{"by a gateway that writes every mail anew", anew, 41}, // twenty to each on a day, and the first
	} {
		t.Run(c.name, func(t *testing.T) {
			companies := map[string]*stage.Stage{here: newCompanyAt(t, here, there), there: newCompanyAt(t, there, here)}
			if err := companies[here].Write(stage.Letter{From: there, To: here, Subject: "hello", Body: "Who are you?\n"}); err != nil {
				t.Fatal(err)
			}
			if n := exchange(t, companies, c.carried); n < 1 || n > c.most {
				t.Errorf("they wrote each other %d mails, want 1 to %d", n, c.most)
			}
		})
	}
}

var gatewayCount int

// anew is the mail as somebody would have typed it, with no field that says
// otherwise.
func anew(raw []byte) []byte {
	m, err := stage.Read(raw)
	if err != nil {
		panic(err)
	}
	head, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		panic(err)
	}
	from, err := mail.ParseAddress(head.Header.Get("From"))
	if err != nil {
		panic(err)
	}
	gatewayCount++
	text := strings.NewReplacer("==", "", "Countersign", "we", "(ref", "(").Replace(m.Text)
	return stage.Letter{From: from.Address, To: head.Header.Get("To"), Subject: m.Subject, Body: regexp.MustCompile(`\bb-[a-z2-7]{26}\b`).ReplaceAllString(text, "")}.
		Bytes(fmt.Sprintf("gateway-%d@mail.example.com", gatewayCount), start)
}

// Somebody writes sixty mails in the CTO's name that nobody vouches for. The CTO
// is asked twenty times and no more, the operators are not buried, and Ivan's vote
// in the midst of it counts and is acknowledged. On the next day the CTO is asked
// again.
func TestRations(t *testing.T) {
	o := newProvenOffice(t)
	o.do(func() error { return o.bring(stage.Passes, proposesFor("One", "network infrastructure")) })
	ballot, ok := o.Latest("itd@example.com", policy.AskAuthorization)
	if !ok {
		t.Fatal("Ivan is not asked")
	}
	for i := range 60 {
		o.do(func() error {
			return o.bring(stage.Unclear, stage.Letter{From: "cto@example.com", Subject: fmt.Sprintf("Change %d", i), Body: proposes(fmt.Sprint("Change ", i)).Body})
		})
		if i == 30 {
			o.do(func() error {
				return o.bring(stage.Passes, stage.Letter{From: "itd@example.com", Body: yes}.Reply(ballot))
			})
		}
	}
	if n := len(o.All("cto@example.com", policy.AskConfirmation)); n != 20 {
		t.Errorf("the CTO was asked %d times, want 20", n)
	}
	if n := len(o.All("itd@example.com", policy.ReceiptCounted)); n != 1 {
		t.Errorf("Ivan's vote was acknowledged %d times", n)
	}
	if n := o.count(`select count(*) from messages where disposition = 'held'`); n != 60 {
		t.Errorf("%d mails are held, want 60", n)
	}
	o.Clock.Advance(24 * time.Hour)
	o.do(func() error {
		return o.bring(stage.Unclear, stage.Letter{From: "cto@example.com", Subject: "Once more", Body: proposes("Once more").Body})
	})
	if n := len(o.All("cto@example.com", policy.AskConfirmation)); n != 21 {
		t.Errorf("on the next day the CTO was asked %d times in all, want 21", n)
	}
}

// A stranger sends forty mails that nobody can take apart: each is put aside, and
// the operators are told of twenty a day.
func TestRationOfUnreadableMail(t *testing.T) {
	o := newProvenOffice(t)
	for i := range 40 {
		o.do(func() error {
			return o.Deliver(fmt.Appendf(nil, "\r\nno header at all, and no body worth the name %d\r\n", i))
		})
		if i%8 == 7 {
			o.do(func() error { _, err := o.Step(t.Context()); return err })
		}
	}
	if n := len(o.All("operator@example.com", policy.OperatorUnreadable)); n != 20 {
		t.Errorf("the operators were told %d times, want 20", n)
	}
	if n := o.count(`select count(*) from messages where disposition = 'unreadable'`); n != 40 {
		t.Errorf("%d mails are put aside, want 40", n)
	}
}

// Somebody has Ivan's ballot and sends thirty refuted answers with it: he is told
// ten times of that change, and his own answer counts.
func TestRationOfOneChange(t *testing.T) {
	o := newProvenOffice(t)
	o.do(func() error { return o.bring(stage.Passes, proposesFor("One", "network infrastructure")) })
	ballot, _ := o.Latest("itd@example.com", policy.AskAuthorization)
	for i := range 30 {
		o.do(func() error {
			return o.bring(stage.Fails, stage.Letter{From: "itd@example.com", Body: fmt.Sprintf("REJECT: %d times no\n", i)}.Reply(ballot))
		})
	}
	for _, who := range []string{"itd@example.com", "operator@example.com"} {
		told := len(o.All(who, policy.OwnerSpoofed)) + len(o.All(who, policy.OperatorSpoofed))
		if told != 10 {
			t.Errorf("%s was told %d times, want 10", who, told)
		}
	}
	o.do(func() error {
		return o.bring(stage.Passes, stage.Letter{From: "itd@example.com", Body: yes}.Reply(ballot))
	})
	if n := len(o.All("itd@example.com", policy.ReceiptCounted)); n != 1 {
		t.Errorf("Ivan's vote was acknowledged %d times", n)
	}
}

func proposesFor(title, category string) stage.Letter {
	l := proposes(title)
	l.Body = strings.Replace(l.Body, "software technology", category, 1)
	return l
}

// newProvenOffice is one whose mail server says who sent a mail.
func newProvenOffice(t *testing.T) *office { return officeOf(t, stage.Options{Proof: "own-mta"}) }

// bring has a letter arrive with the verdict of the mail server, and what comes of
// it.
func (o *office) bring(v stage.Verdict, l stage.Letter) error {
	raw, err := stage.Stamped("own-mta", v, o.Compose(l))
	if err != nil {
		return err
	}
	if err := o.Deliver(raw); err != nil {
		return err
	}
	_, err = o.Step(o.t.Context())
	return err
}
