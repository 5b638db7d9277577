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

// MailProbe sends a mail, unlike all others; the daemon takes no notice of it.
func MailProbe(c *config.Config, o Options) Probe {
	return Probe{
		Name:   "a mail to itself",
		Remedy: "Look at mailbox.sender_proof and docs/proof.md.",
		Try:    func(ctx context.Context) (string, error) { return probeMail(ctx, c, o) },
	}
}

// selfMailTime is how long a mail to ourselves may take.
const selfMailTime = 2 * time.Minute

// probeMail sends a mail to the change mailbox from its own address, waits for it
// there, and says how sure it would be who sent it. The daemon ignores it: what
// comes from that address is its own.
func probeMail(ctx context.Context, c *config.Config, o Options) (string, error) {
	m := mailtmpl.Mail{
		MessageID: "check-" + strings.ToLower(rand.Text()) + c.Mailbox.Address[strings.LastIndexByte(c.Mailbox.Address, '@'):], Date: time.Now(),
		From: c.Mailbox.Address, To: c.Mailbox.Address, Subject: "A test: how is it known who sent this?",
		Text: mailtmpl.Segments{{Text: "countersign check --mail sent this to the change mailbox. It may be deleted.\n"}},
		HTML: mailtmpl.Segments{{Text: "<p>countersign check --mail sent this to the change mailbox. It may be deleted.</p>\n"}},
	}
	if err := outbox.New(outboxOptions(c, o), nil, paper.Keys{}).Submit(ctx, m); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, selfMailTime)
	defer cancel()
	raw, err := intake.New(intakeOptions(c, o), nil).Await(ctx, m.MessageID)
	if err != nil {
		return "", fmt.Errorf("the mail was taken, and has not come: %w", err)
	}
	came, err := mailread.Read(raw, limits(c))
	if err != nil {
		return "", err
	}
	switch p := senders(c, o).Prove(ctx, came, raw); {
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
