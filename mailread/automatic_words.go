//nolint:misspell // its words are of many languages
package mailread

import (
	"regexp"
	"strings"
)

// machineWords is how the mail programs of one language speak where nobody
// wrote. A new language is a new entry.
type machineWords struct {
	language string
	vacation string // an absence's subject begins so
	formula  string // its text does, or another machine's
	bounce   string // the subject of a mail that could not be delivered
	read     string // of a receipt
	accepted string // of an answer to an invitation
	yourMail string // both open so in their text
}

// All are lists, parted by "|", in no regular language.
var machines = []machineWords{
	{
		"English",
		"automatic reply|auto reply|auto-reply|autoreply|automatic response|auto response|auto-response|autoresponse|autoresponder|out of office|out of the office|out of office autoreply|out of office reply|out of office message|out of office assistant|ooo|vacation reply|vacation response|vacation message|away from office|away from the office|i am out of office|i am out of the office",
		"this is an automatic reply|this is an automatic response|this is an automatic message|this is an automated reply|this is an automated response|this is an automated message|this is an automated email|this is an automated notification|this is an automatically generated|this is an auto-generated|this is an auto-reply|this is an autoreply|this email was automatically generated|this message was automatically generated|this message was generated automatically",
		"undeliverable|undelivered|undelivered mail returned to sender|delivery status notification|mail delivery failed|mail delivery failure|returned mail|returned to sender|failure notice|delivery failure|message undeliverable|undeliverable mail|delivery has failed|delivery delayed|delayed mail|mail system error|warning|warning: could not send message",
		"read|not read|return receipt", "accepted|declined|tentative|tentatively accepted|meeting accepted|meeting declined|new time proposed", "your message",
	},
	{
		"German",
		"automatische antwort|automatische rückantwort|abwesenheitsnotiz|abwesenheitsnachricht|abwesenheit|abwesend|autom. antwort",
		"dies ist eine automatische antwort|dies ist eine automatische nachricht|dies ist eine automatische e-mail|dies ist eine automatisch erstellte|dies ist eine automatisch generierte|dies ist eine automatisch erzeugte|diese nachricht wurde automatisch|diese e-mail wurde automatisch",
		"unzustellbar|nicht zugestellt|zustellung fehlgeschlagen|verzögerte zustellung", "gelesen|ungelesen|nicht gelesen|lesebestätigung", "zugesagt|abgesagt|abgelehnt|mit vorbehalt|mit vorbehalt zugesagt|neue zeit vorgeschlagen", "ihre nachricht",
	},
	{
		"French",
		"réponse automatique|absence du bureau|absent du bureau|message d'absence|message d’absence|notification d'absence|notification d’absence|message automatique",
		"ceci est un message automatique|ceci est une réponse automatique|ce message est automatique|ce message est généré automatiquement|ce message a été généré automatiquement",
		"non remis|non distribuable|échec de la remise|message non remis", "lu|non lu|accusé de lecture|confirmation de lecture", "accepté|accepté provisoirement|refusé|provisoire", "votre message",
	},
	{
		"Spanish",
		"respuesta automática|fuera de la oficina|fuera de oficina|ausente de la oficina",
		"este es un mensaje automático|esta es una respuesta automática|este mensaje se ha generado automáticamente",
		"no se puede entregar|no entregado|no se pudo entregar", "leído|no leído|confirmación de lectura", "aceptado|aceptada|rechazado|rechazada|provisional", "su mensaje|el mensaje",
	},
	{
		"Italian",
		"risposta automatica|fuori ufficio|fuori sede|messaggio automatico",
		"questo è un messaggio automatico|questa è una risposta automatica|messaggio generato automaticamente",
		"non recapitabile|impossibile recapitare|mancato recapito", "letto|non letto|conferma di lettura", "accettato|rifiutato|provvisorio|accettato provvisoriamente", "il messaggio",
	},
	{
		"Portuguese",
		"resposta automática|ausência temporária|ausência|fora do escritório",
		"esta é uma resposta automática|esta é uma mensagem automática|esta mensagem foi gerada automaticamente",
		"não entregue|não é possível entregar|falha na entrega", "lida|lido|não lida|confirmação de leitura", "aceito|aceite|recusado|provisório", "sua mensagem|a sua mensagem",
	},
	{
		"Dutch",
		"automatisch antwoord|afwezig|afwezigheidsbericht|niet op kantoor",
		"dit is een automatisch antwoord|dit is een automatisch bericht|dit is een automatisch gegenereerd|dit bericht is automatisch",
		"onbestelbaar|niet bezorgd|kan niet worden bezorgd", "gelezen|ongelezen|leesbevestiging", "geaccepteerd|geweigerd|voorlopig geaccepteerd", "uw bericht|het bericht",
	},
	{
		"Swedish",
		"autosvar|automatiskt svar|frånvaromeddelande|ej på kontoret",
		"detta är ett automatiskt svar|detta är ett automatiskt meddelande|detta är ett autosvar|det här är ett automatiskt svar|det här är ett automatiskt meddelande",
		"olevererat|kan inte levereras|det går inte att leverera", "läst|oläst|ej läst", "accepterat|avböjt|preliminärt", "ditt meddelande",
	},
	{
		"Danish",
		"automatisk svar|fraværsbesked|ikke på kontoret",
		"dette er et automatisk svar|dette er en automatisk besked|dette er en automatisk genereret|denne besked er automatisk",
		"kan ikke leveres|ikke leveret", "læst|ulæst|ikke læst", "accepteret|afvist|foreløbig", "din meddelelse|din besked",
	},
	{
		"Norwegian",
		"automatisk svar|automatisk svarmelding|fraværsmelding|ikke til stede",
		"dette er et automatisk svar|dette er en automatisk melding|dette er en automatisk generert",
		"kan ikke leveres|ikke levert", "lest|ulest|ikke lest", "godtatt|avslått|foreløpig", "meldingen|din melding",
	},
	{
		"Finnish",
		"automaattinen vastaus|poissaoloviesti|poissa toimistosta|lomavastaus",
		"tämä on automaattinen vastaus|tämä on automaattinen viesti|tämä on automaattisesti luotu",
		"ei voi toimittaa|toimittamaton|toimitus epäonnistui", "luettu|ei luettu", "hyväksytty|hylätty|alustava", "viesti|viestisi",
	},
	{
		"Polish",
		"automatyczna odpowiedź|autoodpowiedź|poza biurem|nieobecność w biurze",
		"to jest automatyczna odpowiedź|to jest wiadomość automatyczna|to jest automatyczna wiadomość|ta wiadomość została wygenerowana automatycznie",
		"niedostarczone|nie można dostarczyć|niedostarczona", "przeczytano|nieprzeczytane|nie przeczytano", "zaakceptowano|odrzucono|wstępnie zaakceptowano", "twoja wiadomość|wiadomość",
	},
	{
		"Czech",
		"automatická odpověď|mimo kancelář|nepřítomnost v kanceláři",
		"toto je automatická odpověď|toto je automatická zpráva|tato zpráva byla vygenerována automaticky",
		"nedoručitelné|nelze doručit|nedoručeno", "přečteno|nepřečteno", "přijato|odmítnuto|předběžně přijato", "vaše zpráva|zpráva",
	},
	{
		"Slovak",
		"automatická odpoveď|mimo kancelárie",
		"toto je automatická odpoveď|toto je automatická správa|táto správa bola vygenerovaná automaticky",
		"nedoručiteľné|nemožno doručiť", "prečítané|neprečítané", "prijaté|odmietnuté", "vaša správa|správa",
	},
	{
		"Hungarian",
		"automatikus válasz|házon kívül|irodán kívül",
		"ez egy automatikus válasz|ez egy automatikus üzenet|ez egy automatikusan generált",
		"kézbesíthetetlen|nem kézbesíthető", "elolvasva|olvasatlan", "elfogadva|elutasítva", "az üzenet|üzenete",
	},
	{
		"Romanian",
		"răspuns automat|mesaj automat|plecat din birou|absent de la birou",
		"acesta este un mesaj automat|acesta este un răspuns automat",
		"nelivrabil|imposibil de livrat", "citit|necitit", "acceptat|refuzat|provizoriu", "mesajul",
	},
	{
		"Turkish",
		"otomatik yanıt|otomatik cevap|ofis dışında|ofis dışındayım",
		"bu otomatik bir yanıttır|bu otomatik bir mesajdır|bu bir otomatik yanıttır|bu ileti otomatik",
		"teslim edilemedi|teslim edilemiyor", "okundu|okunmadı", "kabul edildi|reddedildi", "iletiniz",
	},
	{
		"Greek",
		"αυτόματη απάντηση|εκτός γραφείου",
		"αυτό είναι ένα αυτόματο μήνυμα|αυτή είναι μια αυτόματη απάντηση",
		"αδύνατη η παράδοση|αδύνατη παράδοση", "αναγνώστηκε|δεν αναγνώστηκε", "έγινε αποδοχή|απορρίφθηκε", "το μήνυμά σας",
	},
	{
		"Russian",
		"автоответ|автоматический ответ|нет на рабочем месте|отсутствую на рабочем месте",
		"это автоматический ответ|это автоматическое сообщение|это сообщение сформировано автоматически|данное сообщение сформировано автоматически",
		"не удается доставить|не доставлено|недоставленное сообщение", "прочитано|не прочитано", "принято|отклонено|под вопросом", "ваше сообщение",
	},
	{
		"Ukrainian",
		"автоматична відповідь|автовідповідь|поза офісом",
		"це автоматична відповідь|це автоматичне повідомлення",
		"не вдалося доставити|не доставлено", "прочитано|не прочитано", "прийнято|відхилено", "ваше повідомлення",
	},
	{
		"Chinese",
		"自动回复|自動回覆|自动答复|外出自动回复",
		"这是自动回复|这是一封自动|此邮件为自动|此邮件由系统自动|這是自動",
		"未传递|无法传递|无法投递|未傳遞|無法傳遞|邮件被退回", "已读|已讀|未读", "已接受|已拒绝|已拒絕|暂定", "您的邮件|您的郵件",
	},
	{
		"Japanese",
		"自動返信|自動応答|不在通知|不在連絡",
		"これは自動返信|このメールは自動|本メールは自動",
		"配信不能|配信できませんでした|配信不能通知", "開封済み|開封確認|未開封", "承諾|辞退|仮承諾|仮の承諾", "次の受信者|メッセージ|お客様のメッセージ",
	},
	{
		"Korean",
		"자동 회신|자동회신|자동 응답|부재중 알림|부재 중",
		"이 메일은 자동|자동 응답 메일입니다",
		"배달되지 않음|배달할 수 없음|전송 실패", "읽음|읽지 않음", "수락됨|수락|거절됨|미정", "메시지가|사용자의 메시지",
	},
	{
		"Arabic",
		"رد تلقائي|الرد التلقائي|خارج المكتب",
		"هذا رد تلقائي|هذه رسالة تلقائية",
		"غير قابل للتسليم|تعذر التسليم", "تمت القراءة|مقروءة", "مقبول|مرفوض", "رسالتك",
	},
	{
		"Hebrew",
		"מענה אוטומטי|תשובה אוטומטית|מחוץ למשרד",
		"זוהי הודעה אוטומטית|זוהי תשובה אוטומטית",
		"לא ניתן למסירה", "נקרא|לא נקרא", "התקבל|נדחה", "הודעתך",
	},
}

