package mailtmpl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/policy"
)

// The digest of a month, for those who do not know our words.

// Digest is the month the mail tells of, or an empty one.
func (d Data) Digest() policy.Digest {
	if d.Notice.Digest == nil {
		return policy.Digest{}
	}
	return *d.Notice.Digest
}

// isDigest says whether the mail tells of a month.
func (d Data) isDigest() bool { return d.Notice.Digest != nil }

// Headline is the month in a few words, for the subject: "14 done, 1 undone, 2
// need your attention".
func (d Data) Headline() string {
	g := d.Digest()
	if g.Empty() {
		return "nothing happened"
	}
	said := []string{fmt.Sprintf("%d done", g.Figures.Ended[policy.StateClosed])}
	if n := g.Figures.Ended[policy.StateRolledBack]; n > 0 {
		said = append(said, fmt.Sprintf("%d undone", n))
	}
	switch n := len(g.NeedAttention()); n {
	case 0:
		said = append(said, "nothing needs your attention")
	case 1:
		said = append(said, "1 needs your attention")
	default:
		said = append(said, fmt.Sprintf("%d need your attention", n))
	}
	return strings.Join(said, ", ")
}

// Tally is what happened in the month, in two sentences.
func (d Data) Tally() string {
	g := d.Digest()
	none := func(n int, one, many string) string {
		if n == 0 {
			return "none " + one
		}
		return d.Count(n, one, many)
	}
	when, then := "In "+g.Figures.Name(), "at its end"
	if g.Running {
		when, then = when+" so far", "now"
	}
	said := fmt.Sprintf("%s, %s proposed, %s put into production, and %s open %s.", when,
		d.Count(g.Figures.Proposed, "change was", "changes were"), none(g.Figures.Released, "was", "were"), none(g.Figures.Open, "is", "are"), then)
	if n := len(g.NeedAttention()); n > 0 {
		return said + " " + upper(d.Count(n, "change needs", "changes need")) + " your attention."
	}
	return said + " Nothing needs your attention."
}

func attention(d Data) []Row { return d.exceptional(d.Digest().NeedAttention()) }
func unusual(d Data) []Row   { return d.exceptional(d.Digest().WereUnusual()) }

// exceptional shows changes with what is out of the ordinary about each.
func (d Data) exceptional(ids []policy.ChangeID) []Row {
	var rows []Row
	for _, id := range ids {
		life := d.Digest().Life(id)
		lines := []string{said(life.Title())}
		for _, e := range d.Digest().Of(id) {
			lines = append(lines, exceptions[e.Kind](d, e))
		}
		rows = append(rows, stacked(life.Name(), lines...)...)
	}
	return rows
}

// exceptions say each kind of exception in a sentence.
var exceptions = map[policy.ExceptionKind]func(Data, policy.Exception) string{
	policy.ExceptionOverdue: func(d Data, e policy.Exception) string {
		return "Waits for " + d.names(e.People, "or") + " " + errandOfBallot[e.Ballot] + ", " + d.tardy(e.Since) + "."
	},
	policy.ExceptionDocuments: func(d Data, e policy.Exception) string {
		return "The documents are still not updated (" + d.names(e.People, "and") + ", " + d.tardy(e.Since) + ")."
	},
	policy.ExceptionHeldUp: func(d Data, e policy.Exception) string {
		return "Held up since " + d.Day(e.Since) + d.because(e) + "."
	},
	policy.ExceptionUnpublished: func(d Data, e policy.Exception) string {
		return "Its page in Confluence lacks what happened since " + d.Day(e.Since) + d.because(e) + "."
	},
	policy.ExceptionUndone: func(d Data, e policy.Exception) string {
		return "Taken out of production again on " + d.Day(e.Since) + d.because(e) + "."
	},
	policy.ExceptionFailed: func(d Data, e policy.Exception) string {
		often := map[int]string{1: "", 2: " twice, at last"}
		times, ok := often[e.Times]
		if !ok {
			times = " " + number(e.Times) + " times, at last"
		}
		return "Failed its test" + times + " on " + d.Day(e.Since) + " (" + d.names(e.People, "and") + ")."
	},
	policy.ExceptionKind(policy.MarkObjected):         marked("An authorizer objected to what had been done."),
	policy.ExceptionKind(policy.MarkEmergency):        marked("It was proposed as an emergency."),
	policy.ExceptionKind(policy.MarkRetrospective):    marked("It was done before it was authorized."),
	policy.ExceptionKind(policy.MarkSelfAuthorized):   marked("Nobody independent authorized it."),
	policy.ExceptionKind(policy.MarkProductionWindow): marked("It could be tested only in production."),
	policy.ExceptionKind(policy.MarkPartial):          marked("A part of it was accepted as all there will be."),
}

