package mailread

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AwayUntil is the date until which an out-of-office says that its sender is
// away, or on which they are back; at is when it came. There is none where it
// cannot be read for sure: 3/12 may be either day, and of dates far apart
// nobody knows which is meant.
func AwayUntil(m *Message, at time.Time) (time.Time, bool) {
	if class := Automatic(m); class != Vacation && (class != AutoSubmitted || !m.says("Auto-Submitted", "auto-replied")) {
		return time.Time{}, false
	}
	text := Typed(m).Text
	text = oneSpace(Clean(text[:min(len(text), mostAbsence)]))
	var dates []time.Time
	for _, speaks := range absences() {
		found, sure := speaks.dates(text, at)
		if !sure {
			return time.Time{}, false
		}
		dates = append(dates, found...)
	}
	if len(dates) == 0 {
		return time.Time{}, false
	}
	first, last := slices.MinFunc(dates, time.Time.Compare), slices.MaxFunc(dates, time.Time.Compare)
	return last, last.Sub(first) <= longWeekend
}

const (
	mostAbsence = 4000                 // bytes of the text that are looked at
	longWeekend = 5 * 24 * time.Hour   // "until Friday, back on Tuesday"
	longAbsence = 400 * 24 * time.Hour // a date further off is none of a return
)

// An absenceReader knows dates of return in one language.
type absenceReader struct {
	before   *regexp.Regexp   // what stands before the date, such as "until"
	after    []*regexp.Regexp // a date, and what stands behind it; by form
	months   map[string]time.Month
	forms    []dateForm
	dayFirst bool // 3/12 is the third of December
}

// A dateForm is one way to write a date, and where its year, month and day stand.
type dateForm struct {
	text             string
	at               *regexp.Regexp
	year, month, day int
	numeric          bool // month and day are alike
}

// dateForms are how people write dates; %s stands for the name of a month.
var dateForms = []dateForm{
	{text: `(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b`, year: 1, month: 2, day: 3},
	{text: `(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})\b`, day: 1, month: 2, year: 3, numeric: true},
	{text: `(\d{1,2})/(\d{1,2})()\b`, day: 1, month: 2, year: 3, numeric: true},
	{text: `(\d{1,2})\. ?(\d{1,2})()\.`, day: 1, month: 2, year: 3},
	{text: `(\d{1,2})(?:st|nd|rd|th|er|[.ºª])? ?(?:(?:de|of|di|en) |d[’'])?%s(?:,? ?(?:(?:de|del) )?(\d{4}))?`, day: 1, month: 2, year: 3},
	{text: `%s (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?`, month: 1, day: 2, year: 3},
	{text: `(\d{4}). ?%s (\d{1,2})`, year: 1, month: 2, day: 3},
	{text: `(?:(\d{4}) ?[年년] ?)?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日号號일]`, year: 1, month: 2, day: 3},
}

func newAbsenceReader(w absenceWords) absenceReader {
	r := absenceReader{months: monthsOf(w.months), dayFirst: w.dayFirst}
	for _, f := range dateForms {
		if strings.Contains(f.text, "%s") {
			if len(r.months) == 0 {
				continue
			}
			f.text = fmt.Sprintf(f.text, anyOf(r.months))
		}
		f.at = regexp.MustCompile(`(?i)^[ ,(]*(?:[\pL’'.]{1,14}[ ,]+){0,2}` + f.text)
		r.forms = append(r.forms, f)
		if w.after != "" {
			r.after = append(r.after, regexp.MustCompile(`(?i)`+f.text+`[^\d.!?;]{0,20}?(?:`+w.after+`)`))
		}
	}
	switch {
	case w.before != "" && w.unspaced:
		r.before = regexp.MustCompile(w.before)
	case w.before != "":
		r.before = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:` + w.before + `)(?:[^\pL]|$)`)
	}
	return r
}

func monthsOf(list string) map[string]time.Month {
	months := map[string]time.Month{}
	for i, names := range strings.Fields(list) {
		for name := range strings.SplitSeq(names, "|") {
			months[name] = time.Month(i + 1)
		}
	}
	return months
}

// anyOf is a group of all the names, "december" before "dec".
func anyOf(months map[string]time.Month) string {
	names := slices.SortedFunc(maps.Keys(months), func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	return "(" + strings.Join(names, "|") + `)\.?`
}

// mostDates are looked at in one language.
const mostDates = 20

// dates lists the dates of a return; sure is false where one of them may be
// two.
func (r absenceReader) dates(text string, now time.Time) (list []time.Time, sure bool) {
	var found []wrote
	if r.before != nil {
		for _, place := range r.before.FindAllStringIndex(text, mostDates) {
			found = append(found, r.dateAt(text[place[1]:])...)
		}
	}
	for i, after := range r.after {
		for _, parts := range after.FindAllStringSubmatch(text, mostDates) {
			found = append(found, r.wrote(r.forms[i], parts))
		}
	}
	for _, w := range found {
		if w.numeric && !r.dayFirst && w.month <= 12 && w.day <= 12 && w.month != w.day {
			return nil, false
		}
		if date, ok := w.date(now); ok {
			list = append(list, date)
		}
	}
	return list, true
}

// dateAt is the date the text begins with, if it does.
func (r absenceReader) dateAt(text string) []wrote {
	text = text[:min(len(text), 200)]
	for _, f := range r.forms {
		at := f.at.FindStringSubmatchIndex(text)
		if at == nil || goesOn.MatchString(text[at[1]:]) {
			continue
		}
		return []wrote{r.wrote(f, f.at.FindStringSubmatch(text))}
	}
	return nil
}

// goesOn is what a date does not go on with: half a word, or a time of day.
var goesOn = regexp.MustCompile(`(?i)^([\pL\d]|[:.]\d| ?(uhr|h|am|pm|a\.m|p\.m|o[’']clock)\b)`)

// A wrote date is one as it stands there; its year may be left out.
type wrote struct {
	year, month, day int
	numeric          bool
}

func (r absenceReader) wrote(f dateForm, parts []string) wrote {
	w := wrote{numeric: f.numeric}
	w.year, _ = strconv.Atoi(parts[f.year])
	w.day, _ = strconv.Atoi(parts[f.day])
	w.month, _ = strconv.Atoi(parts[f.month])
	if named, ok := r.months[strings.ToLower(parts[f.month])]; ok {
		w.month = int(named)
	}
	if w.numeric && w.month > 12 { // whatever the order, there is only one way to read it
		w.month, w.day = w.day, w.month
	}
	if w.year > 0 && w.year < 100 {
		w.year += 2000
	}
	return w
}

// date is the date meant: without a year, the next after now. One that has
// passed, or is far off, is no date of a return.
func (w wrote) date(now time.Time) (time.Time, bool) {
	year := w.year
	if year == 0 {
		year = now.Year()
	}
	date := time.Date(year, time.Month(w.month), w.day, 0, 0, 0, 0, time.UTC)
	if w.year == 0 && date.Before(now.AddDate(0, 0, -1)) {
		date = date.AddDate(1, 0, 0)
	}
	real := w.month >= 1 && w.month <= 12 && date.Day() == w.day && int(date.Month()) == w.month
	return date, real && date.After(now) && date.Sub(now) < longAbsence
}
