package daemon_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// A diary is what the daemon writes into its log, at every level.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// archived are the columns that keep the bytes of mail as it came: what people
// quoted stands there.
var archived = []string{"messages.raw", "attachments.bytes"}

// inTokensShape is a word that could be a token.
var inTokensShape = regexp.MustCompile(`\b[a-z2-7]{26}\b`)

// handedOut lists the tokens in the mails that left, be they good for an answer,
// a page or a signing-in.
func handedOut(t testing.TB, s *stage.Stage) (tokens []string) {
	t.Helper()
	for _, sent := range s.Provider.Sent() {
		m, err := stage.Read(sent.Raw)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, inTokensShape.FindAllString(strings.Join([]string{m.ReplyTo, m.Text, m.HTML}, "\n"), -1)...)
	}
	slices.Sort(tokens)
	return slices.Compact(tokens)
}

// written gives everything in the database but its archive, column by column.
func written(t testing.TB, ownerURL string) map[string]string {
	t.Helper()
	owner, err := sql.Open("postgres", ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	all := map[string]string{}
	for _, column := range kept(t, owner) {
		table, name, _ := strings.Cut(column.name, ".")
		as := fmt.Sprintf("%q::text", name)
		if column.kind == "bytea" {
			as = fmt.Sprintf("encode(%q, 'escape')", name)
		}
		var text sql.NullString
		if err := owner.QueryRow(fmt.Sprintf("select string_agg(%s, E'\\n') from %q", as, table)).Scan(&text); err != nil {
			t.Fatalf("reading %s: %v", column.name, err)
		}
		all[column.name] = text.String
	}
	return all
}

type column struct{ name, kind string }

func kept(t testing.TB, owner *sql.DB) (all []column) {
	t.Helper()
	rows, err := owner.Query(`
		select table_name || '.' || column_name, data_type from information_schema.columns
		join information_schema.tables using (table_schema, table_name)
		where table_schema = 'public' and table_type = 'BASE TABLE'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.kind); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(archived, c.name) {
			all = append(all, c)
		}
	}
	if err := rows.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%d columns, %v", len(all), err)
	}
	return all
}

// found lists where any of the tokens stands.
func found(tokens []string, places map[string]string) (where []string) {
	for place, text := range places {
		for _, token := range tokens {
			if strings.Contains(strings.ToLower(text), token) {
				where = append(where, fmt.Sprintf("%s holds %s", place, token))
			}
		}
	}
	return where
}

// keepsSecrets holds all that was written in a play, into the database or the
// log, against every token that was mailed.
func (c *conversation) keepsSecrets() {
	if c.stage.Provider == nil {
		return // what left lies in people's mailboxes on another server
	}
	places := written(c.t, c.options.OwnerURL)
	places["the log"] = c.diary.String()
	tokens := slices.DeleteFunc(handedOut(c.t, c.stage), func(word string) bool {
		return strings.Contains(places["submissions.id"], word) // which is no secret, and drawn like one
	})
	for _, where := range found(tokens, places) {
		c.errorf("%s", where)
	}
}

// TestNoTokenIsWritten says by an example what every conversation is held to when
// it ends: after a proposal, an answer with the token in a quotation, and a ballot
// with a page, tokens have left and come back, and stand nowhere but in the
// archive; and one that stood somewhere would be found.
func TestNoTokenIsWritten(t *testing.T) {
	o := newOffice(t)
	o.do(func() error { return o.Write(proposes("One")) })
	o.do(func() error { _, err := o.Step(t.Context()); return err })
	asked, _ := o.Latest("cto@example.com", policy.AskAuthorization)
	o.do(func() error { return o.Write(stage.Letter{From: "cto@example.com", Body: yes}.Reply(asked)) })
	o.do(func() error { _, err := o.Step(t.Context()); return err })

	tokens := handedOut(t, o.Stage)
	if n := o.count(`select count(*) from tokens where hash = $1`, paper.Hash(paper.Find(asked.Text)[0])); n != 1 || len(tokens) < 3 {
		t.Fatalf("%d tokens left, and %d are that of the ballot", len(tokens), n)
	}
	if n := o.count(`select count(*) from messages where position($1 in encode(raw, 'escape')) > 0`, paper.Find(asked.Text)[0]); n != 1 {
		t.Errorf("the archive has the answer's token %d times, want 1: it is not looked for as it is written", n)
	}
	if where := found(tokens, written(t, o.ownerURL)); where != nil {
		t.Errorf("it stands in %q", where)
	}
	for _, leak := range []string{
		`update outbox set last_error = $1 where id = (select min(id) from outbox)`,
		`insert into attempts values ($1, 1, 1, 1)`,
	} {
		if _, err := o.owner.Exec(leak, "refused for b-"+strings.ToUpper(tokens[0])); err != nil {
			t.Fatal(err)
		}
	}
	if where := found(tokens, written(t, o.ownerURL)); len(where) != 2 {
		t.Errorf("two tokens were written, and found in %q", where)
	}
}
