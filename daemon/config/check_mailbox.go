package config

import (
	"fmt"
	"slices"
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
	switch m.SenderProof {
	case "", TokenOnly:
	case M365, Gmail, OwnMTA:
		f.err("mailbox.sender_proof", fmt.Sprintf("%q is not implemented in this release", m.SenderProof),
			fmt.Sprintf("Write %q: a proposal is then believed by its From line, an answer by the token of its ballot.", TokenOnly))
	default:
		f.err("mailbox.sender_proof", fmt.Sprintf("%q is not known", m.SenderProof), fmt.Sprintf("Write %q.", TokenOnly))
	}
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

// checkUnused warns of options that later releases will use.
func checkUnused(c *Config, f *faults) {
	if c.Mailbox.AuthServID != "" {
		f.warn("mailbox.authserv_id", "is not used in this release, which proves senders by token", "Leave it or remove it.")
	}
}
