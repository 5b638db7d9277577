package mailread

import (
	"encoding/base64"
	"fmt"
	"html"
	"mime/quotedprintable"
	"strings"
)

// A reply is what a person does with a ballot: what they type, and how their
// program is set up.
type reply struct {
	typed    string   // plain lines
	below    string   // what the program or the company adds below: a signature, a disclaimer
	language string   // of the program
	quoted   quoted   // what it quotes
	where    position // where the typed stands
}

// quoted is a mail as it is quoted.
type quoted struct{ text, html string }

type position int

const (
	above position = iota
	beneath
	between // the keyword above, the rest beneath
)

// A client is a mail program: how it writes a reply in a language, "" where it
// does not know it.
type client struct {
	name      string
	languages map[string]string // how it says who wrote what it quotes
	write     func(r reply, says string) body
	unmarked  bool // nothing says where its quotation ends
}

// The sentences of Gmail, of Apple's Mail and of Thunderbird, as they stand in
// mail archives.
var gmailSays = map[string]string{
	"English":    "On Mon, Nov 23, 2026 at 9:14 AM Changes <changes@example.com> wrote:",
	"French":     "Le lun. 23 nov. 2026 à 09:14, Changes <changes@example.com> a écrit :",
	"German":     "Am Mo., 23. Nov. 2026 um 09:14 Uhr schrieb Changes <changes@example.com>:",
	"Spanish":    "El lun, 23 nov 2026 a las 9:14, Changes (<changes@example.com>) escribió:",
	"Italian":    "Il giorno lun 23 nov 2026 alle ore 09:14 Changes <changes@example.com> ha scritto:",
	"Dutch":      "Op ma 23 nov 2026 om 09:14 schreef Changes <changes@example.com>:",
	"Portuguese": "Em seg., 23 de nov. de 2026 às 09:14, Changes <changes@example.com> escreveu:",
	"Danish":     "Den man. 23. nov. 2026 kl. 09.14 skrev Changes <changes@example.com>:",
	"Swedish":    "Den mån 23 nov. 2026 kl 09:14 skrev Changes <changes@example.com>:",
	"Norwegian":  "man. 23. nov. 2026 kl. 09:14 skrev Changes <changes@example.com>:",
	"Finnish":    "ma 23. marrask. 2026 klo 9.14 Changes (changes@example.com) kirjoitti:",
	"Polish":     "pon., 23 lis 2026 o 09:14 Changes <changes@example.com> napisał(a):",
	"Czech":      "po 23. 11. 2026 v 9:14 odesílatel Changes <changes@example.com> napsal:",
	"Slovak":     "po 23. 11. 2026 o 9:14 Changes <changes@example.com> napísal(a):",
	"Hungarian":  "Changes <changes@example.com> ezt írta (időpont: 2026. nov. 23., H, 9:14):",
	"Romanian":   "În lun., 23 nov. 2026 la 09:14, Changes <changes@example.com> a scris:",
	"Turkish":    "Changes <changes@example.com>, 23 Kas 2026 Pzt, 09:14 tarihinde şunu yazdı:",
	"Russian":    "пн, 23 нояб. 2026 г. в 09:14, Changes <changes@example.com>:",
	"Ukrainian":  "пн, 23 лист. 2026 р. о 09:14 Changes <changes@example.com> пише:",
	"Greek":      "Στις Δευ 23 Νοε 2026 στις 9:14 π.μ., ο/η Changes <changes@example.com> έγραψε:",
	"Japanese":   "2026年11月23日(月) 9:14 Changes <changes@example.com>:",
	"Chinese":    "Changes <changes@example.com> 于2026年11月23日周一 09:14写道：",
	"Korean":     "2026년 11월 23일 (월) 오전 9:14, Changes <changes@example.com>님이 작성:",
	"Vietnamese": "Vào Th 2, 23 thg 11, 2026 vào lúc 09:14 Changes <changes@example.com> đã viết:",
}

