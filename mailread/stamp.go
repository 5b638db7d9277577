package mailread

import (
	"regexp"
	"strings"
)

func (h Habits) folded() (stamps []string) {
	for _, s := range h.Stamps {
		if s = foldStamp(s); s != "" {
			stamps = append(stamps, s)
		}
	}
	return stamps
}

func foldStamp(s string) string { return strings.ToLower(oneSpace(Clean(s))) }

// banner knows what a gateway puts on top of mail that comes from outside, in the
// languages gateways speak.
var banner = regexp.MustCompile(`(?i)^[\s*_>\[(⚠!-]*(` + strings.Join([]string{
	`external( e-?mail| sender| mail)?( warning)?\s*[\])!*:_-]*$`, `(caution|warning|attention|notice|important|be careful)\s*[:!*-]+\s*(this|external|the sender|do not|e-?mail)`,
	`this (e-?mail|message) (originated|was sent|comes|came|is) from (outside|an external)`, `you don.t often get e?-?mail from`, `\[?you don.t often get email`, `some people who received this message don.t often get`,
	`(do not|don.t) click (on )?(any )?links`, `learn why this is important`,
	`(vorsicht|achtung|warnung)\s*[:!*-]+\s*(diese|externe)`, `externe (e-?mail|nachricht)\s*[:!*-]*$`, `diese (e-?mail|nachricht) (kommt|stammt|wurde) von (außerhalb|extern)`, `sie erhalten (nicht oft|selten) e-?mails von`,
	`(attention|prudence|avertissement)\s*[:!*-]+\s*(ce (courriel|message)|courriel externe|message externe|expéditeur)`, `courriel externe\s*[:!*-]*$`, `ce (courriel|message|mail) (provient|vient) de l.ext`, `vous ne recevez pas souvent (de courriers?|d.e-?mails?|de messages?)`,
	`(precaución|atención)\s*[:!*-]+\s*(este|correo)`, `este (correo|mensaje) (proviene|procede|se originó)`, `no suele recibir correo`, `(attenzione)\s*[:!*-]+\s*(questa|mail|e-?mail)`, `let op\s*[:!*-]+\s*(deze|externe)`, `cuidado\s*[:!*-]+\s*(este|e-?mail)`,
}, "|") + `)`)

// cutStamps cuts what stands above what was typed and nobody typed: stamps of the
// organization, and a gateway's banner to the end of its paragraph.
func cutStamps(lines []line, stamps map[string]bool) {
	inBanner := false
	for i := range lines {
		text := lines[i].text
		switch {
		case lines[i].rule != "":
			inBanner = false
			continue
		case blank(text):
			inBanner = false
			continue
		case answers(text):
			return
		case stamps[foldStamp(text)]:
			lines[i].rule = "stamp"
		case inBanner || banner.MatchString(text):
			lines[i].rule, inBanner = "banner", true
		default:
			return
		}
	}
}

// cutArmor cuts the lines of a clear-signed text (RFC 9580, 7) around what was
// typed.
func cutArmor(lines []line) {
	inside := ""
	for i := range lines {
		if lines[i].rule != "" {
			continue
		}
		switch text := strings.TrimSpace(lines[i].text); {
		case text == "-----BEGIN PGP SIGNED MESSAGE-----":
			inside = "head"
		case text == "-----BEGIN PGP SIGNATURE-----":
			inside = "signature"
		case text == "-----END PGP SIGNATURE-----":
			lines[i].rule, inside = "pgp", ""
		case inside == "head" && !strings.HasPrefix(text, "Hash:"):
			inside = ""
		}
		if inside != "" {
			lines[i].rule = "pgp"
		} else if strings.HasPrefix(lines[i].text, "- -") {
			lines[i].text = lines[i].text[2:]
		}
	}
}
