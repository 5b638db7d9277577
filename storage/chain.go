package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// The chain. Each event's hash covers its predecessor's, so that no event can
// be altered, removed, added or moved without every later hash changing. This
// encoding is final: checkpoints in other people's mailboxes depend on it.
//
//	payload_hash = SHA-256(salt ‖ payload)
//
// where salt is 32 random bytes and payload the exact bytes stored, and
//
//	hash = SHA-256(
//	    "countersign event 1\n"            the version of this encoding
//	    ‖ u64(seq)
//	    ‖ u64(at)                          microseconds since 1970-01-01 UTC, two's complement
//	    ‖ str(subject_kind)
//	    ‖ str(subject)
//	    ‖ str(kind)
//	    ‖ payload_hash                     32 bytes
//	    ‖ prev)                            32 bytes: the hash of event seq-1; zero for the first
//
// u64 is eight bytes, big-endian; str is the length in bytes as u64, then the
// bytes in UTF-8. Every part has a fixed length or is preceded by its length,
// so no two events have the same encoding.

// A link is one event as the chain sees it.
type link struct {
	seq                        int64
	at                         time.Time
	subjectKind, subject, kind string
	payloadHash, prev          []byte
}

const saltSize = 32

func (l link) hash() []byte {
	b := []byte("countersign event 1\n")
	b = binary.BigEndian.AppendUint64(b, uint64(l.seq))
	b = binary.BigEndian.AppendUint64(b, uint64(l.at.UnixMicro()))
	for _, s := range []string{l.subjectKind, l.subject, l.kind} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = append(b, l.payloadHash...)
	b = append(b, l.prev...)
	sum := sha256.Sum256(b)
	return sum[:]
}

func hashPayload(salt, payload []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(payload)
	return h.Sum(nil)
}