var appleSays = map[string]string{
	"English":    "On 23 Nov 2026, at 09:14, Changes <changes@example.com> wrote:",
	"French":     "Le 23 nov. 2026 à 09:14, Changes <changes@example.com> a écrit :",
	"German":     "Am 23.11.2026 um 09:14 schrieb Changes <changes@example.com>:",
	"Spanish":    "El 23 nov 2026, a las 9:14, Changes <changes@example.com> escribió:",
	"Italian":    "Il giorno 23 nov 2026, alle ore 09:14, Changes <changes@example.com> ha scritto:",
	"Dutch":      "Op 23 nov 2026 om 09:14 heeft Changes <changes@example.com> het volgende geschreven:",
	"Portuguese": "Em 23 de nov. de 2026, à(s) 09:14, Changes <changes@example.com> escreveu:",
	"Danish":     "Den 23. nov. 2026 kl. 09.14 skrev Changes <changes@example.com>:",
	"Swedish":    "23 nov. 2026 kl. 09:14 skrev Changes <changes@example.com>:",
	"Polish":     "Wiadomość napisana przez Changes <changes@example.com> w dniu 23 lis 2026, o godz. 09:14:",
	"Turkish":    "Changes <changes@example.com> şunları yazdı (23 Kas 2026 09:14):",
	"Russian":    "23 нояб. 2026 г., в 9:14, Changes <changes@example.com> написал(а):",
	"Japanese":   "2026/11/23 9:14、Changes <changes@example.com>のメール:",
}

var thunderbirdSays = map[string]string{
	"English":    "On 23/11/2026 09:14, Changes wrote:",
	"French":     "Le 23/11/2026 à 09:14, Changes a écrit :",
	"German":     "Am 23.11.26 um 09:14 schrieb Changes:",
	"Spanish":    "El 23/11/26 a las 9:14, Changes escribió:",
	"Italian":    "Il 23/11/2026 09:14, Changes ha scritto:",
	"Dutch":      "Op 23-11-2026 om 09:14 schreef Changes:",
	"Portuguese": "Em 23/11/2026 09:14, Changes escreveu:",
	"Danish":     "Den 23.11.2026 kl. 09.14 skrev Changes:",
	"Swedish":    "Den 2026-11-23 kl. 09:14, skrev Changes:",
	"Finnish":    "Changes kirjoitti 23.11.2026 klo 9.14:",
	"Polish":     "W dniu 23.11.2026 o 09:14, Changes pisze:",
	"Czech":      "Dne 23. 11. 26 v 9:14 Changes napsal(a):",
	"Hungarian":  "2026. 11. 23. 9:14 keltezéssel, Changes írta:",
	"Russian":    "23.11.2026 09:14, Changes пишет:",
}

// outlookSays are the four names of Outlook's header, between bars.
var outlookSays = map[string]string{
	"English":    "From|Sent|To|Subject",
	"French":     "De\u00a0|Envoyé\u00a0|À\u00a0|Objet\u00a0",
	"German":     "Von|Gesendet|An|Betreff",
	"Spanish":    "De|Enviado|Para|Asunto",
	"Italian":    "Da|Inviato|A|Oggetto",
	"Dutch":      "Van|Verzonden|Aan|Onderwerp",
	"Portuguese": "De|Enviada em|Para|Assunto",
	"Danish":     "Fra|Sendt|Til|Emne",
	"Swedish":    "Från|Skickat|Till|Ämne",
	"Norwegian":  "Fra|Sendt|Til|Emne",
	"Finnish":    "Lähettäjä|Lähetetty|Vastaanottaja|Aihe",
	"Polish":     "Od|Wysłano|Do|Temat",
	"Czech":      "Od|Odesláno|Komu|Předmět",
	"Hungarian":  "Feladó|Elküldve|Címzett|Tárgy",
	"Romanian":   "De la|Trimis|Către|Subiect",
	"Turkish":    "Kimden|Gönderildi|Kime|Konu",
	"Russian":    "От|Отправлено|Кому|Тема",
	"Ukrainian":  "Від|Надіслано|Кому|Тема",
	"Greek":      "Από|Στάλθηκε|Προς|Θέμα",
	"Japanese":   "差出人|送信日時|宛先|件名",
	"Chinese":    "发件人|发送时间|收件人|主题",
	"Korean":     "보낸 사람|보낸 날짜|받는 사람|제목",
}

var inEnglish = map[string]string{"English": "On Monday, 23 November 2026 at 09:14, Changes <changes@example.com> wrote:"}

