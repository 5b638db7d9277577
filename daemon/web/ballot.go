package web

import (
	"errors"
	"net/http"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// showLinked shows a ballot to whoever has the link to it.
func (v *visit) showLinked() error { return v.withSheet(v.linked, v.showSheet) }

// enterLinked takes what was entered there.
func (v *visit) enterLinked() error { return v.withSheet(v.linked, v.enter) }

// showOwn and enterOwn are the same for its person, who has signed in.
func (v *visit) showOwn() error  { return v.withSheet(v.own, v.showSheet) }
func (v *visit) enterOwn() error { return v.withSheet(v.own, v.enter) }

func (v *visit) linked() (desk.Sheet, error) {
	sheet, err := v.Desk.ByLink(v.r.Context(), policy.BallotID(v.r.PathValue("ballot")), v.r.PathValue("token"))
	if err == nil && sheet.Expired(v.Now()) {
		err = storage.ErrNotFound
	}
	return sheet, err
}

func (v *visit) own() (desk.Sheet, error) {
	return v.Desk.Of(v.r.Context(), policy.BallotID(v.r.PathValue("ballot")), v.person.ID)
}

// withSheet does it with the ballot, or says that there is none.
func (v *visit) withSheet(find func() (desk.Sheet, error), do func(desk.Sheet) error) error {
	sheet, err := find()
	if errors.Is(err, storage.ErrNotFound) {
		return v.refuse(http.StatusNotFound, "This link leads to no ballot",
			"Mail programs break long links in two; take it from your mail once more. A link also stops working some months after its ballot was closed; sign in to see what became of the change.")
	}
	if err != nil {
		return err
	}
	return do(sheet)
}

// A ballotPage is a ballot, and how it can be answered.
type ballotPage struct {
	Sheet   desk.Sheet
	Letter  mailtmpl.Letter
	Answers []answerForm
	Others  []decided // what others have answered to the same question
	Closed  word      // why it can be answered no more
	Notice  string    // what happened to what was entered
	Signed  bool      // the browser's person is the ballot's
	Files   []policy.File
	FilesAt string // below which they are found
}

// An answerForm is one answer the ballot takes, and its fields.
type answerForm struct {
	Keyword policy.Keyword
	Name    string // what it is called: the keyword, or what it is for
	To      string // what it is for
	Hint    string
	Fields  []field
	Files   bool
	Open    bool
}

// decided is an answer somebody gave.
type decided struct {
	By, At string
	Answer policy.Answer
}

func (v *visit) showSheet(s desk.Sheet) error { return v.showBallot(http.StatusOK, s, entered{}) }

func (v *visit) showBallot(status int, s desk.Sheet, e entered) error {
	p := v.ballotPage(s, e)
	var err error
	if p.Files, err = v.filesOf(s.Change); err != nil {
		return err
	}
	if p.FilesAt = v.r.URL.Path + "/files/"; v.r.PathValue("token") == "" {
		p.FilesAt = mailtmpl.ChangePath + s.Change.Name() + "/files/"
	}
	return v.show(status, "ballot", v.title(s), p)
}

func (v *visit) title(s desk.Sheet) string { return s.Change.Name() + ": " + s.Change.Title() }

func (v *visit) ballotPage(s desk.Sheet, e entered) ballotPage {
	p := ballotPage{Sheet: s, Letter: s.Letter, Notice: e.notice, Signed: v.session != nil && v.person.ID == s.Person.ID}
	if s.Closed != nil {
		p.Others, p.Closed = others(s), refused(s, s.Closed)
		return p
	}
	for _, c := range s.Letter.Choices {
		p.Answers = append(p.Answers, v.answerForm(s, c, e))
	}
	if len(p.Answers) == 1 {
		p.Answers[0].Open = true
	}
	return p
}

func (v *visit) answerForm(s desk.Sheet, c mailtmpl.Choice, e entered) answerForm {
	f := answerForm{Keyword: c.Keyword, Name: string(c.Keyword), To: c.To, Hint: hintFor(c)}
	if c.Keyword == policy.NoKeyword {
		f.Name, f.To = capital(c.To), ""
	}
	of := fieldsOf{sheet: s, directory: v.Desk.Directory(), choice: c}
	if of.correcting() {
		f.Open, of.problems = !e.is, s.Change.Problems
	}
	if e.is && e.Keyword == c.Keyword {
		f.Open, of.given, of.problems = true, e.Fields, e.problems
	}
	f.Fields, f.Files = of.all()
	return f
}

// others are the answers others gave to the same question about the same
// revision.
func others(s desk.Sheet) []decided {
	var all []decided
	for _, b := range s.Change.Ballots {
		if b.Kind != s.Ballot.Kind || b.Revision != s.Ballot.Revision || b.Answer == nil || b.Status != policy.BallotCast {
			continue
		}
		all = append(all, decided{By: s.Data.Name(b.Person), At: s.Data.Time(b.Answer.At), Answer: *b.Answer})
	}
	return all
}

// entered is what came with a POST, and what was wrong with it.
type entered struct {
	desk.Entry
	is       bool
	problems []policy.Problem
	notice   string
}

// enter takes an answer to the ballot.
func (v *visit) enter(s desk.Sheet) error {
	entry, err := v.readEntry(s)
	if err != nil {
		return v.refuse(http.StatusRequestEntityTooLarge, "That is too much", "Nothing was decided. Send smaller files, or answer by mail.")
	}
	e := entered{Entry: entry, is: true}
	if !v.ours() {
		e.notice = "This page was open for very long, or your browser keeps no cookies. Nothing was decided. What you entered stands below: look at it and send it again."
		return v.again(s, http.StatusForbidden, e)
	}
	result, err := v.Desk.Enter(v.r.Context(), s, v.browserHash(), v.session, entry)
	switch {
	case err != nil:
		return err
	case result.Refusal != nil:
		e.notice = result.Refusal.Reason + " " + result.Refusal.Hint
		return v.again(s, http.StatusConflict, e)
	case len(result.Problems) > 0:
		e.problems = result.Problems
		e.notice = "Something is missing or could not be understood. Nothing was decided yet; what is wrong stands beside its field."
		return v.again(s, http.StatusUnprocessableEntity, e)
	default:
		return v.see("/answers/" + result.ID)
	}
}

// again shows the ballot once more, with what was entered.
func (v *visit) again(s desk.Sheet, status int, e entered) error {
	if s.Closed == nil {
		return v.showBallot(status, s, e)
	}
	w := refused(s, s.Closed)
	w.Typed = typedIn(e.Entry)
	return v.show(status, "word", "Nothing was decided by this", w)
}

// refused says why an answer does not count, and leads on: to the ballot that
// counts in place of it, where there is one.
func refused(s desk.Sheet, r *policy.Refusal) word {
	w := word{Says: r.Reason, Hint: r.Hint, Back: mailtmpl.ChangePath + s.Change.Name(), BackSays: "See where the change stands"}
	if r.Ballot != "" && r.Ballot != s.Ballot.ID {
		w.Hint, w.Back, w.BackSays = "There is a newer ballot of yours, and it was mailed to you.", ballotPath(s.Change, r.Ballot), "Open it"
	}
	return w
}

// ballotPath is where the person who has signed in finds a ballot of theirs.
func ballotPath(c policy.Change, b policy.BallotID) string {
	return mailtmpl.ChangePath + c.Name() + "/ballots/" + string(b)
}

func typedIn(e desk.Entry) []typed {
	var all []typed
	for _, l := range e.Fields.Labels() {
		all = append(all, typed{string(l), e.Fields.Get(l)})
	}
	return all
}
