package page

import (
	"regexp"
	"strings"
	"testing"
)

// rewritten is a body as Confluence gives it back: with attributes of its own, a
// blank in empty elements, entities by name.
func rewritten(body string) string {
	body = strings.ReplaceAll(body, "/>", " />")
	body = strings.ReplaceAll(body, "<ac:structured-macro ", `<ac:structured-macro ac:schema-version="1" ac:macro-id="7d8a-4" ac:local-id="b1" `)
	body = strings.ReplaceAll(body, "<p>", `<p local-id="c2">`)
	return strings.NewReplacer("’", "&rsquo;", "“", "&ldquo;", "&#39;", "'", "\n", "").Replace(body)
}

// What Confluence does to a page is no change of it.
func TestWhatConfluenceDoesIsNoChange(t *testing.T) {
	for name := range stories {
		sent := pageOf(t, played(t, name)).Machine
		found := rewritten(sent)
		if found == sent {
			t.Fatal("nothing is rewritten")
		}
		if canonicalOf(t, sent) != canonicalOf(t, found) || Diff(sent, found) != "" {
			t.Errorf("%s differs:\n%s", name, Diff(sent, found))
		}
	}
}

func canonicalOf(t *testing.T, body string) string {
	t.Helper()
	c, err := Canonical(body)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCanonical(t *testing.T) {
	for _, same := range [][2]string{
		{`<p>a &amp; b</p>`, `<p>a &#38; b</p>`},
		{"<p>\u00a0\u2013</p>", `<p>&nbsp;&ndash;</p>`},
		{`<p/>`, `<p></p>`},
		{`<a href="x" class="y">z</a>`, `<a class='y' href='x'>z</a>`},
		{`<p>one two</p>`, `<p>one <ac:inline-comment-marker ac:ref="r1">two</ac:inline-comment-marker></p>`},
		{"<p>one two</p>", "<p>one\n  two</p>"},
		{"<table><tr><td>a</td></tr></table>", "<table>\n <tr> <td>a</td>\n</tr></table>\n"},
		{`<p>a&lt;b</p>`, `<p><![CDATA[a<b]]></p>`},
		{
			`<ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">Red</ac:parameter><ac:parameter ac:name="title">X</ac:parameter></ac:structured-macro>`,
			`<ac:structured-macro ac:macro-id="1" ac:name="status"><ac:parameter ac:name="title">X</ac:parameter><ac:parameter ac:name="colour">Red</ac:parameter></ac:structured-macro>`,
		},
	} {
		if a, b := canonicalOf(t, same[0]), canonicalOf(t, same[1]); a != b {
			t.Errorf("%s\n%s are the same, but read\n%s%s", same[0], same[1], a, b)
		}
	}
	for _, other := range [][2]string{
		{`<p>a b</p>`, "<p>a\u00a0b</p>"},
		{`<p>ab</p>`, `<p>a b</p>`},
		{`<p><strong>a</strong> <em>b</em></p>`, `<p><strong>a</strong><em>b</em></p>`},
		{`<p>a</p>`, `<h2>a</h2>`},
		{`<a href="x">a</a>`, `<a href="y">a</a>`},
	} {
		if a, b := canonicalOf(t, other[0]), canonicalOf(t, other[1]); a == b {
			t.Errorf("%s\n%s are not the same, but read\n%s", other[0], other[1], a)
		}
	}
	if _, err := Canonical("<p>half"); err == nil {
		t.Error("half a body is read")
	}
}

func TestCheckSaysWhatIsWrongAndWhere(t *testing.T) {
	for body, want := range map[string]string{
		"<p>a</p>\n<p>b<br></p>":              "row 2, column 13: element <br> closed by </p>",
		"<p>a":                                "row 1, column 5: unexpected EOF",
		"<p>a & b</p>":                        "invalid character entity & (no semicolon)",
		"<p>&nbsp;</p>":                       "invalid character entity &nbsp;",
		"<p>]]></p>":                          "unescaped ]]>",
		"<p>\x01</p>":                         "illegal character code U+0001",
		"<p>\xff</p>":                         "invalid UTF-8",
		"<p hidden>a</p>":                     "attribute name without = in element",
		"<foo:p/>":                            "<foo:p> has an unknown prefix",
		`<p x:y="z"/>`:                        "attribute x:y of <p> has an unknown prefix",
		`<p xmlns:foo="z"><foo:b/></p>`:       "attribute xmlns:foo of <p> has an unknown prefix",
		`<p a="1" a="2"/>`:                    "attribute a of <p> stands there twice",
		`<!DOCTYPE html><p/>`:                 "an instruction to the reader",
		"</p>":                                "unexpected end element </p>",
		`<ac:link><ri:page ri:a="1"/></ri:b>`: "element <link> closed by </b>",
	} {
		if err := Check(body); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
	}
	if err := Check("<p>one</p>and <ac:link><ri:page ri:content-title=\"x\"/></ac:link>\n"); err != nil {
		t.Error(err)
	}
}

// People's notes are kept byte for byte, whatever Confluence has made of the rest.
func TestNotesAreKept(t *testing.T) {
	first := Whole(pageOf(t, played(t, "rejected")).Machine, "")
	if err := Check(first); err != nil {
		t.Fatal(err)
	}
	theirs := strings.Replace(rewritten(first), "Whatever you write in here stays as it is.", "call\u00a0me &ndash; <strong>Dana</strong>"+
		`<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">More</ac:parameter><ac:rich-text-body><p>…</p></ac:rich-text-body></ac:structured-macro>`, 1)
	machine, notes, found, err := Split(theirs)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if !strings.HasPrefix(notes, `<ac:structured-macro ac:schema-version="1" ac:macro-id="7d8a-4"`) || !strings.HasSuffix(notes, "</ac:structured-macro>") ||
		!strings.Contains(notes, "me &ndash; <strong>Dana</strong>") || machine+notes != theirs {
		t.Errorf("the notes are\n%s", notes)
	}
	closed := pageOf(t, played(t, "closed")).Machine
	if next := Whole(closed, notes); next != closed+notes {
		t.Error("the notes are written otherwise than they were read")
	}
	if Diff(pageOf(t, played(t, "rejected")).Machine, machine) != "" {
		t.Error("with the notes taken out, the machine part is not as it was sent")
	}
}

func TestNotesThatAreGone(t *testing.T) {
	machine := pageOf(t, played(t, "amended")).Machine // it has an expand macro, too
	rest, notes, found, err := Split(machine)
	if found || err != nil || rest != machine || notes != "" {
		t.Error(found, err, notes)
	}
	if _, _, _, err := Split("<p>half"); err == nil {
		t.Error("half a body is taken apart")
	}
}

// Somebody has moved the notes into a column: they are found there, and that the
// page looks otherwise is seen.
func TestNotesThatWereMoved(t *testing.T) {
	machine := "<p>ours</p>"
	body := "<ac:layout><ac:layout-cell>" + machine + emptyNotes + "</ac:layout-cell></ac:layout>"
	rest, notes, found, err := Split(body)
	if err != nil || !found || notes != emptyNotes || rest != "<ac:layout><ac:layout-cell><p>ours</p></ac:layout-cell></ac:layout>" {
		t.Error(rest, notes, found, err)
	}
	if got := Diff(machine, rest); got != "No words were changed, only how they look." {
		t.Error(got)
	}
}

// What people changed reads like this.
func TestDiff(t *testing.T) {
	sent := pageOf(t, played(t, "rejected")).Machine
	found := rewritten(sent)
	for old, instead := range map[string]string{
		"Reason</p>":                          "Reason for it</p>",
		"REJECTED":                            "CLOSED",
		"promote the old standby, 20 minutes": "promote the old standby, two hours",
		"<h2>Mails</h2>":                      "<p>I think this is <strong>wrong</strong>.</p><h2>Mails</h2>",
	} {
		if !strings.Contains(found, old) {
			t.Fatalf("there is no %s", old)
		}
		found = strings.Replace(found, old, instead, 1)
	}
	golden(t, "edited.diff", Diff(sent, found))
}

func TestADiffIsBounded(t *testing.T) {
	var many, other strings.Builder
	for range 5000 {
		many.WriteString("<p>ours</p><p>yours</p>")
		other.WriteString("<p>mine</p><p>" + strings.Repeat("word ", 500) + "</p>")
	}
	got := Diff(many.String(), other.String())
	if len(got) > 20_000 || !strings.HasSuffix(got, "… and more, which the page shows\n") {
		t.Errorf("it has %d bytes", len(got))
	}
	long := strings.Repeat("a word after another ", 500)
	got = Diff("<p>"+long+"is ours</p>", "<p>"+long+"was ours</p>")
	if len(got) > 1000 || !strings.Contains(got, "is ours") || !strings.Contains(got, "was ours") {
		t.Errorf("where a long paragraph differs is not seen:\n%s", got)
	}
}

// Comments on words that are still there stay on them.
func TestCommentsStayOnTheirWords(t *testing.T) {
	machine := `<p>a "b" &amp; c</p><ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">standby</ac:parameter><ac:rich-text-body><p>the old standby and the new standby</p></ac:rich-text-body></ac:structured-macro>`
	machine = strings.ReplaceAll(machine, `"b"`, "&quot;b&quot;")
	body := `<p>see <ac:inline-comment-marker ac:ref="r1">"b" &amp;</ac:inline-comment-marker></p><p><ac:inline-comment-marker ac:ref="r2">stand<strong>by</strong></ac:inline-comment-marker>` +
		`<ac:inline-comment-marker ac:ref="r3">standby</ac:inline-comment-marker><ac:inline-comment-marker ac:ref="r4">amp</ac:inline-comment-marker></p>`
	markers := Markers(body)
	marked, lost := Remark(machine, markers)
	want := `<p>a <ac:inline-comment-marker ac:ref="r1">&quot;b&quot; &amp;</ac:inline-comment-marker> c</p><ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">standby</ac:parameter>` +
		`<ac:rich-text-body><p>the old <ac:inline-comment-marker ac:ref="r2">standby</ac:inline-comment-marker> and the new <ac:inline-comment-marker ac:ref="r3">standby</ac:inline-comment-marker></p></ac:rich-text-body></ac:structured-macro>`
	if marked != want {
		t.Errorf("marked:\n%s\nwant:\n%s", marked, want)
	}
	if len(lost) != 1 || lost[0] != (Marker{"r4", "amp"}) {
		t.Errorf("lost: %v", lost)
	}
	if err := Check(marked); err != nil {
		t.Error(err)
	}
	if Diff(machine, marked) != "" {
		t.Error("a comment is taken for a change")
	}
}

func TestCommentsOnAWholePage(t *testing.T) {
	machine := pageOf(t, played(t, "closed")).Machine
	with, lost := Remark(machine, []Marker{{"r1", "two totals differ by one cent"}, {`r"2`, "none: same network, same TLS"}, {"r3", "a word that was never there"}, {"r4", " "}})
	if len(lost) != 2 || len(Markers(with)) != 2 || Check(with) != nil {
		t.Errorf("lost %v, found %v, %v", lost, Markers(with), Check(with))
	}
	if without := regexp.MustCompile("</?ac:inline-comment-marker[^>]*>").ReplaceAllString(with, ""); without != machine {
		t.Error("more than the markers was added")
	}
	if again, lost := Remark(machine, Markers(rewritten(with))); again != with || len(lost) > 0 {
		t.Errorf("they do not survive a second time: %v", lost)
	}
}

func TestTheRegisterFindsItsPages(t *testing.T) {
	body := Register(`A"\B`, Label)
	if err := Check(body); err != nil {
		t.Fatal(err)
	}
	nodes, err := parse(body)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.isMacro("detailssummary") {
			if got, want := n.param("cql"), `label = "change-record" and space = "A\"\\B"`; got != want {
				t.Errorf("it looks for %s, want %s", got, want)
			}
			for column := range strings.SplitSeq(n.param("headings"), ",") {
				if !strings.Contains(pageOf(t, played(t, "rolled-back")).Machine, "<th><p>"+column+"</p></th>") {
					t.Errorf("no page has the property %s", column)
				}
			}
		}
	}
}

