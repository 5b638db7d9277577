package config

import (
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

// Directory is the configuration as the policy sees it: people and options,
// nothing about servers. It is meant for a configuration without errors.
func (c *Config) Directory() policy.Directory {
	d := policy.Directory{
		PolicyVersion:    c.Policy.Version,
		FourEyes:         c.Policy.FourEyes,
		CoSigners:        c.Policy.CoSigners,
		ProductionWindow: c.Policy.ProductionWindow,
		Calendar:         c.calendar(),
		Lists:            c.Distribution.lists(),
	}
	if next := c.Policy.NextReview; next != (toml.LocalDate{}) {
		d.NextReview = next.String()
	}
	for _, p := range c.People {
		d.People = append(d.People, policy.Person{
			ID: p.ID, Name: p.Name, Addresses: canonical(p.Addresses), Roles: p.Roles, Teams: p.Teams,
		})
	}
	for _, e := range c.Deputies {
		d.Deputies = append(d.Deputies, policy.Deputy{
			Principal: e.Principal,
			Deputy:    e.Deputy,
			From:      midnight(e.From, 0, d.Calendar.Location),
			Until:     midnight(e.Until, 1, d.Calendar.Location), // the last day counts whole
		})
	}
	return d
}

func (c *Config) calendar() policy.Calendar {
	location, err := time.LoadLocation(c.Organization.Timezone)
	if err != nil {
		location = time.UTC // Check has named the fault
	}
	calendar := policy.Calendar{Zone: c.Organization.Timezone, Location: location}
	for _, day := range c.Policy.Holidays {
		calendar.Holidays = append(calendar.Holidays, day.String())
	}
	return calendar
}

func (d Distribution) lists() map[policy.Team][]string {
	lists := map[policy.Team][]string{}
	for team, addresses := range map[policy.Team][]string{
		policy.IT: d.IT, policy.Development: d.Development, policy.G7: d.G7,
	} {
		if len(addresses) > 0 {
			lists[team] = canonical(addresses)
		}
	}
	return lists
}

// midnight is the start of the day, or of the nth day after it. It does not
// add hours, because days in spring and autumn have 23 or 25.
func midnight(day toml.LocalDate, n int, zone *time.Location) time.Time {
	return time.Date(day.Year, time.Month(day.Month), day.Day+n, 0, 0, 0, 0, zone).UTC()
}

func canonical(addresses []string) []string {
	out := make([]string, len(addresses))
	for i, a := range addresses {
		out[i] = mailread.Canonical(a)
	}
	return out
}
