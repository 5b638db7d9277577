package year_test

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/mailbox"
	"github.com/countersign/countersign/internal/testkit/stage"
)

// people are everybody in the company: they propose, and answer what they get.
// What a person does about a mail depends on the seed and that mail alone.
type people struct {
	seed      uint64
	vacations map[string][]span
	plans     []plan
	waiting   map[string]stage.Received // asked and not answered yet, by the paper's address
	planned   map[string]bool           // papers somebody is going to answer
	made      bool                      // people have begun to make up for what they owe
	automatic int                       // out-of-office replies
	written   int
	read      int
}

// A plan is to write something at a time.
type plan struct {
	at     time.Time
	id     string // of the letter
	letter stage.Letter
	paper  string // the address of the paper it answers
}

// unasked is the paper of what answers none.
const unasked = "none"

// A letter is what was written.
type letter struct {
	at  time.Time
	raw []byte
}

func newPeople(seed uint64, changes int) *people {
	p := &people{seed: seed, vacations: map[string][]span{}, waiting: map[string]stage.Received{}, planned: map[string]bool{}}
	for _, who := range everybody {
		p.vacations[who] = vacations(p.luck("vacations", who))
	}
	for who, summer := range deputized {
		p.vacations[who][0] = summer
	}
	for n := range changes {
		p.plan(proposal(p.luck("proposal", fmt.Sprint(n)), n))
	}
	return p
}

// luck draws what becomes of something.
func (p *people) luck(of ...string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(strings.Join(of, " ")))
	return rand.New(rand.NewPCG(p.seed, h.Sum64()))
}

// vacations are two weeks in summer or three, and one at some other time.
func vacations(rng *rand.Rand) []span {
	summer := local(2028, time.July, 3+7*rng.IntN(6), 0, 0)
	other := local(2028, time.Month(1+rng.IntN(5)), 1+rng.IntN(25), 0, 0)
	return []span{
		{summer, summer.AddDate(0, 0, 14+7*rng.IntN(2))},
		{other, other.AddDate(0, 0, 7)},
	}
}

func (p *people) plan(what plan) {
	p.plans = append(p.plans, what)
	p.planned[what.paper] = true
}

// until gives what people write until the time, in order.
func (p *people) until(now time.Time) []letter {
	var due, later []plan
	for _, one := range p.plans {
		if one.at.After(now) {
			later = append(later, one)
		} else {
			due = append(due, one)
		}
	}
	p.plans = later
	slices.SortFunc(due, func(a, b plan) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	var letters []letter
	for _, one := range due {
		delete(p.planned, one.paper)
		letters = append(letters, letter{one.at, one.letter.Bytes(one.id, one.at)})
	}
	p.written += len(letters)
	return letters
}

// receive has people read what has come.
func (p *people) receive(mails []mailbox.Sent) {
	for _, sent := range mails {
		m, err := stage.Read(sent.Raw)
		if err != nil {
			panic(err) // it is we who wrote it
		}
		m.To, p.read = sent.To, p.read+1
		if who, domain, _ := strings.Cut(m.To, "@"); domain == "example.com" && slices.Contains(everybody, who) {
			p.reads(who, m, sent.At)
		}
	}
}

// reads has a person read a mail. Who is away has an out-of-office reply sent,
// and takes it up when back. Who is going to answer the same paper already does
// not think again.
func (p *people) reads(who string, m stage.Received, at time.Time) {
	rng := p.luck("reads", m.MessageID)
	if i := slices.IndexFunc(p.vacations[who], func(s span) bool { return s.has(at) }); i >= 0 {
		p.away(who, m, at)
		at = p.vacations[who][i].until
	}
	say, asked := says[m.Notice]
	if asked && strings.Contains(string(m.Notice), "-ask-") {
		p.waiting[m.ReplyTo] = m
	}
	if !asked || p.planned[m.ReplyTo] || rng.IntN(100) < silent {
		return
	}
	if text := say.draw(rng); text != "" {
		p.answer(rng, who, m, text, at.Add(delay(rng)))
	}
}

// silent is how many mails in a hundred nobody answers.
const silent = 6

// delay is how long a person takes to answer.
func delay(rng *rand.Rand) time.Duration {
	longest := []time.Duration{2 * time.Hour, 2 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 4 * 24 * time.Hour, 4 * 24 * time.Hour, 12 * 24 * time.Hour, 40 * 24 * time.Hour}
	most := longest[rng.IntN(len(longest))]
	return time.Minute + drawn(rng, most)
}

// answer plans the answer to a mail; half of the people quote it.
func (p *people) answer(rng *rand.Rand, who string, m stage.Received, text string, at time.Time) {
	l := stage.Letter{From: address(who), Body: filled(rng, text, at)}
	if rng.IntN(2) == 0 {
		l = l.Reply(m)
	} else {
		l = l.Answer(m)
	}
	delete(p.waiting, m.ReplyTo)
	p.plan(plan{at: at, id: "re-" + m.MessageID, letter: l, paper: m.ReplyTo})
}

// away sends an out-of-office reply.
func (p *people) away(who string, m stage.Received, at time.Time) {
	l := stage.Letter{
		From: address(who), Subject: "Out of office: " + m.Subject, Headers: []string{"Auto-Submitted: auto-replied"},
		Body: "I am on vacation and will read your mail when I am back.\n",
	}.Answer(m)
	p.automatic++
	p.plans = append(p.plans, plan{at: at.Add(time.Minute), id: "away-" + m.MessageID, letter: l, paper: unasked})
}

// makeUp has people answer, in the days that follow, half of what they still
// owe.
func (p *people) makeUp(now time.Time) {
	if p.made {
		return
	}
	p.made = true
	for _, m := range p.waiting {
		rng := p.luck("makes up", m.MessageID)
		who, _, _ := strings.Cut(m.To, "@")
		if text := says[m.Notice].draw(rng); text != "" && rng.IntN(2) == 0 && !p.planned[m.ReplyTo] {
			p.answer(rng, who, m, text, now.Add(drawn(rng, 10*24*time.Hour)))
		}
	}
}

// drawn is some time up to the longest, in whole seconds: mailboxes know no
// others.
func drawn(rng *rand.Rand, longest time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(longest))).Truncate(time.Second)
}
