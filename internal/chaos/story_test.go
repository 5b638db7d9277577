package chaos_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/countersign/countersign/internal/testkit/stage"
)

// A story is what a company does in one performance: some changes at once, and
// in which manner each line is spoken. A seed always tells the same one.
type story struct {
	seed    uint64
	changes []change
}

// A change is a play in a story.
type change struct {
	play
	opening []byte // the proposal
	manners []manner
}

func tell(seed uint64) story {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := story{seed: seed}
	for i, which := range rng.Perm(len(plays))[:2+rng.IntN(2)] {
		s.changes = append(s.changes, cast(seed, i, plays[which], func() manner {
			if rng.IntN(3) > 0 {
				return plainly
			}
			return manners[rng.IntN(len(manners))]
		}))
	}
	return s
}

// simple is a story of one play, its lines spoken plainly.
func simple(p play) story {
	return story{changes: []change{cast(0, 0, p, func() manner { return plainly })}}
}

// cast is a play in a story: in which manner each line is spoken says next.
func cast(seed uint64, i int, p play, next func() manner) change {
	l := stage.Letter{From: "lead@example.com", Subject: fmt.Sprintf("Change %d: %s", i+1, p.name), Body: p.proposal}
	c := change{play: p, opening: answer{Letter: l, id: fmt.Sprintf("proposal-%d-%d", seed, i)}.bytes()}
	for range p.lines {
		c.manners = append(c.manners, next())
	}
	return c
}

// about says whether a mail is about the change: the first reference holds the
// change's id in the record.
func (c change) about(m stage.Received) bool {
	return strings.HasPrefix(m.References[0], "change-") && strings.HasSuffix(m.References[0], c.id()+"@example.com")
}

// id is the change's id in the record, but for the day: it derives from the
// proposal.
func (c change) id() string { return digest(c.opening)[:12] }

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
