package policy

import (
	"slices"
	"strings"
)

// PersonID is a person's stable name in the configuration. Four eyes are about
// people, not addresses or roles, and are compared by PersonID.
type PersonID string

// A Role is an office the policy names.
type Role string

// The roles of POL-005: three may propose (1), two authorize (2), one owns the
// policy itself.
const (
	ITDirector  Role = "it-director"
	CTO         Role = "cto"
	DevLead     Role = "dev-lead"
	PolicyOwner Role = "policy-owner"
)

// Roles lists every role.
var Roles = []Role{ITDirector, CTO, DevLead, PolicyOwner}

var (
	authorizingRoles = []Role{CTO, ITDirector}          // (2)
	proposingRoles   = []Role{ITDirector, CTO, DevLead} // (1)
)

// Title is the role as a sentence writes it.
func (r Role) Title() string {
	return map[Role]string{
		ITDirector: "IT Director", CTO: "CTO",
		DevLead: "Development Team Leader", PolicyOwner: "policy owner",
	}[r]
}

// Point is the point of POL-005 under which the role authorizes.
func (r Role) Point() string {
	return map[Role]string{CTO: "2a", ITDirector: "2b"}[r]
}

// A Team is a group of people the policy names (4), (6), (7).
type Team string

// The teams of POL-005.
const (
	IT          Team = "it"
	Development Team = "development"
	QA          Team = "qa"
	G7          Team = "g7"
)

// Teams lists every team.
var Teams = []Team{IT, Development, QA, G7}

var (
	implementingTeams = []Team{IT, Development} // (4)
	testingTeams      = []Team{IT, QA}          // (6)
)

// A Person is someone the policy knows.
type Person struct {
	ID        PersonID `json:"id"`
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"` // lower case; the first is where mail goes
	Roles     []Role   `json:"roles,omitempty"`
	Teams     []Team   `json:"teams,omitempty"`
}

// FourEyes says how independence between proposing, authorizing and
// implementing is kept.
type FourEyes string

const (
	// CoSign asks for at least one counted approval by someone who neither
	// proposed the change nor implements it.
	CoSign FourEyes = "co-sign"
	// AsWritten follows the letter of POL-005 and marks such a change
	// "self-authorized".
	AsWritten FourEyes = "as-written"
)

// A Directory is who holds which role and is in which team, and the options
// under which the policy is run. It is recorded whenever it changes.
type Directory struct {
	PolicyVersion    string            `json:"policy_version"`
	People           []Person          `json:"people"`
	Deputies         []Deputy          `json:"deputies,omitempty"`
	Lists            map[Team][]string `json:"lists,omitempty"` // addresses told beside the people of a team (7)
	FourEyes         FourEyes          `json:"four_eyes"`
	CoSigners        []PersonID        `json:"co_signers,omitempty"`
	ProductionWindow bool              `json:"production_window"`
	Calendar         Calendar          `json:"calendar"`
	NextReview       string            `json:"next_review,omitempty"` // of the policy itself: 2006-01-02
}

// Person gives the person with the id.
func (d Directory) Person(id PersonID) (Person, bool) {
	i := slices.IndexFunc(d.People, func(p Person) bool { return p.ID == id })
	if i < 0 {
		return Person{}, false
	}
	return d.People[i], true
}

// Name gives the person's name, or the id where the directory no longer knows
// them.
func (d Directory) Name(id PersonID) string {
	if p, ok := d.Person(id); ok {
		return p.Name
	}
	return string(id)
}

// ByAddress gives the person an address belongs to.
func (d Directory) ByAddress(address string) (Person, bool) {
	address = plainLower(address)
	i := slices.IndexFunc(d.People, func(p Person) bool { return slices.Contains(p.Addresses, address) })
	if i < 0 {
		return Person{}, false
	}
	return d.People[i], true
}

// plainLower leaves all but A to Z as it is: letters that look alike in another
// alphabet are others in an address.
func plainLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Find gives the one person that text names: by id, by name or by address,
// alone or as in "Jane Doe <jane@example.com>".
func (d Directory) Find(text string) (Person, bool) {
	text = strings.ToLower(strings.Trim(strings.TrimSpace(text), ".;,"))
	if text == "" {
		return Person{}, false
	}
	if open := strings.LastIndexByte(text, '<'); open >= 0 && strings.HasSuffix(text, ">") {
		return d.ByAddress(strings.TrimSpace(text[open+1 : len(text)-1]))
	}
	var found []Person
	for _, p := range d.People {
		if text == strings.ToLower(string(p.ID)) || text == strings.ToLower(p.Name) || slices.Contains(p.Addresses, text) {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return Person{}, false
	}
	return found[0], true
}

// Holders lists the people who hold the role.
func (d Directory) Holders(role Role) []PersonID {
	return d.where(func(p Person) bool { return slices.Contains(p.Roles, role) })
}

// Members lists the people of any of the teams, each once.
func (d Directory) Members(teams ...Team) []PersonID {
	return d.where(func(p Person) bool { return p.in(teams...) })
}

// Holds says whether the person holds any of the roles.
func (d Directory) Holds(id PersonID, roles ...Role) bool {
	p, _ := d.Person(id)
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// In says whether the person is in any of the teams.
func (d Directory) In(id PersonID, teams ...Team) bool {
	p, _ := d.Person(id)
	return p.in(teams...)
}

func (p Person) in(teams ...Team) bool {
	return slices.ContainsFunc(teams, func(t Team) bool { return slices.Contains(p.Teams, t) })
}

func (d Directory) where(keep func(Person) bool) []PersonID {
	var ids []PersonID
	for _, p := range d.People {
		if keep(p) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
