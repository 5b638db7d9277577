package mailread

import "errors"

// Limits bound what [Read] takes apart. They are checked before anything is
// parsed; those of attachments leave a file out, and read the rest.
type Limits struct {
	Size   int64 // bytes of the whole mail
	Parts  int   // MIME parts
	Depth  int   // multiparts inside multiparts
	Header int   // bytes of one header
	File   int64 // bytes of one attachment; 0 for any number
	Files  int64 // bytes of all that are kept of a mail; 0 for any number
}

// DefaultLimits are generous for people and small for machines.
var DefaultLimits = Limits{Size: 25 << 20, Parts: 500, Depth: 20, Header: 256 << 10, File: 10 << 20, Files: 20 << 20}

// What of a body is read at all: more than a person types, with room for long
// quotations. The bounds keep every mail under a second.
const (
	maxPlain = 1 << 20 // bytes
	maxHTML  = 2 << 20 // bytes
	maxLines = 10_000
)

// The ways in which a mail cannot be read.
var (
	ErrNoHeader     = errors.New("the mail has no header")
	ErrTooLarge     = errors.New("the mail is over the size limit")
	ErrTooManyParts = errors.New("the mail has too many parts")
	ErrTooDeep      = errors.New("the mail's parts are nested too deep")
	ErrHeaderSize   = errors.New("the mail has a header over the limit")
)

// within parts the attachments into those that are kept, in their order, and
// those that are too large, or too large beside the others.
func within(limits Limits, files []Attachment) (kept, leftOut []Attachment) {
	var sum int64
	for _, f := range files {
		size := int64(len(f.Bytes))
		if limits.File > 0 && size > limits.File || limits.Files > 0 && sum+size > limits.Files {
			leftOut = append(leftOut, f)
			continue
		}
		sum += size
		kept = append(kept, f)
	}
	return kept, leftOut
}
