package mailtmpl

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/policy"
)

// What a person could write to make a mail of ours answer itself, or worse.
var hostile = []string{
	"APPROVE",
	"approve.",
	"APPROVE\nJustification: fine\nSecurity impact: none\nRisk: low, it is nothing\nRollback: none needed",
	"all is well\r\n\r\nREJECT\r\nReason: because",
	"Risk: low",
	"* Security impact: none",
	"Risk\tlow",
	"Risk\nlow, it is nothing",
	": low",
	"： low",
	"APPROVE CHG-2026-0042",
	"STOP: it burns",
	"a word and then APPROVE",
	strings.Repeat("Take the bus. ", 30) + "Approve",
	strings.Repeat("APPROVE ", 60),
	strings.Repeat("REJECT Risk: low Security impact: none ", 20),
	strings.Repeat("x", 300) + " APPROVE " + strings.Repeat("y", 300),
	strings.Repeat("wide変更 ", 80),
	"</p></div><p>APPROVE</p><script>alert(1)</script><table><tr><td>Risk</td><td>low</td></tr></table>",
	`{{.Slot "token"}} {token} {{slot "token"}} b-aaaaaaaaaaaaaaaaaaaaaaaaaa`,
	"\u202eEVORPPA\u202c and AP\u200bPROVE and AP\u00adPROVE",
	"\u2067APPROVE\u2069",
	"ＡＰＰＲＯＶＥ",
	"> APPROVE\n> Risk: low",
	"│ APPROVE",
	"-- \nAPPROVE\n" + paper.Separator + "\nFrom: boss@example.com\nSubject: APPROVE",
	"On Mon, somebody wrote:\nAPPROVE",
	"first\x00 \x1b[31mAPPROVE\x07\nsecond\u2028APPROVE\u2029REJECT\u0085STOP",
	"\xff\xfe APPROVE",
}

// poison sets every text that people write to the same words. Names of our own
// making, such as states and ids, have types of their own and stay.
func poison(v reflect.Value, text string) {
	keep := []string{"Hash", "Draft", "Number", "MessageID", "Address", "Org", "Mail", "Proof", "SHA256", "Thread", "PolicyVersion", "Calendar", "Addresses", "Location", "Now"}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !slices.Contains(keep, f.Name) {
				poison(v.Field(i), text)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poisoned := reflect.New(v.Type().Elem())
			poisoned.Elem().Set(v.Elem())
			poison(poisoned.Elem(), text)
			v.Set(poisoned)
		}
	case reflect.Slice:
		poisoned := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			poisoned.Index(i).Set(v.Index(i))
			poison(poisoned.Index(i), text)
		}
		v.Set(poisoned)
	case reflect.Map:
		if v.Type().Elem().Kind() != reflect.String {
			return
		}
		poisoned := reflect.MakeMap(v.Type())
		for _, key := range v.MapKeys() {
			poisoned.SetMapIndex(key, reflect.ValueOf(text).Convert(v.Type().Elem()))
		}
		v.Set(poisoned)
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.String() != "" {
			v.SetString(text)
		}
	}
}

// answers says what a suspicious reader would take a line for; "" for nothing.
// It is written apart from the code it checks.
func answersAs(line string) string {
	line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "> \u00a0"))
	if strings.HasPrefix(line, strings.TrimSpace(paper.Mark)) {
		return ""
	}
	plain := strings.ToLower(norm.NFKC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, line)))
	plain = strings.TrimLeft(plain, "*-•_\"'“ ")
	letters := strings.TrimFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	letters = strings.TrimSpace(strings.TrimSuffix(letters, "chg-2026-0042"))
	tight := strings.Join(strings.Fields(plain), "")
	for _, k := range lowerKeywords {
		if letters == k || strings.HasPrefix(tight, k+":") {
			return "the keyword " + k
		}
	}
	for _, l := range lowerLabels {
		if rest, ok := strings.CutPrefix(plain, l); ok && strings.HasPrefix(strings.TrimLeft(rest, "*_ "), ":") {
			return "the field " + l
		}
	}
	return ""
}

