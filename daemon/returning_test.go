package daemon_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/internal/testkit/stage"
)

// returns has the mail server of a person report on a mail it had taken: PERSON
// MAIL [OPTION...] WORDS, as Postfix writes it.
func (c *conversation) returns(l line) string {
	mail := c.received(l)
	action, to := "failed", address(l.words[1])
	var words []string
	for _, w := range l.words[3:] {
		switch name, value, _ := strings.Cut(w, "="); name {
		case "action":
			action = value
		case "for":
			to = value
		case "of", "about", "mail":
		default:
			words = append(words, w)
		}
	}
	c.deliver(c.stage.Compose(report(mail, to, action, strings.Join(words, " "))))
	return ""
}

func report(of stage.Received, to, action, words string) stage.Letter {
	l := stage.Letter{
		From: "MAILER-DAEMON@mx.example.com (Mail Delivery System)", To: stage.Mailbox, Subject: "Undelivered Mail Returned to Sender",
		Headers: []string{"Auto-Submitted: auto-replied"},
	}
	l.Parts = []string{
		"Content-Type: text/plain\n\nThis is the mail system at host mx.example.com.\n\n" +
			fmt.Sprintf("I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<%s>: host mx.example.com said: %s\n", to, words),
		fmt.Sprintf("Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; %s\nAction: %s\nStatus: 5.1.1\nDiagnostic-Code: smtp; %s\n", to, action, words),
		"Content-Type: message/rfc822\n\n" + strings.ReplaceAll(string(of.Raw), "\r\n", "\n"),
	}
	return l
}

// delivery says what became of the last such mail: PERSON MAIL STATE.
func (c *conversation) delivery(l line) string {
	rows, err := c.stage.Store.Outbox(c.t.Context(), "")
	if err != nil {
		c.fatalf("%v", err)
	}
	for _, row := range slices.Backward(rows) {
		if row.Recipient == address(l.words[1]) && row.Notice == string(notice(l.words[2])) {
			return c.compare(l, 3, strings.TrimRight(row.State+": "+row.LastError, ": "))
		}
	}
	c.fatalf("there is no such mail")
	return ""
}
