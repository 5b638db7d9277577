package confluence

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// kinds tells errors apart by the number of the answer and a piece of what it
// says; the first row that fits counts, and an empty piece fits all.
var kinds = []struct {
	status int
	says   string
	kind   Kind
}{
	{http.StatusUnauthorized, "scope does not match", Scope},
	{http.StatusUnauthorized, "", Credentials},
	{http.StatusForbidden, "not permitted to use confluence", Credentials},
	{http.StatusForbidden, "cannot access confluence", Credentials},
	{http.StatusForbidden, "", Forbidden},
	{http.StatusNotFound, "can not find draft with current content", Archived},
	{http.StatusNotFound, "", Unclear},
	{http.StatusBadRequest, "title already exists", TitleTaken},
	{http.StatusInternalServerError, "title already exists", TitleTaken},
	{http.StatusBadRequest, "error parsing xhtml", Malformed},
	{http.StatusBadRequest, "cannot be converted to new editor", Malformed},
	{http.StatusConflict, "optimisticlock", Passing},
	{http.StatusConflict, "staleobjectstate", Passing},
	{http.StatusConflict, "", Stale},
	{http.StatusRequestEntityTooLarge, "", TooLarge},
	{http.StatusTooManyRequests, "", Throttled},
	{http.StatusRequestTimeout, "", Passing},
	{http.StatusBadGateway, "", Passing},
	{http.StatusServiceUnavailable, "", Passing},
	{http.StatusGatewayTimeout, "", Passing},
	{http.StatusGone, "", NotConfluence},
}

// kindOf says what a refusal means, as far as it says so itself.
func kindOf(status int, title string) Kind {
	if status == http.StatusNotFound && title == "Not Found" {
		return Credentials // Cloud's way to say it: a page that is not there is named
	}
	said := strings.ToLower(title)
	for _, row := range kinds {
		if row.status == status && strings.Contains(said, row.says) {
			return row.kind
		}
	}
	if status < http.StatusBadRequest { // a redirect, to where one signs in
		return NotConfluence
	}
	return Refused
}

// titleOf is what an answer says, in whichever envelope it came, or in none.
func titleOf(body []byte) string {
	var envelope struct {
		Errors []struct {
			Title  string
			Detail any
		}
		Message string
	}
	text := bytes.TrimSpace(body)
	json.Unmarshal(text, &envelope) //nolint:errcheck // what does not fit is left out
	switch {
	case len(envelope.Errors) > 0:
		detail, _ := envelope.Errors[0].Detail.(string)
		return line(envelope.Errors[0].Title + " " + detail)
	case json.Valid(text) || len(text) == 0:
		return line(envelope.Message)
	case text[0] == '<':
		return "a page of HTML"
	}
	return "no JSON"
}

// longestTitle is how much of what Confluence says is told on.
const longestTitle = 400

// line is a text in one line of bounded length.
func line(text string) string {
	runes := []rune(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " "))
	return string(runes[:min(len(runes), longestTitle)])
}

// names says whether a text names an id: as a word of its own, not within
// another number.
func names(text, id string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return id != "" && slices.Contains(words, id)
}

// after is how long an answer wants us to wait: seconds, or a date, which is seen
// from the answer's own. A Data Center says 0 with every answer, which means
// nothing.
func after(h http.Header) time.Duration {
	said := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(said); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	at, err := http.ParseTime(said)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(at.Sub(now), 0)
}
