package mailread

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/countersign/countersign/policy"
)

// A keyword counts when it is the whole first line, however it is dressed.
func TestKeywordIsTheWholeFirstLine(t *testing.T) {
	dresses := []string{
		"%", "% ", "\n\n %", "*%*", "**%**", "_%_", `"%"`, "“%”", "'%'", "%.", "%!", "%:", "%,",
		"\ufeff%", "\u00a0%\u00a0", "% CHG-2026-0042", "%: CHG-2026-0042", "% [CHG-2026-0042]", "%\r\nRest of it", "%\tchg-2026-0042.",
	}
	for word, k := range vocabulary.keywords {
		first, rest := utf8.DecodeRuneInString(word)
		for _, written := range []string{word, strings.ToUpper(word), string(unicode.ToUpper(first)) + word[rest:], norm.NFD.String(word)} {
			for _, dress := range dresses {
				typed := strings.ReplaceAll(dress, "%", written)
				if a := ReadAnswer(typed); a.Keyword != k || a.Unclear != "" {
					t.Errorf("%q: read as %q (%s), want %s", typed, a.Keyword, a.Unclear, k)
				} else if strings.Contains(strings.ToUpper(dress), "CHG") && a.Change != "CHG-2026-0042" {
					t.Errorf("%q: change %q", typed, a.Change)
				}
			}
		}
	}
}

// A sentence that begins with a keyword is never a vote, and is asked about.
func TestSentenceIsNeverAVote(t *testing.T) {
	sentences := []string{
		"% it", "% care, I'm away", "% rate is high, why?", "% but only if QA agrees", "%?", "%, I think", "%; yes",
		"% - fine", "% 👍", "(%)", "- %", "• %", "1. %", "not %", "NOT %!", "Don't %", "I %", "Hi, %", "% / REJECTED",
		"%%", "%x", "x%", "% %", "%=", "#%", "% CHG-2026-0042 CHG-2026-0043", "CHG-2026-0042 %", "% CHG-2026-0042 partly",
		"% or not", "Please %", "Ne pas %", "pas %", "non %", "% mais pas tout de suite", "% ?", "Je ne % pas", "% si la QA est d'accord", "% (see below)", "%\u200dx", "% : maybe later : no", "% please",
	}
	for word, k := range vocabulary.keywords {
		_, takesReason := k.TakesReason()
		for _, sentence := range sentences {
			typed := strings.ReplaceAll(sentence, "%", strings.ToUpper(word))
			if takesReason && strings.Contains(sentence, " : ") {
				continue
			}
			a := ReadAnswer(typed)
			if a.Keyword != policy.NoKeyword {
				t.Errorf("%q: read as %s", typed, a.Keyword)
			}
			if strings.HasPrefix(sentence, "% ") && a.Unclear == "" && !strings.ContainsAny(word, " '’") {
				t.Errorf("%q: begins with a keyword and is taken for a plain comment", typed)
			}
		}
	}
}

// Two different keywords are no vote, wherever the second stands alone on its
// line; the same one twice is one.
func TestTwoKeywordsAreNoVote(t *testing.T) {
	for _, k := range policy.Keywords {
		for _, other := range policy.Keywords {
			for _, between := range []string{"\n", "\n\n", "\nRisk: low: rehearsed\n\n", "\nsome words\n"} {
				a := ReadAnswer(string(k) + between + string(other))
				if same := k == other; same != (a.Keyword == k) || !same && a.Unclear != UnclearTwo {
					t.Errorf("%s%q%s: read as %q (%s)", k, between, other, a.Keyword, a.Unclear)
				}
			}
			if a := ReadAnswer(string(k) + " " + string(other)); a.Keyword != policy.NoKeyword {
				t.Errorf("%s %s on one line: read as %s", k, other, a.Keyword)
			}
		}
	}
}

func TestUnclear(t *testing.T) {
	for typed, want := range map[string]string{
		"":                                    "",
		"Thanks, seen.":                       "",
		"We also take the train, ask Bob.":    "",
		"approve but only if":                 UnclearSentence,
		"I think we can approve this":         UnclearSentence,
		"not approved":                        UnclearSentence,
		"Approved!":                           UnclearAlmost,
		"Rejected":                            UnclearAlmost,
		"APPROVE or REJECT, I cannot decide":  UnclearTwo,
		"Hi,\n\nAPPROVE":                      UnclearLater,
		"ＡＰＰＲＯＶＥ":                             UnclearAlmost, // full-width letters
		"REJЕCT":                              UnclearAlmost, // a Cyrillic Е
		"Risk: low, we can approve":           "",
		"Question: may I approve on Tuesday?": "",
	} {
		if a := ReadAnswer(typed); a.Keyword != policy.NoKeyword || a.Unclear != want {
			t.Errorf("%q: keyword %q, unclear %q, want %q", typed, a.Keyword, a.Unclear, want)
		}
	}
}

// "KEYWORD: text" gives the field the answer needs, where the policy says so.
func TestKeywordWithText(t *testing.T) {
	for _, k := range policy.Keywords {
		typed := string(k) + ": the reason\nand more of it\n\nNotes: none"
		a := ReadAnswer(typed)
		label, takes := k.TakesReason()
		switch {
		case !takes && a.Keyword != policy.NoKeyword:
			t.Errorf("%q: read as %s, which takes no text", typed, a.Keyword)
		case takes && a.Keyword != k:
			t.Errorf("%q: read as %q (%s)", typed, a.Keyword, a.Unclear)
		case takes && a.Form.Get(label) != "the reason\nand more of it":
			t.Errorf("%q: %s is %q", typed, label, a.Form.Get(label))
		}
	}
	if a := ReadAnswer("REJECT CHG-2026-0042: no"); a.Keyword != policy.KeywordReject || a.Change != "CHG-2026-0042" || a.Form.Get(policy.LabelReason) != "no" {
		t.Errorf("keyword, number and text: %+v", a)
	}
}

// What one language says, another does not contradict.
func TestLanguagesAgree(t *testing.T) {
	keywords, labels, categories := map[string]policy.Keyword{}, map[string]policy.Label{}, map[string]policy.Category{}
	for _, k := range policy.Keywords {
		keywords[strings.ToLower(string(k))] = k
	}
	for _, l := range languages {
		noContradiction(t, keywords, l.keywords)
		noContradiction(t, labels, l.labels)
		noContradiction(t, categories, l.categories)
	}
}

func noContradiction[V comparable](t *testing.T, all, more map[string]V) {
	t.Helper()
	for word, meaning := range more {
		if before, ok := all[word]; ok && before != meaning {
			t.Errorf("%q means %v, and %v in another language", word, before, meaning)
		}
		all[word] = meaning
	}
}

// No word is a keyword and a label, or a keyword and almost one, in any
// language.
func TestWordsMeanOneThing(t *testing.T) {
	for word, k := range vocabulary.keywords {
		if l, ok := vocabulary.labels[word]; ok {
			t.Errorf("%q is the keyword %s and the label %s", word, k, l)
		}
		if slices.Contains(vocabulary.almost, word) {
			t.Errorf("%q is the keyword %s and only almost one", word, k)
		}
	}
	for _, l := range languages {
		for name := range l.labels {
			if name != foldName(name) {
				t.Errorf("the label %q can never be found; write it %q", name, foldName(name))
			}
		}
		for name := range l.categories {
			if name != foldName(name) {
				t.Errorf("the category %q can never be found; write it %q", name, foldName(name))
			}
		}
	}
}
