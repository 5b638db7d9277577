package records_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/records"
	"github.com/countersign/countersign/daemon/records/confluence"
	"github.com/countersign/countersign/daemon/records/page"
	fake "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/policy"
)

// notes has somebody write into the notes of the page.
func (o *office) notes(says string) {
	o.t.Helper()
	o.must(o.wiki.EditBody(o.thePage().ID, func(body string) string {
		ours, notes, found, err := page.Split(body)
		o.must(err)
		if !found {
			o.t.Fatal("there are no notes")
		}
		at := strings.LastIndex(notes, "</ac:rich-text-body>")
		return ours + notes[:at] + says + notes[at:]
	}))
}

// overwrites has somebody write into our part.
func (o *office) overwrites(ours, theirs string) {
	o.t.Helper()
	o.must(o.wiki.EditBody(o.thePage().ID, func(body string) string {
		if !strings.Contains(body, ours) {
			o.t.Fatalf("%q does not stand on the page", ours)
		}
		return strings.Replace(body, ours, theirs, 1)
	}))
}

const note = `<p>Ask&nbsp;Bob &mdash; he knows. <ac:link><ri:user ri:account-id="557058:bob" /></ac:link></p>`

// What people write into the notes is kept, however often the page is written
// anew: to the letter, but for entities by name where Confluence does not take
// back what it gave.
func TestNotesAreKept(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		o.notes(note)
		_, before, _, err := page.Split(o.thePage().Latest().Body)
		o.must(err)
		o.approved()
		o.publish()
		o.walked()
		o.publish()
		p := o.thePage()
		o.tells(p)
		if _, after, _, err := page.Split(p.Latest().Body); err != nil || page.Numeric(after) != page.Numeric(before) || !strings.Contains(page.Numeric(after), page.Numeric(note)) {
			t.Errorf("before: %s\nafter: %s (%v)", before, after, err)
		}
	})
}

// Who deletes the notes gets new ones.
func TestNotesThatWereDeleted(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		o.must(o.wiki.EditBody(o.thePage().ID, func(body string) string {
			ours, _, _, err := page.Split(body)
			o.must(err)
			return ours
		}))
		o.approved()
		o.publish()
		o.tells(o.thePage())
	})
}

// An edit that changes nothing of what we wrote, such as opening the page in the
// editor and saving it, does not keep us from going on.
func TestAnEditThatChangesNothing(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		o.must(o.wiki.EditBody(o.thePage().ID, func(body string) string { return strings.ReplaceAll(body, "</p>", "</p>\n") }))
		o.approved()
		o.publish()
		o.tells(o.thePage())
	})
}

// What people make of our part is not written over: the page is parked, says so
// itself, and the operators get the difference. On their word it is written anew,
// and the notes are kept even then.
func TestOurPartWasChanged(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		o.notes(note)
		o.overwrites("promote the old standby, 20 minutes", "none needed, says Bob")
		changed := o.thePage()
		o.approved()
		o.publish()
		o.parks("Somebody has changed what Countersign wrote on its page")
		text := strings.Join(strings.Fields(strings.ReplaceAll(o.operator(), "│", "")), " ")
		for _, says := range []string{"- Rollback | promote the old standby, 20 minutes", "+ Rollback | none needed, says Bob"} {
			if !strings.Contains(text, says) {
				t.Errorf("the operators do not read %q:\n%s", says, text)
			}
		}
		p := o.thePage()
		if len(p.Versions) != len(changed.Versions) {
			t.Error("it was written all the same")
		}
		if len(p.Comments) != 1 || p.Comments[0].Inline || !strings.Contains(p.Comments[0].Body, "is not kept up to date any more") {
			t.Errorf("it says of itself %+v", p.Comments)
		}
		diff, err := o.pub.Diff(t.Context(), o.change("CHG-2026-0001").ID)
		if err != nil || !strings.Contains(diff, "none needed, says Bob") {
			t.Errorf("the difference is %q, %v", diff, err)
		}
		o.republish()
		p = o.thePage()
		o.tells(p)
		if !strings.Contains(page.Numeric(p.Latest().Body), page.Numeric(note)) || strings.Contains(p.Latest().Body, "none needed") {
			t.Errorf("it is\n%s", p.Latest().Body)
		}
		if diff, err := o.pub.Diff(t.Context(), o.change("CHG-2026-0001").ID); err != nil || diff != "" {
			t.Errorf("the difference is %q, %v", diff, err)
		}
		o.walked() // and on it goes
		o.publish()
		o.tells(o.thePage())
	})
}

