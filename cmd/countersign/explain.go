package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/countersign/countersign/daemon/desk"
)

type explainCmd struct {
	File string `arg:"" placeholder:"FILE.eml" help:"The mail, as the mail server has it; - for standard input."`
}

// Run says who sent a mail, how it was read, what would become of it and why.
// It decides in a transaction that is rolled back: nothing is left of it.
func (e *explainCmd) Run(g *globals) error {
	raw, err := e.read()
	if err != nil {
		return &failure{err: err, hint: "Save the mail with its header, as a file, from the mail program.", code: exitUsage}
	}
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // it wrote nothing
	d.Desk.Use(d.Configured())
	out, err := d.Desk.Explain(g.ctx, desk.Incoming{Folder: "explained", Received: time.Now(), Size: int64(len(raw)), Raw: raw})
	if err != nil {
		return err
	}
	explain(g.stdout, out)
	return nil
}

func (e *explainCmd) read() ([]byte, error) {
	if e.File == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(e.File)
}

// explain writes what became of the mail, the reading first.
func explain(w io.Writer, o desk.Outcome) {
	section := func(name string, lines ...string) {
		for i, line := range lines {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(w, "%-11s %s\n", name, line)
		}
	}
	if m := o.Message; m != nil {
		section("from", fmt.Sprintf("%s <%s>: %s", m.From.Name, m.From.Address, orSay(string(o.Person), "nobody in the directory")))
		section("subject", m.Subject)
	}
	if o.Change.ID != "" {
		section("change", fmt.Sprintf("%s, %s: %s", o.Change.Name(), o.Change.State, o.Change.Title()))
	}
	if b, ok := o.Change.Ballot(o.Ballot); ok {
		section("ballot", fmt.Sprintf("%s of %s, %s", b.Kind, b.Person, b.Status))
	}
	for _, cut := range o.Typed.Cuts {
		section("cut", fmt.Sprintf("%d lines by the rule %q", strings.Count(strings.TrimRight(cut.Text, "\n"), "\n")+1, cut.Rule))
	}
	section("typed", lines(o.Typed.Text)...)
	section("keyword", orSay(string(o.Answer.Keyword), "none"))
	if o.Answer.Unclear != "" {
		section("unclear", o.Answer.Unclear)
	}
	for _, l := range o.Answer.Form.Labels() {
		section("field", fmt.Sprintf("%s = %s", l, strings.ReplaceAll(o.Answer.Form.Get(l), "\n", " / ")))
	}
	section("outcome", fmt.Sprintf("%s (%s)", o.Disposition, orSay(o.Reason, "no more to say")))
	if r := o.Refusal; r != nil {
		section("because", r.Reason, r.Hint)
	}
	for _, e := range o.Events {
		section("event", e.Kind())
	}
	for _, n := range o.Notices {
		section("mail", fmt.Sprintf("%s to %s", n.Kind, orSay(string(n.To), n.Address)))
	}
	section("", "Nothing was changed and nothing was sent.")
}

func lines(text string) []string {
	text = strings.TrimSpace(text)
	if text == "" {
		return []string{"nothing"}
	}
	return strings.Split(text, "\n")
}

func orSay(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
