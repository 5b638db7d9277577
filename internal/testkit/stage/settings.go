package stage

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Password is what everybody logs in with.
const Password = "correct horse"

// Settings are what a company's configuration says of the machine it runs on.
type Settings struct {
	Mailbox          string   // the address of the change mailbox; [Mailbox] if empty
	IMAP, SMTP       string   // URLs
	User             string   // logs in to both with [Password]
	AppURL, OwnerURL string   // the database
	WebURL           string   // where the pages are; empty for none
	Keys             []string // ids of the token keys, the current one first; one if empty
	Proof            string   // how senders are proven, one of [Proofs]; token-only if empty
	Company          string   // TOML: the policy section and the people; [Company] if empty
	Wiki             *Wiki    // where the record is published; nil for nowhere
}

// A Wiki is a Confluence.
type Wiki struct {
	Flavor, URL, Parent string
	User, Token         string // User is empty at a Data Center
	Register            string // the title of the page that lists all changes
	Settle              string // "0s" if empty
}

// Write writes the configuration and its secrets into the folder.
func (s Settings) Write(dir string) error {
	if s.Company == "" {
		s.Company = Company
	}
	proof, known := Proofs[cmp.Or(s.Proof, "token-only")]
	if !known {
		return fmt.Errorf("writing the configuration: there is no proof %q", s.Proof)
	}
	text := fmt.Sprintf(frame, cmp.Or(s.Mailbox, Mailbox), s.IMAP, s.SMTP, s.User, proof, s.AppURL, s.OwnerURL, s.keys()) + s.web() + s.wiki() + s.Company
	files := map[string]string{ConfigName: text, "password": Password}
	for _, id := range s.ids() {
		files["token-key-"+id] = strings.Repeat("stage "+id+" ", 6)
	}
	if s.Wiki != nil {
		files[WikiToken] = s.Wiki.Token
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("writing the configuration: %w", err)
		}
	}
	return nil
}

func (s Settings) ids() []string {
	if len(s.Keys) == 0 {
		return []string{"1"}
	}
	return s.Keys
}

func (s Settings) keys() string {
	var b strings.Builder
	for _, id := range s.ids() {
		fmt.Fprintf(&b, "[[tokens.keys]]\nid = %q\nfile = %q\n", id, "token-key-"+id)
	}
	return b.String()
}

// web has the pages served by whoever set up the stage.
func (s Settings) web() string {
	if s.WebURL == "" {
		return ""
	}
	return fmt.Sprintf("\n[web]\nlisten = \"127.0.0.1:0\"\nurl = %q\n", s.WebURL)
}

// WikiToken is the name of the file with the token.
const WikiToken = "confluence-token"

// Section is what the configuration says of it.
func (w Wiki) Section() string {
	return fmt.Sprintf("\n[confluence]\nflavor = %q\nurl = %q\nspace = \"CHG\"\nparent = %q\nusername = %q\ntoken_file = %q\nregister = %q\nsettle = %q\n",
		w.Flavor, w.URL, w.Parent, w.User, WikiToken, w.Register, cmp.Or(w.Settle, "0s"))
}

// wiki has the record published.
func (s Settings) wiki() string {
	if s.Wiki == nil {
		return ""
	}
	return s.Wiki.Section()
}

// ConfigName is the name of the configuration in its folder.
const ConfigName = "countersign.toml"

// frame is the part of the configuration that is not the company's own.
const frame = `
[organization]
name = "Example Inc."
timezone = "America/Toronto"

[mailbox]
address = %q
imap = %q
smtp = %q
username = %q
password_file = "password"
sub_address = true
%s
size_limit = "1 MiB"
file_limit = "200 KiB"
files_limit = "300 KiB"

[database]
url = %q
owner_url = %q

%s
[operator]
addresses = ["operator@example.com"]
`
