package records

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/daemon/records/confluence"
	"github.com/countersign/countersign/daemon/records/page"
	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// propertyKey names the content property by which a page is known as ours. It is
// no secret: whoever may see the page may see it.
const propertyKey = "countersign.record"

// known is what the property says: of which change the page is, and how we left
// it.
type known struct {
	Change   policy.ChangeID `json:"change_id"`
	Revision int             `json:"revision"`
	Hash     string          `json:"body_sha256"` // of our part as it was sent
	Version  int             `json:"page_version"`
}

// A job brings the page of one change up to date.
type job struct {
	*Publisher
	pub    storage.Publication
	change policy.Change
	want   page.Page
	again  *time.Time // when to look once more, though nothing happens
}

// do takes every step that is still to take. Each can be taken twice.
func (j *job) do(ctx context.Context) error {
	told := j.pub.Wanted
	if err := j.compose(ctx); err != nil {
		return err
	}
	if j.change.Number != "" { // before that it is a draft, and the proposer's alone
		for _, step := range []func(context.Context) error{j.body, j.property, j.label, j.attach} {
			if err := step(ctx); err != nil {
				return err
			}
		}
	}
	j.pub.Told, j.pub.State, j.pub.Due, j.pub.Tries, j.pub.Why, j.pub.Forced = told, storage.PublicationConfirmed, j.again, 0, "", false
	j.pub.Confirmed = j.in(0)
	return nil
}

// compose makes the page as it should be.
func (j *job) compose(ctx context.Context) error {
	src, err := j.source(ctx, j.pub.Change)
	if err != nil {
		return doing("reading the record", j.pub, err)
	}
	if j.change = src.Data.Change; j.change.Number == "" {
		return nil
	}
	j.again = j.lookAgain(src)
	j.want, err = page.Of(src)
	return doing("writing the page", j.pub, err)
}

// lookAgain is when reports (7) that have not left by now may have: the longer they
// wait, the later. What became of them is no event of the change.
func (j *job) lookAgain(src page.Source) *time.Time {
	waits := slices.ContainsFunc(src.Out, func(m storage.WentOut) bool { return m.Ended == nil && slices.Contains(policy.Distribution, m.Notice) })
	if !waits || len(src.Events) == 0 {
		return nil
	}
	since := j.now().Sub(src.Events[len(src.Events)-1].At)
	return j.in(min(max(since/2, time.Minute), 24*time.Hour))
}

// body sees to it that there is a page, and that our part of it says what it
// should.
func (j *job) body(ctx context.Context) error {
	if j.pub.Page == "" {
		if err := j.create(ctx); err != nil {
			return err
		}
	}
	if j.stands() {
		return nil
	}
	return j.update(ctx)
}

// stands says whether the page says already, as far as we know, what it should.
func (j *job) stands() bool {
	return !j.pub.Forced && j.pub.Trying == "" && j.pub.Hash == page.Hash(j.want.Machine) && j.pub.Title == j.want.Title
}

// create makes the page, unless an earlier try has made it.
func (j *job) create(ctx context.Context) error {
	if j.pub.Trying != "" {
		if found, err := j.adopt(ctx, j.pub.TryingTitle); found || err != nil {
			return err
		}
	}
	if err := j.try(ctx); err != nil {
		return err
	}
	made, err := j.Site.Create(ctx, confluence.Page{Title: j.want.Title, Parent: j.Parent, Body: page.Whole(j.want.Machine, "")})
	if err == nil {
		failpoint.Here(failpoint.PageSent)
		return j.wrote(ctx, made, j.want.Title)
	}
	if !mayBeThere(err) {
		return doing("making the page", j.pub, err)
	}
	switch found, lookErr := j.adopt(ctx, j.want.Title); {
	case lookErr != nil:
		return lookErr
	case !found && confluence.KindOf(err) == confluence.TitleTaken:
		return parked{why: fmt.Sprintf("Another page of the space is called %q. It is not ours, so it was left alone.", j.want.Title),
			hint: "Give that page another title, or move it to another space; archived pages keep their titles, too."}
	case !found:
		return doing("making the page", j.pub, err)
	}
	return nil
}

// mayBeThere says whether a page may be there after the error: made by us, or by
// somebody else.
func mayBeThere(err error) bool {
	return confluence.Unknown(err) || confluence.KindOf(err) == confluence.TitleTaken
}

// try writes down what is about to be sent.
func (j *job) try(ctx context.Context) error {
	j.pub.Trying, j.pub.TryingTitle = j.want.Machine, j.want.Title
	err := j.Store.SavePublication(ctx, j.pub)
	if err == nil {
		failpoint.Here(failpoint.PageTried)
	}
	return err
}

