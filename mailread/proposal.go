package mailread

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/policy"
)

// A ProposalReading is a typed text read as a proposal.
type ProposalReading struct {
	Form     policy.Form
	Problems []policy.Problem
	Rest     string // typed text that is no field
	Sets     int    // how many proposals stand in the text; more than one is asked back
}

// ReadProposal reads the fields of a proposal from what a person typed.
func ReadProposal(typed string) ProposalReading {
	fields, rest := readFields(strings.Split(Clean(typed), "\n"), proposalLabels)
	f, problems := form(fields)
	return ProposalReading{Form: f, Problems: problems, Rest: tidy(rest), Sets: sets(fields)}
}

// halfASet is how many of the required fields, each given once more, make
// another proposal.
const halfASet = 5

// sets counts the proposals in the fields. The same proposal pasted twice is
// one.
func sets(fields []given) int {
	if len(fields) == 0 {
		return 0
	}
	values := map[policy.Label][]string{}
	differ := false
	for _, g := range fields {
		value := oneSpace(g.value())
		if value == "" || !slices.Contains(policy.RequiredLabels, g.label) {
			continue
		}
		differ = differ || len(values[g.label]) > 0 && values[g.label][0] != value
		values[g.label] = append(values[g.label], value)
	}
	var counts []int
	for _, list := range values {
		counts = append(counts, len(list))
	}
	slices.Sort(counts)
	if !differ || len(counts) < halfASet {
		return 1
	}
	return counts[len(counts)-halfASet]
}

// assessmentLabels stand in answers as well as in proposals (3).
var assessmentLabels = set(
	policy.LabelJustification, policy.LabelSecurityImpact, policy.LabelRisk, policy.LabelRollback,
	policy.LabelMajor, policy.LabelImplementer, policy.LabelTester, policy.LabelDocuments,
)

// LooksLikeProposal says whether the text is meant as a proposal: two of its
// fields or more, among them one no assessment has, and no keyword.
func LooksLikeProposal(typed string) bool {
	if a := ReadAnswer(typed); a.Keyword != policy.NoKeyword {
		return false
	}
	labels := ReadProposal(typed)
	seen := map[policy.Label]bool{}
	for _, l := range labels.Form.Labels() {
		seen[l] = true
	}
	for _, p := range labels.Problems {
		seen[p.Label] = true
	}
	own := 0
	for l := range seen {
		if !assessmentLabels[l] {
			own++
		}
	}
	return len(seen) >= 2 && own >= 1
}
