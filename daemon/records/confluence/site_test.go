package confluence_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/countersign/countersign/daemon/records/confluence"
	fake "github.com/countersign/countersign/internal/testkit/confluence"
	"github.com/countersign/countersign/internal/testkit/openapi"
)

// Every story of this package goes by Atlassian's documents; this one says so
// where they are missing.
func TestDocuments(t *testing.T) {
	openapi.Need(t)
	both(t, func(t *testing.T, r *rig) { r.made("CHG-1", "<p>one</p>") })
}

func TestProbe(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		space, err := r.Probe(t.Context())
		must(t, err)
		if want := (confluence.Space{ID: "98306", Key: "CHG", Name: "Changes", Homepage: r.fake.Homepage()}); space != want {
			t.Errorf("the space is %+v, want %+v", space, want)
		}
		if n := len(r.fake.Requests()); n != 2 {
			t.Errorf("it took %d requests", n)
		}
	})
}

// A page is made, changed and read; each takes one request, once the space is
// known.
func TestLifeOfAPage(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		_, err := r.Probe(t.Context())
		must(t, err)
		r.fake.Forget()
		p, err := r.Create(t.Context(), confluence.Page{Title: "CHG-1 Replace <core> & switch", Parent: r.fake.Homepage(), Body: "<p>one<br/></p>"})
		must(t, err)
		if p.ID == "" || p.Version != 1 || p.Status != confluence.StatusCurrent || p.Parent != r.fake.Homepage() {
			t.Errorf("made is %+v", p)
		}
		p, err = r.next(p, "<p>two</p>")
		must(t, err)
		read, err := r.Page(t.Context(), p.ID)
		must(t, err)
		if read != p || read.Version != 2 || read.Body != "<p>two</p>" || read.Title != "CHG-1 Replace <core> & switch" {
			t.Errorf("read is %+v, after %+v", read, p)
		}
		if v := r.kept(p.ID).Versions; v[0].Sent != "<p>one<br/></p>" || v[1].Message != "countersign: approved" {
			t.Errorf("kept is %+v", v)
		}
		if got := fmt.Sprint(r.fake.Count()); got != "map[create page:1 read page:1 update page:1]" {
			t.Errorf("it took %s", got)
		}
	})
}

// Where people find a page is on the site they know, whichever way we came.
func TestURL(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		if p := r.made("CHG-1", ""); !strings.HasPrefix(p.URL, r.fake.URL()+"/") {
			t.Errorf("the page is at %s", p.URL)
		}
	})
	scoped := start(t, fake.Options{Flavor: fake.Cloud, Scopes: []string{"read:confluence-user", "read:space:confluence", "write:page:confluence"}}, func(r *rig, o *confluence.Options) {
		o.API = r.fake.Gateway()
	})
	if p := scoped.made("CHG-1", ""); p.URL != fmt.Sprintf("%s/spaces/CHG/pages/%s/CHG-1", scoped.fake.URL(), p.ID) {
		t.Errorf("the page is at %s", p.URL)
	}
}

// A page that a person moved stays where it is.
func TestUpdateLeavesAMovedPage(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1", "<p>one</p>")
		folder := r.fake.AddFolder("Network")
		must(t, r.fake.MovePage(p.ID, folder))
		p, err := r.next(p, "<p>two</p>")
		must(t, err)
		if p.Parent != folder || r.kept(p.ID).Parent != folder {
			t.Errorf("it lies under %s", p.Parent)
		}
		for _, req := range r.fake.Requests() {
			if req.Kind == "update page" && (strings.Contains(string(req.Body), "parentId") || strings.Contains(string(req.Body), "ancestors") || strings.Contains(string(req.Body), "space")) {
				t.Errorf("sent is %s", req.Body)
			}
		}
	})
}

// A title finds its page, in whatever letters, if it is archived, too; not if it
// lies in the trash.
func TestFind(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1 Switch: \"core\" & more", "")
		find := func(title string, want ...string) {
			t.Helper()
			pages, err := r.Find(t.Context(), title)
			must(t, err)
			var got []string
			for _, p := range pages {
				got = append(got, p.ID+" "+p.Status)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", title, got, want)
			}
		}
		find("chg-1 switch: \"CORE\" & more", p.ID+" current")
		find("CHG-1")
		must(t, r.fake.Archive(p.ID))
		find(p.Title, p.ID+" archived")
		must(t, r.fake.Trash(p.ID))
		find(p.Title)
		if n := r.fake.Count()["search"]; n != 0 {
			t.Errorf("%d times it searched an index", n)
		}
	})
}

