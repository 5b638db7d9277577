package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Reissued says what came of [Desk.Reissue].
type Reissued struct {
	Ballots int `json:"ballots"` // sent anew
	Changes int `json:"changes"` // they are of
	Mails   int `json:"mails"`   // that waited for a key which is gone, and go now
}

// Reissue sends every open ballot once more, with a token of the current key, and
// gives such a token to mail that waits for a key which is not configured any
// more. It is for when a key was lost, or was taken away because it leaked: what
// was made with that key opens nothing.
func (d *Desk) Reissue(ctx context.Context) (did Reissued, err error) {
	var open []policy.ChangeID
	err = d.Store.Tx(ctx, func(tx *storage.Tx) error {
		if open, err = tx.OpenChanges(ctx); err != nil {
			return err
		}
		did.Mails, err = d.rekey(ctx, tx)
		return err
	})
	if err != nil {
		return did, fmt.Errorf("giving waiting mail other tokens: %w", err)
	}
	for _, id := range open {
		decision, err := d.Command(ctx, id, policy.Command{Kind: policy.CommandReissue, Proof: "operator", Seed: fmt.Sprintf("reissue %s %s", id, d.now())})
		if err != nil {
			return did, fmt.Errorf("sending the ballots of change %s again: %w", id, err)
		}
		if n := len(decision.Notices); n > 0 {
			did.Ballots, did.Changes = did.Ballots+n, did.Changes+1
		}
	}
	return did, d.Store.Tx(ctx, func(tx *storage.Tx) error {
		payload, err := json.Marshal(map[string]any{"key": d.Keys.Current, "did": did})
		if err != nil {
			return err
		}
		tx.Append(storage.SubjectOperator, "ballots", storage.Entry{Kind: "ballots.reissued", Payload: payload, At: d.now()})
		return nil
	})
}

// rekey gives mail that waits for a missing key tokens of the current one. Mail
// that asks a ballot is not sent: the ballot is sent anew.
func (d *Desk) rekey(ctx context.Context, tx *storage.Tx) (int, error) {
	waiting, err := tx.Unkeyed(ctx, slices.Sorted(maps.Keys(d.Keys.Secrets)))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, m := range waiting {
		if m.Asks {
			if err := tx.Supersede(ctx, m.ID, d.now()); err != nil {
				return 0, err
			}
			continue
		}
		if err := d.reissueMail(tx, m); err != nil {
			return 0, fmt.Errorf("mail %s: %w", m.MessageID, err)
		}
		if err := tx.Rekey(ctx, m.ID, d.Keys.Current, d.now()); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// reissueMail issues the tokens of a mail that is written already: its own, and
// those of the ballots it lists.
func (d *Desk) reissueMail(tx *storage.Tx, m storage.OutMail) error {
	mail, err := mailtmpl.Decode(m.Body)
	if err != nil {
		return err
	}
	own := paper.Paper{Change: string(m.Change), Ballot: m.TokenBallot, Person: m.TokenPerson, Generation: m.Generation}
	for _, slot := range append(mail.Slots(), mailtmpl.SlotToken) {
		p := own
		what, of := mailtmpl.ParseSlot(slot)
		if len(of) == 2 {
			p.Change, p.Ballot = of[0], of[1]
		}
		if what != mailtmpl.SlotToken || p.Change == "" && m.Notice != string(policy.AskConfirmation) {
			continue
		}
		if err := d.issue(tx, mailtmpl.PurposeOf(policy.NoticeKind(m.Notice)), p); err != nil {
			return err
		}
	}
	return nil
}

// Keyless counts the open ballots for which there is no token that counts: none
// made with a key that is configured has been sent.
func (d *Desk) Keyless(ctx context.Context) (int, error) {
	return d.Store.Keyless(ctx, slices.Sorted(maps.Keys(d.Keys.Secrets)))
}
