package web

import (
	"encoding/csv"
	"net/http"
	"strings"
	"time"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
)

// csvColumns are those of the table for spreadsheets (RFC 4180).
var csvColumns = []struct {
	name string
	of   func(mailtmpl.Data, registerLine) string
}{
	{"Number", func(_ mailtmpl.Data, l registerLine) string { return l.Name }},
	{"Title", func(_ mailtmpl.Data, l registerLine) string { return l.Title }},
	{"State", func(_ mailtmpl.Data, l registerLine) string { return string(l.State) }},
	{"Category", func(_ mailtmpl.Data, l registerLine) string { return l.Category }},
	{"Proposed by", func(_ mailtmpl.Data, l registerLine) string { return l.By }},
	{"Opened", func(d mailtmpl.Data, l registerLine) string { return l.moment(d, l.RegisterRow.Opened) }},
	{"Ended", func(d mailtmpl.Data, l registerLine) string { return l.moment(d, l.RegisterRow.Ended) }},
	{"Major", func(_ mailtmpl.Data, l registerLine) string { return l.yes(l.Major) }},
	{"Restricted", func(_ mailtmpl.Data, l registerLine) string { return yesNo[l.Restricted] }},
	{"Waiting for", func(_ mailtmpl.Data, l registerLine) string { return l.Waits }},
	{"Due", func(d mailtmpl.Data, l registerLine) string { return l.moment(d, l.Due) }},
}

var yesNo = map[bool]string{true: "yes", false: "no"}

func (l registerLine) yes(is bool) string {
	if l.Hidden {
		return ""
	}
	return yesNo[is]
}

func (l registerLine) moment(d mailtmpl.Data, t time.Time) string {
	if t.IsZero() || l.Hidden {
		return ""
	}
	return t.In(d.Location).Format("2006-01-02 15:04")
}

// registerCSV gives all rows of the register that the filter chooses, as they
// are read.
func (v *visit) registerCSV() error {
	filter, form := v.filter(v.r.URL.Query())
	if len(form.Problems) > 0 {
		return v.refuse(http.StatusUnprocessableEntity, strings.Join(form.Problems, " "), "Nothing was looked for.")
	}
	d := v.Desk.About(policy.Change{}, v.person)
	w := csv.NewWriter(v.w)
	w.UseCRLF = true
	began := false
	begin := func() {
		began = true
		v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		v.w.Header().Set("Content-Disposition", `attachment; filename="changes.csv"`)
		v.w.Write([]byte(mailtmpl.ByteOrderMark)) //nolint:errcheck // who is gone reads nothing
		w.Write(csvHead())                        //nolint:errcheck // likewise
	}
	if v.r.Method == http.MethodHead {
		begin()
		return nil
	}
	n := 0
	for row, err := range v.Store.Registered(v.r.Context(), filter) {
		switch {
		case err != nil && !began:
			return err
		case err != nil:
			v.breakOff(err)
		case !began:
			begin()
		}
		if err := w.Write(csvRow(d, line(d, row, filter.Whole))); err != nil {
			return ignoreGone(err)
		}
		if n++; n%1000 == 0 {
			v.goOnWriting()
		}
	}
	if !began {
		begin()
	}
	w.Flush()
	return nil
}

func csvHead() (cells []string) {
	for _, c := range csvColumns {
		cells = append(cells, c.name)
	}
	return cells
}

func csvRow(d mailtmpl.Data, l registerLine) (cells []string) {
	for _, c := range csvColumns {
		cells = append(cells, mailtmpl.Harmless(c.of(d, l)))
	}
	return cells
}

// goOnWriting gives a browser that reads on as much time again.
func (v *visit) goOnWriting() {
	http.NewResponseController(v.w).SetWriteDeadline(time.Now().Add(bodyTime)) //nolint:errcheck // a writer without deadlines needs none
}

// breakOff ends an answer of which a part has left, so that nobody takes it for
// whole.
func (v *visit) breakOff(err error) {
	v.Log.Error("writing a table", "error", err)
	panic(http.ErrAbortHandler)
}
