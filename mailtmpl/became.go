package mailtmpl

// became says what became of a mail that came, by its disposition.
var became = map[string]string{
	"accepted":       "accepted as a proposal",
	"counted":        "counted",
	"answered":       "answered; nothing was decided by it",
	"noted":          "noted as a comment",
	"held":           "held until its sender confirms it",
	"automatic":      "automatic; nobody wrote it",
	"own":            "sent by ourselves",
	"unverified":     "put aside: nobody can say who sent it",
	"unknown-sender": "put aside: from nobody we know",
	"duplicate":      "a copy of one that was decided before",
	"oversize":       "too large to be read",
	"unreadable":     "put aside: it could not be read",
}

// Became says what became of a mail that came: "accepted as a proposal".
func Became(disposition string) string { return or(became[disposition], disposition) }

// fates say what became of a mail we owe, where that is not that it was sent.
var fates = map[string]string{
	"pending": "not sent yet", "deferred": "not sent yet, will be tried again", "failed": "could not be delivered", "superseded": "no longer needed, not sent",
}

// Fate says what became of a mail we owe by its state in the outbox; nothing
// where it was sent.
func Fate(state string) string { return fates[state] }
