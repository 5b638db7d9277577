package mailread

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// A Profile says whose word is believed about who sent a mail (docs/proof.md).
type Profile struct {
	Provider Provider
	// ID is the authserv-id of our own server; its fields only are believed.
	ID string
	// MX are the hosts that take mail in for us, as they call themselves in
	// Received fields.
	MX []string
	// RemovesForged says that our server removes fields with its own id from mail
	// that comes in, so that one below its Received field is its own too.
	RemovesForged bool
	// InternalMail believes the word of Exchange Online for mail that never left it.
	InternalMail bool
	// CheckDKIM checks signatures here as well, and believes nothing they contradict.
	CheckDKIM bool
	// Mailbox is our own address; in its domain a login needs none of its own.
	Mailbox string
	// Lookup asks the DNS for text records. Without it, the system is asked.
	Lookup Lookup
}

// A Provider is who takes our mail in.
type Provider string

// The providers whose word can be read.
const (
	M365     Provider = "m365"
	Gmail    Provider = "gmail"
	OwnMTA   Provider = "own-mta"
	OnlyDKIM Provider = "dkim"       // nobody's: signatures are checked here
	NoProof  Provider = "token-only" // nobody's
)

// A Proof is how sure it is that a mail comes from the address in its From
// field.
type Proof struct {
	Proven bool
	Forged bool   // it certainly does not
	How    string // by what it is proven or refuted: "dmarc=pass header.from=example.com"
	Why    string // why it is not proven, a clause
	Field  string // what was believed, as it stands in the mail
}

// Prove says how sure it is who sent the mail, whose bytes are raw. It is meant
// for mail with one address in From.
func (p Profile) Prove(ctx context.Context, m *Message, raw []byte) Proof {
	_, domain, ok := strings.Cut(m.From.Address, "@")
	if !ok || domain == "" {
		return Proof{Why: "From has no domain"}
	}
	if len(m.Header("From")) != 1 {
		return Proof{Why: "there is not exactly one From field"}
	}
	way, known := ways[p.Provider]
	if !known {
		return Proof{Why: "no proof is asked for"}
	}
	proof := way(p, m, domain)
	switch {
	case p.Provider == OnlyDKIM:
		return p.checkDKIM(ctx, raw, domain)
	case p.CheckDKIM && proof.Proven && proof.signed():
		return proof.agreeing(p.checkDKIM(ctx, raw, domain))
	default:
		return proof
	}
}

// agreeing is the proof, if our own check of the signatures does not contradict
// it.
func (p Proof) agreeing(own Proof) Proof {
	if own.Proven || own.unsigned() {
		return p
	}
	return Proof{Why: "our server says " + p.How + ", but " + own.Why, Field: p.Field}
}

// signed says whether the proof may rest on a signature.
func (p Proof) signed() bool {
	return strings.HasPrefix(p.How, "dkim=") || strings.HasPrefix(p.How, "dmarc=")
}

// ways find what the provider of each profile says.
var ways = map[Provider]func(p Profile, m *Message, domain string) Proof{
	M365: Profile.exchange, Gmail: Profile.gmail, OwnMTA: Profile.ownMTA,
	OnlyDKIM: func(Profile, *Message, string) Proof { return Proof{} },
}

// exchange reads what Exchange Online says: the field right above the line with
// which mail came in to it from outside. Mail without such a line never came
// from outside, if every line is Exchange's.
func (p Profile) exchange(m *Message, domain string) Proof {
	t := m.trace()
	border := t.border(func(h hop) bool { return within365(h.by, ".mail.protection.outlook.com") })
	if border < 0 {
		return p.inside(t)
	}
	below := t[border].hop
	for i := border - 1; i >= 0; i-- {
		if t[i].name != "received" {
			continue
		}
		h := t[i].hop
		if !exchangeHost(h.by) || label(h.from) != label(below.by) {
			return Proof{Why: "above the line of Exchange Online another server wrote"}
		}
		below = h
	}
	field, ok := t.next(border, -1)
	if !ok {
		return Proof{Why: "Exchange Online wrote no Authentication-Results"}
	}
	a, err := parseAuthResults(field, true)
	if err != nil {
		return Proof{Why: "the Authentication-Results cannot be read: " + err.Error(), Field: field}
	}
	return a.verdict(domain)
}