// A page is known by its own number, whatever Confluence has done to it; not by a
// number that stands somewhere on it, or on a page of somebody else's.
func TestAPageIsKnownByItsNumber(t *testing.T) {
	p := pageOf(t, played(t, "closed"))
	number, _, _ := strings.Cut(p.Title, " ")
	body := Whole(p.Machine, "")
	if !IsOf(body, number) || !IsOf(rewritten(body), number) {
		t.Errorf("the page of %s is not known", number)
	}
	for body, number := range map[string]string{
		body: "CHG-2026-9999", "<p>" + number + "</p>": number, "<p>": number, p.Machine: "",
		`<ac:structured-macro ac:name="details"><ac:rich-text-body><table><tbody><tr><th>Change</th><td>` + number + `</td></tr></tbody></table></ac:rich-text-body></ac:structured-macro>`: number,
	} {
		if IsOf(body, number) {
			t.Errorf("a page is taken for that of %q", number)
		}
	}
}

// Entities by name become entities by number, and nothing else changes.
func TestNumeric(t *testing.T) {
	for body, want := range map[string]string{
		`<p title="a&nbsp;b">Ask&nbsp;Bob &mdash; &lt;he&gt; &amp; &#8212;</p>`:                  `<p title="a&#160;b">Ask&#160;Bob &#8212; &lt;he&gt; &amp; &#8212;</p>`,
		`<x/><ac:plain-text-body><![CDATA[&nbsp;]]></ac:plain-text-body><!-- &nbsp; -->&eacute;`: `<x/><ac:plain-text-body><![CDATA[&nbsp;]]></ac:plain-text-body><!-- &nbsp; -->&#233;`,
		`<p>&nbsp;`: `<p>&nbsp;`,
	} {
		if got := Numeric(body); got != want {
			t.Errorf("%s becomes %s", body, got)
		}
	}
}
