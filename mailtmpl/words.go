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

var (
	newlines   = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")
	whitespace = strings.NewReplacer("\t", " ", noBreak, " ")
)

// clean takes out of a text what could make it look other than it is: control
// characters, direction overrides and invisible spaces. Lines end in "\n".
func clean(s string) string {
	if plain(s) {
		return s
	}
	s = whitespace.Replace(newlines.Replace(s))
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

// plain says whether a text is nothing but what a typewriter has, as most of it
// is: there is nothing to clean out of it.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' || c > '~') && c != '\n' {
			return false
		}
	}
	return true
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
func fold(s string) string { return bare(lower(s)) }

// lower brings a text to one form and one case, without what nobody sees.
func lower(s string) string {
	if s = strings.ReplaceAll(s, noBreak, " "); !plain(s) {
		s = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Cf, r) {
				return -1
			}
			return r
		}, norm.NFKC.String(s))
	}
	return strings.ToLower(s)
}

// bare takes the decoration from both ends of a text, and puts its words one
// space apart.
func bare(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != ':' })
	if plain(s) && !strings.Contains(s, "\n") && !strings.Contains(s, "  ") {
		return s // as most
	}
	return strings.Join(strings.Fields(s), " ")
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
	// endings are the last words of all of them.
	endings = func() map[string]bool {
		m := map[string]bool{}
		for _, all := range []map[string]bool{keywords, labels} {
			for name := range all {
				m[name[strings.LastIndexByte(name, ' ')+1:]] = true
			}
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
	if word, alone := besideNumbers(line); alone {
		return keywords[fold(word)] || labels[word]
	}
	return labels[line]
}

// besideNumbers is the only word of a folded line that is no change's number,
// if there is exactly one.
func besideNumbers(line string) (only string, alone bool) {
	for word := range strings.SplitSeq(line, " ") {
		switch {
		case isNumber(word):
		case only != "":
			return "", false
		default:
			only = word
		}
	}
	return only, only != ""
}

// isNumber says whether a folded word is a change's number.
func isNumber(word string) bool {
	return strings.Contains(word, "-") && changeNumber.MatchString(word)
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
	low := make([]string, len(words))
	for i, w := range words {
		low[i] = lower(w)
	}
	tied := make([]bool, len(words)+1) // tied[i]: word i holds on to word i-1
	for i := range words {
		tieKeyword(words, low, tied, i)
		tieLabel(low, tied, i)
	}
	var b strings.Builder
	b.Grow(len(paragraph) + len(paragraph)/8)
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
func tieKeyword(words, low []string, tied []bool, i int) {
	word := bare(low[i])
	with := i > 0 && tied[i] && (word == "" || isNumber(word))
	if keywords[word] || with {
		tied[i+1] = true
	}
	if i == len(words)-1 && (with || votes(words[i])) {
		tied[i] = true
		if with {
			tied[i-1] = true
		}
	}
}

// tieLabel ties the words of a label that ends at word i to one another and to
// the word before them, or to the next where they begin the paragraph.
func tieLabel(low []string, tied []bool, i int) {
	last, here := bare(low[i]), strings.Contains(low[i], ":")
	if last != "" && !here && !endings[last] {
		return // no label ends in this word, as in nearly all
	}
	for n := 0; n < 3 && i-n >= 0; n++ {
		name, _, colon := strings.Cut(bare(strings.Join(low[i-n:i+1], " ")), ":")
		if colon && !here {
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
	var line strings.Builder
	used := 0
	next := func() {
		lines = append(lines, line.String())
		line.Reset()
		used = 0
	}
	for word := range strings.FieldsFuncSeq(paragraph, func(r rune) bool { return r == ' ' }) {
		wide := columns(word)
		switch {
		case line.Len() == 0:
		case used+1+wide <= n:
			line.WriteByte(' ')
			used++
		default:
			next()
		}
		for wide > n {
			var head string
			head, word = split(word, n)
			lines = append(lines, head)
			wide = columns(word)
		}
		line.WriteString(word)
		used += wide
	}
	if line.Len() > 0 || len(lines) == 0 {
		next()
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
