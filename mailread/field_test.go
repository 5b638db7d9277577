package mailread

import (
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

// Every label is found under each of its names, in each shape people give it.
func TestLabelShapes(t *testing.T) {
	shapes := []string{
		"%: low", "% : low", "%\u00a0: low", "%： low", "%\tlow", "%:\tlow", "- %: low", "* %: low", "• %: low", "3. %: low", "2) %: low",
		"*%:* low", "*%*: low", "**%:** low", "*%: low*", "_%_: low", "  %:low", "% (3b): low", "%:\nlow", "%:\n\nlow",
	}
	for name, label := range vocabulary.labels {
		if label == policy.LabelCategory {
			continue // its values are made canonical
		}
		for _, written := range []string{name, strings.ToUpper(name)} {
			for _, shape := range shapes {
				typed := "APPROVE\n" + strings.ReplaceAll(shape, "%", written)
				if got := ReadAnswer(typed).Form.Get(label); got != "low" {
					t.Errorf("%q: %s is %q", typed, label, got)
				}
			}
		}
	}
}

func TestNotAField(t *testing.T) {
	for _, typed := range []string{
		"Risk    medium, set in columns as our mails do",
		"│ Risk: low", "Risk: │ low", "Risk is low", "Risk", "The risk: low", "http://risk: low",
		"Risk = low", "Risk; low", "Risk - low", "Riskk: low", "Risk and more: low",
	} {
		if f := ReadAnswer(typed).Form; len(f) > 0 {
			t.Errorf("%q: read as %v", typed, f)
		}
	}
}

// A short field ends at a blank line, a long one goes on to the next label; a
// farewell ends both.
func TestWhereAValueEnds(t *testing.T) {
	for _, c := range []struct{ name, typed, version, notes string }{
		{"blank line", "Version: 17\n\nmore\nNotes: a\n\nb", "17", "a\n\nb"},
		{"next label", "Notes: a\nb\nVersion: 17", "17", "a\nb"},
		{"farewell", "Version: 17\nNotes: a\n\nKind regards,\nAda", "17", "a"},
		{"thanks", "Version: 17\nNotes: a\nThanks!\nAda", "17", "a"},
		{"empty label", "Version:\nNotes:", "", ""},
		{"a label left empty, filled below", "Version:\nNotes: a\nVersion: 17", "17", "a"},
	} {
		f := ReadAnswer(c.typed).Form
		if f.Get(policy.LabelVersion) != c.version || f.Get(policy.LabelNotes) != c.notes {
			t.Errorf("%s: version %q, notes %q", c.name, f.Get(policy.LabelVersion), f.Get(policy.LabelNotes))
		}
	}
}

// Three values of one label are one problem, and the field is nobody's choice.
func TestLabelGivenTwice(t *testing.T) {
	a := ReadAnswer("APPROVE\nRisk: low\nRisk:  low\nRisk: high\nRisk: medium\nRollback: a  b\nRollback: a b")
	if len(a.Problems) != 1 || a.Problems[0].Code != policy.ProblemTwice || a.Problems[0].Label != policy.LabelRisk {
		t.Errorf("problems: %+v", a.Problems)
	}
	if a.Form.Get(policy.LabelRisk) != "" || a.Form.Get(policy.LabelRollback) == "" {
		t.Errorf("form: %v", a.Form)
	}
	if a.Problems[0].Text == "" || a.Problems[0].Hint == "" {
		t.Errorf("the problem says nothing: %+v", a.Problems[0])
	}
}

func TestCategories(t *testing.T) {
	for written, want := range map[string]string{
		"software technology":          "software technology",
		"Software Technology.":         "software technology",
		"software":                     "software technology",
		"Dev Tools":                    "development tools",
		"architecture":                 "architecture design",
		"network":                      "network infrastructure",
		"Cyber-Security":               "cybersecurity",
		"3rd-party tools and services": "3rd-party tools and services",
		"third party tools & services": "3rd-party tools and services",
		"cybersecurity and 3rd-party tools and services": "cybersecurity; 3rd-party tools and services",
		"3rd-party tools and services and cybersecurity": "3rd-party tools and services; cybersecurity",
		"software, software technology":                  "software technology",
		"- software\n- network":                          "software technology; network infrastructure",
		"software technology (CTO); network / security":  "software technology; network infrastructure; cybersecurity",
		"infrastructure":                                 "infrastructure",
		"databases":                                      "databases",
		"tools":                                          "tools",
		"software and Databases":                         "software technology; Databases",
		"":                                               "",
		" ; , ":                                          "",
	} {
		if got := categories(written); got != want {
			t.Errorf("%q: %q, want %q", written, got, want)
		}
	}
	for name, c := range vocabulary.categories {
		if _, ok := policy.ParseCategory(string(c)); !ok {
			t.Errorf("%q leads to %q, which the policy does not know", name, c)
		}
		if got := categories(strings.ToUpper(name)); got != string(c) {
			t.Errorf("%q: %q, want %q", name, got, c)
		}
	}
}

func TestLooksLikeProposal(t *testing.T) {
	for typed, want := range map[string]bool{
		"Title: a\nSystems: b":                                                true,
		"Hello,\n\nTitle: a\nCategory: databases":                             true,
		"Title: a\nTitle: b\nSystems: c":                                      true,
		"APPROVE\nJustification: a\nSecurity impact: b\nRisk: c\nRollback: d": false,
		"Justification: a\nSecurity impact: b\nRisk: c\nRollback: d":          false,
		"AMEND\nTitle: a\nSystems: b":                                         false,
		"Category: software\nReason: it is one":                               false,
		"Title: a":                                                            false,
		"We talked about the title and the risk":                              false,
	} {
		if got := LooksLikeProposal(typed); got != want {
			t.Errorf("%q: %v", typed, got)
		}
	}
}

func TestSets(t *testing.T) {
	one := "Title: a\nCategory: software\nSystems: b\nJustification: c\nRisk: low\nRollback: d\nTest plan: e\n"
	other := strings.NewReplacer("Title: a", "Title: z", "Systems: b", "Systems: y").Replace(one)
	for typed, want := range map[string]int{
		"":  0,
		one: 1,
		one + "Title: z\nRisk: high\nSystems: y\n": 1,
		one + "Risk: high\n":                       1,
		one + one:                                  1,
		one + "\n" + other:                         2,
		one + other + strings.ReplaceAll(other, "z", "x"):                   3,
		one + "Title:\nSystems:\nRisk:\nRollback:\nTest plan:\nCategory:\n": 1,
	} {
		if got := ReadProposal(typed).Sets; got != want {
			t.Errorf("%q: %d sets, want %d", typed, got, want)
		}
	}
}
