package daemon

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/intake"
	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/storage"
)

// lately is how many mails of people are looked at.
const lately = 50

// probeSenders says of how many of the latest mails of people it was proven who
// sent them.
func probeSenders(ctx context.Context, c *config.Config, o Options) (string, error) {
	profile := senders(c, o)
	if profile.Provider == mailread.NoProof {
		return "", Note("whoever has seen a ballot, and writes its owner's address into From, can answer it (token-only)")
	}
	store, err := storage.Open(ctx, c.Database.URL)
	if err != nil {
		return "", err
	}
	defer store.Close() //nolint:errcheck // it only read
	mails, err := store.LatestOfPeople(ctx, lately)
	if err != nil {
		return "", err
	}
	var proven, refuted int
	var why string
	for _, raw := range mails {
		m, err := mailread.Read(raw, limits(c))
		if err != nil {
			continue
		}
		switch p := profile.Prove(ctx, m, raw); {
		case p.Proven:
			proven++
		case p.Forged:
			refuted++
		default:
			why = p.Why
		}
	}
	says := fmt.Sprintf("%s; of the latest %d mails of people %d are proven, %d refuted", profile.Provider, len(mails), proven, refuted)
	if proven == 0 && len(mails) > 0 {
		return "", fmt.Errorf("%s; the rest is held: %s", says, why)
	}
	return says, nil
}

// A selfMail is a mail that check sends to the change mailbox: one for each kind
// of sender that can be tried from there.
type selfMail struct {
	name   string
	from   func(c *config.Config) string
	remedy string
	time   time.Duration // how long it may take
	judge  func(c *config.Config, p mailread.Proof) (says string, err error)
}

const (
	selfMailTime = 2 * time.Minute  // how long a mail to ourselves may take
	forgeryTime  = 30 * time.Second // a forged one may well be dropped on the way
)

// selfMails are those mails. The daemon takes no notice of them: what comes from
// its own address is its own, and nobody of the directory has the others.
var selfMails = []selfMail{
	{
		name: "a mail to itself", time: selfMailTime, judge: ownMail,
		from:   func(c *config.Config) string { return c.Mailbox.Address },
		remedy: "Look at mailbox.sender_proof and docs/proof.md.",
	}, {
		name: "a colleague's forgery", time: forgeryTime, judge: forgery,
		from:   func(c *config.Config) string { return "countersign-check" + domainOf(c.Mailbox.Address) },
		remedy: "Have the mail server say who logged in, or refuse to send in others' names (docs/proof.md, A server of your own).",
	}, {
		name: "a stranger's forgery", time: forgeryTime, judge: forgery,
		from:   func(*config.Config) string { return "countersign-check@countersign.invalid" },
		remedy: "Look at mailbox.sender_proof and docs/proof.md: something that everybody can write is believed.",
	},
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@'):] }

// MailProbes send mails, unlike all other probes: one from our own address, one in
// the name of somebody of our domain and one in a stranger's.
func MailProbes(c *config.Config, o Options) (probes []Probe) {
	for _, m := range selfMails {
		probes = append(probes, Probe{Name: m.name, Remedy: m.remedy, Try: func(ctx context.Context) (string, error) { return m.try(ctx, c, o) }})
	}
	return probes
}

// try sends the mail, waits for it, and says how sure it would be who sent it.
func (m selfMail) try(ctx context.Context, c *config.Config, o Options) (string, error) {
	const says = "countersign check --mail sent this to the change mailbox. It may be deleted."
	mail := mailtmpl.Mail{
		MessageID: "check-" + strings.ToLower(rand.Text()) + domainOf(c.Mailbox.Address), Date: time.Now(),
		From: m.from(c), To: c.Mailbox.Address, Subject: "A test: how is it known who sent this?",
		Text: mailtmpl.Segments{{Text: says + "\n"}}, HTML: mailtmpl.Segments{{Text: "<p>" + says + "</p>\n"}},
	}
	forged := mail.From != c.Mailbox.Address
	if err := outbox.New(outboxOptions(c, o), nil, paper.Keys{}).Submit(ctx, mail); err != nil {
		if forged {
			return "the mail server does not send it", nil
		}
		return "", err
	}
	waiting, cancel := context.WithTimeout(ctx, m.time)
	defer cancel()
	raw, err := intake.New(intakeOptions(c, o), nil).Await(waiting, mail.MessageID)
	switch {
	case err != nil && forged && ctx.Err() == nil && waiting.Err() != nil:
		return "", Note(fmt.Sprintf("it was taken, and has not come within %s: dropped on the way, or late", m.time))
	case err != nil:
		return "", fmt.Errorf("the mail was taken, and has not come: %w", err)
	}
	came, err := mailread.Read(raw, limits(c))
	if err != nil {
		return "", err
	}
	return m.judge(c, senders(c, o).Prove(ctx, came, raw))
}

// ownMail must be proven.
func ownMail(c *config.Config, p mailread.Proof) (string, error) {
	switch {
	case p.Proven:
		return "it came, and its sender is proven: " + p.How, nil
	case p.Forged:
		return "", fmt.Errorf("it came, and is refuted: %s (%s)", p.Why, p.How)
	case c.Mailbox.SenderProof == config.TokenOnly:
		return "it came; with token-only nothing is asked for", nil
	default:
		return "", fmt.Errorf("it came, and mail like it would be held: %s", p.Why)
	}
}

// forgery must not be.
func forgery(c *config.Config, p mailread.Proof) (string, error) {
	switch {
	case p.Proven:
		return "", fmt.Errorf("it came, and is believed: %s. Whoever can send such a mail can write in everybody's name", p.How)
	case p.Forged:
		return "it came, and is found out: " + p.How, nil
	case c.Mailbox.SenderProof == config.TokenOnly:
		return "", Note("it came; with token-only nothing finds it out but the token it lacks")
	default:
		return "it came, and would be held: " + p.Why, nil
	}
}
