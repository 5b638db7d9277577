package storage

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"
)

// The encoding is final: records in the field and checkpoints in mailboxes
// depend on it. The values were computed by a second program, in Python, from
// the description in chain.go alone. If this test fails, the program is wrong.
func TestChainEncodingIsFinal(t *testing.T) {
	payloadHash := hashPayload(bytes.Repeat([]byte{1}, saltSize), []byte(`{"to":"tested"}`))
	if got := hex.EncodeToString(payloadHash); got != "4e73c6f24eb0d5e1e82303898a6619324af53b889ae35667c2f1a5bd432fa8b7" {
		t.Errorf("payload hash %s", got)
	}
	l := link{
		seq: 7, at: time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC),
		subjectKind: "change", subject: "c1", kind: "moved.1",
		payloadHash: payloadHash, prev: bytes.Repeat([]byte{2}, 32),
	}
	if got := hex.EncodeToString(l.hash()); got != "677777f313ee5bb4c293726e24e2b977e289c9773348b7d2512bbc1228ea15c5" {
		t.Errorf("hash %s", got)
	}
}

// Every part counts, and text cannot move from one part to the next.
func TestEveryPartIsHashed(t *testing.T) {
	sound := link{seq: 1, at: time.Unix(0, 0), subjectKind: "change", subject: "c1", kind: "moved.1", payloadHash: make([]byte, 32), prev: make([]byte, 32)}
	seen := map[string]string{hex.EncodeToString(sound.hash()): "the sound one"}
	for name, alter := range map[string]func(*link){
		"seq":          func(l *link) { l.seq = 2 },
		"at":           func(l *link) { l.at = l.at.Add(time.Microsecond) },
		"subject kind": func(l *link) { l.subjectKind = "mail" },
		"subject":      func(l *link) { l.subject = "c2" },
		"kind":         func(l *link) { l.kind = "moved.2" },
		"payload":      func(l *link) { l.payloadHash = bytes.Repeat([]byte{1}, 32) },
		"prev":         func(l *link) { l.prev = bytes.Repeat([]byte{1}, 32) },
		"a letter of the kind moved to the subject": func(l *link) { l.subject, l.kind = "c1m", "oved.1" },
		"a letter of the subject moved to its kind": func(l *link) { l.subjectKind, l.subject = "changec", "1" },
	} {
		l := sound
		alter(&l)
		hash := hex.EncodeToString(l.hash())
		if other, found := seen[hash]; found {
			t.Errorf("%s: the hash is that of %s", name, other)
		}
		seen[hash] = name
	}
}
