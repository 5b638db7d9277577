package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/policy"
)

// checks are the sides from which a configuration is looked at, in the order
// in which their faults are told.
var checks = []func(*Config, *faults){
	checkRequired, checkOrganization, checkPolicy,
	checkServers, checkMailbox, checkDatabase, checkArchive, checkSecrets, checkWeb, checkConfluence,
	checkPeople, checkAddresses, checkDeputies,
	checkRoles, checkTeams, checkIndependence,
}

// Check tells everything that is wrong with the configuration. It reads the
// secret files but connects to nothing.
func (c *Config) Check() []Fault {
	var found faults
	for _, check := range checks {
		check(c, &found)
	}
	return found
}

// A setting is one option that has to be there.
type setting struct{ key, value, remedy string }

func (c *Config) required() []setting {
	return []setting{
		{"organization.name", c.Organization.Name, `Write the name mails shall use, such as "Example Inc.".`},
		{"organization.timezone", c.Organization.Timezone, `Write an IANA name, such as "America/Toronto".`},
		{"policy.id", c.Policy.ID, fmt.Sprintf("Write %q.", policy.ID)},
		{"policy.version", c.Policy.Version, "Write the version that was approved. This program implements " + quoted(policy.Versions) + "."},
		{"mailbox.address", c.Mailbox.Address, `Write the address people send proposals to, such as "changes@example.com".`},
		{"mailbox.imap", c.Mailbox.IMAP, `Write where the mailbox is read, such as "imaps://imap.example.com:993".`},
		{"mailbox.smtp", c.Mailbox.SMTP, `Write where mail is handed in, such as "smtps://smtp.example.com:465".`},
		{"mailbox.password_file", c.Mailbox.PasswordFile, "Name the file that holds the password of the mailbox."},
		{"mailbox.sender_proof", string(c.Mailbox.SenderProof), "Write who says who sent a mail: one of " + quoted(senderProofs) + "; docs/proof.md helps to choose."},
		{"database.url", c.Database.URL, `Write where Postgres is, such as "postgres:///countersign?host=/run/postgresql&user=countersign_app".`},
	}
}

func checkRequired(c *Config, f *faults) {
	for _, s := range c.required() {
		if strings.TrimSpace(s.value) == "" {
			f.err(s.key, "is missing", s.remedy)
		}
	}
	if len(c.Tokens.Keys) == 0 {
		f.err("tokens.keys", "is missing", `Write [[tokens.keys]] with an id and a file, and fill the file: `+makeKey("token-key"))
	}
	if len(c.People) == 0 {
		f.err("people", "is missing", "Write a [[people]] table for everyone the policy names.")
	}
	if len(c.Operator.Addresses) == 0 {
		f.err("operator.addresses", "is missing", "Write who is told when mail cannot be delivered or read.")
	}
}

func checkOrganization(c *Config, f *faults) {
	if _, err := time.LoadLocation(c.Organization.Timezone); err != nil || c.Organization.Timezone == "Local" {
		f.err("organization.timezone", fmt.Sprintf("%q is no time zone this machine knows", c.Organization.Timezone),
			`Write an IANA name, such as "America/Toronto"; without such a file on the machine, install tzdata.`)
	}
	if hasControl(c.Organization.Name) {
		f.err("organization.name", "has a control character in it", "Write the name on one line.")
	}
}

func checkPolicy(c *Config, f *faults) {
	if c.Policy.ID != "" && c.Policy.ID != policy.ID {
		f.err("policy.id", fmt.Sprintf("%q is not a policy this program implements", c.Policy.ID), fmt.Sprintf("Write %q.", policy.ID))
	}
	if c.Policy.Version != "" && !slices.Contains(policy.Versions, c.Policy.Version) {
		f.err("policy.version", fmt.Sprintf("version %q is not one this program implements", c.Policy.Version),
			"It implements "+quoted(policy.Versions)+". Run a release that implements your version, or name the version in force.")
	}
	modes := []policy.FourEyes{policy.CoSign, policy.AsWritten}
	if !slices.Contains(modes, c.Policy.FourEyes) {
		f.err("policy.four_eyes", fmt.Sprintf("%q is not known", c.Policy.FourEyes), "Write one of "+quoted(modes)+".")
	}
	for _, id := range c.Policy.CoSigners {
		c.checkKnown(f, "policy.co_signers", id)
	}
	if len(c.Policy.CoSigners) > 0 && c.Policy.FourEyes == policy.AsWritten {
		f.warn("policy.co_signers", "nobody co-signs while four_eyes is as-written", "Remove it, or set four_eyes to co-sign.")
	}
}

// checkKnown says so when nobody has the id.
func (c *Config) checkKnown(f *faults, key string, id policy.PersonID) {
	if !slices.ContainsFunc(c.People, func(p Person) bool { return p.ID == id }) {
		f.err(key, fmt.Sprintf("nobody has the id %q", id), "Write the id of one of the [[people]].")
	}
}

// quoted lists texts as they would stand in the file.
func quoted[T ~string](texts []T) string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = fmt.Sprintf("%q", string(t))
	}
	return strings.Join(all, ", ")
}

func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// makeKey is the command that fills a key file.
func makeKey(file string) string {
	return "(umask 077; head -c 32 /dev/urandom | base64 > " + file + ")"
}
