package chaos_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// surrounded is a story in which a mail of its own kind stands among others.
func surrounded(t *testing.T, mail stage.Letter) (o *site, sha string, before int) {
	t.Helper()
	o = settle(t, simple(plays[0]), place{})
	help := answer{Letter: stage.Letter{From: "it1@example.com", Body: "HELP\n"}, id: "help"}
	middle := answer{Letter: mail, id: "middle"}
	if err := o.robots.send(middle.bytes(), help.bytes()); err != nil {
		t.Fatal(err)
	}
	return o, digest(middle.bytes()), len(o.robots.delivered)
}

// becameOf is the disposition of a mail, and how many others are decided.
func (o *site) becameOf(sha string) (disposition string, others int) {
	o.t.Helper()
	err := o.owner.QueryRow(`
		select coalesce(max(disposition) filter (where sha256 = $1), ''), count(*) filter (where sha256 <> $1)
		from messages`, sha).Scan(&disposition, &others)
	if err != nil {
		o.t.Fatal(err)
	}
	return disposition, others
}

// putAside: the mail is unreadable, the operator is told, and everything else
// has gone its way.
func (o *site) putAside(sha string) {
	o.t.Helper()
	if disposition, _ := o.becameOf(sha); disposition != "unreadable" {
		o.t.Errorf("the mail is %q", disposition)
	}
	var told int
	var state string
	if err := o.owner.QueryRow(`
		select (select count(*) from outbox where notice = 'operator-notice-unreadable' and state = 'sent'),
			(select state from changes)`).Scan(&told, &state); err != nil {
		o.t.Fatal(err)
	}
	if told != 1 || state != string(plays[0].end) {
		o.t.Errorf("the operator was told %d times; the change is %s", told, state)
	}
	o.holds(o.outcome())
}

// A mail that kills the program each time it is read is put aside unread after
// three deaths; every other mail is decided after the second.
func TestPoisonKills(t *testing.T) {
	o, sha, before := surrounded(t, stage.Letter{From: "lead@example.com", Headers: []string{"X-Poison: yes"}, Body: "HELP\n"})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	poison := end{traps: fmt.Sprintf("%s~X-Poison=kill", failpoint.Reading)}
	for death := 1; death <= 3; death++ {
		p := o.start(poison.traps)
		if err := p.Wait(ctx); err == nil || !p.Killed() {
			t.Fatalf("life %d: it ended with %v", death, err)
		}
		o.tale = append(o.tale, p.Log())
		if err := o.bury(ctx); err != nil {
			t.Fatal(err)
		}
		disposition, others := o.becameOf(sha)
		if disposition != "" || death == 3 && others < before-1 {
			t.Errorf("after death %d the mail is %q, and %d of %d others are decided", death, disposition, others, before-1)
		}
	}
	o.perform(poison)
	if o.deaths > 0 {
		t.Errorf("it died %d times more", o.deaths)
	}
	o.putAside(sha)
}

// A mail the database refuses is put aside after three attempts, and no other
// waits for it.
func TestPoisonIsRefused(t *testing.T) {
	o, sha, _ := surrounded(t, stage.Letter{From: "lead@example.com", Body: "HELP\n"})
	_, err := o.owner.Exec(`
		create function refuse() returns trigger language plpgsql as $$ begin raise 'refused, as the test wants it'; end $$;
		create trigger refuse before insert on messages for each row
			when (new.sha256 = '` + sha + `' and new.disposition <> 'unreadable') execute function refuse()`)
	if err != nil {
		t.Fatal(err)
	}
	o.perform()
	o.putAside(sha)
}
