package page

import (
	"reflect"
	"strings"
	"testing"

	"github.com/countersign/countersign/policy"
)

// Nothing that comes by mail can break a page, or be more than text on it.
func FuzzPage(f *testing.F) {
	for _, text := range []string{
		"]]>", "&nbsp;&lt;&#0;", "<script>alert(1)</script>", "</p></td></tr></table>", "<ac:structured-macro ac:name=\"expand\">", "<br", "<!--", "<![CDATA[",
		"a\x00b\x1bc\u0085d\ufffee\uffff", "\u202egnp.exe\u202c", "\xff\xfe\xed\xa0\x80", "\U0001fffe\U0010ffff", "a\r\n\r\n\r\nb\u2028c\n\n", "'\"`", " ",
		NotesTitle, "low: because", strings.Repeat("a line\n", 2000), strings.Repeat("&", 5_000),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hostile := pageOf(t, said(played(t, "closed"), text))
		if pageOf(t, said(played(t, "closed"), text)).Machine != hostile.Machine {
			t.Fatal("the same source gives two pages")
		}
		if _, _, found, err := Split(Whole(hostile.Machine, "")); err != nil || !found {
			t.Fatal("the notes are not found", err)
		}
		if len16s(hostile.Title) > mostInTitle || strings.ContainsAny(hostile.Title, "\n\t") {
			t.Fatalf("the title is %q", hostile.Title)
		}
		// Without the characters of markup, the same text makes the same page.
		tame := strings.NewReplacer("<", "x", ">", "x", "&", "x", `"`, "x", "'", "x").Replace(text)
		if len(text) > mostOfField/10 {
			return // it is cut elsewhere
		}
		if got, want := skeleton(t, hostile.Machine), skeleton(t, pageOf(t, said(played(t, "closed"), tame)).Machine); got != want {
			t.Fatalf("%q becomes markup:\n%s", text, Diff(escaped(want), escaped(got)))
		}
	})
}

func escaped(lines string) string {
	return "<p>" + strings.ReplaceAll(escape(lines), "\n", "</p><p>") + "</p>"
}

func len16s(s string) (n int) {
	for _, r := range s {
		n += len16(r)
	}
	return n
}

// However much people write, a page can be sent, and says what it leaves out.
func TestAPageCanAlwaysBeSent(t *testing.T) {
	for _, text := range []string{strings.Repeat("word ", 1<<20), strings.Repeat("&", 150_000), strings.Repeat("\"\n", 50<<10)} {
		p := pageOf(t, said(played(t, "closed"), text))
		if !strings.Contains(p.Machine, "the SHA-256 "+sum(strings.TrimSpace(text))+", and stands whole in the record.") {
			t.Errorf("what is left out of %d bytes is not said", len(text))
		}
	}
	s := played(t, "closed")
	for range 6 {
		s.Events = append(s.Events, s.Events...)
		s.In = append(s.In, s.In...)
		s.Out = append(s.Out, s.Out...)
		s.Data.Change.Comments = append(s.Data.Change.Comments, s.Data.Change.Comments...)
	}
	for range 6 {
		s.Data.Change.Comments = append(s.Data.Change.Comments, s.Data.Change.Comments...)
	}
	p := pageOf(t, s)
	if !strings.Contains(p.Machine, "more, which stand in the record.") {
		t.Errorf("there is room for everything in %d bytes", len(p.Machine))
	}
}

// said is the source as if everybody had written the text, wherever anybody can
// write one.
//
// Of a very long text only the beginning stands in the events and beside the
// change: it takes long to get it out of JSON again.
func said(s Source, text string) Source {
	part := beginning(text, mostOfField+mostOfField/10)
	for i, row := range s.Events {
		e, err := policy.DecodeEvent(row.Kind, row.Payload)
		if err != nil {
			panic(err)
		}
		fill(reflect.ValueOf(e).Elem(), part)
		if s.Events[i].Payload, err = policy.EncodeEvent(e); err != nil {
			panic(err)
		}
	}
	fill(reflect.ValueOf(&s.Data.Change).Elem(), text)
	fill(reflect.ValueOf(&s.Data.Directory.People).Elem(), beginning(text, 1000)) // which the operator writes
	fill(reflect.ValueOf(&s.In).Elem(), part)
	fill(reflect.ValueOf(&s.Out).Elem(), part)
	fill(reflect.ValueOf(&s.Deliveries).Elem(), part)
	return s
}

// fill sets every plain string there is below the value. States, keywords and the
// ids of people and ballots have types of their own, and stay.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && v.Type() == reflect.TypeFor[string]() {
			v.SetString(text)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, text)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), text)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if v.Type().Elem() == reflect.TypeFor[string]() {
				v.SetMapIndex(key, reflect.ValueOf(text))
			}
		}
	}
}

// skeleton is the markup of a body without its text.
func skeleton(t *testing.T, body string) string {
	t.Helper()
	nodes, err := parse(body)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func([]node)
	walk = func(nodes []node) {
		for _, n := range nodes {
			if n.name == "" {
				continue
			}
			b.WriteString(n.name)
			for _, a := range n.attrs {
				b.WriteString(" " + a.name)
			}
			b.WriteString("\n")
			walk(n.kids)
			b.WriteString("/" + n.name + "\n")
		}
	}
	walk(nodes)
	return b.String()
}
