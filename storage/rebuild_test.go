package storage_test

import (
	"database/sql"
	"errors"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// tampering is what somebody who owns the database might do to the record, and
// what gives them away.
var tampering = []struct {
	name  string
	by    func(*testing.T, *sql.DB)
	given []string // each begins a line of the report
}{
	{"nothing", func(*testing.T, *sql.DB) {}, nil},
	{"a payload is changed", statements(`update event_payloads set payload = replace(payload, '412 of 412', '411 of 412') where payload like '%412 of 412%'`), []string{
		"event 19 (passed.1): its payload was altered",
		"change c1: body is not what its events tell",
	}},
	{"a payload is removed", statements(`delete from event_payloads where seq = 7`), []string{
		"event 7 (cast.1) has lost its payload",
	}},
	{"an event is removed", statements(`delete from event_payloads where seq = 5`, `delete from events where seq = 5`), []string{
		"event 5 is missing",
	}},
	{"several events are removed", statements(`delete from event_payloads where seq between 5 and 7`, `delete from events where seq between 5 and 7`), []string{
		"events 5 to 7 are missing",
	}},
	{"the last events are removed", statements(`delete from event_payloads where seq > 29`, `delete from events where seq > 29`), []string{
		"the head of the chain is event 31",
	}},
	{"two events change places", statements(
		`alter table event_payloads drop constraint event_payloads_seq_fkey`,
		`update events set seq = seq + 1000 where seq in (2, 3)`,
		`update events set seq = 1005 - seq where seq > 1000`,
		`update event_payloads set seq = seq + 1000 where seq in (2, 3)`,
		`update event_payloads set seq = 1005 - seq where seq > 1000`), []string{
		"event 2 does not follow event 1", "event 2 was altered",
		"event 3 does not follow event 2", "event 3 was altered", "event 4 does not follow event 3",
	}},
	{"an event is dated back", statements(`update events set at = at - interval '1 day' where seq = 19`), []string{
		"event 19 was altered",
	}},
	{"an event is given to another subject", statements(`update events set subject = 'c2' where seq = 19`), []string{
		"event 19 was altered",
		`the events about change c2 open change ""`,
	}},
	{"an event is rewritten with its hashes", rewrite, []string{
		"event 20 does not follow event 19",
	}},
	{"the head is moved", statements(`update chain_head set seq = 32`), []string{
		"the head of the chain is event 32",
	}},
	{"an event of an unknown kind is added", addEvent, []string{
		`event 32 cannot be read: event of unknown kind "approved.9"`,
	}},
	{"a state is changed", statements(`update changes set state = 'checked', ended_at = null where id = 'c1'`), []string{
		`change c1: state is "checked", its events tell "closed"`,
		"change c1: ended_at is empty, its events tell 2026-11-23T13:00:00Z",
	}},
	{"the body is changed", statements(`update changes set body = replace(body, '"dev"', '"eve"')`), []string{
		"change c1: body is not what its events tell",
	}},
	{"a vote is changed", statements(`update ballots set keyword = 'REJECT' where id = 'c1-authorization'`), []string{
		`change c1, ballot c1-authorization: keyword is "REJECT", its events tell "APPROVE"`,
	}},
	{"a ballot is added", statements(`insert into ballots (id, change, kind, person, revision, attempt, status, issued_at)
		values ('forged', 'c1', 'check', 'eve', 1, 1, 'open', now())`), []string{
		"change c1, ballot forged: has a row, but no event tells of it",
	}},
	{"a ballot is removed", statements(`delete from ballots where id = 'c1-test'`), []string{
		"change c1, ballot c1-test: its row is missing",
	}},
	{"a hand is denied", statements(`delete from hands where part = 'implemented'`), []string{
		"change c1, hand of dev: its row is missing",
	}},
	{"a change is added", statements(`insert into changes select 'c9', 'D-2026-0009', 'CHG-2026-0009', state, revision, hash, proposer, implementer,
		attempt, passed_by, told, live, ever_live, held_from, open_ballots, title, major, restricted, opened_at, ended_at, updated_seq, body from changes`), []string{
		"change c9: has a row, but no event tells of it",
	}},
	{"a number is skipped", statements(`update numbers set last = 7 where series = 'CHG'`), []string{
		"numbers CHG-2026: the last is 7, the events tell 1",
	}},
	{"the numbers are removed", statements(`delete from numbers where series = 'D'`), []string{
		"numbers D-2026: the row is missing, the events tell 1",
	}},
}

func statements(list ...string) func(*testing.T, *sql.DB) {
	return func(t *testing.T, owner *sql.DB) {
		t.Helper()
		for _, s := range list {
			exec(t, owner, s)
		}
	}
}

// rewrite is a careful forger: payload, payload hash and hash of one event all
// fit each other. The next event still names the old hash.
func rewrite(t *testing.T, owner *sql.DB) {
	t.Helper()
	exec(t, owner, `update event_payloads set payload = replace(payload, '412 of 412', '999 of 999') where seq = 19`)
	exec(t, owner, `update events set payload_hash = (
		select sha256(salt || convert_to(payload, 'UTF8')) from event_payloads where seq = 19) where seq = 19`)
	exec(t, owner, `update events set hash = sha256(
		convert_to(E'countersign event 1\n', 'UTF8') || int8send(seq) || int8send((extract(epoch from at) * 1000000)::bigint)
		|| int8send(octet_length(subject_kind)) || convert_to(subject_kind, 'UTF8')
		|| int8send(octet_length(subject)) || convert_to(subject, 'UTF8')
		|| int8send(octet_length(kind)) || convert_to(kind, 'UTF8')
		|| payload_hash || prev) where seq = 19`)
}

// addEvent appends an event in due form that this program cannot read.
func addEvent(t *testing.T, owner *sql.DB) {
	t.Helper()
	exec(t, owner, `insert into events (seq, at, subject_kind, subject, kind, prev, payload_hash, hash)
		select seq + 1, now(), 'change', 'c1', 'approved.9', hash, sha256(decode(repeat('00', 32), 'hex') || '{}'), sha256('x') from chain_head`)
	exec(t, owner, `insert into event_payloads select seq + 1, decode(repeat('00', 32), 'hex'), '{}' from chain_head`)
}

// Whatever is altered behind the program's back, the report tells of it, and
// of an untouched record it tells nothing.
func TestTampering(t *testing.T) {
	for _, test := range tampering {
		t.Run(test.name, func(t *testing.T) {
			s, owner := openBoth(t)
			begin(t, s, 1, policy.StateClosed)
			test.by(t, owner)
			report, err := s.Rebuild(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if report.OK() != (len(test.given) == 0) {
				t.Errorf("the report tells %q", report.Differences)
			}
			for _, want := range test.given {
				if !begins(report.Differences, want) {
					t.Errorf("the report does not tell %q but %q", want, report.Differences)
				}
			}
		})
	}
}

func begins(lines []string, prefix string) bool {
	for _, line := range lines {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// Events about other things stand in the same chain.
func TestOtherSubjects(t *testing.T) {
	s := open(t)
	begin(t, s, 1, policy.StateDraft)
	for _, kind := range []string{storage.SubjectMail, storage.SubjectDirectory, storage.SubjectOperator, storage.SubjectClock} {
		in(t, s, func(tx *storage.Tx) error {
			tx.Append(kind, "x", storage.Entry{Kind: "noted.1", Payload: []byte(`{"é": 1}`), At: noon})
			return nil
		})
	}
	begin(t, s, 2, policy.StateDraft)
	report, err := s.Rebuild(t.Context(), nil)
	want := storage.Report{Events: 10, Changes: 2}
	if err != nil || !reflect.DeepEqual(report, want) {
		t.Errorf("%+v, %v; want %+v", report, err, want)
	}
	seq, hash, err := s.Head(t.Context())
	if seq != 10 || len(hash) != 32 || err != nil {
		t.Errorf("head %d %x %v", seq, hash, err)
	}
}

// What is read of the record is what was written to it.
func TestEvents(t *testing.T) {
	s := open(t)
	begin(t, s, 1, policy.StateProposed)
	st := begin(t, s, 2, policy.StateClosed)
	rows, err := s.Events(t.Context(), "c2")
	if err != nil {
		t.Fatal(err)
	}
	var events []policy.Event
	for _, row := range rows {
		e, err := policy.DecodeEvent(row.Kind, row.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if !row.At.Equal(st.now) || len(row.Hash) != 32 {
			t.Errorf("event %d: at %v, hash %x", row.Seq, row.At, row.Hash)
		}
		events = append(events, e)
	}
	if got := policy.Replay(events); !reflect.DeepEqual(got, st.change) {
		t.Errorf("replayed\n%+v\nwant\n%+v", got, st.change)
	}
}

// Equal events have different hashes, so that an erased payload cannot be
// guessed from the chain.
func TestPayloadsAreSalted(t *testing.T) {
	s, owner := openBoth(t)
	entry := storage.Entry{Kind: "noted.1", Payload: []byte(`{}`), At: noon}
	in(t, s, func(tx *storage.Tx) error { tx.Append(storage.SubjectMail, "x", entry, entry); return nil })
	if n := count(t, owner, `select count(distinct payload_hash) from events`); n != 2 {
		t.Errorf("two equal payloads have %d hashes", n)
	}
}

// The projection can be thrown away: the events give it back.
func TestRebuildWrite(t *testing.T) {
	s, owner := openBoth(t)
	closed := begin(t, s, 1, policy.StateClosed).change
	begin(t, s, 2, policy.StateTested)
	exec(t, owner, `update changes set title = 'something else', live = false, ever_live = false, state = 'rejected' where id = 'c1'`)
	exec(t, owner, `delete from hands; delete from register; delete from ballots where change = 'c2'; delete from changes where id = 'c2'`)
	exec(t, owner, `update numbers set last = 1`)
	exec(t, owner, `insert into ballots (id, change, kind, person, revision, attempt, status, issued_at)
		values ('forged', 'c1', 'check', 'eve', 1, 1, 'open', now())`)
	report, err := s.RebuildWrite(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"change c1: title is", "change c2: its row is missing", "change c1, ballot forged", "numbers CHG-2026: the last is 1"} {
		if !begins(report.Differences, want) {
			t.Errorf("the report does not tell %q but %q", want, report.Differences)
		}
	}
	wantAgreement(t, s)
	if got, err := s.Change(t.Context(), "CHG-2026-0001"); err != nil || !reflect.DeepEqual(got, closed) {
		t.Errorf("rebuilt as %+v, %v", got, err)
	}
	begin(t, s, 3, policy.StateProposed) // life goes on, with the next number
}

// From a damaged record nothing is rebuilt.
func TestRebuildWriteRefusesDamage(t *testing.T) {
	s, owner := openBoth(t)
	begin(t, s, 1, policy.StateClosed)
	exec(t, owner, `update event_payloads set payload = replace(payload, '"qa"', '"eve"')`)
	exec(t, owner, `update changes set title = 'left as it is'`)
	report, err := s.RebuildWrite(t.Context(), nil)
	if !errors.Is(err, storage.ErrDamaged) || report.OK() {
		t.Errorf("%+v, %v; want ErrDamaged", report, err)
	}
	if n := count(t, owner, `select count(*) from changes where title = 'left as it is'`); n != 1 {
		t.Error("the projection was written anew from a damaged record")
	}
}

// A long record is read in several goes, and the progress reaches its end.
func TestLongRecord(t *testing.T) {
	s := open(t)
	entries := make([]storage.Entry, 2100)
	for i := range entries {
		entries[i] = storage.Entry{Kind: "noted.1", Payload: []byte(`{}`), At: noon}
	}
	in(t, s, func(tx *storage.Tx) error {
		tx.Append(storage.SubjectClock, "x", entries...)
		return nil
	})
	var seen []int64
	report, err := s.Rebuild(t.Context(), func(done, total int64) {
		if total != 2100 {
			t.Errorf("%d of %d", done, total)
		}
		seen = append(seen, done)
	})
	if err != nil || !report.OK() || report.Events != 2100 {
		t.Errorf("%+v, %v", report, err)
	}
	if !reflect.DeepEqual(seen, []int64{1000, 2000, 2100}) {
		t.Errorf("progress %v", seen)
	}
}

// Many append at once; the chain is still one chain without gaps.
func TestAppendAtOnce(t *testing.T) {
	s := open(t)
	var all errgroup.Group
	for range 20 {
		all.Go(func() error {
			return s.Tx(t.Context(), func(tx *storage.Tx) error {
				entry := storage.Entry{Kind: "noted.1", Payload: []byte(`{}`), At: noon}
				tx.Append(storage.SubjectOperator, "x", entry, entry)
				return nil
			})
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	report, err := s.Rebuild(t.Context(), nil)
	if err != nil || !report.OK() || report.Events != 40 {
		t.Errorf("%+v, %v", report, err)
	}
}
