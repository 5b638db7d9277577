package clients

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/terminal"
)

const muttrc = `set from="cto@example.com" realname="Carol Tremblay" hostname="mail.example.com"
set sendmail="%[1]s/sendmail" editor="%[1]s/editor" folder="%[1]s/Mail" tmpdir="%[1]s" record=""
set fast_reply=yes include=yes reply_to=yes sleep_time=0 delete=no autoedit=yes wait_key=no mark_old=no
set use_envelope_from=no abort_unmodified=no abort_noattach=no
`

// mutt, or neomutt, reads its own orders.
func mutt(ctx context.Context, d *desk, r recording) error {
	orders := "<display-message><reply><send-message><exit><quit>"
	rc := fmt.Sprintf(muttrc, d.home) + strings.ReplaceAll(r.rc, "HOME", d.home)
	if !strings.Contains(rc, "\npush ") {
		rc += "\npush \"" + orders + "\"\n"
	}
	d.write("muttrc", rc, 0o600)
	_, err := d.terminal(ctx, r, r.client, "-F", d.path("muttrc"), "-f", d.path("box"))
	return err
}

const nailrc = `set v15-compat
set from="Carol Tremblay <cto@example.com>" hostname=mail.example.com
set mta=%[1]s/sendmail quote indentprefix="> " nosave
set EDITOR=%[1]s/editor
`

// snail is told to reply and to open the editor.
func snail(ctx context.Context, d *desk, r recording) error {
	d.write("nailrc", fmt.Sprintf(nailrc, d.home)+r.rc, 0o600)
	w, err := d.terminal(ctx, r, "s-nail", "-n", "-f", d.path("box"))
	if err != nil {
		return err
	}
	return steps(
		func() error { return w.Sees(ctx, "box: 1 message") },
		func() error { return w.Type("reply 1") }, enter(w),
		func() error { return w.Sees(ctx, "> (ref b-") },
		func() error { return w.Type("~e") }, enter(w),
		func() error { return w.Sees(ctx, "(continue)") },
		func() error { return w.Type("~.") }, enter(w),
	)
}

const pinerc = `personal-name=Carol Tremblay
user-domain=example.com
customized-hdrs=From: Carol Tremblay <cto@example.com>
smtp-server=
sendmail-path=%[1]s/sendmail
inbox-path=%[1]s/box
editor=%[1]s/editor
feature-list=enable-alternate-editor-cmd,enable-alternate-editor-implicitly,quell-user-lookup-in-passwd-file,quit-without-confirm,send-without-confirm,quell-mailcap-warnings
default-fcc=""
last-version-used=2.26
`

// alpine asks a number of questions.
func alpine(ctx context.Context, d *desk, r recording) error {
	d.write("pinerc", fmt.Sprintf(pinerc, d.home)+r.rc, 0o600)
	w, err := d.terminal(ctx, r, "alpine", "-p", d.path("pinerc"), "-P", "/dev/null", "-f", d.path("box"))
	if err != nil {
		return err
	}
	return steps(
		func() error { return w.Sees(ctx, "ALPINE 2") }, key(w, "e"), // out of the greeting
		func() error { return w.Sees(ctx, "MAIN MENU") }, key(w, "i"),
		func() error { return w.Sees(ctx, "MESSAGE INDEX") }, key(w, "Enter"),
		func() error { return w.Sees(ctx, "MESSAGE TEXT") }, key(w, "r"),
		func() error { return w.Sees(ctx, "Include original message") }, key(w, "y"),
		func() error { return w.Sees(ctx, `Use "Reply-To:"`) }, key(w, "y"),
		func() error { return w.Sees(ctx, "Reply to all") }, key(w, "n"),
		func() error { return w.Sees(ctx, "Alternate editor done") },
		func() error { return w.Sees(ctx, "^X Send") },
		func() error { return d.sends(ctx, w, "C-x") },
	)
}

// sends presses the key that sends until the mail is sent: keys are lost while an
// editor ends.
func (d *desk) sends(ctx context.Context, w *terminal.Window, key string) error {
	for {
		if err := w.Keys(key); err != nil {
			return err
		}
		soon, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err := d.sent(soon)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// terminal opens the program before the person.
func (d *desk) terminal(ctx context.Context, r recording, command ...string) (*terminal.Window, error) {
	t, err := terminal.Start(d.home)
	if err != nil {
		return nil, err
	}
	d.Cleanup(t.Stop)
	return t.Open(ctx, "mail", []string{"HOME=" + d.home, "MAILRC=" + d.path("nailrc"), "LANG=C.UTF-8", "TERM=screen", "TZ=America/Toronto"}, command...)
}

func key(w *terminal.Window, name string) func() error { return func() error { return w.Keys(name) } }

func enter(w *terminal.Window) func() error { return key(w, "Enter") }

// steps does one after the other.
func steps(all ...func() error) error {
	for _, step := range all {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
