package mailtmpl

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/policy"
)

// Lines of the text part are at most this many columns wide, so that no client
// wraps them even when they are quoted several times.
const width = 68

const noBreak = "\u00a0"

// clean takes out of a text what could make it look other than it is: control
// characters, direction overrides and invisible spaces. Lines end in "\n".
func clean(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ", "\u2028", "\n", "\u2029", "\n", noBreak, " ").Replace(s)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\u200c', r == '\u200d': // joiners belong to scripts and emoji
			return r
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, s)
}

// flat is the text cleaned and on one line.
func flat(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// cut shortens a text to n characters.
func cut(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return strings.TrimRight(string(runes[:n-1]), " ,.;:") + "…"
}

// said is how a few words of people stand inside a sentence of ours: on one
// line, not too long, no word so long that it breaks the line.
func said(s string) string {
	words := strings.Fields(clean(s))
	for i, w := range words {
		words[i] = cut(w, 40)
	}
	return cut(strings.Join(words, " "), 240)
}

// fold brings a text to what a reader of answers sees in it: compatibility
// forms, case, invisible characters and decoration do not count.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
	return strings.Join(strings.Fields(strings.TrimFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != ':'
	})), " ")
}

var (
	keywords = func() map[string]bool {
		m := map[string]bool{}
		for _, k := range policy.Keywords {
			m[strings.ToLower(string(k))] = true
		}
		return m
	}()
	labels = func() map[string]bool {
		m := map[string]bool{}
		for _, l := range slices.Concat(policy.ProposalLabels, policy.AnswerLabels) {
			m[strings.ToLower(string(l))] = true
		}
		return m
	}()
	changeNumber = regexp.MustCompile(`^\W*(chg|d)-\d{4}-\d+\W*$`)
)

// votes says whether a line standing by itself could be read as an answer or as
// a field: a keyword, perhaps with a change's number; a label; or either of
// them with a colon.
func votes(line string) bool {
	line = fold(line)
	if line == "" || strings.HasPrefix(line, ":") {
		return true // it says nothing itself, or is the value of what stands before it
	}
	if before, _, colon := strings.Cut(line, ":"); colon {
		before = fold(before)
		return keywords[before] || labels[before]
	}
	words := slices.DeleteFunc(strings.Fields(line), changeNumber.MatchString)
	if len(words) == 1 {
		return keywords[fold(words[0])] || labels[words[0]]
	}
	return labels[line]
}

// guard is the last word on a line: a mark before it if it could be an answer.
func guard(line string) string {
	if line == "" || strings.HasPrefix(line, paper.Mark) || !votes(line) {
		return line
	}
	return paper.Mark + line
}

// glue ties every keyword to the word after it, or at the end to the one before
// it, and every label to the word before it, so that wherever a line is broken,
// no keyword is left alone and no label begins one.
func glue(paragraph string) string {
	words := strings.Fields(paragraph)
	tied := make([]bool, len(words)+1) // tied[i]: word i holds on to word i-1
	for i := range words {
		tieKeyword(words, tied, i)
		tieLabel(words, tied, i)
	}
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case tied[i]:
			b.WriteString(noBreak)
		default:
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

// tieKeyword ties word i to the next if it is a keyword, or goes with one as a
// change's number or a dash does; the last word is tied to the one before it.
func tieKeyword(words []string, tied []bool, i int) {
	plain := fold(words[i])
	with := i > 0 && tied[i] && (plain == "" || changeNumber.MatchString(plain))
	if keywords[plain] || with {
		tied[i+1] = true
	}
	if i == len(words)-1 && (votes(words[i]) || with) {
		tied[i] = true
		if with {
			tied[i-1] = true
		}
	}
}

// tieLabel ties the words of a label that ends at word i to one another and to
// the word before them, or to the next where they begin the paragraph.
func tieLabel(words []string, tied []bool, i int) {
	for n := 0; n < 3 && i-n >= 0; n++ {
		name, _, colon := strings.Cut(fold(strings.Join(words[i-n:i+1], " ")), ":")
		if colon && !strings.Contains(norm.NFKC.String(words[i]), ":") {
			return // the label ended before this word
		}
		if name = fold(name); !labels[name] && (!colon || !keywords[name]) {
			continue
		}
		for j := i - n; j <= i; j++ {
			tied[j] = true
		}
		tied[i+1] = tied[i+1] || i == n
	}
}

// wrap breaks one paragraph into lines of at most n columns. It breaks at plain
// spaces; at a no-break space, or within a word, only what would not fit a line
// by itself.
func wrap(paragraph string, n int) []string {
	var lines []string
	line := ""
	for _, word := range strings.FieldsFunc(paragraph, func(r rune) bool { return r == ' ' }) {
		if line != "" && columns(line)+1+columns(word) <= n {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for columns(word) > n {
			var head string
			head, word = split(word, n)
			lines = append(lines, head)
		}
		line = word
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// split breaks a word that is wider than n, at a no-break space where it has one.
func split(word string, n int) (head, rest string) {
	taken, space := 0, -1
	for i, r := range word {
		if taken += columns(string(r)); taken > n {
			if space > 0 {
				return word[:space], word[space+len(noBreak):]
			}
			return word[:i], word[i:]
		}
		if string(r) == noBreak {
			space = i
		}
	}
	return word, ""
}

// columns is how wide a text is on a terminal: East Asian wide characters take
// two columns, combining ones none.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r < 0x300: // Latin, the common case
			n++
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case r >= 0x1100 && (unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) ||
			r >= 0xff00 && r <= 0xff60 || r >= 0x1f300 && r <= 0x1faff):
			n += 2
		default:
			n++
		}
	}
	return n
}
