package page

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// ID is the name of the page properties of a change's page: the register gathers
// those with this name.
const ID = "countersign"

// Label is on the page of every change.
const Label = "change-record"

// MostBytes is how large a machine part can be. Confluence refuses a body of 5 MB,
// and the people's part needs its room too.
const MostBytes = 4_000_000

// mostInTitle is how long a title can be, in UTF-16 code units.
const mostInTitle = 255

// Source is all a page is made from.
type Source struct {
	Data       mailtmpl.Data // the change, the people's names, the time zone; its reader and its time do not matter
	Events     []storage.EventRow
	In         []storage.CameIn
	Out        []storage.WentOut
	Deliveries []storage.Delivery
	URL        string // of the change in our own pages; may be empty
	Space      string // the key of the space the page is for
}

// A Page is what a change's page is to say.
type Page struct {
	Title   string
	Machine string // the whole machine part
	Labels  []string
	Files   []File // to be attached to it, under the names by which the machine part links to them
}

// A File is an attachment of the page.
type File struct {
	Name string // on the page: no two have the same
	File policy.File
}

// Of makes the page of a change. The same source gives the same page.
func Of(s Source) (Page, error) {
	m := newMaker(s)
	p := Page{Title: m.title(), Labels: m.labels(), Files: m.files}
	if m.restricted() {
		p.Machine = source(m.little()...)
	} else {
		p.Machine = source(m.all()...)
	}
	if len(p.Machine) > MostBytes {
		return Page{}, fmt.Errorf("making the page of %s: it has %d bytes, at most %d can be sent", s.Data.Number(), len(p.Machine), MostBytes)
	}
	if err := Check(p.Machine); err != nil {
		return Page{}, fmt.Errorf("making the page of %s: %w", s.Data.Number(), err)
	}
	return p, nil
}

// Hash is the SHA-256 of a machine part as it is sent, in hex. What comes back
// from Confluence has another one.
func Hash(machine string) string {
	sum := sha256.Sum256([]byte(machine))
	return hex.EncodeToString(sum[:])
}

// A maker makes one page, and keeps account of the room on it.
type maker struct {
	Source
	d       mailtmpl.Data
	c       policy.Change
	events  []policy.Event
	erased  int // events that cannot be read
	history []mailtmpl.Saying
	files   []File
	owed    string // to whom the report (7) is still owed
	room    int    // bytes left for what people wrote
}

// newMaker takes out of the source what would change by itself: who reads, and
// when. Every date is told with its year then, and nothing is late.
func newMaker(s Source) *maker {
	m := &maker{Source: s, d: s.Data, c: s.Data.Change, room: mostOfPage}
	m.d.Now, m.d.Reader, m.d.Notice, m.d.Away = time.Time{}, policy.Person{}, policy.Notice{}, nil
	for _, row := range s.Events {
		if e, err := policy.DecodeEvent(row.Kind, row.Payload); err == nil {
			m.events = append(m.events, e)
		} else {
			m.erased++
		}
	}
	m.history, m.owed = mailtmpl.History(m.d, m.events), m.outstanding()
	if !m.restricted() {
		m.files = filesOf(m.c, s.In)
	}
	return m
}

func (m *maker) restricted() bool { return m.c.IsRestricted() }

// all is the page of a change that everybody may read.
func (m *maker) all() []node {
	return slices.Concat(
		m.banner(), m.standing(), m.assessments(), m.properties(), m.marks(),
		m.proposal(), m.path(), m.work(), m.checks(), m.documents(), m.distribution(),
		m.comments(), m.evidence(), m.mails(),
	)
}

// title is the number and the title of the change on one line.
func (m *maker) title() string {
	title := m.c.Title()
	if oneLine(title, 1) == "" {
		title = "a change without a title"
	}
	return cutUnits(oneLine(m.d.Number()+" "+title, mostInTitle), mostInTitle)
}

// cutUnits cuts a text to n UTF-16 code units, as Java counts characters, and
// never within a character.
func cutUnits(s string, n int) string {
	for i, r := range s {
		if n -= len16(r); n < 0 {
			return strings.TrimSpace(s[:i])
		}
	}
	return s
}

func len16(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// labels are what the page can be found by.
func (m *maker) labels() []string {
	labels := []string{Label, "change-open"} // that is what all pages under way can be found by; the state itself stands on them
	if m.c.State.End() {
		labels[1] = labelOf("change", string(m.c.State))
	}
	if m.restricted() {
		return append(labels, "change-restricted")
	}
	for _, c := range m.c.Proposal.Categories {
		labels = append(labels, labelOf("category", string(c)))
	}
	if level := m.risk(); level != "" {
		labels = append(labels, labelOf("risk", string(level)))
	}
	if m.c.IsMajor() {
		labels = append(labels, "change-major")
	}
	for _, mark := range m.c.Marks {
		labels = append(labels, labelOf("change", string(mark.Kind)))
	}
	slices.Sort(labels[1:])
	return slices.Compact(labels)
}

// labelOf is a label that Confluence takes as one: small letters, digits and
// hyphens. A blank would make several of it.
func labelOf(kind, name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return kind + "-" + strings.Join(words, "-")
}
