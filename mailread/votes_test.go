package mailread

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/countersign/countersign/policy"
)

// A ballotMail is one of our ballots as it was sent, with the answers it takes.
type ballotMail struct {
	text, html string
	kind       policy.BallotKind
}

// ballotMails are those that ask for a vote, as mailtmpl writes them.
var ballotMails = sync.OnceValues(func() (list []ballotMail, err error) {
	for name, kind := range map[string]policy.BallotKind{
		"authorizer-ask-authorization": policy.BallotAuthorization, "implementer-ask-offer": policy.BallotOffer,
		"implementer-ask-implementation": policy.BallotImplementation, "tester-ask-test": policy.BallotTest,
		"implementer-ask-release": policy.BallotRelease, "authorizer-ask-check": policy.BallotCheck,
	} {
		b := ballotMail{kind: kind}
		for ext, into := range map[string]*string{".txt": &b.text, ".html": &b.html} {
			content, err := os.ReadFile(filepath.Join("..", "mailtmpl", "testdata", name+ext))
			if err != nil {
				return nil, err
			}
			*into = strings.ReplaceAll(string(content), "{token}", "abcdefghijklmnopqrstuvwxyz")
		}
		_, b.text, _ = strings.Cut(b.text, "\n\n")
		_, b.html, _ = strings.Cut(b.html, "</head>")
		b.html = strings.NewReplacer("<body", "<div", "</body>", "</div>", "</html>", "").Replace(b.html)
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b ballotMail) int { return strings.Compare(string(a.kind), string(b.kind)) })
	return list, nil
})

// A ballotAnswer is what somebody meant, and how they typed it.
type ballotAnswer struct {
	keyword policy.Keyword
	form    policy.Form
	typed   string
}

// said are values people give. Some are our own words, copied from the ballot;
// some hold keywords.
var said = []string{
	"support ends next year, and the vendor asks for it",
	"15 leaves support in November 2027; 17 halves our vacuum windows",
	"none new; TLS settings carried over",
	"promote the old standby, 20 minutes",
	"restore last night's dump, run the billing suite, compare totals",
	"I would APPROVE this again: it was rehearsed twice",
	"if this fails we REJECT the next one, I promise",
	"on Monday 23 November 2026 we wrote the runbook anew",
	"la reprise a été répétée deux fois, sans perte",
	"nothing changes for customers\nand nothing for suppliers either",
	"see the ticket: https://tickets.example.com/4711",
	"Ines knows how, and so does Paul; from: 20:00 to: 23:00",
}

// wordFor lists how people write a keyword.
var wordFor = sync.OnceValue(func() map[policy.Keyword][]string {
	all := map[policy.Keyword][]string{}
	for _, word := range slices.Sorted(maps.Keys(vocabulary.keywords)) {
		k := vocabulary.keywords[word]
		all[k] = append(all[k], word, strings.ToUpper(word), capital(word))
	}
	return all
})

// labelFor lists how people write a label.
var labelFor = sync.OnceValue(func() map[policy.Label][]string {
	all := map[policy.Label][]string{}
	for _, name := range slices.Sorted(maps.Keys(vocabulary.labels)) {
		l := vocabulary.labels[name]
		all[l] = append(all[l], name, capital(name), "*"+name+"*", "- "+name)
	}
	return all
})

func capital(word string) string {
	first, size := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(first)) + word[size:]
}

func drawAnswer(t *rapid.T, rule policy.Rule, name string) ballotAnswer {
	v := ballotAnswer{keyword: rule.Keyword, form: policy.Form{}}
	first := rapid.SampledFrom(wordFor()[rule.Keyword]).Draw(t, name)
	v.typed = fmt.Sprintf(rapid.SampledFrom([]string{"%s", "%s.", "*%s*", "%s!", "%s CHG-2026-0042", " %s"}).Draw(t, name+" dress"), first)
	for _, l := range rule.Required {
		value := rapid.SampledFrom(said).Draw(t, name+" "+string(l))
		switch {
		case l == policy.LabelRisk:
			value = "medium, because " + value
		case l == policy.LabelCategory:
			value = string(policy.Cybersecurity)
		case shortFields[l]:
			value, _, _ = strings.Cut(value, "\n")
		}
		v.form[l] = value
		colon := rapid.SampledFrom([]string{": ", ":", " : ", "：", "\u00a0: "}).Draw(t, name+" colon")
		v.typed += rapid.SampledFrom([]string{"\n", "\n\n"}).Draw(t, name+" gap") + rapid.SampledFrom(labelFor()[l]).Draw(t, name+" label") + colon + value
	}
	return v
}

