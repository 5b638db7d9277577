package play_test

import (
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"bytes"

	"github.com/countersign/countersign/internal/testkit/stage"
)

// submit sends a letter as a mail program does.
func submit(s *stage.Stage, l stage.Letter) error {
	c, err := smtp.Dial(s.Provider.SMTP)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", l.From, stage.Password)); err != nil {
		return err
	}
	return c.SendMail(l.From, []string{stage.Mailbox}, bytes.NewReader(s.Compose(l)))
}
