package mailread

import (
	"regexp"
	"slices"
	"strings"
)

// A mailHeader is how mail programs of one language write the header of a mail
// they quote.
type mailHeader struct{ from, others []string }

// headerReach is how many lines below From the rest of the header may stand.
const headerReach = 8

// headerBlock says whether the header of a quoted mail begins at line i: From
// and two more of the same language.
func headerBlock(lines []line, i int) bool {
	name := headerName(lines[i].text)
	for _, h := range mailHeaders {
		// GMX has the date above From.
		dated := contains(h.others, name) && i+1 < len(lines) && contains(h.from, headerName(lines[i+1].text))
		if !contains(h.from, name) && !dated {
			continue
		}
		found := map[string]bool{}
		for _, l := range lines[i+1 : min(len(lines), i+1+headerReach)] {
			if name := headerName(l.text); contains(h.others, name) {
				found[name] = true
			}
		}
		if len(found) >= 2 {
			return true
		}
	}
	return false
}

// headerName is the word before the colon, "" where none stands at the start.
func headerName(text string) string {
	at, _ := separatorAt(text[:min(len(text), 60)])
	if at < 0 {
		return ""
	}
	return strings.ToLower(strings.Trim(text[:at], " \t*_>|"))
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s && s != "" {
			return true
		}
	}
	return false
}

var rule = regexp.MustCompile(`^\s*_{5,}\s*$`)

// cutHeaderBlocks cuts from the header of a quoted mail to the end, with the
// line drawn above it.
func cutHeaderBlocks(lines []line) {
	for i := range lines {
		if lines[i].rule != "" {
			continue
		}
		text := lines[i].text
		switch {
		case markedBelow(lines[i+1:]) && originalMessage.MatchString(text):
			lines[i].rule, lines[i].quoted = "original message", true
		case originalMessage.MatchString(text), beginForwarded.MatchString(text):
			cutRest(lines, i, "original message")
			return
		case headerBlock(lines, i):
			cutRest(lines, lineAbove(lines, i), "mail header")
			return
		}
	}
}

// markedBelow says whether the lines begin with a sentence above a quotation that
// is marked.
func markedBelow(lines []line) bool {
	for i := range lines[:min(len(lines), attributionReach+2)] {
		switch n := attributionAt(lines, i); {
		case lines[i].rule == "" && blank(lines[i].text):
		case n > 0:
			for i += n; i < len(lines) && lines[i].rule == "" && blank(lines[i].text); i++ {
			}
			return i < len(lines) && lines[i].rule == "quote mark"
		default:
			return lines[i].rule == "quote mark"
		}
	}
	return false
}

func lineAbove(lines []line, i int) int {
	for j := i - 1; j >= 0 && (blank(lines[j].text) || rule.MatchString(lines[j].text)); j-- {
		if rule.MatchString(lines[j].text) {
			return j
		}
	}
	return i
}

// An attribution is the sentence a mail program writes above what it quotes:
// how it opens, and the verb in it.
type attribution struct{ opening, verb string }

// attributionReach is over how many lines clients wrap one.
const attributionReach = 4

var (
	anyDigit    = regexp.MustCompile(`\p{Nd}`)
	clock       = `\p{Nd}{1,2}[:.]\p{Nd}{2}`
	anAddress   = `[<(][^<>()\s]+@[^<>()\s]+[>)]`
	addressTime = regexp.MustCompile(clock + `.*` + anAddress + `|` + anAddress + `.*` + clock)
	aClock      = regexp.MustCompile(clock)
	aDate       = regexp.MustCompile(`\p{Nd}{4}|\p{Nd}{1,2}[./-]\s?\p{Nd}{1,2}[./-]\s?\p{Nd}{2}`)
)

// cutAttributions cuts "On ... wrote:". Where no marked quotation follows, the
// quotation is everything below.
func cutAttributions(lines []line) {
	for i := 0; i < len(lines); i++ {
		n := attributionAt(lines, i)
		if n == 0 && names(lines, i) {
			n = 1
		}
		if n == 0 {
			continue
		}
		for j := i; j < i+n; j++ {
			lines[j].rule, lines[j].quoted = "attribution", true
		}
		next := i + n
		for next < len(lines) && blank(lines[next].text) {
			next++
		}
		if next < len(lines) && lines[next].rule == "" {
			cutRest(lines, next, "attribution")
			return
		}
		i += n - 1
	}
}

var anyAddress = regexp.MustCompile(anAddress)