// opposite answers the same ballot in another way.
func opposite(t *rapid.T, rules []policy.Rule, v ballotAnswer) ballotAnswer {
	others := slices.DeleteFunc(slices.Clone(rules), func(r policy.Rule) bool { return r.Keyword == v.keyword })
	if len(others) == 0 {
		return ballotAnswer{typed: "REJECT\nReason: no"}
	}
	return drawAnswer(t, rapid.SampledFrom(others).Draw(t, "other answer"), "other")
}

// afterwards is what stands below what people type.
var afterwards = []string{
	"", "", "\n\nClaire", "\n\nBest regards,\nClaire Tremblay\nCTO", "\n-- \nClaire Tremblay | CTO | Example Inc.\nAPPROVED SUPPLIER 2026",
	"\n\nSent from my iPhone", "\n\nGet Outlook for iOS",
	"\n\nThis e-mail and any attachments are confidential and intended solely for the addressee. If you are not the intended recipient, please reject it.",
}

// quoting is what a reply quotes: the ballot, and in it or around it what
// somebody answered otherwise.
func quoting(t *rapid.T, b ballotMail, other ballotAnswer) quoted {
	q := quoted{b.text, b.html}
	theirs := "On Mon, 23 Nov 2026 at 10:02, Ian Bell <itd@example.com> wrote:\n"
	switch rapid.SampledFrom([]string{"the ballot alone", "the other's mail above", "the other's words below"}).Draw(t, "quoted") {
	case "the other's mail above":
		return quoted{other.typed + "\n\n" + theirs + wrap(q.text, "> ", 76), divs(other.typed) + "<div>" + escaped(theirs) + "</div><blockquote type=\"cite\">" + q.html + "</blockquote>"}
	case "the other's words below":
		return quoted{q.text + "\n\n" + other.typed, q.html + divs(other.typed)}
	}
	return q
}

// An outcome is how the reading of a vote came out.
type outcome int

const (
	right outcome = iota
	askedBack
	wrong
)

// judge holds what was read against what was meant. A vote that is not read is
// asked back; any other vote, and any field with words nobody typed in it, is
// wrong.
func judge(raw []byte, own string, meant ballotAnswer) (outcome, string) {
	m, err := Read(raw, DefaultLimits)
	if err != nil {
		return wrong, err.Error()
	}
	r := Typed(m, own)
	if class := Automatic(m); class != "" {
		return wrong, "taken for automatic: " + class
	}
	a := ReadAnswer(r.Text)
	switch {
	case a.Keyword == policy.NoKeyword || r.Disagree || r.Unsure != "":
		return askedBack, r.Text
	case a.Keyword != meant.keyword:
		return wrong, fmt.Sprintf("read as %s:\n%s", a.Keyword, r.Text)
	}
	out := right
	for l, value := range meant.form {
		switch got := a.Form.Get(l); {
		case got == "":
			out = askedBack // a required field is missing
		case oneSpace(got) != oneSpace(value):
			return wrong, fmt.Sprintf("%s is %q, and was typed %q:\n%s", l, got, value, r.Text)
		}
	}
	return out, r.Text
}

// A sample is a reply some program wrote, and what was meant by it.
type sample struct {
	raw   []byte
	own   string // the ballot, as it was sent
	meant ballotAnswer
	from  string // the program and its language
}

// places are where people type, by whether the end of the quotation is unmarked.
// Hardly anybody types below such a one: their program puts them above it.
var places = map[bool][]position{
	false: {above, above, above, beneath, between},
	true:  slices.Concat(slices.Repeat([]position{above}, 38), []position{beneath, between}),
}

