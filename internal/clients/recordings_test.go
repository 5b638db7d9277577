package clients

import (
	"strings"

	"github.com/countersign/countersign/policy"
)

const (
	yes = `APPROVE
Justification: support ends next year; agreed
Security impact: none, same network and same TLS
Risk: medium, the rebuild is rehearsed
Rollback: promote the old standby, 20 minutes
`
	no = `REJECT
Reason: the window collides with the payroll run
`
	oui = `Approuvé

Justification : le support se termine bientôt, c'est décidé
Impact sur la sécurité : aucun, même réseau
Risque : modéré, la reconstruction a été répétée
Retour arrière : réactiver l'ancien serveur, vingt minutes
`
	long = `APPROVE
Justification: support ends next year, the vendor has told us so twice, and nobody wants to run the billing of eleven thousand customers on something that gets no fixes any more
Security impact: none, same network and same TLS
Risk: medium, because replication is rebuilt and for about twenty minutes there is one copy of the data only, which was rehearsed on 12 and 19 November
Rollback: promote the old standby, 20 minutes
`
	sentence = "Looks good to me, I approve. Go ahead whenever Ian is there.\n"
)

const (
	done   = "IMPLEMENTED\nVersion: pg17-2026.11.25\nDone at: 25 November 2026, 16:10\nNotes: standby rebuilt on 17, primary untouched\n"
	failed = "FAIL\nReason: 3 of 412 tests fail, the collation of names differs\n"
)

const (
	authorization  = policy.BallotAuthorization
	offer          = policy.BallotOffer
	implementation = policy.BallotImplementation
	test           = policy.BallotTest
)

