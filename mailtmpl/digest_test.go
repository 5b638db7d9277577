package mailtmpl

import (
	"encoding/csv"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/policy"
)

// life is a change of the month of the example.
func life(c policy.Change, number, title string, more func(*policy.Life)) policy.Life {
	c.ID, c.Number, c.Proposal.Title = policy.ChangeID(number), number, title
	l := policy.Life{Change: c, Opened: at("11-02 09:10"), Accepted: at("11-02 09:10"), Active: true}
	if more != nil {
		more(&l)
	}
	return l
}

// november is the month of the example.
func november() *policy.Digest {
	month := policy.Month{Year: 2026, Month: 11}
	d := &policy.Digest{
		AsOf: at("12-01 00:00"),
		Figures: policy.Figures{
			Month: month,
			Counts: policy.Counts{Proposed: 17, Authorized: 16, Released: 15, Open: 4, Ended: map[policy.State]int{
				policy.StateClosed: 14, policy.StateRolledBack: 1, policy.StateRejected: 2,
			}},
			Categories: map[policy.Category]policy.Counts{
				policy.SoftwareTechnology:    {Proposed: 11, Open: 2, Ended: map[policy.State]int{policy.StateClosed: 9, policy.StateRolledBack: 1, policy.StateRejected: 1}},
				policy.NetworkInfrastructure: {Proposed: 5, Open: 2, Ended: map[policy.State]int{policy.StateClosed: 5}},
				policy.ThirdParty:            {Proposed: 1, Ended: map[policy.State]int{policy.StateRejected: 1}},
			},
			ToDecide: policy.Median{Of: 18, Value: 26*time.Hour + 20*time.Minute}, ToRelease: policy.Median{Of: 15, Value: 5*24*time.Hour + 3*time.Hour},
		},
		Waiting: []policy.Waiting{
			{Person: "cto", Answered: 21, Median: 7 * time.Hour, Open: 1},
			{Person: "itdir", Answered: 9, Median: 2*24*time.Hour + 4*time.Hour},
		},
		Refused: []policy.Refused{
			{Person: "dev2", Code: policy.RefusedNotProposer, At: at("11-11 16:02")},
			{Person: "dev1", Number: "CHG-2026-0040", Code: policy.RefusedOwnWork, At: at("11-19 10:40")},
		},
		Reloads: []policy.Reload{{At: at("11-16 08:00"), Texts: []string{"Bruno Weiss (dev2@example.com), roles none, teams Development and QA"}}},
		Head:    policy.Head{Seq: 1204, Hash: "51d09c2e7a4b0f3361c2d95e8877aa10b2f6e4d3c5908172635445362718090a"},
	}
	for i, before := range []policy.Counts{
		{Proposed: 8, Authorized: 7, Released: 7, Open: 3, Ended: map[policy.State]int{policy.StateClosed: 6}},
		{Proposed: 5, Authorized: 5, Released: 4, Open: 2, Ended: map[policy.State]int{policy.StateClosed: 5, policy.StateWithdrawn: 1}},
		{Proposed: 10, Authorized: 9, Released: 8, Open: 3, Ended: map[policy.State]int{policy.StateClosed: 8, policy.StateRejected: 1}},
		{Proposed: 12, Authorized: 12, Released: 12, Open: 4, Ended: map[policy.State]int{policy.StateClosed: 10, policy.StateExpired: 1}},
		{Proposed: 13, Authorized: 11, Released: 12, Open: 4, Ended: map[policy.State]int{policy.StateClosed: 12, policy.StateRolledBack: 1}},
	} {
		d.Earlier = append(d.Earlier, policy.Figures{
			Month: month.Add(i - 5), Counts: before, ToDecide: policy.Median{Of: i, Value: time.Duration(i) * 9 * time.Hour}, ToRelease: policy.Median{Of: 1, Value: 40 * time.Minute},
			Categories: map[policy.Category]policy.Counts{policy.SoftwareTechnology: {Proposed: before.Proposed - i}, policy.Cybersecurity: {Proposed: i}},
		})
	}
	documents := life(checkedChange(), "CHG-2026-0039", "Quarterly update of the load balancers", nil)
	emergency := life(closedChange(), "CHG-2026-0044", "Close port 8443 on the edge firewall", func(l *policy.Life) { l.Proposal.Restricted = true })
	failed := life(testedChange(), "CHG-2026-0040", "Raise the session limit of the web shop", nil)
	major := life(releasedChange(), "CHG-2026-0042", "Upgrade PostgreSQL 15 to 17 on the billing cluster", func(l *policy.Life) {
		l.Authorized, l.Released = at("11-23 09:14"), at("11-28 22:15")
	})
	secret := life(proposed(), "CHG-2026-0045", "Replace the key store", func(l *policy.Life) { l.Proposal.Restricted = true })
	d.Changes, d.Majors = []policy.Life{documents, failed, major, emergency, secret}, []policy.Life{major, secret}
	d.Exceptions = []policy.Exception{
		{ID: secret.ID, Kind: policy.ExceptionOverdue, Ballot: policy.BallotAuthorization, People: []policy.PersonID{"cto", "itdir"}, Since: at("11-27 17:00"), Standing: true},
		{ID: documents.ID, Kind: policy.ExceptionDocuments, Ballot: policy.BallotDocuments, People: []policy.PersonID{"cto"}, Since: at("11-20 17:00"), Standing: true},
		{ID: failed.ID, Kind: policy.ExceptionFailed, People: []policy.PersonID{"qa1"}, Since: at("11-18 15:20"), Times: 2},
		{ID: emergency.ID, Kind: policy.ExceptionKind(policy.MarkEmergency), Since: at("11-17 02:40")},
		{ID: emergency.ID, Kind: policy.ExceptionKind(policy.MarkRetrospective), Since: at("11-17 02:40")},
	}
	return d
}

