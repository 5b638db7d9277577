package mailtmpl

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/policy"
)

// Data is everything a template sees. docs/templates.md explains each field
// and method.
type Data struct {
	Notice    policy.Notice
	Change    policy.Change // after the decision; zero for mail about no change
	Directory policy.Directory
	Reader    policy.Person // zero for lists
	Org       Organization
	Now       time.Time
	Location  *time.Location
	MessageID string // without <>
	Thread    Thread
	Given     Given          // the mail we answer, if any
	Changed   []policy.Label // what changed since the revision the reader answered
	Earlier   *policy.Answer // their own assessment of that revision
	Papered   bool           // the mail carries a token and can be answered
	Waiting   []Waiting      // every ballot that waits for the reader, in a mail about all of them
	Duties    []Duty         // what the reader still owes other changes (5), (8)
	// Away is until when those who are waited for are away, by what their mail
	// programs answered.
	Away map[policy.PersonID]time.Time
	Code Code   // what the one-time code in the mail is for
	Copy []byte // an answer given on a page, to be kept
}

// An Organization is whose policy is run, and through which mailbox.
type Organization struct {
	Name       string
	Mailbox    string
	SubAddress bool   // mailbox+anything@ reaches the mailbox
	WebURL     string // of the pages; may be empty
	PolicyID   string // "POL-005"
	Operator   string // whom to write to when something is wrong with the service
	OneSubject bool   // the subject never changes: Gmail splits a thread where it does
}

// A Thread says which mails this one follows. Ids are without <>.
type Thread struct {
	Root       string
	Parent     string
	References []string
}

// Given is the mail we answer.
type Given struct {
	From    string
	Subject string
	Excerpt string // what was read as typed, or the beginning of it
	At      time.Time
	Others  string // the numbers of other changes it names, about which nothing was counted
}

// Ballot is the ballot the mail asks about, or the zero ballot.
func (d Data) Ballot() policy.Ballot {
	b, _ := d.Change.Ballot(d.Notice.Ballot)
	return b
}

// Number is the change's number, or a draft's; empty for mail about no change.
func (d Data) Number() string { return d.Change.Name() }

// Tag is the number as subjects carry it, "[CHG-2026-0042] ", or nothing.
func (d Data) Tag() string {
	if d.Number() == "" {
		return ""
	}
	return "[" + d.Number() + "] "
}

// Title is the change's title on one line, cut to 80 characters.
func (d Data) Title() string {
	if title := cut(said(d.Change.Title()), 80); title != "" {
		return title
	}
	return "a change without a title"
}

var replyMarks = regexp.MustCompile(`(?i)^((re|fwd?|aw|wg|tr|rép|sv|antw)(\[\d+\])?\s*:\s*)+`)

// Re is the subject of an answer to the mail given, "Re: their subject"; the
// change's number and title stand in where that mail had no subject.
func (d Data) Re() string {
	if subject := cut(replyMarks.ReplaceAllString(said(d.Given.Subject), ""), 80); subject != "" {
		return "Re: " + subject
	}
	if d.Number() == "" {
		return "Re: your mail"
	}
	return d.Tag() + d.Title()
}

// Name is a person's name.
func (d Data) Name(id policy.PersonID) string {
	if id == "" {
		return "nobody"
	}
	return said(d.Directory.Name(id))
}

// Contact is a person's name with the address to write to.
func (d Data) Contact(id policy.PersonID) string {
	if p, ok := d.Directory.Person(id); ok && len(p.Addresses) > 0 {
		return said(p.Name) + ", " + p.Addresses[0]
	}
	return d.Name(id)
}

// Asker is who asked the question the mail passes on.
func (d Data) Asker() string {
	if q := d.Ballot().Question; q != nil {
		return d.Name(q.By)
	}
	return "Somebody"
}

// Roles says as what the reader is asked: "CTO (POL-005, 2a)".
func (d Data) Roles() string {
	var roles []string
	for _, r := range d.Ballot().Roles {
		roles = append(roles, r.Title()+" ("+d.Org.PolicyID+", "+r.Point()+")")
	}
	return list(roles, "and")
}