var clients = []client{
	{"Gmail", gmailSays, func(r reply, says string) body {
		return body{
			plain: r.plain(says+"\n\n", r.quoted.text, "> "),
			html: r.html("<div dir=\"ltr\">%s</div>", `<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">`+escaped(says)+
				`<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">`+r.quoted.html+`</blockquote></div>`),
		}
	}, false},
	{"Gmail, plain text", gmailSays, func(r reply, says string) body {
		return body{plain: r.plain(wrap(says, "", 72)+"\n\n", r.quoted.text, "> ")}
	}, false},
	{"Outlook on the web", outlookSays, func(r reply, says string) body {
		return body{
			plain: r.plain("________________________________\n"+header(says, "%s: %s\n")+"\n", r.quoted.text, ""),
			html: r.html("<div class=\"elementToProof\" style=\"font-family:Aptos\">%s</div>", `<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">`+
				`<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif">`+header(says, "<b>%s:</b> %s<br>")+`</font><div>&nbsp;</div></div><div>`+r.quoted.html+`</div>`),
		}
	}, true},
	{"Outlook on the desktop", outlookSays, func(r reply, says string) body {
		return body{
			plain: r.plain(header(says, "%s: %s\n")+"\n", r.quoted.text, ""),
			html: `<html xmlns:o="urn:schemas-microsoft-com:office:office"><body lang=EN-US><div class=WordSection1>` +
				r.html("%s", `<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'><p class=MsoNormal>`+
					header(says, "<b>%s:</b> %s<br>")+`</p></div></div><p class=MsoNormal><o:p>&nbsp;</o:p></p>`+r.quoted.html) + `</div></body></html>`,
		}
	}, true},
	{"Outlook on a telephone", outlookSays, func(r reply, says string) body {
		return body{html: r.html(`<div dir="ltr">%s</div>`, `<div id="mail-editor-reference-message-container"><hr style="width:98%"><div id="divRplyFwdMsg">`+
			header(says, "<strong>%s:</strong> %s<br>")+`</div>`+r.quoted.html+`</div>`)}
	}, true},
	{"Apple Mail", appleSays, func(r reply, says string) body {
		return body{
			plain: r.plain("> "+says+"\n> \n", r.quoted.text, "> "),
			html:  r.html("%s", `<div><br><blockquote type="cite"><div>`+escaped(says)+`</div><br class="Apple-interchange-newline"><div>`+r.quoted.html+`</div></blockquote></div>`),
		}
	}, false},
	{"iPhone", appleSays, func(r reply, says string) body {
		return body{
			plain: r.plain("> "+says+"\n> \n", r.quoted.text, "> "),
			html:  r.html(`<div dir="ltr">%s</div>`, `<div dir="ltr"><br><blockquote type="cite">`+escaped(says)+`<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">`+r.quoted.html+`</div></blockquote>`),
		}
	}, false},
	{"Thunderbird", thunderbirdSays, func(r reply, says string) body {
		return body{html: r.html("<p>%s</p>", `<div class="moz-cite-prefix">`+escaped(says)+`<br></div><blockquote type="cite" cite="mid:1@example.com">`+r.quoted.html+`</blockquote>`)}
	}, false},
	{"Thunderbird, plain text", thunderbirdSays, func(r reply, says string) body {
		return body{plain: r.plain(says+"\n", r.quoted.text, "> ")}
	}, false},
	{"mutt", inEnglish, func(r reply, says string) body {
		return body{plain: r.plain(says+"\n", r.quoted.text, "> ")}
	}, false},
	{"Roundcube", inEnglish, func(r reply, says string) body {
		return body{
			plain: r.plain(says+"\n", r.quoted.text, "> "),
			html:  r.html("<p>%s</p>", `<p id="reply-intro">`+escaped(says)+`</p><blockquote type="cite" style="padding: 0 0.4em; border-left: #1010ff 2px solid; margin: 0">`+r.quoted.html+`</blockquote>`),
		}
	}, false},
	{"Yahoo", inEnglish, func(r reply, says string) body {
		return body{html: r.html(`<div class="ydp1yahoo-style-wrap"><div dir="ltr">%s</div></div>`, `<div id="ydp9yahoo_quoted_1" class="ydp9yahoo_quoted"><div>`+escaped(says)+`</div><div>`+r.quoted.html+`</div></div>`)}
	}, true},
	{"Proton", inEnglish, func(r reply, says string) body {
		return body{
			plain: r.plain("------- Original Message -------\n"+says+"\n\n", r.quoted.text, "> "),
			html:  r.html("<div>%s</div>", `<div class="protonmail_quote">------- Original Message -------<br>`+escaped(says)+`<br><blockquote class="protonmail_quote" type="cite">`+r.quoted.html+`</blockquote></div>`),
		}
	}, false},
	{"Zoho", inEnglish, func(r reply, says string) body {
		return body{html: r.html("<div>%s</div>", `<div class="zmail_extra"><div>---- `+escaped(says)+` ----</div><blockquote>`+r.quoted.html+`</blockquote></div>`)}
	}, false},
	{"GMX", inEnglish, func(r reply, says string) body {
		return body{html: r.html("<div>%s</div>", `<div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;"><div>`+escaped(says)+`</div><div name="quoted-content">`+r.quoted.html+`</div></div>`)}
	}, false},
	{"Samsung", map[string]string{"English": "From|Date|To|Subject"}, func(r reply, says string) body {
		return body{
			plain: r.plain("-------- Original message --------\n"+header(says, "%s: %s\n")+"\n", r.quoted.text, ""),
			html:  r.html(`<div dir="auto">%s</div>`, `<div><br></div><div align="left" dir="auto" style="font-size:100%;color:#000000"><div>-------- Original message --------</div>`+header(says, "<div>%s: %s</div>")+`</div>`+r.quoted.html),
		}
	}, true},
	{"a button of our mail", map[string]string{"English": ""}, func(r reply, _ string) body {
		return body{plain: strings.Replace(r.typed, "\n", "\n\n", 1) + "\n\n(ref b-abcdefghijklmnopqrstuvwxyz)\n" + r.below}
	}, false},
	{"a reply without the quotation", map[string]string{"English": ""}, func(r reply, _ string) body {
		return body{plain: r.typed + "\n" + r.below}
	}, false},
}

