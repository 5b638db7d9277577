package records

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/countersign/countersign/daemon/records/confluence"
	"github.com/countersign/countersign/daemon/records/page"
	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// updates is how often an update is begun anew where somebody was quicker.
const updates = 3

// update writes our part of the page anew, keeps what people wrote on it, and
// never writes over what they made of our part.
func (j *job) update(ctx context.Context) error {
	var err error
	for range updates {
		var at confluence.Page
		if at, err = j.Site.Page(ctx, j.pub.Page); err != nil {
			return doing("reading the page", j.pub, err)
		}
		var next confluence.Page
		if next, err = j.next(ctx, at); err != nil {
			return err
		}
		if next.Version == at.Version { // there is nothing to write
			j.pub.Trying = j.want.Machine
			return j.wrote(ctx, at, j.want.Title)
		}
		if err = j.try(ctx); err != nil {
			return err
		}
		var written confluence.Page
		written, err = j.Site.Update(ctx, next, j.message())
		if numeric := page.Numeric(next.Body); confluence.KindOf(err) == confluence.Malformed && numeric != next.Body { // people's notes have entities by name
			next.Body = numeric
			written, err = j.Site.Update(ctx, next, j.message())
		}
		if err != nil {
			written, err = j.landed(ctx, next, err)
		}
		if err == nil {
			failpoint.Here(failpoint.PageSent)
			return j.wrote(ctx, written, j.want.Title)
		}
		if kind := confluence.KindOf(err); kind != confluence.Stale && kind != confluence.Passing {
			break
		}
	}
	return doing("writing the page", j.pub, err)
}

// message says in the page's history why it was written.
func (j *job) message() string {
	return fmt.Sprintf("Countersign: %s is %s", j.change.Number, j.change.State)
}

// landed says whether the update took place although its answer says otherwise,
// or was lost: the page then is as it was sent.
func (j *job) landed(ctx context.Context, sent confluence.Page, failed error) (confluence.Page, error) {
	if !confluence.Unknown(failed) && confluence.KindOf(failed) != confluence.Stale {
		return confluence.Page{}, failed
	}
	at, err := j.Site.Page(ctx, j.pub.Page)
	if err != nil {
		return confluence.Page{}, failed
	}
	if at.Version == sent.Version && at.Title == sent.Title && same(at.Body, sent.Body) {
		return at, nil
	}
	return confluence.Page{}, failed
}

// same says whether two bodies say the same, whatever Confluence did to one.
func same(a, b string) bool {
	if a == b {
		return true
	}
	first, err := page.Canonical(a)
	if err != nil {
		return false
	}
	second, err := page.Canonical(b)
	return err == nil && first == second
}

// next is the page as it should be written, made from the page as it is. It has
// the version the page has already where there is nothing to write. It fails where
// people have moved the page out of reach, or made something else of our part.
func (j *job) next(ctx context.Context, at confluence.Page) (confluence.Page, error) {
	if at.Status != confluence.StatusCurrent {
		return confluence.Page{}, parked{
			why:  fmt.Sprintf("Its page was %s in Confluence. It is not made anew.", at.Status),
			hint: "Restore the page there.",
		}
	}
	ours, notes, _, err := page.Split(at.Body)
	if err != nil {
		return confluence.Page{}, doing("reading the page", j.pub, err)
	}
	if err := j.guard(ctx, at, ours); err != nil {
		return confluence.Page{}, err
	}
	marked, lost := page.Remark(j.want.Machine, page.Markers(ours))
	if len(lost) > 0 {
		if err := j.tellOfComments(ctx, lost); err != nil {
			return confluence.Page{}, err
		}
	}
	next := confluence.Page{ID: at.ID, Title: j.title(at), Body: page.Whole(marked, notes), Version: at.Version + 1}
	if next.Title == at.Title && same(next.Body, at.Body) {
		next.Version = at.Version
	}
	return next, nil
}

// title is the one that people gave the page, as long as it begins with the
// change's number; else ours.
func (j *job) title(at confluence.Page) string {
	renamed := at.Title != j.pub.Title && at.Title != j.pub.TryingTitle
	if renamed && strings.HasPrefix(at.Title, j.change.Number) {
		return at.Title
	}
	return j.want.Title
}

