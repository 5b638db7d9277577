// Package config reads countersign.toml and says what is wrong with it.
//
// # File format
//
// The configuration is one TOML file, read strictly: an option nobody knows is
// an error that names its line. Secrets lie in files of their own, which the
// configuration names; a relative name is looked up beside the configuration.
// [Load] reads the file and puts the defaults in place; [Config.Check] tells
// every [Fault] with its remedy. An error among the faults keeps the daemon
// from starting; a warning does not.
//
// Every option is described in countersign.toml(5) and stands in
// systemd/countersign.toml; a test holds the three against each other.
package config

import (
	"net/url"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/policy"
)

// A Config is the whole configuration of one daemon.
type Config struct {
	Organization Organization `toml:"organization"`
	Policy       Policy       `toml:"policy"`
	Mailbox      Mailbox      `toml:"mailbox"`
	Database     Database     `toml:"database"`
	Archive      Archive      `toml:"archive"`
	Tokens       Tokens       `toml:"tokens"`
	Web          Web          `toml:"web"`
	Confluence   Confluence   `toml:"confluence"`
	People       []Person     `toml:"people"`
	Deputies     []Deputy     `toml:"deputies"`
	Distribution Distribution `toml:"distribution"`
	Reminders    Reminders    `toml:"reminders"`
	Operator     Operator     `toml:"operator"`
}

// Organization is whose changes are managed.
type Organization struct {
	// Name is how mails call the organization.
	Name string `toml:"name"`
	// Timezone is the IANA name of the zone in which days end and dates are written.
	Timezone string `toml:"timezone"`
}

// Policy is which policy is run, and where it leaves a choice, the choice.
type Policy struct {
	// ID is the policy's own number. It must be one this program implements.
	ID string `toml:"id"`
	// Version is the approved version. It must be one this program implements.
	Version string `toml:"version"`
	// FourEyes says how approval is kept independent of proposing and implementing.
	FourEyes policy.FourEyes `toml:"four_eyes"`
	// CoSigners are the ids of people who co-sign when no holder of an authorizing role is independent.
	CoSigners []policy.PersonID `toml:"co_signers"`
	// ProductionWindow allows changes that can be tested nowhere but in production.
	ProductionWindow bool `toml:"production_window"`
	// Holidays are days, beside Saturdays and Sundays, on which no deadline falls.
	Holidays []toml.LocalDate `toml:"holidays"`
	// NextReview is the day on which the policy itself is to be reviewed.
	NextReview toml.LocalDate `toml:"next_review"`
}

// Mailbox is the one mailbox the daemon reads and writes from.
type Mailbox struct {
	// Address is where people write to, and what our mail comes from.
	Address string `toml:"address"`
	// IMAP is the server the mailbox is read from.
	IMAP string `toml:"imap"`
	// SMTP is the server mail is handed to.
	SMTP string `toml:"smtp"`
	// Username logs in to both servers. Empty means the address.
	Username string `toml:"username"`
	// PasswordFile holds the password for both servers.
	PasswordFile string `toml:"password_file"`
	// SubAddress says that mail to changes+anything@ reaches the mailbox changes@.
	SubAddress bool `toml:"sub_address"`
	// SenderProof says what proves who sent a mail. It has no default: the weakest must be chosen by name.
	SenderProof SenderProof `toml:"sender_proof"`
	// Stamps are lines that mail programs of the organization put above what people type, such as "[Public]".
	Stamps []string `toml:"stamps"`
	// AuthServID is the name under which our own mail server reports its checks, in Authentication-Results (RFC 8601).
	AuthServID string `toml:"authserv_id"`
	// MX are the hosts that take mail in, as they call themselves in Received fields. Empty means authserv_id.
	MX []string `toml:"mx"`
	// RemovesForged says that our own mail server removes fields under its own name from mail that comes in.
	RemovesForged bool `toml:"removes_forged"`
	// InternalMail believes Exchange Online about mail that never left it.
	InternalMail bool `toml:"internal_mail"`
	// CheckDKIM checks signatures here as well, beside what the mail server says of them.
	CheckDKIM bool `toml:"check_dkim"`
	// OneSubject keeps one subject for all mails of a change, for clients that
	// part a conversation where the subject changes, as Gmail does.
	OneSubject bool `toml:"one_subject"`
	// SizeLimit is the size above which a mail is answered, but not read.
	SizeLimit Size `toml:"size_limit"`
	// FileLimit is the size above which one attachment is not kept.
	FileLimit Size `toml:"file_limit"`
	// FilesLimit is how much is kept of the attachments of one mail.
	FilesLimit Size `toml:"files_limit"`
	// Poll is how often the mailbox is looked at when the server announces nothing.
	Poll Duration `toml:"poll"`
	// Folders are where mail lies.
	Folders Folders `toml:"folders"`
}

