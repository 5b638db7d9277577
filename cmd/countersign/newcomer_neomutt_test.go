package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A terminal is a tmux of its own, in which people's mail clients run.
type terminal struct {
	server *child
	socket string
}

// newTerminal starts the server of the terminal, as a child and not as a daemon,
// so that it ends with the test.
func newTerminal(t *testing.T, dir string) *terminal {
	t.Helper()
	term := &terminal{socket: dir + "/tmux"}
	server := withTerminals("tmux", "-D", "-S", term.socket, "-f", "/dev/null")
	server.Env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TERM=screen", "HOME=" + dir, "SHELL=/bin/sh"}
	term.server = start(t, server)
	return term
}

// withTerminals is the command, where programs can open a terminal; in a bare
// tree that has none (no devpts), root gives it some of its own.
func withTerminals(command ...string) *exec.Cmd {
	if f, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err == nil {
		f.Close()
		return exec.Command(command[0], command[1:]...)
	}
	const mount = `mkdir -p /dev/pts && mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts &&
		touch /dev/ptmx && mount --bind /dev/pts/ptmx /dev/ptmx && exec "$@"`
	// A tree one has chrooted to is no mount, whose propagation could be changed.
	unshare := []string{"--mount", "--propagation", "unchanged", "sh", "-c", mount, "sh"}
	return exec.Command("unshare", append(unshare, command...)...)
}

// tmux runs one of tmux's commands.
func (term *terminal) tmux(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-N", "-S", term.socket}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TERM=screen"}
	out, err := cmd.CombinedOutput()
	return strings.TrimRight(string(out), "\n "), err
}

// A person sits before a terminal and knows how to use neomutt.
type person struct {
	*office
	name string
}

const neomuttrc = `set from = %[1]q
set realname = %[7]q
set sleep_time = 0
set hostname = example.com
set folder = "imaps://%[3]s/"
set spoolfile = "+INBOX"
set imap_user = %[1]q
set imap_pass = %[2]q
set smtp_url = "smtps://%[4]s/"
set smtp_user = %[1]q
set smtp_pass = %[2]q
set ssl_ca_certificates_file = %[5]q
set tmpdir = %[6]q
set record = ""
set editor = "%[6]s/editor"
`

// editor is what a person types with: above whatever there is already.
const editor = `#!/bin/sh
cat "${0%/*}/typed" "$1" >"$1.new" && mv "$1.new" "$1"
`

// person sits down and starts neomutt.
func (o *office) person(name string) person {
	o.t.Helper()
	p := person{o, name}
	if err := os.MkdirAll(o.path(name), 0o700); err != nil {
		o.t.Fatal(err)
	}
	o.write(name+"/neomuttrc", fmt.Sprintf(neomuttrc, address(name), password(name),
		o.dovecot.IMAPS, o.provider.SMTPS, o.path("authority.pem"), o.path(name), name))
	o.write(name+"/editor", editor)
	if err := os.Chmod(o.path(name+"/editor"), 0o700); err != nil {
		o.t.Fatal(err)
	}
	return p
}

// writes sends a new mail.
func (p person) writes(to, subject, text string) {
	p.t.Helper()
	p.opens(text)
	p.keys("m")
	p.prompted("To:", to)
	p.prompted("Subject:", subject)
	p.sends("")
}

// answers waits for the mail that asks, reads it, and sends a reply with the
// answer above what neomutt quotes.
func (p person) answers(s step) {
	p.t.Helper()
	p.until(func() string { return p.lacks(s.subject) })
	p.opens(s.answer)
	p.keys("l")
	p.prompted("Limit to messages matching:", fmt.Sprintf("~s %q", s.subject))
	p.keys("Enter")
	for _, word := range known(s.answer) {
		p.sees(word)
	}
	p.keys("r")
	p.prompted("To:", "")
	p.prompted("Subject:", "")
	p.prompted("Include message in reply?", "")
	p.sends(s.attach)
}

// sends attaches the file to the mail that is being composed, sends it and
// leaves neomutt.
func (p person) sends(attach string) {
	p.t.Helper()
	p.sees("NeoMutt: Compose")
	if attach != "" {
		p.write(p.name+"/"+attach, "412 of 412 passed\n")
		p.keys("a")
		p.prompted("Attach file", p.path(p.name+"/"+attach))
		p.sees("~/" + attach)
	}
	p.keys("y")
	p.sees("Mail sent")
	p.until(func() string { // one key leads from the mail to the list, one out of the list
		if _, err := p.terminal.tmux("send-keys", "-t", p.name, "q"); err != nil {
			return "" // nobody is there any more
		}
		return p.name + " cannot leave neomutt:\n" + p.screen()
	})
}

// lacks says that no mail with these words in its subject has come.
func (p person) lacks(subject string) string {
	mails, err := p.dovecot.Account(address(p.name)).Folder("INBOX")
	if err != nil {
		return err.Error()
	}
	for _, m := range mails {
		header, _, _ := strings.Cut(string(m.Raw), "\r\n\r\n")
		if strings.Contains(header, subject) {
			return ""
		}
	}
	return fmt.Sprintf("none of %s's %d mails has the subject %q", p.name, len(mails), subject)
}

// opens starts neomutt; whenever its editor opens, the person will type the text.
func (p person) opens(text string) {
	p.t.Helper()
	p.write(p.name+"/typed", text)
	p.until(func() string { // the terminal may be starting
		out, err := p.terminal.tmux("new-session", "-d", "-s", p.name, "-x", "110", "-y", "120",
			"env", "HOME="+p.path(p.name), "neomutt", "-F", p.path(p.name+"/neomuttrc"))
		if err != nil {
			return fmt.Sprintf("tmux: %v: %s\n%s", err, out, p.terminal.server.said())
		}
		return ""
	})
	p.sees("NeoMutt: +INBOX")
}

// prompted waits for a prompt and answers it.
func (p person) prompted(prompt, answer string) {
	p.t.Helper()
	p.until(func() string {
		screen := p.screen()
		if last := screen[strings.LastIndex(screen, "\n")+1:]; strings.HasPrefix(last, prompt) {
			return ""
		}
		return fmt.Sprintf("%s is not asked %q:\n%s", p.name, prompt, screen)
	})
	if answer != "" {
		p.keys("-l", "--", answer)
	}
	p.keys("Enter")
}

// sees waits until the words stand on the screen.
func (p person) sees(words string) {
	p.t.Helper()
	p.until(func() string {
		screen := p.screen()
		if strings.Contains(screen, words) {
			return ""
		}
		return fmt.Sprintf("%s does not see %q:\n%s", p.name, words, screen)
	})
}

// keys presses keys, named as tmux names them.
func (p person) keys(args ...string) {
	p.t.Helper()
	if out, err := p.terminal.tmux(append([]string{"send-keys", "-t", p.name}, args...)...); err != nil {
		p.t.Fatalf("pressing %v: %v: %s", args, err, out)
	}
}

func (p person) screen() string {
	screen, err := p.terminal.tmux("capture-pane", "-p", "-t", p.name)
	if err != nil {
		return err.Error() + ": " + screen
	}
	return strings.ReplaceAll(screen, "\u00a0", " ") // labels do not break at the end of a line
}

// known is what a mail must say for the answer to be known from it: the keyword
// and the labels.
func known(answer string) []string {
	keyword, fields, _ := strings.Cut(answer, "\n")
	words := []string{keyword}
	for line := range strings.Lines(fields) {
		label, _, _ := strings.Cut(line, ":")
		words = append(words, label)
	}
	return words
}
