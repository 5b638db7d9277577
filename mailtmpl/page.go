package mailtmpl

import (
	"strings"
	"time"

	"github.com/countersign/countersign/policy"
)

// Compose says what a notice says, for a page: the same as its mail, and in the
// same words. There is no paper in it; a page is answered on the page.
func Compose(d Data) (Letter, error) {
	w, err := word(d)
	if err != nil {
		return Letter{}, err
	}
	return compose(d, w)
}

// BallotPath and ChangePath are where the pages of a ballot and of a change
// stand below the address of all pages. That of a ballot ends in its token.
const (
	BallotPath = "/b/"
	ChangePath = "/changes/"
	SignInPath = "/sign-in/"
)

// page is the address of the page of what the mail is about: of the ballot it
// asks about, shown to whoever has the link, or of the change, shown to people
// who have signed in. It is empty where there is none.
func (d Data) page() Segments {
	switch web := strings.TrimSuffix(d.Org.WebURL, "/"); {
	case web == "":
		return nil
	case d.Code.ID != "" && d.Code.Ballot == "":
		return Segments{{Text: web + SignInPath + string(d.Code.ID) + "/"}, {Slot: SlotSignIn + " " + string(d.Code.ID)}}
	case d.Code.ID != "" || d.Number() == "":
		return nil
	case d.Papered && d.Ballot().Open():
		return Segments{{Text: web + BallotPath + string(d.Ballot().ID) + "/"}, {Slot: SlotPage}}
	default:
		return Segments{{Text: web + ChangePath + d.Number()}}
	}
}

// pageSays is what is found on the page.
func (d Data) pageSays() string {
	switch {
	case d.Code.ID != "":
		return "Or sign in by this link"
	case d.Papered && d.Ballot().Open():
		return "Or answer on a page"
	default:
		return "The whole change on its page"
	}
}

// A Code is what a one-time code is for: an answer somebody entered on a page, or to
// sign in.
type Code struct {
	ID     CodeID
	Ballot policy.BallotID // of the answer
	Kind   policy.BallotKind
	Answer policy.Answer // as it was entered
	Until  time.Time     // when the code lapses
}

// A CodeID names what a code is for.
type CodeID string

func (d Data) codeSlot() string {
	if d.Code.ID == "" {
		return ""
	}
	return SlotCode + " " + string(d.Code.ID)
}

// entered shows the answer a code is for.
func entered(d Data) []Row {
	rows := ours("Change", d.Number()+", "+d.Edition())
	if d.Code.Answer.Keyword != policy.NoKeyword {
		rows = append(rows, ours("Answer", string(d.Code.Answer.Keyword))...)
	}
	rows = append(rows, fields(d.Code.Answer.Fields)...)
	return append(rows, files(d.Code.Answer.Files)...)
}

// Doing says what the answer would do: "approve".
func (d Data) Doing() string {
	return errandOf(d.Code.Kind, d.Code.Answer.Keyword).to
}