// A page that was put away is read, and says so.
func TestStatus(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		id := r.made("CHG-1", "<p>one</p>").ID
		for status, put := range map[string]func(string) error{confluence.StatusArchived: r.fake.Archive, confluence.StatusTrashed: r.fake.Trash} {
			must(t, put(id))
			p, err := r.Page(t.Context(), id)
			must(t, err)
			if p.Status != status || p.Body != "<p>one</p>" {
				t.Errorf("%s is read as %+v", status, p)
			}
		}
	})
}

// A property is made at version 0, and replaced at the one it has.
func TestProperty(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		id := r.made("CHG-1", "").ID
		_, err := r.Property(t.Context(), id, "countersign.record")
		wantKind(t, err, confluence.Absent)
		must(t, r.keeps(t.Context(), id, confluence.Property{Key: "countersign.other", Value: json.RawMessage(`1`)}))
		must(t, r.keeps(t.Context(), id, confluence.Property{Key: "countersign.record", Value: json.RawMessage(`{"revision":7}`)}))
		p, err := r.Property(t.Context(), id, "countersign.record")
		must(t, err)
		if p.Key != "countersign.record" || string(p.Value) != `{"revision":7}` || p.Version != 1 || p.ID == "" {
			t.Errorf("read is %+v", p)
		}
		p.Value = json.RawMessage(`{"revision":8}`)
		must(t, r.keeps(t.Context(), id, p))
		wantKind(t, r.keeps(t.Context(), id, p), confluence.Stale)
		p.Version = 0
		wantKind(t, r.keeps(t.Context(), id, p), confluence.Stale)
		p, err = r.Property(t.Context(), id, "countersign.record")
		must(t, err)
		if string(p.Value) != `{"revision":8}` || p.Version != 2 {
			t.Errorf("read is %+v", p)
		}
	})
}

// Labels are made of what a label may be made of: Confluence would make several
// of one with a blank.
func TestLabels(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		id := r.made("CHG-1", "").ID
		must(t, r.fake.AddLabel(id, "a-person-s"))
		must(t, r.Label(t.Context(), id, "change-record", "Major Change", " CHG/2026_0042 ", "ÄÖ", ""))
		labels, err := r.Labels(t.Context(), id)
		must(t, err)
		want := []string{"a-person-s", "change-record", "major-change", "chg-2026-0042"}
		if !slices.Equal(labels, want) || !slices.Equal(r.kept(id).Labels, want) {
			t.Errorf("labels are %v", labels)
		}
		must(t, r.Unlabel(t.Context(), id, "Major Change"))
		must(t, r.Unlabel(t.Context(), id, "never-there"))
		if want = slices.Delete(want, 2, 3); !slices.Equal(r.kept(id).Labels, want) {
			t.Errorf("labels are %v", r.kept(id).Labels)
		}
		r.fake.Forget()
		must(t, r.Label(t.Context(), id, "!"))
		if n := len(r.fake.Requests()); n != 0 {
			t.Errorf("%d requests for nothing", n)
		}
	})
}

// A file is attached, and attached again in a new version.
func TestAttach(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		id := r.made("CHG-1", "").ID
		send := func(name, content string) {
			t.Helper()
			must(t, r.Attach(t.Context(), id, confluence.File{Name: name, Type: "message/rfc822", Bytes: []byte(content), Comment: "sha256=" + content + " Müller"}))
		}
		send("evidence.eml", "one")
		send(`ünder "way".eml`, "other")
		send("evidence.eml", "two")
		must(t, r.Attach(t.Context(), id, confluence.File{Name: "raw", Bytes: []byte("\x00")}))
		files, err := r.Attachments(t.Context(), id)
		must(t, err)
		for i, want := range []confluence.Attachment{{Name: "evidence.eml", Comment: "sha256=two Müller", Size: 3}, {Name: `ünder "way".eml`, Comment: "sha256=other Müller", Size: 5}, {Name: "raw", Size: 1}} {
			want.ID = files[i].ID
			if files[i] != want || want.ID == "" {
				t.Errorf("file %d is %+v, want %+v", i, files[i], want)
			}
		}
		kept := r.kept(id).Attachments
		if len(kept) != 3 || kept[0].Version != 2 || string(kept[0].Bytes) != "two" || kept[0].Type != "message/rfc822" || kept[2].Type != "application/octet-stream" {
			t.Errorf("kept is %+v", kept)
		}
	})
}

