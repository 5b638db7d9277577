package clients

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/mailbox"
)

// thunderbirdPrefs are of somebody who has used Thunderbird for a while: an
// account, and no greeting. The cursor does not blink.
const thunderbirdPrefs = `
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("mail.spotlight.firstRunDone", true);
user_pref("mail.rights.version", 1);
user_pref("mailnews.start_page.enabled", false);
user_pref("mailnews.start_page_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("app.update.enabled", false);
user_pref("ui.caretBlinkTime", 0);
user_pref("mail.accountmanager.accounts", "account1,account2");
user_pref("mail.accountmanager.defaultaccount", "account1");
user_pref("mail.accountmanager.localfoldersserver", "server2");
user_pref("mail.account.account1.identities", "id1");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.account.account2.server", "server2");
user_pref("mail.server.server1.type", "pop3");
user_pref("mail.server.server1.hostname", "127.0.0.1");
user_pref("mail.server.server1.name", "carol");
user_pref("mail.server.server1.userName", "cto@example.com");
user_pref("mail.server.server1.check_new_mail", false);
user_pref("mail.server.server1.login_at_startup", false);
user_pref("mail.server.server2.type", "none");
user_pref("mail.server.server2.hostname", "Local Folders");
user_pref("mail.server.server2.name", "Local Folders");
user_pref("mail.server.server2.userName", "nobody");
user_pref("mail.identity.id1.fullName", "Carol Tremblay");
user_pref("mail.identity.id1.useremail", "cto@example.com");
user_pref("mail.identity.id1.valid", true);
user_pref("mail.identity.id1.smtpServer", "smtp1");
user_pref("mail.identity.id1.fcc", false);
user_pref("mail.smtpservers", "smtp1");
user_pref("mail.smtp.defaultserver", "smtp1");
user_pref("mail.smtpserver.smtp1.type", "smtp");
user_pref("mail.smtpserver.smtp1.hostname", "127.0.0.1");
user_pref("mail.smtpserver.smtp1.port", %s);
user_pref("mail.smtpserver.smtp1.authMethod", 1);
user_pref("mail.smtpserver.smtp1.try_ssl", 0);
user_pref("mail.warn_on_send_accel_key", false);
user_pref("mail.SpellCheckBeforeSend", false);
user_pref("mail.spellcheck.inline", false);
user_pref("mail.compose.attachment_reminder", false);
`

// prefs are more of them: a name, a value, and so on.
func prefs(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, "user_pref(%q, %s);\n", pairs[i], pairs[i+1])
	}
	return b.String()
}

// How Thunderbird writes: above the quotation, without formatting, in a language.
var (
	onTop  = prefs("mail.identity.id1.reply_on_top", "1")
	plain  = prefs("mail.identity.id1.compose_html", "false")
	speaks = func(language string) string { return prefs("intl.locale.requested", `"`+language+`"`) }
)

// thunderbird opens the mail in a window, replies with the keyboard, and sends.
func thunderbird(ctx context.Context, d *desk, r recording) error {
	post, err := mailbox.Start()
	if err != nil {
		return err
	}
	d.Cleanup(post.Stop)
	_, port, err := net.SplitHostPort(post.SMTP)
	if err != nil {
		return err
	}
	d.write("user.js", fmt.Sprintf(thunderbirdPrefs, port)+r.rc, 0o600)
	s, err := d.newScreen()
	if err != nil {
		return err
	}
	if err := d.open(s, "thunderbird", "--profile", d.home, "--no-remote", "-file", d.path("ballot.eml")); err != nil {
		return err
	}
	return steps(
		func() error { return s.turnsTo(ctx, `CHG-2026.* Mozilla`) },
		func() error { return s.keys(ctx, "ctrl+r") },
		func() error { return s.turnsTo(ctx, `: Re: \[CHG`) },
		func() error { return s.writes(ctx, r) },
		func() error { return s.rests(ctx) },
		func() error { return s.keys(ctx, "ctrl+Return") },
		func() error { return d.accepted(ctx, post) },
	)
}

// accepted waits until the server has the mail, and keeps it.
func (d *desk) accepted(ctx context.Context, post *mailbox.Server) error {
	for len(post.Sent()) == 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the mail: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	d.write("sent", string(post.Sent()[0].Raw), 0o600)
	return nil
}
