package paper_test

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/paper"
)

var keys = paper.Keys{Current: "2", Secrets: map[string][]byte{
	"1": []byte("an older secret of thirty-two bytes"), "2": []byte("the secret in use, thirty-two bytes"),
}}

func token(t *testing.T, kid string, purpose paper.Purpose, p paper.Paper) string {
	t.Helper()
	text, err := keys.Token(kid, purpose, p)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A token is the same each time it is made, and another for everything else it
// could be made of.
func TestATokenIsOnePapersOnly(t *testing.T) {
	p := paper.Paper{Change: "c", Ballot: "b", Person: "cto", Generation: 1}
	mine := token(t, "2", paper.Mail, p)
	if again := token(t, "2", paper.Mail, p); again != mine || len(mine) != 26 || strings.ToLower(mine) != mine {
		t.Fatalf("%q, then %q", mine, again)
	}
	seen := map[string]string{mine: "itself"}
	for name, other := range map[string]string{
		"another key":           token(t, "1", paper.Mail, p),
		"another purpose":       token(t, "2", paper.Page, p),
		"another change":        token(t, "2", paper.Mail, paper.Paper{Change: "d", Ballot: "b", Person: "cto", Generation: 1}),
		"another ballot":        token(t, "2", paper.Mail, paper.Paper{Change: "c", Ballot: "a", Person: "cto", Generation: 1}),
		"no ballot":             token(t, "2", paper.Mail, paper.Paper{Change: "c", Person: "cto", Generation: 1}),
		"another person":        token(t, "2", paper.Mail, paper.Paper{Change: "c", Ballot: "b", Person: "itd", Generation: 1}),
		"another generation":    token(t, "2", paper.Mail, paper.Paper{Change: "c", Ballot: "b", Person: "cto", Generation: 2}),
		"a boundary that moved": token(t, "2", paper.Mail, paper.Paper{Change: `c" "b`, Person: "cto", Generation: 1}),
	} {
		if twin, double := seen[other]; double {
			t.Errorf("%s has the token of %s", name, twin)
		}
		seen[other] = name
	}
	if _, err := keys.Token("3", paper.Mail, p); err == nil {
		t.Error("a token was made with a key nobody has")
	}
}

// Tokens are found wherever people's mail programs leave them, and nothing else
// is taken for one.
func TestFind(t *testing.T) {
	a, b := strings.Repeat("a", 26), strings.Repeat("b2", 13)
	for text, want := range map[string][]string{
		"(ref b-" + a + ")":                          {a},
		"To: changes+b-" + a + "@example.com":        {a},
		"TO: CHANGES+B-" + strings.ToUpper(a) + "@X": {a},
		"> b-" + b + " and b-" + a + " and b-" + b:   {b, a},
		"b-" + a[:25]:                  nil,
		"b-" + a + "a":                 nil,
		"b-" + strings.Repeat("1", 26): nil, // 0, 1, 8 and 9 stand in no token
		"sub-b" + a:                    nil,
		"job-" + a + " b_-" + a:        nil,
		"b-" + a + "_ b-" + a + "é":    {a},
		"b-b-" + a + "-" + b:           {a},
		strings.Repeat("-", 9) + "b-":  nil,
	} {
		if got := paper.Find(text); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := paper.Find(paper.Written(a)); len(got) != 1 || got[0] != a {
		t.Errorf("what is written is not found: %q", got)
	}
}

// The database learns nothing from a hash that it could answer with.
func TestHash(t *testing.T) {
	a := strings.Repeat("a", 26)
	if h := paper.Hash(a); h != paper.Hash(a) || h == paper.Hash(strings.Repeat("b", 26)) || strings.Contains(h, a) || len(h) != 3+64 {
		t.Errorf("%q", h)
	}
}

// Tokens begin with the day on which the change was proposed, and so do their
// hashes; that says nothing of the rest.
func TestTokensBeginWithADay(t *testing.T) {
	keys := paper.Keys{Current: "1", Secrets: map[string][]byte{"1": []byte("a secret of thirty-two bytes, say")}}
	token := func(change, person string) string {
		token, err := keys.Token("1", paper.Mail, paper.Paper{Change: change, Person: person, Generation: 1})
		if err != nil || len(token) != 26 {
			t.Fatalf("%q: %v", token, err)
		}
		return token
	}
	cto, itd := token("202603020123456789ab", "cto"), token("20260302ba9876543210", "itd")
	later, foreign := token("202603030123456789ab", "cto"), token("c1", "cto")
	if cto[:3] != itd[:3] || cto[3:6] == itd[3:6] {
		t.Errorf("two of one day: %q, %q", cto, itd)
	}
	if later[:3] == cto[:3] || later[3:] == cto[3:] {
		t.Errorf("two of different days: %q, %q", cto, later)
	}
	if hash := paper.Hash(cto); hash[:3] != cto[:3] || strings.Contains(hash, cto[3:9]) {
		t.Errorf("the hash of %q is %q", cto, hash)
	}
	if paper.Find(paper.Written(foreign))[0] != foreign {
		t.Errorf("%q is no token", foreign)
	}
}

func TestSubAddress(t *testing.T) {
	if before, after := paper.SubAddress("changes@example.com"); before+"b-x"+after != "changes+b-x@example.com" {
		t.Errorf("%q %q", before, after)
	}
}

// The separator survives clients: plain ASCII, short, and no signature mark.
func TestSeparator(t *testing.T) {
	s := paper.Separator
	if len(s) >= 50 || strings.HasPrefix(s, "--") || strings.ContainsFunc(s, func(r rune) bool { return r > 126 }) {
		t.Errorf("%q", s)
	}
}
