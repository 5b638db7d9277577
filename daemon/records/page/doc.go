// Package page says what the page of a change in Confluence says, as storage
// format, and reads such a page back. It has no network, no clock and no
// database: the same source always gives the same bytes, so that a page is sent
// again only when there is something new to say.
//
// A page has two parts. The machine part, which [Of] makes, is ours: it tells
// the state, the assessments (3), the proposal, every step and how it was proven,
// tests (6), checks (5), documents (8), who was told (7), and the hashes of the
// mails and files all of that rests on. The people's part is one expand macro at
// the end; [Split] takes it out of a page as it was read, and [Whole] puts it
// back byte for byte.
//
// Confluence does not give back the bytes it was sent: it adds attributes and
// writes entities its own way, and comments stand as markers in the text. So
// pages are compared by [Canonical], and told apart by [Diff].
package page
