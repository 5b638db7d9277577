package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/internal/server"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]server.Endpoint{
		"imaps://imap.example.com":      {Host: "imap.example.com", Address: "imap.example.com:993", Security: server.ImplicitTLS},
		"imap://imap.example.com:1143":  {Host: "imap.example.com", Address: "imap.example.com:1143", Security: server.STARTTLS},
		"imap+insecure://127.0.0.1:143": {Host: "127.0.0.1", Address: "127.0.0.1:143", Security: server.Plaintext},
		"imap+insecure://[::1]":         {Host: "::1", Address: "[::1]:143", Security: server.Plaintext},
	} {
		if got, err := server.IMAP.Parse(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	if got, err := server.SMTP.Parse("smtp://mx.example.com"); err != nil || got.Address != "mx.example.com:587" {
		t.Errorf("%+v, %v", got, err)
	}
}

// A password must not go in clear to another machine, nor stand in an error.
func TestParseRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"imap+insecure://imap.example.com":       "loopback only",
		"imap+insecure://10.0.0.1":               "loopback only",
		"smtps://imap.example.com":               "want imaps://host",
		"imaps://":                               "want imaps://host",
		"https://me:sesame@imap.example.com":     "want imaps://host",
		"imap+insecure://localhost.example.com/": "loopback only",
	} {
		_, err := server.IMAP.Parse(text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Pauses double up to the last, are never shorter than they should be, and
// begin again after a success.
func TestBackoff(t *testing.T) {
	b := server.Backoff{First: time.Second, Last: 5 * time.Second}
	within := func(least time.Duration) {
		t.Helper()
		if got := b.Next(); got < least || got > least*5/4 {
			t.Errorf("%v, want %v and a little", got, least)
		}
	}
	for _, least := range []time.Duration{1, 2, 4, 5, 5} {
		within(least * time.Second)
	}
	b.Reset()
	within(time.Second)
}