// monthly adds the mails about a month to the examples.
func monthly(list map[string]Data) {
	d := mailOf(policy.DigestMonth, policy.Change{}, "boss", "Major changes are reported to higher management (POL-005, 7c).", "12-01 09:00")
	empty, running := d, d
	d.Notice.Digest = november()
	empty.Notice.Digest = &policy.Digest{Figures: policy.Figures{Month: policy.Month{Year: 2026, Month: 11}}, AsOf: at("12-01 00:00"), Head: policy.Head{Seq: 1, Hash: november().Head.Hash}}
	list[string(policy.DigestMonth)], list[string(policy.DigestMonth)+"+empty"] = d, empty
	running.Notice.Digest, running.Now = november(), at("11-20 11:00")
	running.Notice.Digest.Running, running.Notice.Digest.Exceptions = true, nil
	list[string(policy.DigestMonth)+"+running"] = running
}

// The table of the month can be counted with, and nothing in it is a formula.
func TestTheTableOfAMonth(t *testing.T) {
	d := examples()[string(policy.DigestMonth)]
	d.Notice.Digest.Changes[1].Proposal.Title = `=HYPERLINK("http://example.com","Montréal")`
	table := fileOf(t, d, "changes-2026-11.csv")
	text, marked := strings.CutPrefix(string(table.Bytes), ByteOrderMark)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked {
		t.Fatalf("the table begins with %q: %v", table.Bytes[:3], err)
	}
	if want := []string{"CHG-2026-0040", `'=HYPERLINK("http://example.com","Montréal")`}; len(rows) != 6 || !slices.Equal(rows[2][:2], want) {
		t.Errorf("it has %d rows, and the third is %q", len(rows), rows[2])
	}
	if got := rows[4][len(rows[4])-1]; got != "emergency; retrospective" {
		t.Errorf("out of the ordinary about CHG-2026-0044: %q", got)
	}
}

// Whoever sees no picture is told the same in words.
func TestTheChartOfAMonth(t *testing.T) {
	d := examples()[string(policy.DigestMonth)]
	chart := fileOf(t, d, "changes.png")
	picture, err := png.Decode(strings.NewReader(string(chart.Bytes)))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, a := picture.At(1, 1).RGBA(); r+g+b+a != 4*0xffff {
		t.Errorf("its ground is %x %x %x %x, not white: in a dark mail its text could not be read", r, g, b, a)
	}
	for _, want := range []string{`src="cid:` + chart.ContentID + `"`, "November 2026: 17 proposed, 14 closed, 3 ended otherwise"} {
		if !strings.Contains(rendered(t, d).HTML.String(), want) {
			t.Errorf("the mail lacks %q", want)
		}
	}
}

func fileOf(t *testing.T, d Data, name string) File {
	t.Helper()
	files := rendered(t, d).Files
	i := slices.IndexFunc(files, func(f File) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no %s is attached", name)
	}
	return files[i]
}
