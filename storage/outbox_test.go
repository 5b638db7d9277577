package storage_test

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
	"github.com/lib/pq"
)

func out(messageID string, change policy.ChangeID, person policy.PersonID) storage.OutMail {
	return storage.OutMail{
		MessageID: messageID, Change: change, Notice: "person-notice-closed", Person: person,
		Recipient: string(person) + "@example.com", Body: []byte(`{"subject":"` + messageID + `"}`), At: noon,
	}
}

func enqueue(t *testing.T, s *storage.Store, mails ...storage.OutMail) {
	t.Helper()
	in(t, s, func(tx *storage.Tx) error {
		for _, m := range mails {
			tx.Enqueue(m)
		}
		return nil
	})
}

// A mail comes out of the outbox as it went in.
func TestOutMailIsUnchanged(t *testing.T) {
	s := open(t)
	m := out("m1", "c1", "dev")
	m.Ballot, m.KeyID, m.TokenBallot, m.TokenPerson, m.Generation = "b1", "k1", "b1", "dev", 2
	enqueue(t, s, m)
	mails := claim(t, s, noon)
	if len(mails) != 1 {
		t.Fatalf("claimed %v", mails)
	}
	m.ID, m.Attempt = mails[0].ID, 1
	if !reflect.DeepEqual(mails[0], m) {
		t.Errorf("got  %+v\nwant %+v", mails[0], m)
	}
	in(t, s, func(tx *storage.Tx) error {
		found, ok, err := tx.ByMessageID(t.Context(), "m1")
		if !ok || !reflect.DeepEqual(found, m) {
			t.Errorf("by its Message-ID: %+v", found)
		}
		if _, ok, _ := tx.ByMessageID(t.Context(), "m2\x00"); ok {
			t.Error("found a mail nobody wrote")
		}
		return err
	})
}

// Deciding the same thing again owes the same mail, not another one.
func TestEnqueueTwice(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"))
	other := out("m1", "c1", "dev")
	other.Body = []byte(`{"other":1}`)
	enqueue(t, s, other)
	if mails := claim(t, s, noon); len(mails) != 1 || string(mails[0].Body) != `{"subject":"m1"}` {
		t.Errorf("claimed %+v", mails)
	}
}

// What a person may be quoting: our mails to them on that change, newest first.
func TestSentTexts(t *testing.T) {
	s := open(t)
	var mails []storage.OutMail
	for i := range 25 {
		mails = append(mails, out(string(rune('a'+i)), "c1", "dev"))
	}
	enqueue(t, s, append(mails, out("other person", "c1", "qa"), out("other change", "c2", "dev"))...)
	in(t, s, func(tx *storage.Tx) error {
		bodies, err := tx.SentTexts(t.Context(), "c1", "dev")
		if len(bodies) != 20 || string(bodies[0]) != `{"subject":"y"}` || string(bodies[19]) != `{"subject":"f"}` {
			t.Errorf("got %q", bodies)
		}
		return err
	})
}

// Putting mail into the outbox wakes the listener once it is committed, also
// after the listener's connection was cut.
func TestListen(t *testing.T) {
	_, appURL := pgtest.Test(t)
	s := openURL(t, appURL)
	ctx, cancel := context.WithCancel(t.Context())
	wake, err := s.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	awake := func(what string) {
		t.Helper()
		select {
		case <-wake:
		case <-time.After(10 * time.Second):
			t.Fatal("not woken by " + what)
		}
	}
	enqueue(t, s, out("m1", "c1", "dev"))
	awake("the first mail")
	killBackends(t, appURL)
	awake("the reconnect")
	enqueue(t, s, out("m2", "c1", "dev"))
	awake("the mail after it")
	cancel()
	for range wake { // what was under way; then it is closed
	}
}

// A listener that cannot be heard does not hold up the end.
func TestListenWithoutServer(t *testing.T) {
	ownerURL, appURL := pgtest.Test(t)
	s := openURL(t, appURL)
	shutOut(t, ownerURL)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Listen(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
}

// shutOut ends new connections to the database, also the owner's.
func shutOut(t *testing.T, ownerURL string) {
	t.Helper()
	u, err := url.Parse(ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	exec(t, openSQL(t, u.String()), `alter database `+pq.QuoteIdentifier(name)+` allow_connections false`)
}

func TestTokens(t *testing.T) {
	s, owner := openBoth(t)
	tokens := []storage.Token{
		{Hash: "h1", KeyID: "k1", Purpose: "mail", Change: "c1", Ballot: "b1", Person: "dev", Generation: 1},
		{Hash: "h2", KeyID: "k1", Purpose: "mail", Change: "c2", Person: "qa", Generation: 1},
	}
	in(t, s, func(tx *storage.Tx) error {
		for _, token := range append(tokens, tokens[0]) {
			tx.SaveToken(token)
		}
		return nil
	})
	in(t, s, func(tx *storage.Tx) error {
		found, err := tx.FindTokens(t.Context(), []string{"h2", "h1", "h3"})
		if !slices.Equal(found, []storage.Token{tokens[1], tokens[0]}) {
			t.Errorf("found %+v", found)
		}
		none, _ := tx.FindTokens(t.Context(), nil)
		if len(none) > 0 {
			t.Errorf("no hashes found %+v", none)
		}
		return err
	})
	if n := count(t, owner, `select count(*) from tokens where ballot is null`); n != 1 {
		t.Errorf("%d standing papers, want 1", n)
	}
}
