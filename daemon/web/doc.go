// Package web serves the pages: the page of a ballot, on which everything can be
// answered that the ballot asks, and the changes for people to look at.
//
// # What a request may do
//
// GET and HEAD only show. No link does anything by being opened, because links in
// mails are opened by scanners before people see them. Only a POST acts, and only
// if it comes from a form of ours: its token belongs to the browser (a cookie)
// and to the address of the form, and the browser says that it comes from here.
//
// # Who somebody is
//
// The link of a ballot shows the ballot. It does not answer it: what is entered
// counts once a code has been typed that was mailed to the voter's own registered
// address. Then the browser is signed in as that person for some hours. The other
// pages are for people who have signed in.
//
// Pages need no script, hold nothing of third parties, and leave nothing behind:
// no referrer, no copy in a cache, no entry in a search engine.
package web
