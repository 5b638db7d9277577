package confluence

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// A list is a collection as one call sees it.
type list struct {
	results    []any
	start, all int
	limit      int
	next       string // site- or context-relative; empty at the end
}

// list cuts out of a collection what the call is to see: by cursor in the second
// version of the API, by start in the first.
func (c *call) list(items []any) (list, *refusal) {
	limit, r := c.number("limit", min(25, c.site.Limit))
	if r != nil {
		return list{}, r
	}
	if limit == 0 || c.v2 && limit > 250 {
		return list{}, badValue.refuse("limit must be between 1 and 250")
	}
	start, r := c.start()
	if r != nil {
		return list{}, r
	}
	l := list{start: min(start, len(items)), limit: min(limit, c.site.Limit), all: len(items)}
	end := min(l.start+l.limit, len(items))
	if l.results = items[l.start:end]; l.results == nil {
		l.results = []any{}
	}
	if end < len(items) {
		l.next = c.following(end, l.limit)
	}
	return l, nil
}

func (c *call) start() (int, *refusal) {
	if !c.v2 {
		return c.number("start", 0)
	}
	return c.cursor()
}

// cursor is where a call goes on; nobody but the site reads one.
func (c *call) cursor() (int, *refusal) {
	cursor := c.URL.Query().Get("cursor")
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	at, is := bytes.CutPrefix(text, []byte("next:"))
	n, no := strconv.Atoi(string(at))
	if err != nil || no != nil || !is || n < 0 {
		return 0, badValue.refuse("The cursor is invalid")
	}
	return n, nil
}

// following is the link to what follows.
func (c *call) following(end, limit int) string {
	q := c.URL.Query()
	q.Set("limit", strconv.Itoa(limit))
	if !c.v2 {
		q.Set("start", strconv.Itoa(end))
		return "/rest/api" + c.path + "?" + q.Encode()
	}
	return c.site.context() + "/api/v2" + c.path + "?" + withCursor(q, end).Encode()
}

func withCursor(q url.Values, end int) url.Values {
	q.Set("cursor", base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "next:%d", end)))
	return q
}

func (c *call) number(name string, otherwise int) (int, *refusal) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, badValue.refuse(name + " is not a number")
	}
	return n, nil
}

// many are the values of a parameter that may be given more than once.
func (c *call) many(name string) []string {
	var all []string
	for _, value := range c.URL.Query()[name] {
		all = append(all, strings.Split(value, ",")...)
	}
	return all
}

// collection is a list in an answer.
func (c *call) collection(items []any) (any, *refusal) {
	l, r := c.list(items)
	if r != nil {
		return nil, r
	}
	links := m{"base": c.site.URL()}
	if l.next != "" {
		links["next"] = l.next
	}
	if c.v2 {
		return m{"results": l.results, "_links": links}, nil
	}
	links["context"], links["self"] = c.site.context(), c.site.URL()+"/rest/api"+c.path
	return m{"results": l.results, "start": l.start, "limit": l.limit, "size": len(l.results), "_links": links}, nil
}

// each makes answers of things.
func each[T any](things []T, make func(T) any) []any {
	var all []any
	for _, t := range things {
		all = append(all, make(t))
	}
	return all
}
