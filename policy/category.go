package policy

import (
	"slices"
	"strings"
)

// A Category is the kind of system a change touches. It decides who authorizes
// the change (2).
type Category string

// The six categories of POL-005 (2), in the policy's own words.
const (
	SoftwareTechnology    Category = "software technology"
	DevelopmentTools      Category = "development tools"
	ArchitectureDesign    Category = "architecture design"
	NetworkInfrastructure Category = "network infrastructure"
	Cybersecurity         Category = "cybersecurity"
	ThirdParty            Category = "3rd-party tools and services"
)

// Categories lists the six categories in the order of POL-005 (2).
var Categories = []Category{
	SoftwareTechnology, DevelopmentTools, ArchitectureDesign,
	NetworkInfrastructure, Cybersecurity, ThirdParty,
}

// Authorizer is the role that authorizes changes of the category (2).
func (c Category) Authorizer() Role {
	switch c {
	case NetworkInfrastructure, Cybersecurity, ThirdParty:
		return ITDirector
	default:
		return CTO
	}
}

// ParseCategory reads one category by its name in the policy; case and
// surrounding space do not matter. Names people use instead are mailread's.
func ParseCategory(name string) (Category, bool) {
	c := Category(strings.ToLower(strings.TrimSpace(name)))
	return c, slices.Contains(Categories, c)
}

// requiredRoles gives the roles that must authorize the categories (2), each
// once, in the order of POL-005.
func requiredRoles(categories []Category) []Role {
	var roles []Role
	for _, role := range authorizingRoles {
		if slices.ContainsFunc(categories, func(c Category) bool { return c.Authorizer() == role }) {
			roles = append(roles, role)
		}
	}
	return roles
}
