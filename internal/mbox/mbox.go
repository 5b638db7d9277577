// Package mbox takes a mailbox file apart into its mails (RFC 4155, and the
// ways programs differ from it).
package mbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
)

// Mails gives the mails of a mailbox one after the other, each as it was before
// it was put there. Of a mail that is longer than most bytes it gives most and
// one more. It ends with the reader's error, if there is one.
func Mails(r io.Reader, most int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s := scanner{r: bufio.NewReaderSize(r, 64<<10), most: most}
		for {
			raw, err := s.next()
			if len(raw) > 0 && !yield(raw, nil) {
				return
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

type scanner struct {
	r    *bufio.Reader
	most int
}

// next reads up to the line that begins another mail.
func (s scanner) next() (raw []byte, err error) {
	begun, blank := false, true
	for {
		line, err := s.line()
		switch {
		case blank && bytes.HasPrefix(line, []byte("From ")):
			if begun {
				return withoutLastLine(raw), err
			}
		default:
			raw = append(raw, unstuffed(line)...)
			raw = raw[:min(len(raw), s.most+1)]
		}
		begun = begun || len(line) > 0
		if blank = len(bytes.TrimRight(line, "\r\n")) == 0; err != nil {
			return raw, err
		}
	}
}

// line reads a line, of a very long one its beginning and then the rest.
func (s scanner) line() ([]byte, error) {
	line, err := s.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return bytes.Clone(line), err
}

// unstuffed takes the ">" away that was put before a "From " within a mail.
func unstuffed(line []byte) []byte {
	if rest := bytes.TrimLeft(line, ">"); len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From ")) {
		return line[1:]
	}
	return line
}

// withoutLastLine drops the blank line that belongs to the mailbox.
func withoutLastLine(raw []byte) []byte {
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if bytes.HasSuffix(raw, []byte(end)) {
			return raw[:len(raw)-len(end)/2]
		}
	}
	return raw
}
