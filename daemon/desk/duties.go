package desk

import (
	"context"
	"slices"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// remindOfDuties tells every draft what its reader still owes other changes:
// duties head every other mail until they are done (5), (8). What is owed is
// asked once for all drafts of a transaction.
func remindOfDuties(ctx context.Context, tx *storage.Tx, drafts []draft) error {
	var readers []policy.PersonID
	for _, mail := range drafts {
		if mail.out.Person != "" && !slices.Contains(readers, mail.out.Person) {
			readers = append(readers, mail.out.Person)
		}
	}
	open, err := tx.Duties(ctx, readers)
	for i := range drafts {
		drafts[i].data.Duties = dutiesBeside(drafts[i].out, open)
	}
	return err
}

// withoutDuties are the mails that duties do not head: one lists all of them, and
// a code is wanted at once.
var withoutDuties = []policy.NoticeKind{policy.NoticeWaiting, policy.CodeAnswer, policy.CodeSignIn}

// dutiesBeside are those of the mail's reader that are about another change than
// the mail.
func dutiesBeside(out storage.OutMail, open []storage.Duty) []mailtmpl.Duty {
	var duties []mailtmpl.Duty
	if slices.Contains(withoutDuties, policy.NoticeKind(out.Notice)) {
		return nil
	}
	for _, one := range open {
		if one.Person == out.Person && one.Change != out.Change {
			duties = append(duties, mailtmpl.Duty{Number: one.Number, Title: one.Title, Kind: one.Kind, Due: one.Due})
		}
	}
	return duties
}
