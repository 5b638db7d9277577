package mailread

import (
	"strings"
	"unicode"
)

// Clean removes what no person types and no database takes: NUL and other
// controls, invalid UTF-8, byte order marks, zero-width spaces, direction
// overrides. Line ends become "\n", exotic spaces plain ones.
func Clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(cleanRune, strings.ToValidUTF8(s, ""))
}

func cleanRune(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029':
		return '\n'
	case unicode.Is(unicode.Zs, r):
		return ' '
	case r == '\u200c' || r == '\u200d': // joiners belong to some scripts and to emoji
		return r
	case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar:
		return -1
	}
	return r
}

// oneSpace joins the words of s with single spaces.
func oneSpace(s string) string { return strings.Join(strings.Fields(s), " ") }

// blank says whether there is nothing to read in s.
func blank(s string) bool { return strings.TrimSpace(s) == "" }
