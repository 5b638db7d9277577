package config

import (
	"reflect"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
)

// What the policy is told of the example that ships with the program.
func TestDirectory(t *testing.T) {
	c, err := parse([]byte(uncommented(read(t, example))))
	if err != nil {
		t.Fatal(err)
	}
	c.People[0].Addresses[0] = "Carol@Example.COM"
	d := c.Directory()

	carol, found := d.ByAddress("CAROL@example.com")
	if !found || carol.ID != "cto" || carol.Name != "Carol Tremblay" || carol.Addresses[0] != "carol@example.com" {
		t.Errorf("Carol's address gives %+v", carol)
	}
	if got := d.Holders(policy.CTO); len(got) != 1 || got[0] != "cto" {
		t.Errorf("the CTO is %v", got)
	}
	if got := d.Members(policy.IT, policy.QA); len(got) != 2 {
		t.Errorf("IT and QA are %v", got)
	}
	lists := map[policy.Team][]string{
		policy.IT: {"it-team@example.com"}, policy.Development: {"developers@example.com"}, policy.G7: {"g7@example.com"},
	}
	if !reflect.DeepEqual(d.Lists, lists) {
		t.Errorf("lists are %v", d.Lists)
	}
	if d.PolicyVersion != "1.1" || d.FourEyes != policy.CoSign || d.ProductionWindow || len(d.CoSigners) != 1 || d.NextReview != "2027-01-29" {
		t.Errorf("the options are %+v", d)
	}
	christmas := time.Date(2026, 12, 25, 15, 0, 0, 0, time.UTC)
	if d.Calendar.Zone != "America/Toronto" || d.Calendar.Workday(christmas) || !d.Calendar.Workday(christmas.AddDate(0, 0, -1)) {
		t.Errorf("the calendar is %+v", d.Calendar)
	}
}

// A deputy stands in from the first day's midnight to the last day's, by the
// organization's clock, also where that is changed in between.
func TestDeputyDaysAreWhole(t *testing.T) {
	enter(t, "testdata/good")
	text := read(t, "countersign.toml") + `
[[deputies]]
principal = "carol"
deputy = "lena"
from = 2026-10-30
until = 2026-11-01
`
	c, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		when   time.Time
		stands bool
	}{
		{time.Date(2026, 10, 29, 23, 59, 59, 0, toronto), false},
		{time.Date(2026, 10, 30, 0, 0, 0, 0, toronto), true},
		{time.Date(2026, 11, 1, 23, 59, 59, 0, toronto), true}, // clocks went back that night
		{time.Date(2026, 11, 2, 0, 0, 0, 0, toronto), false},
	} {
		if got := len(c.Directory().DeputiesOf("carol", at.when)) > 0; got != at.stands {
			t.Errorf("at %s Lena stands in: %v", at.when, got)
		}
	}
}

// Without a zone there is still a directory, in UTC: Check names the fault.
func TestUnknownZoneIsUTC(t *testing.T) {
	c := Default()
	c.Organization.Timezone = "Atlantis/Center"
	if zone := c.Directory().Calendar.Location; zone != time.UTC {
		t.Errorf("the zone is %v", zone)
	}
}
