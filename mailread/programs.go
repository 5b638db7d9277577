package mailread

import (
	"regexp"
	"strings"
)

// What mail programs write of themselves, in the languages they speak. A language
// is a line in each list; all of them are looked for in every mail, for nobody
// says in which language their program is.

// mailHeaders are the names of the fields of a quoted mail's header.
var mailHeaders = []mailHeader{
	{[]string{"from"}, []string{"sent", "date", "to", "cc", "subject", "reply-to", "importance"}},
	{[]string{"von"}, []string{"gesendet", "datum", "an", "cc", "betreff"}},
	{[]string{"de"}, []string{"envoyé", "date", "à", "cc", "objet", "enviado", "enviado el", "enviada em", "fecha", "para", "asunto", "data", "assunto"}},
	{[]string{"da"}, []string{"inviato", "data", "a", "cc", "oggetto"}},
	{[]string{"van"}, []string{"verzonden", "datum", "aan", "cc", "onderwerp"}},
	{[]string{"fra"}, []string{"sendt", "dato", "til", "kopi", "cc", "emne"}},
	{[]string{"från"}, []string{"skickat", "datum", "till", "kopia", "ämne"}},
	{[]string{"lähettäjä"}, []string{"lähetetty", "päivämäärä", "vastaanottaja", "kopio", "aihe"}},
	{[]string{"od"}, []string{"wysłano", "wysłane", "data", "do", "dw", "temat", "odesláno", "datum", "komu", "kopie", "předmět", "odoslané", "dátum", "predmet", "poslano", "za", "zadeva"}},
	{[]string{"feladó"}, []string{"elküldve", "dátum", "címzett", "másolatot kap", "tárgy"}},
	{[]string{"de la"}, []string{"trimis", "data", "către", "subiect"}},
	{[]string{"kimden"}, []string{"gönderildi", "gönderme tarihi", "tarih", "kime", "bilgi", "konu"}},
	{[]string{"от"}, []string{"отправлено", "дата", "кому", "копия", "тема"}},
	{[]string{"від"}, []string{"надіслано", "дата", "кому", "копія", "тема"}},
	{[]string{"από"}, []string{"στάλθηκε", "ημερομηνία", "προς", "κοιν.", "θέμα"}},
	{[]string{"差出人", "送信者"}, []string{"送信日時", "日付", "宛先", "cc", "件名"}},
	{[]string{"发件人", "寄件者", "寄件人"}, []string{"发送时间", "日期", "寄件日期", "收件人", "收件者", "抄送", "副本", "主题", "主旨"}},
	{[]string{"보낸 사람"}, []string{"보낸 날짜", "날짜", "받는 사람", "참조", "제목"}},
	{[]string{"từ"}, []string{"đã gửi", "ngày", "tới", "đến", "chủ đề"}},
	{[]string{"מאת"}, []string{"נשלח", "תאריך", "אל", "נושא"}},
	{[]string{"من"}, []string{"تاريخ الإرسال", "التاريخ", "إلى", "الموضوع"}},
}

// attributions are how the sentence above a quotation opens, and the verb in it,
// where both are always so.
var attributions = []attribution{
	{"on", "wrote"}, {"am", "schrieb"}, {"le", "a écrit"}, {"el", "escribió"},
	{"il", "ha scritto"}, {"op", "schreef"}, {"op", "geschreven"}, {"em", "escreveu"}, {"den", "skrev"},
	{"på", "skrev"}, {"dne", "napsal"}, {"w dniu", "napisał"}, {"w dniu", "pisze"}, {"στις", "έγραψε"}, {"în", "a scris"}, {"vào", "đã viết"},
}

// wroteWords are the verbs of that sentence, however it is built: with a date and
// a time beside one, it is known.
var wroteWords = []string{
	"wrote", "schrieb", "hat geschrieben", "a écrit", "écrit", "escribió", "va escriure", "ha scritto", "schreef", "geschreven", "escreveu", "skrev", "skrifaði",
	"kirjoitti", "napisał", "pisze", "napsal", "napísal", "napisal", "je pisao", "írta", "a scris", "yazdı", "kirjutas", "rakstīja", "rašė",
	"написал", "писал", "пишет", "пише", "написав", "написа", "έγραψε", "כתב", "كتب", "đã viết", "menulis", "เขียน", "のメール", "書きました", "写道", "寫道", "작성", "님이",
}

var originalMessage = regexp.MustCompile(`(?i)^\s*[-—–_]{2,}\s*(` + strings.Join([]string{
	"original message", "original appointment", "original email", "forwarded message", "forwarded by .*", "reply message",
	"ursprüngliche nachricht", "originalnachricht", "original-nachricht", "weitergeleitete nachricht", "message d['’]origine", "message original", "message transféré", "message réexpédié",
	"mensaje original", "mensaje reenviado", "messaggio originale", "messaggio inoltrato", "oorspronkelijk bericht", "doorgestuurd bericht", "mensagem original", "mensagem encaminhada",
	"oprindelig meddelelse", "videresendt meddelelse", "ursprungligt meddelande", "vidarebefordrat meddelande", "opprinnelig melding", "videresendt melding", "alkuperäinen viesti", "välitetty viesti",
	"oryginalna wiadomość", "wiadomość oryginalna", "treść przekazanej wiadomości", "původní zpráva", "původní e-mail", "přeposlaná zpráva", "pôvodná správa", "eredeti üzenet", "továbbított üzenet",
	"mesaj original", "özgün ileti", "orijinal mesaj", "исходное сообщение", "пересылаемое сообщение", "оригінальне повідомлення", "αρχικό μήνυμα",
	"元のメッセージ", "転送メッセージ", "转发邮件信息", "原始邮件", "原始郵件", "원본 메일", "원본 메시지", "전달된 메시지", "thư gốc",
}, "|") + `)\s*[-—–_]{2,}\s*$`)

var beginForwarded = regexp.MustCompile(`(?i)^\s*(` + strings.Join([]string{
	"begin forwarded message", "anfang der weitergeleiteten nachricht", "début du message réexpédié", "inizio messaggio inoltrato", "inicio del mensaje reenviado",
	"begin doorgestuurd bericht", "início da mensagem encaminhada", "vidarebefordrat brev", "videresendt besked", "начало переадресованного сообщения", "转发的邮件", "転送されたメッセージ",
}, "|") + `)\s*[:：]\s*$`)

// sentFrom are the lines by which telephones and apps say that they are some.
var sentFrom = regexp.MustCompile(`(?i)^\s*(` + strings.Join([]string{
	"sent from my ", "sent from (outlook|mail|yahoo|proton|gmail|samsung|nine|spark)", "sent via ", "sent with ", "get outlook for ", "von meinem .* gesendet", "gesendet (von|mit) ",
	"envoyé (de|depuis|à partir de) ", "télécharger outlook", "outlook für .* herunterladen", "enviado (desde|do|de) ", "inviato da", "(verstuurd|verzonden) vanaf ", "sendt fra min ", "skickat från min ", "lähetetty .*(iphone|laitteesta|puhelimesta)",
	"wysłan[eo] z ", "odesláno z ", "az .* küldve", "trimis de pe ", ".*gönderildi$", "отправлено (с|из) ", "надіслано з ", "στάλθηκε από ", ".*から送信$", "发自我的", "從我的.*傳送", "나의 .*에서 보냄", "được gửi từ ",
}, "|") + `)`)
