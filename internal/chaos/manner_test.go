package chaos_test

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
)

// An answer is a mail about to be written, and the mail it answers.
type answer struct {
	stage.Letter
	to stage.Received
	id string // the Message-ID, left of the @
}

// written is the time every mail claims to be of. What counts is when it came.
var written = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func (a answer) bytes() []byte { return a.Bytes(a.id+"@mail.example.com", written) }

// A manner is how somebody answers: what reaches the mailbox, the answer and
// whatever comes beside it. It depends on nothing but the answer, and the mail
// answered counts only by what is the same in every performance: not by a
// number or a time in its text.
type manner func(answer) [][]byte

var manners = []manner{
	plainly, formatted, quoting, twice, afterComment, afterAbsence, amongStrangers, afterForwarding, afterBounce, afterReturn, afterHuge,
}

func plainly(a answer) [][]byte { return [][]byte{a.bytes()} }

// formatted is an answer with no plain part.
func formatted(a answer) [][]byte {
	typed := strings.ReplaceAll(html.EscapeString(strings.TrimRight(a.Body, "\n")), "\n", "<br>\n")
	a.HTML = "<html><body><div>" + typed + "</div></body></html>"
	return plainly(a)
}

// quoting is an answer to the bare address, which the quoted footer explains.
func quoting(a answer) [][]byte {
	_, token, found := strings.Cut(a.To, "+")
	token, _, _ = strings.Cut(token, "@")
	for old := range strings.Lines(a.to.Text) {
		if found && strings.Contains(old, strings.TrimPrefix(token, "b-")) {
			a.To = stage.Mailbox
			a.Body += "\n> " + old
		}
	}
	return plainly(a)
}

// twice is what a server delivers again because it did not hear the first 250.
func twice(a answer) [][]byte { return [][]byte{a.bytes(), a.bytes()} }

func afterComment(a answer) [][]byte {
	return a.after(stage.Letter{Subject: a.Subject, Body: "I shall look into it tomorrow.\n"}.Answer(a.to))
}

func afterAbsence(a answer) [][]byte {
	return a.after(stage.Letter{
		Subject: "Automatic reply: your mail", Headers: []string{"Auto-Submitted: auto-replied"},
		Body: "APPROVE\nI am out of the office until Monday.\n",
	}.Answer(a.to))
}

func amongStrangers(a answer) [][]byte {
	stranger := stage.Letter{From: "sales@example.org", Body: "APPROVE\nYou may have won a storage array.\n"}
	return append(a.after(stranger), answer{Letter: stranger, id: "again-" + a.id}.bytes())
}

// afterForwarding is somebody else's answer on this person's ballot, before
// their own.
func afterForwarding(a answer) [][]byte {
	return a.after(stage.Letter{From: "dev2@example.com", To: a.To, Body: a.Body})
}

func afterBounce(a answer) [][]byte {
	return a.after(stage.Letter{
		From: "MAILER-DAEMON@mail.example.com", Subject: "Undelivered Mail Returned to Sender",
		Headers: []string{"Auto-Submitted: auto-replied", "X-Failed-Recipients: it1@example.com"}, Body: "The mail could not be delivered.\n",
	})
}

// afterReturn is an answer to a ballot that a mail server says it could not
// deliver: the operator is told, and it counts all the same.
func afterReturn(a answer) [][]byte {
	return a.after(stage.Letter{
		From: "MAILER-DAEMON@mail.example.com", Subject: "Undelivered Mail Returned to Sender", Headers: []string{"Auto-Submitted: auto-replied"},
		Parts: []string{
			"Content-Type: text/plain\n\nThe mail could not be delivered.\n",
			"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example.com\n\nFinal-Recipient: rfc822; " + a.From + "\nAction: failed\nStatus: 5.2.2\n",
			"Content-Type: text/rfc822-headers\n\nMessage-ID: <" + a.to.MessageID + ">\n",
		},
	})
}

func afterHuge(a answer) [][]byte {
	return a.after(stage.Letter{Subject: a.Subject, Body: a.Body + strings.Repeat("all work and no play\n", 60_000)}.Answer(a.to))
}

// after is the answer after a mail of the same person, or of whom it names.
func (a answer) after(l stage.Letter) [][]byte {
	if l.From == "" {
		l.From = a.From
	}
	if l.Subject == "" {
		l.Subject = a.Subject
	}
	return [][]byte{answer{Letter: l, id: fmt.Sprintf("before-%s", a.id)}.bytes(), a.bytes()}
}
