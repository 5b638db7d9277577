package records

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/countersign/countersign/daemon/records/confluence"
	"github.com/countersign/countersign/daemon/records/page"
	"github.com/countersign/countersign/storage"
)

// parked is why a page is left alone until an operator says so.
type parked struct {
	why, hint string // what happened, then what to do; sentences
	diff      string // what people made of our part
	comment   string // to be said on the page itself
}

func (p parked) Error() string { return p.why }

// A cure is what is done about a fault.
type cure int

const (
	retry cure = iota // the page, later
	halt              // everything, and later again: it is not this page's fault
	park              // the page, until an operator says so
)

// cures say what is done about each kind of fault.
var cures = map[confluence.Kind]cure{
	confluence.Credentials: halt, confluence.Scope: halt, confluence.NotConfluence: halt,
	confluence.Throttled: halt, confluence.Passing: halt,
	confluence.Forbidden: retry, confluence.Unclear: retry, confluence.Stale: retry,
	confluence.Absent: park, confluence.Archived: park, confluence.Malformed: park,
	confluence.TooLarge: park, confluence.Refused: park, confluence.TitleTaken: park,
}

// failed does what is to be done about the error of one page. It fails where
// nothing else can be published either.
func (p *Publisher) failed(ctx context.Context, j *job, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	why, is := errors.AsType[parked](err)
	fault, ours := errors.AsType[*confluence.Error](err)
	switch {
	case is:
		return p.park(ctx, j, why)
	case !ours, fault.Status == http.StatusInternalServerError: // which may mean anything
		return p.later(ctx, j, err)
	}
	switch cures[fault.Kind] {
	case halt:
		return errors.Join(p.later(ctx, j, err), p.failing(ctx, err))
	case park:
		return p.park(ctx, j, parked{why: fmt.Sprintf("Its page could not be kept: %s.", err), hint: fault.Kind.Remedy()})
	default:
		return p.later(ctx, j, err)
	}
}

// patient is after how many tries the operators are told of a page that is still
// tried.
const patient = 5

// later has the page tried again, the later the more often it has failed.
func (p *Publisher) later(ctx context.Context, j *job, err error) error {
	j.pub.Tries++
	j.pub.State, j.pub.Why = storage.PublicationOwed, err.Error()
	j.pub.Due = p.in(min(time.Minute<<min(j.pub.Tries-1, 10), time.Hour))
	p.Log.Warn("a page was not brought up to date", "change", j.change.Number, "try", j.pub.Tries, "error", err)
	if saved := p.Store.SavePublication(ctx, j.pub); saved != nil {
		return saved
	}
	if j.pub.Tries != patient || confluence.KindOf(err) != "" && cures[confluence.KindOf(err)] == halt {
		return nil
	}
	return p.Desk.Unpublished(ctx, j.pub.Change, fmt.Sprintf("tried %d %s", j.pub.Wanted, err), fmt.Sprintf("Its page could not be kept: %s. It is tried again every hour.", err), "")
}

// park leaves the page alone, says so on it where that helps, and tells the
// operators.
func (p *Publisher) park(ctx context.Context, j *job, why parked) error {
	j.pub.State, j.pub.Why, j.pub.Forced, j.pub.Due = storage.PublicationParked, why.why, false, nil
	p.Log.Warn("a page is left alone until it is published again by hand", "change", j.change.Number, "why", why.why)
	if why.comment != "" {
		if err := p.Site.Comment(ctx, j.pub.Page, page.Paragraph(why.comment)); err != nil {
			p.Log.Warn("a page could not be told that it is left alone", "change", j.change.Number, "error", err)
		}
	}
	if err := p.Store.SavePublication(ctx, j.pub); err != nil {
		return err
	}
	text := why.why + " " + why.hint + fmt.Sprintf(" Then: countersign records republish %s.", j.change.Number)
	return p.Desk.Unpublished(ctx, j.pub.Change, fmt.Sprintf("parked %d %s", j.pub.Wanted, why.why), text, why.diff)
}

const (
	outage = time.Hour // for how long nothing can be published before the operators are told
	recall = 24 * time.Hour
)

// failing leaves Confluence alone for a while, and tells the operators where it
// has lasted. It gives the error.
func (p *Publisher) failing(ctx context.Context, err error) error {
	fault, known := errors.AsType[*confluence.Error](err)
	if !known || cures[fault.Kind] != halt {
		return err
	}
	p.waits.fails++
	wait := max(fault.After, min(time.Minute<<min(p.waits.fails-1, 10), 15*time.Minute))
	p.waits.until = p.now().Add(wait)
	at, readErr := p.Store.Publishing(ctx)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	if at.FailingSince == nil {
		at.FailingSince = p.in(0)
	}
	at.FailingWhy = err.Error()
	tell := p.now().Sub(*at.FailingSince) >= outage && (at.ToldAt == nil || p.now().Sub(*at.ToldAt) >= recall)
	if tell {
		at.ToldAt = p.in(0)
	}
	if saved := p.Store.SavePublishing(ctx, at); saved != nil || !tell {
		return errors.Join(err, saved)
	}
	text := fmt.Sprintf("Nothing could be published since %s: %s. %s %d changes wait for their pages; no change waits for Confluence.",
		at.FailingSince.Format(time.RFC3339), err, fault.Kind.Remedy(), at.Backlog())
	return errors.Join(err, p.Desk.Unpublished(ctx, "", "failing "+at.FailingSince.String()+at.ToldAt.String(), text, ""))
}

// works writes down that Confluence answers again.
func (p *Publisher) works(ctx context.Context) error {
	if p.waits.known && p.waits.fails == 0 {
		return nil
	}
	p.waits = server{known: true}
	at, err := p.Store.Publishing(ctx)
	if err != nil || at.FailingSince == nil {
		return err
	}
	at.FailingSince, at.FailingWhy, at.ToldAt = nil, "", nil
	return p.Store.SavePublishing(ctx, at)
}