// marked says a mark in the words of the record; otherwise where these are not
// for everybody.
func marked(otherwise string) func(Data, policy.Exception) string {
	return func(_ Data, e policy.Exception) string { return or(said(e.Text), otherwise) }
}

func (d Data) names(ids []policy.PersonID, and string) string {
	var names []string
	for _, id := range ids {
		names = append(names, d.Name(id))
	}
	return list(names, and)
}

// because names who said so, and why.
func (d Data) because(e policy.Exception) string {
	text := ""
	if len(e.People) > 0 {
		text = " by " + d.names(e.People, "and")
	}
	if e.Text != "" {
		text += ": " + strings.TrimRight(said(e.Text), ".")
	}
	return text
}

// tardy says how late something is when the month ends.
func (d Data) tardy(due time.Time) string {
	switch n := int(d.Digest().AsOf.Sub(due).Hours()) / 24; n {
	case 0:
		return "due on " + d.Day(due)
	case 1:
		return "one day late"
	default:
		return number(n) + " days late"
	}
}

// refusedAttempts say what somebody tried that the policy does not allow.
var refusedAttempts = map[policy.RefusalCode]string{
	policy.RefusedNotProposer: "tried to propose a change, and may not",
	policy.RefusedWrongPerson: "answered what somebody else was asked",
	policy.RefusedNotEligible: "answered what another team or role is asked",
	policy.RefusedFourEyes:    "tried to do what would have left nobody independent",
	policy.RefusedOwnWork:     "tried to test their own work",
}

func refusedInMonth(d Data) []Row {
	var rows []Row
	for _, r := range d.Digest().Refused {
		rows = append(rows, stacked(or(r.Number, "No change"), d.Name(r.Person)+" "+or(refusedAttempts[r.Code], string(r.Code))+
			" ("+d.Day(r.At)+").")...)
	}
	return rows
}

func reloads(d Data) []Row {
	var rows []Row
	for _, r := range d.Digest().Reloads {
		var lines []string
		for _, text := range r.Texts {
			lines = append(lines, said(text))
		}
		rows = append(rows, stacked(d.Day(r.At), lines...)...)
	}
	return rows
}

func majors(d Data) []Row {
	var rows []Row
	for _, life := range d.Digest().Majors {
		rows = append(rows, stacked(life.Name(), said(life.Title()), d.fate(life))...)
	}
	return rows
}

// fate says in a line what became of a major change.
func (d Data) fate(l policy.Life) string {
	if p := l.Proposal; p.Restricted {
		return "Restricted. When: " + or(said(p.Window), "not said") + ". Ask " + d.Contact(l.Proposer) + "."
	}
	text := "It is " + standings[l.State]
	if !l.Released.IsZero() {
		text = "In production since " + d.Day(l.Released)
		if l.State.End() || !l.Release.Live {
			text += "; now " + standings[l.State]
		}
	}
	if by := l.Approvers(); len(by) > 0 {
		text += "; authorized by " + d.names(by, "and")
	}
	return text + "."
}

// stacked shows lines of our own under one name; without any there is nothing
// to show.
func stacked(name string, lines ...string) []Row {
	r := Row{Name: name, Ours: true}
	for _, line := range lines {
		if line = guard(glue(flat(line))); line != "" {
			r.Lines = append(r.Lines, line)
		}
	}
	if len(r.Lines) == 0 {
		return nil
	}
	return []Row{r}
}

// tables are what notices can show in columns: the first row are the heads, the
// first column names.
var tables = map[string]func(Data) [][]string{
	"digest-numbers":    numbers,
	"digest-categories": byCategory,
	"digest-proposed":   proposedByCategory,
	"digest-medians":    medians,
	"digest-waiting":    authorizers,
}

