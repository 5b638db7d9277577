package desk

import "time"

// An Incoming is one mail as the mailbox holds it.
type Incoming struct {
	Folder      string
	UIDValidity uint32
	UID         uint32
	Received    time.Time // the server's INTERNALDATE, the time that counts
	Size        int64     // bytes, as the server says
	Raw         []byte    // the whole mail, or its header where Oversize
	Oversize    bool      // over the limit: the body was not fetched
}
