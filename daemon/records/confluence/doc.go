// Package confluence speaks to Confluence: Cloud, by the second version of its
// REST API and what is left of the first, or Data Center, by the first. It makes
// and changes pages, and what belongs to them, and knows nothing of changes.
//
// # Errors
//
// What goes wrong is an *Error, whose Kind says what it means. The number of an
// answer alone does not: a wrong token is a 404 of Cloud's, and a page of a Data
// Center's like any other. Absent in particular is concluded only where Confluence
// names what it cannot find, and knows us in the same moment.
//
// # What is tried again
//
// A request that came too early waits as long as it is told to, and is made again.
// One that only reads is made again, too, when a proxy or the network failed. One
// that writes is not: whether it took place is for the caller to find out, who
// reads the page and compares. Unknown says where that is needed.
//
// # Secrets
//
// The token is asked for with each request, so that a new one counts at once. It
// is sent to the one address that is configured, since redirects are not followed,
// and neither it nor what pages say is logged.
package confluence
