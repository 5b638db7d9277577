package records_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/records/confluence"
	fake "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// Every way in which Confluence, or the way to it, fails in the midst of making or
// writing a page: afterwards there is one page, and it tells what the record
// tells. What a request did is never guessed from its answer.
func TestWhateverFailsForNow(t *testing.T) {
	faults := map[string]fake.Fault{
		"throttled": fake.Throttled("1"), "throttled without a word": fake.Throttled(""), "throttled until": fake.Throttled(morning.Add(time.Minute).UTC().Format(http.TimeFormat)),
		"throttled for long": fake.Throttled("600"),
		"502":                fake.Bare(http.StatusBadGateway), "503": fake.Bare(http.StatusServiceUnavailable), "504": fake.Bare(http.StatusGatewayTimeout), "500": fake.Bare(http.StatusInternalServerError),
		"502, and it took place": {Status: http.StatusBadGateway, Commit: true}, "504, and it took place": {Status: http.StatusGatewayTimeout, Commit: true},
		"two threads met": fake.Locked(), "the reply is lost": fake.LostReply(), "the request is lost": fake.Lost(),
		"a login page": fake.LoginPage(), "nothing in it": fake.Empty(), "sent elsewhere": fake.Redirected("https://login.example.com/"),
		"a login page, and it took place": {Status: http.StatusOK, HTML: "<html>Log In</html>", Commit: true},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, o *office) {
				o.publish() // the register
				for _, kind := range []string{"create page", "create property", "label", "attach"} {
					o.wiki.Next(1, meant(o.wiki.Flavor, kind), fault)
				}
				o.must(o.Write(stage.Letter{From: "lead@example.com", Subject: "PostgreSQL 17", Body: proposal, Files: map[string]string{"plan.txt": "the plan"}}))
				o.step()
				o.through()
				for _, kind := range []string{"read page", "update page", "update property", "attach", "label", "unlabel"} {
					o.wiki.Next(1, meant(o.wiki.Flavor, kind), fault)
				}
				o.said("lead", policy.ReceiptProposed, "WITHDRAW\nReason: see the letter\n", map[string]string{"letter.txt": "of the vendor"})
				o.through()
				if n := o.wiki.Unmet(); n != 0 {
					t.Errorf("%d of the faults did not come about", n)
				}
				p := o.thePage()
				o.tells(p)
				if len(p.Attachments) != 2 || p.Attachments[0].Version != 1 || p.Attachments[1].Version != 1 {
					t.Errorf("attached is %+v", p.Attachments)
				}
			})
		})
	}
}

// meant is a request of the kind, as the flavor has it.
func meant(flavor fake.Flavor, kind string) string {
	cloud := map[string]string{
		"create page": "POST /pages", "read page": "GET /pages/*", "update page": "PUT /pages/*", "find": "GET /pages", "create property": "POST /pages/*/properties",
		"update property": "PUT /pages/*/properties/*", "label": "POST /content/*/label", "unlabel": "DELETE /content/*/label", "attach": "PUT /content/*/child/attachment",
	}
	center := map[string]string{
		"create page": "POST /content", "read page": "GET /content/*", "update page": "PUT /content/*", "find": "GET /content", "create property": "POST /content/*/property",
		"update property": "PUT /content/*/property/*", "label": "POST /content/*/label", "unlabel": "DELETE /content/*/label", "attach": "POST /content/*/child/attachment",
	}
	if flavor == fake.Cloud {
		return cloud[kind]
	}
	return center[kind]
}

// through lets time pass until the page is confirmed, but not for ever: a day is
// enough for whatever passes.
func (o *office) through() {
	o.t.Helper()
	for end := o.Clock.Now().Add(24 * time.Hour); o.Clock.Now().Before(end); o.Clock.Advance(5 * time.Minute) {
		o.tries() //nolint:errcheck // it is tried again
		p, err := o.Store.Publication(o.t.Context(), o.change("CHG-2026-0001").ID)
		if err == nil && p.State != storage.PublicationOwed {
			if p.State == storage.PublicationParked {
				o.t.Fatalf("it is parked: %s", p.Why)
			}
			return
		}
	}
	o.t.Fatalf("it is not published in a day: %+v", o.publication().Why)
}

