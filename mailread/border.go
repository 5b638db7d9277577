package mailread

import (
	"slices"
	"strings"
)

// A trace is the header of a mail as servers wrote it, topmost first: each puts
// its fields above those of the one before, so nobody who sent the mail can write
// above the line of the server that took it in. That line is the border.
type trace []traceField

type traceField struct {
	name  string // in lower case
	value string
	hop   hop // of a Received field
}

// A hop is what a Received field says (RFC 5321, 4.4).
type hop struct {
	from, by, with string // in lower case, without the dot at the end
	login          string // who had logged in to send the mail, as Postfix writes it
}

func (m *Message) trace() trace {
	var t trace
	for fields := m.header.Fields(); fields.Next(); {
		f := traceField{name: strings.ToLower(fields.Key()), value: fields.Value()}
		if f.name == "received" {
			f.hop = readHop(f.value)
		}
		t = append(t, f)
	}
	return t
}

// readHop reads the clauses of a Received field up to its date. Of the comments
// only the last before "by" is looked at: those before may repeat what the
// sender called itself.
func readHop(value string) (h hop) {
	words, ok := lex(value)
	if !ok {
		return hop{}
	}
	clauses := map[string]*string{"from": &h.from, "by": &h.by, "with": &h.with}
	var last string
	for i, w := range words {
		if w.kind == semicolon {
			break
		}
		if w.kind == remark {
			last = w.text
			continue
		}
		into := clauses[strings.ToLower(w.text)]
		if w.kind != bareWord || into == nil || *into != "" || i+1 == len(words) || words[i+1].kind != bareWord {
			continue
		}
		if *into = hostName(words[i+1].text); into == &h.by {
			h.login = loginIn(last)
		}
	}
	return h
}

func hostName(text string) string { return strings.TrimSuffix(strings.ToLower(text), ".") }

// loginIn is the login in a comment as Postfix writes it where
// smtpd_sasl_authenticated_header is set.
func loginIn(comment string) string {
	login, is := strings.CutPrefix(comment, "Authenticated sender: ")
	if !is || strings.ContainsAny(login, " ()") {
		return ""
	}
	return Canonical(login)
}

// border is the place of the topmost Received field of a server that is one of
// ours; -1 without one.
func (t trace) border(ours func(hop) bool) int {
	return slices.IndexFunc(t, func(f traceField) bool { return f.name == "received" && ours(f.hop) })
}

// onlyAbove says whether all Received fields above the place are of the kind. What
// came by a server that nobody named may bear lines of its sender's below, which
// seem to be ours.
func (t trace) onlyAbove(place int, kind func(hop) bool) bool {
	return !slices.ContainsFunc(t[:place], func(f traceField) bool { return f.name == "received" && !kind(f.hop) })
}

// adjacent are fields that servers write between their Received field and their
// Authentication-Results.
var adjacent = map[string]bool{"received-spf": true, "authentication-results": true, "dkim-filter": true, "x-spamd-bar": true, "x-rspamd-server": true}

// above lists the Authentication-Results that stand above the place, up to the
// next Received field: nobody but our own servers writes there.
func (t trace) above(place int) (fields []string) {
	for i := place - 1; i >= 0 && t[i].name != "received"; i-- {
		if t[i].name == "authentication-results" {
			fields = append(fields, t[i].value)
		}
	}
	return fields
}

// next is the Authentication-Results that stands right above or below the place,
// with nothing but fields of the same server between.
func (t trace) next(place, step int) (value string, ok bool) {
	for i := place + step; i >= 0 && i < len(t) && adjacent[t[i].name]; i += step {
		if t[i].name == "authentication-results" {
			return t[i].value, true
		}
	}
	return "", false
}

// below lists the Authentication-Results right below the place: the first ones
// there, before any field of the sender's.
func (t trace) below(place int) (fields []string) {
	for i := place + 1; i < len(t) && adjacent[t[i].name]; i++ {
		if t[i].name == "authentication-results" {
			fields = append(fields, t[i].value)
		}
	}
	return fields
}

// first is the value of the topmost field of the name.
func (t trace) first(name string) string {
	for _, f := range t {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// hops are the Received fields, topmost first.
func (t trace) hops() (hops []hop) {
	for _, f := range t {
		if f.name == "received" {
			hops = append(hops, f.hop)
		}
	}
	return hops
}
