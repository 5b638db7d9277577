package mailread

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Names as people, programs and attackers give them to files.
func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"report.pdf":                      "report.pdf",
		"Prüfung  der\nBrücke.pdf":        "Prüfung der Brücke.pdf",
		"../../etc/passwd":                "passwd",
		`C:\Users\ada\plan.docx`:          "plan.docx",
		"/":                               "",
		"..":                              "",
		".htaccess":                       "htaccess",
		"report.pdf. . ":                  "report.pdf",
		"invoice\u202egpj.exe":            "invoicegpj.exe", // shown as invoiceexe.jpg
		"a\x00b\x1b[31m.txt":              "ab[31m.txt",
		"CON":                             "_CON",
		"nul.txt":                         "_nul.txt",
		"COM1.log":                        "_COM1.log",
		"console.log":                     "console.log",
		`what? "this" <that>|*:1.txt`:     "what_ _this_ _that____1.txt",
		strings.Repeat("x", 300) + ".tgz": strings.Repeat("x", 116) + ".tgz",
		strings.Repeat("€", 100) + ".pdf": strings.Repeat("€", 38) + ".pdf",
		"a." + strings.Repeat("y", 300):   "a." + strings.Repeat("y", 118),
	} {
		got := FileName(name)
		if got != want {
			t.Errorf("%q is kept as %q, want %q", name, got, want)
		}
		if FileName(got) != got || !utf8.ValidString(got) {
			t.Errorf("%q is kept as %q, which is kept as %q", name, got, FileName(got))
		}
	}
}