// Folders are where mail lies on the IMAP server. Those missing are created.
type Folders struct {
	// Inbox is where mail comes in.
	Inbox string `toml:"inbox"`
	// Done takes the mail that was understood: counted, answered or filed.
	Done string `toml:"done"`
	// Ignored takes automatic mail, duplicates and mail from strangers.
	Ignored string `toml:"ignored"`
	// Attention takes what a person should look at.
	Attention string `toml:"attention"`
}

// SenderProof is a way to prove who sent a mail.
type SenderProof string

// The ways to prove a sender, which docs/proof.md explains.
const (
	M365      = SenderProof(mailread.M365)
	Gmail     = SenderProof(mailread.Gmail)
	OwnMTA    = SenderProof(mailread.OwnMTA)
	DKIM      = SenderProof(mailread.OnlyDKIM)
	TokenOnly = SenderProof(mailread.NoProof)
)

var senderProofs = []SenderProof{M365, Gmail, OwnMTA, DKIM, TokenOnly}

// Profile is whose word is believed about who sent a mail.
func (m Mailbox) Profile() mailread.Profile {
	p := mailread.Profile{
		Provider: mailread.Provider(m.SenderProof), ID: m.AuthServID, RemovesForged: m.RemovesForged,
		InternalMail: m.InternalMail, CheckDKIM: m.CheckDKIM, Mailbox: m.Address,
	}
	for _, host := range m.MX {
		p.MX = append(p.MX, strings.ToLower(host))
	}
	if len(p.MX) == 0 {
		p.MX = []string{strings.ToLower(m.AuthServID)}
	}
	return p
}

// Database is the Postgres database that holds the record.
type Database struct {
	// URL is how the daemon connects: a role that can add to the record but not rewrite it.
	URL string `toml:"url"`
	// OwnerURL is how migrate connects: the role that owns the tables. Nothing else uses it.
	OwnerURL string `toml:"owner_url"`
	// PruneURL is how prune connects: a role that can take the bytes of idle mail out of the archive, and nothing else.
	PruneURL string `toml:"prune_url"`
}

// pruner is the role that prunes, which migrate makes.
const pruner = "countersign_prune"

