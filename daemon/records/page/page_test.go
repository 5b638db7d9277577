package page

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The pages of changes of every kind are kept, to be read when they change.
func TestPages(t *testing.T) {
	for name := range stories {
		t.Run(name, func(t *testing.T) {
			p := pageOf(t, played(t, name))
			golden(t, name+".xml", p.Title+"\n"+strings.Join(p.Labels, " ")+"\n\n"+Whole(p.Machine, ""))
		})
	}
	golden(t, "register.xml", Register("CHG", Label))
}

func pageOf(t *testing.T, s Source) Page {
	t.Helper()
	p, err := Of(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil { //nolint:gosec // for everybody to see
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is another page now (go test -update writes it):\n%s", name, Diff(string(want), got))
	}
}

// Who looks at a page and when makes no difference to it: it changes when the
// record does.
func TestAPageHasNoClock(t *testing.T) {
	for name := range stories {
		s := played(t, name)
		before := pageOf(t, s)
		s.Data.Now = s.Data.Now.AddDate(1, 0, 0)
		s.Data.Reader, _ = s.Data.Directory.Person("cto")
		s.Data.Away = map[policy.PersonID]time.Time{"cto": s.Data.Now}
		if after := pageOf(t, s); after.Machine != before.Machine || after.Title != before.Title {
			t.Errorf("%s reads otherwise a year later:\n%s", name, Diff(before.Machine, after.Machine))
		}
	}
}

// A reminder is no news: those who watch the page hear of it with the next step.
func TestAReminderIsNoNews(t *testing.T) {
	p := newPlay(t).proposes("lead", nil)
	before := pageOf(t, p.is()).Machine
	for len(p.source.Out) < 5 {
		p.waits()
	}
	p.source.In = append(p.source.In, storage.CameIn{Disposition: "automatic", Person: "cto", Received: p.now})
	if after := pageOf(t, p.is()).Machine; after != before {
		t.Errorf("the page says:\n%s", Diff(before, after))
	}
	p.says("cto", policy.KeywordApprove, assessed(nil))
	if after := pageOf(t, p.is()).Machine; !strings.Contains(after, "an answer is overdue") || !strings.Contains(after, "automatic; nobody wrote it") {
		t.Error("the page does not tell of the mails before the approval")
	}
}

// Whatever became of a change, its page says so, and why.
func TestPagesOfOtherEnds(t *testing.T) {
	for name, want := range map[string][]string{
		"draft":         {"D-2026-0007", ">DRAFT<", "It is a draft; something is missing in the proposal.", "Dana Roy is asked to complete the proposal", "<p>Missing in it</p>", "The risk has no level."},
		"expired":       {">EXPIRED<", "<strong>Why</strong> Nobody, ", "no answer came in time", "Nobody has assessed revision 1"},
		"canceled":      {">CANCELED<", "the cluster was sold"},
		"retrospective": {"<p>retrospective</p>", "<p>emergency</p>", "21 November, by Bruno, on Claire’s word"},
		"excused":       {">ROLLED BACK<", "excused by the operator, Wed 9 December 2026, 09:00: is on leave and was called", "excused Dana Roy", "by the operator"},
	} {
		p := pageOf(t, played(t, name))
		for _, w := range want {
			if !strings.Contains(p.Title+p.Machine, w) {
				t.Errorf("the page of the %s change does not say %q:\n%s", name, w, p.Machine)
			}
		}
	}
}

// Of a restricted change nobody learns more than is told widely.
func TestARestrictedChangeKeepsItsSecrets(t *testing.T) {
	s := played(t, "restricted")
	p := pageOf(t, s)
	said := strings.Join(p.Labels, " ") + p.Title + p.Machine
	for _, secret := range []string{"in a log", "log-with-key", "cybersecurity", "Ibrahim Diallo", "promote the old standby", "billing-db-1", s.In[0].SHA256, s.Data.Change.Hash[:4]} {
		if strings.Contains(said, secret) {
			t.Errorf("the page says %q", secret)
		}
	}
	if len(p.Files) > 0 {
		t.Error("its files are attached")
	}
}

// Files get names that Confluence takes, and no two the same one.
func TestFilesHaveNamesOfTheirOwn(t *testing.T) {
	taken := map[string]bool{}
	for _, f := range []struct{ name, want string }{
		{"report.txt", "report.txt"}, {"Report.txt", "Report 0a0a0a0a.txt"}, {"../../etc/passwd", "_.._etc_passwd"}, {"a&b?c=d#e.pdf", "a_b_c_d_e.pdf"},
		{"", "file"}, {"\u202e\x00", "file 0a0a0a0a"}, {"Prüfung  été.csv", "Prüfung été.csv"}, {strings.Repeat("x", 300) + ".log", strings.Repeat("x", 99) + "….log"},
	} {
		got := fileName(policy.File{Name: f.name, SHA256: strings.Repeat("0a", 32)}, taken)
		taken[strings.ToLower(got)] = true
		if got != f.want {
			t.Errorf("%q is called %q, want %q", f.name, got, f.want)
		}
	}
}

// A blank in a label would make two of it.
func TestLabelsAreOneWordEach(t *testing.T) {
	for name := range stories {
		for _, l := range pageOf(t, played(t, name)).Labels {
			if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(l) {
				t.Errorf("%s has the label %q", name, l)
			}
		}
	}
}

// What cannot be read in the record is said to be missing.
func TestAnErasedEntryIsNotPassedOver(t *testing.T) {
	s := played(t, "closed")
	s.Events[3].Payload = nil
	if p := pageOf(t, s); !strings.Contains(p.Machine, "erased or are unreadable: 1.") {
		t.Error("the page does not say that an entry is missing")
	}
}
