package chaos_test

import (
	"errors"
	"net/smtp"
	"strings"
	"testing"
	"time"
)

// Whatever a kill could do to a performance is noticed.
func TestNothingEscapes(t *testing.T) {
	rejected := simple(byName("rejected"))
	want := performed(t, rejected, place{}).outcome()
	together(t, func(run func(string, func(*testing.T))) {
		for _, harm := range harms {
			run(harm.name, func(t *testing.T) {
				o := performed(t, rejected, place{})
				if err := o.faults(want); err != nil {
					t.Fatalf("unharmed: %v", err)
				}
				if err := harm.do(o); err != nil {
					t.Fatal(err)
				}
				if err := o.faults(want); err == nil || !strings.Contains(err.Error(), harm.says) {
					t.Errorf("it says %v, and nothing of %q", err, harm.says)
				}
			})
		}
	})
}

var harms = []struct {
	name string
	do   func(*site) error
	says string
}{
	{"a mail is lost", statement(`delete from messages where uid = 2`), "2 mails reached the mailbox, 1 are on record"},
	{"a mail became something else", statement(`update messages set disposition = 'noted' where uid = 2`), "less: mail"},
	{"an event is lost", statement(`
		delete from event_payloads where seq = (select max(seq) from events);
		delete from events where seq = (select max(seq) from events)`), "less: event"},
	{"a change is not what its events say", statement(`update changes set title = 'another'`), "rebuild --check"},
	{"a mail is owed twice", statement(`
		insert into outbox (message_id, change, ballot, notice, person, recipient, asks, kid, token_ballot, token_person, generation, body, at, due)
		select 'again', change, ballot, notice, person, recipient, asks, kid, token_ballot, token_person, generation, body, at, due from outbox limit 1`), "more: outbox again"},
	{"a mail is sent twice", func(o *site) error {
		return o.submit(o.sink.Sent()[0].Raw)
	}, "came 2 times"},
	{"a mail nobody owes is sent", func(o *site) error {
		return o.submit([]byte("Message-ID: <new@example.com>\r\n\r\n"))
	}, "more: sent new@example.com"},
	{"a mail lies in the inbox", func(o *site) error {
		return o.account().Append("INBOX", o.robots.delivered[0], time.Now())
	}, "INBOX"},
	{"a mail lies in its folder twice", func(o *site) error {
		return o.account().Append("Done", o.robots.delivered[0], time.Now())
	}, "Done"},
	{"a mail lies in the wrong folder", func(o *site) error {
		return o.account().Append("Ignored", o.robots.delivered[0], time.Now())
	}, "Ignored"},
}

func statement(sql string) func(*site) error {
	return func(o *site) error {
		_, err := o.owner.Exec(sql)
		return err
	}
}

func (o *site) submit(raw []byte) error {
	c, err := smtp.Dial(o.sink.SMTP)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := errors.Join(c.Mail("changes@example.com"), c.Rcpt("cto@example.com")); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return errors.Join(err, w.Close())
}