// Pruning is how prune connects: as PruneURL says or, where it says nothing, as
// the daemon does but for the role.
func (d Database) Pruning() string {
	if d.PruneURL != "" {
		return d.PruneURL
	}
	u, err := url.Parse(d.URL)
	if err != nil {
		return "" // which is told of the URL
	}
	query := u.Query()
	switch password, set := u.User.Password(); {
	case set:
		u.User = url.UserPassword(pruner, password)
	case u.User != nil:
		u.User = url.User(pruner)
	default:
		query.Set("user", pruner)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// Archive is how much is kept of mail that decides nothing.
type Archive struct {
	// Keep is for how long the bytes of mail are kept that decided nothing, before prune takes them away.
	Keep Days `toml:"keep"`
	// Strangers is how much of the archive such mail takes in a day at most, where nobody vouches for its sender.
	Strangers Size `toml:"strangers"`
}

// Tokens are the secrets that ballot tokens are made with.
type Tokens struct {
	// Keys are the secrets. The first makes new tokens; the others still verify old ones.
	Keys []Key `toml:"keys"`
}

// A Key is one secret for tokens.
type Key struct {
	// ID is the key's name in the database. It never changes and is never used again for another secret.
	ID string `toml:"id"`
	// File holds the secret: at least 32 bytes, of which a line end at the end is no part.
	File string `toml:"file"`
}

// Web is where the pages are: those on which ballots are answered, and those of
// all changes. Without it there are none, and people answer by mail alone.
type Web struct {
	// Listen is the address the pages are served on. Without CertFile it is behind a proxy on this machine.
	Listen string `toml:"listen"`
	// URL is where people reach the pages.
	URL string `toml:"url"`
	// CertFile holds the certificate for the pages' own TLS, with those above it. It is read again when it changes.
	CertFile string `toml:"cert_file"`
	// KeyFile holds the key of the certificate.
	KeyFile string `toml:"key_file"`
}

// Confluence is where the record is published, one page for each change. Without
// it the record is in the database alone.
type Confluence struct {
	// Flavor is what runs there: cloud or dc (Data Center).
	Flavor string `toml:"flavor"`
	// URL is the site as people reach it, with its context path.
	URL string `toml:"url"`
	// API is the gateway that takes scoped tokens (Cloud). Empty means the site itself.
	API string `toml:"api"`
	// Space is the key of the space in which the pages are.
	Space string `toml:"space"`
	// Parent is the id of the page below which they are made. Empty means the space's home page.
	Parent string `toml:"parent"`
	// Register is the title of the page that lists all changes. Empty means that there is none.
	Register string `toml:"register"`
	// Username is the address of the account whose API token it is (Cloud). Empty means that the token stands alone.
	Username string `toml:"username"`
	// TokenFile holds the API token (Cloud) or personal access token (Data Center).
	TokenFile string `toml:"token_file"`
	// Settle is how long after an event a page is brought up to date, so that what happens together is written once.
	Settle Duration `toml:"settle"`
}

// On says whether the record is published.
func (c Confluence) On() bool { return c.URL != "" || c.Space != "" || c.Flavor != "" }

// A Person is someone the policy knows.
type Person struct {
	// ID is the person's name in the record. It never changes and is never used again for another person.
	ID policy.PersonID `toml:"id"`
	// Name is how mails call the person.
	Name string `toml:"name"`
	// Addresses are all the addresses the person writes from. Mail goes to the first.
	Addresses []string `toml:"addresses"`
	// Roles are the offices of the policy that the person holds.
	Roles []policy.Role `toml:"roles"`
	// Teams are the teams of the policy that the person is in.
	Teams []policy.Team `toml:"teams"`
}

// A Deputy answers in a principal's stead for some days.
type Deputy struct {
	// Principal is the id of the person stood in for.
	Principal policy.PersonID `toml:"principal"`
	// Deputy is the id of the person who stands in.
	Deputy policy.PersonID `toml:"deputy"`
	// From is the first day.
	From toml.LocalDate `toml:"from"`
	// Until is the last day.
	Until toml.LocalDate `toml:"until"`
}

// Distribution is the mailing lists told of an implementation (7), beside the
// people found by team.
type Distribution struct {
	// IT are lists told with the IT Team (7a).
	IT []string `toml:"it"`
	// Development are lists told with the Development Team and QA (7b).
	Development []string `toml:"development"`
	// G7 are lists told with the higher management, of major changes (7c).
	G7 []string `toml:"g7"`
}

// Reminders are mails that remind of what was asked, beside those about one
// ballot, which the policy's deadlines bring with them.
type Reminders struct {
	// Weekly sends everybody once a week all that waits for them.
	Weekly bool `toml:"weekly"`
}

// Operator is who runs the daemon.
type Operator struct {
	// Addresses are told what needs a hand: failed deliveries, unreadable mail, spoofed votes.
	Addresses []string `toml:"addresses"`
}