// names says whether line i, right above a marked quotation, says whose it is: s-nail
// writes "Carol <cto@example.com> wrote:", without a date.
func names(lines []line, i int) bool {
	if text := strings.TrimRight(lines[i].text, " "); lines[i].rule != "" || !strings.HasSuffix(text, ":") || !anyAddress.MatchString(text) || answers(text) {
		return false
	}
	for i++; i < len(lines) && lines[i].rule == "" && blank(lines[i].text); i++ {
	}
	return i < len(lines) && lines[i].rule == "quote mark"
}

// attributionAt gives how many lines the attribution at line i takes, 0 where
// none begins there.
func attributionAt(lines []line, i int) int {
	for n := 1; n <= attributionReach && i+n <= len(lines); n++ {
		l := lines[i+n-1]
		if l.rule != "" || blank(l.text) || len(l.text) > 500 {
			return 0
		}
		if end := strings.TrimRight(l.text, " \t*_"); !strings.HasSuffix(end, ":") && !strings.HasSuffix(end, "：") {
			continue
		}
		if kind := attributes(lines[i : i+n]); kind != notOne && !beginsLater(lines[i:i+n], kind) {
			if slices.ContainsFunc(lines[i:i+n], func(l line) bool { return answers(l.text) }) {
				return 0 // a field is never a program's sentence
			}
			return n
		}
	}
	return 0
}

// beginsLater says whether a line before it was typed: the attribution is as
// good without the first line.
func beginsLater(lines []line, kind attributionKind) bool {
	for i := 1; i < len(lines); i++ {
		if attributes(lines[i:]) >= kind {
			return true
		}
	}
	return false
}

// An attributionKind says how sure we are of an attribution.
type attributionKind int

const (
	notOne attributionKind = iota
	byAddress
	byWords
)

func attributes(lines []line) attributionKind {
	var text string
	for _, l := range lines {
		text += " " + l.text
	}
	text = strings.Trim(oneSpace(text), " *_")
	if !anyDigit.MatchString(text) {
		return notOne
	}
	lower := strings.ToLower(text)
	for _, a := range attributions {
		if strings.HasPrefix(lower, a.opening+" ") && strings.Contains(lower, a.verb) {
			return byWords
		}
	}
	dated := aClock.MatchString(text) && aDate.MatchString(text)
	for _, verb := range wroteWords {
		if dated && strings.Contains(lower, verb) {
			return byWords
		}
	}
	if addressTime.MatchString(text) {
		return byAddress
	}
	return notOne
}

// sameLine knows an attribution behind typed text, by a whole date and an
// address: "APPROVE On Mon, Nov 23, 2026 at 9:14 AM Changes <changes@x> wrote:".
var sameLine = regexp.MustCompile(`\s((?:On|Am|Le|El|Il giorno|Op|Em|Den|Dne|W dniu|În|Στις) \S{2,}.*\d{4}.*[<(][^<>()\s]+@[^<>()\s]+[>)][^<>]{0,40}:\s*)$`)

// joined is Evolution's attribution where somebody typed on its very line, before
// it and without a space: "… the payroll runOn Mon, 2026-11-23 at 14:14 +0000,
// Changes wrote:". It may go on in the next line.
var joined = regexp.MustCompile(`(?:On|Am|Le|Op) \pL{2,4}\.?,? \d{4}-\d\d-\d\d \S{1,3} \d\d:\d\d [+-]\d{4}, .{1,200}:\s*$`)

// splitAttributions gives an attribution behind typed text its own line.
func splitAttributions(lines []line) []line {
	var out []line
	for i := 0; i < len(lines); i++ {
		typed, attribution, n := typedBefore(lines[i:])
		if n == 0 {
			out = append(out, lines[i])
			continue
		}
		out = append(out, line{text: typed}, line{text: attribution})
		i += n - 1
	}
	return out
}

// typedBefore parts what was typed from an attribution behind it, and says how
// many lines they take; none where the first line holds no attribution, or nothing
// before it.
func typedBefore(lines []line) (typed, attribution string, n int) {
	const longest = 1000
	text := lines[0].text
	if lines[0].rule != "" || len(text) > longest || quoteMark.MatchString(text) {
		return "", "", 0
	}
	if m := sameLine.FindStringSubmatchIndex(text); m != nil {
		return text[:m[2]], text[m[2]:], 1
	}
	for n, l := range lines[:min(len(lines), 2)] {
		if len(l.text) > longest {
			break
		}
		if n > 0 {
			text += " " + l.text
		}
		if m := joined.FindStringIndex(text); m != nil && 0 < m[0] && m[0] < len(lines[0].text) {
			return text[:m[0]], text[m[0]:], n + 1
		}
	}
	return "", "", 0
}
