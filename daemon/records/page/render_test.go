package page

import (
	"fmt"
	"strings"
	"testing"
)

// Confluence renders pages in a way of its own. This is near enough to it to see
// what a reader would: the macros that our pages use, and its tables and type.

const look = `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>%[1]s</title><style>
body { margin: 0; background: #fff; color: #172b4d; font: 14px/20px -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, sans-serif }
header { background: #fff; border-bottom: 1px solid #dfe1e6; padding: 14px 40px; color: #44546f; font-weight: 600 }
nav { padding: 12px 0 0; color: #44546f }
main { max-width: 944px; margin: 0 auto; padding: 0 40px 60px }
h1 { font-size: 26px; line-height: 30px; font-weight: 600; margin: 12px 0 16px }
h2 { font-size: 20px; line-height: 24px; font-weight: 600; margin: 24px 0 8px }
p { margin: 8px 0 0 } p:first-child { margin-top: 0 }
a { color: #0c66e4 }
table { border-collapse: collapse; width: 100%%; margin: 8px 0 0 }
th, td { border: 1px solid #c1c7d0; padding: 6px 10px; text-align: left; vertical-align: top; overflow-wrap: break-word }
th { background: #f4f5f7; font-weight: 600 } tr > th:first-child { min-width: 108px }
code { overflow-wrap: anywhere; font: 12px/18px ui-monospace, Menlo, Consolas, monospace; background: #f1f2f4; border-radius: 3px; padding: 1px 4px }
.info { background: #e9f2ff; border-radius: 3px; padding: 10px 14px; margin-top: 8px }
.status { font-size: 11px; line-height: 16px; font-weight: 700; border-radius: 3px; padding: 1px 5px; color: #44546f; background: #dcdfe4 }
.Green { color: #216e4e; background: #dcfff1 } .Red { color: #ae2e24; background: #ffeceb } .Yellow { color: #7f5f01; background: #fff7d6 } .Blue { color: #0055cc; background: #e9f2ff }
details { margin-top: 8px } summary { cursor: pointer; color: #0c66e4 }
</style><header>Confluence</header><main><nav>Change management / Changes</nav><h1>%[1]s</h1>
%[2]s</main></html>`

// rendered is a page as HTML. A register lists the pages given.
func rendered(t *testing.T, title, body string, listed ...Page) string {
	t.Helper()
	nodes, err := parse(body)
	if err != nil {
		t.Fatal(err)
	}
	r := renderer{t: t, listed: listed}
	r.render(nodes)
	return fmt.Sprintf(look, escape(title), r.String())
}

type renderer struct {
	strings.Builder
	t      *testing.T
	listed []Page
}

func (r *renderer) render(nodes []node) {
	for _, n := range nodes {
		switch {
		case n.name == "":
			r.WriteString(escape(n.text))
		case n.isMacro("info"):
			r.wrap(`<div class="info">`, n.body(), "</div>")
		case n.isMacro("details"):
			r.render(n.body())
		case n.isMacro("expand"):
			r.wrap("<details><summary>"+escape(n.param("title"))+"</summary>", n.body(), "</details>")
		case n.isMacro("status"):
			r.WriteString(`<span class="status ` + n.param("colour") + `">` + escape(n.param("title")) + "</span>")
		case n.isMacro("detailssummary"):
			r.report(n)
		case n.name == "ac:link":
			r.WriteString(`<a href="#">` + escape(n.kids[0].attr("ri:filename")) + "</a>")
		case strings.Contains(n.name, ":"):
			r.t.Errorf("nobody has said what <%s %v> looks like", n.name, n.attrs)
		case len(n.kids) == 0:
			r.WriteString("<" + n.name + ">")
		default:
			r.wrap("<"+n.name+">", n.kids, "</"+n.name+">")
		}
	}
}

func (r *renderer) wrap(before string, nodes []node, after string) {
	r.WriteString(before)
	r.render(nodes)
	r.WriteString(after)
}

// body is what a macro holds.
func (n node) body() []node {
	for _, kid := range n.kids {
		if kid.name == "ac:rich-text-body" {
			return kid.kids
		}
	}
	return nil
}

// report is what the macro makes of the page properties of pages.
func (r *renderer) report(n node) {
	headings := strings.Split(n.param("headings"), ",")
	r.WriteString("<table><tr><th><p>" + n.param("firstcolumn") + "</p></th>")
	for _, h := range headings {
		r.WriteString("<th><p>" + escape(h) + "</p></th>")
	}
	r.WriteString("</tr>")
	for _, p := range r.listed {
		has := propertiesOf(r.t, p, n.param("id"))
		r.WriteString(`<tr><td><p><a href="#">` + escape(p.Title) + "</a></p></td>")
		for _, h := range headings {
			r.wrap("<td>", has[h], "</td>")
		}
		r.WriteString("</tr>")
	}
	r.WriteString("</table>")
}

// propertiesOf are the page properties of a page by their names.
func propertiesOf(t *testing.T, p Page, id string) map[string][]node {
	t.Helper()
	nodes, err := parse(p.Machine)
	if err != nil {
		t.Fatal(err)
	}
	has := map[string][]node{}
	for _, n := range nodes {
		if !n.isMacro("details") || n.param("id") != id {
			continue
		}
		for _, row := range n.body()[0].kids[0].kids {
			if len(row.kids) == 2 {
				has[row.kids[0].inner()] = row.kids[1].kids
			}
		}
	}
	return has
}
