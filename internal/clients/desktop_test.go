package clients

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/countersign/countersign/internal/testkit/child"
)

// A screen is one that nobody sees, and the mouse before it.
type screen struct{ display string }

// newScreen starts an X server. There is no window manager: windows stand where
// they put themselves, and the one under the mouse hears the keys.
func (d *desk) newScreen() (screen, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return screen{}, err
	}
	defer r.Close() //nolint:errcheck // only read
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1000x800x24", "-nolisten", "tcp")
	server.ExtraFiles = []*os.File{w}
	running, err := child.Start(server)
	if err != nil {
		return screen{}, err
	}
	d.Cleanup(running.Stop)
	w.Close() //nolint:errcheck // the server has its own
	number, err := bufio.NewReader(r).ReadString('\n')
	return screen{":" + strings.TrimSpace(number)}, err
}

// open runs a program on the screen, with a message bus of its own.
func (d *desk) open(s screen, command ...string) error {
	client := exec.Command("dbus-run-session", append([]string{"--"}, command...)...)
	client.Env = append(os.Environ(), "DISPLAY="+s.display, "HOME="+d.home, "XDG_CONFIG_HOME="+d.path(".config"), "LANG=C.UTF-8", "NO_AT_BRIDGE=1", "TZ=America/Toronto")
	running, err := child.Start(client)
	if err == nil {
		d.Cleanup(running.Stop)
	}
	return err
}

// xdotool moves the mouse and presses keys.
func (s screen) xdotool(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "xdotool", args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display, "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("xdotool %v: %w: %s", args, err, out)
	}
	return nil
}

func (s screen) click(ctx context.Context, x, y int) error {
	return s.xdotool(ctx, "mousemove", fmt.Sprint(x), fmt.Sprint(y), "click", "1")
}

// sees waits for a window whose title holds the words; while it waits, it does
// what brings the window about, every few seconds.
func (s screen) sees(ctx context.Context, title string, meanwhile func() error) error {
	for {
		soon, cancel := context.WithTimeout(ctx, 4*time.Second)
		err := s.xdotool(soon, "search", "--sync", "--onlyvisible", "--name", title)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := meanwhile(); err != nil {
			return err
		}
	}
}

const clawsAccount = `[Account: 1]
account_name=carol
is_default=1
name=Carol Tremblay
address=cto@example.com
protocol=4
use_mail_command=1
mail_command=%[1]s/sendmail
set_domain=1
domain=mail.example.com
gen_xmailer=1
`

const clawsCommon = `[Common]
config_version=4
ext_editor_command=%[1]s/editor %%s
auto_ext_editor=1
enable_aspell=0
confirm_on_exit=0
sendwindow_never_show=1
`

const clawsFolders = `<?xml version="1.0" encoding="UTF-8"?>
<folderlist>
<folder type="mh" name="Mail" path="Mail" sort="0" collapsed="0">
<folderitem type="inbox" name="inbox" path="inbox" /><folderitem type="outbox" name="sent" path="sent" /><folderitem type="draft" name="draft" path="draft" />
<folderitem type="queue" name="queue" path="queue" /><folderitem type="trash" name="trash" path="trash" />
</folder>
</folderlist>
`

// claws opens the mail; its buttons stand where they always do.
func claws(ctx context.Context, d *desk, r recording) error {
	for _, folder := range []string{"sent", "draft", "queue", "trash"} {
		d.write("Mail/"+folder+"/.keep", "", 0o600)
	}
	ballot, err := os.ReadFile(d.path("ballot.eml"))
	if err != nil {
		return err
	}
	d.write("Mail/inbox/1", strings.ReplaceAll(string(ballot), "\r\n", "\n"), 0o600)
	d.write(".claws-mail/accountrc", fmt.Sprintf(clawsAccount, d.home)+r.rc, 0o600)
	d.write(".claws-mail/clawsrc", fmt.Sprintf(clawsCommon, d.home), 0o600)
	d.write(".claws-mail/folderlist.xml", clawsFolders, 0o600)
	s, err := d.newScreen()
	if err != nil {
		return err
	}
	if err := d.open(s, "claws-mail", "--select", "#mh/Mail/inbox/1"); err != nil {
		return err
	}
	return steps(
		func() error { return s.sees(ctx, "carol - Claws Mail", func() error { return nil }) },
		func() error { return s.sees(ctx, "Re: ", func() error { return s.click(ctx, 456, 118) }) },
		func() error { // the editor ends when it likes
			for {
				soon, cancel := context.WithTimeout(ctx, 3*time.Second)
				_, err := d.sent(soon)
				cancel()
				if err == nil || ctx.Err() != nil {
					return err
				}
				if err := s.click(ctx, 36, 45); err != nil {
					return err
				}
			}
		},
	)
}
