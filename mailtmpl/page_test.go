package mailtmpl

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

const pages = "https://changes.example.com"

// pageVariants are the mails that name a page, and those with a code for one.
func pageVariants(list map[string]Data) {
	for _, kind := range []policy.NoticeKind{policy.AskAuthorization, policy.NoticeWaiting, policy.ToldReleased} {
		d := list[string(kind)]
		d.Org.WebURL = pages
		list[string(kind)+"+page"] = d
	}
	code := mailOf(policy.CodeAnswer, proposed(), "cto", "You have entered an answer on a page.", "11-23 09:12")
	code.Org.WebURL, code.Papered = pages, false
	code.Code = Code{ID: "k3", Ballot: "open-authorization", Kind: policy.BallotAuthorization, Answer: *answer(policy.KeywordApprove, "cto", "11-23 09:12", assessment()), Until: at("11-23 09:27")}
	list[string(policy.CodeAnswer)] = code
	kept := mailOf(policy.CopyAnswer, proposed(), "", "It is the mailbox in which all answers lie.", "11-23 09:12")
	kept.Papered, kept.Notice.Address, kept.Copy = false, kept.Org.Mailbox, []byte(`{"answer":"e30="}`)
	kept.Notice.Cause = answer(policy.KeywordApprove, "cto", "11-23 09:12", assessment())
	list[string(policy.CopyAnswer)] = kept
	signIn := mailOf(policy.CodeSignIn, policy.Change{}, "cto", "Somebody, probably you, asked to sign in with your address.", "11-23 09:12")
	signIn.Org.WebURL, signIn.Papered = pages, false
	signIn.Code = Code{ID: "k4", Until: at("11-23 09:27")}
	list[string(policy.CodeSignIn)] = signIn
}

// A mail names one page, whose address ends in what only the sending fills in;
// a mail to many names one that says nothing to strangers.
func TestAMailNamesItsPage(t *testing.T) {
	for name, want := range map[string]string{
		"authorizer-ask-authorization+page": pages + "/b/open-authorization/{page}",
		"everyone-notice-released+page":     pages + "/changes/CHG-2026-0042",
		"person-code-sign-in":               pages + "/sign-in/k4/{sign-in k4}",
		"person-code-answer":                "",
		"authorizer-ask-authorization":      "",
	} {
		m := rendered(t, examples()[name])
		for part, text := range map[string]string{"text": m.Text.String(), "HTML": m.HTML.String()} {
			if n := strings.Count(text, pages); want == "" && n > 0 || want != "" && (n != 1 || !strings.Contains(text, want)) {
				t.Errorf("the %s of %s does not name %q once:\n%s", part, name, want, text)
			}
		}
	}
}
