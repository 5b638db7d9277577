package mbox_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/countersign/countersign/internal/mbox"
)

func TestMails(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"nothing", "", nil},
		{"two", "From a@x Mon Nov 23 09:14:00 2026\nSubject: 1\n\none\n\nFrom b@x Mon Nov 23 09:15:00 2026\nSubject: 2\n\ntwo\n", []string{"Subject: 1\n\none\n", "Subject: 2\n\ntwo\n"}},
		{"Windows lines", "From - Mon\r\nSubject: 1\r\n\r\none\r\n\r\nFrom - Tue\r\nSubject: 2\r\n", []string{"Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n"}},
		{"From inside a paragraph", "From - Mon\nSubject: 1\n\nHello\nFrom here on it works.\n", []string{"Subject: 1\n\nHello\nFrom here on it works.\n"}},
		{"From put off", "From - Mon\nSubject: 1\n\n>From here\n\n>>From there\n> From quoted\n", []string{"Subject: 1\n\nFrom here\n\n>From there\n> From quoted\n"}},
		{"no line before the first", "Subject: 1\n\none", []string{"Subject: 1\n\none"}},
		{"too long", "From - Mon\nSubject: 1\n\n" + strings.Repeat("x", 500) + "\n\nFrom - Tue\nSubject: 2\n", []string{"Subject: 1\n\n" + strings.Repeat("x", 39), "Subject: 2\n"}},
	} {
		var got []string
		for raw, err := range mbox.Mails(strings.NewReader(c.file), 50) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(raw))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReadingFails(t *testing.T) {
	broken := errors.New("broken")
	var last error
	for _, err := range mbox.Mails(iotest.ErrReader(broken), 50) {
		last = err
	}
	if !errors.Is(last, broken) {
		t.Errorf("it ends with %v", last)
	}
}

// FuzzMails: whatever the file, no mail is longer than it may be, and together
// they are not longer than the file.
func FuzzMails(f *testing.F) {
	for _, seed := range []string{"From a\nSubject: 1\n\none\n\nFrom b\n\ntwo", "From \n\n\nFrom ", "\n\n>From a\r\n\r\nFrom b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		whole := 0
		for raw, err := range mbox.Mails(strings.NewReader(file), 20) {
			if err != nil || len(raw) == 0 || len(raw) > 21 {
				t.Fatalf("%d bytes, %v", len(raw), err)
			}
			whole += len(raw)
		}
		if whole > len(file) {
			t.Fatalf("%d bytes out of %d", whole, len(file))
		}
	})
}
