package daemon_test

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/policy"
)

// sent names every mail that left since the last time: PERSON:MAIL...
func (c *conversation) sent(l line) string {
	got := []string{"sent"}
	for _, m := range c.fresh {
		got = append(got, person(m.To)+":"+string(m.Notice))
	}
	c.fresh = nil
	slices.Sort(got[1:])
	want := slices.Clone(l.words)
	slices.Sort(want[1:])
	if *update {
		return strings.Join(got, " ")
	}
	if !slices.Equal(got, want) {
		c.errorf("these mails left: %s", strings.Join(got[1:], " "))
	}
	return ""
}

// unnamed fails if a mail left that no line named.
func (c *conversation) unnamed() {
	c.t.Helper()
	for _, m := range c.fresh {
		c.errorf("before this line, a mail left that the script does not name: %s:%s %q", person(m.To), m.Notice, m.Subject)
	}
	c.fresh = nil
}

// disposition says what became of the last mail, or of the last firing.
func (c *conversation) disposition(l line) string { return c.compare(l, 1, c.result) }

// state says where a change stands.
func (c *conversation) state(l line) string {
	return c.compare(l, 2, string(c.change(l.words[1]).State))
}

// reads is how the state of a change is told to people.
func (c *conversation) reads(l line) string {
	change := c.change(l.words[1])
	lacks, err := c.stage.Store.Lacks(c.t.Context(), c.stage.Desk.Publishes, change.ID)
	if err != nil {
		c.fatalf("%v", err)
	}
	return c.compare(l, 2, change.State.Reads(lacks[change.ID]))
}

// reaches says whom an answer to the latest such mail reaches: PERSON MAIL WHO.
func (c *conversation) reaches(l line) string {
	m, ok := c.stage.Latest(address(l.words[1]), notice(l.words[2]))
	if !ok {
		c.fatalf("%s has no mail %s", l.words[1], l.words[2])
	}
	return c.compare(l, 3, person(m.ReplyTo))
}

// open lists the open ballots of a change, PERSON:BALLOT.
func (c *conversation) open(l line) string {
	var open []string
	for _, b := range c.change(l.words[1]).OpenBallots() {
		open = append(open, string(b.Person)+":"+string(b.Kind))
	}
	slices.Sort(open)
	return c.compare(l, 2, strings.Join(open, " "))
}

// mark lists what the record says of a change for good.
func (c *conversation) mark(l line) string {
	var marks []string
	for _, m := range c.change(l.words[1]).Marks {
		marks = append(marks, string(m.Kind))
	}
	return c.compare(l, 2, strings.Join(marks, ", "))
}

// compare holds what follows the first words of the line against what is.
func (c *conversation) compare(l line, head int, got string) string {
	if *update {
		return strings.TrimSpace(strings.Join(l.words[:head], " ") + " " + got)
	}
	if want := strings.Join(l.words[head:], " "); got != strings.TrimSpace(want) {
		c.errorf("it is %q", got)
	}
	return ""
}

func (c *conversation) change(name string) policy.Change {
	change, err := c.stage.Store.Change(c.t.Context(), name)
	if err != nil {
		c.fatalf("%v", err)
	}
	return change
}

// says holds the latest such mail against words that stand in it, or, after the
// word silent, do not: PERSON MAIL WORDS.
func (c *conversation) says(l line) string {
	m, ok := c.stage.Latest(address(l.words[1]), notice(l.words[2]))
	if !ok {
		c.fatalf("%s has no mail %s", l.words[1], l.words[2])
	}
	want := strings.Join(l.words[3:], " ")
	text := strings.Join(strings.Fields(strings.ReplaceAll(m.Subject+" "+m.Text, "│", "")), " ")
	if strings.Contains(text, want) != (l.words[0] == "says") {
		c.errorf("the mail:\n%s\n\n%s", m.Subject, m.Text)
	}
	return ""
}
