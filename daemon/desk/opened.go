package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/countersign/countersign/internal/failpoint"
	"github.com/countersign/countersign/internal/paper"
	"github.com/countersign/countersign/mailread"
	"github.com/countersign/countersign/storage"
)

// An opened mail is one that was taken apart, as far as it could be.
type opened struct {
	in      Incoming
	sha     string            // of its bytes, in hex
	message *mailread.Message // nil where it could not be read
	problem string            // why not
	proof   mailread.Proof
}

// open takes a mail apart and finds out who sent it; that needs no database.
func (d *Desk) open(ctx context.Context, in Incoming) opened {
	failpoint.With(failpoint.Reading, in.Raw)
	o := d.take(in)
	d.prove(ctx, &o)
	return o
}

// take takes a mail apart.
func (d *Desk) take(in Incoming) opened {
	o := opened{in: in, sha: hashOf(in.Raw)}
	message, err := mailread.Read(in.Raw, d.Limits)
	if err != nil {
		o.problem = err.Error()
		return o
	}
	o.message = message
	return o
}

// unread is a mail that nothing of was parsed, because that went wrong too often.
func unread(in Incoming) opened {
	return opened{in: in, sha: hashOf(in.Raw), problem: fmt.Sprintf("it could not be processed in %d attempts", maxAttempts)}
}

func hashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// letters are what to read ahead for.
func letters(mails []opened) []storage.Letter {
	var all []storage.Letter
	for _, m := range mails {
		if m.message == nil {
			continue
		}
		l := storage.Letter{SHA256: m.sha, ContentKey: contentKey(m.message)}
		for _, token := range m.message.Tokens() {
			l.Tokens = append(l.Tokens, paper.Hash(token))
		}
		all = append(all, l)
	}
	return all
}
