package chaos_test

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// robots are the people of a company: they read what the mail server took for
// them, and write what their play says.
type robots struct {
	story   story
	sink    *mailbox.Server
	deliver func(raw []byte) error

	mu        sync.Mutex
	read      int              // how many of the sink's mails were read
	known     map[string]bool  // by Message-ID; a mail that comes again is not read again
	waiting   []stage.Received // not answered yet
	spoken    []int            // lines of each change
	delivered [][]byte         // all that reached the mailbox
}

func newRobots(s story, sink *mailbox.Server, deliver func([]byte) error) *robots {
	return &robots{story: s, sink: sink, deliver: deliver, known: map[string]bool{}, spoken: make([]int, len(s.changes))}
}

// open sends the proposals.
func (r *robots) open() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.story.changes {
		if err := r.send(c.opening); err != nil {
			return err
		}
	}
	return nil
}

func (r *robots) send(mails ...[]byte) error {
	for _, raw := range mails {
		if err := r.deliver(raw); err != nil {
			return err
		}
		r.delivered = append(r.delivered, raw)
	}
	return nil
}

// act reads what has come and answers what there is to answer.
func (r *robots) act() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.sink.Sent()
	for ; r.read < len(sent); r.read++ {
		m, err := stage.Read(sent[r.read].Raw)
		if err != nil {
			return fmt.Errorf("reading a mail we sent: %w\n%s", err, sent[r.read].Raw)
		}
		if m.To = sent[r.read].To; !r.known[m.MessageID] {
			r.known[m.MessageID] = true
			r.waiting = append(r.waiting, m)
		}
	}
	for i := range r.story.changes {
		if err := r.speak(i); err != nil {
			return err
		}
	}
	return nil
}

// speak speaks the lines of a change whose turn has come.
func (r *robots) speak(i int) error {
	c := r.story.changes[i]
	for n := r.spoken[i]; n < len(c.lines); n = r.spoken[i] {
		to, ok := r.take(c, c.lines[n])
		if !ok {
			return nil
		}
		l := stage.Letter{From: address(c.lines[n].by), Subject: "Re: your mail", Body: c.lines[n].text}.Answer(to)
		name, _, _ := strings.Cut(to.MessageID, "@")
		if err := r.send(c.manners[n](answer{Letter: l, to: to, id: "re-" + name})...); err != nil {
			return err
		}
		r.spoken[i]++
	}
	return nil
}

// take takes the first mail that waits for the line.
func (r *robots) take(c change, l line) (stage.Received, bool) {
	for i, m := range r.waiting {
		if m.To == address(l.by) && m.Notice == l.to && c.about(m) {
			r.waiting = append(r.waiting[:i:i], r.waiting[i+1:]...)
			return m, true
		}
	}
	return stage.Received{}, false
}

// done says whether the play is over: every line is spoken, and nothing has come
// since. It also says how many mails there were, and what is waited for.
func (r *robots) done() (over bool, delivered int, waitingFor string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, c := range r.story.changes {
		if n := r.spoken[i]; n < len(c.lines) {
			waitingFor += fmt.Sprintf("change %s (%s): %s for the mail %s\n", c.id(), c.name, c.lines[n].by, c.lines[n].to)
		}
	}
	return waitingFor == "" && r.read == len(r.sink.Sent()), len(r.delivered), waitingFor
}

// live lets the robots act until stop is closed.
func (r *robots) live(stop <-chan struct{}) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
			if err := r.act(); err != nil {
				return err
			}
		}
	}
}

func address(person string) string { return person + "@example.com" }
