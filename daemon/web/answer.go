package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// An answerPage is what was entered: before its code was typed, or as counted.
type answerPage struct {
	Slip    desk.Slip
	Letter  mailtmpl.Letter
	Counted bool
	Mailed  string // where the code went, as far as its person knows it anyway
	Until   string
	Wrong   string // what is wrong with the code that was typed
	Again   bool   // another code can be typed
	Back    string
}

func (v *visit) showAnswer() error {
	return v.withSlip(func(s desk.Slip) error { return v.showSlip(http.StatusOK, s, "") })
}

func (v *visit) withSlip(do func(desk.Slip) error) error {
	s, err := v.Desk.Slip(v.r.Context(), v.r.PathValue("id"), v.browserHash())
	if errors.Is(err, storage.ErrNotFound) || err == nil && s.Submission.Purpose != storage.ForAnswer {
		return v.elsewhere()
	}
	if err != nil {
		return err
	}
	return do(s)
}

func (v *visit) elsewhere() error {
	return v.refuse(http.StatusNotFound, "This belongs to another browser",
		"A code is good only in the browser in which the answer was entered. Open the page of your ballot here by the link in your mail, and answer it here.")
}

func (v *visit) showSlip(status int, s desk.Slip, wrong string) error {
	sub := s.Submission
	p := answerPage{
		Slip: s, Letter: s.Letter, Counted: sub.Used, Mailed: masked(sub.Address), Until: s.Sheet.Data.Time(sub.Until), Wrong: wrong,
		Again: sub.Ended == nil && v.Now().Before(sub.Until), Back: ballotPath(s.Sheet.Change, sub.Ballot),
	}
	title := "Type the code"
	switch {
	case p.Counted:
		title = "Counted"
	case !p.Again:
		title = "Not counted"
	}
	return v.show(status, "answer", title+": "+s.Sheet.Change.Name(), p)
}

// masked shows so much of an address that its owner knows it.
func masked(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return address
	}
	return address[:1] + "…" + address[at:]
}

// What is said of a code that was not taken.
var codeSays = map[desk.CodeState]string{
	desk.CodeWrong:  "That is not the code. Look at the newest mail and type the six digits once more.",
	desk.CodeSpent:  "That was not the code, and it was tried too often. Nothing was decided.",
	desk.CodeLapsed: "The code is no longer good: it was too long ago. Nothing was decided.",
}

// confirmAnswer takes the code.
func (v *visit) confirmAnswer() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 4<<10)
	return v.withSlip(func(s desk.Slip) error {
		if !v.ours() {
			return v.showSlip(http.StatusForbidden, s, "This page was open for very long, or your browser keeps no cookies. Type the code once more.")
		}
		c, err := v.Desk.Confirm(v.r.Context(), s.Submission.ID, v.browserHash(), digits(v.r.PostFormValue("code")))
		if err != nil {
			return err
		}
		s.Submission = c.Submission
		switch {
		case c.State == desk.CodeElsewhere:
			return v.elsewhere()
		case c.State == desk.CodeSpent && c.Submission.Used:
			return v.see(v.r.URL.Path) // typed twice
		case c.State != desk.CodeRight:
			return v.showSlip(http.StatusUnprocessableEntity, s, codeSays[c.State])
		}
		v.signedIn(c.Session)
		if c.Counted {
			return v.see(v.r.URL.Path)
		}
		return v.overtaken(s, c)
	})
}

// overtaken says that the answer no longer counted when its code was typed.
func (v *visit) overtaken(s desk.Slip, c desk.Confirmation) error {
	w := word{
		Says: "Nothing was decided by this", Hint: "Something happened to the change while you were typing. Open your ballot again.",
		Back: ballotPath(s.Sheet.Change, s.Sheet.Ballot.ID), BackSays: "Open the ballot",
	}
	if c.Refusal != nil {
		w = refused(s.Sheet, c.Refusal)
	}
	w.Typed = typedIn(s.Entry)
	return v.show(http.StatusConflict, "word", "Nothing was decided by this", w)
}

// digits are those in what was typed: people put spaces between them.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// capital writes the first letter large.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// hintFor is what is said of an answer before its fields. How a mail is to be
// written does not concern a page.
func hintFor(c mailtmpl.Choice) string {
	if slices.Contains(aboutMail, c.Keyword) {
		return ""
	}
	return c.Hint
}

// aboutMail are the answers whose hint says how to write a mail.
var aboutMail = []policy.Keyword{
	policy.NoKeyword, policy.KeywordApprove, policy.KeywordPass, policy.KeywordImplemented, policy.KeywordConfirm, policy.KeywordContinue,
	policy.KeywordCancel,
}
