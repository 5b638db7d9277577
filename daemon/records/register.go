package records

import (
	"context"
	"fmt"

	"github.com/countersign/countersign/daemon/records/confluence"
	"github.com/countersign/countersign/daemon/records/page"
)

// register makes the page that lists all changes, once. It never changes: the
// list is made by Confluence. What people make of it is theirs.
func (p *Publisher) register(ctx context.Context) error {
	if p.Register == "" {
		return nil
	}
	at, err := p.Store.Publishing(ctx)
	if err != nil || at.Register != "" {
		return err
	}
	if at.Register, err = p.makeRegister(ctx); err != nil {
		return fmt.Errorf("making the page %q: %w", p.Register, err)
	}
	return p.Store.SavePublishing(ctx, at)
}

func (p *Publisher) makeRegister(ctx context.Context) (id string, err error) {
	made, err := p.Site.Create(ctx, confluence.Page{Title: p.Register, Parent: p.Parent, Body: page.Register(p.Space, page.Label)})
	if err == nil || !mayBeThere(err) {
		return made.ID, err
	}
	found, lookErr := p.Site.Find(ctx, p.Register)
	if lookErr != nil || len(found) == 0 {
		return "", err
	}
	return found[0].ID, nil // it was there before, or its answer was lost
}
