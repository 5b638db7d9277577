package mailread

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Deputation is what a person typed about who stands in for them.
type Deputation struct {
	Name   string    // as typed
	Nobody bool      // from now on nobody does
	From   time.Time // the first day, where one is named; midnight in UTC, as all days here
	Until  time.Time // the last
	Doubt  string    // why it is not clear what is meant, the end of a sentence
}

// What can be unclear about a deputation.
const (
	doubtLast   = "it does not say until when"
	doubtFirst  = "the first day cannot be read for sure"
	doubtUntil  = "the last day cannot be read for sure"
	doubtBeside = "another answer stands beside it"
)

var (
	deputyLine = regexp.MustCompile(`(?i)^(?:deputy|suppléante?)\b[:,]?\s+(.+)$`)
	deputyWord = regexp.MustCompile(`^(?:DEPUTY|SUPPLÉANTE?)\b`)
	untilDay   = regexp.MustCompile(`(?i)^(.*?)[,;]?\s*\b(?:until|till|jusqu['’]au|jusqu['’][àa])\b:?\s*(.*)$`)
	fromDay    = regexp.MustCompile(`(?i)^(.*?)[,;]?\s+(?:from|starting|dès le|à partir du)\b:?\s*(.*)$`)
	goesOnWith = regexp.MustCompile(`(?i)^\s*(?:from|until|till|dès le|à partir du|jusqu['’](?:au|à))\b`)
	nobodys    = []string{"nobody", "none", "no one", "personne", "aucun", "aucune"}
)

// ReadDeputation reads "DEPUTY name UNTIL day", with FROM and a first day if it is
// not today; and "DEPUTY NOBODY". It is not ok where the first typed line is
// nothing of the kind; today is the day it came, where the company is.
//
// The day must be the whole of what stands there: "until Friday at noon" is no
// day. Unlike a keyword this is a line of several words, so it is taken for one
// only if it says until when, or begins with the word in capitals.
func ReadDeputation(typed string, today time.Time) (d Deputation, ok bool) {
	lines := strings.Split(Clean(typed), "\n")
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return Deputation{}, false
	}
	said, rest := oneSpace(strings.Trim(lines[0], keywordFold)), lines[1:]
	for len(rest) > 0 && goesOnWith.MatchString(rest[0]) {
		said, rest = said+" "+oneSpace(rest[0]), rest[1:]
	}
	parts := deputyLine.FindStringSubmatch(said)
	if parts == nil || len(said) > mostDeputation {
		return Deputation{}, false
	}
	whom := strings.Trim(parts[1], keywordFold)
	until := untilDay.FindStringSubmatch(whom)
	switch {
	case slices.Contains(nobodys, strings.ToLower(whom)):
		d.Nobody = true
	case until != nil:
		d.days(until[1], until[2], today)
	case !deputyWord.MatchString(said):
		return Deputation{}, false
	default:
		d.Name, d.Doubt = whom, doubtLast
	}
	if len(keywordsIn(rest)) > 0 {
		d.Doubt = doubtBeside
	}
	return d, true
}

// mostDeputation is how long the line can be, in bytes.
const mostDeputation = 300

// days reads the name with the first day, where there is one, and the last.
func (d *Deputation) days(before, until string, today time.Time) {
	var ok bool
	if d.Until, ok = day(until, today); !ok {
		d.Doubt = doubtUntil
	}
	if from := fromDay.FindStringSubmatch(before); from != nil {
		before = from[1]
		if d.From, ok = day(from[2], today); !ok {
			d.Doubt = doubtFirst
		}
	}
	d.Name = strings.Trim(before, " \t,;:*_\"'“”«»")
}

// relative are the days that have a name today.
var relative = map[string]int{"today": 0, "aujourd'hui": 0, "tomorrow": 1, "demain": 1}

// weekdays are the days of the week, each the next one after today.
var weekdays = map[string]time.Weekday{
	"monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday,
	"friday": time.Friday, "saturday": time.Saturday, "sunday": time.Sunday,
	"lundi": time.Monday, "mardi": time.Tuesday, "mercredi": time.Wednesday, "jeudi": time.Thursday,
	"vendredi": time.Friday, "samedi": time.Saturday, "dimanche": time.Sunday,
}

// day reads a text that is a day and nothing else, today or later. It is not ok
// where it may be two: 3/12, or the day of the week that today is.
func day(text string, today time.Time) (time.Time, bool) {
	midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	word := strings.ToLower(strings.ReplaceAll(strings.Trim(text, keywordFold), "’", "'"))
	if days, ok := relative[word]; ok {
		return midnight.AddDate(0, 0, days), true
	}
	if weekday, ok := weekdays[strings.TrimPrefix(strings.TrimPrefix(word, "next "), "on ")]; ok {
		days := (int(weekday-midnight.Weekday()) + 7) % 7
		return midnight.AddDate(0, 0, days), days > 0 && !strings.HasPrefix(word, "next ")
	}
	return dateAlone(strings.Trim(text, " \t*_\"'!,:`"), midnight)
}

// dayReaders read days in the languages that answers are read in.
var dayReaders = sync.OnceValue(func() []absenceReader {
	var readers []absenceReader
	for _, w := range absenceLanguages {
		if w.language == "English" || w.language == "French" {
			readers = append(readers, newAbsenceReader(w))
		}
	}
	return readers
})

// dateAlone reads a text that is one date, in the ways out-of-offices write them.
func dateAlone(text string, today time.Time) (time.Time, bool) {
	for _, speaks := range dayReaders() {
		for _, form := range speaks.forms {
			at := form.at.FindStringIndex(text)
			if at == nil || !onlyFold(text[at[1]:], "") {
				continue
			}
			w := speaks.wrote(form, form.at.FindStringSubmatch(text))
			if w.numeric && w.month <= 12 && w.day <= 12 && w.month != w.day {
				return time.Time{}, false
			}
			date, ok := w.date(today.Add(-time.Nanosecond))
			return date, ok && !anotherWeekday(text, date)
		}
	}
	return time.Time{}, false
}

// anotherWeekday says whether the text names a day of the week that the date is
// not.
func anotherWeekday(text string, date time.Time) bool {
	for _, word := range letters.FindAllString(strings.ToLower(text), -1) {
		if weekday, ok := weekdays[word]; ok && weekday != date.Weekday() {
			return true
		}
	}
	return false
}
