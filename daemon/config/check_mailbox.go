package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What a mailbox may be told.
const (
	smallestLimit, largestLimit = 64 << 10, 256 << 20
	shortestPoll, longestPoll   = Duration(time.Second), Duration(time.Hour)
)

func checkMailbox(c *Config, f *faults) {
	m := c.Mailbox
	checkAddress(f, "mailbox.address", m.Address)
	checkSenderProof(m, f)
	checkLimit(f, "mailbox.size_limit", m.SizeLimit)
	checkLimit(f, "mailbox.file_limit", m.FileLimit)
	checkLimit(f, "mailbox.files_limit", m.FilesLimit)
	if m.Poll < shortestPoll || m.Poll > longestPoll {
		f.err("mailbox.poll", m.Poll.String()+" is no sensible time", fmt.Sprintf("Write something from %s to %s.", shortestPoll, longestPoll))
	}
	checkFolders(m.Folders, f)
}

func checkLimit(f *faults, key string, limit Size) {
	if limit < smallestLimit || limit > largestLimit {
		f.err(key, limit.String()+" is no sensible limit", fmt.Sprintf("Write something from %s to %s.", Size(smallestLimit), Size(largestLimit)))
	}
}

func checkFolders(folders Folders, f *faults) {
	var seen []string
	for _, s := range []setting{
		{key: "inbox", value: folders.Inbox}, {key: "done", value: folders.Done},
		{key: "ignored", value: folders.Ignored}, {key: "attention", value: folders.Attention},
	} {
		if s.value == "" || hasControl(s.value) || slices.Contains(seen, s.value) {
			f.err("mailbox.folders."+s.key, fmt.Sprintf("%q is empty, unprintable or used twice", s.value), "Give each of the four folders a name of its own.")
		}
		seen = append(seen, s.value)
	}
}

// checkSenderProof looks at whose word is believed, and at what of it that says
// nothing to this provider.
func checkSenderProof(m Mailbox, f *faults) {
	if m.SenderProof == "" {
		return // which is told where it is missing
	}
	if !slices.Contains(senderProofs, m.SenderProof) {
		f.err("mailbox.sender_proof", fmt.Sprintf("%q is not known", m.SenderProof), "Write one of "+quoted(senderProofs)+".")
		return
	}
	if m.SenderProof == OwnMTA && m.AuthServID == "" {
		f.err("mailbox.authserv_id", "is missing", `Write the name with which your mail server's Authentication-Results begin, such as "mx.example.com".`)
	}
	for _, host := range append([]string{m.AuthServID}, m.MX...) {
		if strings.ContainsAny(host, " \t;()\"") || hasControl(host) {
			f.err("mailbox.mx", fmt.Sprintf("%q is no name of a host", host), `Write names such as "mx.example.com", as they stand in the mail.`)
		}
	}
	for _, o := range []struct {
		key  string
		set  bool
		good []SenderProof
	}{
		{"authserv_id", m.AuthServID != "", []SenderProof{OwnMTA}},
		{"mx", len(m.MX) > 0, []SenderProof{OwnMTA}},
		{"removes_forged", m.RemovesForged, []SenderProof{OwnMTA}},
		{"internal_mail", m.InternalMail, []SenderProof{M365}},
		{"check_dkim", m.CheckDKIM, []SenderProof{Gmail, OwnMTA}},
	} {
		if o.set && !slices.Contains(o.good, m.SenderProof) {
			f.warn("mailbox."+o.key, fmt.Sprintf("says nothing where sender_proof is %q", m.SenderProof), "Remove it; it is for "+quoted(o.good)+".")
		}
	}
}
