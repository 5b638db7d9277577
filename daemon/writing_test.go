package daemon_test

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/daemon/desk"
	"github.com/countersign/countersign/internal/testkit/stage"
	"github.com/countersign/countersign/policy"
)

// write has a person write a new mail: PERSON [FILE] [OPTION...].
func (c *conversation) write(l line) string {
	letter := c.letter(l, l.words[1], l.words[2:])
	c.deliver(c.stage.Compose(letter))
	return ""
}

// reply has a person reply to a mail: PERSON MAIL [FILE] [OPTION...]. After the
// word answer nothing is quoted.
func (c *conversation) reply(l line) string {
	letter := c.letter(l, l.words[1], l.words[3:])
	to := c.received(l)
	switch {
	case option(l.words, "html") != "":
		letter = letter.ReplyHTML(to)
	case l.words[0] == "reply":
		letter = letter.Reply(to)
	default:
		letter = letter.Answer(to)
	}
	c.deliver(c.stage.Compose(letter))
	return ""
}

// press has a person press the button of an answer in a mail, fill in the mail
// that opens, and send it: PERSON MAIL KEYWORD.
func (c *conversation) press(l line) string {
	keyword := strings.ToUpper(l.words[3])
	for _, button := range regexp.MustCompile(`href="(mailto:[^"]*)"`).FindAllStringSubmatch(c.received(l).HTML, -1) {
		opens, err := url.Parse(html.UnescapeString(button[1]))
		if err != nil {
			c.fatalf("the button opens nothing: %v", err)
		}
		body := strings.ReplaceAll(opens.Query().Get("body"), "\r\n", "\n")
		if !strings.HasPrefix(body, keyword+"\n") {
			continue
		}
		to, err := url.PathUnescape(opens.Opaque)
		if err != nil {
			c.fatalf("the button writes to nobody: %v", err)
		}
		lines := strings.Split(body, "\n")
		for _, with := range l.body {
			lines = replaced(lines, with)
		}
		c.deliver(c.stage.Compose(stage.Letter{From: address(l.words[1]), To: to, Subject: opens.Query().Get("subject"), Body: strings.Join(lines, "\n") + "\n"}))
		return ""
	}
	c.fatalf("the mail has no button for %s", keyword)
	return ""
}

// received is the mail a line names: the last of its kind, or the one its
// options choose.
func (c *conversation) received(l line) stage.Received {
	owner := l.words[1]
	if of := option(l.words, "of"); of != "" {
		owner = of
	}
	all := c.stage.All(address(owner), notice(l.words[2]))
	if about := option(l.words, "about"); about != "" {
		all = slices.DeleteFunc(all, func(m stage.Received) bool { return !strings.Contains(m.Subject, about) })
	}
	if len(all) == 0 {
		c.fatalf("%s has no such mail", owner)
	}
	if option(l.words, "mail") == "first" {
		return all[0]
	}
	return all[len(all)-1]
}

// notice reads the name of a mail, or of a ballot for the mail that brings it.
func notice(word string) policy.NoticeKind {
	if ask := policy.AskOf(policy.BallotKind(word)); ask != "" {
		return ask
	}
	return policy.NoticeKind(word)
}

func option(words []string, name string) string {
	for _, w := range words {
		if value, ok := strings.CutPrefix(w, name+"="); ok {
			return value
		}
	}
	return ""
}

// letter is what the person writes: the line's file and indented lines.
func (c *conversation) letter(l line, from string, words []string) stage.Letter {
	file := ""
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		file, words = words[0], words[1:]
	}
	text, err := c.script.text(file, l.body)
	if err != nil {
		c.fatalf("%v", err)
	}
	letter := stage.Letter{From: address(from), Body: text}
	if subject, body, ok := strings.Cut(text, "\n\n"); ok && strings.HasPrefix(subject, "Subject: ") && !strings.Contains(subject, "\n") {
		letter.Subject, letter.Body = strings.TrimPrefix(subject, "Subject: "), body
	}
	for _, w := range words {
		c.option(&letter, w)
	}
	return letter
}