// A page that is parked stays so while its change goes on, and is told of once.
func TestParkedOnce(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		o.overwrites("promote the old standby", "promote nothing")
		o.approved()
		o.publish()
		o.walked()
		o.publish()
		o.restarted()
		o.publish()
		o.parks("Somebody has changed")
		if n := len(o.All("operator@example.com", "operator-notice-unpublished")); n != 1 {
			t.Errorf("the operators were told %d times", n)
		}
		if n := len(o.thePage().Comments); n != 1 {
			t.Errorf("the page says %d times that it is parked", n)
		}
	})
}

// A meddler writes on the page in the very moment in which we do: after we have
// read it, and before we write it.
type meddler struct {
	records.Site
	once func()
}

func (m *meddler) Update(ctx context.Context, p confluence.Page, message string) (confluence.Page, error) {
	if do := m.once; do != nil {
		m.once = nil
		do()
	}
	return m.Site.Update(ctx, p, message)
}

// Who is quicker than us is not written over: it is read again, and compared.
func TestSomebodyIsQuicker(t *testing.T) {
	t.Run("in the notes", func(t *testing.T) {
		both(t, func(t *testing.T, o *office) {
			o.proposed()
			o.publish()
			o.meddles(func() { o.notes(note) })
			o.approved()
			o.publish()
			p := o.thePage()
			o.tells(p)
			if !strings.Contains(page.Numeric(p.Latest().Body), page.Numeric(note)) {
				t.Error("the note is lost")
			}
		})
	})
	t.Run("in our part", func(t *testing.T) {
		both(t, func(t *testing.T, o *office) {
			o.proposed()
			o.publish()
			o.meddles(func() { o.overwrites("promote the old standby", "promote nothing") })
			o.approved()
			o.publish()
			o.parks("Somebody has changed")
			if !strings.Contains(o.thePage().Latest().Body, "promote nothing") {
				t.Error("it is written over")
			}
		})
	})
}

func (o *office) meddles(do func()) {
	o.options.Site = &meddler{o.options.Site, do}
	o.restarted()
}

// A comment on some words stays on them, though Confluence counts no version for
// it; if the words go, the operators hear of it.
func TestCommentsStay(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		ref, err := o.wiki.AddInlineComment(o.thePage().ID, "replication is rebuilt", "<p>Rehearsed?</p>")
		o.must(err)
		_, err = o.wiki.AddInlineComment(o.thePage().ID, "Nobody has assessed revision", "<p>Who will?</p>")
		o.must(err)
		o.approved()
		o.publish()
		p := o.thePage()
		o.tells(p)
		if markers := page.Markers(p.Latest().Body); len(markers) != 1 || markers[0].Ref != ref || markers[0].Text != "replication is rebuilt" {
			t.Errorf("the markers are %v", markers)
		}
		for _, c := range p.Comments {
			if c.Ref == ref && c.Resolution != "open" {
				t.Errorf("the comment is %s", c.Resolution)
			}
		}
		text := strings.Join(strings.Fields(o.operator()), " ")
		if !strings.Contains(text, "Nobody has assessed revision") || strings.Contains(text, "replication is rebuilt") {
			t.Errorf("the operators read\n%s", text)
		}
	})
}

// A comment that was resolved is no longer anybody's concern.
func TestResolvedCommentsAreNotMissed(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		ref, err := o.wiki.AddInlineComment(o.thePage().ID, "Nobody has assessed revision", "<p>Who will?</p>")
		o.must(err)
		o.must(o.wiki.ResolveInlineComment(o.thePage().ID, ref))
		o.approved()
		o.publish()
		o.tells(o.thePage())
		if text := o.operator(); text != "" {
			t.Errorf("the operators read\n%s", text)
		}
	})
}

// A page that was moved is followed, and stays where it is.
func TestMovedPagesAreFollowed(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		elsewhere, err := o.wiki.AddPage("Archive of 2026", "", "<p></p>")
		o.must(err)
		o.must(o.wiki.MovePage(o.thePage().ID, elsewhere))
		o.approved()
		o.publish()
		p := o.thePage()
		o.tells(p)
		if p.Parent != elsewhere {
			t.Errorf("it is below %s, not %s", p.Parent, elsewhere)
		}
	})
}