// header fills Outlook's four names in.
func header(names, format string) string {
	var b strings.Builder
	values := []string{"Changes &lt;changes@example.com&gt;", "Monday, 23 November 2026 09:14", "Claire Tremblay", "[CHG-2026-0042] Your decision by Fri 27 November"}
	if !strings.Contains(format, "<") {
		values[0] = html.UnescapeString(values[0])
	}
	for i, name := range strings.Split(names, "|") {
		fmt.Fprintf(&b, format, name, values[i])
	}
	return b.String()
}

// plain is the reply as text: what is said above the quotation, then the
// quotation, each line marked.
func (r reply) plain(says, text, mark string) string {
	quotation := says + text + "\n"
	if mark != "" {
		quotation = says + wrap(text, mark, 76) + "\n"
	}
	switch first, rest, _ := strings.Cut(r.typed, "\n"); r.where {
	case beneath:
		return quotation + "\n" + r.typed + "\n" + r.below
	case between:
		return first + "\n\n" + quotation + "\n" + rest + "\n" + r.below
	default:
		return r.typed + "\n" + r.below + "\n" + quotation
	}
}

// html is the reply as HTML; format surrounds what was typed.
func (r reply) html(format, quotation string) string {
	typed := func(text string) string { return fmt.Sprintf(format, divs(text)) }
	switch first, rest, _ := strings.Cut(r.typed, "\n"); r.where {
	case beneath:
		return quotation + typed(r.typed+r.below)
	case between:
		return typed(first) + quotation + typed(rest+r.below)
	default:
		return typed(r.typed+r.below) + quotation
	}
}

func divs(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			line = "<br>"
		} else {
			line = escaped(line)
		}
		b.WriteString("<div>" + line + "</div>")
	}
	return b.String()
}

func escaped(s string) string {
	s = html.EscapeString(s)
	return strings.ReplaceAll(strings.ReplaceAll(s, "&lt;br&gt;", "<br>"), "\u00a0", "&nbsp;")
}

// mail is the reply as bytes, encoded as one program or another would.
func (b body) mail(encoding string) []byte {
	var m strings.Builder
	m.WriteString("From: Claire Tremblay <cto@example.com>\r\nTo: changes@example.com\r\nSubject: Re: [CHG-2026-0042] Your decision\r\nMIME-Version: 1.0\r\n")
	switch {
	case b.html == "":
		m.WriteString(part("plain", b.plain, encoding))
	case b.plain == "":
		m.WriteString(part("html", b.html, encoding))
	default:
		m.WriteString("Content-Type: multipart/alternative; boundary=\"=_b\"\r\n\r\n--=_b\r\n" + part("plain", b.plain, encoding) + "\r\n--=_b\r\n" + part("html", b.html, encoding) + "\r\n--=_b--\r\n")
	}
	return []byte(m.String())
}

func part(kind, text, encoding string) string {
	text = strings.ReplaceAll(text, "\n", "\r\n")
	head := "Content-Type: text/" + kind + "; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n"
	var b strings.Builder
	switch encoding {
	case "quoted-printable":
		w := quotedprintable.NewWriter(&b)
		w.Write([]byte(text)) //nolint:errcheck // to memory
		w.Close()             //nolint:errcheck // to memory
	case "base64":
		for rest := base64.StdEncoding.EncodeToString([]byte(text)); rest != ""; {
			n := min(76, len(rest))
			b.WriteString(rest[:n] + "\r\n")
			rest = rest[n:]
		}
	default:
		b.WriteString(text)
	}
	return head + b.String()
}
