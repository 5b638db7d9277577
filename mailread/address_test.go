package mailread_test

import (
	"testing"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

// Somebody writes from an address that looks like the CTO's: it is another
// person's, whatever letters they found, and can be seen to be.
func TestLookalikeAddresses(t *testing.T) {
	dir := policy.Directory{People: []policy.Person{{ID: "cto", Addresses: []string{mailread.Canonical("Kim@Müller.example")}}}}
	for from, c := range map[string]struct {
		address, shown string
		who            policy.PersonID
	}{
		"KIM@MÜLLER.EXAMPLE":           {"kim@xn--mller-kva.example", "kim@xn--mller-kva.example", "cto"},
		"kim@xn--mller-kva.example":    {"kim@xn--mller-kva.example", "kim@xn--mller-kva.example", "cto"},
		"kim@m\u00fc\u217ce\u217c":     {"kim@xn--mlel-0ra", "kim@xn--mlel-0ra", ""},                             // Roman numerals fifty
		"\u212aim@müller.example":      {"\u212aim@xn--mller-kva.example", `\u212aim@xn--mller-kva.example`, ""}, // the Kelvin sign, which is a k in lower case
		"k\u0456m@müller.example":      {"k\u0456m@xn--mller-kva.example", `k\u0456m@xn--mller-kva.example`, ""}, // Ukrainian
		"kim@m\u00fcll\u0435r.example": {"kim@xn--mllr-0ra660c.example", "kim@xn--mllr-0ra660c.example", ""},
	} {
		m, err := mailread.Read([]byte("From: "+from+"\r\nSubject: hello\r\n\r\nAPPROVE\r\n"), mailread.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if m.From.Address != c.address || mailread.Shown(m.From.Address) != c.shown {
			t.Errorf("%s is %s, shown as %s", from, m.From.Address, mailread.Shown(m.From.Address))
		}
		if p, _ := dir.ByAddress(m.From.Address); p.ID != c.who {
			t.Errorf("%s is taken for %q", from, p.ID)
		}
	}
}
