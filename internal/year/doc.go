// Package year plays a whole year of a company on a clock of its own and then
// holds everything that came of it against POL-005: that nothing is forgotten.
//
// Its tests run three instances of the real daemon on one Postgres and one
// mailbox. Scripted people propose some hundred changes and answer what they
// are sent: at once, after weeks, never, from their vacation, with a no, with a
// question. The instances are frozen, restarted and, on one long weekend, all
// away; the clocks change twice; there are holidays and a 29 February. A seed
// tells the same year again.
//
//	go test ./internal/year                                  # 200 changes
//	make test-long                                           # 2,000
//	go test ./internal/year -year.seed=7 -year.changes=50    # another year
package year
