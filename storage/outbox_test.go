package storage_test

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/internal/testkit/pgtest"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

const lease = 10 * time.Minute

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

func claim(t *testing.T, s *storage.Store, now time.Time) []storage.OutMail {
	t.Helper()
	mails, err := s.Claim(t.Context(), 100, lease, now)
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

func messageIDs(mails []storage.OutMail) string {
	var ids []string
	for _, m := range mails {
		ids = append(ids, m.MessageID)
	}
	return strings.Join(ids, " ")
}

// states gives the state of each mail by its Message-ID.
func states(t *testing.T, s *storage.Store) map[string]string {
	t.Helper()
	rows, err := s.Outbox(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, row := range rows {
		found[row.MessageID] = row.State
	}
	return found
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

// Mails to one person about one change leave one after the other, in the order
// in which they were decided; other people and other changes do not wait.
func TestClaimOrder(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"), out("m2", "c1", "dev"), out("m3", "c1", "qa"), out("m4", "c2", "dev"), out("m5", "", "dev"), out("m6", "", "dev"))
	first := claim(t, s, noon)
	if got := messageIDs(first); got != "m1 m3 m4 m5" {
		t.Errorf("first come %s", got)
	}
	if got := messageIDs(claim(t, s, noon)); got != "" {
		t.Errorf("while they are out, %s comes", got)
	}
	if err := s.MarkSent(t.Context(), first[0].ID, 1, noon); err != nil {
		t.Fatal(err)
	}
	if got := messageIDs(claim(t, s, noon)); got != "m2" {
		t.Errorf("after m1, %s comes", got)
	}
}

// A deferred mail holds back those after it; a failed one does not.
func TestDeferredHoldsBack(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"), out("m2", "c1", "dev"))
	m := claim(t, s, noon)[0]
	if err := s.Defer(t.Context(), m.ID, m.Attempt, noon.Add(time.Hour), "451 try later"); err != nil {
		t.Fatal(err)
	}
	if got := messageIDs(claim(t, s, noon.Add(59*time.Minute))); got != "" {
		t.Errorf("before m1 is due again, %s comes", got)
	}
	if due, ok, err := s.NextDue(t.Context()); !ok || !due.Equal(noon.Add(time.Hour)) || err != nil {
		t.Errorf("next due %v %v %v, want when m1 is", due, ok, err)
	}
	again := claim(t, s, noon.Add(time.Hour))
	if messageIDs(again) != "m1" || again[0].Attempt != 2 {
		t.Fatalf("then %+v comes, want m1 for the second time", again)
	}
	if err := s.Fail(t.Context(), m.ID, 2, noon.Add(time.Hour), "550 no such user\x00"); err != nil {
		t.Fatal(err)
	}
	if got := messageIDs(claim(t, s, noon.Add(time.Hour))); got != "m2" {
		t.Errorf("after m1 has failed, %s comes", got)
	}
	rows, err := s.Outbox(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	if r := rows[0]; r.State != "failed" || r.LastError != "550 no such user" || r.Ended == nil || !r.Ended.Equal(noon.Add(time.Hour)) {
		t.Errorf("m1 ended as %+v", r)
	}
}

// A worker that dies loses its mail to another; if it comes back after all, it
// can change nothing.
func TestLeaseAndStaleWorker(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"))
	slow := claim(t, s, noon)[0]
	if got := messageIDs(claim(t, s, noon.Add(lease-time.Second))); got != "" {
		t.Errorf("within the lease another worker got %s", got)
	}
	other := claim(t, s, noon.Add(lease))[0]
	if other.MessageID != "m1" || other.Attempt != 2 {
		t.Fatalf("after the lease another worker got %+v", other)
	}
	for name, err := range map[string]error{
		"MarkSent": s.MarkSent(t.Context(), slow.ID, slow.Attempt, noon),
		"Defer":    s.Defer(t.Context(), slow.ID, slow.Attempt, noon, "x"),
		"Fail":     s.Fail(t.Context(), slow.ID, slow.Attempt, noon, "x"),
	} {
		if !errors.Is(err, storage.ErrStale) {
			t.Errorf("%s by the stale worker: %v, want ErrStale", name, err)
		}
	}
	if err := s.MarkSent(t.Context(), other.ID, other.Attempt, noon); err != nil {
		t.Error(err)
	}
	if err := s.Fail(t.Context(), other.ID, other.Attempt, noon, "x"); !errors.Is(err, storage.ErrStale) {
		t.Errorf("after it was sent: %v, want ErrStale", err)
	}
}

// A mail that asks leaves only while its ballot is open. Others leave anyway.
func TestSuperseded(t *testing.T) {
	s := open(t)
	st := begin(t, s, 1, policy.StateProposed)
	ask := func(id string, ballot policy.BallotID) storage.OutMail {
		m := out(id, "c1", policy.PersonID(id))
		m.Ballot, m.Asks = ballot, true
		return m
	}
	tells := out("tells", "c1", "tells")
	tells.Ballot = "c1-correction" // cast already; but this mail does not ask
	enqueue(t, s, ask("open", "c1-authorization"), ask("cast", "c1-correction"), ask("unknown", "b0"), tells)
	if got := messageIDs(claim(t, s, noon)); got != "open tells" {
		t.Errorf("claimed %s", got)
	}
	want := map[string]string{"open": "pending", "tells": "pending", "cast": "superseded", "unknown": "superseded"}
	if got := states(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("states %v, want %v", got, want)
	}
	// While "open" waits for its second try, the ballot is answered.
	st.happens(life("c1", "CHG-2026-0001", st.now)[2].events...)
	if got := messageIDs(claim(t, s, noon.Add(lease))); got != "tells" {
		t.Errorf("later claimed %s", got)
	}
	if got := states(t, s)["open"]; got != "superseded" {
		t.Errorf("the mail about the answered ballot is %s", got)
	}
}

// A superseded mail does not hold back those after it.
func TestSupersededHoldsNothingBack(t *testing.T) {
	s := open(t)
	void := out("m1", "c1", "dev")
	void.Ballot, void.Asks = "b0", true
	enqueue(t, s, void, out("m2", "c1", "dev"))
	if got := messageIDs(claim(t, s, noon)); got != "m2" {
		t.Errorf("claimed %s", got)
	}
}

// Several workers share the outbox and none gets another's mail; each
// recipient's mails stay in order.
func TestWorkersShare(t *testing.T) {
	s := open(t)
	var mails []storage.OutMail
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		for _, n := range []string{"1", "2", "3", "4", "5"} {
			m := out(id+n, "c1", policy.PersonID(id))
			mails = append(mails, m)
		}
	}
	enqueue(t, s, mails...)
	var mu sync.Mutex
	sent := map[policy.PersonID]string{}
	var workers errgroup.Group
	for range 4 {
		workers.Go(func() error {
			for {
				_, owed, err := s.NextDue(t.Context())
				if err != nil || !owed {
					return err
				}
				mails, err := s.Claim(t.Context(), 2, lease, noon)
				if err != nil {
					return err
				}
				for _, m := range mails {
					mu.Lock()
					sent[m.Person] += m.MessageID
					mu.Unlock()
					if err := s.MarkSent(t.Context(), m.ID, m.Attempt, noon); err != nil {
						return err
					}
				}
			}
		})
	}
	if err := workers.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		want := strings.NewReplacer("1", id+"1", "2", id+"2", "3", id+"3", "4", id+"4", "5", id+"5").Replace("12345")
		if got := sent[policy.PersonID(id)]; got != want {
			t.Errorf("to %s were sent %s, want %s", id, got, want)
		}
	}
}

func TestNextDue(t *testing.T) {
	s := open(t)
	if _, owed, err := s.NextDue(t.Context()); owed || err != nil {
		t.Errorf("an empty outbox: %v, %v", owed, err)
	}
	enqueue(t, s, out("m1", "c1", "dev"), out("m2", "c1", "dev"))
	m := claim(t, s, noon)[0]
	// m2 is due, but cannot leave before m1: nobody should come for it now.
	if due, owed, err := s.NextDue(t.Context()); !owed || !due.Equal(noon.Add(lease)) || err != nil {
		t.Errorf("while m1 is out, the next is due %v, %v, %v", due, owed, err)
	}
	if err := s.MarkSent(t.Context(), m.ID, 1, noon); err != nil {
		t.Fatal(err)
	}
	if due, owed, err := s.NextDue(t.Context()); !owed || !due.Equal(noon) || err != nil {
		t.Errorf("after m1, the next is due %v, %v, %v", due, owed, err)
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
