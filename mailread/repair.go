package mailread

import (
	"bytes"
	"slices"
	"strings"
)

// repair rewrites a mail so that a strict parser can read it: stray lines leave
// the headers, unknown transfer encodings become 8bit, missing boundaries are
// guessed and missing closing lines supplied, every line ends in CRLF. Gateways
// produce all of these (github.com/emersion/go-message/issues/144). On the way
// it counts parts, depth and header bytes, so that the parser never sees a mail
// over the limits.
func repair(raw []byte, limits Limits) ([]byte, error) {
	r := &repairer{limits: limits, rest: trimStart(raw)}
	r.out.Grow(len(raw) + len(raw)/16)
	err := r.run()
	return r.out.Bytes(), err
}

type repairer struct {
	limits     Limits
	rest       []byte
	out        bytes.Buffer
	boundaries []string // of the open multiparts, outermost first
	parts      int
}

func trimStart(raw []byte) []byte {
	raw = bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), "\r\n")
	if !bytes.Contains(raw, []byte("\n")) {
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	return raw
}

func (r *repairer) run() error {
	if err := r.header(); err != nil {
		return err
	}
	for len(r.rest) > 0 {
		line := r.line()
		i, closing := r.delimiter(line)
		if i < 0 {
			r.write(line)
			continue
		}
		r.closeAbove(i)
		if closing {
			r.write([]byte("--" + r.boundaries[i] + "--"))
			r.boundaries = r.boundaries[:i]
			continue
		}
		r.write([]byte("--" + r.boundaries[i]))
		if r.parts++; r.parts > r.limits.Parts {
			return ErrTooManyParts
		}
		if err := r.header(); err != nil {
			return err
		}
	}
	r.closeAbove(-1)
	return nil
}

func (r *repairer) line() []byte {
	line, rest, _ := bytes.Cut(r.rest, []byte("\n"))
	r.rest = rest
	return bytes.TrimSuffix(line, []byte("\r"))
}

func (r *repairer) write(line []byte) {
	r.out.Write(line)
	r.out.WriteString("\r\n")
}

// delimiter finds which open multipart the line belongs to (RFC 2046, 5.1.1).
func (r *repairer) delimiter(line []byte) (index int, closing bool) {
	if !bytes.HasPrefix(line, []byte("--")) {
		return -1, false
	}
	text := strings.TrimRight(string(line[2:]), " \t")
	for i, boundary := range slices.Backward(r.boundaries) {
		if text == boundary {
			return i, false
		}
		if text == boundary+"--" {
			return i, true
		}
	}
	return -1, false
}

// closeAbove writes the closing lines of the multiparts inside number i.
func (r *repairer) closeAbove(i int) {
	for len(r.boundaries) > i+1 {
		last := len(r.boundaries) - 1
		r.write([]byte("\r\n--" + r.boundaries[last] + "--"))
		r.boundaries = r.boundaries[:last]
	}
}

// A field is one header field as it came, folded lines and all.
type field struct {
	name  string
	lines [][]byte
}

func (r *repairer) header() error {
	fields, err := r.fields()
	if err != nil {
		return err
	}
	typed := false
	for _, f := range fields {
		switch strings.ToLower(f.name) {
		case "content-transfer-encoding":
			f.lines = [][]byte{[]byte(f.name + ": " + knownEncoding(f.value()))}
		case "content-type":
			if typed {
				continue
			}
			typed = true
			if err := r.contentType(&f); err != nil {
				return err
			}
		}
		for _, line := range f.lines {
			r.write(line)
		}
	}
	r.write(nil)
	return nil
}

// fields reads one header up to its empty line. Lines that are no field are
// left out with their continuations.
func (r *repairer) fields() ([]field, error) {
	var fields []field
	keep, size := false, 0
	for len(r.rest) > 0 {
		if i, _ := r.delimiter(bytes.TrimSuffix(firstLine(r.rest), []byte("\r"))); i >= 0 {
			break // a part without an empty line after its header
		}
		line := r.line()
		if len(bytes.TrimRight(line, " \t")) == 0 {
			break
		}
		if size += len(line) + 2; size > r.limits.Header {
			return nil, ErrHeaderSize
		}
		if line[0] == ' ' || line[0] == '\t' {
			if keep {
				last := &fields[len(fields)-1]
				last.lines = append(last.lines, line)
			}
			continue
		}
		var f field
		if f, keep = newField(line); keep {
			fields = append(fields, f)
		}
	}
	return fields, nil
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return line
}

func newField(line []byte) (field, bool) {
	name, value, found := strings.Cut(string(line), ":")
	name = strings.TrimRight(name, " \t")
	if !found || name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return field{}, false
	}
	return field{name, [][]byte{[]byte(name + ":" + value)}}, true
}

func (f field) value() string {
	_, value, _ := strings.Cut(string(bytes.Join(f.lines, []byte(" "))), ":")
	return strings.TrimSpace(value)
}

var encodings = map[string]bool{"7bit": true, "8bit": true, "binary": true, "quoted-printable": true, "base64": true}

func knownEncoding(value string) string {
	value, _, _ = strings.Cut(value, ";")
	if value = strings.ToLower(strings.TrimSpace(value)); encodings[value] {
		return value
	}
	return "8bit"
}
