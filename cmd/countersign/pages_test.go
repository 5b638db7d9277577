package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/config"
	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

const docs = "../../docs/"

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(docs + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var exampleForm = regexp.MustCompile("(?s)```text\n(.*?)```")

// examples are the mails a page shows.
func examples(t *testing.T, name string) []string {
	t.Helper()
	var all []string
	for _, m := range exampleForm.FindAllStringSubmatch(page(t, name), -1) {
		all = append(all, m[1])
	}
	return all
}

// directory is the one of the example configuration, whose people the pages use.
func directory(t *testing.T) policy.Directory {
	t.Helper()
	c, err := config.Load("../../systemd/countersign.toml")
	if err != nil {
		t.Fatal(err)
	}
	return c.Directory()
}

// The proposal in the page is accepted as it stands there, and its canonical
// text is the one the page shows.
func TestDocsProposalExample(t *testing.T) {
	text := page(t, "proposal-format.md")
	form := mailread.ReadProposal(examples(t, "proposal-format.md")[0])
	p, problems := policy.ReadProposal(form.Form, "lead", directory(t), time.Time{})
	if len(problems)+len(form.Problems) > 0 {
		t.Fatalf("the example is not accepted: %v %v", form.Problems, problems)
	}
	canonical := regexp.MustCompile("(?s)<!-- canonical -->\n```text\n.*?```\n")
	fresh := canonical.ReplaceAllLiteralString(text, "<!-- canonical -->\n```text\n"+p.Canonical()+"```\n")
	if fresh == text {
		return
	}
	if !*update {
		t.Fatalf("the canonical text is another; make docs writes it:\n%s", p.Canonical())
	}
	if err := os.WriteFile(docs+"proposal-format.md", []byte(fresh), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rows gives the cells of the tables in the page whose first cell is one of the
// names.
func rows(t *testing.T, name string, names []string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for line := range strings.Lines(page(t, name)) {
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if slices.Contains(names, cells[0]) {
			all[cells[0]] = cells[1:]
		}
	}
	for _, name := range names {
		if all[name] == nil {
			t.Errorf("there is no row for %s", name)
		}
	}
	return all
}

func words[T ~string](list []T) []string {
	var all []string
	for _, w := range list {
		all = append(all, string(w))
	}
	return all
}

// Every field stands in the page, the needed ones first, and every other name it
// is said to have is read as that field.
func TestFieldsInThePage(t *testing.T) {
	for name, cells := range rows(t, "proposal-format.md", words(policy.ProposalLabels)) {
		needed := slices.Contains(policy.RequiredLabels, policy.Label(name)) && name != "Title"
		if asked := cells[1] == "it is asked for"; asked != needed {
			t.Errorf("%s: the page says it is asked for: %v", name, asked)
		}
		for other := range strings.SplitSeq(cells[2], ", ") {
			read := mailread.ReadProposal(other + ": some value").Form
			if other != "" && read.Get(policy.Label(name)) == "" {
				t.Errorf("%q is not read as %s but as %v", other, name, read.Labels())
			}
		}
	}
}

func TestCategoriesInThePage(t *testing.T) {
	for name, cells := range rows(t, "proposal-format.md", words(policy.Categories)) {
		category, _ := policy.ParseCategory(name)
		if role := category.Authorizer().Title(); role != cells[0] {
			t.Errorf("%s is authorized by the %s, not by the %s", name, role, cells[0])
		}
		for other := range strings.SplitSeq(cells[1], ", ") {
			if read := mailread.ReadProposal("Category: " + other).Form.Get(policy.LabelCategory); read != name {
				t.Errorf("%q is read as %q, not as %s", other, read, name)
			}
		}
	}
	for _, vague := range []string{"infrastructure", "tools"} {
		if read := mailread.ReadProposal("Category: " + vague).Form.Get(policy.LabelCategory); read != vague {
			t.Errorf("%q is guessed to be %s", vague, read)
		}
	}
}

// rulesOf are the rules by which a keyword can be said.
func rulesOf(keyword policy.Keyword) []policy.Rule {
	var rules []policy.Rule
	for _, row := range policy.Table {
		rules = append(rules, row.Answers...)
	}
	return slices.DeleteFunc(append(rules, policy.Acts...), func(r policy.Rule) bool { return r.Keyword != keyword })
}

// complete says whether the answer has every field of the rule and no other.
func complete(rule policy.Rule, form policy.Form) bool {
	for _, l := range rule.Required {
		if form.Get(l) == "" {
			return false
		}
	}
	for _, l := range form.Labels() {
		if !slices.Contains(rule.Required, l) && !slices.Contains(rule.Optional, l) {
			return false
		}
	}
	return true
}

// Every answer in the page is read as the answer it is, with everything it needs;
// and every keyword has one.
func TestAnswersInThePage(t *testing.T) {
	shown := map[policy.Keyword]bool{}
	for _, text := range examples(t, "answers.md") {
		a := mailread.ReadAnswer(text)
		shown[a.Keyword] = true
		fits := slices.ContainsFunc(rulesOf(a.Keyword), func(r policy.Rule) bool { return complete(r, a.Form) })
		if a.Unclear != "" || len(a.Problems) > 0 || a.Keyword != policy.NoKeyword && !fits {
			t.Errorf("read as %q (%s) with %v, %v:\n%s", a.Keyword, a.Unclear, a.Form.Labels(), a.Problems, text)
		}
	}
	for _, k := range policy.Keywords {
		if !shown[k] && k != policy.KeywordUndone {
			t.Errorf("answers.md has no example of %s", k)
		}
	}
	rows(t, "answers.md", actWords())
}

func actWords() []string {
	var all []string
	for _, act := range policy.Acts {
		all = append(all, string(act.Keyword))
	}
	return all
}

var (
	dispositionRow = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|")
	stepForm       = regexp.MustCompile(`(?m)^\t+\(\*conversation\)\.(\w+),$`)
	stepHeading    = regexp.MustCompile("(?m)^\\d+\\. \\*\\*`(\\w+)`\\*\\*")
)

// The steps in flow.md are those of the desk, in order, and each disposition is
// filed where the page says.
func TestFlowInThePage(t *testing.T) {
	code, err := os.ReadFile("../../daemon/desk/read.go")
	if err != nil {
		t.Fatal(err)
	}
	text := page(t, "flow.md")
	first := func(form *regexp.Regexp, text string) []string {
		var all []string
		for _, m := range form.FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		return all
	}
	if is, told := first(stepForm, string(code)), first(stepHeading, text); !slices.Equal(is, told) {
		t.Errorf("the steps are %v; the page tells %v", is, told)
	}
	if told := first(dispositionRow, text); !slices.Equal(words(desk.Dispositions), told) {
		t.Errorf("the dispositions are %v; the page tells %v", desk.Dispositions, told)
	}
	for name, cells := range rows(t, "flow.md", quoted(desk.Dispositions)) {
		filing := desk.Disposition(strings.Trim(name, "`")).Filing()
		if !strings.EqualFold(cells[2], string(filing)) {
			t.Errorf("%s is filed in %s; the page tells %s", name, filing, cells[2])
		}
	}
}

func quoted(dispositions []desk.Disposition) []string {
	var all []string
	for _, d := range dispositions {
		all = append(all, "`"+string(d)+"`")
	}
	return all
}

// What an operator is told to ask the database, the database answers.
func TestQueriesInThePage(t *testing.T) {
	o := asked(t)
	queries := regexp.MustCompile(`(?m)^    (select .*;)$`).FindAllStringSubmatch(page(t, "operations.md"), -1)
	if len(queries) == 0 {
		t.Fatal("operations.md has no query")
	}
	for _, q := range queries {
		if err := execute(o.appURL, q[1]); err != nil {
			t.Errorf("%s: %v", q[1], err)
		}
	}
}

// Every line of the log that operations.md explains is one that is logged.
func TestLogInThePage(t *testing.T) {
	var code strings.Builder
	for _, dir := range []string{"daemon", "daemon/desk", "daemon/intake", "daemon/outbox"} {
		files, err := filepath.Glob("../../" + dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	_, table, _ := strings.Cut(page(t, "operations.md"), "| message | means |")
	table, _, _ = strings.Cut(table, "\n\n")
	messages := regexp.MustCompile("`([^`]+)`[,| ]").FindAllStringSubmatch(regexp.MustCompile(`(?m)^(\|[^|]+\|).*$`).ReplaceAllString(table, "$1"), -1)
	if len(messages) < 10 {
		t.Errorf("the page explains only %v", messages)
	}
	for _, m := range messages {
		if !strings.Contains(code.String(), `"`+strings.TrimSuffix(m[1], " …")) {
			t.Errorf("nothing logs %q", m[1])
		}
	}
}

// link is a link from one page to another.
var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// Every link between the pages leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob(docs + "*.md")
	if err != nil {
		t.Fatal(err)
	}
	records, err := filepath.Glob(docs + "decisions/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range slices.Concat(pages, records, []string{"../../README.md"}) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", filepath.Base(file), m[1])
			}
		}
	}
}
