package mailread

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// disclaimer knows how the paragraphs companies hang below a mail begin.
	disclaimer = regexp.MustCompile(`(?i)^\s*\**\s*((confidentiality|legal|privacy) (notice|disclaimer)\b|disclaimer\s*:|this (e-?mail|message|communication)( \(?(and|including) any attachments?\)?)?,? (is|are|may be|may contain|contains) .*(confidential|privileged|intended)|the information (contained )?in this (e-?mail|message) )`)
	signOff    = regexp.MustCompile(`(?i)^\s*((many |kind |best |warm |with (kind|best) )?(regards|wishes|greetings)|(many |much )?thanks( a lot| again| in advance| and regards)?|thank you( very much| in advance)?|thx|cheers|best|br|sincerely|yours( sincerely| faithfully| truly)?|mit freundlichen grüßen|freundliche grüße|viele grüße|mfg|cordialement|bien cordialement|salutations)\s*[,.!]*\s*$`)
)

// cutSignatures cuts from "-- " (RFC 3676, 4.3) to the next quotation, the line
// a telephone adds, and a company's disclaimer.
func cutSignatures(lines []line) {
	cutting := ""
	for i := range lines {
		if lines[i].rule != "" {
			cutting = ""
			continue
		}
		text := lines[i].text
		switch {
		case strings.TrimRight(text, " ") == "--":
			cutting = signatureRule
		case cutting == "" && disclaimer.MatchString(text):
			cutting = "disclaimer"
		}
		if cutting != "" {
			lines[i].rule = cutting
		} else if sentFrom.MatchString(text) {
			lines[i].rule = signatureRule
		}
	}
}

// signatureIn is the signature that an HTML part marks as one, word by word.
func signatureIn(lines []line) (words []string) {
	for _, l := range lines {
		if l.rule == signatureRule {
			words = append(words, normalWords(l.text)...)
		}
	}
	return words
}

// cutMarkedSignature cuts the signature the HTML part marks also where the text
// does not mark it: above a quotation, or at the end, and below something typed.
func cutMarkedSignature(lines []line, signature []string) {
	last := len(signature)
	for i := range slices.Backward(lines) {
		words := normalWords(lines[i].text)
		switch {
		case len(words) == 0:
		case lines[i].rule != "":
			last = len(signature) // it may stand above this
		case last < len(words) || !slices.Equal(signature[last-len(words):last], words):
			last = 0 // something else stands above this
		default:
			if last -= len(words); last == 0 && anyTyped(lines[:i]) {
				cutSignature(lines[i:])
				return
			}
		}
	}
}

// cutSignature marks lines to the next that something else has cut.
func cutSignature(lines []line) {
	for i := 0; i < len(lines) && lines[i].rule == ""; i++ {
		lines[i].rule = signatureRule
	}
}

// cutName cuts the sender's own name at the end, below a blank line: "Ada". It
// stays where it is the value of the label above it.
func cutName(lines []line, name string) {
	last := lastTyped(lines)
	if last < 1 || !blank(lines[last-1].text) || !composedOf(lines[last].text, name) {
		return
	}
	if above := lastTyped(lines[:last]); above >= 0 && !emptyLabel(lines[above].text) {
		lines[last].rule = signatureRule
	}
}

func lastTyped(lines []line) int {
	for i, line := range slices.Backward(lines) {
		if line.rule == "" && !blank(line.text) {
			return i
		}
	}
	return -1
}

// composedOf says whether every word of the text is one of the name's.
func composedOf(text, name string) bool {
	own, written := set(normalWords(name)...), normalWords(text)
	for _, word := range written {
		if !own[word] {
			return false
		}
	}
	return len(written) > 0
}

// signsOff says whether the line is a farewell, which ends the last field.
func signsOff(text string) bool { return signOff.MatchString(text) }
