// Package paper is what makes a ballot a piece of paper: the marks by which our
// own mails are known again when they come back quoted, and the tokens that say
// whose paper it is.
//
// A token is 26 lower-case letters and digits: three for the day on which the
// change was proposed, and base32(HMAC-SHA-256(key, purpose, paper, generation,
// person)) cut to 115 bits. The database keeps only its hash, by the day; the
// token itself is made again at the moment of sending and stands in nothing else
// we write.
package paper

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Separator is the first line of every mail that can be answered: visible, one
// text node, no leading "--", short enough that no client wraps it.
const Separator = "== your answer goes above this line =="

// Mark stands before each further line of a value people wrote, so that no line
// of ours ever begins with a word of theirs.
const Mark = "│ "

// A Purpose says what a token is good for; tokens of different purposes differ.
type Purpose string

// The purposes of tokens.
const (
	Mail    Purpose = "mail"    // answers by mail
	Page    Purpose = "page"    // shows the approval page
	SignIn  Purpose = "sign-in" // the link by which a person signs in to the pages
	Confirm Purpose = "confirm" // confirms a held mail
)

// A Paper is what a token stands for: one person's ballot, or their standing
// paper on a change where Ballot is empty.
type Paper struct {
	Change     string
	Ballot     string
	Person     string
	Generation int
}

// Keys are the secrets tokens are made with, by key id. New tokens use Current.
type Keys struct {
	Current string
	Secrets map[string][]byte
}

// Token makes the token of the paper with the key kid.
func (k Keys) Token(kid string, purpose Purpose, p Paper) (string, error) {
	secret, ok := k.Secrets[kid]
	if !ok {
		return "", fmt.Errorf("no token key with id %q", kid)
	}
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%q %q %q %d %q", purpose, p.Change, p.Ballot, p.Generation, p.Person)
	return day(p.Change) + encoding.EncodeToString(mac.Sum(nil))[:length-dayLength], nil
}

// Codes are six digits: few enough to type on a phone, and five tries find one
// of a million.
const codes = 1_000_000

// Code makes the one-time code of an errand with the key kid, as RFC 4226 (5.3)
// makes digits of a hash. Like a token it is derived, so that it stands in
// nothing that is kept.
func (k Keys) Code(kid, errand string) (string, error) {
	secret, ok := k.Secrets[kid]
	if !ok {
		return "", fmt.Errorf("no token key with id %q", kid)
	}
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "code %q", errand)
	sum := mac.Sum(nil)
	from := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[from:])&0x7fffffff)%codes), nil
}

// Seal is by what something of ours is known again that comes back by mail.
func (k Keys) Seal(kid string, content []byte) (string, error) {
	secret, ok := k.Secrets[kid]
	if !ok {
		return "", fmt.Errorf("no token key with id %q", kid)
	}
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "seal %d ", len(content))
	mac.Write(content)
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// Is says whether the token is that of the paper, made with any of the keys. It
// takes as long for a wrong one as for a right one.
func (k Keys) Is(token string, purpose Purpose, p Paper) bool {
	is := 0
	for kid := range k.Secrets {
		if right, err := k.Token(kid, purpose, p); err == nil {
			is |= subtle.ConstantTimeCompare([]byte(right), []byte(token))
		}
	}
	return is == 1
}

// Hash is what the database keeps of a token: the day, so that the tokens of one
// season lie together in the index, and a hash of all of it.
func Hash(token string) string {
	sum := sha256.Sum256([]byte("countersign token " + token))
	return token[:min(dayLength, len(token))] + hex.EncodeToString(sum[:])
}

const (
	length    = 26
	dayLength = 3 // of its characters, enough for 89 years
)

// day writes the day with which a change's id begins as three letters and
// digits; it comes again after 89 years, which does no harm.
func day(change string) string {
	at, err := time.Parse("20060102", change[:min(8, len(change))])
	if err != nil {
		at = time.Time{} // no change of ours; then all of them lie together
	}
	n := at.Unix() / (24 * 60 * 60)
	return string([]byte{alphabet[n>>10&31], alphabet[n>>5&31], alphabet[n&31]})
}

const alphabet = "abcdefghijklmnopqrstuvwxyz234567"

var encoding = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// Written is a token as it is written in a footer or a sub-address: "b-TOKEN".
func Written(token string) string { return "b-" + token }

// Find lists the tokens written in the text, each once, in order. A token is a
// word of its own, in letters of either case.
func Find(text string) []string {
	var found []string
	for {
		before, after, dashed := strings.Cut(text, "-")
		if !dashed {
			return found
		}
		token := strings.ToLower(after[:wordLength(after)])
		if endsInB(before) && isToken(token) && !slices.Contains(found, token) {
			found = append(found, token)
		}
		text = after
	}
}

func endsInB(s string) bool {
	n := len(s)
	return n > 0 && (s[n-1] == 'b' || s[n-1] == 'B') && (n == 1 || !inWord(s[n-2]))
}

func isToken(word string) bool {
	return len(word) == length && strings.Trim(word, alphabet) == ""
}

func wordLength(s string) int {
	n := 0
	for n < len(s) && inWord(s[n]) {
		n++
	}
	return n
}

func inWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// SubAddress splits the mailbox so that a token can be written into it:
// "changes+" and "@example.com" for "changes@example.com".
func SubAddress(mailbox string) (before, after string) {
	at := strings.LastIndexByte(mailbox, '@')
	if at < 0 {
		return mailbox, ""
	}
	return mailbox[:at] + "+", mailbox[at:]
}
