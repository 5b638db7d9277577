package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// An inMail is a mail about the change that came.
type inMail struct {
	At, From, Became string
	Files            []fileLink
}

func inMails(d mailtmpl.Data, mails []storage.CameIn) (all []inMail) {
	for _, m := range mails {
		in := inMail{At: d.Time(m.Received), From: d.Name(m.Person), Became: mailtmpl.Became(m.Disposition), Files: fileLinks(d.Change, m.Attachments)}
		switch {
		case m.Folder == desk.PageFolder:
			in.From += ", on a page"
		case m.Person == "" && m.Disposition == string(desk.NotedDown):
			in.From, in.Became = "Ourselves", "a copy of an answer given on a page"
		case m.Person == "":
			in.From = "Somebody"
		}
		all = append(all, in)
	}
	return all
}

// An outMail is a mail about the change that is owed or was sent: one to each of
// several people.
type outMail struct {
	At, Notice, To string
	State          string // where it has not just been sent
	Bad            bool
}

// outMails puts together what was owed at one moment and fared alike.
func outMails(d mailtmpl.Data, mails []storage.WentOut) (all []outMail) {
	type alike struct {
		at           time.Time
		notice       policy.NoticeKind
		state, error string
	}
	to := map[alike][]string{}
	var order []alike
	for _, m := range mails {
		a := alike{m.At, m.Notice, m.State, m.LastError}
		if to[a] == nil {
			order = append(order, a)
		}
		to[a] = append(to[a], recipient(d, m.Person, m.Recipient))
	}
	for _, a := range order {
		out := outMail{At: d.Time(a.at), Notice: mailtmpl.NoticeName(a.notice), To: some(to[a]), State: mailtmpl.Fate(a.state), Bad: a.state == "failed"}
		if a.error != "" && a.state != "sent" && a.state != "superseded" {
			out.State += ": " + mailtmpl.Clean(a.error)
		}
		all = append(all, out)
	}
	return all
}

func recipient(d mailtmpl.Data, person policy.PersonID, address string) string {
	if person != "" {
		return d.Name(person)
	}
	return address
}

// mostNames are named in one line.
const mostNames = 12

// some names people, but not all of very many.
func some(names []string) string {
	if len(names) > mostNames {
		return strings.Join(names[:mostNames], ", ") + " and " + strconv.Itoa(len(names)-mostNames) + " more"
	}
	return strings.Join(names, ", ")
}

// A toldLine is what became of the report (7) to one of its recipients.
type toldLine struct {
	To, State string
	Bad       bool
}

// A told is what became of the report to all of them.
type told struct {
	Sent, All int
	Rest      []toldLine // those to whom it was not sent
	Names     string     // those to whom it was
}

func toldOf(d mailtmpl.Data, deliveries []storage.Delivery) told {
	t := told{All: len(deliveries)}
	var names []string
	for _, delivery := range deliveries {
		name := d.Name(policy.PersonID(delivery.Recipient))
		if delivery.Sent() {
			t.Sent++
			names = append(names, name)
			continue
		}
		line := toldLine{To: name, State: mailtmpl.Fate(delivery.State) + " since " + d.Time(delivery.At), Bad: delivery.State == "failed"}
		if excuse, excused := d.Change.Excuse(delivery.Recipient); excused {
			line.State, line.Bad = "excused by the operator: "+mailtmpl.Clean(excuse.Reason), false
		}
		t.Rest = append(t.Rest, line)
	}
	slices.SortStableFunc(t.Rest, func(a, b toldLine) int { return cmp.Compare(a.To, b.To) })
	t.Names = strings.Join(names, ", ")
	return t
}

// documents are those reported as updated (8), each with who said so.
func documents(d mailtmpl.Data) (all []typed) {
	for _, b := range d.Change.Ballots {
		if !slices.Contains(policy.Duties, b.Kind) || b.Status != policy.BallotCast {
			continue
		}
		if said := b.Answer.Fields.Get(policy.LabelDocuments); said != "" {
			all = append(all, typed{d.Name(b.Answer.By) + ", " + d.Day(b.Answer.At), mailtmpl.Clean(said)})
		}
	}
	return all
}
