package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Load brings the directory into force: a changed one is recorded, the people
// concerned and the policy owner are told, and every open change is considered
// again under it. Loading the same one again changes nothing.
//
// It fails with [storage.ErrDirectoryChanged] where the directory is older than
// the one in force, which an instance runs; or where a newer one came into force
// meanwhile. Nothing can then be decided under it.
func (d *Desk) Load(ctx context.Context, dir policy.Directory) error {
	body, hash, err := encode(dir)
	if err != nil {
		return err
	}
	d.Use(dir)
	var number int
	err = d.Store.Tx(ctx, func(tx *storage.Tx) (err error) {
		number, err = d.loaded(ctx, tx, storage.Directory{Hash: hash, Body: body, Host: d.Host, At: d.now()}, dir)
		return err
	})
	if err != nil {
		return fmt.Errorf("loading the directory: %w", err)
	}
	return d.reconsider(ctx, fmt.Sprintf("directory %d %s", number, hash), "")
}

// Use decides under the directory without recording it, for verbs, and gives its
// hash. As long as another one is in force nothing is decided but fails with
// [storage.ErrDirectoryChanged].
func (d *Desk) Use(dir policy.Directory) (hash string) {
	_, hash, _ = encode(dir)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.directory, d.hash = dir, hash
	return hash
}

// encode gives a directory as it is recorded, and its hash.
func encode(dir policy.Directory) (body []byte, hash string, err error) {
	if body, err = json.Marshal(dir); err != nil {
		return nil, "", fmt.Errorf("encoding the directory: %w", err)
	}
	return body, hashOf(body), nil
}

// loaded brings the directory into force, if it is not yet, and gives its number
// among all that ever were: one that returns is another, and what is said of it
// is said again.
func (d *Desk) loaded(ctx context.Context, tx *storage.Tx, fresh storage.Directory, dir policy.Directory) (number int, err error) {
	old, err := tx.Directory(ctx)
	if err != nil && !isNotFound(err) || old.Hash == fresh.Hash {
		return old.Number, err
	}
	switch outdated, err := tx.Outdated(ctx, fresh.Hash); {
	case err != nil:
		return 0, err
	case outdated:
		return 0, fmt.Errorf("%w: %s loaded it at %s", storage.ErrDirectoryChanged, old.Host, old.At.Format(time.RFC3339))
	}
	var before policy.Directory
	if len(old.Body) > 0 {
		if err := json.Unmarshal(old.Body, &before); err != nil {
			return 0, fmt.Errorf("decoding the directory before: %w", err)
		}
	}
	if err := tx.SaveDirectory(ctx, fresh); err != nil {
		return 0, err
	}
	number = old.Number + 1
	r := result{seed: fmt.Sprintf("directory %d %s %s", number, old.Hash, fresh.Hash), at: fresh.At, notices: directoryNotices(before, dir)}
	if err := d.publish(ctx, tx, r); err != nil {
		return 0, err
	}
	tx.Append(storage.SubjectDirectory, fresh.Hash, storage.Entry{Kind: "directory.loaded", Payload: fresh.Body, At: fresh.At})
	failpoint.Here(failpoint.Loading)
	return number, nil
}

// directoryNotices tells people what the directory says of them now, and the
// policy owners everything. At the first load only the owners are told.
func directoryNotices(before, after policy.Directory) []policy.Notice {
	var notices []policy.Notice
	for _, p := range after.People {
		old, known := before.Person(p.ID)
		if known && same(old, p) || len(before.People) == 0 {
			continue
		}
		text := "You are new on file."
		if known {
			text = "Before, it was " + describe(old) + "."
		}
		notices = append(notices, policy.Notice{Kind: policy.PersonDirectory, To: p.ID, Text: text, Why: "What the directory says of you has changed."})
	}
	all := whatChanged(before, after)
	for _, owner := range after.Holders(policy.PolicyOwner) {
		if len(all) > 0 {
			notices = append(notices, policy.Notice{Kind: policy.OwnerDirectory, To: owner, Text: strings.Join(all, "\n"), Why: "You own the policy."})
		}
	}
	return notices
}

// whatChanged says everything that differs between two directories, in
// sentences.
func whatChanged(before, after policy.Directory) []string {
	var all []string
	for _, p := range after.People {
		if old, known := before.Person(p.ID); !known || !same(old, p) {
			all = append(all, describe(p))
		}
	}
	for _, p := range before.People {
		if _, known := after.Person(p.ID); !known {
			all = append(all, p.Name+" is no longer in the directory.")
		}
	}
	return append(all, modesChanged(before, after)...)
}

// same says whether the directory says the same of a person; an empty list and
// none are.
func same(a, b policy.Person) bool {
	return a.Name == b.Name && slices.Equal(a.Addresses, b.Addresses) && slices.Equal(a.Roles, b.Roles) && slices.Equal(a.Teams, b.Teams)
}

func describe(p policy.Person) string {
	var roles, teams []string
	for _, r := range p.Roles {
		roles = append(roles, r.Title())
	}
	for _, t := range p.Teams {
		teams = append(teams, string(t))
	}
	return fmt.Sprintf("%s (%s), roles %s, teams %s", p.Name, strings.Join(p.Addresses, ", "), orNone(roles), orNone(teams))
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// modesChanged says which options of the policy changed.
func modesChanged(before, after policy.Directory) []string {
	var texts []string
	if before.FourEyes != after.FourEyes {
		texts = append(texts, fmt.Sprintf("The four-eyes mode is %s now.", after.FourEyes))
	}
	if before.ProductionWindow != after.ProductionWindow {
		texts = append(texts, map[bool]string{true: "Tests in a production window are allowed now.", false: "Tests in a production window are no longer allowed."}[after.ProductionWindow])
	}
	if before.NextReview != after.NextReview && after.NextReview != "" {
		texts = append(texts, "The policy is to be reviewed on "+after.NextReview+" now.")
	}
	if !reflect.DeepEqual(before.Deputies, after.Deputies) {
		texts = append(texts, "The deputies have changed.")
	}
	if !reflect.DeepEqual(before.CoSigners, after.CoSigners) {
		texts = append(texts, "The co-signers have changed.")
	}
	if !reflect.DeepEqual(before.Lists, after.Lists) {
		texts = append(texts, "The distribution lists have changed.")
	}
	return texts
}

// reconsider considers every open change under the directory in force, each in
// a transaction of its own; people are told why, if it is not that the directory
// has changed.
func (d *Desk) reconsider(ctx context.Context, seed, why string) error {
	var open []policy.ChangeID
	err := d.Store.Tx(ctx, func(tx *storage.Tx) (err error) {
		open, err = tx.OpenChanges(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("listing the open changes: %w", err)
	}
	for _, id := range open {
		cmd := policy.Command{Kind: policy.CommandReconsider, Seed: seed + " " + id.Mail(), Text: why}
		if _, err := d.Command(ctx, id, cmd); err != nil {
			return fmt.Errorf("considering change %s again: %w", id, err)
		}
		failpoint.Here(failpoint.Reconsidered)
	}
	return nil
}
