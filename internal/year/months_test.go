package year_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"

	"github.com/countersign/countersign/internal/testkit/mailbox"
)

// A month of the year is told to higher management after it has ended.
type month struct {
	name       string // 2028-03
	begin, end time.Time
	told       time.Time         // when its digest is to go out
	states     map[string]string // of every change that lived in it, at its end, by name
	overdue    []string          // changes for which somebody is late at its end
	sums       map[string]int    // what happened in it, by the name a digest has for it
}

// months gives the twelve months, as SQL over the events has them.
func months(s *site) (all []month) {
	for begin := begins; begin.Before(newYear); begin = begin.In(toronto).AddDate(0, 1, 0).UTC() {
		all = append(all, s.month(begin, begin.In(toronto).AddDate(0, 1, 0).UTC()))
	}
	return all
}

func (s *site) month(begin, end time.Time) month {
	m := month{name: begin.In(toronto).Format("2006-01"), begin: begin, end: end, states: map[string]string{}}
	m.told = on(end.Add(-time.Hour), 1, 9)
	s.rows(living(m), func(scan func(...any) error) error {
		var name, state string
		err := scan(&name, &state)
		m.states[name] = state
		return err
	})
	s.rows(late(m), func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		m.overdue = append(m.overdue, name)
		return err
	})
	m.sums = map[string]int{}
	for _, query := range []string{firsts(m), outcomes(m)} {
		s.rows(query, func(scan func(...any) error) error {
			var name string
			var n int
			err := scan(&name, &n)
			m.sums[name] = n
			return err
		})
	}
	return m
}

// firsts counts changes by what happened to them for the first time.
func firsts(m month) string {
	return fmt.Sprintf(`
		select what, count(*) from (
			select subject, what, min(at) as at from (
				select subject, at, case kind when 'opened.1' then 'Proposed' when 'told.1' then 'Into production' else 'Authorized' end as what
				from events join event_payloads using (seq)
				where kind in ('opened.1', 'told.1') or kind = 'moved.1' and payload::jsonb ->> 'to' = 'authorized') as happened
			group by subject, what) as first
		where at >= '%s' and at < '%s' group by what`, stamp(m.begin), stamp(m.end))
}

// outcomes counts changes by the end they reached, and those that reached none.
func outcomes(m month) string {
	return fmt.Sprintf(`
		select coalesce(case when ended is not null then upper(left(state, 1)) || substr(state, 2) end, 'Still open'), count(*)
		from (`+lives+`) as l where ended is null or ended >= '%s' group by 1`, stamp(m.end), stamp(m.begin))
}

// lives are all changes with their name and state as the events before a time
// have them, and the time they ended.
const lives = `
	select subject as change,
		coalesce(max(p ->> 'number') filter (where kind = 'revised.1'), max(p ->> 'draft') filter (where kind = 'opened.1')) as name,
		(array_agg(case kind when 'moved.1' then p ->> 'to' when 'held-up.1' then 'held up' when 'revised.1' then 'proposed' else 'draft' end order by seq desc)
			filter (where kind in ('opened.1', 'revised.1', 'moved.1', 'held-up.1')))[1] as state,
		max(at) filter (where kind = 'moved.1' and p ->> 'to' in ('closed', 'rolled back', 'rejected', 'withdrawn', 'expired', 'canceled')) as ended
	from (select seq, at, subject, kind, payload::jsonb as p from events join event_payloads using (seq) where subject_kind = 'change') as e
	where at < '%s' group by subject`

func living(m month) string {
	return fmt.Sprintf(`select name, state from (`+lives+`) as l where ended is null or ended >= '%s'`, stamp(m.end), stamp(m.begin))
}

func late(m month) string {
	return fmt.Sprintf(`
		select distinct name from (`+lives+`) as l join (
			select subject, payload::jsonb -> 'ballot' as b from events join event_payloads using (seq) where kind = 'issued.1' and at < '%[1]s'
		) as i on i.subject = l.change
		where (b ->> 'due')::timestamptz < '%[1]s' and not exists (
			select from events as e join event_payloads using (seq)
			where e.subject = l.change and e.kind in ('cast.1', 'voided.1') and e.at < '%[1]s' and payload::jsonb ->> 'ballot' = b ->> 'id')
		order by name`, stamp(m.end))
}

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

