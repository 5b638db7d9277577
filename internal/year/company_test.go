package year_test

import (
	"slices"
	"time"
)

// company is everyone POL-005 names, with somebody to stand in for each of the
// authorizers while they are away in summer.
const company = `
[policy]
id = "POL-005"
version = "1.1"
production_window = true
holidays = [
  2028-01-03, 2028-04-14, 2028-05-22, 2028-07-03, 2028-08-01, 2028-09-04, 2028-10-09, 2028-12-25, 2028-12-26, 2029-01-01,
]

[[people]]
id = "cto"
name = "Carol Tremblay"
addresses = ["cto@example.com"]
roles = ["cto"]

[[people]]
id = "itd"
name = "Ivan Roy"
addresses = ["itd@example.com"]
roles = ["it-director"]

[[people]]
id = "lead"
name = "Lena Gagnon"
addresses = ["lead@example.com"]
roles = ["dev-lead"]
teams = ["development"]

[[people]]
id = "dev1"
name = "Dora Cote"
addresses = ["dev1@example.com"]
teams = ["development"]

[[people]]
id = "dev2"
name = "Denis Caron"
addresses = ["dev2@example.com"]
teams = ["development"]

[[people]]
id = "it1"
name = "Ian Bouchard"
addresses = ["it1@example.com"]
teams = ["it"]

[[people]]
id = "it2"
name = "Iris Fortin"
addresses = ["it2@example.com"]
teams = ["it"]

[[people]]
id = "qa1"
name = "Quinn Morin"
addresses = ["qa1@example.com"]
teams = ["qa"]

[[people]]
id = "qa2"
name = "Quentin Lavoie"
addresses = ["qa2@example.com"]
teams = ["qa"]

[[people]]
id = "owner"
name = "Olga Pelletier"
addresses = ["owner@example.com"]
roles = ["policy-owner"]

[[people]]
id = "chief"
name = "Gilles Lavoie"
addresses = ["chief@example.com"]
teams = ["g7"]

[distribution]
g7 = ["g7@example.com"]
development = ["developers@example.com"]

[[deputies]]
principal = "cto"
deputy = "lead"
from = 2028-07-17
until = 2028-08-04

[[deputies]]
principal = "itd"
deputy = "it2"
from = 2028-08-07
until = 2028-08-25
`

// Who is who, said again for the checks.
var (
	developers = []string{"lead", "dev1", "dev2"}
	itTeam     = []string{"it1", "it2"}
	testTeam   = []string{"qa1", "qa2"}

	mayPropose   = []string{"cto", "itd", "lead"}              // (1)
	mayImplement = slices.Concat(itTeam, developers)           // (4)
	mayTest      = slices.Concat(itTeam, testTeam)             // (6)
	areTold      = slices.Concat(itTeam, developers, testTeam) // (7a), (7b)
	lists        = []string{"developers@example.com"}
	management   = []string{"chief@example.com", "g7@example.com"} // (7c)
	everybody    = slices.Concat(mayPropose, []string{"dev1", "dev2", "it1", "it2", "qa1", "qa2", "owner", "chief"})
)

// authorizer is the role that authorizes each category (2), and who holds it.
var authorizer = map[string]string{
	"software technology": "cto", "development tools": "cto", "architecture design": "cto",
	"network infrastructure": "itd", "cybersecurity": "itd", "3rd-party tools and services": "itd",
}

// standIns are who may answer in whose place, during the summer.
var standIns = map[string]string{"lead": "cto", "it2": "itd"}

// deputized are when they are away for whom somebody stands in.
var deputized = map[string]span{
	"cto": {local(2028, time.July, 17, 0, 0), local(2028, time.August, 5, 0, 0)},
	"itd": {local(2028, time.August, 7, 0, 0), local(2028, time.August, 26, 0, 0)},
}

func address(person string) string { return person + "@example.com" }
