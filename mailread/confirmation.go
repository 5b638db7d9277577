package mailread

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// yesOrNo are the words that say whether a held mail is the sender's own.
var yesOrNo = map[string]bool{"YES": true, "NO": false, "OUI": true, "NON": false}

// ReadConfirmation reads whether a person says yes or no: the whole first line
// they typed, as with a keyword. It is not ok where they say neither.
func ReadConfirmation(typed string) (yes, ok bool) {
	for text := range strings.SplitSeq(norm.NFKC.String(Clean(typed)), "\n") {
		if blank(text) {
			continue
		}
		yes, ok = yesOrNo[strings.ToUpper(strings.Trim(text, keywordFold))]
		return yes, ok
	}
	return false, false
}
