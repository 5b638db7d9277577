package mailread

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// A Lookup asks the DNS for the text records of a name.
type Lookup func(ctx context.Context, name string) ([]string, error)

// What a check of our own may cost.
const (
	mostSignatures = 5
	dnsPatience    = 10 * time.Second
)

const unsigned = "it has no signature of the domain in From"

func (p Proof) unsigned() bool { return p.Why == unsigned }

// covered are the fields a signature must cover that is to prove anything, where
// the mail has them: else a signed mail could be sent again as another.
var covered = []string{"From", "Subject", "Date", "In-Reply-To"}

// single are the fields of which there must be no second: which of two a
// signature covers is not which of two a program shows.
var single = []string{"From", "To", "Subject", "Date", "Message-Id", "In-Reply-To"}

// checkDKIM checks the signatures ourselves (RFC 6376): one of the domain in
// From, or of its organization, must be good and cover what is read.
func (p Profile) checkDKIM(ctx context.Context, raw []byte, domain string) Proof {
	head, _ := headerOf(raw)
	for _, name := range single {
		if len(head[strings.ToLower(name)]) > 1 {
			return Proof{Why: "it has several fields " + name}
		}
	}
	ctx, stop := context.WithTimeout(ctx, dnsPatience)
	defer stop()
	lookup := p.Lookup
	if lookup == nil {
		lookup = net.DefaultResolver.LookupTXT
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT:        func(name string) ([]string, error) { return lookup(ctx, name) },
		MaxVerifications: mostSignatures,
	})
	if err != nil && len(found) == 0 {
		return Proof{Why: "its signatures cannot be checked"}
	}
	proof := Proof{Why: unsigned}
	for _, v := range found {
		if v == nil || !aligned(v.Domain, domain) {
			continue
		}
		switch missing := uncovered(head, v.HeaderKeys); {
		case v.Err != nil:
			proof = Proof{Why: "the signature of " + v.Domain + " is not good here"}
		case missing != "":
			proof = Proof{Why: "the signature of " + v.Domain + " does not cover " + missing}
		default:
			return Proof{Proven: true, How: "dkim=pass header.d=" + hostName(v.Domain) + ", checked here"}
		}
	}
	return proof
}

// uncovered is the first field of the mail that the signature should cover and
// does not.
func uncovered(head map[string][]string, keys []string) string {
	for _, name := range covered {
		signed := slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, name) })
		if there := len(head[strings.ToLower(name)]) > 0; !signed && (there || name == "From") {
			return name
		}
	}
	return ""
}

// headerOf lists the values of the fields of a raw mail, by their names in lower
// case, and gives what follows the header.
func headerOf(raw []byte) (fields map[string][]string, body []byte) {
	fields = map[string][]string{}
	last := ""
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		raw = rest
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if had := fields[last]; len(had) > 0 {
				had[len(had)-1] += string(line)
			}
			continue
		}
		name, value, _ := strings.Cut(string(line), ":")
		last = strings.ToLower(strings.TrimSpace(name))
		fields[last] = append(fields[last], strings.TrimSpace(value))
	}
	return fields, raw
}
