package records

import (
	"context"

	"github.com/countersign/countersign/daemon/records/page"
	"github.com/countersign/countersign/policy"
)

// source reads all that the page of a change is made from.
func (p *Publisher) source(ctx context.Context, id policy.ChangeID) (s page.Source, err error) {
	change, err := p.Store.Change(ctx, string(id))
	if err != nil {
		return s, err
	}
	s = page.Source{Data: p.Desk.About(change, policy.Person{}), Space: p.Space}
	if p.WebURL != "" {
		s.URL = p.WebURL + "/changes/" + change.Name()
	}
	if s.Events, err = p.Store.Events(ctx, id); err != nil {
		return s, err
	}
	if s.In, err = p.Store.CameIn(ctx, id); err != nil {
		return s, err
	}
	if s.Out, err = p.Store.WentOut(ctx, id); err != nil {
		return s, err
	}
	s.Deliveries, err = p.Store.Deliveries(ctx, id)
	return s, err
}
