package mailread

import "strings"

// unflow joins the lines a mail client wrapped (RFC 3676, 4.1): a line that
// ends in a space goes on in the next of the same quote depth; a leading space
// was only stuffing.
func unflow(text string, delSp bool) string {
	var out []string
	open, openDepth := false, 0
	for line := range strings.SplitSeq(text, "\n") {
		depth := len(line) - len(strings.TrimLeft(line, ">"))
		line = strings.TrimPrefix(line[depth:], " ")
		signature := line == "-- "
		flows := strings.HasSuffix(line, " ") && !signature
		if flows && delSp {
			line = line[:len(line)-1]
		}
		if open && depth == openDepth && !signature {
			out = append(out, line)
		} else {
			out = append(out, "\n", quoteMarks(depth), line)
		}
		open, openDepth = flows, depth
	}
	return strings.TrimPrefix(strings.Join(out, ""), "\n")
}

func quoteMarks(depth int) string {
	if depth == 0 {
		return ""
	}
	return strings.Repeat(">", depth) + " "
}