// inside is the proof of mail within Exchange Online, which has its own field
// for it and removes that from mail that comes from outside.
func (p Profile) inside(t trace) Proof {
	hops := t.hops()
	outside := slices.ContainsFunc(hops, func(h hop) bool { return !exchangeHost(h.by) })
	internal := strings.EqualFold(strings.TrimSpace(t.first("x-ms-exchange-organization-authas")), "Internal")
	switch {
	case len(hops) == 0 || outside:
		return Proof{Why: "it did not come in by Exchange Online"}
	case !internal:
		return Proof{Why: "Exchange Online does not say that it is internal"}
	case !p.InternalMail:
		return Proof{Why: "it is internal mail of Exchange Online, and internal_mail is off"}
	}
	return Proof{Proven: true, How: "internal mail of Exchange Online", Field: "X-MS-Exchange-Organization-AuthAs: Internal"}
}

func exchangeHost(host string) bool {
	return within365(host, ".outlook.com") || within365(host, ".outlook.office365.com")
}

func within365(host, suffix string) bool { return strings.HasSuffix(host, suffix) }

func label(host string) string {
	first, _, _ := strings.Cut(host, ".")
	return first
}

// gmail reads what Google says: the field right below the line with which mail
// came in to it, above everything the sender wrote.
func (p Profile) gmail(m *Message, domain string) Proof {
	t := m.trace()
	border := t.border(func(h hop) bool { return h.by == "mx.google.com" })
	if border < 0 {
		return Proof{Why: "it did not come in by Gmail"}
	}
	if !t.onlyAbove(border, withinGmail) {
		return Proof{Why: "above the line of Gmail another server wrote"}
	}
	field, ok := t.next(border, +1)
	if !ok {
		return Proof{Why: "Gmail wrote no Authentication-Results"}
	}
	return believed([]string{field}, "mx.google.com", domain)
}

// withinGmail says whether a server of Google's passed the mail on: they name
// themselves by their address.
func withinGmail(h hop) bool {
	return strings.Contains(h.by, ":") || strings.HasSuffix(h.by, ".google.com")
}

// ownMTA reads what our own server says: the fields with its id right beside the
// line with which mail came in to it. Above that line nobody else can write;
// below it, only a server that removes forged fields is believed. Who logged in
// to send is who sent it, whatever else is said.
func (p Profile) ownMTA(m *Message, domain string) Proof {
	t := m.trace()
	border := t.border(func(h hop) bool { return slices.Contains(p.MX, h.by) && !delivered(h) })
	if border < 0 {
		return Proof{Why: "it did not come in by our own server"}
	}
	if !t.onlyAbove(border, delivered) {
		return Proof{Why: "above the line of our own server another one wrote"}
	}
	if login := t[border].hop.login; login != "" {
		return p.byLogin(login, m.From.Address, "Received: "+t[border].value)
	}
	fields := t.above(border)
	if p.RemovesForged {
		fields = append(fields, t.below(border)...)
	}
	proof := believed(fields, p.ID, domain)
	if login, is := strings.CutPrefix(proof.How, "auth=pass smtp.auth="); is {
		return p.byLogin(login, m.From.Address, proof.Field)
	}
	return proof
}

// delivered says whether the mail was put into its mailbox thereby (RFC 2033).
func delivered(h hop) bool { return strings.HasPrefix(h.with, "lmtp") }

// byLogin is the proof of mail that somebody logged in to send: a colleague who
// writes another's address into From is signed for like everybody.
func (p Profile) byLogin(login, from, field string) Proof {
	proof := Proof{How: "auth=pass smtp.auth=" + login, Field: field}
	if strings.Contains(p.Mailbox, "@") && !strings.Contains(login, "@") {
		_, domain, _ := strings.Cut(p.Mailbox, "@")
		login += "@" + domain
	}
	if proof.Proven = Canonical(login) == from; !proof.Proven {
		proof.Forged, proof.Why = true, "somebody else had logged in to send it"
	}
	return proof
}

