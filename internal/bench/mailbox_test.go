package bench

import (
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"github.com/countersign/countersign/internal/testkit/stage"
)

// login opens the company's mailbox as a mail client does.
func (c *company) login(options *imapclient.Options) *imapclient.Client {
	c.Helper()
	client, err := imapclient.DialInsecure(c.dovecot.IMAP, options)
	c.must(err)
	c.must(client.Login(c.user, stage.Password).Wait())
	return client
}

// fill puts mails into the inbox, a hundred on the way at a time.
func (c *company) fill(mails [][]byte) {
	c.Helper()
	client := c.login(nil)
	defer client.Close()
	var sent []*imapclient.AppendCommand
	wait := func() {
		for _, cmd := range sent {
			_, err := cmd.Wait()
			c.must(err)
		}
		sent = nil
	}
	for _, raw := range mails {
		cmd := client.Append("INBOX", int64(len(raw)), &imap.AppendOptions{Time: time.Now()})
		_, err := cmd.Write(raw)
		c.must(err)
		c.must(cmd.Close())
		if sent = append(sent, cmd); len(sent) == 100 {
			wait()
		}
	}
	wait()
}

// hand hands the company's inbox a mail as a mail server does, by LMTP, and
// says when it was taken.
func (c *company) hand(porter *smtp.Client, raw []byte) time.Time {
	c.Helper()
	c.must(porter.Mail("lead@example.com", nil))
	c.must(porter.Rcpt(c.user, nil))
	w, err := porter.Data()
	c.must(err)
	_, err = w.Write(raw)
	c.must(err)
	_, err = w.CloseWithLMTPResponse()
	c.must(err)
	return time.Now()
}

func (c *company) porter() *smtp.Client {
	c.Helper()
	conn, err := net.Dial("tcp", c.dovecot.LMTP)
	c.must(err)
	porter := smtp.NewClientLMTP(conn)
	c.must(porter.Hello("localhost"))
	return porter
}

// A watcher sits in IDLE on the company's inbox, and does nothing but tell when
// mail comes and goes.
type watcher struct {
	come, gone chan time.Time
	stop       func()
}

func (c *company) watch() *watcher {
	c.Helper()
	w := &watcher{come: make(chan time.Time, 1000), gone: make(chan time.Time, 1000)}
	client := c.login(&imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				w.come <- time.Now()
			}
		},
		Expunge: func(uint32) { w.gone <- time.Now() },
	}})
	_, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	c.must(err)
	idle, err := client.Idle()
	c.must(err)
	w.stop = func() {
		c.must(idle.Close())
		c.must(idle.Wait())
		client.Close()
	}
	return w
}