var lowerKeywords, lowerLabels = func() (k, l []string) {
	for _, word := range policy.Keywords {
		k = append(k, strings.ToLower(string(word)))
	}
	for _, word := range slices.Concat(policy.ProposalLabels, policy.AnswerLabels) {
		l = append(l, strings.ToLower(string(word)))
	}
	return k, l
}()

func isLabel(line string) bool {
	return slices.Contains(lowerLabels, strings.ToLower(strings.Trim(strings.TrimSpace(line), ".,;")))
}

// requoted is the text as a client sends it back: quoted some times, each line
// wrapped at its own width.
func requoted(text string, depth, width int) []string {
	prefix := strings.Repeat("> ", depth)
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		current := prefix
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' }) {
			if current != prefix && columns(current)+columns(word)+1 > width {
				lines, current = append(lines, current), prefix
			}
			current += word + " "
		}
		lines = append(lines, current)
	}
	return lines
}

func TestNothingPeopleWriteMakesAMailAnswerItself(t *testing.T) {
	for name, d := range examples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quiet := rendered(t, d)
			for _, text := range hostile {
				poison(reflect.ValueOf(&d).Elem(), text)
				m := rendered(t, d)
				checkLines(t, text, m)
				if got, want := countSlots(m.Text)+countSlots(m.HTML), countSlots(quiet.Text)+countSlots(quiet.HTML); got != want {
					t.Errorf("with %q it has %d slots, not %d", text, got, want)
				}
				if strings.ContainsFunc(m.Subject+m.FromName+m.ToName, unicode.IsControl) {
					t.Errorf("with %q a control character is in the subject %q", text, m.Subject)
				}
				if seen(t, m.HTML.String()).foreign {
					t.Errorf("with %q people's words became HTML", text)
				}
			}
		})
	}
}

// Our own words hold to the same rules.
func TestNoMailAnswersItself(t *testing.T) {
	for name, d := range examples() {
		t.Run(name, func(t *testing.T) { checkLines(t, "", rendered(t, d)) })
	}
}

// checkLines looks at every line of a mail, as it was sent and as clients make
// it of it: quoted, wrapped again, or taken from the HTML.
func checkLines(t *testing.T, text string, m Mail) {
	t.Helper()
	body, err := m.Text.Fill(tokens(m))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(body, "\n") {
		if columns(line) > width && !strings.HasPrefix(line, pages) { // an address cannot be broken
			t.Errorf("with %q a line has %d columns: %q", text, columns(line), line)
		}
	}
	html := seen(t, m.HTML.String())
	for form, lines := range map[string][]string{
		"text": strings.Split(body, "\n"), "text quoted": requoted(body, 1, 72), "text quoted thrice": requoted(body, 3, 72),
		"text wrapped short": requoted(body, 1, 56), "HTML": strings.Split(html.text+"\n"+html.hidden, "\n"), "HTML wrapped": requoted(html.text, 0, 76),
	} {
		slices.Sort(lines)
		for _, line := range slices.Compact(lines) {
			if isLabel(strings.TrimLeft(line, "> ")) {
				t.Errorf("with %q, %s: a label stands alone: %q", text, form, line)
			}
			if as := answersAs(line); as != "" {
				t.Errorf("with %q, %s: a line reads as %s: %q", text, form, as, line)
			}
		}
	}
}

// tokens fills every slot of the mail with the same token.
func tokens(m Mail) map[string]string {
	values := map[string]string{}
	for _, slot := range m.Slots() {
		values[slot] = strings.Repeat("a", 26)
	}
	return values
}

func countSlots(s Segments) int {
	n := 0
	for _, segment := range s {
		if segment.Slot != "" {
			n++
		}
	}
	return n
}
