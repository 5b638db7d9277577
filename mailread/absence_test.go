package mailread

import (
	"strings"
	"testing"
	"time"
)

// What people have their mail programs say while they are away, on Monday 23
// November 2026, and until when that is; nothing where nobody can be sure.
func TestAwayUntil(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for _, story := range []struct{ says, until string }{
		{"I am out of the office until 2026-12-03.", "2026-12-03"},
		{"I am out of the office until 3 December.", "2026-12-03"},
		{"I'm away until Thursday, December 3rd, 2026 and will answer then.", "2026-12-03"},
		{"I will be back in the office on Thursday 3 December.", "2026-12-03"},
		{"Back 3 Dec.", "2026-12-03"},
		{"I will return on January 5.", "2027-01-05"},
		{"Away through Friday 4 December, returning on Monday 7 December.", "2026-12-07"},
		{"I am away from 20 November\nuntil\n3 December.", "2026-12-03"},
		{"Ich bin bis einschließlich 3. Dezember nicht im Büro.", "2026-12-03"},
		{"Ich bin vom 20.11. bis zum 03.12.2026 abwesend.", "2026-12-03"},
		{"Am 4. Dezember bin ich wieder für Sie da.", "2026-12-04"},
		{"Je suis absente jusqu’au jeudi 3 décembre inclus.", "2026-12-03"},
		{"De retour le 1er décembre 2026.", "2026-12-01"},
		{"Estaré fuera hasta el 3 de diciembre de 2026.", "2026-12-03"},
		{"Sarò assente fino al 3 dicembre.", "2026-12-03"},
		{"Estou ausente até 3 de dezembro.", "2026-12-03"},
		{"Ik ben tot en met 3 december afwezig.", "2026-12-03"},
		{"Jag är ledig till och med den 3 december.", "2026-12-03"},
		{"Jeg er på ferie til og med 3. december.", "2026-12-03"},
		{"Jeg er bortreist til 3. desember.", "2026-12-03"},
		{"Olen lomalla 3.12.2026 asti.", "2026-12-03"},
		{"Olen poissa 3. joulukuuta saakka.", "2026-12-03"},
		{"Jestem nieobecna do 3 grudnia 2026.", "2026-12-03"},
		{"Jsem mimo kancelář do 3. prosince.", "2026-12-03"},
		{"Som mimo kancelárie do 3. decembra.", "2026-12-03"},
		{"2026. december 3-ig szabadságon vagyok.", "2026-12-03"},
		{"Sunt plecat până pe 3 decembrie.", "2026-12-03"},
		{"3 Aralık 2026 tarihine kadar izindeyim.", "2026-12-03"},
		{"Θα λείπω μέχρι τις 3 Δεκεμβρίου.", "2026-12-03"},
		{"Я в отпуске до 3 декабря 2026 г.", "2026-12-03"},
		{"Я у відпустці до 3 грудня.", "2026-12-03"},
		{"我休假至2026年12月3日。", "2026-12-03"},
		{"12月3日まで休暇をいただいております。", "2026-12-03"},
		{"12월 3일까지 휴가입니다.", "2026-12-03"},
		{"I am away until 13/12/2026.", "2026-12-13"},
		{"I am away until 12/12/2026.", "2026-12-12"},

		{"I am away until 03/12/2026.", ""},                                     // March or December
		{"Je suis absent jusqu'au 05/12.", ""},                                  // a Canadian may mean May
		{"I am away until further notice, and 3 December is a holiday.", ""},    // that is when nothing ends
		{"I am away until Thursday.", ""},                                       // which one?
		{"I am in meetings until 10.30.", ""},                                   // a time
		{"Ich bin bis 10.12 Uhr in einer Besprechung.", ""},                     // a time
		{"Ab dem 27.11. bin ich im Urlaub.", ""},                                // where it begins
		{"Away from 27 November.", ""},                                          // where it begins
		{"I was away until 3 November 2026.", ""},                               // past
		{"I am away until 3 December; Ian is away until 5 February.", ""},       // whose?
		{"I am away until 31 February.", ""},                                    // never
		{"I am away until 3 December 2062.", ""},                                // a slip
		{"Thank you for your mail.\n> I was told to wait until 3 December", ""}, // quoted
		{"Thank you for your mail.", ""},
	} {
		m := readText(t, "Auto-Submitted: auto-replied\nSubject: Automatic reply: x\n", story.says)
		until, ok := AwayUntil(m, at)
		got := ""
		if ok {
			got = until.Format(time.DateOnly)
		}
		if got != story.until {
			t.Errorf("%q\nread as until %q, want %q", story.says, got, story.until)
		}
	}
}

// What a person writes says nothing of the kind, whatever it says.
func TestAwayUntilOfPeople(t *testing.T) {
	m := readText(t, "Subject: Re: your decision\n", "I am out of the office until 3 December, ask Ian.")
	if until, ok := AwayUntil(m, time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)); ok {
		t.Errorf("they are away until %s, by a mail they wrote themselves", until)
	}
}

func readText(t *testing.T, header, text string) *Message {
	t.Helper()
	raw := "From: Ada Byron <cto@example.com>\nTo: changes@example.com\n" + header + "Content-Type: text/plain; charset=utf-8\n\n" + text + "\n"
	m, err := Read([]byte(strings.ReplaceAll(raw, "\n", "\r\n")), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
