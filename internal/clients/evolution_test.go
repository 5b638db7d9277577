package clients

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// evolutionFiles are of somebody who has used Evolution for a while: an account
// over a spool file, a sendmail, and no questions. The cursor does not blink.
var evolutionFiles = map[string]string{
	".config/evolution/sources/carol.source": `[Data Source]
DisplayName=carol
Enabled=true

[Mail Account]
BackendName=spool
IdentityUid=carol-identity

[Spool Backend]
Path=HOME/box
`,
	".config/evolution/sources/carol-identity.source": `[Data Source]
DisplayName=carol
Enabled=true
Parent=carol

[Mail Identity]
Address=cto@example.com
Name=Carol Tremblay

[Mail Submission]
TransportUid=carol-transport
UseSentFolder=false
`,
	".config/evolution/sources/carol-transport.source": `[Data Source]
DisplayName=carol
Enabled=true
Parent=carol

[Mail Transport]
BackendName=sendmail

[Sendmail Backend]
UseCustomBinary=true
CustomBinary=HOME/sendmail
SendInOffline=true
`,
	".config/evolution/mail/state.ini": `[Folder Tree]
Selected=folder://carol/INBOX
`,
	".config/gtk-3.0/settings.ini": `[Settings]
gtk-cursor-blink=false
`,
	".config/glib-2.0/settings/keyfile": `[org/gnome/evolution-data-server]
network-monitor-gio-name=''

[org/gnome/evolution]
version='3.46.4'

[org/gnome/evolution/mail]
prompt-check-if-default-mailer=false
prompt-on-accel-send=false
prompt-on-unwanted-html=false
prompt-on-composer-mode-switch=false
composer-inline-spelling=false
`,
}

// formatted has Evolution write with formatting.
const formatted = "composer-mode='html'\n"

// evolution opens the mailbox, in which the mail is the only one, replies with the
// keyboard, and sends.
func evolution(ctx context.Context, d *desk, r recording) error {
	for name, text := range evolutionFiles {
		d.write(name, strings.ReplaceAll(text, "HOME", d.home), 0o600)
	}
	const settings = ".config/glib-2.0/settings/keyfile"
	more, locale, _ := strings.Cut(r.rc, "LANG=")
	d.write(settings, evolutionFiles[settings]+more, 0o600)
	d.write("run/.keep", "", 0o600)
	s, err := d.newScreen()
	if err != nil {
		return err
	}
	language, err := d.speaks(ctx, locale)
	if err != nil {
		return err
	}
	own := []string{"env", "LANG=" + language, "LOCPATH=" + d.home, "GSETTINGS_BACKEND=keyfile", "XDG_RUNTIME_DIR=" + d.path("run"), "XDG_DATA_HOME=" + d.path("share"), "XDG_CACHE_HOME=" + d.path("cache")}
	if err := d.open(s, append(own, "evolution", "-c", "mail")...); err != nil {
		return err
	}
	return steps(
		func() error { return s.turnsTo(ctx, `[(]1 `) },
		func() error { return s.sees(ctx, `^Re: \[CHG`, func() error { return s.keys(ctx, "ctrl+r") }) },
		func() error { return s.turnsTo(ctx, `^Re: \[CHG`) },
		func() error { return s.writes(ctx, r) },
		func() error { return s.rests(ctx) },
		func() error { return s.keys(ctx, "ctrl+Return") },
		func() error { _, err := d.sent(ctx); return err },
	)
}

// speaks makes the locale known at this desk, and names it; there may be none.
func (d *desk) speaks(ctx context.Context, locale string) (string, error) {
	if locale == "" {
		return "C.UTF-8", nil
	}
	name := locale + ".UTF-8"
	out, err := exec.CommandContext(ctx, "localedef", "-i", locale, "-f", "UTF-8", d.path(name)).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("making the locale %s: %w: %s", name, err, out)
	}
	return name, nil
}
