package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

var update = flag.Bool("update", false, "rewrite the outputs in docs/verbs.md; read the diff")

const verbsPage = "../../docs/verbs.md"

// outputForm is an output in the page: a comment that names it, then what the
// terminal shows.
var outputForm = regexp.MustCompile("(?s)<!-- output: ([^\n]+) -->\n```console\n.*?```\n")

// TestDocsVerbs holds the outputs in docs/verbs.md against what the verbs say,
// and with -update writes them there. The sentences around them are the page's
// own.
func TestDocsVerbs(t *testing.T) {
	page, err := os.ReadFile(verbsPage)
	if err != nil {
		t.Fatal(err)
	}
	outputs := outputs(t)
	var shown []string
	fresh := outputForm.ReplaceAllFunc(page, func(old []byte) []byte {
		name := string(outputForm.FindSubmatch(old)[1])
		text, ok := outputs[name]
		if !ok {
			t.Errorf("docs/verbs.md shows %q, which nothing says", name)
			return old
		}
		shown = append(shown, name)
		return []byte("<!-- output: " + name + " -->\n```console\n" + text + "```\n")
	})
	for name := range outputs {
		if !slices.Contains(shown, name) {
			t.Errorf("docs/verbs.md does not show %q", name)
		}
	}
	switch {
	case bytes.Equal(fresh, page):
	case *update:
		if err := os.WriteFile(verbsPage, fresh, 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("docs/verbs.md shows something else than the verbs say; make docs writes it:\n%s", firstDifference(string(page), string(fresh)))
	}
}

func firstDifference(a, b string) string {
	is, should := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(is), len(should)) {
		if is[i] != should[i] {
			return "- " + is[i] + "\n+ " + should[i]
		}
	}
	return "one is longer than the other"
}

// A shelf gathers outputs, each with the command line it comes from.
type shelf struct {
	*town
	outputs map[string]string
}

// show runs a command line and keeps what it says, exit code included.
func (s shelf) show(name string, args ...string) {
	got := s.run(args...)
	for i, a := range args {
		if strings.Contains(a, "/") {
			args[i] = filepath.Base(a)
		} else if strings.Contains(a, " ") {
			args[i] = `"` + a + `"`
		}
	}
	text := "$ countersign " + strings.Join(args, " ") + "\n" + got.out + got.errors
	if got.code != exitOK {
		text += "$ echo $?\n" + string(rune('0'+got.code)) + "\n"
	}
	s.outputs[name] = s.everywhere(text)
}

var (
	headForm  = regexp.MustCompile(`head [0-9a-f]{16}`)
	wholeHead = regexp.MustCompile(`head [0-9a-f]{8}(\s+[0-9a-f]{8}){7}`)
	eighth    = regexp.MustCompile(`[0-9a-f]{8}`)
	cutForm   = regexp.MustCompile(`\d+ lines \(quote mark\)`) // how long a mail is, is mailtmpl's
)

// everywhere makes an output what it would be on any machine: where the stage
// put things, and what is random, is written as it may be elsewhere.
func (s shelf) everywhere(text string) string {
	text = strings.NewReplacer(
		s.appURL, "postgres:///countersign?host=/run/postgresql&user=countersign_app",
		s.ConfigPath()+".new", "/etc/countersign/countersign.toml",
		filepath.Dir(s.ConfigPath()), "/etc/countersign",
		s.Provider.IMAP, "imap.example.com:143", s.Provider.IMAPS, "imap.example.com:993",
		s.Provider.SMTP, "smtp.example.com:587", s.Provider.SMTPS, "smtp.example.com:465",
		"127.0.0.1:1:", "127.0.0.1:143:", "127.0.0.1:2:", "127.0.0.1:587:",
		"5.1.1 refused as the script says", "5.1.1 User unknown",
	).Replace(text)
	text = cutForm.ReplaceAllString(text, "45 lines (quote mark)")
	text = wholeHead.ReplaceAllStringFunc(text, func(head string) string { return eighth.ReplaceAllString(head, "51d09c2e") })
	return headForm.ReplaceAllString(text, "head 51d09c2e7a3b0f64")
}

func outputs(t *testing.T) map[string]string {
	all := map[string]string{}
	showChecks(shelf{settle(t), all})
	showExplanations(shelf{asked(t), all})
	showChanges(shelf{threeChanges(t), all})
	showDelivery(shelf{undelivered(t), all})
	showDigest(shelf{threeChanges(t), all})
	showRecord(shelf{asked(t), all})
	showRecovery(shelf{burnt(t), all})
	showPruning(shelf{visited(t), all})
	parked, _ := shelved(t)
	showPublished(shelf{parked, all})
	return all
}

