package mailread

import (
	"path"
	"regexp"
	"strings"
	"unicode/utf8"
)

// longestFileName is how many bytes of a name are kept, its ending among them.
const longestFileName = 120

var (
	reservedMarks = regexp.MustCompile(`[<>:"|?*\x00-\x1f\x7f]`)
	// Windows takes these for devices, whatever their ending.
	reservedNames = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)`)
)

// FileName is a name somebody gave a file, as one under which it can be kept
// everywhere: no folder, nothing that cannot be seen or turns the letters
// around, nothing a system takes for something else. Empty where nothing of it
// is left.
func FileName(name string) string {
	name = path.Base(strings.ReplaceAll(oneSpace(Clean(name)), `\`, "/"))
	name = reservedMarks.ReplaceAllString(name, "_")
	name = strings.Trim(strings.TrimLeft(name, ". "), " .")
	if name == "" || name == "/" {
		return ""
	}
	if reservedNames.MatchString(name) {
		name = "_" + name
	}
	return shortName(name)
}

// shortName leaves out the middle of a long name.
func shortName(name string) string {
	if len(name) <= longestFileName {
		return name
	}
	ending := path.Ext(name)
	if len(ending) > 20 {
		ending = ""
	}
	stem := name[:longestFileName-len(ending)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return strings.TrimRight(stem, " .") + ending
}
