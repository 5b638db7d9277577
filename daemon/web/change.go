package web

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// A changePage is all there is to see of a change.
type changePage struct {
	Name, Title string
	Standing    string
	Edition     string
	Hidden      bool // its details are not the reader's to see
	Window      string
	Contact     string

	Mine      []link // ballots of the reader's own
	Waits     []waits
	Held      []typed
	Path      []shownStep
	Marks     []string
	Missing   []policy.Problem
	Proposal  []typed
	Settled   []typed
	Documents []typed
	History   []entry
	Told      told
	In        []inMail
	Out       []outMail
}

// A link leads somewhere.
type link struct{ To, Says string }

// waits is one person who is waited for.
type waits struct {
	Who, What, Since, Until string
	Late                    bool
	Away                    string // as an automatic reply says
}

// A shownStep is a step of the path as people read it.
type shownStep struct {
	pathStep
	At, Who, Because string
}

// change shows a change, or as much of it as the reader may see.
func (v *visit) change() error {
	return v.withChange(func(d mailtmpl.Data, whole bool) error {
		p := changePage{
			Name: d.Number(), Title: heading(d), Standing: d.Standing(), Hidden: !whole,
			Window: mailtmpl.Clean(d.Change.Window()), Contact: mailtmpl.OwnerContact(d),
		}
		if whole {
			if err := v.fill(&p, d); err != nil {
				return err
			}
		}
		return v.show(http.StatusOK, "change", p.Name+": "+p.Title, p)
	})
}

// withChange does it with the change the address names, or says that there is
// none.
func (v *visit) withChange(do func(d mailtmpl.Data, whole bool) error) error {
	c, err := v.Store.Change(v.r.Context(), v.r.PathValue("change"))
	if errors.Is(err, storage.ErrNotFound) {
		return v.refuse(http.StatusNotFound, "There is no such change", "Look at its number once more, or look for it among the changes.")
	}
	if err != nil {
		return err
	}
	return do(v.Desk.About(c, v.person), policy.MaySee(c, v.Desk.Directory(), v.person.ID))
}

func heading(d mailtmpl.Data) string {
	if title := mailtmpl.Clean(d.Change.Title()); title != "" {
		return title
	}
	return "A change without a title"
}

func (v *visit) fill(p *changePage, d mailtmpl.Data) error {
	ctx, c := v.r.Context(), d.Change
	rows, err := v.Store.Events(ctx, c.ID)
	if err != nil {
		return err
	}
	deliveries, err := v.Store.Deliveries(ctx, c.ID)
	if err != nil {
		return err
	}
	in, err := v.Store.CameIn(ctx, c.ID)
	if err != nil {
		return err
	}
	out, err := v.Store.WentOut(ctx, c.ID)
	if err != nil {
		return err
	}
	if d.Away, err = v.Store.Away(ctx, v.Desk.Today(), desk.WaitedFor(c)...); err != nil {
		return err
	}
	events := decode(rows)
	if c.State.End() {
		lacks, err := v.Store.Lacks(ctx, v.Desk.Publishes, c.ID)
		if err != nil {
			return err
		}
		p.Standing = cmp.Or(lacking(c, lacks[c.ID]), p.Standing)
	}
	p.Told, p.In, p.Out = toldOf(d, deliveries), inMails(d, in), outMails(d, out)
	p.Path, p.History = shownPath(d, pathOf(c, events)), newestFirst(historyOf(d, events))
	p.about(d)
	return nil
}

// lacking is how an end reads that is not complete.
func lacking(c policy.Change, lacks []string) string {
	if len(lacks) == 0 {
		return ""
	}
	return c.State.Reads(lacks)
}

// about fills in what stands in the change itself.
func (p *changePage) about(d mailtmpl.Data) {
	c := d.Change
	if c.Revision > 0 {
		p.Edition = d.Edition()
	}
	for _, b := range c.OpenBallots() {
		until, late := mailtmpl.Until(d, b)
		p.Waits = append(p.Waits, waits{Who: d.Name(b.Person), What: mailtmpl.Errand(b.Kind), Since: d.Day(b.Issued), Until: until, Late: late, Away: d.AwayUntil(b.Person)})
		if b.Person == d.Reader.ID {
			p.Mine = append(p.Mine, link{ballotPath(c, b.ID), "Answer: " + mailtmpl.Errand(b.Kind)})
		}
	}
	p.Held = filled("Held up because", c.Held.Why, "Left as", c.Held.LeftAs)
	for _, m := range c.Marks {
		p.Marks = append(p.Marks, mailtmpl.Clean(string(m.Kind)+": "+m.Text))
	}
	if c.Revision == 0 {
		p.Missing = c.Problems
	}
	fields := mailtmpl.Readable(d)
	for _, l := range fields.Labels() {
		p.Proposal = append(p.Proposal, typed{string(l), mailtmpl.Clean(fields.Get(l))})
	}
	p.Settled, p.Documents = settled(d), documents(d)
}

// settled is what authorizers fixed beside the proposal, and what came of it.
func settled(d mailtmpl.Data) []typed {
	s, a, r := d.Change.Settled, d.Change.Attempt, d.Change.Release
	name := func(id policy.PersonID) string {
		if id == "" {
			return ""
		}
		return d.Name(id)
	}
	attempt := ""
	if a.N > 0 {
		attempt = a.Version + ", by " + name(a.By) + ", attempt " + strconv.Itoa(a.N)
	}
	major := ""
	if s.Major {
		major = strings.TrimSuffix("yes: "+s.MajorWhy, ": ")
	}
	return filled("Major", major, "Implementer", name(s.Implementer), "Tester", name(s.Tester), "Window", s.Window,
		"Implemented", attempt, "Left undone", a.LeftUndone, "In production", r.ReleasedAt, "Undone", r.UndoneAt)
}

// filled are those of the pairs that say something.
func filled(pairs ...string) (all []typed) {
	for i := 0; i < len(pairs); i += 2 {
		if text := mailtmpl.Clean(pairs[i+1]); text != "" {
			all = append(all, typed{pairs[i], text})
		}
	}
	return all
}

func shownPath(d mailtmpl.Data, path []pathStep) (all []shownStep) {
	for _, s := range path {
		step := shownStep{pathStep: s, Because: d.Said(s.Why)}
		if s.Stands != stepNext {
			step.At = d.Time(s.When)
		}
		if s.By != "" {
			step.Who = d.Name(s.By)
		}
		all = append(all, step)
	}
	return all
}