// replies are replies by the client in one language.
func replies(ballots []ballotMail, c client, language string) *rapid.Generator[sample] {
	return rapid.Custom(func(t *rapid.T) sample {
		b := rapid.SampledFrom(ballots).Draw(t, "ballot")
		rules := policy.Answers("", b.kind)
		meant := drawAnswer(t, rapid.SampledFrom(rules).Draw(t, "answer"), "answer")
		r := reply{
			typed: meant.typed, below: rapid.SampledFrom(afterwards).Draw(t, "below"), language: language,
			quoted: quoting(t, b, opposite(t, rules, meant)),
			where:  rapid.SampledFrom(places[c.unmarked]).Draw(t, "where"),
		}
		encoding := rapid.SampledFrom([]string{"8bit", "quoted-printable", "base64"}).Draw(t, "encoding")
		return sample{c.write(r, c.languages[language]).mail(encoding), b.text, meant, c.name + " in " + language}
	})
}

// anyReplies are replies by any client in any of its languages.
func anyReplies(ballots []ballotMail) *rapid.Generator[sample] {
	var all []*rapid.Generator[sample]
	for _, c := range clients {
		var each []*rapid.Generator[sample]
		for _, language := range slices.Sorted(maps.Keys(c.languages)) {
			each = append(each, replies(ballots, c, language))
		}
		all = append(all, rapid.OneOf(each...))
	}
	return rapid.OneOf(all...)
}

var cases = flag.Int("cases", 1000, "how many replies and sentences are read")

// Whatever the program and its language, whatever is quoted and where: never
// another vote than was typed, and nearly always that one at once.
func TestAnyVoteInAnyWrapping(t *testing.T) {
	ballots, err := ballotMails()
	if err != nil {
		t.Fatal(err)
	}
	var tally [3]int
	any := anyReplies(ballots)
	for seed := range *cases {
		s := any.Example(seed)
		out, why := judge(s.raw, s.own, s.meant)
		if tally[out]++; out == wrong && tally[wrong] <= 5 {
			t.Errorf("case %d, %s, typed:\n%s\n\nread: %s\n\n%s", seed, s.from, s.meant.typed, why, s.raw)
		}
	}
	t.Logf("%d replies: %d read right, %d asked back, %d wrong", *cases, tally[right], tally[askedBack], tally[wrong])
	if tally[right]*100 < *cases*95 {
		t.Errorf("%d of %d were read right at once, want 95 of 100", tally[right], *cases)
	}
}

// More behind a keyword, or before it, makes a sentence of it, whatever it is:
// never a vote.
func TestSentencesAreNeverVotes(t *testing.T) {
	words := slices.Sorted(maps.Keys(vocabulary.keywords))
	more := []string{
		"it", "this", "that", "please", "now", "later", "if", "when", "because", "and", "or", "but", "not", "never", "I", "we", "you", "the", "change", "rate", "care",
		"le", "la", "ce", "cela", "si", "quand", "mais", "pas", "plus", "jamais", "avec", "sans", "avant", "après", "?", "…", "-", "(see below)", "2026", "50 %", "👍", "e-mail", "APPROVE", "REJECT",
	}
	sentence := rapid.Custom(func(t *rapid.T) string {
		word := rapid.SampledFrom(words).Draw(t, "keyword")
		word = rapid.SampledFrom([]string{word, strings.ToUpper(word), capital(word)}).Draw(t, "case")
		rest := rapid.SliceOfN(rapid.SampledFrom(more), 1, 6).Draw(t, "rest")
		parts := append([]string{word}, rest...)
		if rapid.IntRange(0, 3).Draw(t, "first") == 0 {
			parts = append(rest, word)
		}
		return strings.Join(parts, " ") + rapid.SampledFrom([]string{"", ".", "!", "?", ","}).Draw(t, "end") + rapid.SampledFrom([]string{"", "\nRisk: low, rehearsed", "\n\nmore words\n"}).Draw(t, "below")
	})
	for seed := range *cases {
		typed := sentence.Example(seed)
		if first, _, _ := strings.Cut(typed, "\n"); isWhole(first) {
			continue // the words happen to be another keyword: "je" and "refuse"
		}
		if a := ReadAnswer(typed); a.Keyword != policy.NoKeyword {
			t.Errorf("%q is read as %s", typed, a.Keyword)
		}
	}
}

func isWhole(line string) bool {
	_, ok := vocabulary.keywords[strings.ToLower(strings.Trim(line, keywordFold+"?…"))]
	return ok
}
