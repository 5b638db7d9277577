package fault

import "testing"

// What each plan lets through of "hello, world", handed over in one piece and
// byte by byte, and which blow falls then.
func TestPlans(t *testing.T) {
	const said = "hello, world"
	for name, c := range map[string]struct {
		plan   Plan
		passes string
		then   blow
	}{
		"nothing":                    {Plan{}, said, none},
		"a cut":                      {Plan{CutAfter: 5}, "hello", cut},
		"a cut the other way":        {Plan{Direction: ToServer, CutAfter: 5}, said, none},
		"a cut at the end":           {Plan{CutAfter: 12}, said, cut},
		"a cut later than all":       {Plan{CutAfter: 13}, said, none},
		"a cut at a text":            {Plan{Text: "wor", CutAfter: 3}, "hello, wor", cut},
		"a cut at a text not said":   {Plan{Text: "hallo", CutAfter: 1}, said, none},
		"a cut at a text after one":  {Plan{After: "o", Text: "o", CutAfter: 1}, "hello, wo", cut},
		"a cut, texts the wrong way": {Plan{After: "wor", Text: "hel", CutAfter: 1}, said, none},
		"a stall":                    {Plan{StallAfter: 7}, "hello, ", stall},
		"a stall before a cut":       {Plan{StallAfter: 7, CutAfter: 9}, "hello, ", stall},
		"a cut before a stall":       {Plan{StallAfter: 9, CutAfter: 7}, "hello, ", cut},
		"a garbled byte":             {Plan{GarbleAt: 12}, "hello, worle", none},
		"a garbled byte at a text":   {Plan{Text: "world", GarbleAt: 5}, "hello, worle", none},
		"garbled and cut":            {Plan{GarbleAt: 2, CutAfter: 3}, "hdl", cut},
		"garbled later than a cut":   {Plan{GarbleAt: 4, CutAfter: 3}, "hel", cut},
		"garbled, stalled, garbled":  {Plan{Text: "o", GarbleAt: 1, StallAfter: 2}, "helln,", stall},
	} {
		for _, size := range []int{len(said), 5, 1} {
			passed, then := handed(newCount(c.plan, ToClient), said, size)
			if passed != c.passes || then != c.then {
				t.Errorf("%s, in pieces of %d: %q passes, then %v; want %q and %v", name, size, passed, then, c.passes, c.then)
			}
		}
	}
}

// handed hands a text over in pieces until a blow falls.
func handed(c *count, text string, size int) (passed string, b blow) {
	for rest := []byte(text); len(rest) > 0; {
		piece := rest[:min(size, len(rest))]
		rest = rest[len(piece):]
		pass, b, _ := c.look(piece)
		passed += string(piece[:pass])
		if b != none {
			return passed, b
		}
	}
	return passed, none
}

// After a stall the counting goes on.
func TestCutAfterStall(t *testing.T) {
	c := newCount(Plan{StallAfter: 2, CutAfter: 4}, ToServer)
	piece := []byte("hello")
	if pass, b, _ := c.look(piece); pass != 2 || b != stall {
		t.Fatalf("%d pass, then %v", pass, b)
	}
	if pass, b, _ := c.look(piece[2:]); pass != 2 || b != cut {
		t.Fatalf("%d pass, then %v", pass, b)
	}
}

// A text that came in two pieces is found, and a plan whose first byte has
// passed by then strikes at once.
func TestTextInPieces(t *testing.T) {
	c := newCount(Plan{Text: "COMMIT", CutAfter: 1}, ToServer)
	for _, piece := range []string{"begin", "; COM"} {
		if pass, b, _ := c.look([]byte(piece)); pass != len(piece) || b != none {
			t.Fatalf("%q: %d pass, then %v", piece, pass, b)
		}
	}
	if pass, b, _ := c.look([]byte("MIT;")); pass != 0 || b != cut {
		t.Errorf("%d pass, then %v", pass, b)
	}
}
