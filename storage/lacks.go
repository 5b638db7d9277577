package storage

import (
	"context"

	"github.com/countersign/countersign/policy"
)

// What a change that has ended can still lack.
const (
	LacksDelivery    = "delivery"    // somebody is still owed its report (7)
	LacksPublication = "publication" // its page does not tell yet what the record tells
)

// Lacks says what each of the changes still lacks; published says whether there
// is to be a page of each.
func (s *Store) Lacks(ctx context.Context, published bool, changes ...policy.ChangeID) (map[policy.ChangeID][]string, error) {
	undelivered, err := s.Outstanding(ctx, changes...)
	if err != nil {
		return nil, err
	}
	var unpublished map[policy.ChangeID]bool
	if published {
		if unpublished, err = s.UnpublishedOf(ctx, changes...); err != nil {
			return nil, err
		}
	}
	lacks := map[policy.ChangeID][]string{}
	for _, id := range changes {
		lacks[id] = []string{}
		if undelivered[id] {
			lacks[id] = append(lacks[id], LacksDelivery)
		}
		if unpublished[id] {
			lacks[id] = append(lacks[id], LacksPublication)
		}
	}
	return lacks, nil
}
