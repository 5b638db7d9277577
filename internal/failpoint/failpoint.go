// Package failpoint names the places at which a test may end the process. In
// the program people run they are nothing: only a build with the tag failpoints
// looks at them.
//
// Such a build reads the variable COUNTERSIGN_FAILPOINTS: a list, parted by
// commas, of
//
//	POINT[~TEXT][:N]=ACTION
//
// where ACTION is done the Nth time (the first, if N is not given) the process
// comes to the point, or to the point with the text in what it has in hand.
// kill is SIGKILL, stop is SIGSTOP, sleep lasts 200 ms. The points come to are
// appended, a line each, to the file COUNTERSIGN_FAILPOINT_LOG names. The clock
// of such a build is ahead by COUNTERSIGN_FAILPOINT_AHEAD, a duration.
package failpoint

// A Point is a place in the program.
type Point string

// The points, in the order a mail comes to them.
const (
	Fetched      Point = "fetched"       // mails are fetched; nothing is known of them yet
	Counted      Point = "counted"       // the attempts are counted
	Reading      Point = "reading"       // a mail is about to be parsed; it is in hand
	BeforeCommit Point = "before-commit" // everything is written
	Committed    Point = "committed"     // the mails are decided
	BeforeMove   Point = "before-move"   // they are about to be moved
	Moved        Point = "moved"         // they are moved
	BeforeSend   Point = "before-send"   // a mail owed is claimed, and nothing said to the server
	Accepted     Point = "accepted"      // the server has it, and nobody knows but us
	Marked       Point = "marked"        // it is marked as sent
	Loading      Point = "loading"       // a directory is written, and not committed
	Reconsidered Point = "reconsidered"  // a change was considered under a new directory
	Fired        Point = "fired"         // time did something to a change
	Looked       Point = "looked"        // everything that was due is done
	Migrating    Point = "migrating"     // between two migrations
	PageTried    Point = "page-tried"    // what is about to be sent to Confluence is written down
	PageSent     Point = "page-sent"     // Confluence has it, and nobody knows but it
	PageKept     Point = "page-kept"     // which page has it is written down
	PageKnown    Point = "page-known"    // the page says whose it is
	PageLabeled  Point = "page-labeled"  // it has its labels
	PageAttached Point = "page-attached" // a file is attached to it
)

// All lists every point.
var All = []Point{
	Fetched, Counted, Reading, BeforeCommit, Committed, BeforeMove, Moved,
	BeforeSend, Accepted, Marked, Loading, Reconsidered, Fired, Looked, Migrating,
	PageTried, PageSent, PageKept, PageKnown, PageLabeled, PageAttached,
}
