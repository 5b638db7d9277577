package storage_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

const lease = 10 * time.Minute

func claim(t *testing.T, s *storage.Store, now time.Time) []storage.OutMail {
	t.Helper()
	mails, err := s.Claim(t.Context(), 100, lease, now)
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

// sent reports the mails as sent and fails unless each report counts.
func sent(t *testing.T, s *storage.Store, mails ...storage.OutMail) {
	t.Helper()
	if marked, err := s.MarkSent(t.Context(), tries(mails), noon); err != nil || len(marked) != len(mails) {
		t.Fatalf("marked %d of %d mails, %v", len(marked), len(mails), err)
	}
}

func tries(mails []storage.OutMail) (all []storage.Try) {
	for _, m := range mails {
		all = append(all, m.Try())
	}
	return all
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
	sent(t, s, first[0])
	if got := messageIDs(claim(t, s, noon)); got != "m2" {
		t.Errorf("after m1, %s comes", got)
	}
}

// A deferred mail holds back those after it; a failed one does not.
func TestDeferredHoldsBack(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"), out("m2", "c1", "dev"))
	m := claim(t, s, noon)[0]
	if err := s.Defer(t.Context(), m.Try(), noon.Add(time.Hour), "451 try later"); err != nil {
		t.Fatal(err)
	}
	if got := messageIDs(claim(t, s, noon.Add(59*time.Minute))); got != "" {
		t.Errorf("before m1 is due again, %s comes", got)
	}
	again := claim(t, s, noon.Add(time.Hour))
	if messageIDs(again) != "m1" || again[0].Attempt != 2 {
		t.Fatalf("then %+v comes, want m1 for the second time", again)
	}
	if err := s.Fail(t.Context(), again[0].Try(), noon.Add(time.Hour), "550 no such user\x00"); err != nil {
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
		"Defer": s.Defer(t.Context(), slow.Try(), noon, "x"),
		"Fail":  s.Fail(t.Context(), slow.Try(), noon, "x"),
	} {
		if !errors.Is(err, storage.ErrStale) {
			t.Errorf("%s by the stale worker: %v, want ErrStale", name, err)
		}
	}
	if marked, err := s.MarkSent(t.Context(), []storage.Try{slow.Try()}, noon); len(marked) > 0 || err != nil {
		t.Errorf("MarkSent by the stale worker: %v, %v", marked, err)
	}
	if ours, err := s.Renew(t.Context(), []storage.Try{slow.Try()}, noon.Add(time.Hour)); len(ours) > 0 || err != nil {
		t.Errorf("Renew by the stale worker: %v, %v", ours, err)
	}
	if err := s.GiveBack(t.Context(), []storage.Try{slow.Try()}); err != nil {
		t.Error(err)
	}
	if got := messageIDs(claim(t, s, noon.Add(lease+time.Second))); got != "" {
		t.Errorf("what the stale worker gave back was not its own: %s came", got)
	}
	sent(t, s, other)
	if err := s.Fail(t.Context(), other.Try(), noon, "x"); !errors.Is(err, storage.ErrStale) {
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
	// It may have left at the first try, whose end was not reported; "cast" has not.
	rows, err := s.Outbox(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if doubtful := row.LastError != ""; doubtful != (row.MessageID == "open") {
			t.Errorf("%s is %s, with %q", row.MessageID, row.State, row.LastError)
		}
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
			mails = append(mails, out(id+n, "c1", policy.PersonID(id)))
		}
	}
	enqueue(t, s, mails...)
	var mu sync.Mutex
	left, got := len(mails), map[policy.PersonID]string{}
	take := func(mails []storage.OutMail) (over bool) {
		mu.Lock()
		defer mu.Unlock()
		for _, m := range mails {
			got[m.Person] += m.MessageID
		}
		left -= len(mails)
		return left <= 0
	}
	var workers errgroup.Group
	for range 4 {
		workers.Go(func() error {
			for {
				mails, err := s.Claim(t.Context(), 2, lease, noon)
				if err != nil || take(mails) {
					return err
				}
				if _, err := s.MarkSent(t.Context(), tries(mails), noon); err != nil {
					return err
				}
			}
		})
	}
	if err := workers.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		want := strings.NewReplacer("1", id+"1", "2", id+"2", "3", id+"3", "4", id+"4", "5", id+"5").Replace("12345")
		if got[policy.PersonID(id)] != want {
			t.Errorf("to %s were sent %s, want %s", id, got[policy.PersonID(id)], want)
		}
	}
}