// countings are the lines of the numbers; some are shown even where all is zero.
var countings = []struct {
	name   string
	always bool
	of     func(policy.Counts) int
}{
	{"Proposed", true, func(c policy.Counts) int { return c.Proposed }},
	{"Authorized", true, func(c policy.Counts) int { return c.Authorized }},
	{"Into production", true, func(c policy.Counts) int { return c.Released }},
	{"Closed", true, ended(policy.StateClosed)},
	{"Rolled back", false, ended(policy.StateRolledBack)},
	{"Rejected", false, ended(policy.StateRejected)},
	{"Withdrawn", false, ended(policy.StateWithdrawn)},
	{"Expired", false, ended(policy.StateExpired)},
	{"Canceled", false, ended(policy.StateCanceled)},
	{"Still open", true, func(c policy.Counts) int { return c.Open }},
}

func ended(state policy.State) func(policy.Counts) int {
	return func(c policy.Counts) int { return c.Ended[state] }
}

// numbers says how often each thing happened.
func numbers(d Data) [][]string {
	rows := [][]string{d.heads()}
	for _, c := range countings {
		row, some := d.monthly(c.name, func(f policy.Figures) int { return c.of(f.Counts) })
		if some || c.always {
			rows = append(rows, row)
		}
	}
	return rows
}

// proposedByCategory is of interest where there is something to hold it against.
func proposedByCategory(d Data) [][]string {
	rows := [][]string{d.heads()}
	for _, category := range policy.Categories {
		row, some := d.monthly(upper(string(category)), func(f policy.Figures) int { return f.Categories[category].Proposed })
		if some && len(d.Digest().Earlier) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// medians says how long it took.
func medians(d Data) [][]string {
	rows := [][]string{d.heads(), {"To decide"}, {"To release"}}
	for _, f := range d.months() {
		rows[1], rows[2] = append(rows[1], briefly(f.ToDecide)), append(rows[2], briefly(f.ToRelease))
	}
	return rows
}

// months has the month first and then those before it, the latest first.
func (d Data) months() []policy.Figures {
	months := d.Digest().Months()
	slices.Reverse(months)
	return months
}

func (d Data) heads() []string {
	heads := []string{""}
	for _, f := range d.months() {
		heads = append(heads, f.Short())
	}
	return heads
}

// monthly is a row with a number for each month; some says whether one is not
// zero.
func (d Data) monthly(name string, of func(policy.Figures) int) (row []string, some bool) {
	row = []string{name}
	for _, f := range d.months() {
		n := of(f)
		row, some = append(row, strconv.Itoa(n)), some || n != 0
	}
	return row, some
}

// briefly is a median for a table: "0.7 h", "26 h", "5.1 d".
func briefly(m policy.Median) string {
	switch hours := m.Value.Hours(); {
	case m.Of == 0:
		return "-"
	case hours < 10:
		return fmt.Sprintf("%.1f h", hours)
	case hours < 48:
		return fmt.Sprintf("%.0f h", hours)
	default:
		return fmt.Sprintf("%.1f d", hours/24)
	}
}

func byCategory(d Data) [][]string {
	rows := [][]string{{"", "proposed", "closed", "otherwise", "open"}}
	for _, category := range policy.Categories {
		if c, ok := d.Digest().Figures.Categories[category]; ok {
			rows = append(rows, figures(upper(string(category)), c.Proposed, c.Ended[policy.StateClosed], otherwise(c), c.Open))
		}
	}
	return rows
}

func authorizers(d Data) [][]string {
	rows := [][]string{{"", "answered", "median wait", "open"}}
	for _, w := range d.Digest().Waiting {
		rows = append(rows, []string{guard(cut(d.Name(w.Person), 40)), strconv.Itoa(w.Answered), briefly(policy.Median{Of: w.Answered, Value: w.Median}), strconv.Itoa(w.Open)})
	}
	return rows
}

func figures(name string, n ...int) []string {
	row := []string{name}
	for _, n := range n {
		row = append(row, strconv.Itoa(n))
	}
	return row
}

func chainHead(d Data) []Row {
	h := d.Digest().Head
	if h.Seq == 0 {
		return nil
	}
	var groups []string
	for hash := h.Hash; hash != ""; hash = hash[min(8, len(hash)):] {
		groups = append(groups, hash[:min(8, len(hash))])
	}
	return stacked("Record", fmt.Sprintf("%s, head %s.", recorded(h.Seq), strings.Join(groups, " ")),
		"Keep this mail: it proves that the record was not rewritten since.")
}

// recorded counts the entries of the record: "1 entry", "1,204 entries".
func recorded(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits + " entries"
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