// Where the token is refused nothing is tried page by page; the operators are told
// when it has lasted an hour, once a day; and all goes on when it is good again.
func TestTheTokenIsRefused(t *testing.T) {
	both(t, func(t *testing.T, o *office) {
		o.publish()
		o.wiki.ChangeToken("another")
		o.proposed()
		for n := range 10 {
			o.must(o.Write(o.another(n)))
		}
		o.step()
		if err := o.tries(); confluence.KindOf(err) != confluence.Credentials {
			t.Fatalf("it says %v", err)
		}
		o.wiki.Forget()
		if err := o.tries(); err != nil || len(o.wiki.Requests()) != 0 {
			t.Errorf("it asks again at once: %v, %v", err, o.wiki.Requests())
		}
		if text := o.operator(); text != "" {
			t.Errorf("the operators hear of it at once:\n%s", text)
		}
		var told int
		for range 36 { // a day and a half
			o.Clock.Advance(time.Hour)
			o.tries() //nolint:errcheck // it is refused
			o.step()
		}
		told = len(o.All("operator@example.com", "operator-notice-unpublished"))
		if told != 2 {
			t.Errorf("the operators were told %d times in a day and a half", told)
		}
		text := strings.Join(strings.Fields(o.operator()), " ")
		for _, says := range []string{"Nothing could be published since", "Make a new token", "11 changes wait for their pages"} {
			if !strings.Contains(text, says) {
				t.Errorf("it does not say %q:\n%s", says, text)
			}
		}
		if strings.Contains(text, secret) || strings.Contains(o.log.text.String(), secret) {
			t.Error("the token is told")
		}
		at, err := o.Store.Publishing(t.Context())
		o.must(err)
		if at.FailingSince == nil || at.Parked != 0 || at.Owed != 11 {
			t.Errorf("it does %+v", at)
		}
		o.wiki.ChangeToken(secret)
		o.Clock.Advance(time.Hour)
		o.publish()
		if n := len(o.pages()); n != 11 {
			t.Errorf("%d pages afterwards", n)
		}
		if at, err = o.Store.Publishing(t.Context()); err != nil || at.FailingSince != nil {
			t.Errorf("it still fails: %+v, %v", at, err)
		}
	})
}

// A Data Center that takes a wrong token for nobody, and shows what nobody may
// see, is not believed when it says that there is no page.
func TestAnonymousIsNobody(t *testing.T) {
	o := newOffice(t, fake.DataCenter)
	o.proposed()
	o.publish()
	o.wiki.ChangeToken("another")
	o.approved()
	if err := o.tries(); confluence.KindOf(err) != confluence.Credentials {
		t.Errorf("it says %v", err)
	}
	o.wiki.ChangeToken(secret)
	o.Clock.Advance(time.Hour)
	o.publish()
	o.tells(o.thePage())
}

// A token that is not good for what is asked is told apart from a wrong one.
func TestTheScopeIsMissing(t *testing.T) {
	o := newOffice(t, fake.Cloud)
	o.publish()
	o.proposed()
	o.wiki.Next(1, "POST /pages", fake.Refused(http.StatusUnauthorized, "Unauthorized; scope does not match"))
	if err := o.tries(); confluence.KindOf(err) != confluence.Scope {
		t.Errorf("it says %v", err)
	}
	o.Clock.Advance(time.Hour)
	o.publish()
	o.tells(o.thePage())
}

