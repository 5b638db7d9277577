package screens

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/daemon/outbox"
	"github.com/countersign/countersign/internal/testkit/child"
	"github.com/countersign/countersign/mailtmpl"
)

// TestThunderbird writes the pictures of the mails in Thunderbird, on a screen
// that nobody sees.
func TestThunderbird(t *testing.T) {
	if !*screenshots {
		t.Skip("make screenshots asks for them")
	}
	display := screen(t)
	for scheme, code := range map[string]int{"dark": 0, "light": 1} {
		for _, name := range shown {
			keep(t, fmt.Sprintf("%s-thunderbird-%s.png", name, scheme), inThunderbird(t, display, letter(t, name), code))
		}
	}
}

// letter composes the mail as the outbox does.
func letter(t *testing.T, name string) []byte {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(sample(t, name+".txt")))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	from, to := address(t, m, "From"), address(t, m, "To")
	out := mailtmpl.Mail{
		MessageID: "1@example.com", Date: time.Date(2026, 12, 1, 14, 0, 0, 0, time.UTC), Subject: m.Header.Get("Subject"),
		From: from.Address, FromName: from.Name, To: to.Address, ToName: to.Name,
		Text: mailtmpl.Segments{{Text: string(text)}}, HTML: mailtmpl.Segments{{Text: sample(t, name+".html")}},
	}
	if strings.Contains(sample(t, name+".html"), chartID) {
		_, id, _ := strings.Cut(chartID, ":")
		out.Files = []mailtmpl.File{{Name: chart[1:], Type: "image/png", ContentID: id, Bytes: []byte(sample(t, name+chart))}}
	}
	raw, err := outbox.Compose(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func address(t *testing.T, m *netmail.Message, field string) *netmail.Address {
	t.Helper()
	list, err := m.Header.AddressList(field)
	if err != nil { // to a list, which has no name
		return &netmail.Address{Address: strings.Trim(m.Header.Get(field), " <>")}
	}
	return list[0]
}

// screen starts an X server that shows nothing to anybody, and gives its name.
func screen(t *testing.T) (display string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // only read
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "820x3600x24", "-nolisten", "tcp")
	server.ExtraFiles = []*os.File{w}
	running, err := child.Start(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running.Stop)
	w.Close() //nolint:errcheck // the server has its own
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb did not start: %v", err)
	}
	return ":" + strings.TrimSpace(number)
}

// preferences leave Thunderbird alone with the mail: no account, no greeting.
const preferences = `
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("mail.spotlight.firstRunDone", true);
user_pref("mail.rights.version", 1);
user_pref("mailnews.start_page.enabled", false);
user_pref("mailnews.start_page_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("app.update.enabled", false);
user_pref("extensions.activeThemeID", "default-theme@mozilla.org");
user_pref("layout.css.prefers-color-scheme.content-override", %d);
user_pref("ui.systemUsesDarkTheme", %d);
`

// inThunderbird is the picture of Thunderbird's window with the mail.
func inThunderbird(t *testing.T, display string, raw []byte, scheme int) []byte {
	t.Helper()
	home := t.TempDir()
	mail := filepath.Join(home, "mail.eml")
	for path, text := range map[string][]byte{mail: raw, filepath.Join(home, "user.js"): fmt.Appendf(nil, preferences, scheme, 1-scheme)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client := exec.Command("thunderbird", "--profile", home, "--no-remote", "-file", mail) //nolint:gosec // as it stands here
	client.Env = append(os.Environ(), "DISPLAY="+display, "HOME="+home)
	running, err := child.Start(client)
	if err != nil {
		t.Fatal(err)
	}
	defer running.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	return settled(ctx, t, display)
}

// settled takes pictures until the window with the mail is there and three of
// them are alike.
func settled(ctx context.Context, t *testing.T, display string) []byte {
	t.Helper()
	var last []byte
	for alike := 0; alike < 3; {
		select {
		case <-ctx.Done():
			t.Fatal("Thunderbird does not come to rest")
		case <-time.After(time.Second):
		}
		names, err := exec.CommandContext(ctx, "xwininfo", "-display", display, "-root", "-tree").Output() //nolint:gosec // as it stands here
		if err != nil || bytes.Count(names, []byte("Mozilla Thunderbird\"")) < 2 {
			continue // its main window alone
		}
		now, err := exec.CommandContext(ctx, "import", "-display", display, "-window", "root", "png:-").Output() //nolint:gosec // as it stands here
		if err != nil {
			t.Fatal(err)
		}
		picture := shortened(t, now)
		if alike++; !bytes.Equal(picture, last) {
			alike = 0
		}
		last = picture
	}
	return last
}

// tallest is how much of an empty part of a window is kept.
const tallest = 24

// shortened leaves out of a picture what is nothing but ground.
func shortened(t *testing.T, raw []byte) []byte {
	t.Helper()
	whole, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	size := whole.Bounds()
	short := image.NewRGBA(size)
	var before color.Color
	height, alike := 0, 0
	for y := range size.Dy() {
		ground, plain := plainRow(whole, y)
		if alike++; !plain || ground != before {
			alike = 0
		}
		before = ground
		if alike < tallest {
			draw.Draw(short, image.Rect(0, height, size.Dx(), height+1), whole, image.Pt(0, y), draw.Src)
			height++
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, short.SubImage(image.Rect(0, 0, size.Dx(), height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plainRow is the color of a row, if it is one.
func plainRow(p image.Image, y int) (color.Color, bool) {
	first := p.At(0, y)
	for x := range p.Bounds().Dx() {
		if p.At(x, y) != first {
			return nil, false
		}
	}
	return first, true
}
