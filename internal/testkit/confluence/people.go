package confluence

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrNone is an act upon what is not there.
var ErrNone = errors.New("no such page")

// somebody is who does what people do.
const somebody = "557058:0a1b2c3d-somebody"

// us is the account.
const us = "557058:9f8e7d6c-countersign"

// act does something with a page, as a person does.
func (s *Site) act(id string, do func(*Page) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pages[id]
	if p == nil {
		return fmt.Errorf("page %s: %w", id, ErrNone)
	}
	if err := do(p); err != nil {
		return fmt.Errorf("page %s: %w", id, err)
	}
	return nil
}

// errorOf keeps a refusal that is none from becoming an error that is one.
func errorOf(r *refusal) error {
	if r == nil {
		return nil
	}
	return r
}

func (s *Site) edit(p *Page, change func(*draft)) error {
	if p.Status != Current {
		return fmt.Errorf("it is %s", p.Status)
	}
	d := draft{title: p.Title(), body: p.Latest().Body, author: somebody}
	change(&d)
	return errorOf(s.update(p, d, len(p.Versions)+1))
}

// EditBody has a person edit a page's text: a new version.
func (s *Site) EditBody(id string, change func(body string) string) error {
	return s.act(id, func(p *Page) error {
		return s.edit(p, func(d *draft) { d.body = change(d.body) })
	})
}

// Rename has a person give a page another title: a new version.
func (s *Site) Rename(id, title string) error {
	return s.act(id, func(p *Page) error {
		return s.edit(p, func(d *draft) { d.title = title })
	})
}

// MovePage has a person move a page under another, or into a folder; its version
// stays.
func (s *Site) MovePage(id, parent string) error {
	return s.act(id, func(p *Page) error {
		if r := s.adopts(parent); r != nil {
			return r
		}
		p.Parent = parent
		return nil
	})
}

// Archive has a person archive a page. It keeps its title, and its parent.
func (s *Site) Archive(id string) error {
	return s.act(id, func(p *Page) error { p.Status = Archived; return nil })
}

// Trash has a person delete a page, which trashes it.
func (s *Site) Trash(id string) error {
	return s.act(id, func(p *Page) error { p.Status = Trashed; return nil })
}

// Restore has a person take a page back out of trash or archive.
func (s *Site) Restore(id string) error {
	return s.act(id, func(p *Page) error {
		if s.titled(p.Title(), p.ID) {
			return taken.refuse(p.Title(), s.Space)
		}
		p.Status = Current
		return nil
	})
}

// Purge has a person take a page out of the trash for good.
func (s *Site) Purge(id string) error {
	return s.act(id, func(p *Page) error { s.purge(p); return nil })
}

func (s *Site) purge(p *Page) {
	delete(s.pages, p.ID)
	s.order = slices.DeleteFunc(s.order, func(id string) bool { return id == p.ID })
}

// AddPage has a person make a page and gives its id; without a parent it lies
// under the homepage.
func (s *Site) AddPage(title, parent, body string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, r := s.create(draft{title: title, body: body, parent: parent, author: somebody})
	if r != nil {
		return "", fmt.Errorf("adding page %q: %w", title, r)
	}
	return p.ID, nil
}

// AddFolder has a person make a folder under the homepage and gives its id. Its
// title may be that of a page.
func (s *Site) AddFolder(title string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &Page{ID: s.next(), Parent: s.homepage, Status: Current, Folder: true}
	s.keep(f)
	s.write(f, draft{title: title, author: somebody})
	return f.ID
}

// AddLabel has a person label a page.
func (s *Site) AddLabel(id, name string) error {
	return s.act(id, func(p *Page) error { p.label(name); return nil })
}

// AddFooterComment has a person write under a page.
func (s *Site) AddFooterComment(id, body string) error {
	return s.act(id, func(p *Page) error {
		p.Comments = append(p.Comments, Comment{ID: s.next(), Body: body, Author: somebody})
		return nil
	})
}

// AddInlineComment has a person write beside the words selected, which must stand
// in one piece in the page's text. A marker goes around them; the version stays.
func (s *Site) AddInlineComment(id, selection, body string) (ref string, err error) {
	err = s.act(id, func(p *Page) error {
		v := &p.Versions[len(p.Versions)-1]
		before, after, found := strings.Cut(v.Body, selection)
		if !found {
			return fmt.Errorf("%q is not in it", selection)
		}
		ref = s.mark()
		marked := fmt.Sprintf("%s<ac:inline-comment-marker ac:ref=%q>%s</ac:inline-comment-marker>%s", before, ref, selection, after)
		if r := wellFormed(marked, draft{}.entities()); r != nil {
			return r
		}
		v.Body = marked
		p.Comments = append(p.Comments, Comment{ID: s.next(), Body: body, Author: somebody, Inline: true, Ref: ref, Selection: selection, Resolution: "open"})
		return nil
	})
	return ref, err
}

// ResolveInlineComment has a person resolve a comment. Its marker stays.
func (s *Site) ResolveInlineComment(id, ref string) error {
	return s.act(id, func(p *Page) error {
		for i := range p.Comments {
			if p.Comments[i].Ref == ref && p.Comments[i].Inline {
				p.Comments[i].Resolution = "resolved"
				return nil
			}
		}
		return fmt.Errorf("nobody wrote beside %s", ref)
	})
}

// Page is all there is of a page or folder.
func (s *Site) Page(id string) (Page, error) {
	var page Page
	err := s.act(id, func(p *Page) error { page = p.copy(); return nil })
	return page, err
}

// Pages are all there are but folders, the oldest first; the homepage is the
// first of them.
func (s *Site) Pages() []Page {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pages []Page
	for _, p := range s.all() {
		if !p.Folder {
			pages = append(pages, p.copy())
		}
	}
	return pages
}

// Index has the search index catch up: until then searching finds pages as they
// were when it last did.
func (s *Site) Index() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index = map[string]Page{}
	for _, p := range s.all() {
		s.index[p.ID] = p.copy()
	}
}

// Settle ends the long tasks that were begun: what was to be archived is.
func (s *Site) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.tasks)) {
		s.finish(id)
	}
}

func (s *Site) finish(task string) {
	if do := s.tasks[task]; do != nil {
		do()
		s.tasks[task] = nil
	}
}
