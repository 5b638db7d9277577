package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/policy"
)

// vacant says what comes of it when nobody holds a role. A vacancy is no error:
// people leave, and the daemon must go on.
var vacant = []struct {
	role policy.Role
	what string
}{
	{policy.CTO, "changes to software technology, development tools and architecture design wait until somebody does (POL-005, 2a)"},
	{policy.ITDirector, "changes to network infrastructure, cybersecurity and 3rd-party tools and services wait until somebody does (POL-005, 2b)"},
	{policy.PolicyOwner, "nobody is told what concerns the policy itself"},
}

func checkRoles(c *Config, f *faults) {
	d := c.Directory()
	for _, v := range vacant {
		if len(d.Holders(v.role)) == 0 {
			f.warn("people", fmt.Sprintf("nobody holds the role %q: %s", v.role, v.what), fmt.Sprintf("Add %q to somebody's roles.", v.role))
		}
	}
	if !slices.ContainsFunc(d.People, func(p policy.Person) bool { return d.MayPropose(p.ID) }) {
		f.err("people", "nobody may propose a change (POL-005, 1)", "Give somebody the role it-director, cto or dev-lead.")
	}
}

func checkTeams(c *Config, f *faults) {
	d := c.Directory()
	implementers, testers := d.Members(policy.IT, policy.Development), d.Members(policy.IT, policy.QA)
	stuck := slices.DeleteFunc(slices.Clone(implementers), func(id policy.PersonID) bool {
		return len(without(testers, id)) > 0
	})
	switch {
	case len(implementers) == 0:
		f.err("people", "nobody may implement a change (POL-005, 4)", "Put somebody into the team it or development.")
	case len(testers) == 0:
		f.err("people", "nobody may test a change (POL-005, 6)", "Put somebody into the team it or qa.")
	case len(stuck) == len(implementers):
		f.err("people", "nobody is left to test what "+names(d, stuck)+" implements (POL-005, 6)", "Put somebody else into the team it or qa.")
	case len(stuck) > 0:
		f.warn("people", names(d, stuck)+" can never implement a change: nobody else could test it (POL-005, 6)", "Put somebody else into the team it or qa.")
	}
	if len(d.Members(policy.G7)) == 0 && len(c.Distribution.G7) == 0 {
		f.warn("distribution.g7", "nobody is told of major changes (POL-005, 7c)", "Write a list, or put people into the team g7.")
	}
}

// checkIndependence warns of proposals that nobody could authorize who neither
// proposes nor implements them.
func checkIndependence(c *Config, f *faults) {
	d := c.Directory()
	eyes := slices.Concat(d.Holders(policy.CTO), d.Holders(policy.ITDirector))
	if d.FourEyes != policy.CoSign || len(eyes) == 0 {
		return
	}
	eyes = append(eyes, d.CoSigners...)
	const remedy = "Name somebody in co_signers, let different people hold cto and it-director, or set four_eyes to as-written."
	implementers := d.Members(policy.IT, policy.Development)
	for _, p := range d.People {
		if !d.MayPropose(p.ID) {
			continue
		}
		blind := slices.DeleteFunc(slices.Clone(implementers), func(id policy.PersonID) bool {
			return len(without(eyes, p.ID, id)) > 0
		})
		switch {
		case len(without(eyes, p.ID)) == 0:
			f.warn("policy.co_signers", fmt.Sprintf("nobody can authorize independently what %s proposes", p.Name), remedy)
		case len(blind) > 0:
			f.warn("policy.co_signers", fmt.Sprintf("nobody can authorize independently what %s proposes and %s implements", p.Name, names(d, blind)), remedy)
		}
	}
}

func without(ids []policy.PersonID, not ...policy.PersonID) []policy.PersonID {
	return slices.DeleteFunc(slices.Clone(ids), func(id policy.PersonID) bool { return slices.Contains(not, id) })
}

func names(d policy.Directory, ids []policy.PersonID) string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = d.Name(id)
	}
	return strings.Join(all, " or ")
}