// guard parks the page where our part of it is not as we left it. It is where no
// newer version was written, or one was that says the same; where it has what was
// being sent when we were interrupted; or where the page itself says that it is,
// as after a restore of the database.
func (j *job) guard(ctx context.Context, at confluence.Page, ours string) error {
	switch {
	case j.pub.Forced, j.pub.Version == at.Version && j.pub.Sent != "":
		return nil
	case j.pub.Sent != "" && same(ours, j.pub.Sent), j.pub.Trying != "" && same(ours, j.pub.Trying):
		return nil
	}
	says, err := j.says(ctx, at.ID)
	if err != nil {
		return err
	}
	if says.Change == j.change.ID && says.Version == at.Version {
		return nil
	}
	diff := page.Diff(j.pub.Sent, ours)
	return parked{
		why: "Somebody has changed what Countersign wrote on its page. Nothing was written over.", diff: diff,
		hint:    "Move what they wrote into the notes at the end of the page, which are kept.",
		comment: "Our part of this page was changed, so it is not kept up to date any more. What is written into the notes at the end of the page is kept; everything above is made from the record. The operators know.",
	}
}

// says is what the page says of itself, and keeps in mind by which property;
// nothing where it does not.
func (j *job) says(ctx context.Context, id string) (known, error) {
	p, err := j.Site.Property(ctx, id, propertyKey)
	if confluence.KindOf(err) == confluence.Absent {
		j.pub.Property, j.pub.PropertyVersion = "", 0
		return known{}, nil
	}
	if err != nil {
		return known{}, doing("reading what describes the page", j.pub, err)
	}
	j.pub.Property, j.pub.PropertyVersion = p.ID, p.Version
	var says known
	if json.Unmarshal(p.Value, &says) != nil {
		return known{}, nil // somebody else's words under our key
	}
	return says, nil
}

// adopt takes the page with the title for ours, if it is.
func (j *job) adopt(ctx context.Context, title string) (found bool, err error) {
	pages, err := j.Site.Find(ctx, title)
	if err != nil {
		return false, doing("looking for the page", j.pub, err)
	}
	for _, listed := range pages {
		at, err := j.Site.Page(ctx, listed.ID)
		if err != nil {
			return false, doing("reading the page", j.pub, err)
		}
		says, err := j.says(ctx, at.ID)
		if err != nil {
			return false, err
		}
		if says.Change != j.change.ID && !page.IsOf(at.Body, j.change.Number) {
			continue
		}
		j.pub.Page, j.pub.URL, j.pub.Title = at.ID, at.URL, at.Title
		return true, j.Store.SavePublication(ctx, j.pub)
	}
	return false, nil
}

// tellOfComments tells the operators of comments on words that the page no longer
// has: they stay in Confluence, but are no longer seen on the page.
func (j *job) tellOfComments(ctx context.Context, lost []page.Marker) error {
	open, err := j.Site.OpenInline(ctx, j.pub.Page)
	if err != nil {
		return doing("reading the comments of the page", j.pub, err)
	}
	var words []string
	for _, m := range lost {
		for _, o := range open {
			if o.Ref == m.Ref {
				words = append(words, fmt.Sprintf("%q", m.Text))
			}
		}
	}
	if len(words) == 0 {
		return nil
	}
	text := fmt.Sprintf("Comments on words that no longer stand on its page are not shown there any more: on %s. Confluence keeps them among the resolved comments.", strings.Join(words, ", "))
	return j.Desk.Unpublished(ctx, j.change.ID, "comments "+strings.Join(words, " "), text, "")
}

// Diff says what people made of our part of the change's page; nothing where it is
// as it was sent. It is [storage.ErrNotFound] where the change has no page.
func (p *Publisher) Diff(ctx context.Context, id policy.ChangeID) (string, error) {
	pub, err := p.Store.Publication(ctx, id)
	if err == nil && pub.Page == "" {
		err = storage.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	at, err := p.Site.Page(ctx, pub.Page)
	if err != nil {
		return "", err
	}
	ours, _, _, err := page.Split(at.Body)
	if err != nil || same(ours, pub.Sent) {
		return "", err
	}
	return page.Diff(pub.Sent, ours), nil
}
