package postfix

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

//go:embed main.cf.tmpl
var mainText string

//go:embed master.cf.tmpl
var masterText string

var configuration = map[string]*template.Template{
	"main.cf":   template.Must(template.New("main.cf").Parse(mainText)),
	"master.cf": template.Must(template.New("master.cf").Parse(masterText)),
}

// folders are those of the queue. "postfix check" would make them, too, and
// take longer.
var folders = []string{
	"queue/active", "queue/bounce", "queue/corrupt", "queue/defer", "queue/deferred", "queue/flush", "queue/hold",
	"queue/incoming", "queue/private", "queue/saved", "queue/trace", "queue/maildrop", "queue/public", "data",
}

// configure makes everything Postfix reads and the folders it writes to.
func (s *Server) configure() error {
	if err := os.Chmod(s.dir, 0o755); err != nil { // its processes are not all root's
		return err
	}
	if err := s.makeFolders(); err != nil {
		return err
	}
	for name, text := range configuration {
		var b strings.Builder
		err := text.Execute(&b, map[string]any{
			"Dir": s.dir, "Daemons": daemons, "Options": s.options, "People": s.people.address(),
			"LMTP": s.dovecot.LMTP, "Auth": s.dovecot.Auth,
			"MX": s.MX, "Submission": s.Submission, "SMTPS": s.SMTPS,
		})
		if err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		if err := s.write(name, b.String()); err != nil {
			return err
		}
	}
	return errors.Join(
		s.write("senders", "/^(.+)$/ ${1}\n"), // everybody writes under their own address alone
		s.write("cert.pem", string(s.Authority.CertPEM)), s.write("key.pem", string(s.Authority.KeyPEM)),
	)
}

// makeFolders makes the folders, and gives them to whom Postfix runs as.
func (s *Server) makeFolders() error {
	postfix, err := user.Lookup("postfix")
	if err != nil {
		return errors.New("the user of the Debian package is not there; " + missing)
	}
	uid, err := strconv.Atoi(postfix.Uid)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.path("queue/pid"), 0o755); err != nil {
		return err
	}
	for _, name := range folders {
		if err := errors.Join(os.Mkdir(s.path(name), 0o700), os.Chown(s.path(name), uid, -1)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Server) write(name, text string) error {
	return os.WriteFile(s.path(name), []byte(text), 0o644)
}
