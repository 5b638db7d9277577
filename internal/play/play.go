package play

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// A Play is a company somebody plays with. What is done to it is done one at a
// time.
type Play struct {
	mu    sync.Mutex
	stage *stage.Stage
	read  map[string]bool // Message-IDs of mails that were opened, with whose they are
	news  []stage.Received
	error string // what went wrong the last time
}

// New lets somebody play on the stage, and gives everybody a mailbox that mail
// programs can log in to.
func New(ctx context.Context, s *stage.Stage) (*Play, error) {
	p := &Play{stage: s, read: map[string]bool{}}
	for _, m := range p.mailboxes() {
		if err := s.Provider.AddUser(m.Address, stage.Password); err != nil {
			return nil, fmt.Errorf("giving %s a mailbox: %w", m.Address, err)
		}
	}
	return p, p.Step(ctx)
}

// Step lets the daemon take one breath.
func (p *Play) Step(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.step(ctx)
}

func (p *Play) step(ctx context.Context) error {
	mails, err := p.stage.Step(ctx)
	if len(mails) > 0 {
		p.news = mails
	}
	return err
}

// Pages serves the daemon's own pages. After each answer the daemon does its work.
func (p *Play) Pages() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stage.Web.Handler().ServeHTTP(w, r)
		if r.Method == http.MethodPost {
			p.note(p.step(context.WithoutCancel(r.Context())))
		}
	})
}

// note keeps what went wrong for whoever looks next.
func (p *Play) note(err error) {
	if err != nil {
		p.error = err.Error()
	}
}

// A box is somebody's mailbox.
type box struct {
	Address, Name, Part string
	Unread, All         int
}

// mailboxes are those of everybody the company has, and what they are in it.
func (p *Play) mailboxes() []box {
	d := p.stage.Configured()
	var all []box
	for _, person := range d.People {
		all = append(all, box{Address: person.Addresses[0], Name: person.Name, Part: part(person)})
	}
	for _, team := range slices.Sorted(maps.Keys(d.Lists)) {
		for _, list := range d.Lists[team] {
			all = append(all, box{Address: list, Name: list, Part: "mailing list"})
		}
	}
	all = append(all, box{Address: "operator@example.com", Name: "The operator", Part: "runs Countersign"})
	for i, m := range all {
		for _, mail := range p.stage.Inbox(m.Address) {
			all[i].All++
			if !p.read[m.Address+" "+mail.MessageID] {
				all[i].Unread++
			}
		}
	}
	return all
}

// part is what a person is in the company.
func part(p policy.Person) string {
	var parts []string
	for _, r := range p.Roles {
		parts = append(parts, r.Title())
	}
	for _, t := range p.Teams {
		parts = append(parts, teams[t])
	}
	return strings.Join(parts, ", ")
}

var teams = map[policy.Team]string{
	policy.IT: "IT Team", policy.Development: "Development", policy.QA: "Quality Assurance", policy.G7: "G7, higher management",
}
