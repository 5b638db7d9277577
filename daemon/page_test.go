package daemon_test

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// pages is where the pages are in every play.
const pages = "https://changes.example.com"

var (
	ballotLink = regexp.MustCompile(regexp.QuoteMeta(pages) + `/b/\S+`)
	codeLine   = regexp.MustCompile(`(?m)^ +([0-9]{6})$`)
)

// page has a person open the page that a mail names, and enter an answer there:
// PERSON MAIL [FILE]. Without an answer it is only opened.
func (c *conversation) page(l line) string {
	link := ballotLink.FindString(c.received(l).Text)
	if link == "" {
		c.fatalf("the mail names no page")
	}
	ballot, token := path.Split(strings.TrimPrefix(link, pages+"/b/"))
	sheet, err := c.stage.Desk.ByLink(c.t.Context(), policy.BallotID(strings.Trim(ballot, "/")), token)
	if err != nil {
		c.fatalf("%v", err)
	}
	c.result = "open"
	if sheet.Closed != nil {
		c.result = "closed: " + string(sheet.Closed.Code)
	}
	text := c.letter(l, l.words[1], l.words[3:]).Body
	if strings.TrimSpace(text) == "" {
		return ""
	}
	answer := mailread.ReadAnswer(text)
	entry := desk.Entry{Keyword: answer.Keyword, Fields: answer.Form}
	entered, err := c.stage.Desk.Enter(c.t.Context(), sheet, l.words[1], c.browsers[l.words[1]].session, entry)
	if err != nil {
		c.fatalf("%v", err)
	}
	c.entered(l.words[1], entered.ID, entered)
	return ""
}

// A chromium is what somebody's browser holds.
type chromium struct {
	typing  string // what a code is awaited for
	session *storage.Session
}

// entered says what became of an entry.
func (c *conversation) entered(who, id string, e desk.Entered) {
	b := c.browsers[who]
	switch {
	case e.Counted:
		c.result = "counted"
	case e.Refusal != nil:
		c.result = "refused: " + string(e.Refusal.Code)
	case len(e.Problems) > 0:
		c.result = fmt.Sprintf("missing: %s", e.Problems[0].Label)
	default:
		c.result, b.typing = "code mailed", id
	}
	c.browsers[who] = b
	c.step()
}

// signIn has a person ask to sign in: PERSON.
func (c *conversation) signIn(l line) string {
	id, err := c.stage.Desk.AskToSignIn(c.t.Context(), address(l.words[1]), l.words[1])
	if err != nil {
		c.fatalf("%v", err)
	}
	c.entered(l.words[1], id, desk.Entered{})
	return ""
}

// code has a person type the code they were mailed, or another: PERSON [CODE].
func (c *conversation) code(l line) string {
	who := l.words[1]
	code := strings.Join(l.words[2:], "")
	if code == "" {
		code = c.mailedCode(who)
	}
	confirmed, err := c.stage.Desk.Confirm(c.t.Context(), c.browsers[who].typing, who, code)
	if err != nil {
		c.fatalf("%v", err)
	}
	if confirmed.State != desk.CodeRight {
		c.result = "code " + string(confirmed.State)
		return ""
	}
	session, _, err := c.stage.Desk.Session(c.t.Context(), confirmed.Session)
	if err != nil || session == nil {
		c.fatalf("the browser is not signed in: %v", err)
	}
	c.browsers[who] = chromium{session: session}
	if c.result = "signed in"; confirmed.Submission.Purpose == storage.ForAnswer {
		c.entered(who, "", confirmed.Entered)
	}
	return ""
}

// mailedCode is the code in their latest mail with one.
func (c *conversation) mailedCode(who string) string {
	for _, kind := range []policy.NoticeKind{policy.CodeAnswer, policy.CodeSignIn} {
		m, _ := c.stage.Latest(address(who), kind)
		if found := codeLine.FindStringSubmatch(m.Text); found != nil {
			return found[1]
		}
	}
	c.fatalf("%s was mailed no code", who)
	return ""
}
