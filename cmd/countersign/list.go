package main

import (
	"encoding/json"
	"fmt"
	"io"
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

// A listed change is what list --json prints of it.
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
}

// Run lists the changes that are open, or all.
func (l *listCmd) Run(g *globals) error {
	store, location, err := g.store()
	if err != nil {
		return err
	}
	defer store.Close() //nolint:errcheck // it only read
	filter := storage.Filter{Open: !l.All && len(l.State) == 0}
	for _, s := range l.State {
		filter.States = append(filter.States, policy.State(s))
	}
	changes, err := store.List(g.ctx, filter)
	if err != nil {
		return err
	}
	if l.JSON {
		return printJSON(g.stdout, listedChanges(changes))
	}
	if len(changes) == 0 {
		fmt.Fprintln(g.stdout, "No changes.")
		return nil
	}
	w := tabwriter.NewWriter(g.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NUMBER\tSTATE\tWAITS FOR\tDUE\tTITLE")
	for _, c := range changes {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.Name(), c.State, waiting(c.WaitingFor), day(c.Due, location), c.Title)
	}
	return w.Flush()
}

func listedChanges(changes []storage.Summary) []listed {
	list := []listed{}
	for _, c := range changes {
		list = append(list, listed{
			Number: c.Name(), State: c.State, Revision: c.Revision, Title: c.Title, Proposer: c.Proposer,
			Major: c.Major, Opened: c.Opened, Ended: c.Ended, WaitingFor: c.WaitingFor, Due: c.Due,
		})
	}
	return list
}

// store connects to the database alone, for the verbs that only read it.
func (g *globals) store() (*storage.Store, *time.Location, error) {
	c, err := g.load()
	if err != nil {
		return nil, nil, err
	}
	location, err := time.LoadLocation(c.Organization.Timezone)
	if err != nil {
		return nil, nil, err
	}
	store, err := storage.Open(g.ctx, c.Database.URL)
	if err != nil {
		return nil, nil, hinted(err, "Is Postgres running, and does database.url name it? countersign check tries it.")
	}
	return store, location, nil
}

func waiting(people []policy.PersonID) string {
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = string(p)
	}
	if len(names) == 0 {
		return "-"
	}
	return strings.Join(names, ", ")
}

func day(t time.Time, location *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(location).Format("Mon 2 Jan 15:04")
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
