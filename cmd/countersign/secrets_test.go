package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// inTokensShape is a word that could be a token.
var inTokensShape = regexp.MustCompile(`\b[a-z2-7]{26}\b`)

// tokens are those in the mails that left.
func (o *town) tokens() (tokens []string) {
	o.t.Helper()
	for _, sent := range o.Provider.Sent() {
		m, err := stage.Read(sent.Raw)
		if err != nil {
			o.t.Fatal(err)
		}
		tokens = append(tokens, inTokensShape.FindAllString(strings.Join([]string{m.ReplyTo, m.Text, m.HTML}, "\n"), -1)...)
	}
	slices.Sort(tokens)
	return slices.Compact(tokens)
}

// What the verbs write may go into a report, a pipeline or a ticket, so no token
// of an open ballot stands in it: not even where a mail is explained that has one.
func TestNoVerbWritesAToken(t *testing.T) {
	o := settle(t)
	o.write("lead", "PostgreSQL 17", proposal)
	answer := o.answered("cto@example.com", approval)
	file := o.saved("answer.eml", raw(answer, o.Clock.Now()))
	o.write("it1", "CHG-2026-0001", "I shall be there from 19:00.\n")
	o.bounced()
	for _, verb := range [][]string{
		{"list", "--all"}, {"list", "--json"}, {"show", "CHG-2026-0001"}, {"show", "CHG-2026-0001", "--json"},
		{"explain", file}, {"check"}, {"rebuild", "--check"}, {"digest", "--month", "2026-03", "--dry-run"},
		{"reissue", "--open"}, {"cancel", "CHG-2026-0001", "--reason", "given up"},
	} {
		got := o.run(verb...)
		if got.out == "" || got.code != exitOK {
			t.Errorf("%s leaves with %d and says %q", verb, got.code, got.errors)
		}
		tokens := o.tokens()
		if len(tokens) < 2 {
			t.Fatalf("%d tokens left", len(tokens))
		}
		for _, token := range tokens {
			if strings.Contains(strings.ToLower(got.out+got.errors), token) {
				t.Errorf("%s says\n%s%s, with the token %s", verb, got.out, got.errors, token)
			}
		}
	}
	if !slices.ContainsFunc(o.tokens(), func(token string) bool { return strings.Contains(raw(answer, o.Clock.Now()), token) }) {
		t.Error("the mail that was explained has none")
	}
}

// bounced has mail to the first offer's reader come back, so that an error of a
// server stands in the outbox.
func (o *town) bounced() {
	o.t.Helper()
	o.Refuse("dev1@example.com")
	o.reply("cto", policy.AskAuthorization, approval)
}
