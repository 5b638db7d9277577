package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/countersign/countersign/daemon"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

type explainCmd struct {
	File string `arg:"" optional:"" name:"file.eml" help:"The mail with its header, as the mail program saves it; - for standard input."`
	Mbox string `type:"path" placeholder:"FILE" help:"A whole mailbox instead, as an mbox file: a line for each mail, and the sums."`
}

// Help says more than the one line.
func (*explainCmd) Help() string {
	return `It says who sent the mail, what was cut away as quoted, what of it counts as typed, how
that was read, what would become of it now and why, and which mails would leave. Nothing is
changed and nothing is sent; the daemon may run meanwhile.

    countersign explain answer.eml
    countersign explain --mbox Inbox.mbox

A mail that was decided before is explained as if it came for the first time.`
}

// Run says who sent a mail, how it was read, what would become of it and why.
// It decides in a transaction that is rolled back: nothing is left of it.
func (e *explainCmd) Run(g *globals) error {
	if (e.File == "") == (e.Mbox == "") {
		return &failure{err: errors.New("explain takes one mail, or one mailbox with --mbox"), hint: "Name one file.", code: exitUsage}
	}
	d, err := g.daemon()
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // it wrote nothing
	if e.Mbox != "" {
		return e.mailbox(g, d)
	}
	return e.mail(g, d)
}

// mail explains one mail in full.
func (e *explainCmd) mail(g *globals, d *daemon.Daemon) error {
	raw, err := e.read()
	if err != nil {
		return &failure{err: err, hint: "Save the mail with its header, as a file, from the mail program.", code: exitUsage}
	}
	out, err := d.Desk.Explain(g.ctx, e.incoming(g, raw, d.Intake.Limit))
	if err != nil {
		return fmt.Errorf("explaining %s: %w", e.File, err)
	}
	before, err := d.Store.Change(g.ctx, out.Change.Name())
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	explanation{g.stdout, out, before, d.Configured()}.print()
	return nil
}

func (e *explainCmd) read() ([]byte, error) {
	if e.File == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(e.File)
}

// incoming is the mail as intake would hand it over: of one over the limit, the
// header alone.
func (*explainCmd) incoming(g *globals, raw []byte, limit int64) desk.Incoming {
	in := desk.Incoming{Folder: "explained", Received: g.now(), Size: int64(len(raw)), Raw: raw}
	if in.Size > limit {
		in.Oversize = true
		in.Raw, _, _ = bytes.Cut(raw, []byte("\r\n\r\n"))
		in.Raw, _, _ = bytes.Cut(in.Raw, []byte("\n\n"))
		in.Raw = append(in.Raw, "\r\n\r\n"...)
	}
	return in
}

// An explanation says what would become of a mail: how it is read first, then
// what it does to the change as it stands before.
type explanation struct {
	io.Writer
	desk.Outcome
	before    policy.Change
	directory policy.Directory
}

func (x explanation) print() {
	x.read()
	fmt.Fprintln(x)
	if x.Earlier != "" {
		x.row("earlier", fmt.Sprintf("the same mail came before and was %s; a copy is filed as a duplicate.", x.Earlier), "If it came for the first time now:")
	}
	x.row("outcome", fmt.Sprintf("%s: %s", x.Disposition, meanings[x.Disposition]))
	switch r := x.Refusal; {
	case r != nil:
		x.row("because", r.Reason, r.Hint)
	case x.Disposition != desk.Accepted && x.Disposition != desk.Counted:
		x.row("because", x.Reason)
	}
	x.effects()
	fmt.Fprint(x, "\nNothing was changed and nothing was sent.\n")
}

// meanings say what each disposition comes to.
var meanings = map[desk.Disposition]string{
	desk.Accepted:      "it opens a change",
	desk.Counted:       "it counts",
	desk.Answered:      "it is answered, and decides nothing",
	desk.NotedDown:     "it is filed on the change as a comment",
	desk.Held:          "it waits until its sender says, from the mailbox on file, that it is theirs",
	desk.Automatic:     "no person sent it; it never votes and is not answered",
	desk.Own:           "we sent it ourselves",
	desk.Unverified:    "nobody can say who sent it; it decides nothing",
	desk.UnknownSender: "it is filed and not answered",
	desk.Duplicate:     "the same mail acted before; it is filed and not answered",
	desk.Oversize:      "it is answered, but not read",
	desk.Unreadable:    "it is kept whole for the operators to look at",
}