// recordings are what is recorded.
var recordings = []recording{
	{"neomutt", "above", "a yes above the quotation", authorization, "above", yes, ""},
	{"neomutt", "below", "a no below the quotation", authorization, "below", no, ""},
	{"neomutt", "inside", "a yes between the lines of the quotation", authorization, "inside", yes, ""},
	{"neomutt", "around", "the keyword above, the fields below", authorization, "around", yes, ""},
	{"neomutt", "instead", "the quotation deleted", offer, "instead", "TAKE\n", ""},
	{"neomutt", "flowed", "format=flowed, with fields that are broken over lines", authorization, "above", long, "set text_flowed=yes\n"},
	{"neomutt", "signature", "with a signature", authorization, "above", no, "set signature=\"printf '-- \\nCarol Tremblay\\nAPPROVE\\nCTO'|\"\n"},
	{"neomutt", "sentence", "a sentence, which is no vote", authorization, "above", sentence, ""},

	{"neomutt", "french", "an answer in French in ISO-8859-1, with a sentence in French", authorization, "below", oui, "set attribution=\"Le %d, %n a écrit :\"\nset send_charset=\"us-ascii:iso-8859-1\"\n"},
	{"neomutt", "dutch", "a sentence in Dutch above the quotation", test, "above", "FAIL\nReason: 3 of 412 tests fail, the collation of names differs\n", "set attribution=\"Op %d schreef %n:\"\n"},
	{"neomutt", "no-sentence", "a quotation without a sentence above it", offer, "above", "TAKE\n", "set attribution=\"\"\n"},
	{"neomutt", "bars", "a quotation marked with bars", authorization, "above", no, "set indent_string=\"| \"\n"},

	{"mutt", "above", "an implementation reported above the quotation", implementation, "above", "IMPLEMENTED\nVersion: pg17-2026.11.25\nDone at: 25 November 2026, 16:10\nNotes: standby rebuilt on 17, primary untouched\n", ""},
	{"mutt", "below", "a test that passed, below the quotation", test, "below", "PASS\nEvidence: 412 of 412 billing tests pass\n", ""},
	{"mutt", "french", "an answer in French, with a sentence in French above the quotation", authorization, "above", oui, "set attribution=\"Le %d, %n a écrit :\"\n"},
	{"mutt", "german", "a sentence in German above the quotation", authorization, "above", no, "set attribution=\"Am %d schrieb %n:\"\n"},
	{"mutt", "latin1", "an answer in French, sent in ISO-8859-1", authorization, "above", oui, "set send_charset=\"us-ascii:iso-8859-1\"\n"},
	{"mutt", "inside", "a report between the lines of the quotation", implementation, "inside", "IMPLEMENTED\nVersion: pg17-2026.11.25\nDone at: 25 November 2026, 16:10\nNotes: as planned, nothing else was touched\n", ""},
	{"mutt", "around", "the keyword above, the fields below", authorization, "around", no, ""},
	{"mutt", "long", "lines that are longer than a screen, in quoted-printable", authorization, "above", long, ""},
	{"mutt", "nothing", "nothing typed at all", authorization, "above", "\n", ""},
	{"mutt", "to-all", "a no to all", authorization, "above", no, "push \"<display-message><group-reply><send-message><exit><quit>\"\n"},
	{"mutt", "attach", "a file attached", test, "above", "PASS\n", "push \"<display-message><reply><attach-file>HOME/evidence.txt<enter><send-message><exit><quit>\"\n"},

	{"s-nail", "above", "a yes above the quotation", authorization, "above", yes, ""},
	{"s-nail", "below", "a no below the quotation", authorization, "below", no, ""},
	{"s-nail", "inside", "a question between the lines of the quotation", authorization, "inside", "ASK: Who watches replication during the first night?\n", ""},
	{"s-nail", "instead", "the quotation deleted", offer, "instead", "DECLINE\nReason: I am on leave that week\n", ""},
	{"s-nail", "french", "an answer in French", authorization, "above", oui, ""},
	{"s-nail", "around", "the keyword above, the fields below", authorization, "around", yes, ""},
	{"s-nail", "long", "lines that are longer than a screen", authorization, "above", long, ""},
	{"s-nail", "nothing", "nothing typed at all", authorization, "above", "\n", ""},
	{"s-nail", "sentence", "a sentence, which is no vote", authorization, "above", sentence, ""},

	{"alpine", "above", "a yes above the quotation of our formatted text", authorization, "above", yes, ""},
	{"alpine", "below", "a no below the quotation", authorization, "below", no, ""},
	{"alpine", "inside", "a yes between the lines of the quotation", authorization, "inside", yes, ""},
	{"alpine", "around", "the keyword above, the fields below", authorization, "around", yes, ""},
	{"alpine", "instead", "the quotation deleted", offer, "instead", "TAKE\n", ""},
	{"alpine", "long", "fields that are broken over lines", authorization, "above", long, ""},
	{"alpine", "french", "an answer in French", authorization, "above", oui, ""},
	{"alpine", "handover", "an implementer hands the work over", implementation, "above", "HANDOVER\nImplementer: dev2@example.com\n", ""},
	{"alpine", "sentence", "a sentence, which is no vote", authorization, "above", sentence, ""},

	{"claws-mail", "above", "a yes above the quotation, whose sentence takes two lines", authorization, "above", yes, ""},
	{"claws-mail", "below", "a no below the quotation", authorization, "below", no, ""},
	{"claws-mail", "inside", "a yes between the lines of the quotation", authorization, "inside", yes, ""},
	{"claws-mail", "around", "the keyword above, the fields below", authorization, "around", yes, ""},
	{"claws-mail", "french", "an answer in French", authorization, "above", oui, ""},
	{"claws-mail", "long", "fields that the program breaks over lines", authorization, "above", long, ""},
	{"claws-mail", "sentence", "a sentence, which is no vote", authorization, "above", sentence, ""},

	{"thunderbird", "above", "a yes above the quotation, formatted", authorization, "above", yes, onTop},
	{"thunderbird", "below", "a no below the quotation, formatted", authorization, "below", no, ""},
	{"thunderbird", "inside", "a yes between the lines of the quotation, formatted", authorization, "inside", yes, ""},
	{"thunderbird", "around", "the keyword above, the fields below, formatted", authorization, "around", yes, onTop},
	{"thunderbird", "instead", "the quotation deleted", offer, "instead", "TAKE\n", ""},
	{"thunderbird", "first", "a yes typed before the sentence that introduces the quotation, in its own paragraph", authorization, "first", yes, ""},
	{"thunderbird", "breaks", "lines that are broken instead of paragraphs", implementation, "above", done, onTop + prefs("mail.compose.default_to_paragraph", "false")},
	{"thunderbird", "plain-above", "a no above the quotation, in plain text", authorization, "above", no, onTop + plain},
	{"thunderbird", "plain-below", "fields that the program breaks over lines, below the quotation", authorization, "below", long, plain},
	{"thunderbird", "plain-inside", "a yes between the lines of the quotation, in plain text", authorization, "inside", yes, plain},
	{"thunderbird", "plain-around", "the keyword above, the fields below, in plain text", authorization, "around", yes, onTop + plain},
	{"thunderbird", "fixed", "lines that are broken for good, in plain text", authorization, "above", long, onTop + plain + prefs("mailnews.send_plaintext_flowed", "false")},
	{"thunderbird", "html-only", "long fields, sent formatted only", authorization, "above", long, onTop + prefs("mail.default_send_format", "2")},
	{"thunderbird", "quoted-printable", "an answer in French in quoted-printable", authorization, "above", oui, onTop + prefs("mail.strictly_mime", "true")},
	{"thunderbird", "french", "Thunderbird in French, an answer in French, formatted", authorization, "above", oui, onTop + speaks("fr")},
	{"thunderbird", "french-plain", "Thunderbird in French, an answer in French below the quotation, in plain text", authorization, "below", oui, plain + speaks("fr")},
	{"thunderbird", "german", "Thunderbird in German, formatted", authorization, "above", no, onTop + speaks("de")},
	{"thunderbird", "german-plain", "Thunderbird in German, a test that failed, in plain text", test, "above", failed, onTop + plain + speaks("de")},
	{"thunderbird", "no-sentence", "a quotation without a sentence above it", authorization, "above", no, onTop + prefs("mailnews.reply_header_type", "0")},
	{"thunderbird", "signature", "a signature above the quotation, formatted", authorization, "above", yes, onTop + prefs("mail.identity.id1.htmlSigText", `"Carol Tremblay<br>CTO<br>APPROVE"`, "mail.identity.id1.htmlSigFormat", "true", "mail.identity.id1.sig_bottom", "false")},
	{"thunderbird", "signature-plain", "a signature below the quotation, in plain text", authorization, "above", no, onTop + plain + prefs("mail.identity.id1.htmlSigText", `"Carol Tremblay\nAPPROVE"`, "mail.identity.id1.sig_bottom", "true")},
	{"thunderbird", "card", "a visiting card attached", test, "above", "PASS\nEvidence: 412 of 412 billing tests pass\n", onTop + prefs("mail.identity.id1.attachVCard", "true", "mail.identity.id1.escapedVCard", `"begin%3Avcard%0D%0Afn%3ACarol%20Tremblay%0D%0Atitle%3ACTO%0D%0Aversion%3A2.1%0D%0Aend%3Avcard%0D%0A%0D%0A"`)},
	{"thunderbird", "unquoted", "nothing quoted", offer, "above", "DECLINE\nReason: I am on leave that week\n", prefs("mail.identity.id1.auto_quote", "false")},
	{"thunderbird", "ask", "a question", authorization, "above", "ASK: Who watches replication during the first night?\n", onTop},
	{"thunderbird", "sentence", "a sentence, which is no vote", authorization, "above", sentence, onTop},
	{"thunderbird", "nothing", "nothing typed at all", authorization, "above", "\n", onTop},

	{"evolution", "above", "a yes above the quotation, formatted", authorization, "above", yes, formatted},
	{"evolution", "below", "a no below the quotation, formatted", authorization, "below", no, formatted + "composer-reply-start-bottom=true\n"},
	{"evolution", "inside", "a yes between the lines of the quotation, formatted", authorization, "inside", yes, formatted},
	{"evolution", "around", "the keyword above, the fields below, formatted", authorization, "around", yes, formatted},
	{"evolution", "instead", "the quotation deleted", offer, "instead", "TAKE\n", ""},
	{"evolution", "joined", "no line begun before the sentence that introduces the quotation", authorization, "above", strings.TrimSpace(no), formatted},
	{"evolution", "plain-above", "a no above the quotation, in plain text", authorization, "above", no, ""},
	{"evolution", "plain-below", "fields that the program breaks over lines, below the quotation", authorization, "below", long, "composer-reply-start-bottom=true\n"},
	{"evolution", "plain-inside", "a yes between the lines of the quotation, in plain text", authorization, "inside", yes, ""},
	{"evolution", "plain-long", "fields that the program breaks over lines, above the quotation", authorization, "above", long, ""},
	{"evolution", "french", "Evolution in French, an answer in French, formatted", authorization, "above", oui, formatted + "LANG=fr_FR"},
	{"evolution", "french-plain", "Evolution in French, an answer in French, in plain text", authorization, "above", oui, "LANG=fr_FR"},
	{"evolution", "german", "Evolution in German, formatted", authorization, "above", no, formatted + "LANG=de_DE"},
	{"evolution", "dutch", "Evolution in Dutch, where the sentence begins with our name, in plain text", test, "above", failed, "LANG=nl_NL"},
	{"evolution", "outlook", "the quotation unmarked below our header, as Outlook has it, formatted", authorization, "above", yes, formatted + "reply-style-name='outlook'\n"},
	{"evolution", "outlook-plain", "the quotation unmarked below our header, as Outlook has it, in plain text", authorization, "above", no, "reply-style-name='outlook'\n"},
	{"evolution", "attached", "the ballot attached instead of quoted", implementation, "above", done, "reply-style-name='attach'\n"},
	{"evolution", "unquoted", "nothing quoted", test, "above", "PASS\nEvidence: 412 of 412 billing tests pass\n", formatted + "reply-style-name='do-not-quote'\n"},
	{"evolution", "sentence", "a sentence, which is no vote", authorization, "above", sentence, formatted},
	{"evolution", "nothing", "nothing typed at all", authorization, "above", "\n", formatted},
}
