package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

type listCmd struct {
	All   bool     `short:"a" help:"Also those that have reached an end."`
	State []string `placeholder:"STATE" help:"Only those in the state, such as \"held up\"; may be given several times."`
	JSON  bool     `name:"json" help:"Answer in JSON."`
}

// Help says more than the one line.
func (*listCmd) Help() string {
	return `Of each change: its number, its state, whose answer it waits for, and by when the
first of these is due.

The states that wait for somebody are draft, proposed, authorized, in progress, implemented,
tested, released, checked, held up, undoing and undone. The ends are closed, rolled back,
rejected, withdrawn, expired and canceled. An end reads "delivery outstanding" while somebody
who must be told was neither sent the report nor excused, and "publication outstanding" while
its page in Confluence does not tell it. docs/states.md explains them.`
}

// A listed change is what list --json prints of it: a documented interface, to
// which fields are only added.
type listed struct {
	Number     string            `json:"number"` // of a draft: its draft number
	State      policy.State      `json:"state"`
	Revision   int               `json:"revision"`
	Title      string            `json:"title"`
	Proposer   policy.PersonID   `json:"proposer"`
	Major      bool              `json:"major"`
	Opened     time.Time         `json:"opened"`
	Ended      time.Time         `json:"ended,omitzero"`
	WaitingFor []policy.PersonID `json:"waiting_for"`
	Due        time.Time         `json:"due,omitzero"`
	// Outstanding is what a change that has ended still lacks: "delivery", "publication".
	Outstanding []string `json:"outstanding"`
}

// Run lists the changes that are open, or all.
func (l *listCmd) Run(g *globals) error {
	filter, err := l.filter()
	if err != nil {
		return err
	}
	store, location, err := g.store()
	if err != nil {
		return err
	}
	defer store.Close() //nolint:errcheck // it only read
	changes, err := store.List(g.ctx, filter)
	if err != nil {
		return err
	}
	lacks, err := store.Lacks(g.ctx, g.publishes, ended(changes)...)
	if err != nil {
		return err
	}
	if l.JSON {
		return printJSON(g.stdout, listedChanges(changes, lacks))
	}
	if len(changes) == 0 {
		says := "There is no such change."
		if filter.Open {
			says = "No change is open; --all shows those that have ended."
		}
		_, err := fmt.Fprintln(g.stdout, says)
		return err
	}
	w := tabwriter.NewWriter(g.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NUMBER\tSTATE\tWAITS FOR\tDUE\tTITLE")
	for _, c := range changes {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Name(), c.State.Reads(lacks[c.ID]), waiting(c.WaitingFor), at(c.Due, location), c.Title)
	}
	return w.Flush()
}

func (l *listCmd) filter() (storage.Filter, error) {
	f := storage.Filter{Open: !l.All && len(l.State) == 0}
	for _, name := range l.State {
		state := policy.State(strings.ToLower(name))
		if !slices.Contains(policy.States, state) {
			return f, &failure{err: fmt.Errorf("%q is no state of a change", name), hint: "countersign list --help names the states.", code: exitUsage}
		}
		f.States = append(f.States, state)
	}
	return f, nil
}

// ended gives those of the changes that are no longer open.
func ended(changes []storage.Summary) []policy.ChangeID {
	var ids []policy.ChangeID
	for _, c := range changes {
		if c.State.End() {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func listedChanges(changes []storage.Summary, lacks map[policy.ChangeID][]string) []listed {
	list := []listed{}
	for _, c := range changes {
		list = append(list, listed{
			Number: c.Name(), State: c.State, Revision: c.Revision, Title: c.Title, Proposer: c.Proposer,
			Major: c.Major, Opened: c.Opened, Ended: c.Ended, WaitingFor: some(c.WaitingFor), Due: c.Due,
			Outstanding: append([]string{}, lacks[c.ID]...),
		})
	}
	return list
}

func waiting(people []policy.PersonID) string {
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = string(p)
	}
	return orElse(strings.Join(names, ", "), "-")
}
