//nolint:misspell // its words are of many languages
package mailread

import "sync"

// absenceWords is how an out-of-office of one language says until when. A new
// language is a new entry. Dates as numbers alone are read in all of them.
type absenceWords struct {
	language string
	before   string // what stands before the date
	after    string // what stands behind it
	months   string // their names in order, parted by blanks; other forms by "|"
	dayFirst bool   // 3/12 is always the third of December
	unspaced bool   // words stand without blanks between them
}

// absences are the readers of all languages. Most programs never need them.
var absences = sync.OnceValue(func() []absenceReader {
	var readers []absenceReader
	for _, w := range absenceLanguages {
		readers = append(readers, newAbsenceReader(w))
	}
	return readers
})

var absenceLanguages = []absenceWords{
	{language: "English", before: "until|till|til|through|thru|(?:back|return|returning|be back|available again)(?: (?:in|to) (?:the|my) (?:office|desk)| at work| to work| online)?,? (?:on|from|by)|back",
		months: "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sept|sep october|oct november|nov december|dec"},
	{language: "German", before: "bis(?: (?:zum|einschließlich|einschl|inkl))?|(?:wieder|zurück) (?:ab|am)(?: dem)?|rückkehr(?: am)?", after: `(?:wieder|zurück)`, dayFirst: true,
		months: "januar|jan|jänner februar|feb|feber märz|mär april|apr mai juni|jun juli|jul august|aug september|sept|sep oktober|okt november|nov dezember|dez"},
	{language: "French", before: "jusqu[’']au|jusqu[’']à|jusqu[’']en|de retour(?: au bureau)?(?: le)?|retour le|(?:disponible|joignable|de retour|présente?)(?: de nouveau| à nouveau)? (?:à partir du|dès le)",
		months: "janvier|janv février|fevrier|févr|fév mars avril|avr mai juin juillet|juil août|aout septembre|sept octobre|oct novembre|nov décembre|decembre|déc"},
	{language: "Spanish", before: "hasta(?: el)?|de vuelta(?: el)?|regreso(?: el)?|regresaré(?: el)?|vuelvo(?: el)?|disponible a partir del", dayFirst: true,
		months: "enero|ene febrero|feb marzo|mar abril|abr mayo|may junio|jun julio|jul agosto|ago septiembre|setiembre|sept|sep octubre|oct noviembre|nov diciembre|dic"},
	{language: "Italian", before: "fino al|fino all[’']|sino al|rientro(?: il)?|rientrerò(?: il)?|di ritorno(?: il)?|disponibile (?:a partire )?dal", dayFirst: true,
		months: "gennaio|gen febbraio|feb marzo|mar aprile|apr maggio|mag giugno|giu luglio|lug agosto|ago settembre|sett|set ottobre|ott novembre|nov dicembre|dic"},
	{language: "Portuguese", before: "até(?: o dia| ao dia| dia| o| ao)?|de volta(?: em| no dia| a)?|regresso(?: a| em| no dia)?|retorno(?: em| no dia| dia)?|disponível a partir d[eo](?: dia)?", dayFirst: true,
		months: "janeiro|jan fevereiro|fev março|mar abril|abr maio|mai junho|jun julho|jul agosto|ago setembro|set outubro|out novembro|nov dezembro|dez"},
	{language: "Dutch", before: "tot(?: en met)?|t/m|(?:weer )?(?:terug|aanwezig|bereikbaar)(?: op| vanaf)?", dayFirst: true,
		months: "januari|jan februari|feb maart|mrt april|apr mei juni|jun juli|jul augustus|aug september|sept|sep oktober|okt november|nov december|dec"},
	{language: "Swedish", before: "till(?: och med)?|t[.]?o[.]?m[.]?|tillbaka(?: den| igen den)?|åter(?: den)?", dayFirst: true,
		months: "januari|jan februari|feb mars|mar april|apr maj juni|jun juli|jul augusti|aug september|sept|sep oktober|okt november|nov december|dec"},
	{language: "Danish", before: "til(?: og med)?|indtil|tilbage(?: igen)?(?: den)?|retur(?: den)?", dayFirst: true,
		months: "januar|jan februar|feb marts|mar april|apr maj juni|jun juli|jul august|aug september|sept|sep oktober|okt november|nov december|dec"},
	{language: "Norwegian", before: "til(?: og med)?|tilbake(?: igjen)?(?: den)?", dayFirst: true,
		months: "januar|jan februar|feb mars|mar april|apr mai juni|jun juli|jul august|aug september|sept|sep oktober|okt november|nov desember|des"},
	{language: "Finnish", before: "palaan|takaisin|tavoitettavissa(?: jälleen)?", after: "asti|saakka", dayFirst: true,
		months: "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta"},
	{language: "Polish", before: "do(?: dnia)?|wracam|wrócę|powrót", dayFirst: true,
		months: "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"},
	{language: "Czech", before: "do|vrátím se|zpět(?: od)?|opět(?: od)?", dayFirst: true,
		months: "ledna února března dubna května června července srpna září října listopadu prosince"},
	{language: "Slovak", before: "do|vrátim sa|späť(?: od)?|opäť(?: od)?", dayFirst: true,
		months: "januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra"},
	{language: "Hungarian", after: "-?ig",
		months: "január|jan február|febr|feb március|márc április|ápr május|máj június|jún július|júl augusztus|aug szeptember|szept október|okt november|nov december|dec"},
	{language: "Romanian", before: "până(?: la| pe| în)?(?: data de)?|revin(?: pe| la| în)?|mă întorc(?: pe)?", dayFirst: true,
		months: "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie"},
	{language: "Turkish", after: "kadar|döneceğim|dönüyorum", dayFirst: true,
		months: "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık"},
	{language: "Greek", before: "μέχρι(?: τις| την| και τις)?|έως(?: τις| την| και τις)?|επιστρέφω(?: στις)?", dayFirst: true,
		months: "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου|μαίου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου"},
	{language: "Russian", before: "до|по|вернусь|буду(?: снова)?(?: на месте| в офисе| доступен| доступна)?(?: с)?", dayFirst: true,
		months: "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"},
	{language: "Ukrainian", before: "до|по|повернуся|буду(?: знову)?(?: на місці)?(?: з)?", dayFirst: true,
		months: "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня"},
	{language: "Chinese", before: "到|至", after: "之前|为止|為止|回来|回來|返回|恢复|恢復", unspaced: true},
	{language: "Japanese", after: "まで|に戻|より出社|から出社|以降", unspaced: true},
	{language: "Korean", after: "까지|에 복귀|에 돌아", unspaced: true},
}