// Mails that were sent together are reported together: those that are still the
// worker's are marked, and one that another has taken over is left to it.
func TestMarkSentTogether(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"), out("m2", "c1", "qa"), out("m3", "c1", "cto"), out("m4", "c1", "dev"))
	slow := claim(t, s, noon)
	if ours, err := s.Renew(t.Context(), tries(slow[:2]), noon.Add(2*lease)); err != nil || len(ours) != 2 {
		t.Fatalf("%v was renewed, %v", ours, err)
	}
	other := claim(t, s, noon.Add(lease)) // m3 was not
	if got := messageIDs(other); got != "m3" {
		t.Fatalf("another worker got %s", got)
	}
	for range 2 { // the second time because the first answer was lost
		marked, err := s.MarkSent(t.Context(), tries(slow), noon)
		slices.Sort(marked)
		if err != nil || !slices.Equal(marked, []int64{slow[0].ID, slow[1].ID}) {
			t.Errorf("marked %v of %v, %v", marked, tries(slow), err)
		}
	}
	if got := messageIDs(claim(t, s, noon.Add(lease))); got != "m4" {
		t.Errorf("after m1, %s comes", got)
	}
	sent(t, s, other...)
	want := map[string]string{"m1": "sent", "m2": "sent", "m3": "sent", "m4": "pending"}
	if got := states(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("states %v, want %v", got, want)
	}
}

// What is given back can be claimed at once, in its old place, and the try does
// not count.
func TestGiveBack(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"), out("m2", "c1", "qa"))
	mails := claim(t, s, noon)
	if err := s.GiveBack(t.Context(), tries(mails)); err != nil {
		t.Fatal(err)
	}
	later := out("m0", "c1", "cto")
	later.At = noon.Add(-time.Minute) // decided earlier, committed later
	enqueue(t, s, later)
	for n, want := range []string{"m0", "m1", "m2"} {
		again, err := s.Claim(t.Context(), 1, lease, noon.Add(time.Second))
		if err != nil || messageIDs(again) != want || again[0].Attempt != 1 {
			t.Errorf("claim %d gives %+v, %v; want the first try at %s", n+1, again, err, want)
		}
	}
}

// A mail that is deferred again and again costs nobody the look at those behind it.
func TestDeferredTakesAlongWhatWaits(t *testing.T) {
	s := open(t)
	enqueue(t, s, out("m1", "c1", "dev"), out("m2", "c1", "dev"), out("m3", "c2", "dev"), out("m4", "c1", "qa"))
	m := claim(t, s, noon)[0]
	again := noon.Add(time.Hour)
	if err := s.Defer(t.Context(), m.Try(), again, "451 try later"); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Outbox(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		with := row.MessageID == "m1" || row.MessageID == "m2"
		if row.Due.Equal(again) != with {
			t.Errorf("%s is due %v", row.MessageID, row.Due)
		}
	}
	if got := messageIDs(claim(t, s, again)); got != "m1 m3 m4" {
		t.Errorf("then %s comes", got)
	}
}

// What a claim looks at does not grow with the mails that wait nor with those
// that were sent, whatever the planner believes of them: that nothing is known,
// that none waits, or that most do.
func TestClaimReadsLittle(t *testing.T) {
	s, owner := openBoth(t)
	fill := func(what, state string, n int) {
		exec(t, owner, `
			insert into outbox (message_id, change, ballot, notice, person, recipient, asks, kid, token_ballot, token_person,
				generation, body, at, due, state, attempts, ended_at)
			select $1 || i, 'c' || i / 5, '', 'n', 'p', i % 5 || '@example.com', false, '', '', '', 1, repeat('x', 300), $2, $2, $3, 1,
				case when $3 = 'sent' then now() end
			from generate_series(1, $4) as i`, what, noon, state, n)
	}
	fill("sent", "sent", 120000) // so many that its primary key is three pages deep
	for _, belief := range []struct{ says, before, after string }{
		{"nothing is known", `select`, `select`},
		{"none waits", `analyze outbox`, `select`},
		{"most wait", `select`, `analyze outbox`},
	} {
		exec(t, owner, `delete from outbox where state <> 'sent'`)
		exec(t, owner, belief.before)
		fill(belief.says, "pending", 20000)
		exec(t, owner, belief.after)
		if pages := pagesOfAClaim(t, owner, 50); pages > 5000 {
			t.Errorf("where %s, a claim of 50 looks at %d pages", belief.says, pages)
		}
	}
	if mails := claim(t, s, noon); len(mails) != 100 {
		t.Errorf("%d mails were claimed", len(mails))
	}
}

// pagesOfAClaim is how often the claim asks for a page of the database, which is
// the measure of its work on every machine alike.
func pagesOfAClaim(t *testing.T, db *sql.DB, limit int) int {
	t.Helper()
	var text []byte
	row := db.QueryRowContext(t.Context(), `explain (analyze, buffers, format json) `+storage.Claims, noon, limit, noon)
	if err := row.Scan(&text); err != nil {
		t.Fatal(err)
	}
	var plans []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	if err := json.Unmarshal(text, &plans); err != nil || len(plans) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	return plans[0].Plan.Hit + plans[0].Plan.Read
}
