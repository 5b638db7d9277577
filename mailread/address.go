package mailread

import (
	"net/mail"
	"regexp"
	"strconv"
	"strings"
)

// An Address is a mailbox as a header names it; Address is [Canonical].
type Address struct{ Name, Address string }

// What can be wrong with From; a mail with any of these is nobody's.
const (
	NoFrom         = "no From"
	TwoFromFields  = "two From fields"
	TwoFrom        = "two addresses in From"
	UnreadableFrom = "unreadable From"
)

// sender reads the one address a From field may hold.
func sender(values []string) (Address, string) {
	switch {
	case len(values) == 0 || len(values) == 1 && blank(values[0]):
		return Address{}, NoFrom
	case len(values) > 1:
		return Address{}, TwoFromFields
	}
	parser := mail.AddressParser{WordDecoder: words}
	list, err := parser.ParseList(values[0])
	switch {
	case err != nil:
		return looseAddress(values[0])
	case len(list) > 1:
		return Address{}, TwoFrom
	case len(list) == 0: // a group of nobody: "team:;"
		return Address{}, UnreadableFrom
	}
	return address(list[0].Name, list[0].Address)
}

var lastAngle = regexp.MustCompile(`^([^<>]*)<\s*([^<>\s@]+@[^<>\s@]+)\s*>\s*$`)

// looseAddress reads what net/mail refuses though people send it:
// "foo@bar.test <foo@bar.test>" and "Name [x] <a@b>". Exactly one <...> stands
// at the end, and no comma outside quotation marks before it.
func looseAddress(value string) (Address, string) {
	m := lastAngle.FindStringSubmatch(value)
	if m == nil || strings.ContainsAny(unquoted(m[1]), ",;") {
		return Address{}, UnreadableFrom
	}
	return address(decodedWords(strings.Trim(m[1], ` "`)), m[2])
}

var quotedString = regexp.MustCompile(`"(\\.|[^"\\])*"`)

func unquoted(s string) string { return quotedString.ReplaceAllString(s, "") }

func address(name, addr string) (Address, string) {
	addr = Canonical(Clean(addr))
	if strings.Count(addr, "@") != 1 || strings.ContainsAny(addr, " \t\n<>\"") {
		return Address{}, UnreadableFrom
	}
	return Address{oneSpace(Clean(name)), addr}, ""
}

// Canonical is the address as addresses are compared and shown: the letters A to Z
// in lower case, the domain as the DNS has it (RFC 5891). So letters of another
// alphabet that look like ours stay others, and a domain of such is seen to be
// one: "cto@xn--exmple-4nf.com".
func Canonical(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return plainLower(address)
	}
	return plainLower(address[:at+1]) + inDNS(address[at+1:])
}

// plainLower leaves all but A to Z as it is: the Kelvin sign is no "k".
func plainLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Shown is an address for people to read: with letters before the @ that are not
// of ASCII spelled out, since they may look like others.
func Shown(address string) string {
	spelled := strconv.QuoteToASCII(address)
	return spelled[1 : len(spelled)-1]
}

var (
	addressText = regexp.MustCompile(`[^\s<>,;:"()\[\]]+@[^\s<>,;:"()\[\]]+`)
	idText      = regexp.MustCompile(`<([^<>\s]{1,990})>`)
)

// addresses lists every address written in the values, each once.
func addresses(values ...string) []string {
	var list []string
	seen := map[string]bool{}
	for _, v := range values {
		for _, a := range addressText.FindAllString(Clean(v), -1) {
			if a = Canonical(a); !seen[a] {
				seen[a] = true
				list = append(list, a)
			}
		}
	}
	return list
}

// ids lists the message ids written in a field, whatever else stands there:
// `Your message of "Mon, 23 Nov" <id>` is common.
func ids(value string) []string {
	var list []string
	for _, m := range idText.FindAllStringSubmatch(Clean(value), -1) {
		list = append(list, m[1])
	}
	return list
}
