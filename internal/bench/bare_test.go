package bench

import (
	"net/smtp"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/mailtmpl"
	"github.com/countersign/countersign/storage"
)

// What the servers give a client that does nothing with it.

// fetch fetches every mail of the inbox, so many with one command, and gives
// how many came a second.
func (c *company) fetch(atATime uint32) (perSecond float64) {
	c.Helper()
	client := c.login(nil)
	defer client.Close()
	box, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	c.must(err)
	options := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}
	began, came := time.Now(), 0
	for first := uint32(1); first <= box.NumMessages; first += atATime {
		var set imap.SeqSet
		set.AddRange(first, min(first+atATime-1, box.NumMessages))
		mails, err := client.Fetch(set, options).Collect()
		c.must(err)
		came += len(mails)
	}
	took := time.Since(began)
	if came != int(box.NumMessages) {
		c.Fatalf("%d of %d mails were fetched", came, box.NumMessages)
	}
	return float64(came) / took.Seconds()
}

// owed are the mails that wait to be sent, as they would go out.
func (c *company) owed() (mails [][]byte) {
	c.Helper()
	rows, err := c.db.Query(`
		select change, kid, token_ballot, token_person, generation, body from outbox where state = 'pending' order by id`)
	c.must(err)
	defer rows.Close()
	for rows.Next() {
		var m storage.OutMail
		c.must(rows.Scan(&m.Change, &m.KeyID, &m.TokenBallot, &m.TokenPerson, &m.Generation, &m.Body))
		token, err := outbox.Fill(c.keys, m, mailtmpl.SlotToken)
		c.must(err)
		raw, err := outbox.Compose(c.letter(m), map[string]string{mailtmpl.SlotToken: token})
		c.must(err)
		mails = append(mails, raw)
	}
	c.must(rows.Err())
	return mails
}

// submit hands the sink mails on one connection, one after the other, and gives
// how many it took a second.
func (r *rig) submit(mails [][]byte) (perSecond float64) {
	r.Helper()
	client, err := smtp.Dial(r.sink.address)
	r.must(err)
	defer client.Close()
	r.must(client.Hello("localhost"))
	began := time.Now()
	for _, raw := range mails {
		r.must(client.Mail("changes@example.com"))
		r.must(client.Rcpt("cto@example.com"))
		w, err := client.Data()
		r.must(err)
		_, err = w.Write(raw)
		r.must(err)
		r.must(w.Close())
	}
	return float64(len(mails)) / time.Since(began).Seconds()
}
