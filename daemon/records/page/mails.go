package page

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/storage"
)

// What all of it rests on: files, and the mails themselves.

// filesOf lists the files that are part of the change, each once, in the order
// in which they came, with the names they get on the page.
func filesOf(c policy.Change, in []storage.CameIn) (all []File) {
	seen, names := map[string]bool{}, map[string]bool{}
	add := func(f policy.File) {
		if seen[f.SHA256] {
			return
		}
		name := fileName(f, names)
		seen[f.SHA256], names[strings.ToLower(name)] = true, true
		all = append(all, File{Name: name, File: f})
	}
	for _, m := range in {
		for _, f := range m.Attachments {
			add(f)
		}
	}
	for _, b := range c.Ballots {
		if b.Answer != nil {
			for _, f := range b.Answer.Files {
				add(f)
			}
		}
	}
	return all
}

// mostInName is how many characters of a file's name are kept.
const mostInName = 100

// fileName is the name a file gets on the page: its own, without what Confluence
// does not take in names, and with the beginning of its hash where another file
// has that name.
func fileName(f policy.File, taken map[string]bool) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_.(),", r) {
			return r
		}
		return '_'
	}, strings.Join(strings.Fields(mailtmpl.Clean(f.Name)), " "))
	name = strings.Trim(name, " .")
	ext := path.Ext(name)
	if utf8.RuneCountInString(ext) > 10 {
		ext = ""
	}
	base := oneLine(strings.TrimSuffix(name, ext), mostInName)
	if base == "" {
		base = "file"
	}
	if taken[strings.ToLower(base+ext)] {
		base += " " + f.SHA256[:min(8, len(f.SHA256))]
	}
	return base + ext
}

// attached links to files where they are spoken of.
func (m *maker) attached(files []policy.File) (all []node) {
	for _, f := range files {
		if m.room -= ofARow; m.room <= 0 {
			return all
		}
		i := slices.IndexFunc(m.files, func(known File) bool { return known.File.SHA256 == f.SHA256 })
		if i >= 0 {
			all = append(all, el("p", el("strong", text("Attached")), text(" "), attached(m.files[i].Name), text(" ("+mailtmpl.Size(f.Size)+")")))
		}
	}
	return all
}

// evidence lists the files attached to the page, with their hashes.
func (m *maker) evidence() []node {
	return titled("Files", table([]string{"File", "Size", "SHA-256"}, each(m, m.files, func(f File) node {
		return el("tr", cell(el("p", attached(f.Name))), cell(para(mailtmpl.Size(f.File.Size))), hash(f.File.SHA256))
	})))
}

func hash(sum string) node { return cell(el("p", el("code", text(oneLine(sum, 64))))) }

// mails lists the mails that came and left. Those that came have the hash by which
// the archived mail is known for what it is. What came and left since the last
// step is told with the next one, so that a reminder or an automatic reply is no
// news to those who watch the page.
func (m *maker) mails() []node {
	in := upTo(m.last(), m.In, func(in storage.CameIn) time.Time { return in.Received })
	out := upTo(m.last(), m.aboutTheChange(), func(out storage.WentOut) time.Time { return out.At })
	came := table([]string{"Received", "From", "What became of it", "SHA-256 of the raw mail"}, each(m, in, func(in storage.CameIn) node {
		from, became := m.cameFrom(in)
		return el("tr", cell(para(m.at(in.Received))), cell(para(from)), cell(para(became)), hash(in.SHA256))
	}))
	left := table([]string{"Written", "To", "Mail"}, each(m, m.written(out), func(w written) node {
		return el("tr", cell(para(m.at(w.at))), cell(para(m.line(w.to()))), cell(para(w.says())))
	}))
	var all []node
	if len(came) > 0 {
		all = append(all, expand(fmt.Sprintf("Mails that came until the last step (%d)", len(in)), came...))
	}
	if len(left) > 0 {
		all = append(all, expand(fmt.Sprintf("Mails that were written until then (%d)", len(out)), left...))
	}
	return titled("Mails", all)
}

// last is when the last step was taken.
func (m *maker) last() (last time.Time) {
	for _, s := range m.history {
		if s.When.After(last) {
			last = s.When
		}
	}
	return last
}

// aboutTheChange are the mails that were written about it, and not about this page.
func (m *maker) aboutTheChange() []storage.WentOut {
	return slices.DeleteFunc(slices.Clone(m.Out), func(out storage.WentOut) bool { return out.Notice == policy.OperatorUnpublished })
}

// upTo are the mails of the steps until then. The database knows a moment less
// exactly than the record.
func upTo[T any](last time.Time, mails []T, at func(T) time.Time) []T {
	return slices.DeleteFunc(slices.Clone(mails), func(mail T) bool { return at(mail).After(last.Add(time.Second)) })
}

// cameFrom says from whom a mail came, and what became of it. Answers given on a
// page are archived beside the mails, in a folder of that name.
func (m *maker) cameFrom(in storage.CameIn) (from, became string) {
	switch became = mailtmpl.Became(in.Disposition); {
	case in.Folder == "page":
		return m.d.Name(in.Person) + ", on a page", became
	case in.Person != "":
		return m.d.Name(in.Person), became
	case in.Disposition == "noted":
		return "Ourselves", "a copy of an answer given on a page"
	default:
		return "Somebody", became
	}
}

// A written mail was written to several people at once. Whether it has left yet
// is not told, but for those that could not be delivered: the page would change
// with every mail.
type written struct {
	at     time.Time
	notice policy.NoticeKind
	failed bool
	people []string
}

func (m *maker) written(out []storage.WentOut) (all []written) {
	for _, o := range out {
		w := written{at: o.At, notice: o.Notice, failed: o.State == "failed"}
		i := slices.IndexFunc(all, func(s written) bool { return s.at.Equal(w.at) && s.notice == w.notice && s.failed == w.failed })
		if i < 0 {
			i, all = len(all), append(all, w)
		}
		all[i].people = append(all[i].people, m.recipient(o))
	}
	return all
}

func (w written) to() string { return strings.Join(w.people, ", ") }

func (w written) says() string {
	if w.failed {
		return mailtmpl.NoticeName(w.notice) + "; it " + mailtmpl.Fate("failed")
	}
	return mailtmpl.NoticeName(w.notice)
}