// A name Confluence does not take is refused, not cut.
func TestAttachRefused(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		id := r.made("CHG-1", "").ID
		wantKind(t, r.Attach(t.Context(), id, confluence.File{Name: "a/b.eml", Type: "message/rfc822"}), confluence.Refused)
	})
}

func TestComment(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		id := r.made("CHG-1", "<p>one</p>").ID
		must(t, r.Comment(t.Context(), id, "<p>not overwritten</p>"))
		p := r.kept(id)
		if len(p.Comments) != 1 || p.Comments[0].Body != "<p>not overwritten</p>" || p.Comments[0].Inline || len(p.Versions) != 1 {
			t.Errorf("kept is %+v", p)
		}
		wantKind(t, r.Comment(t.Context(), id, "<p>"), confluence.Malformed)
	})
}

// Of the comments beside words those are told that are open.
func TestOpenInline(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		p := r.made("CHG-1", "<p>the core switch</p><p>at night</p><p>by Bob</p>")
		must(t, r.fake.AddFooterComment(p.ID, "<p>below</p>"))
		open, err := r.fake.AddInlineComment(p.ID, "core switch", "<p>which?</p>")
		must(t, err)
		resolved, err := r.fake.AddInlineComment(p.ID, "at night", "<p>when?</p>")
		must(t, err)
		must(t, r.fake.ResolveInlineComment(p.ID, resolved))
		comments, err := r.OpenInline(t.Context(), p.ID)
		must(t, err)
		if want := []confluence.Inline{{Ref: open, Text: "core switch"}}; !slices.Equal(comments, want) {
			t.Errorf("open are %+v, want %+v", comments, want)
		}
		_, err = r.next(p, "<p>all new</p>")
		must(t, err)
		if comments, err = r.OpenInline(t.Context(), p.ID); err != nil || comments != nil {
			t.Errorf("without its words it is open: %+v, %v", comments, err)
		}
	})
}

// Long lists are read to their end.
func TestLongLists(t *testing.T) {
	for _, flavor := range []fake.Flavor{fake.Cloud, fake.DataCenter} {
		t.Run(string(flavor), func(t *testing.T) {
			r := start(t, fake.Options{Flavor: flavor, Limit: 2}, nil)
			id := r.made("CHG-1", "<p>: a b c d e</p>").ID
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				must(t, r.Attach(t.Context(), id, confluence.File{Name: name}))
				must(t, r.keeps(t.Context(), id, confluence.Property{Key: name, Value: json.RawMessage(`1`)}))
				must(t, r.Label(t.Context(), id, name))
				_, err := r.fake.AddInlineComment(id, " "+name, "")
				must(t, err)
			}
			labels, err := r.Labels(t.Context(), id)
			must(t, err)
			files, err := r.Attachments(t.Context(), id)
			must(t, err)
			comments, err := r.OpenInline(t.Context(), id)
			must(t, err)
			last, err := r.Property(t.Context(), id, "e")
			if len(labels) != 5 || len(files) != 5 || len(comments) != 5 || err != nil || last.Key != "e" {
				t.Errorf("labels %v, files %v, comments %v, property %v, %v", labels, files, comments, last, err)
			}
		})
	}
}

// The id of a page is a number: whatever else comes is no part of an address.
func TestIDs(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		for _, id := range []string{"", "abc", "../spaces", "1?x", "1/label"} {
			_, read := r.Page(ctx, id)
			_, updated := r.Update(ctx, confluence.Page{ID: id}, "")
			_, property := r.Property(ctx, id, "k")
			_, labels := r.Labels(ctx, id)
			_, files := r.Attachments(ctx, id)
			_, comments := r.OpenInline(ctx, id)
			for _, err := range []error{read, updated, property, labels, files, comments, r.keeps(ctx, id, confluence.Property{}), r.Label(ctx, id, "x"), r.Attach(ctx, id, confluence.File{}), r.Comment(ctx, id, "")} {
				wantKind(t, err, confluence.Refused)
			}
		}
		if n := len(r.fake.Requests()); n != 0 {
			t.Errorf("%d requests were made", n)
		}
	})
}
