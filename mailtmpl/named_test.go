package mailtmpl

import (
	"testing"

	"github.com/countersign/countersign/policy"
)

// There are words for every mail, and no two have the same.
func TestEveryNoticeHasAName(t *testing.T) {
	of := map[string]policy.NoticeKind{}
	for _, kind := range policy.NoticeKinds {
		name := NoticeName(kind)
		if name == string(kind) {
			t.Errorf("%s has no name", kind)
		}
		if other, taken := of[name]; taken {
			t.Errorf("%s and %s are both called %q", kind, other, name)
		}
		of[name] = kind
	}
}
