// Package bench measures the daemon beside the limits of the machine it runs
// on: how many mails it decides a second beside how many transactions its
// Postgres commits, mails its Dovecot gives out and its SMTP server takes; how
// long a single mail is on its way; what a million stored changes cost; and
// what the program takes while nothing happens. All of it is one run on one
// machine, in rounds by turns, so that what counts are the ratios.
//
// Everything lies in the tests. They run the real program against a real
// Dovecot and a Postgres that keeps what it commits; "make bench" measures and
// writes docs/performance.md, and a plain "go test" does the same with a few
// dozen mails, to see that all of it still works.
package bench
