package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/countersign/countersign/internal/paper"
)

// shortestKey is how many bytes a token key has at least: as many as the hash
// it goes into gives (RFC 2104, 3).
const shortestKey = 32

// Password reads the password of the mailbox.
func (m Mailbox) Password() (string, error) {
	return readWord("the password of the mailbox", m.PasswordFile)
}

// Token reads the token for Confluence.
func (c Confluence) Token() (string, error) {
	return readWord("the token for Confluence", c.TokenFile)
}

// readWord reads a secret that is one line.
func readWord(what, file string) (string, error) {
	text, err := readSecret(file)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", what, err)
	}
	if bytes.ContainsAny(text, "\r\n\x00") {
		return "", fmt.Errorf("reading %s: %s holds more than one line", what, file)
	}
	return string(text), nil
}

// Load reads the token keys; the first is current.
func (t Tokens) Load() (paper.Keys, error) {
	keys := paper.Keys{Secrets: map[string][]byte{}}
	for _, k := range t.Keys {
		secret, err := k.read()
		if err != nil {
			return paper.Keys{}, fmt.Errorf("reading the token key %q: %w", k.ID, err)
		}
		keys.Secrets[k.ID] = secret
	}
	if len(t.Keys) == 0 {
		return paper.Keys{}, errors.New("reading the token keys: none is configured")
	}
	keys.Current = t.Keys[0].ID
	return keys, nil
}

func (k Key) read() ([]byte, error) {
	secret, err := readSecret(k.File)
	if err == nil && len(secret) < shortestKey {
		err = fmt.Errorf("%s holds %d bytes; a key has at least %d", k.File, len(secret), shortestKey)
	}
	return secret, err
}

// readSecret reads a file but for the line end that editors and echo put at
// its end.
func readSecret(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSuffix(text, []byte("\n"))
	text = bytes.TrimSuffix(text, []byte("\r"))
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, fmt.Errorf("%s is empty", file)
	}
	return text, nil
}