// checkSums: the sums by SQL are what one gets by reading event after event. The
// whole year is one long month here.
func checkSums(t *testing.T, s *site, _ *people, r *record) {
	whole := s.month(begins, ends.Add(time.Minute))
	states, overdue := map[string]string{}, []string{}
	for _, l := range r.changes {
		states[l.name()] = string(l.state())
		if slices.ContainsFunc(l.ballots, func(b *paper) bool { return b.closed.IsZero() && b.Due.Before(whole.end) }) {
			overdue = append(overdue, l.name())
		}
	}
	slices.Sort(overdue)
	if !maps.Equal(states, whole.states) || !slices.Equal(overdue, whole.overdue) {
		t.Errorf("event after event there are\n%v\n%v\nand by SQL\n%v\n%v", states, overdue, whole.states, whole.overdue)
	}
	if n := len(whole.states); n != *changes {
		t.Errorf("%d changes lived in the year", n)
	}
}

// checkDigests: each of twelve digests went to everyone of higher management,
// once, when the first instance looked after its time; it lists whatever was
// overdue, and its table has the changes of the month and nothing else.
func checkDigests(t *testing.T, s *site, _ *people, _ *record) {
	sent := map[string][]mailbox.Sent{}
	for _, m := range s.mail.Sent() {
		if bytes.Contains(m.Raw, []byte("X-Countersign-Notice: g7-digest-month")) {
			sent[m.To] = append(sent[m.To], m)
		}
	}
	for _, who := range management {
		if len(sent[who]) != 12 {
			t.Fatalf("%s got %d digests", who, len(sent[who]))
		}
	}
	if len(sent) != len(management) {
		t.Errorf("digests went to %d people", len(sent))
	}
	for i, m := range months(s) {
		for _, who := range management {
			checkDigest(t, s, m, sent[who][i])
		}
	}
}

func checkDigest(t *testing.T, s *site, m month, sent mailbox.Sent) {
	t.Helper()
	first := slices.IndexFunc(s.steps, func(step time.Time) bool { return !step.Before(m.told) })
	if !sent.At.Equal(s.steps[first]) {
		t.Errorf("%s: the digest was due on %s, an instance looked on %s, and it left on %s", m.name, m.told, s.steps[first], sent.At)
	}
	text, table, err := digestParts(sent.Raw)
	if err != nil {
		t.Fatalf("%s: reading the digest: %v", m.name, err)
	}
	for _, name := range m.overdue {
		if !strings.Contains(text, name) {
			t.Errorf("%s: the digest does not say that %s is overdue", m.name, name)
		}
	}
	if sums := sumsOf(text, m.begin.In(toronto).Format("Jan")); !maps.Equal(sums, m.sums) {
		t.Errorf("%s: the sums of the digest are\n%v\nand of the events\n%v", m.name, sums, m.sums)
	}
	got := map[string]string{}
	number, state := slices.Index(table[0], "number"), slices.Index(table[0], "state")
	if number < 0 || state < 0 {
		t.Fatalf("%s: the table has the columns %v", m.name, table[0])
	}
	for _, row := range table[1:] {
		got[row[number]] = row[state]
	}
	if !maps.Equal(got, m.states) {
		t.Errorf("%s: the table of the digest has\n%v\nand the events\n%v", m.name, got, m.states)
	}
}

// sumsOf are the figures of the month in the table of a digest; those that are
// zero are left out.
func sumsOf(text, month string) map[string]int {
	sums := map[string]int{}
	_, table, _ := strings.Cut(text, "The month and those before it")
	for line := range strings.Lines(strings.TrimLeft(table, "\r\n")) {
		words := strings.Fields(line)
		first := slices.IndexFunc(words, func(w string) bool { return strings.Trim(w, "0123456789") == "" })
		switch {
		case len(words) == 0:
			return sums
		case first < 0:
			if words[0] != month {
				return nil // the first column is not that of the month
			}
		case words[first] != "0":
			n, _ := strconv.Atoi(words[first])
			sums[strings.Join(words[:first], " ")] = n
		}
	}
	return sums
}

// digestParts are a digest's text and its table.
func digestParts(raw []byte) (text string, table [][]string, err error) {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return "", nil, err
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) && table == nil {
			return text, nil, errors.New("no table is attached")
		}
		if err != nil {
			return text, table, ignoreEOF(err)
		}
		switch h := part.Header.(type) {
		case *mail.InlineHeader:
			if kind, _, _ := h.ContentType(); kind == "text/plain" {
				all, err := io.ReadAll(part.Body)
				if err != nil {
					return "", nil, err
				}
				text = string(all)
			}
		case *mail.AttachmentHeader:
			if name, _ := h.Filename(); strings.HasSuffix(name, ".csv") {
				body := bufio.NewReader(part.Body)
				if mark, _ := body.Peek(3); string(mark) == "\ufeff" {
					body.Discard(3) //nolint:errcheck // it was there
				}
				if table, err = csv.NewReader(body).ReadAll(); err != nil {
					return "", nil, err
				}
			}
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