// begins knows subjects by how they begin: a word of the list, and then nothing
// more or a colon.
var begins = struct{ vacation, bounce, read, accepted *regexp.Regexp }{
	subjects(func(w machineWords) string { return w.vacation }),
	subjects(func(w machineWords) string { return w.bounce }),
	subjects(func(w machineWords) string { return w.read }),
	subjects(func(w machineWords) string { return w.accepted }),
}

// formula and yourMail know lines of a text by how they begin.
var (
	formula  = texts(func(w machineWords) string { return w.formula })
	yourMail = texts(func(w machineWords) string { return w.yourMail })
)

// programs know the text of mail servers, which speak English.
var programs = beginning(`hi. this is the|this message was created automatically by mail delivery software|this is the mail system at|this is the mail delivery|` +
	`the original message was received at|the following message|a message that you sent|delivery to the following recipient|delivery has failed to these recipients|` +
	`sorry, we were unable|sorry, your mail could not be delivered|your message did not reach|your message could not be delivered|your message wasn't delivered|` +
	`this is a permanent error|**********************************************|this is just a warning, you do not need to do anything|this is a delivery status notification`)

func subjects(of func(machineWords) string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*(` + alternatives(of) + `)( (auto-?reply|message|assistant))?\s*([:：(（]|$|re:)`)
}

func texts(of func(machineWords) string) *regexp.Regexp {
	return regexp.MustCompile(`(?im)^[*_\[(\s]*(` + alternatives(of) + `)`)
}

func beginning(list string) *regexp.Regexp {
	return regexp.MustCompile(`(?im)^\s*(` + strings.ReplaceAll(regexp.QuoteMeta(list), `\|`, "|") + `)`)
}

func alternatives(of func(machineWords) string) string {
	var all []string
	for _, m := range machines {
		all = append(all, strings.ReplaceAll(regexp.QuoteMeta(of(m)), `\|`, "|"))
	}
	return strings.Join(all, "|")
}
