package mailtmpl

import (
	"encoding/json"
	"flag"
	"fmt"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func rendered(t *testing.T, d Data) Mail {
	t.Helper()
	m, err := Render(d)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryMailLooksAsAgreed(t *testing.T) {
	for name, d := range examples() {
		t.Run(name, func(t *testing.T) {
			m := rendered(t, d)
			golden(t, name+".txt", head(m)+m.Text.String())
			golden(t, name+".html", m.HTML.String())
			for _, f := range m.Files {
				golden(t, name+"@"+f.Name, string(f.Bytes))
			}
		})
	}
}

func head(m Mail) string {
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s <%s>\nTo: %s <%s>\nSubject: %s\n", m.FromName, m.From, m.ToName, m.To, m.Subject)
	if len(m.ReplyTo) > 0 {
		fmt.Fprintf(&b, "Reply-To: %s\n", strings.TrimSpace(m.ReplyToName+" "+m.ReplyTo.String()))
	}
	return b.String() + "\n"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(name) == ".png" {
		alike(t, name, string(want), got)
		return
	}
	if got != string(want) {
		t.Errorf("%s is not as agreed (go test ./mailtmpl -update, then read the diff); got:\n%s", name, got)
	}
}

// alike allows for what machines round differently at the edges of a picture.
func alike(t *testing.T, name, want, got string) {
	t.Helper()
	wanted, err := png.Decode(strings.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := png.Decode(strings.NewReader(got))
	if err != nil || drawn.Bounds() != wanted.Bounds() {
		t.Fatalf("%s: %v", name, err)
	}
	size, other := drawn.Bounds().Size(), 0
	for i := range size.X * size.Y {
		if wanted.At(i%size.X, i/size.X) != drawn.At(i%size.X, i/size.X) {
			other++
		}
	}
	if other > size.X*size.Y/200 {
		t.Errorf("%s is not as agreed: %d of its %d pixels are others", name, other, size.X*size.Y)
	}
}

func TestEveryNoticeHasATemplateAndEveryTemplateANotice(t *testing.T) {
	list := examples()
	for _, kind := range policy.NoticeKinds {
		if notices[kind] == nil {
			t.Errorf("no template for %s", kind)
		}
		if _, ok := list[string(kind)]; !ok {
			t.Errorf("no example of %s", kind)
		}
	}
	for kind := range notices {
		if !slices.Contains(policy.NoticeKinds, kind) {
			t.Errorf("template %s is for no notice", kind)
		}
	}
	for file := range goldenFiles(t) {
		if _, ok := list[file]; !ok {
			t.Errorf("testdata/%s is the golden file of no example", file)
		}
	}
}

func goldenFiles(t *testing.T) map[string]bool {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		name, _, _ := strings.Cut(e.Name(), "@")
		names[strings.TrimSuffix(strings.TrimSuffix(name, ".html"), ".txt")] = true
	}
	return names
}

func TestEveryFactIsShownSomewhere(t *testing.T) {
	used := map[string]bool{}
	entries, _ := embedded.ReadDir("notices")
	for _, e := range entries {
		text, _ := embedded.ReadFile("notices/" + e.Name())
		if _, list, ok := strings.Cut(string(text), `{{define "facts"}}`); ok {
			for _, word := range regexp.MustCompile(`[a-z0-9-]+`).FindAllString(list, -1) {
				used[word] = true
			}
		}
	}
	for name := range facts {
		if !used[name] {
			t.Errorf("no template shows the fact %q", name)
		}
	}
}

// Every answer of the table is offered in words, on every ballot that takes it.
func TestEveryAnswerHasWords(t *testing.T) {
	for _, row := range policy.Table {
		for _, rule := range row.Answers {
			if errandOf(row.Ballot, rule.Keyword).to == "" {
				t.Errorf("%s on a %s ballot is for nothing", rule.Keyword, row.Ballot)
			}
			if counted(row.Ballot, rule.Keyword) == "" {
				t.Errorf("%s on a %s ballot has no receipt", rule.Keyword, row.Ballot)
			}
		}
		if errandOfBallot[row.Ballot] == "" {
			t.Errorf("nobody can be waiting for a %s ballot", row.Ballot)
		}
	}
	for _, state := range policy.States {
		if standings[state] == "" {
			t.Errorf("no words for the state %q", state)
		}
	}
}

func TestTheFirstLineAsksToAnswerAboveIt(t *testing.T) {
	for name, d := range examples() {
		m := rendered(t, d)
		first, _, _ := strings.Cut(m.Text.String(), "\n")
		if answered := d.Papered || len(d.Waiting) == 1; answered != (first == paper.Separator) {
			t.Errorf("%s: papered is %v and the first line %q", name, d.Papered, first)
		}
		if answered := d.Papered || len(d.Waiting) == 1; answered != strings.Contains(m.HTML.String(), ">"+paper.Separator+"<") {
			t.Errorf("%s: papered is %v; the separator must be one text node of the HTML then", name, d.Papered)
		}
	}
}

func TestATokenStandsInEachPlaceTheAnswerCouldTakeItFrom(t *testing.T) {
	token := strings.Repeat("a", 26)
	for name, d := range examples() {
		if len(d.Waiting) > 0 {
			continue // it has those of others
		}
		m := rendered(t, d)
		places := map[string]Segments{"Reply-To": m.ReplyTo, "text": m.Text, "HTML": m.HTML}
		for place, segments := range places {
			filled, err := segments.Fill(tokens(m))
			if err != nil {
				t.Fatal(err)
			}
			if found := slices.Contains(paper.Find(filled), token); found != d.Papered {
				t.Errorf("%s: token found in the %s is %v, papered is %v", name, place, found, d.Papered)
			}
		}
		if !d.Papered {
			continue
		}
		if _, err := m.Text.Fill(nil); err == nil {
			t.Errorf("%s: a text without its token was filled", name)
		}
	}
}

func TestWithoutSubAddressesAnswersGoToTheMailbox(t *testing.T) {
	d := examples()[string(policy.AskAuthorization)]
	d.Org.SubAddress = false
	m := rendered(t, d)
	if got := m.ReplyTo.String(); got != "changes@example.com" {
		t.Errorf("Reply-To is %q", got)
	}
	if !strings.Contains(m.HTML.String(), `href="mailto:changes@example.com?subject=`) {
		t.Error("the buttons do not write to the mailbox")
	}
}

var hrefs = regexp.MustCompile(`href="([^"]*)"`)

// A button opens a mail with the keyword, the empty fields, and last the token.
func TestAButtonWritesTheAnswerAsFarAsItCan(t *testing.T) {
	d := examples()[string(policy.AskAuthorization)]
	filled, err := rendered(t, d).HTML.Fill(map[string]string{SlotToken: strings.Repeat("z", 26)})
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range hrefs.FindAllStringSubmatch(filled, -1) {
		to, query, _ := strings.Cut(strings.ReplaceAll(m[1], "&amp;", "&"), "?")
		if to != "mailto:changes%2Bb-"+strings.Repeat("z", 26)+"@example.com" {
			t.Errorf("a button writes to %s", to)
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if want := "Re: [CHG-2026-0042] Upgrade PostgreSQL 15 to 17 on the bill…"; values.Get("subject") != want {
			t.Errorf("a button's subject is %q", values.Get("subject"))
		}
		bodies = append(bodies, strings.ReplaceAll(values.Get("body"), "\r\n", "\n"))
	}
	end := "\n\n(ref b-" + strings.Repeat("z", 26) + ")"
	want := []string{
		"APPROVE\n\nJustification: \nSecurity impact: \nRisk: \nRollback: \n" + end,
		"REJECT\n\nReason: \n" + end,
		"ASK\n\nQuestion: \n" + end,
		"ALSO\n\nCategory: \nReason: \n" + end,
	}
	if !slices.Equal(bodies, want) {
		t.Errorf("the buttons write %q", bodies)
	}
}

func TestACorrectionAsksOnlyForWhatIsMissing(t *testing.T) {
	m := rendered(t, examples()[string(policy.AskCorrection)])
	if !strings.Contains(m.HTML.String(), "&amp;body=Rollback%3A%20%0D%0ACategory%3A%20%0D%0A%0D%0A%0D%0A%28ref%20b-{token}%29") {
		t.Error("the button does not hold exactly the two missing fields")
	}
}

func TestAButtonIsShortEnoughForEveryClient(t *testing.T) {
	for name, d := range examples() {
		poison(reflect.ValueOf(&d).Elem(), strings.Repeat("変更", 300))
		for _, m := range hrefs.FindAllStringSubmatch(rendered(t, d).HTML.String(), -1) {
			if n := len(strings.ReplaceAll(m[1], "{token}", strings.Repeat("a", 26))); n >= 1900 && !strings.HasPrefix(m[1], pages) {
				t.Errorf("%s: a button's address has %d characters", name, n)
			}
		}
	}
}

func TestARestrictedChangeIsToldWithoutItsDetails(t *testing.T) {
	for _, kind := range []policy.NoticeKind{policy.ToldReleased, policy.ToldUndone, policy.ToldG7Released, policy.ToldG7Undone} {
		d := examples()[string(kind)]
		d.Change.Proposal.Restricted = true
		m := rendered(t, d)
		contact, other := "dev1@example.com", "Claire"
		if kind == policy.ToldG7Released || kind == policy.ToldG7Undone {
			contact, other = "cto@example.com", "Ines"
		}
		for _, secret := range []string{
			"billing-db", "vacuum", "TLS", "replication", "promote", "dump", "pg17", "412", "rounded", "standby", other, "Quentin", "22:10", "10:40",
		} {
			if strings.Contains(m.Subject+m.Text.String()+m.HTML.String(), secret) {
				t.Errorf("%s tells %q", kind, secret)
			}
		}
		for _, said := range []string{"Upgrade PostgreSQL 15 to 17", "5 December 2026, 20:00 to 23:00", contact} {
			if !strings.Contains(words(m.Text.String()), said) {
				t.Errorf("%s does not tell %q", kind, said)
			}
		}
	}
}

// An answer to a report goes to somebody who can say more, while there is anybody.
func TestAReportIsAnsweredByAPerson(t *testing.T) {
	for kind, want := range map[policy.NoticeKind][]policy.PersonID{
		policy.ToldReleased:   {"dev2", "dev1", "lead", ""},
		policy.ToldUndone:     {"qa1", "dev2", "dev1", "lead", ""},
		policy.ToldG7Released: {"cto", "lead", ""},
		policy.ToldG7Undone:   {"cto", "lead", ""},
	} {
		d := examples()[string(kind)]
		d.Change.Release.By = "dev2"
		if d.Change.Release.UndoneBy != "" {
			d.Change.Release.UndoneBy = "qa1"
		}
		for _, id := range want {
			owner, _ := d.Directory.Person(id)
			address := ""
			if id != "" {
				address = owner.Addresses[0]
			}
			if m := rendered(t, d); m.ReplyTo.String() != address || m.ReplyToName != owner.Name {
				t.Errorf("%s: answers go to %q <%s>, want %q", kind, m.ReplyToName, m.ReplyTo, id)
			}
			d.Directory.People = slices.DeleteFunc(slices.Clone(d.Directory.People), func(p policy.Person) bool { return p.ID == id })
		}
	}
}

func TestAChangeIsOneThread(t *testing.T) {
	d := examples()[string(policy.AskAuthorization)]
	m := rendered(t, d)
	if m.InReplyTo != "parent.c1@example.com" {
		t.Errorf("In-Reply-To is %q", m.InReplyTo)
	}
	if want := []string{"root.c1@example.com", "middle.c1@example.com", "parent.c1@example.com"}; !slices.Equal(m.References, want) {
		t.Errorf("References are %q", m.References)
	}
	if got := m.Headers["Thread-Topic"]; got != "[CHG-2026-0042] Upgrade PostgreSQL 15 to 17 on the billing cluster" {
		t.Errorf("Thread-Topic is %q", got)
	}
	d.Thread = Thread{Root: "root@example.com"}
	if m = rendered(t, d); m.InReplyTo != "root@example.com" || !slices.Equal(m.References, []string{"root@example.com"}) {
		t.Errorf("a first answer follows %q and %q", m.InReplyTo, m.References)
	}
}

func TestALongThreadKeepsItsRootAndItsEnd(t *testing.T) {
	var thread Thread
	thread.Root = "root@example.com"
	for i := range 50 {
		thread.References = append(thread.References, fmt.Sprintf("%d@example.com", i))
	}
	got := references(thread)
	if len(got) != longestThread || got[0] != thread.Root || got[1] != "31@example.com" || got[19] != "49@example.com" {
		t.Errorf("References are %q", got)
	}
}

// What was kept need not be sent again.
func TestACompletedAnswerAsksOnlyForTheRest(t *testing.T) {
	m := rendered(t, examples()[string(policy.AskMissing)])
	if !strings.Contains(m.HTML.String(), "&amp;body=APPROVE%0D%0A%0D%0ARisk%3A%20%0D%0ARollback%3A%20%0D%0A%0D%0A%0D%0A%28ref") {
		t.Error("the button does not hold exactly the keyword and the two missing fields")
	}
}

// Who answered revision 1 and is asked about revision 3 sees what lies between.
func TestWhatChangedIsHeldAgainstTheRevisionAnswered(t *testing.T) {
	d := examples()["authorizer-ask-authorization+again"]
	d.Change.Ballots = append(slices.Clone(d.Change.Ballots), cast("a1", policy.BallotAuthorization, d.Earlier, nil))
	between := d.Change.Revisions[1]
	between.Proposal.Rollback = "never mind"
	last := policy.Revision{Number: 3, Hash: "77", Proposal: d.Change.Proposal, At: d.Now}
	d.Change.Revisions = []policy.Revision{d.Change.Revisions[0], between, last}
	d.Change.Revision = 3
	text := words(rendered(t, d).Text.String())
	if !strings.Contains(text, "[before] promote the old standby, 20 minutes") || strings.Contains(text, "never mind") {
		t.Errorf("the mail says\n%s", text)
	}
}

func TestWithOneSubjectItNeverChanges(t *testing.T) {
	for name, d := range examples() {
		if d.Change.Number == "" {
			continue
		}
		d.Org.OneSubject = true
		if m := rendered(t, d); m.Subject != "[CHG-2026-0042] Upgrade PostgreSQL 15 to 17 on the billing cluster" {
			t.Errorf("%s has the subject %q", name, m.Subject)
		}
	}
}

func TestAMailSaysThatAProgramSentIt(t *testing.T) {
	for name, d := range examples() {
		want := "auto-generated"
		if d.Given != (Given{}) {
			want = "auto-replied"
		}
		if got := rendered(t, d).Headers["Auto-Submitted"]; got != want {
			t.Errorf("%s: Auto-Submitted is %q", name, got)
		}
	}
}

func TestAReceiptRidesOnAnyMail(t *testing.T) {
	for name, d := range examples() {
		d.Notice.Receipt, d.Notice.ReceiptOf = answer(policy.KeywordApprove, "cto", "11-23 09:14", assessment()), policy.BallotAuthorization
		m := rendered(t, d)
		for _, part := range []string{words(m.Text.String()), words(seen(t, m.HTML.String()).text)} {
			for _, want := range []string{"ou approved", "Justification support ends; agreed", "Risk medium: the rebuild is rehearsed", "Received Mon 23 November, 09:14"} {
				if !strings.Contains(part, want) {
					t.Errorf("%s: the receipt lacks %q", name, want)
				}
			}
		}
	}
}

// A mail waits in the outbox as JSON, and comes out as it went in.
func TestAMailKeepsInTheOutbox(t *testing.T) {
	for name, d := range examples() {
		m := rendered(t, d)
		row, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Mail
		if err := json.Unmarshal(row, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(m, back) {
			t.Errorf("%s came out of the outbox changed", name)
		}
	}
}

func TestTheSameDataGiveTheSameMail(t *testing.T) {
	for name, d := range examples() {
		if first, second := rendered(t, d), rendered(t, d); !reflect.DeepEqual(first, second) {
			t.Errorf("%s differs from one rendering to the next", name)
		}
	}
}

func TestAMailToNobodyIsAnError(t *testing.T) {
	d := examples()[string(policy.AskTest)]
	d.Reader = policy.Person{}
	if _, err := Render(d); err == nil || !strings.Contains(err.Error(), "rendering tester-ask-test: nobody to send it to") {
		t.Errorf("the error is %v", err)
	}
	d.Notice.Kind = "nobody-ask-nothing"
	if _, err := Render(d); err == nil {
		t.Error("a notice without a template was rendered")
	}
}