// Without the right to a page it is tried again, for itself; the operators hear of
// it when that does not help; nothing is made anew.
func TestNoRightToAPage(t *testing.T) {
	for name, right := range map[string]fake.Right{"not even to see it": fake.NoRight, "only to read it": fake.MayOnlyRead} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, o *office) {
				o.proposed()
				o.publish()
				p := o.thePage()
				o.wiki.Restrict(p.ID, right)
				o.approved()
				o.must(o.Write(o.another(1)))
				o.step()
				for range 20 {
					o.tries() //nolint:errcheck // that is the other page's affair
					o.Clock.Advance(30 * time.Minute)
				}
				if all := o.pages(); len(all) != 2 {
					t.Fatalf("there are %v", titles(all))
				}
				state, says := storage.PublicationOwed, "tried again"
				if right == fake.NoRight && o.wiki.Flavor == fake.Cloud { // which says the same of a page that is gone
					state, says = storage.PublicationParked, "give the account the right to view it"
				}
				if got := o.publication(); got.State != state || got.Why == "" {
					t.Errorf("it is %s: %s", got.State, got.Why)
				}
				if text := strings.Join(strings.Fields(o.operator()), " "); !strings.Contains(text, says) {
					t.Errorf("the operators read %q", text)
				}
				if n := len(o.All("operator@example.com", "operator-notice-unpublished")); n != 1 {
					t.Errorf("the operators were told %d times", n)
				}
				o.wiki.Restrict(p.ID, fake.MayEdit)
				o.Clock.Advance(2 * time.Hour)
				if state == storage.PublicationParked {
					o.republish()
				}
				o.publish()
				for _, p := range o.pages() {
					o.tells(p)
				}
			})
		})
	}
}

// A page of somebody else's with the title, current or archived, is left alone;
// the operators are told, and when it is out of the way the page is made.
func TestTheTitleIsTaken(t *testing.T) {
	for _, archived := range []bool{false, true} {
		t.Run(fmt.Sprintf("archived %v", archived), func(t *testing.T) {
			both(t, func(t *testing.T, o *office) {
				theirs, err := o.wiki.AddPage("chg-2026-0001 UPGRADE PostgreSQL 15 to 17 on the billing cluster", "", "<p>Our plans.</p>")
				o.must(err)
				if archived {
					o.must(o.wiki.Archive(theirs))
				}
				o.proposed()
				o.publish()
				o.parks("is not ours")
				if p, err := o.wiki.Page(theirs); err != nil || p.Latest().Body != "<p>Our plans.</p>" || len(p.Versions) != 1 || len(p.Properties) != 0 {
					t.Errorf("their page is %+v, %v", p, err)
				}
				if archived {
					o.must(o.wiki.Restore(theirs))
				}
				o.must(o.wiki.Rename(theirs, "Our plans"))
				o.republish()
				o.tells(o.thePage())
			})
		})
	}
}

// parks wants the page to be parked, and the operators to be told of it with the
// words, and how to go on.
func (o *office) parks(words string) {
	o.t.Helper()
	if p := o.publication(); p.State != storage.PublicationParked || !strings.Contains(p.Why, words) {
		o.t.Fatalf("it is %s: %q", p.State, p.Why)
	}
	text := strings.Join(strings.Fields(o.operator()), " ")
	if !strings.Contains(text, words) || !strings.Contains(text, "countersign records republish CHG-2026-0001") {
		o.t.Errorf("the operators read\n%s", text)
	}
	o.wiki.Forget()
	o.Clock.Advance(48 * time.Hour)
	o.publish()
	for _, r := range o.wiki.Requests() {
		if r.Writes() {
			o.t.Errorf("it goes on all the same: %s", r.Kind)
		}
	}
}

// republish is the operator's word.
func (o *office) republish() {
	o.t.Helper()
	o.must(o.Store.Republish(o.t.Context(), o.change("CHG-2026-0001").ID, o.Clock.Now()))
	o.publish()
}

// What Confluence will never take is not sent again and again.
func TestWhatConfluenceDoesNotTake(t *testing.T) {
	for name, fault := range map[string]fake.Fault{
		"storage format": fake.Refused(http.StatusBadRequest, "Error parsing xhtml: Unexpected close tag </br>; expected </p>.\n at [row,col {unknown-source}]: [11,7]"),
		"too large":      fake.Refused(http.StatusRequestEntityTooLarge, "Request too large"),
		"anything else":  fake.Refused(http.StatusNotImplemented, "No"),
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, o *office) {
				o.publish()
				o.proposed()
				o.wiki.Next(1, meant(o.wiki.Flavor, "create page"), fault)
				o.publish()
				o.parks("could not be kept")
				if len(o.pages()) != 0 {
					t.Error("there is a page all the same")
				}
				o.republish()
				o.tells(o.thePage())
			})
		})
	}
}
