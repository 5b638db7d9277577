package chaos_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// surrounded sets up a story in which a mail of its own kind arrives among
// others.
func surrounded(t *testing.T, mail stage.Letter) (o *site, sha string) {
	t.Helper()
	o = settle(t, simple(plays[0]), place{})
	help := answer{Letter: stage.Letter{From: "it1@example.com", Body: "HELP\n"}, id: "help"}
	middle := answer{Letter: mail, id: "middle"}
	if err := o.robots.send(middle.bytes(), help.bytes()); err != nil {
		t.Fatal(err)
	}
	return o, digest(middle.bytes())
}

// decided counts the mails decided so far.
func (o *site) decided() (n int) {
	o.t.Helper()
	if err := o.owner.QueryRow(`select count(*) from messages`).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

// putAside: the mail is unreadable, the operator is told, and everything else
// has gone its way, what arrived with the mail before it was put aside.
func (o *site) putAside(sha string) {
	o.t.Helper()
	var disposition, state string
	var told, behind int
	err := o.owner.QueryRow(`
		select m.disposition, (select state from changes),
			(select count(*) from outbox where notice = 'operator-notice-unreadable' and state = 'sent'),
			(select count(*) from messages as other where other.uid <= 3 and other.id > m.id)
		from messages as m where sha256 = $1`, sha).Scan(&disposition, &state, &told, &behind)
	if err != nil {
		o.t.Fatal(err)
	}
	if disposition != "unreadable" || state != string(plays[0].end) || told != 1 || behind > 0 {
		o.t.Errorf("the mail is %s, the change %s, the operator was told %d times, and %d mails were decided only after it", disposition, state, told, behind)
	}
	o.holds(o.outcome())
}

// A mail that kills the program each time it is read is put aside unread after
// three deaths; every other mail is decided after the second.
func TestPoisonKills(t *testing.T) {
	o, sha := surrounded(t, stage.Letter{From: "lead@example.com", Headers: []string{"X-Poison: yes"}, Body: "HELP\n"})
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
	}
	if n := o.decided(); n != 2 {
		t.Errorf("after the third death %d mails are decided, not the two others", n)
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
	o, sha := surrounded(t, stage.Letter{From: "lead@example.com", Body: "HELP\n"})
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