// believed reads the fields of the server called id among those given, as one.
func believed(fields []string, id, domain string) Proof {
	var all authResults
	var verbatim []string
	for _, field := range fields {
		a, err := parseAuthResults(field, false)
		if err != nil {
			return Proof{Why: "the Authentication-Results cannot be read: " + err.Error(), Field: field}
		}
		if !strings.EqualFold(a.id, id) {
			continue
		}
		all.results, verbatim = append(all.results, a.results...), append(verbatim, field)
	}
	if len(verbatim) == 0 {
		return Proof{Why: "there is no Authentication-Results of " + id + " where it would stand"}
	}
	all.field = strings.Join(verbatim, "\n")
	return all.verdict(domain)
}

// verdict says what the results come to for a mail whose From has the domain. A
// login is the last word, then a failed DMARC; what was not found out about one
// falls through to the next. SPF proves nothing: it is about another address.
func (a authResults) verdict(domain string) Proof {
	for _, by := range []func(authResults, string) (Proof, bool){authResults.byAuth, authResults.byDMARC, authResults.byDKIM} {
		if proof, settled := by(a, domain); settled {
			proof.Field = a.field
			return proof
		}
	}
	return Proof{Why: "neither DMARC nor an aligned DKIM signature passed", Field: a.field}
}

func (a authResults) byAuth(string) (Proof, bool) {
	var logins []string
	for _, r := range a.of("auth") {
		if login, ok := r.prop("smtp.auth"); ok && r.value == "pass" && login != "" {
			logins = append(logins, Canonical(login))
		}
	}
	switch len(logins) {
	case 0:
		return Proof{}, false
	case 1:
		return Proof{How: "auth=pass smtp.auth=" + logins[0]}, true
	default:
		return Proof{Why: "several people are said to have logged in"}, true
	}
}

func (a authResults) byDMARC(domain string) (Proof, bool) {
	results := a.of("dmarc")
	if len(results) == 0 {
		return Proof{}, false
	}
	if len(results) > 1 {
		return Proof{Why: "several results of DMARC contradict or repeat each other"}, true
	}
	about, named := results[0].prop("header.from")
	how := fmt.Sprintf("dmarc=%s header.from=%s", results[0].value, about)
	switch {
	case results[0].value != "pass" && results[0].value != "fail":
		return Proof{}, false
	case !named || !sameDomain(about, domain):
		return Proof{Why: "the result of DMARC is about another domain"}, true
	case results[0].value == "fail":
		return Proof{Forged: true, How: how, Why: "DMARC failed"}, true
	}
	return Proof{Proven: true, How: how}, true
}

func (a authResults) byDKIM(domain string) (Proof, bool) {
	for _, r := range a.of("dkim") {
		signer, ok := r.signer()
		if ok && r.value == "pass" && aligned(signer, domain) {
			return Proof{Proven: true, How: "dkim=pass header.d=" + signer}, true
		}
	}
	return Proof{}, false
}

// signer is the domain a signature is of: header.d, or where only that is given
// the domain of header.i, which lies within it (RFC 6376, 3.5).
func (r authResult) signer() (string, bool) {
	d, hasD := r.prop("header.d")
	i, hasI := r.prop("header.i")
	_, i, _ = strings.Cut(i, "@")
	d, i = hostName(d), hostName(i)
	switch {
	case hasD && hasI:
		return d, i == d || strings.HasSuffix(i, "."+d)
	case hasD:
		return d, d != ""
	default:
		return i, hasI && i != ""
	}
}

// aligned says whether both domains are of one organization (RFC 7489, 3.1.1,
// relaxed).
func aligned(signer, domain string) bool {
	a, errA := publicsuffix.EffectiveTLDPlusOne(inDNS(signer))
	b, errB := publicsuffix.EffectiveTLDPlusOne(inDNS(domain))
	return sameDomain(signer, domain) || errA == nil && errB == nil && a == b
}

func sameDomain(a, b string) bool { return inDNS(a) == inDNS(b) && a != "" }

// inDNS is a domain as the DNS has it.
func inDNS(domain string) string {
	if a, err := idna.Lookup.ToASCII(hostName(domain)); err == nil {
		return a
	}
	return hostName(domain)
}
