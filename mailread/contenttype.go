package mailread

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
)

var (
	typeOf     = regexp.MustCompile(`^\s*([A-Za-z0-9.+_-]+/[A-Za-z0-9.+_-]+)`)
	paramsOf   = regexp.MustCompile(`(?i)\b(boundary|charset|name|format|delsp|method)\s*=\s*("[^"]*"|[^\s;]+)`)
	partHeader = regexp.MustCompile(`(?i)^(content-[a-z-]+\s*:.*)?\r?$`)
)

// contentType mends the field and opens a multipart it announces.
func (r *repairer) contentType(f *field) error {
	mediaType, params, err := mime.ParseMediaType(f.value())
	if err != nil {
		mediaType, params = looseMediaType(f.value())
		f.lines = [][]byte{[]byte(f.name + ": " + mime.FormatMediaType(mediaType, params))}
	}
	if !strings.HasPrefix(mediaType, "multipart/") {
		return nil
	}
	boundary := params["boundary"]
	if boundary == "" {
		if boundary = r.guessBoundary(); boundary == "" {
			f.lines = [][]byte{[]byte(f.name + ": text/plain")}
			return nil
		}
		params["boundary"] = boundary
		f.lines = [][]byte{[]byte(f.name + ": " + mime.FormatMediaType(mediaType, params))}
	}
	if len(r.boundaries) >= r.limits.Depth {
		return ErrTooDeep
	}
	r.boundaries = append(r.boundaries, boundary)
	return nil
}

func looseMediaType(value string) (string, map[string]string) {
	mediaType := "text/plain"
	if m := typeOf.FindStringSubmatch(value); m != nil {
		mediaType = strings.ToLower(m[1])
	}
	params := map[string]string{}
	for _, m := range paramsOf.FindAllStringSubmatch(value, 20) {
		if name := strings.ToLower(m[1]); params[name] == "" {
			params[name] = strings.Trim(m[2], `"`)
		}
	}
	return mediaType, params
}

// guessLines is how far into a body a forgotten boundary is looked for.
const guessLines = 200

// guessBoundary takes the first "--" line that a part header follows.
func (r *repairer) guessBoundary() string {
	rest := r.rest
	for range guessLines {
		line, after, more := bytes.Cut(rest, []byte("\n"))
		if !more {
			return ""
		}
		text := strings.TrimRight(string(line), " \t\r")
		if len(text) > 2 && len(text) <= 72 && strings.HasPrefix(text, "--") && partHeader.Match(firstLine(after)) {
			if i, _ := r.delimiter([]byte(text)); i >= 0 {
				return "" // the next part of the multipart around it
			}
			return text[2:]
		}
		rest = after
	}
	return ""
}