func showChecks(s shelf) {
	s.show("help", "--help")
	s.show("help of a verb", "explain", "--help")
	s.show("a slip", "lst")
	s.show("check", "check")
	for _, c := range unreadable {
		s.rewrite(c.text)
		s.show("check: "+c.name, "check")
	}
	for _, c := range troubles {
		s.configure(c.make(s.town)...)
		s.show("check: "+c.name, "check")
	}
	s.configure()
	s.show("check with a mail", "check", "--mail")
}

func showExplanations(s shelf) {
	for _, c := range explanations {
		file := strings.ReplaceAll(c.name, " ", "-") + ".eml"
		s.show("explain: "+c.name, "explain", s.saved(file, raw(c.mail(s.town), s.Clock.Now())))
	}
}

func showChanges(s shelf) {
	s.show("list", "list")
	s.show("list all", "list", "--all")
	s.show("reissue", "reissue", "--open")
	s.show("list in JSON", "list", "--state=rejected", "--json")
	s.show("list a state there is not", "list", "--state=finished")
	s.reply("cto", policy.AskAuthorization, "ASK: who watches replication in the first night?\n")
	s.reply("lead", policy.AskQuestion, "Ian; the alert is set to 30 seconds until Monday.\n")
	s.reply("cto", policy.AskAuthorization, approval)
	s.reply("dev1", policy.AskOffer, "IMPLEMENTED\nVersion: pg17-2026.03.07\nDone at: today, 16:10\nNotes: standby rebuilt, primary untouched\n")
	s.send(stage.Letter{
		From: "qa1@example.com", Body: "PASS\n\nThe report is attached.\n", Files: map[string]string{"report.txt": "412 of 412 passed\n"},
	}.Reply(s.got("qa1", policy.AskTest)))
	s.show("show", "show", "CHG-2026-0002")
	s.showJSON()
	s.show("show a change there is not", "show", "CHG-2026-0042")
	s.show("cancel", "cancel", "D-2026-0002", "--reason", "the relay stays, the vendor agreed")
	s.write("lead", "Done already", proposal+"Already done: Sunday night, by dev1, on the CTO's word\n")
	s.show("cancel in production", "cancel", "CHG-2026-0003", "--reason", "nobody wants it any more")
}

func showDelivery(s shelf) {
	s.show("delivery outstanding", "list", "--all")
	s.show("told", "show", "CHG-2026-0001")
	s.show("excuse who was told", "excuse", "CHG-2026-0001", "it2", "--reason", "told by telephone")
	s.show("excuse", "excuse", "CHG-2026-0001", "it1", "--reason", "told by telephone")
}

func showDigest(s shelf) {
	s.Clock.Set(firstOfApril)
	s.step()
	s.show("digest", "digest", "--month", "2026-03", "--dry-run")
	s.show("digest sent twice", "digest", "--month", "2026-03")
	s.show("digest again", "digest", "--month", "2026-03", "--resend")
}

// showJSON shows the documented fields alone.
func (s shelf) showJSON() {
	var fields struct {
		Number    json.RawMessage `json:"number"`
		State     json.RawMessage `json:"state"`
		Revision  json.RawMessage `json:"revision"`
		Title     json.RawMessage `json:"title"`
		Decisions []struct {
			Ballot json.RawMessage `json:"ballot"`
			Answer json.RawMessage `json:"answer"`
			Person json.RawMessage `json:"person"`
			At     time.Time       `json:"at"`
			Proof  json.RawMessage `json:"proof"`
		} `json:"decisions"`
		WaitingFor json.RawMessage `json:"waiting_for"`
	}
	if err := json.Unmarshal([]byte(s.run("show", "CHG-2026-0002", "--json").out), &fields); err != nil {
		s.t.Fatal(err)
	}
	var text bytes.Buffer
	if err := printJSON(&text, fields); err != nil {
		s.t.Fatal(err)
	}
	s.outputs["show in JSON"] = "$ countersign show CHG-2026-0002 --json | jq '{number, state, revision, title,\n" +
		"    decisions: [.decisions[] | {ballot, answer, person, at, proof}], waiting_for}'\n" + text.String()
}

func showRecord(s shelf) {
	s.show("rebuild check", "rebuild", "--check")
	s.tamper(`update changes set title = 'Something harmless'`)
	s.show("rebuild check of a row", "rebuild", "--check")
	s.show("rebuild", "rebuild")
	s.tamper(`update event_payloads set payload = replace(payload, 'PostgreSQL', 'MySQL')`)
	s.show("rebuild check of the record", "rebuild", "--check")
	s.show("rebuild of a damaged record", "rebuild")
}
