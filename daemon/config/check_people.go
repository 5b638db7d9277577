package config

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// key is how faults call the person's options.
func (p Person) key(i int, option string) string {
	if p.ID == "" {
		return fmt.Sprintf("people#%d.%s", i+1, option)
	}
	return fmt.Sprintf("people.%s.%s", p.ID, option)
}

func checkPeople(c *Config, f *faults) {
	ids, names := map[policy.PersonID]bool{}, map[string]policy.PersonID{}
	for i, p := range c.People {
		switch {
		case !idForm.MatchString(string(p.ID)):
			f.err(p.key(i, "id"), fmt.Sprintf("%q cannot be an id", p.ID), `Write small letters, digits, ".", "_" and "-"; it stays the same for good.`)
		case ids[p.ID]:
			f.err(p.key(i, "id"), "two people have this id", "Give each an id of their own; four eyes are told apart by it.")
		}
		ids[p.ID] = true
		p.checkName(f, p.key(i, "name"), names)
		if len(p.Addresses) == 0 {
			f.err(p.key(i, "addresses"), "is missing", "Write the address mail goes to, then others the person writes from.")
		}
		checkListed(f, p.key(i, "roles"), p.Roles, policy.Roles)
		checkListed(f, p.key(i, "teams"), p.Teams, policy.Teams)
	}
}

func (p Person) checkName(f *faults, key string, names map[string]policy.PersonID) {
	folded := strings.ToLower(strings.TrimSpace(p.Name))
	switch other, twice := names[folded]; {
	case folded == "":
		f.err(key, "is missing", "Write the name mails shall use.")
	case hasControl(p.Name):
		f.err(key, "has a control character in it", "Write the name on one line.")
	case twice:
		f.warn(key, fmt.Sprintf("%s has the same name", other), "A proposal that names its implementer by this name is asked back; tell the two apart.")
	}
	names[folded] = p.ID
}

func checkListed[T ~string](f *faults, key string, given, known []T) {
	for _, g := range given {
		if !slices.Contains(known, g) {
			f.err(key, fmt.Sprintf("the policy knows no %q", g), "Write some of "+quoted(known)+".")
		}
	}
}

// checkAddresses looks at every address: people's, lists' and the operator's.
func checkAddresses(c *Config, f *faults) {
	owners := map[string]string{} // whose an address is
	for i, p := range c.People {
		for _, a := range p.Addresses {
			folded, key := mailread.Canonical(a), p.key(i, "addresses")
			if owner, taken := owners[folded]; taken {
				f.err(key, fmt.Sprintf("%s stands at %s, too", a, owner), "An address belongs to one person, once: it is what tells people apart.")
			}
			owners[folded] = key
			c.checkRecipient(f, key, a)
		}
	}
	for _, list := range []struct {
		key       string
		addresses []string
	}{
		{"distribution.it", c.Distribution.IT}, {"distribution.development", c.Distribution.Development},
		{"distribution.g7", c.Distribution.G7}, {"operator.addresses", c.Operator.Addresses},
	} {
		for _, a := range list.addresses {
			c.checkRecipient(f, list.key, a)
		}
	}
}

// checkRecipient also keeps us from writing to ourselves, round and round.
func (c *Config) checkRecipient(f *faults, key, address string) {
	checkAddress(f, key, address)
	if address != "" && base(address) == base(c.Mailbox.Address) {
		f.err(key, address+" is the change mailbox itself", "Write where a person reads mail.")
	}
}

func checkAddress(f *faults, key, address string) {
	parsed, err := mail.ParseAddress(address)
	if address != "" && (err != nil || parsed.Address != address) {
		f.err(key, fmt.Sprintf("%q is not a mail address", address), `Write the bare address, such as "jane@example.com".`)
	}
}

// base is the address without its sub-address, for comparison.
func base(address string) string {
	address = mailread.Canonical(address)
	at := strings.LastIndexByte(address, '@')
	if plus := strings.IndexByte(address, '+'); plus > 0 && plus < at {
		return address[:plus] + address[at:]
	}
	return address
}

// longestStand is the number of days after which standing in is rather holding the role.
const longestStand = 366

func checkDeputies(c *Config, f *faults) {
	for i, e := range c.Deputies {
		key := fmt.Sprintf("deputies#%d.", i+1)
		c.checkKnown(f, key+"principal", e.Principal)
		c.checkKnown(f, key+"deputy", e.Deputy)
		if e.Principal == e.Deputy {
			f.err(key+"deputy", fmt.Sprintf("%s cannot stand in for themselves", e.Deputy), "Name somebody else.")
		}
		from, until := midnight(e.From, 0, time.UTC), midnight(e.Until, 0, time.UTC)
		switch days := until.Sub(from).Hours() / 24; {
		case e.From.Year == 0 || e.Until.Year == 0:
			f.err(key+"from", "both days must be given", "Write from = 2026-12-21 and until = 2027-01-04, without quotes.")
		case days < 0:
			f.err(key+"until", fmt.Sprintf("%s is before %s", e.Until, e.From), "The last day cannot come before the first.")
		case days > longestStand:
			f.warn(key+"until", "is more than a year after from", "Give the role itself to whoever holds it that long.")
		}
	}
}