// A title that people gave the page is kept while it begins with the number; one
// that does not is ours again. It is never a second page.
func TestRenamedPagesAreFollowed(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		id := o.thePage().ID
		o.must(o.wiki.Rename(id, "CHG-2026-0001 PostgreSQL 17 (billing!)"))
		o.approved()
		o.publish()
		p := o.thePage()
		o.tells(p)
		if p.Title() != "CHG-2026-0001 PostgreSQL 17 (billing!)" {
			t.Errorf("it is called %q", p.Title())
		}
		o.must(o.wiki.Rename(id, "Billing"))
		o.walked()
		o.publish()
		p = o.thePage()
		o.tells(p)
		if p.ID != id || p.Title() != "CHG-2026-0001 Upgrade PostgreSQL 15 to 17 on the billing cluster" {
			t.Errorf("%s is called %q", p.ID, p.Title())
		}
	})
}

// An amendment that changes the title renames the page; it is no second one.
func TestAnAmendedTitle(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		id := o.thePage().ID
		o.said("lead", "proposer-receipt-proposed", "AMEND\nTitle: PostgreSQL 17 for billing\n", nil)
		o.publish()
		p := o.thePage()
		o.tells(p)
		if p.ID != id || p.Title() != "CHG-2026-0001 PostgreSQL 17 for billing" {
			t.Errorf("%s is called %q", p.ID, p.Title())
		}
	})
}

// A page that was archived, put into the trash or deleted for good is not made
// anew: somebody meant it.
func TestPagesPutAwayAreNotMadeAnew(t *testing.T) {
	for name, put := range map[string]func(*fake.Site, string) error{
		"archived": (*fake.Site).Archive,
		"trashed":  (*fake.Site).Trash,
		"purged": func(s *fake.Site, id string) error {
			if err := s.Trash(id); err != nil {
				return err
			}
			return s.Purge(id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, o *office) {
				o.proposed()
				o.publish()
				id := o.thePage().ID
				o.must(put(o.wiki, id))
				before := len(o.wiki.Pages())
				o.approved()
				o.publish()
				o.parks(map[string]string{"archived": "was archived", "trashed": "was trashed", "purged": "could not be kept"}[name])
				if n := len(o.wiki.Pages()); n != before {
					t.Errorf("there are %d pages, before %d", n, before)
				}
				if name == "purged" {
					return
				}
				o.must(o.wiki.Restore(id))
				o.republish()
				o.tells(o.thePage())
			})
		})
	}
}

// Labels that people gave the page stay.
func TestPeoplesLabelsStay(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		o.must(o.wiki.AddLabel(o.thePage().ID, "billing"))
		o.approved()
		o.walked()
		o.publish()
		labels := strings.Join(o.thePage().Labels, " ")
		if !strings.Contains(labels, "billing") || !strings.Contains(labels, "change-closed") || strings.Contains(labels, "change-open") {
			t.Errorf("labels are %s", labels)
		}
	})
}

// Higher management reads at the end of the month which pages lack something, and
// why; a page that is a few hours behind is nobody's concern.
func TestTheDigestNamesWhatIsNotPublished(t *testing.T) {
	o := newOffice(t, fake.Cloud)
	o.proposed()
	o.publish()
	o.overwrites("promote the old standby", "promote nothing")
	o.approved()
	o.publish()
	digest := func() string {
		t.Helper()
		mail, err := o.Desk.PreviewDigest(t.Context(), policy.Month{Year: 2026, Month: time.November})
		o.must(err)
		return strings.Join(strings.Fields(mail.Text.String()), " ")
	}
	const says = "Its page in Confluence lacks what happened since Mon 23 November: Somebody has changed what Countersign wrote on its page."
	if strings.Contains(digest(), "Its page in Confluence") {
		t.Error("it is named at once")
	}
	o.Clock.Advance(25 * time.Hour)
	if text := digest(); !strings.Contains(text, says) {
		t.Errorf("it does not say %q:\n%s", says, text)
	}
	o.republish()
	if strings.Contains(digest(), "Its page in Confluence") {
		t.Error("it is named although it is published")
	}
}
