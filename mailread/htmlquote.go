package mailread

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Rules of HTML containers that are no quotation themselves.
const signatureRule = "signature"

// A container is how one client marks what it quotes. Ids and classes get
// prefixes when a mail is quoted again ("x_divRplyFwdMsg"), so the name is a
// suffix.
type container struct {
	attribute, suffix string
	rule              string
	toEnd             bool // everything after it is quoted too
}

var containers = []container{
	{"class", "gmail_quote", "gmail_quote", false},
	{"class", "gmail_quote_container", "gmail_quote", false},
	{"class", "gmail_attr", "gmail_quote", false},
	{"class", "gmail_extra", "gmail_quote", false},
	{"class", "gmail_signature", signatureRule, false},
	{"id", "divrplyfwdmsg", "divRplyFwdMsg", true},
	{"id", "appendonsend", "appendonsend", true},
	{"id", "mail-editor-reference-message-container", "outlook mobile", true},
	{"id", "olk_src_body_section", "outlook for mac", true},
	{"id", "stopspelling", "hotmail", true},
	{"class", "moz-cite-prefix", "moz-cite-prefix", false},
	{"class", "moz-forward-container", "moz-forward-container", true},
	{"class", "moz-signature", signatureRule, false},
	{"id", "signature", signatureRule, false}, // Outlook
	{"id", "reply-intro", "roundcube", false},
	{"class", "yahoo_quoted", "yahoo_quoted", true},
	{"id", "yahoo_quoted", "yahoo_quoted", true},
	{"class", "yahoo-quoted-begin", "yahoo_quoted", true},
	{"id", "ymail_android_signature", signatureRule, false},
	{"class", "protonmail_quote", "protonmail_quote", false},
	{"class", "protonmail_signature_block", signatureRule, false},
	{"class", "tutanota_quote", "tutanota_quote", false},
	{"class", "zmail_extra", "zmail_extra", false},
	{"title", "beforequote:::", "zoho", false},
	{"data-marker", "__divider__", "zimbra", true},
	{"name", "messagereplysection", "spark", false},
	{"class", "front-blockquote", "front", false},
	{"class", "hs_reply", "hubspot", false},
	{"class", "missive_quote", "missive", false},
	{"class", "freshdesk_quote", "freshdesk", false},
	{"class", "alimail-quote", "alimail", false},
	{"name", "quoted-content", "gmx", false},
	{"name", "quote", "gmx", false},
}

// quotation names the client's mark that makes the element a quotation.
func quotation(n *html.Node) (rule string, toEnd bool) {
	for _, a := range n.Attr {
		value := strings.ToLower(a.Val)
		for _, c := range containers {
			if a.Key == c.attribute && hasSuffix(value, c.suffix) {
				return c.rule, c.toEnd
			}
		}
	}
	switch {
	case n.DataAtom == atom.Blockquote && quotes(n):
		return "blockquote", false
	case n.DataAtom == atom.Div && replyBorder(n):
		return "outlook border", true
	}
	return "", false
}

// hasSuffix looks at each word of the value, as a class has several.
func hasSuffix(value, suffix string) bool {
	for word := range strings.FieldsSeq(value) {
		if strings.HasSuffix(word, suffix) {
			return true
		}
	}
	return false
}

// quotes tells a quoting blockquote from an indented paragraph.
func quotes(n *html.Node) bool {
	return strings.EqualFold(attribute(n, "type"), "cite") || attribute(n, "cite") != "" ||
		strings.Contains(style(n), "border-left:") && !strings.Contains(style(n), "border-left:none")
}

var borderTop = regexp.MustCompile(`border-top:solid#?[a-z0-9]+1\.0pt|border-top:1(\.0)?p[tx]solid|border-top-color:`)

// replyBorder knows the line Outlook draws above a quoted mail. Signatures draw
// it too, so the header of the mail must stand in it.
func replyBorder(n *html.Node) bool {
	if !borderTop.MatchString(style(n)) {
		return false
	}
	var head strings.Builder
	budget := 500
	visibleText(n, &head, &budget)
	var lines []line
	for text := range strings.SplitSeq(head.String(), "\n") {
		lines = append(lines, line{text: text})
	}
	for i := range lines {
		if headerBlock(lines, i) {
			return true
		}
	}
	return false
}

// visibleText writes the text in n, a line for each block or br, until budget
// nodes were seen.
func visibleText(n *html.Node, b *strings.Builder, budget *int) {
	for c := n.FirstChild; c != nil && *budget > 0; c = c.NextSibling {
		*budget--
		if c.Type == html.TextNode {
			b.WriteString(oneSpace(Clean(c.Data[:min(len(c.Data), 500)])) + " ")
		}
		if blocks[c.DataAtom] {
			b.WriteString("\n")
		}
		visibleText(c, b, budget)
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// style is the element's own style without space, in lower case.
func style(n *html.Node) string {
	return strings.ToLower(strings.Join(strings.Fields(attribute(n, "style")), ""))
}

var invisible = regexp.MustCompile(`(^|;)(display:none|visibility:(hidden|collapse)|mso-hide:all|font-size:0(\.0+)?([a-z%]+)?(;|!|$)|opacity:0(\.0+)?(;|!|$)|max-height:0(px)?(;|!|$))`)

// hidden says whether a person reading the mail does not see the element.
func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" || a.Key == "style" && invisible.MatchString(style(n)) {
			return true
		}
	}
	return false
}

func preserves(n *html.Node) bool {
	return n.DataAtom == atom.Pre || strings.Contains(style(n), "white-space:pre") ||
		strings.Contains(style(n), "white-space:break-spaces")
}

var unseen = map[atom.Atom]bool{
	atom.Head: true, atom.Style: true, atom.Script: true, atom.Title: true, atom.Template: true,
	atom.Select: true, atom.Textarea: true, atom.Object: true, atom.Iframe: true, atom.Noscript: true,
}

var blocks = map[atom.Atom]bool{
	atom.Address: true, atom.Article: true, atom.Blockquote: true, atom.Body: true, atom.Br: true,
	atom.Center: true, atom.Dd: true, atom.Div: true, atom.Dl: true, atom.Dt: true,
	atom.Fieldset: true, atom.Footer: true, atom.Form: true, atom.H1: true, atom.H2: true,
	atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Header: true, atom.Hr: true,
	atom.Html: true, atom.Li: true, atom.Main: true, atom.Ol: true, atom.P: true, atom.Pre: true,
	atom.Section: true, atom.Table: true, atom.Tbody: true, atom.Tr: true, atom.Ul: true,
	atom.Td: true, atom.Th: true,
}

// breakOf is the gap around an element. Word's paragraphs have no margin.
func breakOf(n *html.Node, s state) separator {
	switch {
	case n.DataAtom == atom.P && !s.cell && !hasSuffix(strings.ToLower(attribute(n, "class")), "msonormal"):
		return blankLine
	case blocks[n.DataAtom]:
		return lineBreak
	}
	return nothing
}
