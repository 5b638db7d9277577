package chaos_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// office is a story whose changes are still open at its end: one waits for its
// tester, one for its implementer, one for its check.
var office = story{seed: 2, changes: []change{
	cast(2, 0, byName("asked about"), func() manner { return plainly }),
	cast(2, 1, byName("incomplete"), func() manner { return plainly }),
	cast(2, 2, byName("by the other half"), func() manner { return plainly }),
}}

func byName(name string) play {
	for _, p := range plays {
		if p.name == name {
			return p
		}
	}
	panic("no play is called " + name)
}

// moves performs the office, and starts the program again with a company that
// has another tester and lacks the implementer.
func moves(t *testing.T, traps ...string) *site {
	t.Helper()
	o := settle(t, office, place{})
	o.perform()
	_, after, found := strings.Cut(stage.Company, `id = "dev2"`)
	before, _, _ := strings.Cut(stage.Company, "[[people]]\nid = \"dev1\"")
	if !found {
		t.Fatal("dev2 is not in the company")
	}
	o.settings.Company = before + "[[people]]\nid = \"dev2\"" + strings.Replace(after, "Quinn Morin", "Quinn Moreau", 1)
	if err := o.settings.Write(o.dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, trap := range traps {
		p := o.start(trap)
		if err := p.Wait(ctx); err == nil || !p.Killed() {
			t.Fatalf("trap %s: it ended with %v", trap, err)
		}
		o.tale = append(o.tale, p.Log())
		if err := o.bury(ctx); err != nil {
			t.Fatal(err)
		}
	}
	o.perform()
	return o
}

// The program is killed while it brings another directory into force, and while
// it considers the open changes under it: the next start makes up for it, and
// nobody is told twice.
func TestDirectoryKilled(t *testing.T) {
	want := moves(t).outcome()
	for _, notice := range []string{"owner-notice-directory", "person-notice-directory", "implementer-ask"} {
		if !strings.Contains(strings.Join(want, "\n"), notice) {
			t.Errorf("nobody gets the mail %s; the story is too tame", notice)
		}
	}
	for _, traps := range [][]string{
		{fmt.Sprintf("%s=kill", failpoint.Loading)},
		{fmt.Sprintf("%s=kill", failpoint.Reconsidered)},
		{fmt.Sprintf("%s:2=kill", failpoint.Reconsidered)},
		{fmt.Sprintf("%s=kill", failpoint.Loading), fmt.Sprintf("%s=kill", failpoint.Reconsidered), fmt.Sprintf("%s:2=kill", failpoint.Reconsidered)},
	} {
		t.Run(strings.Join(traps, " "), func(t *testing.T) { moves(t, traps...).holds(want) })
	}
}
