package mailread

import (
	"bytes"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

func init() { message.CharsetReader = charsetReader }

// charsetReader never fails: a charset nobody knows is read as windows-1252,
// the one such mail is usually written in.
func charsetReader(label string, r io.Reader) (io.Reader, error) {
	if known := knownCharset(label, r); known != nil {
		return known, nil
	}
	return charmap.Windows1252.NewDecoder().Reader(r), nil
}

// knownCharset reads a charset, nil where nobody knows it.
func knownCharset(label string, r io.Reader) io.Reader {
	label = strings.ToLower(strings.Trim(label, ` "'`))
	if strings.HasPrefix(label, "cp-") {
		label = "windows-" + label[len("cp-"):]
	}
	switch label {
	case "", "utf8", "utf-8", "us-ascii", "ascii":
		return r
	}
	known, err := charset.Reader(label, r)
	if err != nil {
		return nil
	}
	return known
}

var words = &mime.WordDecoder{CharsetReader: charsetReader}

// decoded is text from a mail as clean UTF-8: bytes that are none are taken for
// windows-1252.
func decoded(b []byte) string {
	if !utf8.Valid(b) {
		if latin, err := charmap.Windows1252.NewDecoder().Bytes(b); err == nil {
			b = latin
		}
	}
	return Clean(string(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))))
}

// decodedWords is a header value with its encoded words (RFC 2047) decoded.
func decodedWords(value string) string {
	if text, err := words.DecodeHeader(value); err == nil {
		value = text
	}
	return strings.TrimSpace(oneSpace(decoded([]byte(value))))
}
