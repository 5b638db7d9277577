package mailtmpl

import "time"

// A Term is when somebody stands in for an authorizer, in words.
type Term struct {
	For, By string // names; By is empty where nobody does any more
	Span    string // "from Tue 1 December until Fri 4 December"
	Contact string // of the principal: name and address
}

// Term is the term the mail tells of.
func (d Data) Term() Term {
	a := d.Notice.Appointed
	if a == nil {
		return Term{}
	}
	t := Term{For: d.Name(a.Principal), Contact: d.Contact(a.Principal)}
	if a.Deputy == "" {
		return t
	}
	t.By = d.Name(a.Deputy)
	t.Span = "until " + d.Day(a.Until.Add(-time.Second)) // the last whole day
	if a.From.After(a.At) {
		t.Span = "from " + d.Day(a.From) + " " + t.Span
	}
	return t
}