func (c *conversation) option(l *stage.Letter, word string) {
	switch name, value, _ := strings.Cut(word, "="); name {
	case "ballot":
		l.To = c.addressOf(l.From, value)
	case "of", "about", "mail", "html":
	case "stamp":
		c.verdict = stage.Verdict(value)
	case "from":
		l.From = value
	case "to":
		l.To = value
	case "subject":
		l.Subject = value
	case "header":
		l.Headers = append(l.Headers, value)
	case "quotes":
		l.Body += "\n" + stage.Quoted(c.received(line{words: append([]string{""}, strings.Split(value, ":")...)}))
	case "fill":
		l.Body += strings.Repeat("all work and no play\n", 60_000)
	case "heavy":
		name, size, _ := strings.Cut(value, ":")
		kilobytes, err := strconv.Atoi(size)
		if err != nil {
			c.fatalf("it is written: heavy=NAME:KILOBYTES")
		}
		l.Attach(name, strings.Repeat("all work and no play makes dull\n", kilobytes*32))
	case "attach":
		text, ok := c.script.files[value]
		if !ok {
			c.fatalf("there is no file %q", value)
		}
		l.Attach(value, text)
	default:
		c.fatalf("there is no option %q", name)
	}
}

// addressOf is where the person's last mail of all that waits has them answer the
// ballot on the change.
func (c *conversation) addressOf(person, change string) string {
	list, _ := c.stage.Latest(person, policy.NoticeWaiting)
	_, entry, _ := strings.Cut(list.Text, "\n"+change+" ")
	_, entry, _ = strings.Cut(entry, "\nchanges+b-")
	token, _, ok := strings.Cut(entry, "\n")
	if !ok {
		c.fatalf("%s was not told that a ballot on %s waits", person, change)
	}
	return "changes+b-" + token
}

// raw lets the bytes of a file arrive.
func (c *conversation) raw(l line) string {
	text, err := c.script.text(strings.Join(l.words[1:], " "), l.body)
	if err != nil {
		c.fatalf("%v", err)
	}
	c.deliver([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	return ""
}

// again lets the last mail arrive once more, with one more header field.
func (c *conversation) again(l line) string {
	raw := c.last
	if len(l.words) > 1 {
		raw = append([]byte(strings.Join(l.words[1:], " ")+"\r\n"), raw...)
	}
	c.deliver(raw)
	return ""
}

// deliver puts a mail into the change mailbox and lets the daemon take it in.
// What becomes of it is what explain says of it before.
func (c *conversation) deliver(raw []byte) {
	c.last = raw
	raw, err := stage.Stamped(c.options.Proof, cmp.Or(c.verdict, stage.Passes), raw)
	if err != nil {
		c.fatalf("%v", err)
	}
	c.verdict = ""
	arrived, err := c.stage.Carry(raw)
	if err != nil {
		c.fatalf("%v", err)
	}
	in := desk.Incoming{Raw: arrived, Size: int64(len(arrived)), Received: c.stage.Clock.Now()}
	if in.Oversize = len(arrived) > 1<<20; in.Oversize {
		in.Raw = arrived[:bytes.Index(arrived, []byte("\r\n\r\n"))+4]
	}
	told, err := c.stage.Desk.Explain(c.t.Context(), in)
	if err != nil {
		c.fatalf("explain: %v", err)
	}
	c.step()
	mails, err := c.stage.Store.Mails(c.t.Context(), 1)
	if err != nil || len(mails) != 1 {
		c.fatalf("the last mail: %v", err)
	}
	is := desk.Disposition(mails[0].Disposition)
	if is != told.Disposition || mails[0].Reason != told.Reason {
		c.errorf("it was %s (%s), but explain said %s (%s)", is, mails[0].Reason, told.Disposition, told.Reason)
	}
	c.result = string(is)
	if !c.prelude {
		c.seen.saw(dispositionFact(is))
		c.refused(told.Refusal)
		c.asked(told)
	}
	if is != desk.Accepted && is != desk.Counted && mails[0].Reason != "" {
		c.result += ": " + mails[0].Reason
	}
	// Servers on the way add to a mail; a script knows the size of what was written.
	c.result = strings.ReplaceAll(c.result, fmt.Sprint(len(arrived)), fmt.Sprint(len(raw)))
}

func (c *conversation) refused(r *policy.Refusal) {
	if r != nil {
		c.seen.saw(refusalFact(r.Code))
	}
}

// asked takes note of STATUS and HELP, which leave no event.
func (c *conversation) asked(told desk.Outcome) {
	for _, n := range told.Notices {
		if n.Kind == policy.AnswerStatus || n.Kind == policy.AnswerHelp {
			c.seen.saw(actFact(told.Answer.Keyword))
		}
	}
}