// row writes a name and its lines beside it; without lines, nothing.
func (x explanation) row(name string, lines ...string) {
	for i, line := range lines {
		if i > 0 {
			name = ""
		}
		fmt.Fprintln(x, strings.TrimRight(fmt.Sprintf("%-9s %s", name, line), " "))
	}
}

// read writes how the mail is read.
func (x explanation) read() {
	m := x.Message
	if m == nil {
		x.row("from", "the mail cannot be taken apart")
		return
	}
	x.row("from", x.sender())
	x.row("proven", x.proven()...)
	x.row("subject", m.Subject)
	if x.before.ID != "" {
		x.row("about", fmt.Sprintf("%s, %s: %s", x.before.Name(), x.before.State, x.before.Title()))
	}
	if b, ok := x.before.Ballot(x.Ballot); ok {
		x.row("ballot", fmt.Sprintf("%s of %s, %s", b.Kind, b.Person, b.Status))
	}
	if x.Typed.Text == "" && len(x.Typed.Cuts) == 0 && x.Typed.Unsure == "" {
		return // the mail was settled before a word of it was read
	}
	for _, cut := range x.Typed.Cuts {
		lines := strings.Count(strings.TrimRight(cut.Text, "\n"), "\n") + 1
		x.row("cut away", fmt.Sprintf("%s (%s)", count(lines, "line", "lines"), cut.Rule))
	}
	if x.Typed.Unsure != "" {
		x.row("unsure", x.Typed.Unsure)
	}
	x.row("typed", strings.Split(orElse(strings.TrimSpace(x.Typed.Text), "nothing"), "\n")...)
	x.answer()
}

func (x explanation) sender() string {
	from := strings.TrimSpace(fmt.Sprintf("%s <%s>", x.Message.From.Name, mailread.Shown(x.Message.From.Address)))
	if x.Person == "" {
		return from + ", nobody in the directory"
	}
	return fmt.Sprintf("%s, who is %s (%s)", from, x.directory.Name(x.Person), x.Person)
}

// proven says how sure it is who sent the mail, by what, and what that rests on.
func (x explanation) proven() []string {
	if x.Person == "" {
		return nil
	}
	says := map[desk.Level]string{
		desk.Authenticated: "yes: " + x.Proof.How, desk.ByToken: "by the token of a ballot alone; sender_proof asks for nothing else",
		desk.Unproven: "no: " + x.Proof.Why, desk.Forged: "it is forged: " + x.Proof.Why + " (" + x.Proof.How + ")",
	}[x.Level]
	if x.Proof.Field == "" {
		return []string{says}
	}
	return []string{says, "by " + strings.Join(strings.Fields(x.Proof.Field), " ")}
}

func (x explanation) answer() {
	a := x.Answer
	none := "none"
	if a.Unclear != "" {
		none = "none (" + a.Unclear + ")"
	}
	if x.Appointed != nil {
		none = string(policy.KeywordDeputy)
	}
	x.row("keyword", orElse(string(a.Keyword), none))
	for _, l := range a.Form.Labels() {
		x.row("field", fmt.Sprintf("%s = %s", l, strings.ReplaceAll(a.Form.Get(l), "\n", " / ")))
	}
}

// effects writes what the mail does: to the change, to the record, and in mail.
func (x explanation) effects() {
	switch before, after := x.before, x.Change; {
	case len(x.Events) == 0 || before.State == after.State:
	case before.ID == "":
		x.row("change", fmt.Sprintf("%s is opened: %s", after.Name(), after.State))
	default:
		x.row("change", fmt.Sprintf("%s goes from %s to %s", after.Name(), before.State, after.State))
	}
	kinds := make([]string, len(x.Events))
	for i, e := range x.Events {
		kinds[i] = e.Kind()
	}
	if x.Appointed != nil {
		kinds = append(kinds, storage.EventAppointed)
	}
	if len(kinds) > 0 {
		x.row("record", strings.Join(kinds, ", "))
	}
	for _, n := range x.Notices {
		x.row("mail", fmt.Sprintf("%s to %s", n.Kind, orElse(string(n.To), n.Address)))
	}
	if len(x.Notices) == 0 {
		x.row("mail", "none")
	}
}
