package mailread

import (
	"errors"
	"slices"
	"strings"
)

// An authResults is an Authentication-Results field (RFC 8601), without its
// comments.
type authResults struct {
	id      string // authserv-id; empty where Exchange Online leaves it out
	results []authResult
	field   string // as it stands in the mail
}

// An authResult is what one method found.
type authResult struct {
	method string // in lower case
	value  string // "pass", in lower case
	props  []authProp
}

// An authProp is a property a result is about, such as header.from.
type authProp struct {
	name  string // in lower case
	value string
}

// prop is the value of a property; it must be there once.
func (r authResult) prop(name string) (string, bool) {
	var found []string
	for _, p := range r.props {
		if p.name == name {
			found = append(found, p.value)
		}
	}
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}

// of lists the results of a method.
func (a authResults) of(method string) []authResult {
	return slices.DeleteFunc(slices.Clone(a.results), func(r authResult) bool { return r.method != method })
}

var errSyntax = errors.New("the field is not written as RFC 8601 has it")

// parseAuthResults reads the value of an Authentication-Results field. Any
// fault of syntax is an error, and nothing of the field is then believed: what
// stands in a comment or in quotes came from a stranger, and half a field may be
// read as what the server never said.
//
// Exchange Online writes no authserv-id, and between its results its name or
// that of the recipient's domain by itself; exchange lets these stand.
func parseAuthResults(field string, exchange bool) (authResults, error) {
	a := authResults{field: field}
	words, ok := lex(field)
	if !ok {
		return a, errSyntax
	}
	words = slices.DeleteFunc(words, func(w lexeme) bool { return w.kind == remark })
	for i, segment := range segments(words) {
		switch r, bare, ok := readSegment(segment); {
		case !ok:
			return a, errSyntax
		case i == 0 && bare != "":
			a.id = bare
		case i == 0 && !exchange:
			return a, errSyntax
		case bare != "" && exchange, bare == "none":
		case bare != "":
			return a, errSyntax
		default:
			a.results = append(a.results, r)
		}
	}
	return a, nil
}

// segments parts a field at its semicolons; one at its end parts nothing.
func segments(words []lexeme) [][]lexeme {
	all := [][]lexeme{nil}
	for _, w := range words {
		if w.kind == semicolon {
			all = append(all, nil)
			continue
		}
		all[len(all)-1] = append(all[len(all)-1], w)
	}
	if last := len(all) - 1; last > 0 && len(all[last]) == 0 {
		all = all[:last]
	}
	return all
}

// readSegment reads "method=result name=value…", or a word that stands alone:
// the authserv-id, with its version perhaps.
func readSegment(words []lexeme) (r authResult, bare string, ok bool) {
	if len(words) == 0 {
		return r, "", false
	}
	if first := words[0]; !assigns(words) {
		version := len(words) == 1 || len(words) == 2 && words[1].kind == bareWord && digits(words[1].text)
		return r, strings.ToLower(first.text), version && first.text != "" && !strings.Contains(first.text, "=")
	}
	for len(words) > 0 {
		var p authProp
		if p, words, ok = readProp(words); !ok {
			return r, "", false
		}
		if r.method == "" {
			method, _, _ := strings.Cut(p.name, "/") // its version
			r.method, r.value = method, strings.ToLower(p.value)
			continue
		}
		r.props = append(r.props, p)
	}
	return r, "", r.method != "" && r.value != ""
}

// assigns says whether the words begin with "name=" or "name =".
func assigns(words []lexeme) bool {
	return words[0].kind == bareWord && strings.Contains(words[0].text, "=") ||
		len(words) > 1 && words[1].kind == bareWord && strings.HasPrefix(words[1].text, "=")
}

// readProp reads one "name=value", with space around the sign perhaps.
func readProp(words []lexeme) (p authProp, rest []lexeme, ok bool) {
	if words[0].kind != bareWord {
		return p, nil, false
	}
	name, value, signed := strings.Cut(words[0].text, "=")
	rest = words[1:]
	if !signed {
		if len(rest) == 0 || rest[0].kind != bareWord || !strings.HasPrefix(rest[0].text, "=") {
			return p, nil, false
		}
		value, rest = rest[0].text[1:], rest[1:]
	}
	if value == "" {
		if len(rest) == 0 {
			return p, nil, false
		}
		value, rest = rest[0].text, rest[1:]
		if rest0 := words[len(words)-len(rest)-1]; rest0.kind == inQuotes && len(rest) > 0 && rest[0].kind == bareWord && !rest[0].spaced {
			value, rest = value+rest[0].text, rest[1:] // "local part"@domain
		}
	}
	if len(rest) > 0 && !rest[0].spaced { // a"b" is neither a token nor a quoted string
		return p, nil, false
	}
	return authProp{name: strings.ToLower(name), value: value}, rest, name != ""
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// A lexeme is a piece of a structured field (RFC 5322, 3.2).
type lexeme struct {
	kind   lexemeKind
	text   string // without quotes or parentheses, quoted pairs undone
	spaced bool   // space or a comment stands before it
}

type lexemeKind int

const (
	bareWord lexemeKind = iota
	inQuotes
	remark
	semicolon
)

// lex parts a structured field. It is not ok where a quotation or a comment does
// not end, or one ends that did not begin.
func lex(text string) (all []lexeme, ok bool) {
	spaced := false
	for text != "" {
		w := lexeme{spaced: spaced}
		length := 1
		switch c := text[0]; c {
		case ' ', '\t', '\r', '\n':
			spaced, text = true, text[1:]
			continue
		case ';':
			w.kind, w.spaced = semicolon, true
		case '(':
			w.kind, w.spaced = remark, true
			w.text, length = enclosed(text, '(', ')')
		case '"':
			w.kind = inQuotes
			w.text, length = enclosed(text, 0, '"')
		case ')':
			return nil, false
		default:
			if length = strings.IndexAny(text, " \t\r\n;()\""); length < 0 {
				length = len(text)
			}
			w.text = text[:length]
			if strings.ContainsFunc(w.text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
				return nil, false
			}
		}
		if length == 0 {
			return nil, false
		}
		all = append(all, w)
		text, spaced = text[length:], w.kind == remark || w.kind == semicolon
	}
	return all, true
}

// enclosed is what stands between the first byte and the one that closes it, and
// the length of all of it; 0 where nothing closes it.
func enclosed(text string, opens, closes byte) (inside string, length int) {
	var b strings.Builder
	for i, depth := 1, 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			if i++; i == len(text) {
				return "", 0
			}
			b.WriteByte(text[i])
			continue
		case c == opens && opens != 0:
			depth++
		case c == closes:
			if depth--; depth == 0 {
				return b.String(), i + 1
			}
		}
		b.WriteByte(text[i])
	}
	return "", 0
}
