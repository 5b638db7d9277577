package desk

import (
	"context"
	"errors"

	"github.com/countersign/countersign/storage"
)

var errExplained = errors.New("explained")

// Explain says what would become of the mail, and why, and leaves no trace: the
// whole way is gone in a transaction that is rolled back. A mail that acted
// before is explained as if it came for the first time now.
func (d *Desk) Explain(ctx context.Context, in Incoming) (Outcome, error) {
	mail := d.open(ctx, in)
	var out Outcome
	err := d.Store.Tx(ctx, func(tx *storage.Tx) error {
		c, err := d.begin(ctx, tx, mail)
		if err != nil {
			return err
		}
		c.explaining = true
		if err := c.read(ctx); err != nil {
			return err
		}
		out = c.out
		out.Proof, out.Level = c.proof, c.level()
		return errExplained
	})
	if errors.Is(err, errExplained) {
		return out, nil
	}
	return out, err
}
