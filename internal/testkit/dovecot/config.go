package dovecot

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"text/template"
)

//go:embed dovecot.conf.tmpl
var configuration string

var configTemplate = template.Must(template.New("dovecot.conf").Parse(configuration))

// An owner says as whom Dovecot's processes run.
type owner struct {
	Login    string // the process before login
	Internal string // the processes behind it
	Group    string
	Mail     string // whose the mail is; root's is not allowed
	UID, GID int    // of Mail
}

// findOwner takes Dovecot's own users when we are root, and ourselves otherwise.
func findOwner() (owner, error) {
	if os.Getuid() != 0 {
		me, err := user.Current()
		if err != nil {
			return owner{}, err
		}
		group, err := user.LookupGroupId(me.Gid)
		if err != nil {
			return owner{}, err
		}
		return owner{Login: me.Username, Internal: me.Username, Group: group.Name,
			Mail: me.Username, UID: os.Getuid(), GID: os.Getgid()}, nil
	}
	for _, name := range []string{"dovenull", "dovecot", "nobody"} {
		if _, err := user.Lookup(name); err != nil {
			return owner{}, errors.New("the users of the Debian packages are not there; " + missing)
		}
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return owner{}, err
	}
	o := owner{Login: "dovenull", Internal: "dovecot", Group: "dovecot", Mail: "nobody"}
	if o.UID, err = number(nobody.Uid); err != nil {
		return owner{}, err
	}
	o.GID, err = number(nobody.Gid)
	return o, err
}

// configure writes everything Dovecot reads.
func (s *Server) configure() error {
	if err := os.Chmod(s.dir, 0o755); err != nil { // its processes are not all ours
		return err
	}
	if err := errors.Join(os.Mkdir(s.path("users"), 0o755), os.Mkdir(s.path("mail"), 0o700)); err != nil {
		return err
	}
	if err := os.Chown(s.path("mail"), s.owner.UID, s.owner.GID); err != nil {
		return err
	}
	var conf strings.Builder
	err := configTemplate.Execute(&conf, map[string]any{
		"Dir": s.dir, "Owner": s.owner, "Root": os.Getuid() == 0,
		"IMAP": port(s.IMAP), "IMAPS": port(s.IMAPS), "LMTP": port(s.LMTP), "Auth": s.Auth,
	})
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	for name, text := range map[string]string{
		"dovecot.conf": conf.String(),
		"cert.pem":     string(s.Authority.CertPEM), "key.pem": string(s.Authority.KeyPEM),
	} {
		if err := s.write(name, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
