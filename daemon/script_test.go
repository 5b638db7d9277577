package daemon_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const folder = "testdata/conversations"

// A script is one conversation as its file has it.
type script struct {
	name  string
	path  string
	files map[string]string // its own, over the shared ones
	lines []line
	rest  []txtar.File
}

// A line is one command, with the indented lines below it.
type line struct {
	number int
	text   string
	words  []string
	body   []string
}

func readScript(t testing.TB, name string) *script {
	t.Helper()
	s := &script{name: name, path: filepath.Join(folder, name+".txtar"), files: map[string]string{}}
	for _, path := range []string{filepath.Join(folder, "shared", "texts.txtar"), s.path} {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			s.files[f.Name] = string(f.Data)
		}
		s.rest = archive.Files
		s.lines = readLines(string(archive.Comment))
	}
	return s
}

func readLines(text string) []line {
	var lines []line
	for i, t := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if body, indented := strings.CutPrefix(t, "\t"); indented {
			lines = indent(lines, body)
			continue
		}
		lines = append(lines, line{number: i + 1, text: t, words: wordsOf(t)})
	}
	return lines
}

// indent adds an indented line to the command above it; blank lines between are
// part of what is written there.
func indent(lines []line, body string) []line {
	var blanks []string
	for n := len(lines); n > 1 && lines[n-1].text == ""; n = len(lines) {
		lines, blanks = lines[:n-1], append(blanks, "")
	}
	last := &lines[len(lines)-1]
	last.body = append(append(last.body, blanks...), body)
	return lines
}

var wordForm = regexp.MustCompile(`(?:[^\s"]|"[^"]*")+`)

// wordsOf splits a line; blanks between quotation marks part nothing.
func wordsOf(text string) []string {
	if strings.HasPrefix(text, "#") {
		return nil
	}
	words := wordForm.FindAllString(text, -1)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], `"`, "")
	}
	return words
}

// save writes the script back with its lines as they are now.
func (s *script) save() error {
	var b strings.Builder
	for _, l := range s.lines {
		b.WriteString(l.text + "\n")
		for _, text := range l.body {
			b.WriteString(strings.TrimRight("\t"+text, "\t") + "\n")
		}
	}
	return os.WriteFile(s.path, txtar.Format(&txtar.Archive{Comment: []byte(b.String()), Files: s.rest}), 0o644)
}

// remarks lists the words behind a remark such as "# keeps: 3a 3b".
func (s *script) remarks(name string) []string {
	var words []string
	for _, l := range s.lines {
		if text, ok := strings.CutPrefix(l.text, "# "+name+":"); ok {
			words = append(words, strings.Fields(text)...)
		}
	}
	return words
}

// story is the sentence the script opens with.
func (s *script) story() string {
	var sentence []string
	for _, l := range s.lines {
		text, ok := strings.CutPrefix(l.text, "# ")
		if !ok || strings.HasPrefix(text, "keeps:") || strings.HasPrefix(text, "refuses:") {
			break
		}
		sentence = append(sentence, text)
	}
	return strings.Join(sentence, " ")
}

// text is what somebody writes: a file, with the indented lines in place of its
// own lines of the same label; or just the indented lines. "Label:" alone takes
// the line out.
func (s *script) text(file string, body []string) (string, error) {
	if file == "" {
		return strings.Join(body, "\n") + "\n", nil
	}
	base, ok := s.files[file]
	if !ok {
		return "", fmt.Errorf("there is no file %q", file)
	}
	lines := strings.Split(strings.TrimSuffix(base, "\n"), "\n")
	for _, with := range body {
		lines = replaced(lines, with)
	}
	return strings.Join(lines, "\n") + "\n", nil
}

func replaced(lines []string, with string) []string {
	label, value, given := strings.Cut(with, ":")
	var out []string
	done := !given
	for _, l := range lines {
		if !done && strings.HasPrefix(l, label+":") {
			if strings.TrimSpace(value) != "" {
				out = append(out, with)
			}
			done = true
			continue
		}
		out = append(out, l)
	}
	if !done || !given {
		out = append(out, with)
	}
	return out
}