// Actor is who gave the answer or act that led to this mail: "you", a name, or
// "the operator" where no person of the policy did.
func (d Data) Actor() string {
	switch c := d.Notice.Cause; {
	case c == nil || c.By == "":
		return "the operator"
	case c.By == d.Reader.ID:
		return "you"
	default:
		return d.Name(c.By)
	}
}

// TheActor is the same at the beginning of a sentence.
func (d Data) TheActor() string {
	switch a := d.Actor(); a {
	case "you":
		return "You"
	case "the operator":
		return "The operator"
	default:
		return a
	}
}

// Keyword is the keyword that led to this mail.
func (d Data) Keyword() policy.Keyword {
	if d.Notice.Cause == nil {
		return policy.NoKeyword
	}
	return d.Notice.Cause.Keyword
}

// Edition names the revision and its hash: "revision 1 (9f3a 41c7)".
func (d Data) Edition() string {
	return fmt.Sprintf("revision %d (%s)", d.Change.Revision, policy.ShortHash(d.Change.Hash))
}

// Standing says where the change stands, as the end of a sentence.
func (d Data) Standing() string {
	if state := d.Change.State; len(d.Notice.Lacks) == 0 || !state.End() {
		return standings[state]
	}
	return d.Change.State.Reads(d.Notice.Lacks)
}

// Errand says what the reader was asked, where the notice is about a ballot
// that is closed: "to authorize it".
func (d Data) Errand() string { return or(errandOfBallot[d.Notice.ReceiptOf], "about it") }

// Counted says what the reader's answer did: "you approved".
func (d Data) Counted() string {
	if d.Notice.Receipt == nil {
		return "your answer"
	}
	return counted(d.Notice.ReceiptOf, d.Notice.Receipt.Keyword)
}

// Missing lists the fields with problems, each once.
func (d Data) Missing() []policy.Label { return wrongLabels(d.Notice.Problems) }

// IsProposer says whether the reader proposed the change.
func (d Data) IsProposer() bool { return d.Reader.ID != "" && d.Reader.ID == d.Change.Proposer }

// May says whether the reader could say the keyword now, without being asked.
func (d Data) May(keyword policy.Keyword) bool { return d.Papered && d.may(keyword) }

// Undone says whether the change is out of production again.
func (d Data) Undone() bool { return d.Change.Release.UndoneAt != "" && !d.Change.Release.Live }

// Since is since when the change is in production, in the implementer's words.
func (d Data) Since() string {
	r := d.Change.Release
	return or(cut(said(r.ReleasedAt), 60), d.Time(r.Since))
}

// Systems is what the change touches, cut to 80 characters.
func (d Data) Systems() string { return cut(said(d.Change.Proposal.Systems), 80) }

// UndoneAt is since when it is out of production, in the implementer's words.
func (d Data) UndoneAt() string { return cut(said(d.Change.Release.UndoneAt), 60) }

// UndoneWhy is the reason for it in few words; empty where nobody gave one.
func (d Data) UndoneWhy() string {
	if order := d.undoOrder(); order != nil {
		return cut(said(order.Fields.Get(policy.LabelReason)), 120)
	}
	return ""
}

// Marked says whether the record marks the change as out of the ordinary.
func (d Data) Marked() bool { return len(d.Change.Marks) > 0 }

// Restricted says whether only title, window and contact may be told widely.
func (d Data) Restricted() bool { return d.Change.Proposal.Restricted }

// Said puts words of people into a sentence: on one line and not too long.
func (d Data) Said(s string) string { return said(s) }

// Sentence puts a sentence of a refusal into a paragraph, whole.
func (d Data) Sentence(s string) string {
	words := strings.Fields(clean(s))
	for i, w := range words {
		words[i] = cut(w, 40)
	}
	return cut(strings.Join(words, " "), 1500)
}

// Count writes a small number as a word, and the noun in the number it needs.
func (d Data) Count(n int, one, many string) string {
	if n == 1 {
		return "one " + one
	}
	return number(n) + " " + many
}

func number(n int) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	if n >= 0 && n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

// list writes items as a sentence does: "A, B and C".
func list(items []string, and string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " " + and + " " + items[last]
}