// wrote writes down that the page has what was being sent, under the title.
func (j *job) wrote(ctx context.Context, made confluence.Page, title string) error {
	j.pub.Page, j.pub.Version, j.pub.Title = made.ID, made.Version, title
	if made.URL != "" {
		j.pub.URL = made.URL
	}
	j.pub.Sent, j.pub.Hash = j.pub.Trying, page.Hash(j.pub.Trying)
	j.pub.Trying, j.pub.TryingTitle = "", ""
	err := j.Store.SavePublication(ctx, j.pub)
	if err == nil {
		failpoint.Here(failpoint.PageKept)
	}
	return err
}

// property says on the page whose it is and how it was left.
func (j *job) property(ctx context.Context) error {
	says, err := json.Marshal(known{Change: j.change.ID, Revision: j.change.Revision, Hash: j.pub.Hash, Version: j.pub.Version})
	if err != nil {
		return doing("describing the page", j.pub, err)
	}
	if string(says) == j.pub.Said {
		return nil
	}
	set, err := j.describe(ctx, says)
	if confluence.KindOf(err) == confluence.Stale || confluence.Unknown(err) { // it is there already, from a try whose answer was lost
		if _, err := j.says(ctx, j.pub.Page); err != nil {
			return err
		}
		set, err = j.describe(ctx, says)
	}
	if err != nil {
		return doing("describing the page", j.pub, err)
	}
	failpoint.Here(failpoint.PageKnown)
	j.pub.Property, j.pub.PropertyVersion, j.pub.Said = set.ID, set.Version, string(says)
	return j.Store.SavePublication(ctx, j.pub)
}

// describe replaces the property, or makes it where we know of none.
func (j *job) describe(ctx context.Context, says []byte) (confluence.Property, error) {
	return j.Site.SetProperty(ctx, j.pub.Page, confluence.Property{ID: j.pub.Property, Key: propertyKey, Value: says, Version: j.pub.PropertyVersion})
}

// label gives the page the labels it should have, and takes from it those it has
// from us and should have no more.
func (j *job) label(ctx context.Context) error {
	missing := slices.DeleteFunc(slices.Clone(j.want.Labels), func(l string) bool { return slices.Contains(j.pub.Labels, l) })
	if len(missing) > 0 {
		if err := j.Site.Label(ctx, j.pub.Page, missing...); err != nil {
			return doing("labeling the page", j.pub, err)
		}
	}
	for _, l := range j.pub.Labels {
		if slices.Contains(j.want.Labels, l) {
			continue
		}
		if err := j.Site.Unlabel(ctx, j.pub.Page, l); err != nil && confluence.KindOf(err) != confluence.Absent {
			return doing("taking a label from the page", j.pub, err)
		}
	}
	if slices.Equal(j.pub.Labels, j.want.Labels) {
		return nil
	}
	failpoint.Here(failpoint.PageLabeled)
	j.pub.Labels = j.want.Labels
	return j.Store.SavePublication(ctx, j.pub)
}

// doubt stands before the hash of a file that is being attached: whether it arrived
// is not known yet.
const doubt = "?"

// attach attaches the files that are part of the change, each once: where an
// earlier try may have done so, it is looked for.
func (j *job) attach(ctx context.Context) error {
	for _, f := range j.want.Files {
		if slices.Contains(j.pub.Files, f.File.SHA256) {
			continue
		}
		there, err := j.attached(ctx, f)
		if err != nil {
			return err
		}
		if !there {
			if err := j.send(ctx, f); err != nil {
				return err
			}
			failpoint.Here(failpoint.PageAttached)
		}
		j.pub.Files = append(j.without(doubt+f.File.SHA256), f.File.SHA256)
		if err := j.Store.SavePublication(ctx, j.pub); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) without(file string) []string {
	return slices.DeleteFunc(slices.Clone(j.pub.Files), func(f string) bool { return f == file })
}

// attached says whether an earlier try has attached the file. Before the first it
// is written down that there will be one.
func (j *job) attached(ctx context.Context, f page.File) (bool, error) {
	if !slices.Contains(j.pub.Files, doubt+f.File.SHA256) {
		j.pub.Files = append(j.pub.Files, doubt+f.File.SHA256)
		return false, j.Store.SavePublication(ctx, j.pub)
	}
	all, err := j.Site.Attachments(ctx, j.pub.Page)
	if err != nil {
		return false, doing("listing the files of the page", j.pub, err)
	}
	return slices.ContainsFunc(all, func(a confluence.Attachment) bool { return a.Comment == markOf(f) }), nil
}

// markOf is by what a file on a page is known: its comment.
func markOf(f page.File) string { return "sha256=" + f.File.SHA256 }

func (j *job) send(ctx context.Context, f page.File) error {
	kept, err := j.Store.Attachment(ctx, j.change.ID, f.File.SHA256)
	if err != nil {
		return doing("reading a file", j.pub, err)
	}
	err = j.Site.Attach(ctx, j.pub.Page, confluence.File{Name: f.Name, Type: kept.Type, Bytes: kept.Bytes, Comment: markOf(f)})
	return doing("attaching a file to the page", j.pub, err)
}
