package records_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/records/page"
	"github.com/countersign/countersign/storage"
)

// A change has one page, below the parent, from the moment it has its number to
// its end: the page tells what the record tells, has its labels and the evidence,
// and until it does the change reads as outstanding.
func TestAPageForAChange(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		if n := o.publish(); n != 0 || len(o.pages()) != 0 {
			t.Fatalf("%d pages before there is a change", n)
		}
		o.proposed()
		o.publish()
		p := o.thePage()
		o.tells(p)
		if p.Parent != o.parent || p.Title() != "CHG-2026-0001 Upgrade PostgreSQL 15 to 17 on the billing cluster" {
			t.Errorf("it is %q below %s", p.Title(), p.Parent)
		}
		o.approved()
		o.walked()
		if lacks := o.lacks(); !slices.Equal(lacks, []string{storage.LacksPublication}) {
			t.Errorf("closed, it lacks %v", lacks)
		}
		o.publish()
		p = o.thePage()
		o.tells(p)
		if lacks := o.lacks(); len(lacks) != 0 {
			t.Errorf("published, it lacks %v", lacks)
		}
		if want := []string{"category-software-technology", "change-closed", page.Label, "risk-medium"}; !slices.Equal(slices.Sorted(slices.Values(p.Labels)), want) {
			t.Errorf("labels are %v, want %v", p.Labels, want)
		}
		if len(p.Attachments) != 1 || p.Attachments[0].Name != "report.txt" || string(p.Attachments[0].Bytes) != "412 of 412" {
			t.Errorf("attached is %+v", p.Attachments)
		}
		if got := o.publication(); got.State != storage.PublicationConfirmed || got.Page != p.ID || got.Version != p.Latest().Number || !strings.HasPrefix(got.URL, o.wiki.URL()) {
			t.Errorf("kept is %+v", got)
		}
	})
}

// A page is written when there is news, and only then: each time whoever watches
// it gets a mail. What there is to ask of Confluence is asked once.
func TestNoRequestTooMany(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.publish()
		o.proposed()
		o.wiki.Forget()
		o.publish()
		o.asked("create page", "create property", "label")
		o.publish()
		o.asked()
		o.approved()
		o.publish()
		o.asked("read page", "update page", "update property")
		o.restarted()
		o.Clock.Advance(48 * time.Hour)
		o.publish()
		o.asked()
	})
}

// asked wants exactly these requests to have been made since it asked last, by
// kind.
func (o *office) asked(kinds ...string) {
	o.t.Helper()
	var got []string
	for _, r := range o.wiki.Requests() {
		got = append(got, r.Kind)
	}
	slices.Sort(got)
	slices.Sort(kinds)
	if !slices.Equal(got, kinds) {
		o.t.Errorf("asked was %v, want %v", got, kinds)
	}
	o.wiki.Forget()
}

func (o *office) lacks() []string {
	o.t.Helper()
	id := o.change("CHG-2026-0001").ID
	lacks, err := o.Store.Lacks(o.t.Context(), true, id)
	o.must(err)
	return lacks[id]
}

// What happens together is written once.
func TestWhatHappensTogetherIsWrittenOnce(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.options.Settle = time.Minute
		o.restarted()
		o.proposed()
		o.publish()
		o.Clock.Advance(30 * time.Second)
		o.approved()
		o.publish()
		if n := len(o.pages()); n != 0 {
			t.Fatalf("%d pages before it has settled", n)
		}
		o.Clock.Advance(31 * time.Second)
		o.publish()
		if p := o.thePage(); len(p.Versions) != 1 {
			t.Errorf("it was written %d times", len(p.Versions))
		}
		o.tells(o.thePage())
	})
}

// A draft is its proposer's own; it has a page when it has its number, and keeps
// it when it ends otherwise than well.
func TestDraftsHaveNoPage(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.drafted()
		o.publish()
		if n := len(o.pages()); n != 0 {
			t.Fatalf("a draft has %d pages", n)
		}
		o.proposed()
		o.said("cto", "authorizer-ask-authorization", "REJECT: the freeze lasts until January\n", nil)
		o.publish()
		p := o.thePage()
		o.tells(p)
		if !strings.Contains(p.Latest().Body, "the freeze lasts until January") {
			t.Error("it does not say why it was rejected")
		}
	})
}

// The register is made once, and what people make of it is theirs.
func TestTheRegister(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		register := o.titled("Register of changes")
		o.must(o.wiki.EditBody(register.ID, func(string) string { return "<p>Ours now.</p>" }))
		o.approved()
		o.restarted()
		o.publish()
		if now := o.titled("Register of changes"); now.Latest().Body != "<p>Ours now.</p>" {
			t.Errorf("it is %s", now.Latest().Body)
		}
	})
}

// A database that was restored from yesterday's backup finds the pages of today.
func TestAfterARestore(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.proposed()
		o.publish()
		yesterday := o.publication()
		o.approved()
		o.publish()
		forgotten := yesterday
		forgotten.Page, forgotten.Sent, forgotten.Hash, forgotten.Version, forgotten.Title, forgotten.Property, forgotten.PropertyVersion, forgotten.Said = "", "", "", 0, "", "", 0, ""
		for _, restored := range []storage.Publication{yesterday, forgotten} {
			restored.State, restored.Due = storage.PublicationOwed, new(o.Clock.Now())
			o.must(o.Store.SavePublication(t.Context(), restored))
			o.publish()
			o.tells(o.thePage())
			if p := o.publication(); p.State != storage.PublicationConfirmed {
				t.Errorf("it is %s: %s", p.State, p.Why)
			}
		}
	})
}
